"""The real models, imported and executed, against ONNX Runtime.

usage: models.py <model.onnx> ...
"""

import sys

import numpy as np
import onnxruntime

from compare import as_example, differences, import_model, interpret, run_onnxruntime

SHAPES = [(1, 5), (2, 9)]
# A few hundred ops, each of whose f32 roundings differ.
TOLERANCE = 2e-4


def make_inputs(path, shape, random):
    """Token ids, and a mask that leaves out the end of the last row."""
    feeds = {}
    for value in onnxruntime.InferenceSession(path).get_inputs():
        feeds[value.name] = np.ones(shape, np.int64)
        if value.name == "input_ids":
            feeds[value.name] = random.integers(1000, 20000, shape)
        elif value.name == "attention_mask" and shape[0] > 1:
            feeds[value.name][-1, shape[1] // 2 :] = 0
        elif value.name == "token_type_ids":
            feeds[value.name] = random.integers(0, 2, shape)
    return feeds


def main(*paths):
    random = np.random.default_rng(0)
    wrong = 0
    for path in paths:
        module = import_model(path)
        for number, shape in enumerate(SHAPES):
            feeds = make_inputs(path, shape, random)
            found = interpret(as_example(module, f"shape_{number}", feeds))
            text = differences(run_onnxruntime(path, feeds), found[f"shape_{number}"], TOLERANCE)
            print(f"{path} at {shape}: {text or 'equals ONNX Runtime'}")
            wrong += bool(text)
    return bool(wrong) or not paths


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
