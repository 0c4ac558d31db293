"""Matmuls alone, with constant weights, of the shapes of the suite's models.

In f32, in bf16 (operands and result), and in int8 as QDQ models have it: u8 times s8, scaled by column, requantized
to u8.
"""

import ctypes
import dataclasses
import functools
import pathlib

import numpy as np
import torch
from architectures import ARCHITECTURES, IMAGE_TOKENS
from onnx import helper
from row import Bar, Row, Runner
from tensors import DTYPES, Latest, as_floats, as_numpy, initializer, make_model, random_tensor, value

BATCHES, LENGTH = (1, 8), 128
F32_SHARE = {1: 0.93}  # of the multiply-adds' peak, and with more threads:
F32_SHARE_OF_MORE, AVX512_SHARE = 0.90, 0.90
INPUT_SCALE, INPUT_ZERO, OUTPUT_ZERO = 0.02, 128, 128


@dataclasses.dataclass(frozen=True)
class Gemm(Row):
    rows: int
    columns: int
    depth: int
    precision: str
    threads: int

    group = "gemm"

    @property
    def title(self):
        return f"{self.rows} x {self.columns} x {self.depth}"

    @property
    def artifact(self):
        return f"gemm-{self.columns}-{self.depth}-{self.precision}"

    @property
    def flops(self):
        return 2 * self.rows * self.columns * self.depth

    @property
    def rates(self):
        return (self.precision,)

    @property
    def output_scale(self):
        """About 40 steps from the mean are a standard deviation of the result."""
        return INPUT_SCALE * 74 * 0.01 * 74 * self.depth**0.5 / 40

    def model(self):
        return (quantized_model if self.precision == "int8" else float_model)(self)

    def feeds(self):
        dtype = torch.uint8 if self.precision == "int8" else DTYPES[self.precision]
        return {"x": random_tensor((self.rows, self.depth), dtype, seed=1)}

    def open_peers(self, feeds, artifacts):
        x, weights = feeds["x"], weights_of(self.columns, self.depth, self.precision)
        if self.precision == "int8":
            return [("onednn", lambda: onednn_int8(self, x, weights))]
        if self.precision == "bf16":
            return [("onednn", lambda: onednn(x, weights))]
        return [("onednn", lambda: onednn(x, weights)), ("mkl", lambda: mkl(x, weights)),
                ("mkl-packed", lambda: mkl_packed(x, weights)),
                ("openblas", lambda: openblas(x, weights, self.threads))]  # fmt: skip

    def floats(self, output):
        return np.asarray(output, np.float32) - (OUTPUT_ZERO if self.precision == "int8" else 0)

    def limit_ms(self, rates, yardsticks_ms):
        return self.flops / rates[self.precision] * 1e3

    def bar(self, unit):
        if self.precision == "f32":
            return Bar(1, F32_SHARE.get(self.threads, F32_SHARE_OF_MORE))
        return Bar(1, AVX512_SHARE if unit == "avx512" else None)


@functools.lru_cache(1)
def weights_of(columns, depth, precision):
    """Each column a row, as PyTorch has them. Floats keep the results near 1."""
    if precision == "int8":
        return random_tensor((columns, depth), torch.int8).clamp_(min=-127)
    return (random_tensor((columns, depth)) / depth**0.5).to(DTYPES[precision])


@functools.lru_cache(1)
def column_scales(columns):
    return 0.005 + 0.01 * torch.rand(columns, generator=torch.Generator().manual_seed(2))


def float_model(row):
    dtype = DTYPES[row.precision]
    weights = weights_of(row.columns, row.depth, row.precision).t()
    return make_model([helper.make_node("MatMul", ["x", "w"], ["y"])], [value("x", dtype, ["M", row.depth])],
                      value("y", dtype, ["M", row.columns]), [initializer("w", weights)])  # fmt: skip


def quantized_model(row):
    weights = weights_of(row.columns, row.depth, row.precision).t()
    constants = {"w": weights, "w_scale": column_scales(row.columns), "x_scale": torch.tensor(INPUT_SCALE),
                 "x_zero": torch.tensor(INPUT_ZERO, dtype=torch.uint8), "y_scale": torch.tensor(row.output_scale),
                 "y_zero": torch.tensor(OUTPUT_ZERO, dtype=torch.uint8)}  # fmt: skip
    nodes = [
        helper.make_node("DequantizeLinear", ["x", "x_scale", "x_zero"], ["x_float"]),
        helper.make_node("DequantizeLinear", ["w", "w_scale"], ["w_float"], axis=1),
        helper.make_node("MatMul", ["x_float", "w_float"], ["y_float"]),
        helper.make_node("QuantizeLinear", ["y_float", "y_scale", "y_zero"], ["y"]),
    ]
    return make_model(nodes, [value("x", torch.uint8, ["M", row.depth])], value("y", torch.uint8, ["M", row.columns]),
                      [initializer(*constant) for constant in constants.items()])  # fmt: skip


def onednn(x, weights):
    packed = torch.ops.mkldnn._reorder_linear_weight(weights, x.shape[0])
    return Latest(lambda: torch.ops.mkldnn._linear_pointwise(x, packed, None, "none", [], "")).runner()


def onednn_int8(row, x, weights):
    packed = torch.ops.onednn.qlinear_prepack(weights, list(x.shape))
    scales, zeros = column_scales(row.columns), torch.zeros(row.columns, dtype=torch.int64)

    def compute():
        return torch.ops.onednn.qlinear_pointwise(
            x, INPUT_SCALE, INPUT_ZERO, packed, scales, zeros, None, row.output_scale, OUTPUT_ZERO, torch.uint8,
            "none", [], "")  # fmt: skip

    return Latest(compute, lambda result: row.floats(result.numpy())).runner()


def mkl(x, weights):
    """PyTorch's mm."""
    right, result = weights.t().contiguous(), torch.empty(x.shape[0], weights.shape[0])
    return Runner(lambda: torch.mm(x, right, out=result), lambda: as_floats(result))


def mkl_packed(x, weights):
    """MKL's own packed form of the weights, which torch.compile uses with freezing."""
    packed = torch.ops.mkl._mkl_reorder_linear_weight(weights, x.shape[0])
    return Latest(lambda: torch.ops.mkl._mkl_linear(x, packed, weights, None, x.shape[0])).runner()


def openblas(x, weights, threads):
    """The one that NumPy's wheel carries; it has no bf16."""
    openblas_library().scipy_openblas_set_num_threads64_(threads)
    left, right = as_numpy(x), as_numpy(weights.t().contiguous())
    result = np.empty((left.shape[0], right.shape[1]), np.float32)
    return Runner(lambda: np.matmul(left, right, out=result), lambda: result)


@functools.cache
def openblas_library():
    folder = pathlib.Path(np.__file__).parents[1] / "numpy.libs"
    found = sorted(folder.glob("libscipy_openblas64_*.so"))
    if not found:
        raise RuntimeError(f"there is no OpenBLAS in {folder.name}")
    return ctypes.CDLL(str(found[0]))


def shapes_of(name):
    """(columns, depth) of the matmuls of a model, as its file has them."""
    sizes = ARCHITECTURES[name]
    queries, keys = sizes.heads * sizes.head_width, sizes.kv_heads * sizes.head_width
    projections = [queries + 2 * keys] if sizes.family == "gpt2" else [queries, keys]
    shapes = [(columns, sizes.width) for columns in projections]
    shapes += [(sizes.width, queries), (sizes.inner, sizes.width), (sizes.width, sizes.inner)]
    return shapes + ([(sizes.vocabulary, sizes.width)] if sizes.is_decoder else [])


MODELS = "bert-base", "gpt2-small", "llama-125m", "vit-b16", "t5-small", "minilm-l6"


def all_shapes():
    """(rows, columns, depth), each once; those of the same weights follow each other."""
    found = {(1024, 1024, 1024): None}
    for name in MODELS:
        length = LENGTH if ARCHITECTURES[name].vocabulary else IMAGE_TOKENS
        for columns, depth in shapes_of(name):
            found |= {(batch * length, columns, depth): None for batch in BATCHES}
    order = {shape[1:]: number for number, shape in reversed(list(enumerate(found)))}
    return sorted(found, key=lambda shape: order[shape[1:]])


def gemm_rows(threads):
    return [Gemm(*shape, precision, count) for precision in ("f32", "bf16", "int8")
            for shape in all_shapes() for count in threads]  # fmt: skip
