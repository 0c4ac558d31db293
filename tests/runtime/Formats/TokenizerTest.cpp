// tokenizer.json files are read or refused with one error that names the field;
// ids are compared with the reference library by
// tokenizer_against_reference.py.
#include "runtime/Formats/Tokenizer.h"

#include <gtest/gtest.h>

using namespace tenon::rt;

namespace {

using Ids = std::vector<int64_t>;

constexpr std::string_view kFile = R"({
  "version": "1.0",
  "truncation": {"max_length": 6, "strategy": "LongestFirst", "stride": 0},
  "padding": {"strategy": "BatchLongest", "direction": "Right",
              "pad_to_multiple_of": null, "pad_id": 9, "pad_type_id": 0,
              "pad_token": "[PAD]"},
  "added_tokens": [{"id": 2, "content": "[SEP]", "special": true,
                    "single_word": false, "lstrip": false, "rstrip": false,
                    "normalized": false}],
  "normalizer": {"type": "BertNormalizer", "clean_text": true,
                 "handle_chinese_chars": true, "strip_accents": null,
                 "lowercase": true},
  "pre_tokenizer": {"type": "BertPreTokenizer"},
  "post_processor": {"type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
               {"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [{"Sequence": {"id": "A", "type_id": 0}},
             {"Sequence": {"id": "B", "type_id": 1}}],
    "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]}}},
  "decoder": null,
  "model": {"type": "WordPiece", "unk_token": "[UNK]",
            "continuing_subword_prefix": "##", "max_input_chars_per_word": 8,
            "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "em": 3, "##bed": 4,
                      "e": 5, ",": 6, "##s": 7, "bed": 8}}
})";

/// The file with one place changed; the place must be there.
std::string changed(std::string_view from, std::string_view to) {
  std::string text(kFile);
  size_t at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return text.replace(at, from.size(), to);
}

Tokenizer parsed(std::string_view text) {
  Result<Tokenizer> tokenizer = Tokenizer::parse(text, "t.json");
  if (!tokenizer) // nothing else in the test would make sense
    ADD_FAILURE() << tokenizer.error().message, std::abort();
  return *tokenizer;
}

std::string errorOf(const std::string &text) {
  Result<Tokenizer> tokenizer = Tokenizer::parse(text, "t.json");
  if (tokenizer)
    return "";
  EXPECT_EQ(tokenizer.error().code, Code::BadInput);
  return tokenizer.error().message;
}

Ids idsOf(const Tokenizer &tokenizer, const TokenizerInput &input) {
  Result<TokenEncoding> encoding = tokenizer.encode(input);
  EXPECT_TRUE(encoding) << encoding.error().message;
  return encoding ? encoding->ids : Ids();
}

TEST(Tokenizer, CutsWordsIntoTheLongestPieces) {
  Tokenizer tokenizer = parsed(kFile);
  EXPECT_EQ(idsOf(tokenizer, "Embeds, \u00c9!"), (Ids{1, 3, 4, 7, 6, 5}));
  EXPECT_EQ(idsOf(tokenizer, "embedx"), (Ids{1, 0})) << "no piece for x";
  EXPECT_EQ(idsOf(tokenizer, "embedsss"), (Ids{1, 3, 4, 7, 7, 7}));
  EXPECT_EQ(idsOf(tokenizer, "embedssss"), (Ids{1, 0})) << "above 8 chars";
  EXPECT_EQ(idsOf(tokenizer, "bed[SEP]bed"), (Ids{1, 8, 2, 8}));
  EXPECT_EQ(idsOf(tokenizer, ""), (Ids{1}));
}

TEST(Tokenizer, InvalidBytesAreReadAsReplacements) {
  Tokenizer tokenizer = parsed(kFile);
  // U+FFFD is cleaned away, so the two halves are one word.
  EXPECT_EQ(idsOf(tokenizer, "em\xff\x80"
                             "bed"),
            (Ids{1, 3, 4}));
  tokenizer = parsed(changed("\"clean_text\": true", "\"clean_text\": false"));
  EXPECT_EQ(idsOf(tokenizer, "e \xe4\xb8"), (Ids{1, 5, 0}));
}

TEST(Tokenizer, PairsAreCutEvenlyAndHaveTypes) {
  Tokenizer tokenizer = parsed(kFile);
  Result<TokenEncoding> encoding =
      tokenizer.encode({"e e e e e", "bed bed bed bed"});
  ASSERT_TRUE(encoding) << encoding.error().message;
  EXPECT_EQ(encoding->ids, (Ids{5, 5, 5, 8, 8, 8}));
  EXPECT_EQ(encoding->typeIds, (Ids{0, 0, 0, 1, 1, 1}));
}

TEST(Tokenizer, BatchesArePaddedToTheLongest) {
  Tokenizer tokenizer = parsed(kFile);
  TokenizerInput inputs[] = {{"e"}, {"e e e"}};
  Result<TokenBatch> batch = tokenizer.encodeBatch(inputs);
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(batch->numRows, 2u);
  EXPECT_EQ(batch->lengthTokens, 4u);
  EXPECT_EQ(batch->ids, (Ids{1, 5, 9, 9, 1, 5, 5, 5}));
  EXPECT_EQ(batch->attentionMask, (Ids{1, 1, 0, 0, 1, 1, 1, 1}));
  EXPECT_EQ(batch->typeIds, Ids(8, 0));
  Result<TokenBatch> empty = tokenizer.encodeBatch({});
  ASSERT_TRUE(empty) << empty.error().message;
  EXPECT_EQ(empty->numRows, 0u);
  EXPECT_EQ(empty->lengthTokens, 0u);
}

TEST(Tokenizer, ABatchIsRectangularWhateverThePadding) {
  Tokenizer tokenizer = parsed(kFile);
  TokenizerInput inputs[] = {{"e"}, {"e e e"}};
  tokenizer.setPadding(Padding{.lengthTokens = 3, .padsLeft = true, .id = 9});
  Result<TokenBatch> longer = tokenizer.encodeBatch(inputs);
  ASSERT_TRUE(longer) << longer.error().message;
  EXPECT_EQ(longer->lengthTokens, 4u) << "the longest row is above 3";
  EXPECT_EQ(longer->ids, (Ids{9, 9, 1, 5, 1, 5, 5, 5}));
  tokenizer.setPadding(std::nullopt);
  Result<TokenBatch> plain = tokenizer.encodeBatch(inputs);
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(plain->ids, (Ids{1, 5, 0, 0, 1, 5, 5, 5}));
  EXPECT_EQ(idsOf(tokenizer, "e"), (Ids{1, 5})) << "one text is not padded";
}

TEST(Tokenizer, TheCallerMayReplaceTheCut) {
  Tokenizer tokenizer = parsed(kFile);
  tokenizer.setTruncation(std::nullopt);
  EXPECT_EQ(idsOf(tokenizer, "e e e e e e e").size(), 8u);
  tokenizer.setTruncation(Truncation{.maxTokens = 3, .cutsLeft = true});
  EXPECT_EQ(idsOf(tokenizer, "e e bed ,"), (Ids{1, 8, 6}));
  tokenizer.setAddsSpecialTokens(false);
  EXPECT_EQ(idsOf(tokenizer, "e e bed ,"), (Ids{5, 8, 6}));
}

TEST(Tokenizer, CutsThatAreImpossible) {
  using Strategy = Truncation::Strategy;
  Tokenizer tokenizer = parsed(kFile);
  auto messageOf = [&](const TokenizerInput &input) {
    Result<TokenEncoding> encoding = tokenizer.encode(input);
    return encoding ? "" : encoding.error().message;
  };
  tokenizer.setTruncation(Truncation{.maxTokens = 0});
  EXPECT_EQ(messageOf("e"), "cannot cut a text to 0 tokens: the special tokens "
                            "alone are 1");
  tokenizer.setTruncation(Truncation{2, Strategy::OnlySecond});
  EXPECT_EQ(messageOf("e e"),
            "cannot cut only the second text of a pair: there "
            "is one text, of 2 tokens where 1 are allowed");
  EXPECT_EQ(messageOf({"e e", "e"}),
            "cannot cut only the second text: it has 1 "
            "tokens and 1 are too many");
  tokenizer.setTruncation(Truncation{2, Strategy::OnlyFirst});
  EXPECT_EQ(messageOf({"e", "e e"}), "cannot cut only the first text: it has 1 "
                                     "tokens and 1 are too many");
  TokenizerInput inputs[] = {{"e"}, {"e", "e e"}};
  Result<TokenBatch> batch = tokenizer.encodeBatch(inputs);
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().message, "text 1 of the batch: cannot cut only the "
                                   "first text: it has 1 tokens and 1 are too "
                                   "many");
}

TEST(Tokenizer, IdsByToken) {
  Tokenizer tokenizer = parsed(kFile);
  EXPECT_EQ(tokenizer.idOf("[SEP]"), 2);
  EXPECT_EQ(tokenizer.idOf("##bed"), 4);
  EXPECT_EQ(tokenizer.idOf("bird"), std::nullopt);
}

TEST(Tokenizer, UnsupportedComponentsAreNamed) {
  EXPECT_EQ(errorOf(changed("\"BertNormalizer\"", "\"Sequence\"")),
            "t.json: normalizer.type is 'Sequence', which is not supported; "
            "BertNormalizer and null are");
  EXPECT_EQ(
      errorOf(changed("\"BertPreTokenizer\"", "\"ByteLevel\"")),
      "t.json: pre_tokenizer.type is 'ByteLevel', which is not supported; "
      "BertPreTokenizer and null are");
  EXPECT_EQ(
      errorOf(changed("\"WordPiece\"", "\"BPE\"")),
      "t.json: model.type is 'BPE', which is not supported; WordPiece is");
  EXPECT_EQ(errorOf(changed("\"TemplateProcessing\"", "\"RobertaProcessing\"")),
            "t.json: post_processor.type is 'RobertaProcessing', which is not "
            "supported; TemplateProcessing, BertProcessing and null are");
  EXPECT_EQ(errorOf(changed("\"1.0\"", "\"2.0\"")),
            "t.json: version is '2.0', which is not supported; '1.0' is");
  EXPECT_EQ(errorOf(changed("\"LongestFirst\"", "\"Middle\"")),
            "t.json: truncation.strategy is 'Middle', which is not supported; "
            "LongestFirst, OnlyFirst and OnlySecond are");
  EXPECT_EQ(errorOf(changed("\"BatchLongest\"", "\"Longest\"")),
            "t.json: padding.strategy is 'Longest', which is not supported; "
            "BatchLongest and Fixed are");
  EXPECT_EQ(errorOf(changed("\"Right\"", "\"Up\"")),
            "t.json: padding.direction is 'Up', which is not supported; Left "
            "and Right are");
}

TEST(Tokenizer, FieldsThatAreNotWhatTheyShouldBe) {
  EXPECT_EQ(errorOf("[]"),
            "t.json: model.continuing_subword_prefix is missing; "
            "it should be a string");
  EXPECT_EQ(errorOf(changed("\"clean_text\": true", "\"clean_text\": 1")),
            "t.json: normalizer.clean_text should be true or false but is a "
            "number");
  EXPECT_EQ(errorOf(changed("\"max_length\": 6", "\"max_length\": -6")),
            "t.json: truncation.max_length is -6; it should be an integer from "
            "0 to 2147483647");
  EXPECT_EQ(errorOf(changed("\"max_length\": 6", "\"max_length\": 6.5")),
            "t.json: truncation.max_length should be an integer from 0 to "
            "2147483647 but is a number");
  EXPECT_EQ(errorOf(changed("\"em\": 3", "\"em\": 4294967296")),
            "t.json: model.vocab should give 'em' an integer from 0 to "
            "2147483647");
  EXPECT_EQ(errorOf(changed("\"[UNK]\": 0, ", "")),
            "t.json: model.unk_token is '[UNK]', which is not in the "
            "vocabulary");
  EXPECT_EQ(errorOf(changed("{\"Sequence\": {\"id\": \"A\"", "{\"Other\": {")),
            "t.json:16:27: expected the name of a member, in quotes");
  EXPECT_EQ(
      errorOf(changed("{\"Sequence\": {", "{\"Other\": {")),
      "t.json: post_processor.single[1] has neither Sequence nor SpecialToken");
}

TEST(Tokenizer, TemplatesThatCannotBeFilled) {
  EXPECT_EQ(errorOf(changed("\"A\"", "\"B\"")),
            "t.json: post_processor.single[1].Sequence.id should be A but is "
            "'B'");
  EXPECT_EQ(
      errorOf(changed("\"B\"", "\"C\"")),
      "t.json: post_processor.pair[1].Sequence.id should be A or B but is "
      "'C'");
  EXPECT_EQ(
      errorOf(changed("{\"id\": \"[CLS]\", \"type_id\"",
                      "{\"id\": \"[BOS]\", \"type_id\"")),
      "t.json: post_processor.single[0].SpecialToken.id is '[BOS]', which "
      "special_tokens lacks");
}

TEST(Tokenizer, AddedTokensThatCannotBe) {
  EXPECT_EQ(
      errorOf(changed("\"id\": 2, \"content\"", "\"id\": 3, \"content\"")),
      "t.json: added_tokens[0].id is 3 but '[SEP]' has the number 2");
  EXPECT_EQ(errorOf(changed("\"content\": \"[SEP]\"", "\"content\": \"new\"")),
            "t.json: added_tokens[0].id is 2 but 'new' has the number 9");
  EXPECT_EQ(errorOf(changed("\"content\": \"[SEP]\"", "\"content\": \"\"")),
            "t.json: added_tokens[0].content is empty");
  std::string control = changed("\"id\": 2, \"content\": \"[SEP]\"",
                                "\"id\": 9, \"content\": \"\\u0001\"");
  size_t flag = control.find("\"normalized\": false");
  EXPECT_EQ(errorOf(control.replace(flag, 19, "\"normalized\": true")),
            "t.json: added_tokens has '\x01', of which normalization leaves "
            "nothing to find");
  std::string token(kFile.substr(kFile.find("[{\"id\": 2") + 1));
  token.resize(token.find('}') + 1);
  EXPECT_EQ(errorOf(changed("[{\"id\": 2", "[" + token + ", {\"id\": 2")),
            "t.json: added_tokens[1].content is '[SEP]', which is listed "
            "before");
}

TEST(Tokenizer, EveryTruncationIsAnError) {
  for (size_t size = 0; size < kFile.size(); ++size)
    ASSERT_NE(errorOf(std::string(kFile.substr(0, size))), "") << size;
}

TEST(Tokenizer, MissingFile) {
  Result<Tokenizer> tokenizer = Tokenizer::open("/nowhere/tokenizer.json");
  ASSERT_FALSE(tokenizer);
  EXPECT_EQ(tokenizer.error().message,
            "/nowhere/tokenizer.json: cannot open the file: No such file or "
            "directory");
}

} // namespace
