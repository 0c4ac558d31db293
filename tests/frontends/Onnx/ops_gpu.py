"""Each op that is imported, compiled for a GPU, on the virtual one at two shapes, against ONNX Runtime.

usage: ops_gpu.py <folder for models> <architecture> [name of a case ...]

What no target compiles (bodies that run at run time) must be refused as for the CPU.
"""

import concurrent.futures
import os
import pathlib
import sys

import numpy as np
import onnx

import op_cases
from compare import compile_model, differences, run_compiled, run_onnxruntime
from ops import BINDINGS, build, make_inputs

SCHEDULES = ("in-order", "adversarial")  # of the shapes


def refusal(path, *options):
    """Why the model is not compiled; empty where it is."""
    try:
        compile_model(path, *options)
    except RuntimeError as error:
        return str(error)
    return ""


def check(case, folder, arch):
    """How often the case was run, and what was wrong."""
    path = folder / f"{case.name}.onnx"
    model = build(case)
    onnx.save(model, path)
    names = [output.name for output in model.graph.output]
    if refused := refusal(path, f"--target=cuda:{arch}"):
        return 0, "" if refusal(path) == refused else refused
    random = np.random.default_rng(0)
    for number, (binding, schedule) in enumerate(zip(BINDINGS, SCHEDULES)):
        feeds = make_inputs(model, case, binding, random)
        try:
            found = run_compiled(path.with_suffix(".tenon"), feeds, names, "--device=vgpu", TENON_VGPU_THREADS="1",
                                 TENON_VGPU_ARCH=arch.rstrip("a"), TENON_VGPU_SCHEDULE=schedule)  # fmt: skip
        except RuntimeError as error:
            return number, str(error)
        if wrong := differences(run_onnxruntime(path, feeds), found):
            return number, wrong
    return len(BINDINGS), ""


def main(folder, arch, *names):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    cases = [case for case in op_cases.CASES if not names or case.name in names]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda case: check(case, folder, arch), cases))
    failures = [(case.name, wrong) for case, (_, wrong) in zip(cases, results) if wrong]
    for name, wrong in failures:
        print(f"{name}: {wrong.strip()[:500]}")
    runs = sum(count for count, _ in results)
    print(f"{runs} runs equal ONNX Runtime, {len(failures)} cases do not; {results.count((0, ''))} are for no target")
    return bool(failures) or not runs


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
