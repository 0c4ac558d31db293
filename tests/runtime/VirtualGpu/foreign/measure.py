"""Launches the kernels of others for rows of docs/CudaKernels.md, for their counters.

usage: measure.py triton|cutlass LIBCUDA ARCH ROW TEXTS

ROW is a row of scripts/cuda_kernels.py, which sets TENON_VGPU_COUNTERS; the kernels' PTX goes into
the folder TEXTS, by their names. Tiles, warps and stages are those that our kernel has for the row
and the architecture; where Triton has none of that form, those of its tutorials.
"""

import ctypes
import pathlib
import sys

from runner import Runner, to_bf16

# Rows, columns and depth of a tile; warps and stages of Triton's.
TILES = {("gemm-4096", 80): (128, 128, 64, 4, 3), ("gemm-4096", 90): (128, 256, 64, 8, 4),
         ("gemm-512", 80): (64, 64, 64, 4, 4), ("gemm-512", 90): (64, 128, 64, 4, 4),
         ("gemm-4096", 100): (128, 256, 64, 8, 4), ("gemm-512", 100): (128, 64, 64, 4, 4)}
# What CUTLASS' kernel is made of besides.
CUTLASS = {("gemm-4096", 80): {"WARP_M": 64, "WARP_N": 64, "STAGES": 3}, ("gemm-4096", 90): {"CLUSTER_M": 2},
           ("gemm-512", 80): {"WARP_M": 32, "WARP_N": 32, "STAGES": 4}, ("gemm-512", 90): {"CLUSTER_M": 1},
           ("gemm-4096", 100): {"CLUSTER_M": 2}, ("gemm-512", 100): {"CLUSTER_M": 1}}
# Queries and keys of a tile, warps and stages.
ATTENTION = {("attention-4096", 80): (128, 32, 4, 3), ("attention-4096", 90): (128, 128, 8, 3),
             ("attention-512", 80): (64, 64, 4, 3), ("attention-512", 90): (64, 64, 4, 3),
             ("attention-4096", 100): (128, 128, 8, 3), ("attention-512", 100): (64, 64, 4, 3)}


def products(runner, size):
    a, b = (runner.device.upload(to_bf16(runner.values(size, size))) for _ in range(2))
    return a, b, runner.device.allocate(2 * size * size)


def gemm(runner, row, size):
    import kernels
    m, n, k, warps, stages = TILES[row, runner.arch]
    runner.run(kernels.matmul, {"a": "*bf16", "b": "*bf16", "c": "*bf16", "m": "i32", "n": "i32", "k": "i32"},
               {"BM": m, "BN": n, "BK": k, "GROUP": 8}, {"num_warps": warps, "num_stages": stages},
               (-(-size // m) * -(-size // n), 1, 1), [*products(runner, size)] + [ctypes.c_int(size)] * 3, "mnk")


def gemm_by_cutlass(runner, row, size):
    from cutlass_gemm import Gemm
    extents = dict(zip(("TILE_M", "TILE_N", "TILE_K"), TILES[row, runner.arch]))
    Gemm(runner, extents | CUTLASS[row, runner.arch]).run(*products(runner, size), size, size, size)


def attention(runner, row, length, heads):
    import kernels
    rows, keys, warps, stages = ATTENTION[row, runner.arch]
    q, k, v = (runner.device.upload(to_bf16(runner.values(heads, length, 128))) for _ in range(3))
    types = {name: "*bf16" for name in "oqkv"} | {"scale": "fp32", "length": "i32"}
    runner.run(kernels.attention, types, {"BM": rows, "BN": keys, "WIDTH": 128}, {"num_warps": warps, "num_stages": stages},
               (length // rows, heads, 1),
               [runner.device.allocate(2 * heads * length * 128), q, k, v, ctypes.c_float(0.1275), ctypes.c_int(length)],
               ["length"])


def decode_one(runner, length, heads):
    import decode
    q, k, v = (runner.device.upload(to_bf16(runner.values(heads, each, 128))) for each in (1, length, length))
    decode.run(runner, q, k, v, heads, length, 128, length // 8)


def row_product(runner, size):
    import kernels
    x, w = (runner.device.upload(to_bf16(runner.values(*shape))) for shape in ((size,), (size, size)))
    runner.run(kernels.row_product, {"y": "*bf16", "x": "*bf16", "w": "*bf16", "columns": "i32", "depth": "i32"},
               {"BN": 32, "BK": 512}, {"num_warps": 8}, (size // 32, 1, 1),
               [runner.device.allocate(2 * size), x, w, ctypes.c_int(size), ctypes.c_int(size)], ["columns", "depth"])


def norm(runner, rows, columns):
    import kernels
    x, residual, weight = (runner.device.upload(to_bf16(runner.values(*shape)))
                           for shape in ((rows, columns), (rows, columns), (columns,)))
    types = {name: "*bf16" for name in ("y", "total", "x", "residual", "weight")} | {"columns": "i32"}
    runner.run(kernels.rms_norm, types, {"WIDTH": 1 << (columns - 1).bit_length()}, {"num_warps": 8}, (rows, 1, 1),
               [runner.device.allocate(2 * rows * columns), runner.device.allocate(2 * rows * columns), x, residual, weight,
                ctypes.c_int(columns)], ["columns"])


ROWS = {"triton": {"gemm-4096": lambda runner: gemm(runner, "gemm-4096", 4096),
                   "gemm-512": lambda runner: gemm(runner, "gemm-512", 512),
                   "attention-4096": lambda runner: attention(runner, "attention-4096", 4096, 16),
                   "attention-512": lambda runner: attention(runner, "attention-512", 512, 2),
                   "decode-4096": lambda runner: decode_one(runner, 4096, 32),
                   "gemv-4096": lambda runner: row_product(runner, 4096),
                   "norm-4096": lambda runner: norm(runner, 512, 4096)},
        "cutlass": {"gemm-4096": lambda runner: gemm_by_cutlass(runner, "gemm-4096", 4096),
                    "gemm-512": lambda runner: gemm_by_cutlass(runner, "gemm-512", 512)}}


def main():
    by, library, arch, row, folder = sys.argv[1:]
    if row not in ROWS[by]:
        return
    runner = Runner(library, int(arch), with_registers=True)
    ROWS[by][row](runner)
    for name, text in runner.device.texts.items():
        pathlib.Path(folder, name[:64] + ".ptx").write_text(text)


main()
