"""Attention forward of 12 heads beside PyTorch's, and beside its two matmuls at the rate of a matmul alone."""

import dataclasses

import torch
from gemm import Gemm
from onnx import helper
from row import Bar, Row
from tensors import DTYPES, Latest, make_model, random_tensor, value
from torch.nn.functional import scaled_dot_product_attention

HEADS = 12
LENGTHS = 128, 512, 2048
KV_HEADS = {64: 4, 80: 3, 128: 3}  # of the rows whose queries share keys, by head width
BLOCK = 64  # a causal mask leaves out blocks of so many queries and keys that it hides whole
FASTER = 1.4  # than PyTorch
MATMULS_SHARE = {"f32": 1 / 1.15, "bf16": 1 / 1.3}  # of the time, at this head width:
BARRED_WIDTH = 64


@dataclasses.dataclass(frozen=True)
class Attention(Row):
    length: int
    width: int  # of a head
    kv_heads: int
    is_causal: bool
    precision: str
    threads: int

    group = "attention"

    @property
    def title(self):
        return f"L{self.length} D{self.width} kv{self.kv_heads}{' causal' if self.is_causal else ''}"

    @property
    def artifact(self):
        return f"attention-{self.width}-{self.kv_heads}-{self.is_causal}-{self.precision}"

    def shape(self, heads, length):
        return [1, heads, length, self.width]

    def model(self):
        heads, dtype = {"q": HEADS, "k": self.kv_heads, "v": self.kv_heads}, DTYPES[self.precision]
        node = helper.make_node("Attention", list(heads), ["y"], is_causal=int(self.is_causal))
        return make_model([node], [value(name, dtype, self.shape(count, "L")) for name, count in heads.items()],
                          value("y", dtype, self.shape(HEADS, "L")))  # fmt: skip

    def feeds(self):
        heads = {"q": HEADS, "k": self.kv_heads, "v": self.kv_heads}
        return {name: random_tensor(self.shape(count, self.length), DTYPES[self.precision], seed)
                for seed, (name, count) in enumerate(heads.items())}  # fmt: skip

    def open_peers(self, feeds, artifacts):
        """Where queries share keys, both its own way and the keys repeated in each run, as models do it."""
        q, k, v = feeds.values()
        is_shared, sharing = self.kv_heads < HEADS, HEADS // self.kv_heads

        def attend(keys, values, **options):
            return scaled_dot_product_attention(q, keys, values, is_causal=self.is_causal, **options)

        def repeated(tensor):
            return tensor.repeat_interleave(sharing, 1)

        yield "sdpa", lambda: Latest(lambda: attend(k, v, enable_gqa=is_shared)).runner()
        if is_shared:
            yield "sdpa-repeat", lambda: Latest(lambda: attend(repeated(k), repeated(v))).runner()

    def open_yardsticks(self, artifacts):
        gemm = Gemm(1024, 1024, 1024, self.precision, self.threads)
        return [("gemm", lambda: artifacts.open_row(gemm, gemm.feeds()))]

    @property
    def matmul_flops(self):
        """Of the pairs of queries and keys in the blocks that are visited."""
        pairs = self.length * (self.length + BLOCK) // 2 if self.is_causal else self.length**2
        return 4 * HEADS * self.width * pairs

    def limit_ms(self, rates, yardsticks_ms):
        return self.matmul_flops / 2 / 1024**3 * yardsticks_ms["gemm"]

    def bar(self, unit):
        return Bar(FASTER, MATMULS_SHARE[self.precision] if self.width == BARRED_WIDTH else None)


def attention_rows(threads):
    return [Attention(length, width, kv_heads, is_causal, precision, count)
            for precision in ("f32", "bf16") for width in KV_HEADS for kv_heads in (HEADS, KV_HEADS[width])
            for is_causal in (False, True) for length in LENGTHS for count in threads]  # fmt: skip
