"""The suite's models as PyTorch modules, and their export to ONNX.

usage: modules.py ARCHITECTURE MODEL.onnx [--past] [--safetensors FOLDER]
"""

import argparse
import pathlib
import sys
import warnings

import torch
import transformers

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "frontends/Onnx"))
from architectures import ARCHITECTURES, IMAGE_SIDE, PATCH_SIDE  # noqa: E402
from exports import Decoder, Encoder, Vision, export  # noqa: E402

SEED = 0
LONGEST = 1024  # positions that a decoder knows


class Prefill(Decoder):
    """Token ids and mask to logits and the keys and values of each layer."""

    def __init__(self, model):
        super().__init__(model)
        self.names = self.names[:2]

    def example(self, batch, length, past):
        return super().example(batch, length, 0)[:2]

    def axes(self):
        return {"input_ids": {0: "batch", 1: "length"}, "attention_mask": {0: "batch", 1: "length"}}


def make_bert(sizes):
    config = transformers.BertConfig(
        num_hidden_layers=sizes.layers, hidden_size=sizes.width, num_attention_heads=sizes.heads,
        intermediate_size=sizes.inner, vocab_size=sizes.vocabulary)  # fmt: skip
    return transformers.BertModel(config, add_pooling_layer=False)


def make_gpt2(sizes):
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(
        n_layer=sizes.layers, n_embd=sizes.width, n_head=sizes.heads, n_inner=sizes.inner,
        vocab_size=sizes.vocabulary, n_positions=LONGEST))  # fmt: skip


def make_llama(sizes):
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(
        num_hidden_layers=sizes.layers, hidden_size=sizes.width, num_attention_heads=sizes.heads,
        num_key_value_heads=sizes.kv_heads, intermediate_size=sizes.inner, vocab_size=sizes.vocabulary,
        max_position_embeddings=LONGEST))  # fmt: skip


def make_t5(sizes):
    return transformers.T5EncoderModel(transformers.T5Config(
        num_layers=sizes.layers, d_model=sizes.width, num_heads=sizes.heads, d_kv=sizes.head_width,
        d_ff=sizes.inner, vocab_size=sizes.vocabulary))  # fmt: skip


def make_vit(sizes):
    config = transformers.ViTConfig(
        num_hidden_layers=sizes.layers, hidden_size=sizes.width, num_attention_heads=sizes.heads,
        intermediate_size=sizes.inner, image_size=IMAGE_SIDE, patch_size=PATCH_SIDE)  # fmt: skip
    return transformers.ViTModel(config, add_pooling_layer=False)


MAKERS = {"bert": make_bert, "gpt2": make_gpt2, "llama": make_llama, "t5": make_t5, "vit": make_vit}


def make_module(name, past, safetensors=None):
    """The module in evaluation mode; the same weights at each call."""
    sizes = ARCHITECTURES[name]
    if safetensors:
        return Encoder(transformers.BertModel.from_pretrained(safetensors, add_pooling_layer=False).eval())
    torch.manual_seed(SEED)
    model = MAKERS[sizes.family](sizes).eval()
    if sizes.is_decoder:
        return Decoder(model) if past else Prefill(model)
    return Vision(model) if sizes.family == "vit" else Encoder(model)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("architecture", choices=ARCHITECTURES)
    parser.add_argument("path", type=pathlib.Path)
    parser.add_argument("--past", action="store_true", help="with keys and values of earlier tokens as inputs")
    parser.add_argument("--safetensors", type=pathlib.Path, help="the folder of the weights, instead of random ones")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    module = make_module(options.architecture, options.past, options.safetensors)
    # PyTorch's newer exporter fails on T5 (a view of a transposed tensor).
    dynamo = ARCHITECTURES[options.architecture].family != "t5"
    with torch.no_grad():
        export(module, options.path, dynamo, opset=18 if dynamo else 17)


if __name__ == "__main__":
    sys.exit(main())
