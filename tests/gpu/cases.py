"""Small models of one kernel each, which PyTorch computes too: checked at odd sizes, timed at large ones."""

from dataclasses import dataclass
from typing import Callable

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


@dataclass
class Case:
    name: str
    dtype: str  # bf16 multiplies and stores activations in it, on both sides
    build: Callable  # of the sizes: an ONNX model
    checked: tuple  # sizes on any device
    timed: tuple  # on a real one
    torch: Callable  # of torch, the sizes and a dtype: what is timed


def model(nodes, inputs, output, weights=()):
    """inputs, output: names and shapes of f32 tensors; weights: shapes by name."""
    random = np.random.default_rng(0)
    value = helper.make_tensor_value_info
    constants = [numpy_helper.from_array(random.standard_normal(shape, np.float32) / np.float32(np.sqrt(shape[-1])), name)
                 for name, shape in weights]
    graph = helper.make_graph(nodes, "case", [value(n, TensorProto.FLOAT, s) for n, s in inputs],
                              [value(output[0], TensorProto.FLOAT, output[1])], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def gemm(m, n, k):
    return model([helper.make_node("MatMul", ["x", "w"], ["y"])], [("x", [m, k])], ("y", [m, n]), [("w", (k, n))])


def layer_norm(rows, width):
    node = helper.make_node("LayerNormalization", ["x", "scale", "bias"], ["y"], axis=-1)
    return model([node], [("x", [rows, width])], ("y", [rows, width]), [("scale", (width,)), ("bias", (width,))])


def attention(batch, heads, length, width):
    shape = [batch, heads, length, width]
    scale = helper.make_node("Constant", [], ["scale"], value=numpy_helper.from_array(np.float32(width ** -0.5)))
    nodes = [scale, helper.make_node("Transpose", ["k"], ["kt"], perm=[0, 1, 3, 2]),
             helper.make_node("MatMul", ["q", "kt"], ["qk"]), helper.make_node("Mul", ["qk", "scale"], ["scores"]),
             helper.make_node("Softmax", ["scores"], ["p"], axis=-1), helper.make_node("MatMul", ["p", "v"], ["y"])]
    return model(nodes, [(name, shape) for name in "qkv"], ("y", shape))


def tensors(torch, dtype, *shapes):
    return [torch.randn(shape, device="cuda", dtype=dtype) for shape in shapes]


def torch_gemm(torch, sizes, dtype):
    m, n, k = sizes
    x, w = tensors(torch, dtype, (m, k), (k, n))
    return lambda: torch.matmul(x, w)  # cuBLAS


def torch_layer_norm(torch, sizes, dtype):
    x, scale, bias = tensors(torch, dtype, sizes, sizes[1:], sizes[1:])
    return lambda: torch.nn.functional.layer_norm(x, sizes[1:], scale, bias)


def torch_attention(torch, sizes, dtype):
    q, k, v = tensors(torch, dtype, sizes, sizes, sizes)
    return lambda: torch.nn.functional.scaled_dot_product_attention(q, k, v)


CASES = [
    Case("gemm", "bf16", gemm, (65, 96, 40), (4096, 4096, 4096), torch_gemm),
    Case("gemm of few rows", "bf16", gemm, (3, 64, 72), (16, 4096, 4096), torch_gemm),
    Case("gemm", "f32", gemm, (65, 96, 40), (1024, 1024, 1024), torch_gemm),
    Case("layer_norm", "f32", layer_norm, (37, 200), (16384, 1024), torch_layer_norm),
    Case("attention", "bf16", attention, (1, 2, 37, 64), (4, 16, 2048, 64), torch_attention),
]


def save(case, sizes, path):
    onnx.save(case.build(*sizes), str(path))
    return path
