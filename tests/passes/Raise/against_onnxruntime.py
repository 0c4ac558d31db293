"""Models after simplifying and raising, executed, against ONNX Runtime.

usage: against_onnxruntime.py <folder with compare.py> <file of flags> <model.onnx> ...
"""

import sys

import numpy as np
import onnxruntime

sys.path.insert(0, sys.argv[1])
from compare import as_example, differences, import_model, interpret, run_onnxruntime, run_tool

SHAPES = [{"B": 3, "L": 5}, {"B": 1, "L": 1}]
# A few hundred ops, each of whose f32 roundings differ.
TOLERANCE = 2e-4


def make_input(value, sizes, random):
    """Small ids, random numbers; masks that hide a half of the second sequence, all of the third."""
    dims = [size if isinstance(size, int) else sizes["BL"[axis]] for axis, size in enumerate(value.shape)]
    if "mask" in value.name:
        mask = np.ones(dims, np.int64)
        mask[1:2, dims[1] // 2 :] = 0
        mask[2:] = 0
        return mask
    if "float" in value.type:
        return random.standard_normal(dims, np.float32)
    if "positions" in value.name:
        return np.broadcast_to(np.arange(dims[-1], dtype=np.int64), dims).copy()
    return random.integers(0, 2, dims)


def main(flags, *paths):
    random = np.random.default_rng(0)
    wrong = 0
    for path in paths:
        inputs = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).get_inputs()
        module = run_tool("tenon-opt", f"@{flags}", "-", text=import_model(path))
        for number, sizes in enumerate(SHAPES):
            feeds = {value.name: make_input(value, sizes, random) for value in inputs}
            found = interpret(as_example(module, f"shape_{number}", feeds))
            text = differences(run_onnxruntime(path, feeds), found[f"shape_{number}"], TOLERANCE)
            print(f"{path} at {sizes}: {text or 'equals ONNX Runtime'}")
            wrong += bool(text)
    return bool(wrong) or not paths


if __name__ == "__main__":
    sys.exit(main(*sys.argv[2:]))
