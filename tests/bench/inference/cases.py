"""The fixed cases of the suite: what runs, on which shapes, with how many threads."""

import dataclasses

import numpy as np
from architectures import ARCHITECTURES, IMAGE_SIDE, IMAGE_TOKENS

PRECISIONS = "f32", "bf16", "int8"


@dataclasses.dataclass(frozen=True)
class Case:
    architecture: str
    precision: str
    batch: int
    length: int  # tokens of each sequence, or of each image
    past: int = 0  # tokens whose keys and values are inputs
    form: str = ""  # int8: dynamic or qdq; f32: i8weights when they are stored so; f32, bf16: see few_bits.py
    threads: int = 2

    @property
    def sizes(self):
        return ARCHITECTURES[self.architecture]

    @property
    def model(self):
        """The name of its ONNX file."""
        parts = [self.architecture, "past" if self.past else "", self.form]
        return "-".join(part for part in parts if part)

    @property
    def is_decode(self):
        return self.past > 0

    @property
    def name(self):
        past = f" p{self.past}" if self.past else ""
        form = f"-{self.form}" if self.form else ""
        return f"{self.architecture} b{self.batch} s{self.length}{past} {self.precision}{form} {self.threads}t"


def make_cases(architecture, shapes, precisions, threads=(2,)):
    """A case for each, of encoders and prefill (batch, length) or decode (batch, 1, past)."""
    return [Case(architecture, precision, *shape, form=form, threads=count)
            for shape in shapes for precision, form in precisions for count in threads]


F32, BF16, DYNAMIC, QDQ = ("f32", ""), ("bf16", ""), ("int8", "dynamic"), ("int8", "qdq")
I8_WEIGHTS = "f32", "i8weights"
I4_GROUPS, I8_GROUPS, BF16_I4_QDQ = ("f32", "i4g32"), ("f32", "i8g128"), ("bf16", "i4g128qdq")

CASES = [
    *make_cases("minilm-l3", [(1, 16), (8, 128)], [F32]),
    *make_cases("minilm-l6", [(1, 128), (8, 128)], [F32, BF16, I8_WEIGHTS]),
    *make_cases("bert-base", [(1, 16), (8, 128), (1, 512)], [F32, BF16]),
    *make_cases("bert-base", [(1, 128)], [F32, BF16, DYNAMIC], threads=(2, 1)),
    *make_cases("bert-base", [(1, 128)], [QDQ]),
    *make_cases("bert-base", [(8, 128)], [DYNAMIC, QDQ]),
    *make_cases("gpt2-small", [(1, 128)], [F32, BF16, DYNAMIC]),
    *make_cases("gpt2-small", [(1, 1, 64)], [F32, BF16], threads=(2, 1)),
    *make_cases("gpt2-small", [(1, 1, 512)], [F32, BF16]),
    *make_cases("llama-125m", [(1, 128)], [F32, BF16], threads=(2, 1)),
    *make_cases("llama-125m", [(1, 512)], [DYNAMIC]),
    *make_cases("llama-125m", [(1, 1, 64)], [F32, BF16, DYNAMIC], threads=(2, 1)),
    *make_cases("llama-125m", [(1, 1, 512)], [F32, BF16]),
    *make_cases("llama-125m", [(1, 1, 64)], [I4_GROUPS], threads=(2, 1)),
    *make_cases("llama-125m", [(1, 1, 64)], [I8_GROUPS, BF16_I4_QDQ]),
    *make_cases("llama-12x256", [(1, 1, 64)], [F32, BF16], threads=(2, 1)),
    *make_cases("t5-small", [(1, 128)], [F32, BF16]),
    *make_cases("vit-b16", [(1, IMAGE_TOKENS)], [F32, BF16, QDQ]),
    *make_cases("vit-b16", [(8, IMAGE_TOKENS)], [F32, BF16]),
]


def find_case(name):
    return next(case for case in CASES if case.name == name)


def make_feeds(case):
    """The inputs by their names: more than some models take, the same at each call."""
    random, sizes = np.random.default_rng(0), case.sizes
    if not sizes.vocabulary:
        return {"pixels": random.standard_normal((case.batch, 3, IMAGE_SIDE, IMAGE_SIDE), np.float32)}
    tokens = case.batch, case.length
    feeds = {
        "input_ids": random.integers(1000, 20000, tokens),
        "attention_mask": np.ones((case.batch, case.past + case.length), np.int64),
        "token_type_ids": np.zeros(tokens, np.int64)}
    for layer in range(sizes.layers if case.past else 0):
        for kind in ("key", "value"):
            shape = case.batch, sizes.kv_heads, case.past, sizes.head_width
            feeds[f"past.{layer}.{kind}"] = random.standard_normal(shape, np.float32)
    return feeds
