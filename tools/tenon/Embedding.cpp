//===- Embedding.cpp - from tokens to unit vectors, and their neighbours --===//

#include "tools/tenon/Embedding.h"

#include "runtime/Core/Message.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace tenon::tool {

using rt::badInput;
using rt::Result;

static Result<void> checkInputs(const abi::Plan &plan) {
  static constexpr std::string_view kKnown[] = {"input_ids", "attention_mask",
                                                "token_type_ids"};
  for (const abi::Tensor &input : plan.inputs)
    if (std::ranges::find(kKnown, input.name) == std::end(kKnown) ||
        input.dtype != abi::DType::I64 || input.dims.size() != 2)
      return badInput("the model embeds no text: expected input_ids, "
                      "attention_mask and token_type_ids, i64 [B, L], got ",
                      rt::describe(plan, input));
  return {};
}

/// The first f32 output of rank 2, or else the first of rank 3.
static Result<size_t> chooseOutput(const abi::Plan &plan) {
  for (size_t rank : {2, 3})
    for (size_t i = 0; i < plan.outputs.size(); ++i)
      if (plan.outputs[i].dtype == abi::DType::F32 &&
          plan.outputs[i].dims.size() == rank)
        return i;
  return badInput("the model has no output that is an embedding: expected one "
                  "that is f32 [B, D] or [B, L, D]");
}

Result<Embedder> Embedder::create(Session &session, rt::Tokenizer &tokenizer) {
  if (auto checked = checkInputs(session.plan()); !checked)
    return checked.error();
  Result<size_t> output = chooseOutput(session.plan());
  if (!output)
    return output.error();
  return Embedder(session, tokenizer, *output);
}

static Tensors inputsOf(const abi::Plan &plan, const rt::TokenBatch &batch) {
  Tensors inputs;
  for (const abi::Tensor &input : plan.inputs) {
    const std::vector<int64_t> &values = input.name == "input_ids" ? batch.ids
                                         : input.name == "attention_mask"
                                             ? batch.attentionMask
                                             : batch.typeIds;
    auto bytes = std::as_bytes(std::span(values));
    inputs.push_back({input.name,
                      abi::DType::I64,
                      {int64_t(batch.numRows), int64_t(batch.lengthTokens)},
                      {bytes.begin(), bytes.end()}});
  }
  return inputs;
}

Vector poolMean(std::span<const float> rows, std::span<const int64_t> mask) {
  size_t width = rows.size() / mask.size();
  Vector mean(width);
  int64_t numTokens = 0;
  for (size_t token = 0; token < mask.size(); ++token) {
    if (mask[token] == 0)
      continue;
    ++numTokens;
    for (size_t i = 0; i < width; ++i)
      mean[i] += rows[token * width + i];
  }
  for (float &value : mean)
    value /= float(std::max<int64_t>(numTokens, 1));
  return mean;
}

void normalise(Vector &vector) {
  float squares =
      std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0f);
  if (squares > 0)
    for (float &value : vector)
      value /= std::sqrt(squares);
}

Result<std::vector<Vector>>
Embedder::embed(std::span<const rt::TokenizerInput> texts) {
  Result<rt::TokenBatch> batch = tokenizer.encodeBatch(texts);
  if (!batch)
    return batch.error();
  Tensors inputs = inputsOf(session.plan(), *batch);
  if (auto bound = session.bind(inputs); !bound)
    return bound.error();
  if (auto done = session.context().run(); !done)
    return done.error();
  Result<rt::OutputView> found = session.context().output(output);
  if (!found)
    return found.error();
  std::span<const float> numbers(static_cast<const float *>(found->data),
                                 found->bytes / sizeof(float));
  size_t rowSize = numbers.size() / batch->numRows;
  std::vector<Vector> vectors;
  for (size_t row = 0; row < batch->numRows; ++row) {
    auto part = numbers.subspan(row * rowSize, rowSize);
    auto mask = std::span<const int64_t>(batch->attentionMask)
                    .subspan(row * batch->lengthTokens, batch->lengthTokens);
    vectors.push_back(found->shape.size() == 2
                          ? Vector(part.begin(), part.end())
                          : poolMean(part, mask));
    normalise(vectors.back());
  }
  return vectors;
}

std::vector<Neighbour> nearest(std::span<const Vector> vectors, size_t of,
                               size_t count) {
  std::vector<Neighbour> all;
  for (size_t i = 0; i < vectors.size(); ++i)
    if (i != of)
      all.push_back({i, std::inner_product(vectors[i].begin(), vectors[i].end(),
                                           vectors[of].begin(), 0.0f)});
  count = std::min(count, all.size());
  std::ranges::partial_sort(all, all.begin() + std::ptrdiff_t(count),
                            [](const Neighbour &a, const Neighbour &b) {
                              return a.cosine > b.cosine;
                            });
  all.resize(count);
  return all;
}

} // namespace tenon::tool
