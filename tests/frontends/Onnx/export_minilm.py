"""Exports all-MiniLM-L6-v2 from its safetensors with open batch and length.

usage: export_minilm.py <folder of the model> <script|dynamo> <model.onnx>
"""

import pathlib
import sys

import torch
import transformers

from exports import Encoder, export

folder, exporter, path = sys.argv[1:]
model = Encoder(transformers.BertModel.from_pretrained(folder, add_pooling_layer=False).eval())
pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
with torch.no_grad():
    export(model, pathlib.Path(path), dynamo=exporter == "dynamo", opset=18)
