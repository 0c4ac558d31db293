// JSON texts become values; whatever RFC 8259 forbids is one error with its
// line and column.
#include "runtime/Formats/Json.h"

#include <gtest/gtest.h>

using namespace tenon::rt;

namespace {

json::Value parsed(std::string_view text) {
  Result<json::Value> root = json::parse(text, "t.json");
  EXPECT_TRUE(root) << root.error().message;
  return root ? *root : json::Value();
}

std::string errorOf(std::string_view text) {
  Result<json::Value> root = json::parse(text, "t.json");
  if (root)
    return "";
  EXPECT_EQ(root.error().code, Code::BadInput);
  return root.error().message;
}

TEST(Json, ReadsEachKindOfValue) {
  json::Value root = parsed(" { \"a\": [1, -2.5e1, true, false, null],\n"
                            "   \"b\": {}, \"c\": \"x\" } ");
  ASSERT_TRUE(root.object());
  EXPECT_EQ(root.object()->size(), 3u);
  const json::Array &a = *root.find("a")->array();
  ASSERT_EQ(a.size(), 5u);
  EXPECT_EQ(a[0].integer(), 1);
  EXPECT_EQ(a[0].number(), 1.0);
  EXPECT_EQ(a[1].number(), -25.0);
  EXPECT_EQ(a[1].integer(), std::nullopt);
  EXPECT_EQ(a[2].boolean(), true);
  EXPECT_EQ(a[3].boolean(), false);
  EXPECT_TRUE(a[4].isNull());
  EXPECT_EQ(root.find("b")->object()->size(), 0u);
  EXPECT_EQ(*root.find("c")->string(), "x");
  EXPECT_EQ(root.find("d"), nullptr);
  EXPECT_EQ(root.find("c")->find("x"), nullptr);
  EXPECT_EQ(root.find("a")->offset(), 8u);
  EXPECT_EQ(root.find("c")->kind(), "a string");
}

TEST(Json, Integers) {
  EXPECT_EQ(parsed("9223372036854775807").integer(), INT64_MAX);
  EXPECT_EQ(parsed("-9223372036854775808").integer(), INT64_MIN);
  EXPECT_EQ(parsed("9223372036854775808").integer(), std::nullopt);
  EXPECT_EQ(parsed("9223372036854775808").number(), 0x1p63);
  EXPECT_EQ(parsed("-0").integer(), 0);
}

TEST(Json, Escapes) {
  EXPECT_EQ(*parsed(R"("\"\\\/\b\f\n\r\t")").string(), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(*parsed(R"("\u0041\u00e9\u4E2d\ud83d\ude00")").string(),
            "A\u00e9\u4e2d\U0001f600");
  EXPECT_EQ(*parsed(R"("\u0000")").string(), std::string(1, '\0'));
  EXPECT_EQ(*parsed("\"\u00e9\u4e2d\U0001f600\"").string(),
            "\u00e9\u4e2d\U0001f600");
}

TEST(Json, QuotedStringsAreReadBack) {
  std::string text = std::string("a\"\\/\n\0\x1f", 7) + "\u00e9";
  EXPECT_EQ(json::quote(text), "\"a\\\"\\\\/\\u000a\\u0000\\u001f\u00e9\"");
  EXPECT_EQ(*parsed(json::quote(text)).string(), text);
}

TEST(Json, EveryTruncationIsAnError) {
  std::string text = R"({"a": [1, "\u00e9"], "b": {"c": true}})";
  ASSERT_EQ(errorOf(text), "");
  for (size_t size = 0; size < text.size(); ++size)
    EXPECT_NE(errorOf(text.substr(0, size)), "") << size;
}

TEST(Json, PositionsCountLinesAndColumns) {
  EXPECT_EQ(errorOf("{\n  \"a\": 1\n  \"b\": 2}"),
            "t.json:3:3: expected ',' or '}' in an object");
  EXPECT_EQ(errorOf(""),
            "t.json:1:1: expected a value, but the text ends here");
}

TEST(Json, Errors) {
  const std::pair<std::string, std::string> cases[] = {
      {"[1,]", "1:4: expected a value"},
      {"[1 2]", "1:4: expected ',' or ']' in an array"},
      {"{\"a\":1,}", "1:8: expected the name of a member, in quotes"},
      {"{\"a\" 1}", "1:6: expected ':' after the name of a member"},
      {"{\"a\":1,\"a\":2}", "1:8: the object has two members 'a'"},
      {"1 2", "1:3: expected nothing after the value"},
      {"nul", "1:1: expected a value"},
      {"NaN", "1:1: expected a value"},
      {"+1", "1:1: expected a value"},
      {"-x", "1:2: expected a digit after '-'"},
      {"01", "1:2: expected nothing after the value"},
      {"1.", "1:3: expected a digit after '.', but the text ends here"},
      {"1.x", "1:3: expected a digit after '.'"},
      {"1ex", "1:3: expected a digit in the exponent"},
      {"1e999", "1:1: the number is too large or too small for a double"},
      {"\"ab", "1:1: the string has no end"},
      {"\"a\nb\"", "1:3: a control character in a string must be escaped"},
      {"\"\\x\"", "1:2: no such escape in a string"},
      {"\"\\u12\"", "1:2: expected four hexadecimal digits after '\\u'"},
      {"\"\\u+123\"", "1:2: expected four hexadecimal digits after '\\u'"},
      {"\"\\ude00\"", "1:2: a low surrogate without a high one before it"},
      {"\"\\ud83dx\"", "1:2: a high surrogate without a low one after it"},
      {"\"\\ud83d\\u0041\"",
       "1:2: a high surrogate without a low one after it"},
      {"\"a\xff\"", "1:3: the string is not well-formed UTF-8"},
      {"\"\xc0\xaf\"", "1:2: the string is not well-formed UTF-8"},
      {"\"\xed\xa0\x80\"", "1:2: the string is not well-formed UTF-8"},
      {"\"\xf4\x90\x80\x80\"", "1:2: the string is not well-formed UTF-8"},
      {"\"\xe4\xb8\"", "1:2: the string is not well-formed UTF-8"},
      {"\xef\xbb\xbf{}", "1:1: expected a value"},
      {"// no\n1", "1:1: expected a value"},
  };
  for (const auto &[text, message] : cases)
    EXPECT_EQ(errorOf(text), "t.json:" + message) << text;
}

TEST(Json, NestingIsLimited) {
  auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(errorOf(nested(json::kMaxDepth)), "");
  EXPECT_EQ(errorOf(nested(json::kMaxDepth + 1)),
            "t.json:1:101: more than 100 arrays and objects inside each other");
  EXPECT_EQ(errorOf(std::string(1000000, '[')),
            "t.json:1:101: more than 100 arrays and objects inside each other");
}

} // namespace
