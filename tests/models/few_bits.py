"""Products with weights of few bits, interpreted and compiled, against NumPy and ONNX Runtime.

usage: few_bits.py <tenon> <folder for files> [cpu|vgpu]

A weight is (codes - zero points) * scales, by column, by tensor or by blocks along K. NumPy
multiplies by it in f64. Sums of f32 in another order differ by some epsilons of the sum of
magnitudes; with bf16 activations, scales and results are rounded, by half an epsilon of that each.
"""

import dataclasses
import pathlib
import re
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

ROWS = (1, 2, 7, 64)
TARGETS = {"cpu": [[], ["--target=x86-64-v3"], ["--dtype=bf16"], ["--target=x86-64-v3", "--dtype=bf16"]],
           "vgpu": [["--target=cuda:sm_80"], ["--target=cuda:sm_90a", "--dtype=bf16"]]}


@dataclasses.dataclass(frozen=True)
class Weight:
    form: str  # nbits or dequantize
    depth: int
    columns: int
    bits: int
    block: int = 0  # 0: a scale a column
    zeros: str = ""  # none, "codes" or "floats"
    is_signed: bool = False
    is_transposed: bool = False  # NxK in the file, and a Transpose
    has_bias: bool = False
    per_tensor: bool = False

    @property
    def name(self):
        return "_".join(str(value) for value in dataclasses.astuple(self) if value)


WEIGHTS = [
    *(Weight("nbits", 250, 203, bits, 32, zeros, has_bias=not zeros)
      for bits in (4, 8) for zeros in ("", "codes", "floats")),
    Weight("nbits", 384, 96, 4, 128, "codes"),
    Weight("nbits", 300, 17, 4, 16),
    Weight("nbits", 16, 1, 4, 16),
    *(Weight("dequantize", 256, 203, bits, 32, zeros, is_signed)
      for bits in (4, 8) for zeros, is_signed in (("", True), ("codes", False))),
    Weight("dequantize", 250, 64, 4, 128, "codes", is_transposed=True),
    Weight("dequantize", 250, 64, 4, 32, "codes", is_signed=True),
    Weight("dequantize", 251, 45, 4, 0, "codes"),
    Weight("dequantize", 96, 45, 4, 0, "", is_signed=True, is_transposed=True),
    Weight("dequantize", 64, 45, 4, 0, "", is_signed=True, per_tensor=True),
]  # fmt: skip


def pack(codes):
    """Codes of 4 bits two to a byte, the first one low."""
    flat = codes.reshape(-1).astype(np.uint8) & 15
    flat = np.append(flat, np.zeros(flat.size % 2, np.uint8))
    return flat[0::2] | flat[1::2] << 4


class Model:
    """An ONNX file of y = x w (+ bias), and w in f64."""

    def __init__(self, weight, random):
        self.weight, self.random, self.constants = weight, random, []
        low, high = (-(1 << weight.bits - 1), 1 << weight.bits - 1) if weight.is_signed else (0, 1 << weight.bits)
        self.draw = lambda shape: random.integers(low, high, shape)
        self.bias = np.zeros(weight.columns)
        nodes = self.nbits() if weight.form == "nbits" else self.dequantize()
        graph = helper.make_graph(
            nodes, "product", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["M", weight.depth])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["M", weight.columns])], self.constants)  # fmt: skip
        opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
        self.proto = helper.make_model(graph, opset_imports=opsets, ir_version=10)

    def constant(self, name, array):
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def codes(self, name, codes):
        if self.weight.bits == 8:
            return self.constant(name, codes.astype(np.int8 if self.weight.is_signed else np.uint8))
        kind = TensorProto.INT4 if self.weight.is_signed else TensorProto.UINT4
        self.constants.append(helper.make_tensor(name, kind, codes.shape, pack(codes).tobytes(), raw=True))
        return name

    def scales(self, shape):
        return self.random.uniform(0.01, 0.1, shape).astype(np.float32)

    def nbits(self):
        w = self.weight
        blocks = -(-w.depth // w.block)
        codes, scales = self.draw((w.columns, blocks * w.block)), self.scales((w.columns, blocks))
        packed = (lambda rows: np.stack([pack(row) for row in rows])) if w.bits == 4 else (lambda rows: rows.astype(np.uint8))
        inputs = ["x", self.constant("codes", packed(codes).reshape(w.columns, blocks, -1)), self.constant("scales", scales)]
        zeros = np.full((w.columns, blocks), float(1 << w.bits - 1))
        if w.zeros == "codes":
            zeros = self.draw((w.columns, blocks))
            inputs.append(self.constant("zeros", packed(zeros)))
        elif w.zeros == "floats":
            zeros = self.random.uniform(0, 1 << w.bits, zeros.shape).astype(np.float32)
            inputs.append(self.constant("zeros", zeros))
        if w.has_bias:
            self.bias = self.random.standard_normal(w.columns).astype(np.float32)
            inputs += [""] * (5 - len(inputs)) + [self.constant("bias", self.bias)]
        wide = lambda parameter: np.repeat(parameter.astype(np.float64), w.block, axis=1)
        self.matrix = ((codes - wide(zeros)) * wide(scales))[:, :w.depth].T
        return [helper.make_node("MatMulNBits", inputs, ["y"], domain="com.microsoft", K=w.depth, N=w.columns,
                                 bits=w.bits, block_size=w.block)]  # fmt: skip

    def dequantize(self):
        w = self.weight
        shape = [w.columns, w.depth] if w.is_transposed else [w.depth, w.columns]
        along = 1 if w.is_transposed else 0
        if w.block:
            counts = [-(-size // w.block) if axis == along else size for axis, size in enumerate(shape)]
            attributes = {"axis": along, "block_size": w.block}
            wide = lambda parameter: np.repeat(parameter, w.block, axis=along).take(range(w.depth), axis=along)
        else:
            counts = [] if w.per_tensor else [w.columns]
            attributes = {} if w.per_tensor else {"axis": 1 - along}
            wide = lambda parameter: parameter if w.per_tensor else np.expand_dims(parameter, along)
        codes, scales = self.draw(shape), self.scales(counts)
        zeros = self.draw(counts) if w.zeros else np.zeros(counts, int)
        inputs = [self.codes("codes", codes), self.constant("scales", scales)]
        inputs += [self.codes("zeros", zeros)] if w.zeros else []
        matrix = (codes - wide(zeros)) * wide(scales.astype(np.float64))
        self.matrix = matrix.T if w.is_transposed else matrix
        nodes = [helper.make_node("DequantizeLinear", inputs, ["w"], **attributes)]
        if w.is_transposed:
            nodes.append(helper.make_node("Transpose", ["w"], ["t"], perm=[1, 0]))
        return [*nodes, helper.make_node("MatMul", ["x", "t" if w.is_transposed else "w"], ["y"])]

    def stored_bytes(self):
        """Of codes, scales and zero points, columns and rows filled to whole panels and words."""
        w, panel = self.weight, 128
        columns = -(-w.columns // panel) * panel
        rows = -(-w.depth // max(w.block, 8)) * max(w.block, 8)
        groups = rows // w.block if w.block else 1
        return columns * (rows * w.bits // 8 + groups * (4 + (4 if w.zeros == "floats" else w.bits / 8)) + 4)


def run(*command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


def difference(found, x, model):
    """In magnitudes of the sums."""
    expected = x.astype(np.float64) @ model.matrix + model.bias
    magnitude = np.abs(x).astype(np.float64) @ np.abs(model.matrix) + np.abs(model.bias)
    return np.max(np.abs(found - expected) / np.maximum(magnitude, 1e-30))


def runs_onnxruntime(weight):
    """Not of 8 bits with zero points of floats: its CPU has no kernel for them."""
    return not (weight.form == "nbits" and weight.bits == 8 and weight.zeros == "floats")


def check(tenon, folder, device, weight, number):
    model = Model(weight, np.random.default_rng(number))
    path = folder / f"{weight.name}.onnx"
    onnx.save(model.proto, path)
    random = np.random.default_rng(number)
    feeds = [random.standard_normal((rows, weight.depth)).astype(np.float32) for rows in ROWS]
    worst = {}

    def note(who, found, x, limit):
        worst[who] = max(worst.get(who, 0), difference(found, x, model) / limit)

    f32, bf16 = 4 * np.finfo(np.float32).eps, 1.5 * 2.0**-8
    if runs_onnxruntime(weight):
        options = onnxruntime.SessionOptions()  # as written: its optimizations narrow activations
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        for x in feeds:
            note("onnxruntime", session.run(None, {"x": x})[0], x, f32)
    inputs, outputs, artifact = folder / "x.npy", folder / "y.npz", folder / f"{weight.name}.tenon"
    np.save(inputs, feeds[1])
    run(tenon, "run", "--interpret", path, f"--input=x={inputs}", "-o", outputs)
    note("interpreter", np.load(outputs)["y"], feeds[1], f32)
    for flags in TARGETS[device]:
        run(tenon, "compile", path, "-o", artifact, *flags)
        for x in feeds:
            np.save(inputs, x)
            run(tenon, "run", artifact, f"--device={device}", f"--input=x={inputs}", "-o", outputs)
            note(" ".join(flags) or "compiled", np.load(outputs)["y"], x, bf16 if "--dtype=bf16" in flags else f32)
    stored = int(re.search(r"weights +(\d+) bytes", run(tenon, "inspect", artifact))[1])
    worst["bytes"] = stored / model.stored_bytes()
    wrong = {who: value for who, value in worst.items() if not value <= 1}
    print(f"{weight.name}: " + (f"too far off, of what is allowed: {wrong}" if wrong else "ok"))
    return len(wrong)


def main(tenon, folder, device="cpu"):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return bool(sum(check(tenon, folder, device, weight, number) for number, weight in enumerate(WEIGHTS)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
