"""Launches Triton's kernels for rows of docs/CudaKernels.md, for their counters.

usage: measure.py LIBCUDA ARCH ROW

ROW is a row of scripts/cuda_kernels.py, which sets TENON_VGPU_COUNTERS. Blocks, warps and
stages are those that Triton's tutorials have for the shape.
"""

import ctypes
import sys

import numpy as np

import kernels
from runner import Runner, to_bf16


def gemm(runner, size):
    block = {"BM": 128, "BN": 128, "BK": 32 if runner.arch == 80 else 64, "GROUP": 8}
    a, b = (runner.device.upload(to_bf16(runner.values(size, size))) for _ in range(2))
    runner.run(kernels.matmul, {"a": "*bf16", "b": "*bf16", "c": "*bf16", "m": "i32", "n": "i32", "k": "i32"}, block,
               {"num_warps": 8 if runner.arch >= 90 else 4, "num_stages": 4}, ((size // 128) ** 2, 1, 1),
               [a, b, runner.device.allocate(2 * size * size)] + [ctypes.c_int(size)] * 3, "mnk")


def attention(runner, length, heads):
    q, k, v = (runner.device.upload(to_bf16(runner.values(heads, length, 128))) for _ in range(3))
    types = {name: "*bf16" for name in "oqkv"} | {"scale": "fp32", "length": "i32"}
    runner.run(kernels.attention, types, {"BM": 128, "BN": 64, "WIDTH": 128}, {"num_warps": 8, "num_stages": 3},
               (length // 128, heads, 1),
               [runner.device.allocate(2 * heads * length * 128), q, k, v, ctypes.c_float(0.1275), ctypes.c_int(length)],
               ["length"])


def norm(runner, rows, columns):
    x, residual, weight = (runner.device.upload(to_bf16(runner.values(*shape)))
                           for shape in ((rows, columns), (rows, columns), (columns,)))
    types = {name: "*bf16" for name in ("y", "total", "x", "residual", "weight")} | {"columns": "i32"}
    runner.run(kernels.rms_norm, types, {"WIDTH": 1 << (columns - 1).bit_length()}, {"num_warps": 8}, (rows, 1, 1),
               [runner.device.allocate(2 * rows * columns), runner.device.allocate(2 * rows * columns), x, residual, weight,
                ctypes.c_int(columns)], ["columns"])


ROWS = {"gemm-4096": lambda runner: gemm(runner, 4096), "gemm-512": lambda runner: gemm(runner, 512),
        "attention-4096": lambda runner: attention(runner, 4096, 16),
        "attention-512": lambda runner: attention(runner, 512, 2), "norm-4096": lambda runner: norm(runner, 512, 4096)}


def main():
    library, arch, row = sys.argv[1:]
    ROWS[row](Runner(library, int(arch), with_registers=True))


main()
