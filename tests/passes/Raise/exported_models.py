"""Writes NAME.onnx for each NAME.txt: ONNX's text form, with random weights.

usage: exported_models.py <folder with from_text.py> <folder>
A value that is declared beside the initializers, but has no value and no node that
makes it, becomes a weight: the buffer of that name, or random numbers.
"""

import pathlib
import sys

import numpy
import onnx
from onnx import numpy_helper

sys.path.insert(0, sys.argv[1])
import from_text


def angles():
    """64 positions, 4 lanes, as Hugging Face's LLaMA computed its buffers."""
    frequencies = 1.0 / 10000.0 ** (numpy.arange(0, 4, 2, dtype=numpy.float32) / numpy.float32(4))
    half = numpy.outer(numpy.arange(64, dtype=numpy.float32), frequencies.astype(numpy.float32))
    return numpy.concatenate([half, half], axis=-1)


BUFFERS = {
    "causal_mask": lambda: numpy.tri(64),
    "cos_cached": lambda: numpy.cos(angles()),
    "sin_cached": lambda: numpy.sin(angles()),
}


def weight(info, random):
    tensor = info.type.tensor_type
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
    if info.name in BUFFERS:
        shape = [dim.dim_value for dim in tensor.shape.dim]
        return numpy_helper.from_array(BUFFERS[info.name]().astype(dtype).reshape(shape), info.name)
    size = 3 if dtype == numpy.int8 else 0.5
    values = random.uniform(-size, size, [dim.dim_value for dim in tensor.shape.dim])
    return numpy_helper.from_array(values.astype(dtype), info.name)


def add_weights(graph):
    made = {name for node in graph.node for name in node.output}
    random = numpy.random.default_rng(7)
    graph.initializer.extend(
        weight(info, random) for info in graph.value_info if info.name not in made
    )
    del graph.value_info[:]


for path in sorted(pathlib.Path(sys.argv[2]).glob("*.txt")):
    model = from_text.parse(path.read_text())
    add_weights(model.graph)
    onnx.save(model, path.with_suffix(".onnx"))
