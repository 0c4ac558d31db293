"""How long compiling takes: BERT-base and its twin of 24 layers in f32 and bf16, in turns with IREE.

usage: compiles.py [--rounds N] [--json FILE] [--build FOLDER]

Each compiles in a process of its own, from the ONNX file to an artifact, with all cores and nothing kept between runs. Tenon's
dims are open; IREE gets one shape (1 x 128), and only its own compiler is timed.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/bench/inference"))

from cases import BF16, F32, make_cases  # noqa: E402
from host import heading  # noqa: E402
from iree_compile import fix_shape, import_model, translate  # noqa: E402
from models import Models  # noqa: E402

SHAPE = {"input_ids": (1, 128), "attention_mask": (1, 128), "token_type_ids": (1, 128)}
NAMES = "bert-base", "bert-base-24"
MOST_SECONDS, MOST_OF_HALF = 5.0, 1.3


def tenon(build, model, folder, *options):
    command = [build / "bin/tenon", "compile", model, "-o", folder / "made", *options]
    return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def iree(model, folder):
    fix_shape(model, SHAPE, folder / "fixed.onnx")
    import_model(folder / "fixed.onnx", folder / "imported.mlir")
    return lambda: translate(folder / "imported.mlir", folder / "made")


def make_turns(options, folder):
    """{name: what compiles}."""
    models = Models(pathlib.Path(os.environ.get("TENON_TEST_MODELS", ROOT / ".cache/models")), ROOT / ".cache/bench")
    case_of = {name: make_cases(name, [(1, 128)], [F32])[0] for name in NAMES}
    turns = {f"{name} {dtype}": tenon(options.build, models.find(case_of[name]), folder, f"--dtype={dtype}")
             for dtype in (F32[0], BF16[0]) for name in NAMES}  # fmt: skip
    return turns | {"bert-base f32, iree": iree(models.find(case_of["bert-base"]), folder)}


def timed(compiles, folder):
    """Where a file is replaced, freeing it would count."""
    (folder / "made").unlink(missing_ok=True)
    start = time.perf_counter()
    compiles()
    return time.perf_counter() - start


def lines(medians):
    for name, seconds in medians.items():
        yield f"{name:<24}{seconds:>8.2f} s"
    for dtype in (F32[0], BF16[0]):
        half, whole = (medians[f"{name} {dtype}"] for name in NAMES)
        yield f"{dtype}: {half:.2f} s of {MOST_SECONDS:.0f}; 24 layers take {whole / half:.2f} of 12, at most {MOST_OF_HALF}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each compiles (5)")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures here too")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="the build folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        turns = make_turns(options, folder)
        seconds = {name: [] for name in turns}
        for number in range(options.rounds):
            for name in list(turns) if number % 2 == 0 else reversed(turns):
                seconds[name].append(timed(turns[name], folder))
    print(*lines({name: float(np.median(taken)) for name, taken in seconds.items()}), sep="\n")
    if options.json:
        results = heading(False, ["iree-base-compiler"]) | {"seconds": seconds}
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
