"""Graph ops in NumPy, for against_numpy.py: computed in f64, or in unbounded integers."""

import dataclasses
import math
import typing

import numpy as np

FLOATS = ["f32", "f64", "f16"]
INTS = ["i8", "i32", "i64", "ui8", "ui64"]
BITS = {"i8": 8, "i32": 32, "i64": 64, "ui8": 8, "ui64": 64}


@dataclasses.dataclass
class Elementwise:
    """`variants` of an element type: attributes, element type of the result, function."""

    arity: int
    elements: list
    variants: typing.Callable
    epsilons: float = 1


def simple(arity, elements, function, to=None, epsilons=1):
    return Elementwise(arity, elements, lambda element: [("", to or element, function)], epsilons)


def by_kind(on_floats, on_ints):
    """One function for floats, another for integers."""
    return lambda *arrays: (on_ints if arrays[-1].dtype == object else on_floats)(*arrays)


def each(function):
    """A function of Python numbers, applied to elements."""
    def apply(*arrays):
        result = np.frompyfunc(function, len(arrays), 1)(*arrays)
        return np.asarray(result)
    return apply


def each_float(function):
    return lambda *arrays: np.asarray(each(function)(*arrays), dtype=np.float64)


def sigmoid(x):
    return np.where(x < 0, np.exp(np.minimum(x, 0)), 1) / (1 + np.exp(-np.abs(x)))


def silu(x):
    return x * sigmoid(x)


def rounded_once(a, b, c):
    """a b + c, with more digits than an f64 in between."""
    return np.asarray(np.asarray(a, np.longdouble) * b + c).astype(np.float64)


erfc = each_float(math.erfc)


def truncated_division(a, b):
    if b == 0:
        return 0
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def gelu_variants(element):
    yield ("form = #graph<gelu_form erf>", element, lambda x: x / 2 * erfc(-x / math.sqrt(2)))
    yield ("form = #graph<gelu_form tanh>", element,
           lambda x: x * sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


def compare_variants(_):
    for name, function in [("eq", np.equal), ("ne", np.not_equal), ("lt", np.less),
                           ("le", np.less_equal), ("gt", np.greater), ("ge", np.greater_equal)]:
        yield f"predicate = #graph<predicate {name}>", "i1", lambda a, b, f=function: f(a, b).astype(bool)


def to_integer(name):
    """Toward zero, saturating, NaN to 0; integers modulo 2^bits, which comes later."""
    signed = name[0] == "i"
    low = -(2 ** (BITS[name] - 1)) if signed else 0
    high = 2 ** (BITS[name] - signed) - 1

    def convert(x):
        if isinstance(x, float):
            return 0 if math.isnan(x) else high if x > high else low if x < low else int(x)
        return int(x)
    return each(convert)


def cast_variants(_):
    for to in FLOATS:
        yield f"to = {to}", to, lambda x: np.asarray(x).astype(np.float64)
    for to in INTS:
        yield f"to = {to}", to, to_integer(to)
    yield "to = i1", "i1", lambda x: np.asarray(x != 0).astype(bool)


ELEMENTWISE = {
    "neg": simple(1, FLOATS + INTS, np.negative),
    "abs": simple(1, FLOATS + INTS, np.abs),
    "sign": simple(1, FLOATS + INTS, by_kind(np.sign, each(lambda x: (x > 0) - (x < 0)))),
    "relu": simple(1, FLOATS + INTS, by_kind(lambda x: np.maximum(x, 0.0), each(lambda x: max(x, 0)))),
    "exp": simple(1, FLOATS, np.exp),
    "log": simple(1, FLOATS, np.log),
    "sqrt": simple(1, FLOATS, np.sqrt),
    "rsqrt": simple(1, FLOATS, lambda x: 1 / np.sqrt(x)),
    "reciprocal": simple(1, FLOATS, lambda x: 1 / x),
    "erf": simple(1, FLOATS, each_float(math.erf)),
    "tanh": simple(1, FLOATS, np.tanh),
    "sin": simple(1, FLOATS, np.sin),
    "cos": simple(1, FLOATS, np.cos),
    "sigmoid": simple(1, FLOATS, sigmoid, epsilons=3),
    "silu": simple(1, FLOATS, silu, epsilons=3),
    "floor": simple(1, FLOATS, np.floor),
    "ceil": simple(1, FLOATS, np.ceil),
    "round": simple(1, FLOATS, np.rint),
    "gelu": Elementwise(1, FLOATS, gelu_variants, epsilons=8),
    "is_nan": simple(1, FLOATS, np.isnan, to="i1"),
    "not": simple(1, ["i1"], np.logical_not),
    "cast": Elementwise(1, FLOATS + INTS + ["i1"], cast_variants),
    "add": simple(2, FLOATS + INTS, np.add),
    "sub": simple(2, FLOATS + INTS, np.subtract),
    "mul": simple(2, FLOATS + INTS, np.multiply),
    "div": simple(2, FLOATS + INTS, by_kind(np.divide, each(truncated_division))),
    "mod": simple(2, FLOATS + INTS, by_kind(np.fmod, each(lambda a, b: a % b if b else 0))),
    "max": simple(2, FLOATS + INTS, by_kind(np.maximum, each(max))),
    "min": simple(2, FLOATS + INTS, by_kind(np.minimum, each(min))),
    "pow": simple(2, FLOATS, np.power),
    "swiglu": simple(2, FLOATS, lambda a, b: silu(a) * b, epsilons=3),
    "fma": simple(3, FLOATS, rounded_once),
    "and": simple(2, ["i1"], np.logical_and),
    "or": simple(2, ["i1"], np.logical_or),
    "xor": simple(2, ["i1"], np.logical_xor),
    "compare": Elementwise(2, FLOATS + INTS + ["i1"], compare_variants),
    "where": simple(3, FLOATS + INTS + ["i1"], np.where),
}


# Each of the following yields (attributes, operands, results, epsilons), operands
# and results as pairs of array and element type. `draw` makes a random array. Where
# sums may cancel, a result has a third part: the sum of the magnitudes.


def kind_of(element):
    """In which type NumPy computes without overflow, or modulo 2^64."""
    return np.float64 if element[0] == "f" else np.int64


def softmax_of(x, axis):
    x = x.astype(np.float64)
    power = np.exp(x - np.max(x, axis=axis, keepdims=True, initial=-np.inf))
    return power / power.sum(axis=axis, keepdims=True)


def softmax(rng, draw):
    for element in FLOATS:
        for shape, axis in [((3, 7), 1), ((5, 2, 3), 0), ((4,), 0), ((2, 0), 1), ((0, 3), 1)]:
            x = draw(rng, shape, element, special=False)
            yield f"axis = {axis} : i64", [(x, element)], [(softmax_of(x, axis), element)], 1


def lanes_of(result):
    """The largest magnitude in each row, at each of its lanes."""
    return np.broadcast_to(np.abs(result).max(axis=-1, keepdims=True, initial=0), result.shape)


def norm(rng, draw, subtracts_mean):
    for element in FLOATS:
        for shape in [(3, 7), (2, 3, 5), (1,), (0, 3), (2, 0)]:
            x, scale, bias = (draw(rng, s, element, special=False) for s in [shape, shape[-1:], shape[-1:]])
            wide = x.astype(np.float64)
            if subtracts_mean:
                wide = wide - wide.mean(axis=-1, keepdims=True)
            result = wide / np.sqrt((wide**2).mean(axis=-1, keepdims=True) + 1e-5) * scale.astype(np.float64)
            operands = [(x, element), (scale, element)]
            yield "epsilon = 1.0e-5 : f64", operands, [(result, element, lanes_of(result))], 8
            if subtracts_mean:
                yield ("epsilon = 1.0e-5 : f64", operands + [(bias, element)],
                       [(result + bias.astype(np.float64), element, lanes_of(result) + np.abs(bias))], 8)


def attention(rng, draw):
    """batch, query heads, key heads, queries, keys, lanes of keys, lanes of values."""
    for sizes in [(2, 4, 2, 3, 5, 8, 6), (1, 3, 3, 4, 4, 2, 2), (2, 2, 1, 5, 2, 3, 1), (1, 2, 2, 3, 0, 4, 4),
                  (0, 2, 2, 3, 4, 4, 4), (1, 2, 2, 0, 3, 4, 4)]:
        for element, causal, masked, with_bias in [("f32", 0, "", 0), ("f32", 1, "", 1), ("f64", 0, "scores", 1),
                                                   ("f16", 1, "scores", 0), ("f32", 0, "keys", 0), ("f32", 0, "keys", 1)]:
            b, h, g, l, s, d, e = sizes
            q, k, v = (draw(rng, shape, element, special=False) for shape in [(b, h, l, d), (b, g, s, d), (b, g, s, e)])
            mask = draw(rng, (b, 1, 1 if masked == "keys" else l, s), "i1")
            if masked == "keys":  # keys that no query sees are anything at all
                k = np.where(np.swapaxes(mask, 2, 3), k, rng.choice([np.nan, np.inf, -np.inf], k.shape)).astype(k.dtype)
            wide = [np.repeat(a.astype(np.float64), h // g, axis=1) for a in (k, v)]
            scores = 0.25 * np.einsum("bhld,bhsd->bhls", q.astype(np.float64), wide[0])
            operands = [(a, element) for a in (q, k, v)]
            visible = np.ones(scores.shape, bool)
            if causal:
                visible &= np.arange(s) <= np.arange(l)[:, None] + s - l
            if masked:
                operands.append((mask, "i1"))
                visible &= mask
            if with_bias:
                bias = draw(rng, (h, 1, s), element, special=False)
                operands.append((bias, element))
                scores = scores + bias.astype(np.float64)
            weights = softmax_of(np.where(visible, scores, -np.inf), 3)
            weights = np.where(np.isnan(weights), 0, weights)
            attributes = (f"operandSegmentSizes = array<i32: 1, 1, 1, {int(masked != '')}, {with_bias}>, scale = 0.25 : f64, "
                          f"nan_to_zero{', causal' if causal else ''}")
            result = np.einsum("bhls,bhse->bhle", weights, wide[1])
            magnitude = np.einsum("bhls,bhse->bhle", weights, np.abs(wide[1]))
            yield attributes, operands, [(result, element, magnitude)], 8


def rope(rng, draw):
    for element in FLOATS:
        for pairing in ["halves", "interleaved"]:
            for b, h, l, d in [(2, 3, 5, 8), (1, 1, 0, 4), (3, 2, 1, 2)]:
                x = draw(rng, (b, h, l, d), element, special=False)
                positions = rng.integers(0, 50, (b, l)).astype(np.int64)
                angle = positions[:, None, :, None] * 10000.0 ** (-2 * np.arange(d // 2) / d)
                turned = x.astype(np.float64)
                first, second = (turned[..., : d // 2], turned[..., d // 2:]) if pairing == "halves" else (
                    turned[..., 0::2], turned[..., 1::2])
                pair = (first + 1j * second) * np.exp(1j * angle)
                first[...], second[...] = pair.real, pair.imag
                yield (f"base = 10000.0 : f64, pairing = #graph<pairing {pairing}>",
                       [(x, element), (positions, "i64")], [(turned, element, lanes_of(turned))], 8)


def contract(rng, draw):
    sizes = dict(zip("abcdefgh", [2, 3, 5, 4, 7, 1, 0, 6]))
    for equation in ["ab,bc->ac", "abcd,abed->abce", "ba,cb->ac", "abc->ca", "abc->", "a,b->ab", "ab,ab->",
                     "abc,bd->dac", "ab,bc,cd->ad", "ae,af->ef", "ag,gb->ab", "abh,hcb->ac"]:
        for element in ["f32", "f64", "i32", "ui8"]:
            groups = equation.split("->")[0].split(",")
            arrays = [draw(rng, [sizes[c] for c in group], element, special=False) for group in groups]
            wide = [a.astype(kind_of(element)) for a in arrays]
            result = np.asarray(np.einsum(equation, *wide))
            magnitude = np.einsum(equation, *[np.abs(a) for a in wide])
            yield (f'equation = "{equation}"', [(a, element) for a in arrays],
                   [(result, element, magnitude)], 8)


COMPOSITE = {
    "softmax": softmax,
    "layer_norm": lambda rng, draw: norm(rng, draw, subtracts_mean=True),
    "rms_norm": lambda rng, draw: norm(rng, draw, subtracts_mean=False),
    "attention": attention,
    "rope": rope,
    "contract": contract,
}


def matmul(rng, draw):
    for left, right in [((3, 5), (5, 2)), ((2, 3, 5), (5, 4)), ((2, 1, 3, 4), (3, 4, 2)), ((5,), (5, 3)), ((3, 5), (5,)),
                        ((4,), (4,)), ((2, 3, 0), (0, 4)), ((0, 5), (5, 2)), ((4,), (2, 4, 3)), ((2, 3, 4), (4,))]:
        for element in ["f32", "f64", "f16", "i8", "i64"]:
            a, b = draw(rng, left, element, special=False), draw(rng, right, element, special=False)
            wide = a.astype(kind_of(element)), b.astype(kind_of(element))
            result, magnitude = wide[0] @ wide[1], np.abs(wide[0]) @ np.abs(wide[1])
            yield "", [(a, element), (b, element)], [(result, element, magnitude)], 8


def grouped_matmul(rng, draw):
    for batch, groups, depth, columns in [((3,), 2, 5, 4), ((2, 3), 4, 8, 33), ((1,), 3, 1, 2), ((0,), 2, 3, 4), ((2,), 0, 3, 4)]:
        for element in ["f32", "f64", "f16"]:
            x = draw(rng, (*batch, groups, depth), element, special=False)
            w = draw(rng, (groups, depth, columns), element, special=False)
            s = draw(rng, (groups, columns), element, special=False)
            wide = [array.astype(np.float64) for array in (x, w, s)]
            result, magnitude = (np.einsum("...gk,gkn,gn->...n", *map(change, wide)) for change in (np.asarray, np.abs))
            yield "", [(x, element), (w, element), (s, element)], [(result, element, magnitude)], 8


def reduce(rng, draw):
    kinds = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "prod": np.prod,
             "sum_square": lambda x, **how: np.sum(x * x, **how)}
    for kind, function in kinds.items():
        for shape, axes in [((3, 5), (1,)), ((2, 3, 4), (0, 2)), ((2, 3), ()), ((4,), (0,)), ((0, 3), (1,))]:
            for element in ["f32", "f16", "i32"]:
                for keep in [False, True]:
                    x = draw(rng, shape, element, special=element == "f32")
                    wide = x.astype(kind_of(element))
                    if wide.size == 0 and kind in ("max", "min", "mean"):
                        continue
                    result = function(wide, axis=axes, keepdims=keep)
                    if kind == "mean" and element == "i32":
                        result = np.trunc(result).astype(np.int64)
                    # A largest or smallest element is not rounded, however large the others are.
                    magnitude = None if kind in ("max", "min") else function(np.abs(wide), axis=axes, keepdims=keep)
                    listed = f": {', '.join(map(str, axes))}" if axes else ""
                    yield (f"axes = array<i64{listed}>, keep_dims = {str(keep).lower()}, kind = #graph<reduce_kind {kind}>",
                           [(x, element)], [(result, element, magnitude)], 1)


def argmax(rng, draw):
    for shape, axis in [((3, 5), 1), ((2, 3, 4), 0), ((7,), 0), ((0, 3), 1)]:
        for element in ["f32", "i8", "ui64"]:
            for smallest in [False, True]:
                x = draw(rng, shape, element)
                result = (np.argmin if smallest else np.argmax)(x, axis=axis)
                yield (f"axis = {axis} : i64, keep_dims = false, smallest = {str(smallest).lower()}",
                       [(x, element)], [(np.asarray(result), "i64")], 0)


def cumsum(rng, draw):
    for shape, axis in [((3, 5), 1), ((2, 3, 4), 0), ((7,), 0), ((2, 0), 1)]:
        for element in ["f32", "f64", "i8"]:
            for reverse in [False, True]:
                for exclusive in [False, True]:
                    x = draw(rng, shape, element, special=False)
                    wide = x.astype(kind_of(element))
                    wide = np.flip(wide, axis) if reverse else wide
                    if exclusive:
                        before = [(1, 0) if i == axis else (0, 0) for i in range(len(shape))]
                        wide = np.take(np.pad(wide, before), np.arange(shape[axis]), axis)
                    sums, magnitude = np.cumsum(wide, axis), np.cumsum(np.abs(wide), axis)
                    if reverse:
                        sums, magnitude = np.flip(sums, axis), np.flip(magnitude, axis)
                    yield (f"axis = {axis} : i64, exclusive = {str(exclusive).lower()}, reverse = {str(reverse).lower()}",
                           [(x, element)], [(sums, element, magnitude)], 8)


def top_k(rng, draw):
    for shape, axis, k in [((3, 5), 1, 2), ((4, 2, 3), 0, 4), ((7,), 0, 0), ((3, 1), 1, 1)]:
        for element in ["f32", "i8"]:
            for smallest in [False, True]:
                x = draw(rng, shape, element)
                keys = x.astype(np.float64) * (1 if smallest else -1)
                keys = np.where(np.isnan(keys), -np.inf, keys)
                rank = np.lexsort((keys, ~np.isnan(x.astype(np.float64))), axis=axis)
                indices = np.take(rank, np.arange(k), axis)
                yield (f"axis = {axis} : i64, k = {k} : i64, smallest = {str(smallest).lower()}",
                       [(x, element)], [(np.take_along_axis(x, indices, axis), element), (indices, "i64")], 0)


OTHERS = {"matmul": matmul, "reduce": reduce, "argmax": argmax, "cumsum": cumsum, "top_k": top_k,
          "grouped_matmul": grouped_matmul}
