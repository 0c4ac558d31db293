"""The cases of ops.py: graphs in ONNX's text form. B, L and P are open sizes."""

import dataclasses

import numpy as np


@dataclasses.dataclass
class Case:
    name: str
    opset: int
    graph: str
    inputs: dict  # by name: a function of (random, shape), where the default is no good


CASES = []


def case(name, opset, graph, **inputs):
    assert all(other.name != name for other in CASES), name
    CASES.append(Case(name, opset, graph, inputs))


def positive(random, shape):
    return random.uniform(0.1, 3, shape)


def indices(end, start=0):
    return lambda random, shape: random.integers(start, end, shape)


def special(random, shape):
    """Numbers with infinities and NaNs among them."""
    return random.choice([0.5, -1.0, np.inf, -np.inf, np.nan], shape)


def wide(random, shape):
    return random.standard_normal(shape) * 20


# Elementwise, one input.
for op in ["Abs", "Ceil", "Cos", "Erf", "Exp", "Floor", "HardSigmoid", "HardSwish", "Neg", "Relu",
           "Round", "Sigmoid", "Sign", "Sin", "Softsign", "Tanh", "Elu", "LeakyRelu"]:  # fmt: skip
    case(op.lower(), 17, f"(float[B,L] x) => (float[] y) {{ y = {op}(x) }}")
for op in ["Log", "Reciprocal", "Sqrt"]:
    case(op.lower(), 17, f"(float[B,L] x) => (float[] y) {{ y = {op}(x) }}", x=positive)
for op in ["Softplus", "Mish"]:
    case(op.lower(), 18, f"(float[B,L] x) => (float[] y) {{ y = {op}(x) }}", x=wide)
case("abs_int", 17, "(int64[B,L] x) => (int64[] y) { y = Abs(x) }", x=indices(5, -5))
case("round_half", 17, "(float[4] x) => (float[] y) { y = Round(x) }", x=lambda r, s: [0.5, 1.5, 2.5, -0.5])
case("elu_alpha", 17, "(float[B,L] x) => (float[] y) { y = Elu<alpha = 0.3>(x) }")
case("leaky_relu_alpha", 17, "(float[B,L] x) => (float[] y) { y = LeakyRelu<alpha = 0.3>(x) }")
case("hard_sigmoid_alpha", 17, "(float[B,L] x) => (float[] y) { y = HardSigmoid<alpha = 0.7, beta = 0.1>(x) }")
case("gelu", 20, "(float[B,L] x) => (float[] y) { y = Gelu(x) }", x=wide)
case("gelu_tanh", 20, '(float[B,L] x) => (float[] y) { y = Gelu<approximate = "tanh">(x) }', x=wide)
case("not", 17, "(bool[B,L] x) => (bool[] y) { y = Not(x) }")
case("is_nan", 17, "(float[B,L] x) => (bool[] y) { y = IsNaN(x) }", x=special)
case("is_inf", 17, "(float[B,L] x) => (bool[] y) { y = IsInf(x) }", x=special)
case("is_inf_negative", 17, "(float[B,L] x) => (bool[] y) { y = IsInf<detect_positive = 0>(x) }", x=special)

# Casts.
for name, to in {"float": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "bool": 9, "double": 11}.items():
    case(f"cast_{name}", 17, f"(float[B,L] x) => ({name}[] y) {{ y = Cast<to = {to}>(x) }}",
         x=lambda r, s: r.integers(0, 4, s) / 2)  # fmt: skip
case("cast_like", 17, "(float[B,L] x, int64[1] t) => (int64[] y) { y = CastLike(x, t) }", x=wide)
case("cast_bool_float", 17, "(bool[B,L] x) => (float[] y) { y = Cast<to = 1>(x) }")

# Elementwise, more inputs.
for op in ["Add", "Sub", "Mul", "Div", "Pow", "PRelu"]:
    case(f"{op.lower()}_broadcast", 17, f"(float[B,1,L] x, float[P,1] y) => (float[] z) {{ z = {op}(x, y) }}"
         if op != "PRelu" else "(float[B,4,L] x, float[4,1] y) => (float[] z) { z = PRelu(x, y) }",
         x=positive if op == "Pow" else wide)  # fmt: skip
case("div_int", 17, "(int64[B,L] x, int64[L] y) => (int64[] z) { z = Div(x, y) }", x=indices(9, -9), y=indices(4, 1))
case("mod_int", 17, "(int64[B,L] x, int64[L] y) => (int64[] z) { z = Mod(x, y) }", x=indices(9, -9), y=indices(4, 1))
case("mod_float", 17, "(float[B,L] x, float[L] y) => (float[] z) { z = Mod<fmod = 1>(x, y) }", x=wide, y=positive)
case("pow_int_base", 17, "(int64[B,L] x) => (int64[] y) <float two = {2.0}> { y = Pow(x, two) }", x=indices(5, -5))
case("pow_int_exponent", 17, "(float[B,L] x) => (float[] y) <int64 three = {3}> { y = Pow(x, three) }")
for op in ["Max", "Min", "Sum", "Mean"]:
    case(f"{op.lower()}_three", 17, f"(float[B,L] x, float[L] y, float[B,1] z) => (float[] w) {{ w = {op}(x, y, z) }}")
    case(f"{op.lower()}_one", 17, f"(float[B,L] x) => (float[] w) {{ w = {op}(x) }}")
case("max_nan", 17, "(float[B,L] x, float[B,L] y) => (float[] z) { z = Max(x, y) }", x=special)
for op in ["And", "Or", "Xor"]:
    case(op.lower(), 17, f"(bool[B,L] x, bool[L] y) => (bool[] z) {{ z = {op}(x, y) }}")
for op in ["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"]:
    case(op.lower(), 17, f"(int64[B,L] x, int64[L] y) => (bool[] z) {{ z = {op}(x, y) }}")
    case(f"{op.lower()}_nan", 17, f"(float[B,L] x, float[L] y) => (bool[] z) {{ z = {op}(x, y) }}", x=special)
case("equal_bool", 19, "(bool[B,L] x, bool[L] y) => (bool[] z) { z = Equal(x, y) }")
case("where", 17, "(bool[B,1] c, float[L] x, float y) => (float[] z) { z = Where(c, x, y) }")
case("clip", 17, "(float[B,L] x, float lo, float hi) => (float[] y) { y = Clip(x, lo, hi) }",
     lo=lambda r, s: -0.5, hi=lambda r, s: 0.25)  # fmt: skip
case("clip_min", 17, "(float[B,L] x, float lo) => (float[] y) { y = Clip(x, lo) }")
case("clip_max", 17, "(float[B,L] x, float hi) => (float[] y) { y = Clip(x, , hi) }")
case("clip_attributes", 7, "(float[B,L] x) => (float[] y) { y = Clip<min = -0.5, max = 0.5>(x) }")

# Contractions.
case("matmul", 17, "(float[B,1,L,4] x, float[P,4,3] y) => (float[] z) { z = MatMul(x, y) }")
case("matmul_row", 17, "(float[4] x, float[B,4,L] y) => (float[] z) { z = MatMul(x, y) }")
case("matmul_column", 17, "(float[B,L,4] x, float[4] y) => (float[] z) { z = MatMul(x, y) }")
case("gemm", 17, "(float[B,4] x, float[4,3] y) => (float[] z) { z = Gemm(x, y) }")
case("gemm_all", 17, "(float[4,B] x, float[3,4] y, float[3] c) => (float[] z)"
     "{ z = Gemm<alpha = 0.5, beta = 2.0, transA = 1, transB = 1>(x, y, c) }")  # fmt: skip
case("einsum", 17, '(float[B,L,4] x, float[B,P,4] y) => (float[] z) { z = Einsum<equation = "bld,bpd->blp">(x, y) }')
case("einsum_ellipsis", 17, '(float[B,L,4] x, float[B,4,P] y) => (float[] z)'
     '{ z = Einsum<equation = "...ij, ...jk">(x, y) }')  # fmt: skip
case("einsum_implicit", 17, '(float[L,B] x, float[B,P] y) => (float[] z) { z = Einsum<equation = "zb,ba">(x, y) }')
case("einsum_three", 17, '(float[B,L] x, float[L,P] y, float[P] w) => (float[] z)'
     '{ z = Einsum<equation = "bl,lp,p->b">(x, y, w) }')  # fmt: skip
case("conv_patches", 17, "(float[B,3,8,6] x, float[5,3,4,2] w, float[5] c) => (float[] y)"
     "{ y = Conv<strides = [4, 2], kernel_shape = [4, 2]>(x, w, c) }")  # fmt: skip
case("conv_pointwise", 17, "(float[B,3,L] x, float[5,3,1] w) => (float[] y) { y = Conv(x, w) }")

# Quantized numbers.
def codes(kind):
    """Integers over the whole range of an 8-bit type, its ends among them."""
    low, high = np.iinfo(kind).min, np.iinfo(kind).max

    def make(random, shape):
        values = random.integers(low, high + 1, shape)
        values.flat[:2] = [low, high][: values.size]
        return values

    return make


def halves(random, shape):
    """Numbers between two whole ones, and far behind the ends of 8 bits."""
    return random.integers(-700, 700, shape) / 2


def steps(random, shape):
    return random.choice([0.25, 0.5, 1.0, 2.0], shape)


for kind, zero in [("int8", -128), ("int8", 3), ("uint8", 255), ("uint8", 0)]:
    name = f"{kind}_{abs(zero)}"
    case(f"quantize_{name}", 13, f"(float[B,L] x) => ({kind}[] y) <float s = {{0.5}}, {kind} z = {{{zero}}}>"
         "{ y = QuantizeLinear(x, s, z) }", x=halves)  # fmt: skip
    case(f"dequantize_{name}", 13, f"({kind}[B,L] x) => (float[] y) <float s = {{0.3}}, {kind} z = {{{zero}}}>"
         "{ y = DequantizeLinear(x, s, z) }", x=codes(kind))  # fmt: skip
case("quantize_default", 13, "(float[B,L] x, float s) => (uint8[] y) { y = QuantizeLinear(x, s) }",
     x=halves, s=lambda r, s: 1.0)  # fmt: skip
case("quantize_axis", 13, "(float[B,4,L] x, float[4] s, int8[4] z) => (int8[] y) { y = QuantizeLinear<axis = 1>(x, s, z) }",
     x=halves, s=steps, z=codes("int8"))  # fmt: skip
case("quantize_last_axis", 13, "(float[B,4] x, float[4] s, uint8[4] z) => (uint8[] y)"
     "{ y = QuantizeLinear<axis = -1>(x, s, z) }", x=halves, s=steps, z=codes("uint8"))  # fmt: skip
case("quantize_blocks", 21, "(float[B,7] x, float[B,3] s, int8[B,3] z) => (int8[] y)"
     "{ y = QuantizeLinear<axis = 1, block_size = 3>(x, s, z) }", x=halves, s=steps, z=codes("int8"))  # fmt: skip
case("quantize_wide", 21, "(float[B,L] x, float s) => (int16[] y) { y = QuantizeLinear<output_dtype = 5>(x, s) }",
     x=lambda r, s: r.standard_normal(s) * 1e5, s=lambda r, s: 1.0)  # fmt: skip
case("quantize_half", 19, "(float16[B,L] x, float16 s, int8 z) => (int8[] y) { y = QuantizeLinear(x, s, z) }",
     x=halves, s=lambda r, s: 0.5, z=lambda r, s: 7)  # fmt: skip
case("quantize_int4", 21, "(float[B,6] x, float s) => (float[] y) <int4 z = {1}>"
     "{ q = QuantizeLinear(x, s, z) y = DequantizeLinear(q, s, z) }", x=halves, s=lambda r, s: 8.0)  # fmt: skip
case("dequantize_axis", 13, "(int8[B,4,L] x, float[4] s, int8[4] z) => (float[] y) { y = DequantizeLinear<axis = -2>(x, s, z) }",
     x=codes("int8"), s=steps, z=codes("int8"))  # fmt: skip
case("dequantize_blocks", 21, "(uint8[6,L] x, float[2,L] s, uint8[2,L] z) => (float[] y)"
     "{ y = DequantizeLinear<axis = 0, block_size = 3>(x, s, z) }", x=codes("uint8"), s=steps, z=codes("uint8"))  # fmt: skip
case("dequantize_int32", 13, "(int32[B,L] x, float s) => (float[] y) { y = DequantizeLinear(x, s) }",
     x=indices(9**9, -(9**9)), s=lambda r, s: 1e-3)  # fmt: skip
for name, make in {
    "": None, "_positive": positive, "_negative": lambda r, s: -positive(r, s), "_zero": lambda r, s: np.zeros(s),
}.items():  # fmt: skip
    case(f"dynamic_quantize{name}", 11, "(float[B,L] x) => (uint8[] y, float[] s, uint8[] z)"
         "{ y, s, z = DynamicQuantizeLinear(x) }", **({"x": make} if make else {}))  # fmt: skip
case("matmul_integer", 10, "(uint8[B,L,4] x, int8[4,3] w) => (int32[] y) { y = MatMulInteger(x, w) }",
     x=codes("uint8"), w=codes("int8"))  # fmt: skip
case("matmul_integer_zeros", 10, "(uint8[B,L,4] x, uint8[4,3] w, uint8 p, uint8 q) => (int32[] y)"
     "{ y = MatMulInteger(x, w, p, q) }", x=codes("uint8"), w=codes("uint8"),
     p=lambda r, s: 255, q=lambda r, s: 128)  # fmt: skip
case("matmul_integer_columns", 10, "(int8[L,4] x, int8[4,3] w, int8 p, int8[3] q) => (int32[] y)"
     "{ y = MatMulInteger(x, w, p, q) }", x=codes("int8"), w=codes("int8"),
     p=lambda r, s: -128, q=codes("int8"))  # fmt: skip
for kind in ["uint8", "int8"]:
    case(f"qlinear_matmul_{kind}", 10, f"({kind}[B,L,8] x, {kind} p, {kind}[8,3] w, {kind} q, {kind} r) => ({kind}[] y)"
         "<float s = {0.03125}, float t = {0.0625}, float u = {8.0}> { y = QLinearMatMul(x, s, p, w, t, q, u, r) }",
         x=codes(kind), w=codes(kind), p=lambda r, s: 3, q=lambda r, s: 100, r=lambda r, s: 20)  # fmt: skip
case("qlinear_matmul_columns", 10, "(uint8[L,8] x, uint8 p, int8[8,3] w, int8[3] q, uint8 r) => (uint8[] y)"
     "<float s = {0.03125}, float[3] t = {0.0625, 0.125, 0.5}, float u = {8.0}>"
     "{ y = QLinearMatMul(x, s, p, w, t, q, u, r) }",
     x=codes("uint8"), w=codes("int8"), p=lambda r, s: 3, q=codes("int8"), r=lambda r, s: 20)  # fmt: skip

# Reductions.
for op in ["Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSumExp"]:
    name = f"reduce_{op.lower()}"
    case(name, 18, f"(float[B,L,4] x) => (float[] y) <int64[2] a = {{1, -1}}> {{ y = Reduce{op}(x, a) }}")
    case(f"{name}_drop", 18, f"(float[B,L,4] x) => (float[] y) <int64[1] a = {{1}}>"
         f"{{ y = Reduce{op}<keepdims = 0>(x, a) }}")  # fmt: skip
    case(f"{name}_all", 18, f"(float[B,L] x) => (float[] y) {{ y = Reduce{op}(x) }}")
    case(f"{name}_attribute", 11, f"(float[B,L,4] x) => (float[] y) {{ y = Reduce{op}<axes = [-2]>(x) }}")
case("reduce_log_sum", 18, "(float[B,L] x) => (float[] y) <int64[1] a = {1}> { y = ReduceLogSum(x, a) }", x=positive)
case("reduce_noop", 18, "(float[B,L] x) => (float[] y) { y = ReduceSum<noop_with_empty_axes = 1>(x) }")
case("reduce_max_int", 18, "(int64[B,L] x) => (int64[] y) <int64[1] a = {1}> { y = ReduceMax(x, a) }", x=indices(9, -9))
case("argmax", 17, "(float[B,L,4] x) => (int64[] y) { y = ArgMax<axis = -2>(x) }")
case("argmax_ties", 17, "(int32[B,L] x) => (int64[] y) { y = ArgMax<axis = 1, keepdims = 0>(x) }")
case("argmin", 17, "(float[B,L,4] x) => (int64[] y) { y = ArgMin<axis = 1>(x) }")
case("cumsum", 17, "(float[B,L] x) => (float[] y) <int64 a = {-1}> { y = CumSum(x, a) }")
case("cumsum_exclusive", 17, "(int64[B,L] x) => (int64[] y) <int64 a = {1}> { y = CumSum<exclusive = 1>(x, a) }")
case("cumsum_reverse", 17, "(float[B,L] x) => (float[] y) <int64 a = {1}> { y = CumSum<reverse = 1>(x, a) }")
case("top_k", 17, "(float[B,L] x) => (float[] v, int64[] i) <int64[1] k = {3}> { v, i = TopK(x, k) }")
case("top_k_smallest", 17, "(float[L,B] x) => (float[] v, int64[] i) <int64[1] k = {2}>"
     "{ v, i = TopK<axis = 0, largest = 0>(x, k) }")  # fmt: skip
for upper in [0, 1]:
    case(f"trilu_{upper}", 17, f"(float[B,L,P] x) => (float[] y) {{ y = Trilu<upper = {upper}>(x) }}")
    for side, k in {"below": -2, "above": 1}.items():
        case(f"trilu_{upper}_{side}", 17, f"(float[L,6] x) => (float[] y) <int64 k = {{{k}}}>"
             f"{{ y = Trilu<upper = {upper}>(x, k) }}")  # fmt: skip

# Softmax and norms.
for op in ["Softmax", "LogSoftmax"]:
    case(op.lower(), 17, f"(float[B,L,4] x) => (float[] y) {{ y = {op}<axis = 1>(x) }}", x=wide)
    case(f"{op.lower()}_last", 17, f"(float[B,L] x) => (float[] y) {{ y = {op}(x) }}")
    case(f"{op.lower()}_flat", 11, f"(float[B,L,4] x) => (float[] y) {{ y = {op}(x) }}")
case("layer_normalization", 17, "(float[B,L,8] x, float[8] s, float[8] b) => (float[] y)"
     "{ y = LayerNormalization<epsilon = 0.01>(x, s, b) }")  # fmt: skip
case("layer_normalization_two_axes", 17, "(float[B,4,8] x, float[4,8] s) => (float[] y)"
     "{ y = LayerNormalization<axis = 1>(x, s) }")  # fmt: skip
case("rms_normalization", 23, "(float[B,L,8] x, float[8] s) => (float[] y) { y = RMSNormalization(x, s) }")

# Attention and positions.
case("attention", 23, "(float[B,4,L,8] q, float[B,2,P,8] k, float[B,2,P,6] v) => (float[] y) { y = Attention(q, k, v) }")
case("attention_causal", 23, "(float[B,2,L,8] q, float[B,2,L,8] k, float[B,2,L,8] v) => (float[] y)"
     "{ y = Attention<is_causal = 1, scale = 0.5>(q, k, v) }")  # fmt: skip
case("attention_bias", 23, "(float[B,2,L,8] q, float[B,2,P,8] k, float[B,2,P,8] v, float[L,P] m) => (float[] y)"
     "{ y = Attention(q, k, v, m) }")  # fmt: skip
case("attention_merged_heads", 23, "(float[B,L,8] q, float[B,P,4] k, float[B,P,4] v) => (float[] y)"
     "{ y = Attention<q_num_heads = 4, kv_num_heads = 2>(q, k, v) }")  # fmt: skip
case("attention_past", 23, "(float[B,2,L,8] q, float[B,2,L,8] k, float[B,2,L,8] v, float[B,2,P,8] pk, float[B,2,P,8] pv)"
     "=> (float[] y, float[] nk, float[] nv) { y, nk, nv = Attention(q, k, v, , pk, pv) }")  # fmt: skip
for interleaved in [0, 1]:
    case(f"rotary_embedding_{interleaved}", 23, "(float[B,2,L,8] x, float[9,4] c, float[9,4] s, int64[B,L] p) => (float[] y)"
         f"{{ y = RotaryEmbedding<interleaved = {interleaved}>(x, c, s, p) }}", p=indices(9))  # fmt: skip
case("rotary_embedding_part", 23, "(float[B,L,16] x, float[B,L,2] c, float[B,L,2] s) => (float[] y)"
     "{ y = RotaryEmbedding<num_heads = 2, rotary_embedding_dim = 4>(x, c, s) }")  # fmt: skip

# Shapes of tensors.
case("reshape_zero_minus_one", 17, "(float[B,L,12] x) => (float[] y) <int64[4] s = {0, -1, 3, 4}> { y = Reshape(x, s) }")
case("reshape_computed", 17, """(float[B,L,12] x) => (float[] y) <int64[1] three = {3}, int64[1] rest = {-1}> {
     b = Shape<end = 1>(x)  s = Concat<axis = 0>(b, rest, three)  y = Reshape(x, s) }""")
case("reshape_product", 17, """(float[B,L,12] x) => (float[] y) <int64[1] rest = {-1}> {
     b = Shape<end = 1>(x)  l = Shape<start = 1, end = 2>(x)  n = Mul(b, l)
     s = Concat<axis = 0>(n, rest)  y = Reshape(x, s) }""")
case("flatten", 17, "(float[B,L,4] x) => (float[] y) { y = Flatten<axis = 2>(x) }")
case("flatten_negative", 17, "(float[B,L,4] x) => (float[] y) { y = Flatten<axis = -2>(x) }")
case("squeeze", 17, "(float[B,1,L,1] x) => (float[] y) <int64[2] a = {1, -1}> { y = Squeeze(x, a) }")
case("squeeze_attribute", 11, "(float[B,1,L] x) => (float[] y) { y = Squeeze<axes = [1]>(x) }")
case("unsqueeze", 17, "(float[B,L] x) => (float[] y) <int64[2] a = {-1, 0}> { y = Unsqueeze(x, a) }")
case("unsqueeze_attribute", 11, "(float[B,L] x) => (float[] y) { y = Unsqueeze<axes = [1]>(x) }")
case("transpose", 17, "(float[B,L,4] x) => (float[] y) { y = Transpose<perm = [2, 0, 1]>(x) }")
case("transpose_reversed", 17, "(float[B,L,4] x) => (float[] y) { y = Transpose(x) }")
case("expand", 17, "(float[B,1,L] x) => (float[] y) <int64[4] s = {2, 1, 3, 1}> { y = Expand(x, s) }")
case("expand_like", 17, "(float[1,L] x, float[B,L] z) => (float[] y) { s = Shape(z)  y = Expand(x, s) }")
case("tile", 17, "(float[B,L] x) => (float[] y) <int64[2] r = {2, 3}> { y = Tile(x, r) }")
case("tile_like", 17, "(float[1,L] x, float[B] z) => (float[] y) <int64[1] one = {1}>"
     "{ b = Shape(z)  r = Concat<axis = 0>(b, one)  y = Tile(x, r) }")  # fmt: skip
case("shape_as_data", 17, "(float[B,L,4] x) => (int64[] s, int64[] n) { s = Shape(x)  n = Size(x) }")
case("size_as_data", 17, """(float[B,L] x) => (float[] y) <int64[1] five = {5}> {
     l = Shape<start = 1>(x)  d = Sub(five, l)  f = Cast<to = 1>(d)  y = Mul(x, f) }""")

# Parts.
case("slice", 17, """(float[B,L,8] x) => (float[] y)
     <int64[2] s = {1, -6}, int64[2] e = {9223372036854775807, -1}, int64[2] a = {1, 2}, int64[2] t = {1, 2}>
     { y = Slice(x, s, e, a, t) }""")
case("slice_backwards", 17, """(float[B,L] x) => (float[] y)
     <int64[1] s = {-1}, int64[1] e = {-9223372036854775807}, int64[1] a = {1}, int64[1] t = {-1}>
     { y = Slice(x, s, e, a, t) }""")
case("slice_last", 17, """(float[B,L] x) => (float[] y)
     <int64[1] s = {-1}, int64[1] e = {9223372036854775807}, int64[1] a = {1}> { y = Slice(x, s, e, a) }""")
case("slice_first", 17, "(float[B,L,4] x) => (float[] y) <int64[1] s = {0}, int64[1] e = {1}, int64[1] a = {1}>"
     "{ y = Slice(x, s, e, a) }")  # fmt: skip
case("slice_attributes", 7, "(float[B,L,4] x) => (float[] y) { y = Slice<starts = [0, 1], ends = [1, 3], axes = [0, 2]>(x) }")
case("slice_table", 17, """(float[B,L] x) => (float[] y)
     <float[8] t = {0, 1, 2, 3, 4, 5, 6, 7}, int64[1] s = {0}, int64[1] a = {0}>
     { l = Shape<start = 1>(x)  p = Slice(t, s, l, a)  y = Add(x, p) }""")
case("split_sizes", 17, "(float[B,6] x) => (float[] y, float[] z) <int64[2] s = {2, 4}> { y, z = Split<axis = 1>(x, s) }")
case("split_equal", 17, "(float[B,6] x) => (float[] y, float[] z, float[] w) { y, z, w = Split<axis = -1>(x) }")
case("split_attribute", 11, "(float[B,6] x) => (float[] y, float[] z) { y, z = Split<axis = 1, split = [1, 5]>(x) }")
case("split_uneven", 18, "(float[B,7] x) => (float[] y, float[] z, float[] w)"
     "{ y, z, w = Split<axis = 1, num_outputs = 3>(x) }")  # fmt: skip
case("concat", 17, "(float[B,L] x, float[B,P] y) => (float[] z) { z = Concat<axis = -1>(x, y, x) }")
case("pad", 17, "(float[B,L] x) => (float[] y) <int64[4] p = {1, 0, 2, 3}, float v = {7}> { y = Pad(x, p, v) }")
case("pad_negative", 17, "(float[B,L] x) => (float[] y) <int64[4] p = {0, -1, 1, -2}> { y = Pad(x, p) }")
case("pad_axes", 18, "(float[B,L] x) => (float[] y) <int64[2] p = {1, 2}, int64[1] a = {-1}> { y = Pad(x, p, , a) }")

# By index.
case("gather", 17, "(float[B,6,4] x, int64[L] i) => (float[] y) { y = Gather<axis = 1>(x, i) }", i=indices(6, -6))
case("gather_embedding", 17, "(float[10,4] x, int64[B,L] i) => (float[] y) { y = Gather(x, i) }", i=indices(10))
case("gather_scalar", 17, "(float[B,L,4] x) => (float[] y) <int64 i = {0}> { y = Gather<axis = 1>(x, i) }")
case("gather_elements", 17, "(float[6,4] x, int64[L,4] i) => (float[] y) { y = GatherElements(x, i) }", i=indices(6, -6))
case("gather_elements_last", 17, "(float[B,L,9] x, int64[B,L,P] i) => (float[] y)"
     "{ y = GatherElements<axis = -1>(x, i) }", i=indices(9))  # fmt: skip
case("gather_nd", 17, "(float[5,6,4] x, int64[B,L,2] i) => (float[] y) { y = GatherND(x, i) }", i=indices(5, -5))
case("gather_nd_batch", 17, "(float[B,6,4] x, int64[B,L,1] i) => (float[] y) { y = GatherND<batch_dims = 1>(x, i) }",
     i=indices(6))  # fmt: skip
case("scatter_elements", 17, "(float[8,L] x, int64[1,L] i, float[1,L] u) => (float[] y) { y = ScatterElements(x, i, u) }",
     i=indices(8, -8))  # fmt: skip
case("scatter_elements_add", 18, '(float[B,L] x, int64[B,3] i, float[B,3] u) => (float[] y)'
     '{ y = ScatterElements<axis = 1, reduction = "add">(x, i, u) }', i=indices(5))  # fmt: skip
case("scatter_nd", 17, "(float[B,6,4] x, int64[1,2] i, float[1,4] u) => (float[] y) { y = ScatterND(x, i, u) }",
     i=lambda r, s: [[0, -2]])  # fmt: skip
case("scatter_nd_add", 18, '(float[6,L] x, int64[3,1] i, float[3,L] u) => (float[] y)'
     '{ y = ScatterND<reduction = "add">(x, i, u) }', i=indices(6))  # fmt: skip
case("one_hot", 17, "(int64[B,L] i) => (float[] y) <int64 d = {5}, float[2] v = {-1, 2}> { y = OneHot(i, d, v) }",
     i=indices(6, -5))  # fmt: skip
case("one_hot_axis", 17, "(int64[B,L] i) => (float[] y) <int64[1] d = {5}, float[2] v = {0, 1}>"
     "{ y = OneHot<axis = 1>(i, d, v) }", i=indices(5))  # fmt: skip

# Making.
case("range", 17, """(float[B,L] x) => (int64[] y) <int64 zero = {0}, int64 one = {1}> {
     s = Shape<start = 1>(x)  l = Squeeze(s)  y = Range(zero, l, one) }""")
case("range_from_size", 17, """(float[B,L] x, float[P] z) => (int64[] y) <int64 one = {1}> {
     ls = Shape<start = 1>(x)  l = Squeeze(ls)  ps = Shape(z)  p = Squeeze(ps)
     e = Add(p, l)  y = Range(p, e, one) }""")
case("range_backwards", 17, """(float[B,L] x) => (int64[] y) <int64 zero = {0}, int64 step = {-1}> {
     s = Shape<start = 1>(x)  l = Squeeze(s)  y = Range(l, zero, step) }""")
case("range_float", 17, "(float[B] x) => (float[] y) <float a = {0.5}, float e = {3}, float d = {0.25}> { y = Range(a, e, d) }")
case("constant_of_shape", 17, "(float[B,L] x) => (float[] y) { s = Shape(x)  y = ConstantOfShape(s) }")
case("constant_of_shape_value", 17, "(float[B,L] x) => (bool[] y) { s = Shape(x)"
     "y = ConstantOfShape<value = bool[1] {1}>(s) }")  # fmt: skip
case("constant_forms", 17, """(float[B,3] x) => (float[] y) {
     a = Constant<value_float = 2.0>()  b = Constant<value_floats = [1.0, 2.0, 3.0]>()
     c = Constant<value = float[3] {4, 5, 6}>()  d = Mul(x, a)  e = Add(d, b)  y = Add(e, c) }""")
case("identity", 17, "(float[B,L] x) => (float[] y) { y = Identity(x) }")
case("dropout", 17, "(float[B,L] x) => (float[] y, bool[] m) { y, m = Dropout(x) }")
case("if_known", 17, """(float[B,1,L] x) => (float[] y) <int64[1] one = {1}, int64 i = {1}> {
     s = Shape(x)  d = Gather(s, i)  c = Equal(d, one)  k = Squeeze(c)
     y = If (k) <then_branch = t () => (float[] a) { a = Squeeze(x, one) },
                 else_branch = e () => (float[] b) { b = Identity(x) }> }""")

# Both branches use one name for their outputs; a constant and a value from around
# them, also in a branch of a branch.
IF = """(float[B,L] x, bool c, bool d) => (float[] y, float[] z) <float two = {2}, int64[1] i = {0}> {
     m = Neg(x)
     y, z = If (c) <
       then_branch = t () => (float[N,M] a, float[N,M] e) { a = Mul(m, two)  e = Identity(x) },
       else_branch = u () => (float[N,M] a, float[N,M] e) <float three = {3}> {
         a = If (d) <then_branch = v () => (float[N,M] f) { g = Mul(x, two)  f = Mul(g, three) },
                     else_branch = w () => (float[N,M] f) { f = Exp(m) }>
         e = Mul(m, two) }>
     k = Mul(z, two)  z2 = Add(k, y) }"""
for number, (c, d) in enumerate([(True, False), (False, True), (False, False)]):
    case(f"if_{number}", 17, IF.replace("float[] z)", "float[] z2)"),
         c=lambda r, s, c=c: c, d=lambda r, s, d=d: d)  # fmt: skip
case("loop_count", 17, """(float[B,L] x) => (float[] y, float[] rows) <bool t = {1}, int64 one = {1}> {
     s = Shape(x)  n = Gather(s, one)
     y, rows = Loop (n, t, x) <body = b (int64 i, bool c, float[N,M] h) => (bool d, float[N,M] g, float[N,M] r) {
       d = Identity(c)  k = Cast<to = 1>(i)  g = Add(h, k)  r = Mul(g, x) }> }""")
case("loop_limit", 17, """(float[B,L] x, int64 n) => (float[] y) <bool t = {1}> {
     y = Loop (n, t, x) <body = b (int64 i, bool c, float[N,M] h) => (bool d, float[N,M] g) {
       d = Identity(c)  g = Tanh(h) }> }""", n=lambda r, s: 3)
LOOP_WHILE = """(float[B,L] x, bool t) => (float[] y, int64 z) <int64 zero = {0}, int64 many = {9223372036854775807}, float end = {20}, int64 one = {1}> {
     y, z = Loop (many, t, x, zero) <body = b (int64 i, bool c, float[N,M] h, int64 m) => (bool d, float[N,M] g, int64 o) {
       a = Abs(h)  g = Add(a, a)  o = Add(m, one)  u = ReduceMax<keepdims = 0>(g)  d = Less(u, end) }> }"""
case("loop_while", 17, LOOP_WHILE, t=lambda r, s: True)
case("loop_never", 17, LOOP_WHILE, t=lambda r, s: False)
# The condition before the first turn is known, the one after it is not.
case("loop_until", 17, LOOP_WHILE.replace(", bool t)", ")").replace("int64 zero", "bool t = {1}, int64 zero"))
case("loop_of_nothing", 17, """(float[B,L] x) => (float[] y) <bool t = {0}, int64 many = {9}> {
     y = Loop (many, t, x) <body = b (int64 i, bool c, float[N,M] h) => (bool d, float[N,M] g) {
       d = Identity(c)  g = Exp(h) }> }""")
