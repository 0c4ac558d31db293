"""Tenon's C API for Python, by ctypes: what tests and benches call.

    with Model("libtenon_runtime.so", "model.tenon", threads=2) as model:
        model.bind({"input_ids": ids, "attention_mask": mask})
        model.run()
        vectors = model.output("embedding")
"""

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int, c_int64, c_size_t, c_uint, c_void_p

import ml_dtypes
import numpy as np

# In the order of tenon_dtype.
DTYPES = [np.bool_, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64,
          np.float16, ml_dtypes.bfloat16, np.float32, np.float64]


class Dim(ctypes.Structure):
    _fields_ = [("value", c_int64), ("formula", c_char_p)]


class Tensor(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("dtype", c_int), ("rank", c_size_t), ("dims", POINTER(Dim))]


class Options(ctypes.Structure):
    _fields_ = [("num_threads", c_uint), ("no_pin", c_int), ("device", c_char_p)]


def open_library(path):
    library = ctypes.CDLL(path)
    library.tenon_error.restype = c_char_p
    library.tenon_num_inputs.restype = library.tenon_num_outputs.restype = c_size_t
    for name in ("tenon_num_inputs", "tenon_num_outputs", "tenon_unload", "tenon_destroy", "tenon_run"):
        getattr(library, name).argtypes = [c_void_p]
    for name in ("tenon_get_input", "tenon_get_output"):
        getattr(library, name).argtypes = [c_void_p, c_size_t, POINTER(Tensor)]
    library.tenon_load.argtypes = [c_char_p, POINTER(c_void_p)]
    library.tenon_create.argtypes = [c_void_p, POINTER(Options), POINTER(c_void_p)]
    library.tenon_bind_input.argtypes = [c_void_p, c_char_p, c_int, c_size_t, POINTER(c_int64), c_void_p, c_size_t]
    library.tenon_output_shape.argtypes = [c_void_p, c_char_p, c_size_t, POINTER(c_int64)]
    library.tenon_output.argtypes = [c_void_p, c_char_p, POINTER(c_void_p), POINTER(c_size_t)]
    return library


class Model:
    """A loaded artifact with one context."""

    def __init__(self, library, path, threads=0, pin=True, device="cpu"):
        self.library = open_library(library)
        self.model, self.context = c_void_p(), c_void_p()
        self.check(self.library.tenon_load(str(path).encode(), byref(self.model)))
        options = Options(threads, 0 if pin else 1, device.encode())
        self.check(self.library.tenon_create(self.model, byref(options), byref(self.context)))
        self.inputs = self.tensors("input")
        self.outputs = self.tensors("output")
        self.bound = []

    def check(self, status):
        if status:
            raise RuntimeError(self.library.tenon_error().decode())

    def tensors(self, kind):
        """The (name, dtype, rank) of each input or output."""
        found = []
        for index in range(getattr(self.library, f"tenon_num_{kind}s")(self.model)):
            tensor = Tensor()
            self.check(getattr(self.library, f"tenon_get_{kind}")(self.model, index, byref(tensor)))
            found.append((tensor.name.decode(), DTYPES[tensor.dtype], tensor.rank))
        return found

    def bind(self, feeds):
        """Binds one array for each input; more are ignored."""
        self.bound = []
        for name, dtype, rank in self.inputs:
            array = np.ascontiguousarray(feeds[name], dtype)
            self.bound.append(array)  # the context reads it at each run
            dims = (c_int64 * rank)(*array.shape)
            self.check(self.library.tenon_bind_input(
                self.context, name.encode(), DTYPES.index(dtype), rank, dims, array.ctypes.data, array.nbytes))

    def run(self):
        self.check(self.library.tenon_run(self.context))

    def output(self, name):
        """A copy of an output of the latest run."""
        dtype, rank = next((d, r) for n, d, r in self.outputs if n == name)
        dims, data, size = (c_int64 * rank)(), c_void_p(), c_size_t()
        self.check(self.library.tenon_output_shape(self.context, name.encode(), rank, dims))
        self.check(self.library.tenon_output(self.context, name.encode(), byref(data), byref(size)))
        return np.frombuffer(ctypes.string_at(data, size.value), dtype).reshape(tuple(dims))

    def close(self):
        self.library.tenon_destroy(self.context)
        self.library.tenon_unload(self.model)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
