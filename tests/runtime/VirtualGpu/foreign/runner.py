"""Compiles kernels by Triton and launches them through the driver API."""

import ctypes
import os

import numpy as np

from device import Device
from scripts_path import gpu_sass

# One ptxas for everybody's kernels: Triton writes texts that it reads.
os.environ["TRITON_PTXAS_PATH"] = os.environ["TRITON_PTXAS_BLACKWELL_PATH"] = gpu_sass.tool("ptxas")
os.environ["TRITON_DEFAULT_FP_FUSION"] = "1"


def to_bf16(values):
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7fff + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def from_bf16(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


class Runner:
    """`divisible` names integers that are multiples of 16, which a launch of Triton's would see."""

    def __init__(self, library, arch, with_registers=False):
        self.device, self.arch, self.with_registers = Device(library), arch, with_registers
        self.random = np.random.default_rng(arch)

    def compiled(self, kernel, types, constants, options, divisible):
        import triton
        from triton.backends.compiler import GPUTarget
        names = kernel.arg_names
        signature = {name: types.get(name, "constexpr") for name in names}
        attributes = {(i,): [["tt.divisibility", 16]] for i, name in enumerate(names)
                      if str(types.get(name, "")).startswith("*") or name in divisible}
        source = triton.compiler.ASTSource(fn=kernel, signature=signature, constexprs=constants, attrs=attributes)
        return triton.compile(source, target=GPUTarget("cuda", self.arch, 32), options=options)

    def run(self, kernel, types, constants, options, grid, arguments, divisible=()):
        made = self.compiled(kernel, types, constants, options, divisible)
        ptx, name = made.asm["ptx"], made.metadata.name
        # Two pointers to scratch memory follow, which these kernels have no use for.
        count = ptx[:ptx.index(")")].count(".param")
        arguments = list(arguments) + [ctypes.c_uint64(0)] * (count - len(arguments))
        self.launch(ptx, name, grid, 32 * made.metadata.num_warps, made.metadata.shared, arguments)

    def launch(self, ptx, name, *others):
        if self.with_registers:
            ptx += gpu_sass.ptxas_comment(ptx, name, f"sm_{self.arch}{'a' if self.arch >= 90 else ''}")
        self.device.launch(ptx, name, *others)

    def values(self, *shape):
        return self.random.standard_normal(shape).astype(np.float32)
