// Encoding, in this order:
//   1. added tokens are found in the raw text, the rest is normalized;
//   2. added tokens are found in the normalized text;
//   3. what is between them is split into words, and words into pieces;
//   4. the ids are cut, put into the template, and padded.
#include "runtime/Formats/Tokenizer.h"

#include "runtime/Formats/Utf8.h"

#include <algorithm>

namespace tenon::rt {
namespace {

/// The text with U+FFFD where it is not well-formed; `storage` holds it then.
std::string_view wellFormed(std::string_view text, std::string &storage) {
  if (isUtf8(text))
    return text;
  while (!text.empty()) {
    Decoded next = decodeUtf8(text);
    appendUtf8(storage, next.codePoint);
    text.remove_prefix(next.sizeBytes);
  }
  return storage;
}

/// Of a pair with more than `limit` tokens, how many of each stay: the shorter
/// one is kept whole while it has at most half.
std::pair<size_t, size_t> shares(size_t first, size_t second, size_t limit) {
  size_t shorter = std::min(first, second);
  size_t longer =
      shorter > limit ? shorter : std::max(shorter, limit - shorter);
  if (shorter + longer > limit) {
    shorter = limit / 2;
    longer = limit - shorter;
  }
  return first > second ? std::pair(longer, shorter)
                        : std::pair(shorter, longer);
}

void cut(std::vector<int32_t> &ids, size_t limit, bool cutsLeft) {
  if (ids.size() <= limit)
    return;
  if (cutsLeft)
    ids.erase(ids.begin(), ids.end() - limit);
  else
    ids.resize(limit);
}

size_t roundUp(size_t value, size_t multiple) {
  return multiple > 1 ? (value + multiple - 1) / multiple * multiple : value;
}

Error badInput(const std::string &message) { return {Code::BadInput, message}; }

} // namespace

std::string Tokenizer::normalize(std::string_view text) const {
  std::string storage;
  text = wellFormed(text, storage);
  return normalizer ? normalizer->normalize(text) : std::string(text);
}

std::vector<std::string_view>
Tokenizer::splitWords(std::string_view normalized) const {
  if (splitsWords)
    return splitBertWords(normalized);
  if (normalized.empty())
    return {};
  return {normalized};
}

std::optional<int64_t> Tokenizer::idOf(const std::string &token) const {
  for (const auto *ids : {&addedIds, &model.vocabulary()})
    if (auto found = ids->find(token); found != ids->end())
      return found->second;
  return std::nullopt;
}

/// Steps 2 and 3, for text between the tokens of step 1.
void Tokenizer::tokenizeBetween(std::string_view text,
                                std::vector<int32_t> &ids) const {
  std::string normalized = normalize(text);
  for (const AddedTokens::Piece &piece : normalizedTokens.split(normalized)) {
    if (piece.id)
      ids.push_back(*piece.id);
    for (std::string_view word : splitWords(piece.text))
      model.append(word, ids);
  }
}

std::vector<int32_t> Tokenizer::tokenize(std::string_view text) const {
  std::string storage;
  std::vector<int32_t> ids;
  for (const AddedTokens::Piece &piece :
       rawTokens.split(wellFormed(text, storage)))
    if (piece.id)
      ids.push_back(*piece.id);
    else
      tokenizeBetween(piece.text, ids);
  return ids;
}

Result<void> Tokenizer::truncate(std::vector<int32_t> &first,
                                 std::vector<int32_t> *second,
                                 size_t numSpecial) const {
  using Strategy = Truncation::Strategy;
  if (!truncation)
    return {};
  if (truncation->maxTokens < numSpecial)
    return badInput(
        "cannot cut a text to " + std::to_string(truncation->maxTokens) +
        " tokens: the special tokens alone are " + std::to_string(numSpecial));
  size_t limit = truncation->maxTokens - numSpecial;
  size_t total = first.size() + (second ? second->size() : 0);
  if (total <= limit)
    return {};
  bool cutsLeft = truncation->cutsLeft;
  if (limit == 0) {
    first.clear();
    if (second)
      second->clear();
    return {};
  }
  if (truncation->strategy == Strategy::LongestFirst) {
    auto [keepFirst, keepSecond] =
        second ? shares(first.size(), second->size(), limit)
               : std::pair(limit, size_t(0));
    cut(first, keepFirst, cutsLeft);
    if (second)
      cut(*second, keepSecond, cutsLeft);
    return {};
  }
  bool cutsFirst = truncation->strategy == Strategy::OnlyFirst;
  if (!cutsFirst && !second)
    return badInput("cannot cut only the second text of a pair: there is one "
                    "text, of " +
                    std::to_string(total) + " tokens where " +
                    std::to_string(limit) + " are allowed");
  std::vector<int32_t> &target = cutsFirst ? first : *second;
  if (target.size() <= total - limit)
    return badInput(std::string("cannot cut only the ") +
                    (cutsFirst ? "first" : "second") + " text: it has " +
                    std::to_string(target.size()) + " tokens and " +
                    std::to_string(total - limit) + " are too many");
  cut(target, target.size() - (total - limit), cutsLeft);
  return {};
}

Result<TokenEncoding>
Tokenizer::encodeUnpadded(const TokenizerInput &input) const {
  std::vector<int32_t> first = tokenize(input.first), second;
  if (input.second)
    second = tokenize(*input.second);
  const Template &parts = input.second ? pair : single;
  size_t numSpecial = 0;
  if (addsSpecialTokens)
    for (const TemplatePart &part : parts)
      numSpecial += part.ids.size();
  Result<void> isCut =
      truncate(first, input.second ? &second : nullptr, numSpecial);
  if (!isCut)
    return isCut.error();
  TokenEncoding encoding;
  for (const TemplatePart &part : parts) {
    if (part.kind == TemplatePart::Kind::Special && !addsSpecialTokens)
      continue;
    const std::vector<int32_t> &ids =
        part.kind == TemplatePart::Kind::First    ? first
        : part.kind == TemplatePart::Kind::Second ? second
                                                  : part.ids;
    encoding.ids.insert(encoding.ids.end(), ids.begin(), ids.end());
    encoding.typeIds.resize(encoding.ids.size(), part.typeId);
  }
  encoding.attentionMask.assign(encoding.ids.size(), 1);
  return encoding;
}

void Tokenizer::pad(TokenEncoding &encoding, size_t lengthTokens) const {
  size_t size = encoding.ids.size();
  if (size >= lengthTokens)
    return;
  Padding with = padding.value_or(Padding());
  auto fill = [&](std::vector<int64_t> &values, int64_t value) {
    values.insert(with.padsLeft ? values.begin() : values.end(),
                  lengthTokens - size, value);
  };
  fill(encoding.ids, with.id);
  fill(encoding.attentionMask, 0);
  fill(encoding.typeIds, with.typeId);
}

Result<TokenEncoding> Tokenizer::encode(const TokenizerInput &input) const {
  Result<TokenEncoding> encoding = encodeUnpadded(input);
  if (encoding && padding) {
    size_t length = padding->lengthTokens.value_or(encoding->ids.size());
    pad(*encoding, roundUp(length, padding->multipleOf));
  }
  return encoding;
}

Result<TokenBatch>
Tokenizer::encodeBatch(std::span<const TokenizerInput> inputs) const {
  std::vector<TokenEncoding> rows;
  size_t longest = 0;
  for (const TokenizerInput &input : inputs) {
    Result<TokenEncoding> row = encodeUnpadded(input);
    if (!row)
      return badInput("text " + std::to_string(rows.size()) +
                      " of the batch: " + row.error().message);
    longest = std::max(longest, row->ids.size());
    rows.push_back(std::move(*row));
  }
  TokenBatch batch{rows.size(), longest, {}, {}, {}};
  if (padding && !rows.empty())
    batch.lengthTokens =
        std::max(longest, roundUp(padding->lengthTokens.value_or(longest),
                                  padding->multipleOf));
  auto append = [](std::vector<int64_t> &all, const std::vector<int64_t> &row) {
    all.insert(all.end(), row.begin(), row.end());
  };
  for (TokenEncoding &row : rows) {
    pad(row, batch.lengthTokens);
    append(batch.ids, row.ids);
    append(batch.attentionMask, row.attentionMask);
    append(batch.typeIds, row.typeIds);
  }
  return batch;
}

} // namespace tenon::rt
