"""Writes causal models of one layer, as PyTorch's exporter writes them, without mask and past.

usage: torch_exports.py <folder with exports.py> <folder for models>
"""

import pathlib
import sys
import warnings

import torch
import transformers

sys.path.insert(0, sys.argv[1])
import exports


class Scorer(torch.nn.Module):
    """Token ids to logits."""

    names = ["input_ids"]
    results = ["logits"]

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids):
        return self.model(input_ids=input_ids, use_cache=False).logits

    def example(self, batch, length, past):
        return (torch.randint(0, exports.VOCABULARY, (batch, length)),)

    def axes(self):
        return {"input_ids": {0: "batch", 1: "length"}}


SIZES = {**exports.COMMON, "num_hidden_layers": 1, "intermediate_size": 48, "num_key_value_heads": exports.KV_HEADS}
GPT2_SIZES = {"vocab_size": exports.VOCABULARY, "n_positions": 64, "n_embd": 32, "n_layer": 1, "n_head": 4}
MODELS = {
    "llama": (transformers.LlamaForCausalLM, transformers.LlamaConfig(**SIZES)),
    "cohere": (transformers.CohereForCausalLM, transformers.CohereConfig(**SIZES)),
    "gpt2": (transformers.GPT2LMHeadModel, transformers.GPT2Config(**GPT2_SIZES)),
}

warnings.simplefilter("ignore")
torch.manual_seed(0)
for name, (kind, config) in MODELS.items():
    module = Scorer(kind(config).eval())
    exports.export(module, pathlib.Path(sys.argv[2], f"{name}.onnx"), dynamo=True, opset=18)
