"""Writes models of tables that a formula explains, or nearly, and compares the first.

usage: tables.py <folder>
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from compare import as_example, differences, import_model, interpret, run_onnxruntime


def angles(rows, count, base, first=0):
    """f32 as exporters compute it: positions times rounded frequencies."""
    exponents = np.arange(0, 2 * count, 2, dtype=np.float32) / np.float32(2 * count)
    frequencies = np.float32(1) / np.float32(base) ** exponents
    return np.outer(np.arange(first, first + rows, dtype=np.float32), frequencies)


def twice(f):
    return np.concatenate([f, f], axis=-1)


EXPLAINED = {
    "seen": np.tri(200, dtype=bool).reshape(1, 1, 200, 200),
    "hidden": ~np.tri(6, dtype=bool),
    "bias": np.where(np.tri(50, dtype=bool), np.float32(0), np.float32(-np.inf)),
    "bytes": np.tri(9, dtype=np.uint8),
    "cos_halves": np.cos(twice(angles(128, 32, 10000))).reshape(1, 1, 128, 64),
    "sin_pairs": np.sin(np.repeat(angles(40, 32, 500000), 2, axis=-1)),
    "sin_once": np.sin(angles(40, 16, 10000)),
}

ONE_OFF = np.tri(200, dtype=bool)
ONE_OFF[150, 160] = True
SCALED = angles(40, 16, 10000)
SCALED[:, 12:] /= 8
LEFT_ALONE = {
    "one_off": ONE_OFF,
    "scaled": np.cos(SCALED),
    "shifted": np.cos(angles(40, 16, 10000, first=1)),
    # True as another byte than 1.
    "odd": TensorProto(name="odd", data_type=TensorProto.BOOL, dims=[200, 200],
                       raw_data=(255 * np.tri(200, dtype=np.uint8)).tobytes()),  # fmt: skip
}


def write(path, tables):
    outputs = [helper.make_empty_tensor_value_info(f"{name}_out") for name in tables]
    nodes = [helper.make_node("Identity", [name], [f"{name}_out"]) for name in tables]
    tensors = [
        table if isinstance(table, TensorProto) else numpy_helper.from_array(table, name)
        for name, table in tables.items()
    ]
    graph = helper.make_graph(nodes, "g", [], outputs, tensors)
    model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21)])
    pathlib.Path(path).write_bytes(model.SerializeToString())


def main(folder):
    folder = pathlib.Path(folder)
    path = folder / "explained.onnx"
    write(path, EXPLAINED)
    write(folder / "left_alone.onnx", LEFT_ALONE)
    found = interpret(as_example(import_model(path), "tables", {}))["tables"]
    text = differences(run_onnxruntime(path, {}), found)
    print(text or "equals ONNX Runtime")
    return bool(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
