"""Attention of one query by Triton: keys in parts, and what merges them."""

import ctypes

import kernels


def run(runner, q, k, v, heads, length, width, span):
    """The result's address, of operands' addresses; softmax in powers of two."""
    spans = -(-length // span)
    o, parts, sums = (runner.device.allocate(size) for size in (2 * heads * width, 4 * heads * spans * width, 4 * heads * spans))
    types = {"parts": "*fp32", "sums_of": "*fp32", "q": "*bf16", "k": "*bf16", "v": "*bf16", "scale": "fp32", "length": "i32"}
    scale = width**-0.5 * 1.4426950408889634
    runner.run(kernels.decode, types, {"SPAN": span, "BN": 64, "WIDTH": width}, {"num_warps": 4, "num_stages": 2},
               (heads, spans, 1), [parts, sums, q, k, v, ctypes.c_float(scale), ctypes.c_int(length)], ["length"])
    runner.run(kernels.merge, {"o": "*bf16", "parts": "*fp32", "sums_of": "*fp32"}, {"SPANS": spans, "WIDTH": width},
               {"num_warps": 4}, (heads, 1, 1), [o, parts, sums])
    return o
