//===- Tokenizer.h - texts to the token ids that a model takes ------------===//
//
//   Result<Tokenizer> tokenizer = Tokenizer::open("tokenizer.json");
//   if (!tokenizer)
//     return tokenizer.error();
//   Result<TokenBatch> batch = tokenizer->encodeBatch(texts);
//   // input_ids is batch->ids, i64[batch->numRows, batch->lengthTokens]
//
// Reads the tokenizer.json of Hugging Face's `tokenizers` where the model is
// WordPiece, with BertNormalizer, BertPreTokenizer, TemplateProcessing or
// BertProcessing (or none of these), added tokens, truncation and padding. Ids
// equal those of the library, version 0.23.3; other components are refused by
// name. Of a text that is cut, only the first window is given, so `stride` has
// no effect; `decoder` is not used.
//
// Bytes that are not well-formed UTF-8 are read as U+FFFD, one for each longest
// beginning of a sequence, as Python's errors="replace" does.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_FORMATS_TOKENIZER_H
#define TENON_RUNTIME_FORMATS_TOKENIZER_H

#include "runtime/Core/Status.h"
#include "runtime/Formats/AddedTokens.h"
#include "runtime/Formats/BertText.h"
#include "runtime/Formats/WordPiece.h"

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::rt {

/// How a text with too many tokens is cut; special tokens count.
struct Truncation {
  enum class Strategy {
    LongestFirst, ///< the longer of a pair, until both are equally long
    OnlyFirst,
    OnlySecond,
  };
  size_t maxTokens = 512;
  Strategy strategy = Strategy::LongestFirst;
  bool cutsLeft = false; ///< the last tokens stay, not the first
};

/// How rows are made equally long. A row that is longer already stays.
struct Padding {
  /// Unset: as long as the longest row of the batch.
  std::optional<size_t> lengthTokens;
  size_t multipleOf = 1; ///< the length is rounded up to a multiple
  bool padsLeft = false;
  int64_t id = 0;
  int64_t typeId = 0;
};

/// One text, or a pair of texts, to be encoded.
struct TokenizerInput {
  /// Implicit for whatever is a string; it must outlive the input.
  template <std::convertible_to<std::string_view> Text>
  TokenizerInput(const Text &text) : first(text) {}
  TokenizerInput(std::string_view text, std::string_view pair)
      : first(text), second(pair) {}

  std::string_view first;
  std::optional<std::string_view> second;
};

/// Each has one value a token.
struct TokenEncoding {
  std::vector<int64_t> ids;
  std::vector<int64_t> attentionMask; ///< 1, and 0 for padding
  std::vector<int64_t> typeIds;       ///< mostly 0 for a text, 1 for its pair
};

/// Rows of one length, row after row: each vector has numRows * lengthTokens.
struct TokenBatch {
  size_t numRows = 0, lengthTokens = 0;
  std::vector<int64_t> ids, attentionMask, typeIds;
};

/// Immutable once set up: any number of threads may encode with one.
class Tokenizer {
public:
  /// Reads the file `path`. BadInput when it is damaged or asks for what is not
  /// supported: one error that names the field.
  static Result<Tokenizer> open(const std::string &path);
  /// The same for the file's text; `origin` opens the errors.
  static Result<Tokenizer> parse(std::string_view json,
                                 const std::string &origin);

  /// Encodes with the special tokens, cut and padded as the file says or as the
  /// setters have changed it. BadInput when the cut is impossible.
  Result<TokenEncoding> encode(const TokenizerInput &input) const;

  /// Encodes each input and pads all rows to one length: as padding says, but
  /// at least to the longest row.
  Result<TokenBatch> encodeBatch(std::span<const TokenizerInput> inputs) const;

  /// Replace what the file says; nothing: do not cut, do not pad.
  void setTruncation(std::optional<Truncation> value) { truncation = value; }
  void setPadding(std::optional<Padding> value) { padding = value; }
  const std::optional<Truncation> &getTruncation() const { return truncation; }
  const std::optional<Padding> &getPadding() const { return padding; }
  /// Whether the template's special tokens are added: so at first.
  void setAddsSpecialTokens(bool value) { addsSpecialTokens = value; }

  /// The number of a token, added or of the vocabulary.
  std::optional<int64_t> idOf(const std::string &token) const;

  /// What encode does to a text between added tokens, for people and tests.
  std::string normalize(std::string_view text) const;
  std::vector<std::string_view> splitWords(std::string_view normalized) const;

private:
  friend class TokenizerReader;

  /// A part of what is made of one text or of a pair.
  struct TemplatePart {
    enum class Kind { First, Second, Special } kind;
    std::vector<int32_t> ids; ///< of a Special
    int64_t typeId = 0;
  };
  using Template = std::vector<TemplatePart>;

  explicit Tokenizer(WordPiece model) : model(std::move(model)) {}

  std::vector<int32_t> tokenize(std::string_view text) const;
  void tokenizeBetween(std::string_view text, std::vector<int32_t> &ids) const;
  Result<void> truncate(std::vector<int32_t> &first,
                        std::vector<int32_t> *second, size_t numSpecial) const;
  Result<TokenEncoding> encodeUnpadded(const TokenizerInput &input) const;
  void pad(TokenEncoding &encoding, size_t lengthTokens) const;

  WordPiece model;
  std::optional<BertNormalizer> normalizer;
  bool splitsWords = false; ///< by splitBertWords; else a text is one word
  AddedTokens rawTokens, normalizedTokens;
  Template single, pair;
  std::optional<Truncation> truncation;
  std::optional<Padding> padding;
  bool addsSpecialTokens = true;
  std::unordered_map<std::string, int32_t> addedIds;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_FORMATS_TOKENIZER_H
