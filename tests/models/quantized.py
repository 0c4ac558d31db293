"""Quantized models and integer products, compiled, against ONNX Runtime.

usage: quantized.py <tenon> <folder for files>

A block of a transformer with random weights is quantized by ONNX Runtime in both of its
forms, dynamic and QDQ. Where a sum lies near the middle between two integers, the last
bit of a float decides which one it becomes; so the outputs may differ, but by less than
quantization itself changes them. Products of integers alone are exact.
"""

import pathlib
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import quantization

WIDTH, HEADS, HIDDEN = 64, 4, 192
LENGTHS = (1, 5, 33)
# Of the change by quantization: of ten thousand numbers a few round the other way.
LEAST_AGREEMENT = 0.1


def run_tenon(tenon, model, feeds, folder):
    """Outputs for each of the feeds, by one artifact."""
    artifact = model.with_suffix(".tenon")
    subprocess.run([tenon, "compile", model, "-o", artifact], check=True)
    results = []
    for number, arrays in enumerate(feeds):
        inputs, outputs = (folder / f"{model.stem}_{number}_{kind}.npz" for kind in ("in", "out"))
        np.savez(inputs, **arrays)
        subprocess.run([tenon, "run", artifact, f"--inputs={inputs}", "-o", outputs], check=True)
        results.append(dict(np.load(outputs)))
    return results


def run_onnxruntime(model, feeds):
    # As written: its optimizations round to the steps of another op's result.
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_outputs()]
    return [dict(zip(names, session.run(None, arrays))) for arrays in feeds]


def block(random):
    """x + attention(x), and on that x + mlp(x); no norms, which would hide what is too large."""
    nodes, weights = [], []

    def weight(name, *shape):
        array = random.standard_normal(shape) * shape[0] ** -0.5
        weights.append(numpy_helper.from_array(array.astype(np.float32), name))
        return name

    def node(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def linear(x, name, rows, columns):
        product = node("MatMul", [x, weight(f"{name}_w", rows, columns)], f"{name}_product")
        return node("Add", [product, weight(f"{name}_b", columns)], name)

    weights.append(numpy_helper.from_array(np.array([0, 0, HEADS, WIDTH // HEADS]), "split"))
    weights.append(numpy_helper.from_array(np.array([0, 0, WIDTH]), "join"))
    weights.append(numpy_helper.from_array(np.float32((WIDTH // HEADS) ** -0.5), "scale"))
    heads = {}
    for name, order in {"q": [0, 2, 1, 3], "k": [0, 2, 3, 1], "v": [0, 2, 1, 3]}.items():
        rows = node("Reshape", [linear("x", name, WIDTH, WIDTH), "split"], f"{name}_rows")
        heads[name] = node("Transpose", [rows], f"{name}_heads", perm=order)
    scores = node("Mul", [node("MatMul", [heads["q"], heads["k"]], "products"), "scale"], "scores")
    weighted = node("MatMul", [node("Softmax", [scores], "shares", axis=-1), heads["v"]], "weighted")
    joined = node("Reshape", [node("Transpose", [weighted], "back", perm=[0, 2, 1, 3]), "join"], "joined")
    attended = node("Add", [linear(joined, "o", WIDTH, WIDTH), "x"], "attended")
    hidden = node("Relu", [linear(attended, "up", WIDTH, HIDDEN)], "hidden")
    node("Add", [linear(hidden, "down", HIDDEN, WIDTH), attended], "y")
    shape = ["B", "L", WIDTH]
    graph = helper.make_graph(
        nodes, "block", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)], weights)  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


class Calibration(quantization.CalibrationDataReader):
    def __init__(self, feeds):
        self.rest = iter(feeds)

    def get_next(self):
        return next(self.rest, None)


def quantize(folder, feeds):
    """The block in each quantized form, by name."""
    source = folder / "block.onnx"
    onnx.save(block(np.random.default_rng(1)), source)
    signed, unsigned = quantization.QuantType.QInt8, quantization.QuantType.QUInt8
    models = {}
    for name, kind, per_channel in [("dynamic", signed, False), ("dynamic_unsigned", unsigned, True)]:
        models[name] = folder / f"{name}.onnx"
        quantization.quantize_dynamic(source, models[name], weight_type=kind, per_channel=per_channel)
    for name, kind, per_channel in [("qdq", unsigned, True), ("qdq_signed", signed, False)]:
        models[name] = folder / f"{name}.onnx"
        quantization.quantize_static(
            source, models[name], Calibration(feeds), quant_format=quantization.QuantFormat.QDQ,
            activation_type=kind, weight_type=signed, per_channel=per_channel)  # fmt: skip
    return source, models


def check_models(tenon, folder):
    random = np.random.default_rng(0)
    feeds = [{"x": random.standard_normal((2, length, WIDTH)).astype(np.float32)} for length in LENGTHS]
    source, models = quantize(folder, feeds)
    floats = run_onnxruntime(source, feeds)
    wrong = 0
    for name, model in models.items():
        pairs = zip(floats, run_onnxruntime(model, feeds), run_tenon(tenon, model, feeds, folder))
        for length, (exact, expected, found) in zip(LENGTHS, pairs):
            change = np.sqrt(np.mean((expected["y"] - exact["y"]) ** 2))
            difference = np.sqrt(np.mean((found["y"] - expected["y"]) ** 2))
            isGood = difference <= LEAST_AGREEMENT * change
            wrong += not isGood
            print(f"{name}, length {length}: quantization changes {change:.2e}, differs by {difference:.2e}"
                  + ("" if isGood else ", too much"))
    return wrong


def product(kinds, depth, columns, zeros, weight):
    """MatMulInteger of x and a constant, or, where `weight` is None, an input; with zero points."""
    types = [helper.np_dtype_to_tensor_dtype(np.dtype(kind)) for kind in kinds]
    constants = [numpy_helper.from_array(zero, name) for name, zero in zip(("p", "q"), zeros)]
    inputs = [helper.make_tensor_value_info("x", types[0], ["M", depth])]
    if weight is None:
        inputs.append(helper.make_tensor_value_info("w", types[1], [depth, columns]))
    else:
        constants.append(numpy_helper.from_array(weight, "w"))
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["x", "w", "p", "q"], ["y"])], "product", inputs,
        [helper.make_tensor_value_info("y", TensorProto.INT32, ["M", columns])], constants)  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def any_of(random, kind, shape):
    """Numbers of the type, the ends of its range among them."""
    ends = np.iinfo(kind)
    values = random.integers(ends.min, ends.max + 1, shape, dtype=kind)
    if values.size:
        values.flat[random.integers(0, values.size, 4)] = [ends.min, ends.max] * 2
    return values


def check_products(tenon, folder):
    random = np.random.default_rng(2)
    wrong = 0
    shapes = [(64, 48), (128, 32), (4, 1), (7, 50), (36, 16), (1, 3)]
    kinds = [(x, w) for x in ("uint8", "int8") for w in ("int8", "uint8")]
    for number, (depth, columns) in enumerate(shapes):
        kind = kinds[number % len(kinds)]
        ends = [np.iinfo(k) for k in kind]
        per_column = any_of(random, kind[1], columns)
        zeros = [np.array(random.choice([ends[0].min, ends[0].max, 3]), kind[0]),
                 per_column if number % 2 else np.array(ends[1].max, kind[1])]  # fmt: skip
        weight = any_of(random, kind[1], (depth, columns))
        rows = [{"x": any_of(random, kind[0], (length, depth))} for length in (1, 16, 33, 70)]
        for form, constant, others in [("of_weights", weight, {}), ("of_inputs", None, {"w": weight})]:
            model = folder / f"product_{form}_{number}.onnx"
            onnx.save(product(kind, depth, columns, zeros, constant), model)
            feeds = [arrays | others for arrays in rows]
            for arrays, found in zip(feeds, run_tenon(tenon, model, feeds, folder)):
                wide = arrays["x"].astype(np.int64) - zeros[0]
                expected = wide @ (weight.astype(np.int64) - zeros[1])
                isGood = np.array_equal(found["y"], expected)
                wrong += not isGood
                if not isGood:
                    print(f"{form}: {kind[0]} x {kind[1]}, {arrays['x'].shape} x {weight.shape}: differs")
    print(f"{2 * len(shapes)} products")
    return wrong


def main(tenon, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return bool(check_products(tenon, folder) + check_models(tenon, folder))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
