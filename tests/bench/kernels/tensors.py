"""Tensors of PyTorch as those of NumPy and ONNX, random ones, and how far some are from others."""

import ml_dtypes
import numpy as np
import onnx
import torch
from row import Runner

torch.set_grad_enabled(False)

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
ONNX_TYPES = {torch.float32: onnx.TensorProto.FLOAT, torch.bfloat16: onnx.TensorProto.BFLOAT16,
              torch.uint8: onnx.TensorProto.UINT8, torch.int8: onnx.TensorProto.INT8}  # fmt: skip
OPSETS = [onnx.helper.make_opsetid("", 23), onnx.helper.make_opsetid("com.microsoft", 1)]


def random_tensor(shape, dtype=torch.float32, seed=0):
    """Normal floats, or any bytes; the same at each call."""
    generator = torch.Generator().manual_seed(seed)
    if dtype in (torch.uint8, torch.int8):
        return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8).view(dtype)
    return torch.randn(shape, generator=generator).to(dtype)


def use_threads(count):
    torch.set_num_threads(count)


def as_numpy(tensor):
    if tensor.dtype == torch.bfloat16:
        return tensor.view(torch.uint16).numpy().view(ml_dtypes.bfloat16)
    return tensor.numpy()


def as_floats(tensor):
    return tensor.float().numpy()


class Latest:
    """A peer that makes a tensor at each run."""

    def __init__(self, compute, read=as_floats):
        self.compute, self.read = compute, read

    def run(self):
        self.result = self.compute()

    def runner(self):
        return Runner(self.run, lambda: self.read(self.result))


def initializer(name, tensor, onnx_type=None, shape=None):
    """The type and the shape are the tensor's, unless its bytes mean another."""
    return onnx.helper.make_tensor(name, onnx_type or ONNX_TYPES[tensor.dtype], shape or tensor.shape,
                                   as_numpy(tensor.contiguous()).tobytes(), raw=True)  # fmt: skip


def value(name, dtype, shape):
    return onnx.helper.make_tensor_value_info(name, ONNX_TYPES[dtype], shape)


def make_model(nodes, inputs, output, weights=()):
    graph = onnx.helper.make_graph(nodes, "kernel", inputs, [output], list(weights))
    return onnx.helper.make_model(graph, opset_imports=OPSETS, ir_version=10)


COMPARED = 1 << 22  # elements; of more, so many spread over all


def distance(output, reference):
    """Relative, in the 2-norm."""
    step = output.size // COMPARED | 1
    output, reference = (values.reshape(-1)[::step].astype(np.float64) for values in (output, reference))
    return float(np.linalg.norm(output - reference) / np.linalg.norm(reference))
