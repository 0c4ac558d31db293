"""The least time that a case can take on a machine: closed forms of its sizes, no look at any graph."""

import dataclasses

from architectures import IMAGE_SIDE, PATCH_SIDE
from cases import make_feeds
from few_bits import few_bits

WEIGHT_BYTES = {"f32": 4, "bf16": 2, "int8": 1}


@dataclasses.dataclass(frozen=True)
class Work:
    """What a run must at least do. Flops are by the type that multiplies; an int8 operation is one too."""

    flops: dict
    bytes: int

    def seconds(self, rates):
        arithmetic = sum(flops / rates[kind] for kind, flops in self.flops.items())
        return max(arithmetic, self.bytes / rates["read"])

    @property
    def all_flops(self):
        return sum(self.flops.values())


def layer_weights(sizes):
    """Elements of the matrices of a layer: queries and output, keys and values, feed-forward."""
    heads, kv_heads = sizes.heads * sizes.head_width, sizes.kv_heads * sizes.head_width
    num_matrices = 3 if sizes.family == "llama" else 2
    return 2 * sizes.width * heads + 2 * sizes.width * kv_heads + num_matrices * sizes.width * sizes.inner


def head_weights(sizes):
    return sizes.width * sizes.vocabulary if sizes.is_decoder else 0


def patch_weights(sizes):
    return 0 if sizes.vocabulary else 3 * PATCH_SIDE**2 * sizes.width


def dense_flops(case):
    sizes = case.sizes
    tokens, patches = case.batch * case.length, case.batch * (IMAGE_SIDE // PATCH_SIDE) ** 2
    return 2 * (tokens * (sizes.layers * layer_weights(sizes) + head_weights(sizes)) + patches * patch_weights(sizes))


def attention_flops(case):
    """Queries times keys and probabilities times values, of the pairs that the mask lets see each other."""
    sizes, length = case.sizes, case.length
    pairs = length * case.past + (length * (length + 1) // 2 if sizes.is_decoder else length**2)
    return 4 * case.batch * sizes.layers * sizes.heads * sizes.head_width * pairs


def output_elements(case):
    """Hidden states; or logits, and the keys and values of all tokens."""
    sizes, tokens = case.sizes, case.batch * case.length
    if not sizes.is_decoder:
        return tokens * sizes.width
    cached = case.batch * (case.past + case.length) * sizes.kv_heads * sizes.head_width
    return tokens * sizes.vocabulary + 2 * sizes.layers * cached


def bytes_of_weight(case):
    """Of one element; of few bits a part of a scale belongs to it."""
    if weights := few_bits(case.form):
        return weights.bits / 8 + WEIGHT_BYTES[case.precision] / weights.group
    return 1 if case.form == "i8weights" else WEIGHT_BYTES[case.precision]


def weight_bytes(case):
    sizes, each = case.sizes, bytes_of_weight(case)
    return each * (sizes.layers * layer_weights(sizes) + head_weights(sizes) + patch_weights(sizes))


def work_of(case):
    """Weights are read once, inputs read and outputs written, which are f32 in every precision."""
    flops = {"f32": 0, "bf16": 0, "int8": 0}
    flops[case.precision] += dense_flops(case)
    # ONNX Runtime's dynamic form quantizes what has weights, QDQ attention as well.
    flops["f32" if case.form == "dynamic" else case.precision] += attention_flops(case)
    inputs = sum(feed.nbytes for feed in make_feeds(case).values())
    return Work(flops, weight_bytes(case) + inputs + 4 * output_elements(case))
