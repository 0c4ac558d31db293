"""The CUDA driver API, as much of it as running a kernel takes, through ctypes."""

import ctypes

import numpy as np


class Device:
    def __init__(self, library):
        self.driver = ctypes.CDLL(library)
        context = ctypes.c_void_p()
        self.call("cuInit", 0)
        self.call("cuCtxCreate_v2", ctypes.byref(context), 0, 0)

    def call(self, name, *arguments):
        if error := getattr(self.driver, name)(*arguments):
            raise RuntimeError(f"{name} answers {error}")

    def upload(self, values):
        values = np.ascontiguousarray(values)
        address = self.allocate(values.nbytes)
        self.call("cuMemcpyHtoD_v2", address, values.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(values.nbytes))
        return address

    def allocate(self, size):
        address = ctypes.c_uint64()
        self.call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(size))
        return address

    def download(self, address, shape, dtype):
        values = np.empty(shape, dtype)
        self.call("cuMemcpyDtoH_v2", values.ctypes.data_as(ctypes.c_void_p), address, ctypes.c_size_t(values.nbytes))
        return values

    def launch(self, ptx, name, grid, threads, shared, arguments):
        """`arguments` are ctypes values, in the order of the kernel's parameters."""
        module, function = ctypes.c_void_p(), ctypes.c_void_p()
        self.call("cuModuleLoadData", ctypes.byref(module), ctypes.c_char_p(ptx.encode()))
        self.call("cuModuleGetFunction", ctypes.byref(function), module, name.encode())
        if shared > 48 * 1024:
            self.call("cuFuncSetAttribute", function, 8, shared)
        pointers = (ctypes.c_void_p * len(arguments))(
            *(ctypes.cast(ctypes.byref(value), ctypes.c_void_p) for value in arguments))
        self.call("cuLaunchKernel", function, *grid, threads, 1, 1, shared, None, pointers, None)
        self.call("cuCtxSynchronize")
