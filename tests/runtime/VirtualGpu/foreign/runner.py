"""Compiles kernels by Triton and launches them through the driver API."""

import ctypes
import pathlib
import re
import subprocess
import tempfile

import numpy as np

from device import Device


def to_bf16(values):
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7fff + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def from_bf16(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


def ptxas_comment(ptx, name, arch):
    """What the virtual GPU reads registers from: see its README."""
    import triton
    # The newer of the two that Triton brings: it reads all of its texts.
    ptxas = pathlib.Path(triton.__file__).parent / "backends/nvidia/bin/ptxas-blackwell"
    with tempfile.NamedTemporaryFile("w", suffix=".ptx") as file:
        file.write(ptx)
        file.flush()
        log = subprocess.run([ptxas, "-v", f"--gpu-name=sm_{arch}{'a' if arch >= 90 else ''}", file.name, "-o", "/dev/null"],
                             capture_output=True, text=True).stderr
    registers, spilled = re.search(r"(\d+) registers", log), re.search(r"(\d+) bytes spill stores", log)
    if not registers:
        return ""
    return f"\n// ptxas {name}: {registers[1]} registers, {spilled[1] if spilled else 0} bytes spilled\n"


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
        if self.with_registers:
            ptx += ptxas_comment(ptx, name, self.arch)
        self.device.launch(ptx, name, grid, 32 * made.metadata.num_warps, made.metadata.shared, arguments)

    def values(self, *shape):
        return self.random.standard_normal(shape).astype(np.float32)
