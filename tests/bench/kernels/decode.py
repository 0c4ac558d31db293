"""Products of one row with weights that are in no cache: a chain of layers, its share of the rate of reading memory.

Between two runs the machine's probe reads 512 MB, three times; the weights alone are more than the caches too, but
in quick runs, whose chains are shorter: compiling takes most of the time.
"""

import dataclasses
import functools

import numpy as np
import torch
from few_bits import few_bits
from limits import bytes_of_weight
from onnx import TensorProto, helper
from row import Bar, Row, Runner
from tensors import initializer, make_model, random_tensor, value
from verdict import DECODE_SHARE, FEW_BITS_SHARE

from bench import open_onnxruntime

READ_BYTES = 512 << 20  # as many as the probe reads
WIDTH, INNER = 2048, 8192  # each second layer widens, the others narrow again
STANDARD_DEVIATIONS = {4: 4.2, 8: 73.6}  # of codes


@dataclasses.dataclass(frozen=True)
class Decode(Row):
    form: str  # as few_bits.py reads it; nothing for weights of the row's precision
    precision: str  # of activations
    threads: int
    set_bytes: int  # of all weights, at least

    group = "decode"
    rates = ("read",)
    is_cold = True
    farthest = {"f32": 1e-3, "bf16": 0.1}

    @property
    def title(self):
        return self.form or "floats"

    @property
    def artifact(self):
        return f"decode-{self.form}-{self.precision}"

    @property
    def compile_options(self):
        return ["--dtype=bf16"] if self.precision == "bf16" else []

    @property
    def num_layers(self):
        pairs = -(-self.set_bytes // (2 * self.layer_bytes))
        return int(2 * pairs)

    @property
    def layer_bytes(self):
        return int(WIDTH * INNER * bytes_of_weight(self))

    @property
    def has_peer(self):
        """ONNX Runtime has no bf16, and 8 bits in groups take it 30 times as long as 4: no place in these turns."""
        return self.precision == "f32" and self.form.startswith("i4")

    def layers(self):
        return [make_layer(self.form, number) for number in range(self.num_layers)]

    def model(self):
        nodes, weights = [], []
        for number, layer in enumerate(self.layers()):
            nodes += layer.nodes(f"x{number}", f"x{number + 1}")
            weights += layer.initializers()
        last = f"x{self.num_layers}"
        shape = [1, WIDTH]
        return make_model(nodes, [value("x0", torch.float32, shape)], value(last, torch.float32, shape), weights)

    def feeds(self):
        return {"x0": first_input()}

    def oracle(self, feeds):
        return output_of(self.form, self.num_layers)

    def open_peers(self, feeds, artifacts):
        if self.has_peer:
            yield "onnxruntime", lambda: open_session(artifacts.model_path(self), feeds, self.threads)

    def open_yardsticks(self, artifacts):
        """What the probe measures, but in this process: there were runs in which the probe read slower than Tenon."""
        numbers = torch.ones(READ_BYTES // 4)
        yield "sum", lambda: Runner(numbers.sum)

    def limit_ms(self, rates, yardsticks_ms):
        """By the faster of the two reads."""
        read = max(rates["read"], READ_BYTES / yardsticks_ms["sum"] * 1e3)
        return self.num_layers * self.layer_bytes / read * 1e3

    def bar(self, unit):
        weights = few_bits(self.form)
        if not weights:
            return Bar(share=DECODE_SHARE)
        return Bar(1 if self.has_peer else None, FEW_BITS_SHARE[weights.bits])


def open_session(path, feeds, threads):
    session = open_onnxruntime(path, threads)
    inputs = {name: feed.numpy() for name, feed in feeds.items()}
    return Runner(lambda: session.run(None, inputs), lambda: session.run(None, inputs)[0])


@functools.lru_cache(1)
def random_codes(count, bits):
    """Packed, the low half of a byte first. Any but the least: even about the middle, so that sums stay small."""
    packed = torch.from_numpy(np.random.default_rng(0).integers(0, 256, count, np.uint8))
    for mask, middle in [(0xFF, 0x80)] if bits == 8 else [(0x0F, 0x08), (0xF0, 0x80)]:
        packed[packed & mask == 0] |= middle
    return packed


@functools.lru_cache(1)
def random_floats(count):
    return random_tensor((count,))


def rotated(values, number):
    """Other weights for each layer, made as fast as memory is written."""
    return values.roll(4099 * number)


class FloatLayer:
    def __init__(self, number):
        self.number = number
        self.depth, self.columns = (INNER, WIDTH) if number % 2 else (WIDTH, INNER)

    def weights(self):
        values = rotated(random_floats(WIDTH * INNER), self.number)
        return values.view(self.depth, self.columns) / self.depth**0.5

    def product(self, x):
        return x @ self.weights()

    def nodes(self, source, target):
        return [helper.make_node("MatMul", [source, f"w{self.number}"], [target])]

    def initializers(self):
        return [initializer(f"w{self.number}", self.weights())]


class FewBitsLayer:
    """A scale for each group of rows of a column. What the codes are changes no time."""

    def __init__(self, form, number):
        weights, shape = few_bits(form), FloatLayer(number)
        self.number, self.depth, self.columns = number, shape.depth, shape.columns
        self.bits, self.group, self.zero = weights.bits, weights.group, 1 << (weights.bits - 1)
        self.num_groups = self.depth // self.group
        self.names = [f"w{number}", f"scale{number}"]

    def packed(self):
        count = WIDTH * INNER * self.bits // 8
        return rotated(random_codes(count, self.bits), self.number)

    def codes(self):
        """One by one, as floats around 0."""
        packed = self.packed()
        codes = packed if self.bits == 8 else torch.stack([packed & 15, packed >> 4], -1).view(-1)
        return codes.float().sub_(self.zero)

    def scales(self):
        """(groups, columns); with them results stay near 1."""
        generator = torch.Generator().manual_seed(self.number)
        factors = 0.5 + torch.rand((self.num_groups, self.columns), generator=generator)
        return factors * (12 / 13) ** 0.5 / STANDARD_DEVIATIONS[self.bits] / self.depth**0.5


class NBitsLayer(FewBitsLayer):
    """MatMulNBits: unsigned codes, column after column."""

    def product(self, x):
        codes = self.codes().view(self.columns, self.num_groups, self.group)
        sums = codes.mul_(x.view(self.num_groups, self.group)).sum(-1)
        return (sums.t() * self.scales()).sum(0, keepdim=True)

    def nodes(self, source, target):
        return [helper.make_node("MatMulNBits", [source, *self.names], [target], domain="com.microsoft", K=self.depth,
                                 N=self.columns, bits=self.bits, block_size=self.group)]  # fmt: skip

    def initializers(self):
        codes = self.packed().view(self.columns, self.num_groups, -1)
        return [initializer(self.names[0], codes), initializer(self.names[1], self.scales().t().flatten())]


class QdqLayer(FewBitsLayer):
    """DequantizeLinear before MatMul: signed codes, row after row."""

    def product(self, x):
        codes = self.codes().view(self.num_groups, self.group, self.columns)
        sums = torch.bmm(x.view(self.num_groups, 1, self.group), codes)
        return (sums.squeeze(1) * self.scales()).sum(0, keepdim=True)

    def nodes(self, source, target):
        floats = f"floats{self.number}"
        return [helper.make_node("DequantizeLinear", self.names, [floats], axis=0, block_size=self.group),
                helper.make_node("MatMul", [source, floats], [target])]  # fmt: skip

    def initializers(self):
        kind, sign_bits = (TensorProto.INT4, 0x88) if self.bits == 4 else (TensorProto.INT8, 0x80)
        return [initializer(self.names[0], self.packed() ^ sign_bits, kind, [self.depth, self.columns]),
                initializer(self.names[1], self.scales())]  # fmt: skip


def make_layer(form, number):
    if not form:
        return FloatLayer(number)
    return (QdqLayer if few_bits(form).is_qdq else NBitsLayer)(form, number)


@functools.cache
def output_of(form, num_layers):
    """By PyTorch, in f32."""
    result = first_input()
    for number in range(num_layers):
        result = make_layer(form, number).product(result)
    return result.numpy()


def first_input():
    return random_tensor((1, WIDTH), seed=1)


FEW_BITS = [f"i{bits}g{group}{qdq}" for bits in (8, 4) for group in (32, 128) for qdq in ("", "qdq")]
FORMS = [("", "f32"), ("", "bf16"), *((form, "f32") for form in FEW_BITS), ("i8g128", "bf16"), ("i4g32", "bf16")]


def decode_rows(threads, set_bytes):
    return [Decode(*form, count, set_bytes) for form in FORMS for count in threads]
