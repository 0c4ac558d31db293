"""Each op that is imported, at two shapes, against ONNX Runtime.

usage: ops.py <folder for models> [name of a case ...]
"""

import pathlib
import sys

import numpy as np
import onnx

import op_cases
from compare import as_example, differences, import_model, interpret, run_onnxruntime
from from_text import parse

# Sizes of the symbols in the cases.
BINDINGS = [{"B": 2, "L": 5, "P": 3}, {"B": 1, "L": 7, "P": 1}]
ONNX_DTYPES = {
    onnx.TensorProto.FLOAT: np.float32, onnx.TensorProto.DOUBLE: np.float64,
    onnx.TensorProto.INT64: np.int64, onnx.TensorProto.INT32: np.int32,
    onnx.TensorProto.BOOL: np.bool_, onnx.TensorProto.UINT8: np.uint8,
    onnx.TensorProto.INT8: np.int8, onnx.TensorProto.FLOAT16: np.float16,
}  # fmt: skip


def build(case):
    text = f'<ir_version: 10, opset_import: ["" : {case.opset}]> g {case.graph}'
    model = parse(text)
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    return model


def make_inputs(model, case, binding, random):
    feeds = {}
    for value in model.graph.input:
        tensor = value.type.tensor_type
        shape = [binding[d.dim_param] if d.dim_param else d.dim_value for d in tensor.shape.dim]
        dtype = ONNX_DTYPES[tensor.elem_type]
        make = case.inputs.get(value.name)
        if make is not None:
            feeds[value.name] = np.asarray(make(random, shape)).astype(dtype)
        elif np.issubdtype(dtype, np.floating):
            feeds[value.name] = random.standard_normal(shape).astype(dtype)
        else:
            feeds[value.name] = random.integers(0, 2, shape).astype(dtype)
    return feeds


def prepare(case, folder):
    """The case as functions with inputs, and what each must return, by its name."""
    path = folder / f"{case.name}.onnx"
    model = build(case)
    onnx.save(model, path)
    module = import_model(path)
    random = np.random.default_rng(0)
    functions, expected = [], {}
    for number, binding in enumerate(BINDINGS):
        name = f"{case.name}_{number}"
        feeds = make_inputs(model, case, binding, random)
        functions.append(as_example(module, name, feeds))
        expected[name] = run_onnxruntime(path, feeds)
    return functions, expected


def main(folder, *names):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    functions, expected, wrong = [], {}, 0
    for case in op_cases.CASES:
        if names and case.name not in names:
            continue
        try:
            more, results = prepare(case, folder)
            functions += more
            expected |= results
        except Exception as error:
            print(f"{case.name}: {error}")
            wrong += 1
    found = interpret("\n".join(functions))
    for name, arrays in expected.items():
        text = differences(arrays, found[name]) if name in found else "is not executed"
        if text:
            print(f"{name}: {text}")
            wrong += 1
    print(f"{len(expected)} cases, {wrong} differ from ONNX Runtime")
    return bool(wrong) or not expected


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
