"""Writes small models: one that has something of every message that is read, and
those of the cases in op_cases.py whose importers read most from attributes and sizes.

usage: corrupt.py <folder>
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import op_cases
from from_text import parse
from ops import build

MODEL = """
<ir_version: 10, opset_import: ["" : 21]>
g (float[B,L,8] x, int64[B,L] ids, float[B,"P+L"] mask, float[P] past) => (float[N,N,N] y, int64[N] r)
<int64 zero = {0}, int64 one = {1}, int64[1] heads = {2}, int64[1] rest = {-1}, float[8] s = {1,2,3,4,5,6,7,8}> {
  sh = Shape(x)
  b = Gather(sh, zero)
  bs = Unsqueeze(b, axis)
  ls = Shape<start = 1, end = 2>(x)
  t = Concat<axis = 0>(bs, ls, heads, rest)
  e = Gather(table, ids)
  a = Add(x, e)
  n = LayerNormalization<epsilon = 0.01>(a, s)
  h = Reshape(n, t)
  q = Transpose<perm = [0, 2, 1, 3]>(h)
  k = Transpose<perm = [0, 2, 3, 1]>(h)
  m = MatMul(q, k)
  z = ReduceSum<keepdims = 0>(m, heads)
  c = Equal(one, one)
  i = If (c) <then_branch = t () => (float[N,N,N] o) { o = Softmax<axis = -1>(z) },
              else_branch = u () => (float[N,N,N] v) { v = Exp(z) }>
  l = Squeeze(ls)
  r = Range(zero, l, one)
  w = Einsum<equation = "bij,bkj->bik">(i, i)
  y = Slice(w, s0, ls, s1)
}
"""

model = parse(MODEL)
table = np.arange(80, dtype=np.float32).reshape(10, 8)
model.graph.initializer.extend([
    numpy_helper.from_array(table, "table"),
    helper.make_tensor("axis", TensorProto.INT64, [1], [0]),
    numpy_helper.from_array(np.array([0]), "s0"),
    numpy_helper.from_array(np.array([1]), "s1"),
])
folder = pathlib.Path(sys.argv[1])
onnx.save(model, folder / "all.onnx")
OPS = ("conv", "einsum", "gather", "is_inf", "one_hot", "pad", "range", "reshape", "scatter", "slice", "split",
       "squeeze", "tile", "top_k", "transpose", "trilu")  # fmt: skip
for case in op_cases.CASES:
    if case.name.startswith(OPS):
        onnx.save(build(case), folder / f"{case.name}.onnx")
