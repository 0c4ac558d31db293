"""Kernels of Triton, CUTLASS and CUB run on the virtual GPU and are compared with NumPy.

usage: python tests/runtime/VirtualGpu/foreign LIBCUDA [ARCH]

LIBCUDA is the stand-in for the driver; ARCH is 80, 90 or 100. Without it each
architecture has a process of its own: the devices of a process are of one.
"""

import ctypes
import os
import subprocess
import sys

import numpy as np

from runner import Runner, from_bf16, to_bf16


def check(name, found, expected, tolerance):
    error = float(np.abs(found - expected).max())
    if not error <= tolerance:
        raise RuntimeError(f"{name} differs from NumPy by {error:.3g}, expected at most {tolerance}")


def run_matmul_of(runner, kernels, element, pack, rows, columns, warps):
    m, n, k = 200, 136, 328
    a, b = (from_bf16(to_bf16(runner.values(*shape))) for shape in ((m, k), (k, n)))
    c = runner.device.allocate(2 * m * n)
    runner.run(kernels.matmul, {"a": element, "b": element, "c": "*bf16", "m": "i32", "n": "i32", "k": "i32"},
               {"BM": rows, "BN": columns, "BK": 32, "GROUP": 2}, {"num_warps": warps, "num_stages": 3},
               (-(-m // rows) * -(-n // columns), 1, 1),
               [runner.device.upload(pack(a)), runner.device.upload(pack(b)), c]
               + [ctypes.c_int(extent) for extent in (m, n, k)])
    check("matmul", from_bf16(runner.device.download(c, (m, n), np.uint16)), a @ b, 0.4)


def run_matmul(runner, kernels):
    run_matmul_of(runner, kernels, "*bf16", to_bf16, 64, 64, 4)


def run_matmul_of_f16(runner, kernels):
    run_matmul_of(runner, kernels, "*fp16", lambda values: values.astype(np.float16), 128, 64, 8)


def run_matmul_of_tf32(runner, kernels):
    run_matmul_of(runner, kernels, "*fp32", lambda values: values, 128, 128, 4)


def run_row_product(runner, kernels):
    n, k = 136, 328
    x, w = (from_bf16(to_bf16(runner.values(*shape))) for shape in ((k,), (k, n)))
    y = runner.device.allocate(2 * n)
    runner.run(kernels.row_product, {"y": "*bf16", "x": "*bf16", "w": "*bf16", "columns": "i32", "depth": "i32"},
               {"BN": 32, "BK": 64}, {"num_warps": 4}, (-(-n // 32), 1, 1),
               [y, *(runner.device.upload(to_bf16(each)) for each in (x, w)), ctypes.c_int(n), ctypes.c_int(k)])
    check("row product", from_bf16(runner.device.download(y, (n,), np.uint16)), x @ w, 0.4)


def run_softmax(runner, kernels):
    rows, columns = 37, 781
    x = runner.values(rows, columns)
    y = runner.device.allocate(x.nbytes)
    runner.run(kernels.softmax, {"y": "*fp32", "x": "*fp32", "columns": "i32"}, {"WIDTH": 1024}, {"num_warps": 4},
               (rows, 1, 1), [y, runner.device.upload(x), ctypes.c_int(columns)])
    e = np.exp(x - x.max(1, keepdims=True))
    check("softmax", runner.device.download(y, x.shape, np.float32), e / e.sum(1, keepdims=True), 1e-6)


def run_layer_norm(runner, kernels):
    rows, columns = 23, 1151
    x, weight, bias = runner.values(rows, columns), runner.values(columns), runner.values(columns)
    y = runner.device.allocate(x.nbytes)
    runner.run(kernels.layer_norm,
               {"y": "*fp32", "x": "*fp32", "weight": "*fp32", "bias": "*fp32", "columns": "i32"}, {"WIDTH": 512},
               {"num_warps": 4}, (rows, 1, 1),
               [y, *(runner.device.upload(each) for each in (x, weight, bias)), ctypes.c_int(columns)])
    normal = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)
    check("layer_norm", runner.device.download(y, x.shape, np.float32), normal * weight + bias, 1e-4)


def run_attention_of(runner, kernels, queries, keys, warps):
    heads, length, width = 2, 200, 64
    q, k, v = (from_bf16(to_bf16(runner.values(heads, length, width))) for _ in range(3))
    o = runner.device.allocate(2 * q.size)
    types = {name: "*bf16" for name in "oqkv"} | {"scale": "fp32", "length": "i32"}
    runner.run(kernels.attention, types, {"BM": queries, "BN": keys, "WIDTH": width},
               {"num_warps": warps, "num_stages": 2}, (-(-length // queries), heads, 1),
               [o, *(runner.device.upload(to_bf16(each)) for each in (q, k, v)),
                ctypes.c_float(width**-0.5 * np.log2(np.e)), ctypes.c_int(length)])
    scores = q @ k.transpose(0, 2, 1) * width**-0.5
    scores[:, ~np.tri(length, dtype=bool)] = -np.inf
    weights = np.exp(scores - scores.max(2, keepdims=True))
    expected = weights / weights.sum(2, keepdims=True) @ v
    check("attention", from_bf16(runner.device.download(o, q.shape, np.uint16)), expected, 0.03)


def run_attention(runner, kernels):
    run_attention_of(runner, kernels, 64, 64, 4)


def run_wide_attention(runner, kernels):
    run_attention_of(runner, kernels, 128, 32, 8)


def run_decode(runner, _):
    import decode
    heads, length, width = 3, 300, 64
    q, k, v = (from_bf16(to_bf16(runner.values(heads, each, width))) for each in (1, length, length))
    o = decode.run(runner, *(runner.device.upload(to_bf16(each)) for each in (q, k, v)), heads, length, width, 150)
    scores = q @ k.transpose(0, 2, 1) * width**-0.5
    weights = np.exp(scores - scores.max(2, keepdims=True))
    expected = weights / weights.sum(2, keepdims=True) @ v
    check("decode", from_bf16(runner.device.download(o, q.shape, np.uint16)), expected, 0.01)


def run_cutlass(runner, _):
    from cutlass_gemm import Gemm
    m, n, k = 256, 384, 328
    a, b = (from_bf16(to_bf16(runner.values(*shape))) for shape in ((m, k), (k, n)))
    c = runner.device.upload(np.zeros((m, n), np.uint16))
    others = {80: {"WARP_M": 64, "WARP_N": 64, "STAGES": 3}, 90: {"CLUSTER_M": 2}, 100: {"CLUSTER_M": 2}}
    gemm = Gemm(runner, {"TILE_M": 128, "TILE_N": 128, "TILE_K": 64} | others[runner.arch])
    gemm.run(runner.device.upload(to_bf16(a)), runner.device.upload(to_bf16(b)), c, m, n, k)
    check("CUTLASS", from_bf16(runner.device.download(c, (m, n), np.uint16)), a @ b, 0.4)


def run_cub(runner, _):
    import cub_blocks
    if found := cub_blocks.differing(runner):
        raise RuntimeError(f"CUB's {', '.join(found)} are not NumPy's")


def run_all(library, arch):
    import kernels
    runs = [run_matmul, run_matmul_of_f16, run_matmul_of_tf32, run_row_product, run_softmax, run_layer_norm, run_attention,
            run_wide_attention, run_decode, run_cutlass, run_cub]
    passed = failed = 0
    for run in runs:
        try:
            run(Runner(library, arch), kernels)
            passed += 1
        except RuntimeError as error:
            print(f"sm_{arch} {run.__name__}: {error}")
            failed += 1
    print(f"sm_{arch}: {passed} passed, {failed} failed")
    return failed == 0


def main():
    if len(sys.argv) == 3:
        sys.exit(not run_all(sys.argv[1], int(sys.argv[2])))
    codes = [subprocess.run([sys.executable, __file__, sys.argv[1], arch],
                            env=dict(os.environ, TENON_VGPU_ARCH=arch)).returncode for arch in ("80", "90", "100")]
    sys.exit(any(codes))


if __name__ == "__main__":
    main()
