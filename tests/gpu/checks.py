"""What gpu-check takes for wrong, and what it reads of the tools' texts."""

import sys

import numpy as np

from check import failures
from feeds import dim_of, sizes_of
from models import error_of
from timings import kernels_of

INFINITE = float("inf")
ones = np.ones(4, np.float32)

assert error_of(ones, ones) == 0
assert error_of(ones * 3, ones * 4) == 0.25
assert error_of(ones[:3], ones) == INFINITE
assert error_of(np.array([1, np.nan]), np.array([1.0, 1.0])) == INFINITE
assert error_of(np.array([1, -np.inf]), np.array([1.0, -np.inf])) == 0
assert error_of(np.array([1, 2]), np.array([1, 3])) == INFINITE

assert sizes_of({"B": (1, 8, 1), "L": (0, None, 4)}, [2, 37]) == {"B": 2, "L": 40}
assert sizes_of({"B": (1, 1, 1)}, [2]) == {"B": 1}
assert sizes_of({"B": (1, None, 1)}, [2, 37]) == {"B": 37}
assert dim_of("4*B + L", {"B": 2, "L": 3}) == 11 and dim_of(384, {}) == 384

TABLE = """
launches     time us    share    limit us  reached  kernel
       3       103.5   24.0 %         1.6    1.5 %  matmul_add: matmul, add
       1        36.2    0.0 %         0.0        -  cast: cast
The limits are those of one H100 SXM by its data sheet
"""
assert [(k["kernel"], k["launches"]) for k in kernels_of(TABLE)] == [("matmul_add", 3), ("cast", 1)]
assert abs(kernels_of(TABLE)[0]["seconds"] - 103.5e-6) < 1e-12

kernel = {"kernel": "gelu", "source": "gelu", "values": 1, "largest_error": 0.5, "passed": False}
wrong = {"kernels": {"ok": False, "failed": ["VirtualGpu.X"]},
         "models": [{"model": "m", "dtype": "f32", "sizes": {"B": 1}, "kernels": [kernel], "repeats_itself": False}],
         "sanitizer": {"ok": False, "findings": ["out of bounds"]}}
assert failures(wrong) == [
    "kernels: VirtualGpu.X", "m f32 {'B': 1}: kernel gelu differs by 0.5", "m f32 {'B': 1}: runs differ from each other",
    "sanitizer: {'ok': False, 'findings': ['out of bounds']}"], failures(wrong)
assert failures({}) == []
sys.exit()
