"""The transformers of the suite, by their sizes; nothing here needs PyTorch."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Architecture:
    family: str  # bert, gpt2, llama, t5 (its encoder) or vit
    layers: int
    width: int
    heads: int
    kv_heads: int
    inner: int  # width inside the feed-forward block
    vocabulary: int  # 0: the input is an image
    weights: str = "random"  # or what .cache/models has them in: onnx, safetensors
    head_width: int = 64

    @property
    def is_decoder(self):
        return self.family in ("gpt2", "llama")


IMAGE_SIDE, PATCH_SIDE = 224, 16
IMAGE_TOKENS = (IMAGE_SIDE // PATCH_SIDE) ** 2 + 1  # a token for each patch, and one for the class

ARCHITECTURES = {
    "minilm-l3": Architecture("bert", 3, 384, 12, 12, 1536, 30522, "onnx", 32),
    "minilm-l6": Architecture("bert", 6, 384, 12, 12, 1536, 30522, "safetensors", 32),
    "bert-base": Architecture("bert", 12, 768, 12, 12, 3072, 30522),
    "bert-base-24": Architecture("bert", 24, 768, 12, 12, 3072, 30522),  # what twice the layers cost to compile
    "gpt2-small": Architecture("gpt2", 12, 768, 12, 12, 3072, 50257),
    "llama-125m": Architecture("llama", 12, 768, 12, 4, 2048, 32000),
    "llama-12x256": Architecture("llama", 12, 256, 4, 4, 1024, 32000),
    "t5-small": Architecture("t5", 6, 512, 8, 8, 2048, 32128),
    "vit-b16": Architecture("vit", 12, 768, 12, 12, 3072, 0),
}
