"""The CUDA driver API, as much of it as running a kernel takes, through ctypes."""

import ctypes

import numpy as np

CLUSTER_DIMENSION = 4   # CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION
DYNAMIC_SHARED_BYTES = 8    # CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES


class Attribute(ctypes.Structure):
    _fields_ = [("id", ctypes.c_uint), ("unused", ctypes.c_uint), ("extents", ctypes.c_uint * 3), ("rest", ctypes.c_uint * 13)]


class Config(ctypes.Structure):
    _fields_ = [("grid", ctypes.c_uint * 3), ("block", ctypes.c_uint * 3), ("sharedBytes", ctypes.c_uint),
                ("stream", ctypes.c_void_p), ("attributes", ctypes.POINTER(Attribute)), ("numAttributes", ctypes.c_uint)]


class Device:
    """`texts` are those of the kernels that were launched, by their names."""

    def __init__(self, library):
        # Libraries that call the driver find its names in this one.
        self.driver = ctypes.CDLL(library, ctypes.RTLD_GLOBAL)
        self.texts = {}
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

    def launch(self, ptx, name, grid, threads, shared, arguments, cluster=(1, 1, 1)):
        """`arguments` are ctypes values, in the order of the kernel's parameters."""
        self.texts[name] = ptx
        module, function = ctypes.c_void_p(), ctypes.c_void_p()
        self.call("cuModuleLoadData", ctypes.byref(module), ctypes.c_char_p(ptx.encode()))
        self.call("cuModuleGetFunction", ctypes.byref(function), module, name.encode())
        if shared > 48 * 1024:
            self.call("cuFuncSetAttribute", function, DYNAMIC_SHARED_BYTES, shared)
        pointers = (ctypes.c_void_p * len(arguments))(
            *(ctypes.cast(ctypes.byref(value), ctypes.c_void_p) for value in arguments))
        attribute = Attribute(CLUSTER_DIMENSION, 0, cluster)
        config = Config(grid, (threads, 1, 1), shared, None, ctypes.pointer(attribute), int(cluster != (1, 1, 1)))
        self.call("cuLaunchKernelEx", ctypes.byref(config), function, pointers, None)
        self.call("cuCtxSynchronize")
