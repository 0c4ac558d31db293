"""Embeddings of the real models, compiled, against ONNX Runtime.

usage: embeddings.py <tenon> <tokenizer.json> <folder for files> <model.onnx> ... [--pytorch FOLDER]

Sentences of 1 to 256 tokens are made of the tokenizer's whole words. `tenon embed`
tokenizes and embeds them in batches of several sizes; the reference is made of ONNX
Runtime and the `tokenizers` library, one sentence at a time, so that padding and
batching are compared too; with --pytorch it is made of the model that lies in FOLDER,
executed by PyTorch.
"""

import argparse
import json
import pathlib
import subprocess
import sys

import numpy as np
import onnxruntime
import tokenizers

NUM_SENTENCES = 200
MAX_TOKENS = 256
BATCHES = (1, 7, 32)
LEAST_COSINE = {"f32": 0.99999, "bf16": 0.999}


def make_sentences(tokenizer_path, random):
    """One sentence for each of 200 lengths, from 1 word to as many as fit."""
    vocabulary = json.loads(pathlib.Path(tokenizer_path).read_text())["model"]["vocab"]
    words = [word for word in vocabulary if word.isascii() and word.isalpha()]
    lengths = np.linspace(1, MAX_TOKENS - 2, NUM_SENTENCES).astype(int)
    sentences = [" ".join(random.choice(words, length)) for length in lengths]
    random.shuffle(sentences)
    return sentences


def open_tokenizer(path):
    tokenizer = tokenizers.Tokenizer.from_file(path)
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def pooled(outputs):
    """The output [B, D], or the mean of [B, L, D]: there is no padding here."""
    floats = [output for output in outputs if output.dtype == np.float32]
    vector = next((o[0] for o in floats if o.ndim == 2), None)
    if vector is None:
        vector = floats[0][0].mean(axis=0)
    return vector / np.linalg.norm(vector)


def embed_by_onnxruntime(model, tokenizer, sentences):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    vectors = []
    for sentence in sentences:
        encoding = tokenizer.encode(sentence)
        all_feeds = {
            "input_ids": encoding.ids, "attention_mask": encoding.attention_mask,
            "token_type_ids": encoding.type_ids}
        feeds = {name: np.array([all_feeds[name]], np.int64) for name in names}
        vectors.append(pooled(session.run(None, feeds)))
    return np.array(vectors)


def embed_by_pytorch(folder, tokenizer, sentences):
    import torch
    import transformers

    model = transformers.BertModel.from_pretrained(folder, add_pooling_layer=False).eval()
    vectors = []
    for sentence in sentences:
        with torch.no_grad():
            hidden = model(torch.tensor([tokenizer.encode(sentence).ids])).last_hidden_state
        vectors.append(pooled([hidden.numpy()]))
    return np.array(vectors)


def embed_by_tenon(tenon, artifact, tokenizer, folder, sentences, batch):
    text, vectors = folder / "sentences.txt", folder / "vectors.npz"
    text.write_text("\n".join(sentences) + "\n")
    subprocess.run(
        [tenon, "embed", artifact, f"--tokenizer={tokenizer}", f"--sentences={text}", f"--batch={batch}",
         f"--max-tokens={MAX_TOKENS}", "--quiet", "-o", vectors], check=True, stdout=subprocess.DEVNULL)
    return np.load(vectors)["embeddings"]


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("tokenizer")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--pytorch")
    return parser.parse_args()


def main():
    options = parse()
    folder = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    sentences = make_sentences(options.tokenizer, np.random.default_rng(0))
    tokenizer = open_tokenizer(options.tokenizer)
    wrong = 0
    for model in options.models:
        if options.pytorch:
            expected = embed_by_pytorch(options.pytorch, tokenizer, sentences)
        else:
            expected = embed_by_onnxruntime(model, tokenizer, sentences)
        artifacts = {dtype: folder / f"model-{dtype}.tenon" for dtype in LEAST_COSINE}
        for dtype, artifact in artifacts.items():
            subprocess.run([options.tenon, "compile", model, f"--dtype={dtype}", "-o", artifact], check=True)
        for dtype, batch in [*(("f32", batch) for batch in BATCHES), ("bf16", BATCHES[-1])]:
            found = embed_by_tenon(options.tenon, artifacts[dtype], options.tokenizer, folder, sentences, batch)
            cosines = (found * expected).sum(axis=1)
            worst = int(np.argmin(np.nan_to_num(cosines, nan=-1)))
            print(f"{pathlib.Path(model).name}, {dtype}, batch {batch}: least cosine {cosines[worst]:.7f}, "
                  f"at sentence {worst} of {len(sentences)}")
            wrong += not cosines[worst] >= LEAST_COSINE[dtype]
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
