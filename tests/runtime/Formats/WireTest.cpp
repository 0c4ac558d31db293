// Protobuf messages are read field by field; damaged ones are one error each.
#include "runtime/Formats/Wire.h"

#include "tests/runtime/Formats/TemporaryFile.h"

#include <algorithm>
#include <gtest/gtest.h>

using namespace tenon::rt;
using tenon::test::bytes;

namespace {

/// Walks all fields of `message` and of every nested field 3.
void walk(wire::Message message) {
  while (message.next())
    if (message.field() == 3)
      walk(message.message("Inner"));
}

/// The error that reading `input` to its end gives.
std::string errorOf(const std::string &input) {
  wire::Document document(input, "m.pb");
  walk(document.root("Outer"));
  if (!document.failed())
    return "";
  EXPECT_EQ(document.error().code, Code::BadInput);
  return document.error().message;
}

TEST(Wire, ReadsEachKindOfField) {
  std::string input = bytes("\x08\x96\x01" // 1: 150
                            "\x12\x03"
                            "abc"                                  // 2: "abc"
                            "\x1d\x00\x00\xc0\x3f"                 // 3: 1.5f
                            "\x21\x00\x00\x00\x00\x00\x00\x04\xc0" // 4: -2.5
                            "\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                            "\x30\x01"); // 6: true
  wire::Document document(input, "m.pb");
  wire::Message message = document.root("Outer");
  ASSERT_TRUE(message.next());
  EXPECT_EQ(message.field(), 1u);
  EXPECT_EQ(message.type(), wire::Type::Varint);
  EXPECT_EQ(message.int64(), 150);
  ASSERT_TRUE(message.next());
  EXPECT_EQ(message.bytes(), "abc");
  EXPECT_EQ(message.bytes().data(), input.data() + 5) << "a view, not a copy";
  ASSERT_TRUE(message.next());
  EXPECT_EQ(message.float32(), 1.5f);
  ASSERT_TRUE(message.next());
  EXPECT_EQ(message.float64(), -2.5);
  ASSERT_TRUE(message.next());
  EXPECT_EQ(message.int32(), -1);
  EXPECT_EQ(message.int64(), -1);
  EXPECT_EQ(message.uint64(), UINT64_MAX);
  ASSERT_TRUE(message.next());
  EXPECT_TRUE(message.boolean());
  EXPECT_FALSE(message.next());
  EXPECT_FALSE(document.failed()) << document.error().message;
}

TEST(Wire, AnEmptyMessageHasNoFields) {
  wire::Document document("", "m.pb");
  EXPECT_FALSE(document.root("Outer").next());
  EXPECT_FALSE(document.failed());
}

TEST(Wire, ReadsNestedMessages) {
  std::string input = bytes("\x0a\x02\x08\x07\x10\x09");
  wire::Document document(input, "m.pb");
  wire::Message outer = document.root("Outer");
  ASSERT_TRUE(outer.next());
  wire::Message inner = outer.message("Inner");
  EXPECT_EQ(inner.sizeBytes(), 2u);
  ASSERT_TRUE(inner.next());
  EXPECT_EQ(inner.int64(), 7);
  EXPECT_FALSE(inner.next());
  ASSERT_TRUE(outer.next());
  EXPECT_EQ(outer.int64(), 9);
}

TEST(Wire, ListsArePackedOrNot) {
  std::string input = bytes("\x08\x05\x0a\x03\x06\x80\x01"
                            "\x15\x00\x00\x80\x3f\x12\x04\x00\x00\x00\x40"
                            "\x1a\x08\x00\x00\x00\x00\x00\x00\xf0\x3f"
                            "\x22\x01x\x22\x00");
  std::vector<int64_t> numbers;
  std::vector<float> floats;
  std::vector<double> doubles;
  std::vector<std::string_view> strings;
  wire::Document document(input, "m.pb");
  for (wire::Message message = document.root("Outer"); message.next();)
    switch (message.field()) {
    case 1:
      message.append(numbers);
      break;
    case 2:
      message.append(floats);
      break;
    case 3:
      message.append(doubles);
      break;
    case 4:
      message.append(strings);
      break;
    default:
      ADD_FAILURE() << "field " << message.field();
    }
  ASSERT_FALSE(document.failed()) << document.error().message;
  EXPECT_EQ(numbers, (std::vector<int64_t>{5, 6, 128}));
  EXPECT_EQ(floats, (std::vector<float>{1.0f, 2.0f}));
  EXPECT_EQ(doubles, (std::vector<double>{1.0}));
  EXPECT_EQ(strings, (std::vector<std::string_view>{"x", ""}));
}

TEST(Wire, EveryTruncationIsAnErrorOrAShorterMessage) {
  // Cut at a field's end a message is shorter but sound; anywhere else it is
  // not.
  std::string input = bytes("\x08\x96\x01\x12\x02hi\x1a\x02\x08\x01"
                            "\x25\x00\x00\x00\x00\x29\x00\x00\x00\x00\x00\x00"
                            "\x00\x00");
  std::vector<size_t> ends = {0, 3, 7, 11, 16, 25};
  ASSERT_EQ(input.size(), ends.back());
  for (size_t size = 0; size <= input.size(); ++size) {
    bool isSound = std::find(ends.begin(), ends.end(), size) != ends.end();
    EXPECT_EQ(errorOf(input.substr(0, size)).empty(), isSound) << size;
  }
}

TEST(Wire, CutVarint) {
  EXPECT_EQ(errorOf(bytes("\x08\x96")), "m.pb: byte 0: field 1 of Outer is a "
                                        "varint that is cut short");
}

TEST(Wire, VarintOfMoreThan64Bits) {
  EXPECT_EQ(errorOf(bytes("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")),
            "m.pb: byte 0: field 1 of Outer is a varint of more than 64 bits");
}

TEST(Wire, LengthBeyondItsMessageButInsideTheFile) {
  EXPECT_EQ(errorOf(bytes("\x1a\x02\x0a\x03\x08\x01\x08\x01")),
            "m.pb: byte 2: field 1 of Inner says it has 3 bytes but only 0 are "
            "left");
}

TEST(Wire, LengthThatWouldWrapAround) {
  EXPECT_EQ(
      errorOf(bytes("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01xy")),
      "m.pb: byte 0: field 1 of Outer says it has 18446744073709551615 bytes "
      "but only 2 are left");
}

TEST(Wire, CutFixedValue) {
  EXPECT_EQ(errorOf(bytes("\x0d\x00\x00")),
            "m.pb: byte 0: field 1 of Outer needs 4 bytes but only 2 are left");
}

TEST(Wire, FieldNumberZero) {
  EXPECT_EQ(errorOf(bytes("\x08\x01\x00\x01")),
            "m.pb: byte 2: Outer has a field number 0, which is not in 1 to "
            "536870911");
}

TEST(Wire, GroupsAndUnknownWireTypes) {
  EXPECT_EQ(errorOf(bytes("\x0b\x0c")),
            "m.pb: byte 0: field 1 of Outer has wire type 3, a group, which is "
            "not supported");
  EXPECT_EQ(errorOf(bytes("\x0f")),
            "m.pb: byte 0: field 1 of Outer has wire type 7, which does not "
            "exist");
}

/// Field 3 around field 3 around ..., `depth` messages in all.
std::string nested(unsigned depth) {
  std::string input;
  for (unsigned i = 1; i < depth; ++i) {
    std::string length;
    for (size_t size = input.size();; size >>= 7) {
      length += static_cast<char>((size & 0x7f) | (size > 0x7f ? 0x80 : 0));
      if (size <= 0x7f)
        break;
    }
    input.insert(0, "\x1a" + length);
  }
  return input;
}

TEST(Wire, NestingIsLimited) {
  EXPECT_EQ(errorOf(nested(wire::kMaxDepth)), "");
  EXPECT_EQ(errorOf(nested(wire::kMaxDepth + 1)),
            "m.pb: byte 234: field 3 of Inner is a message inside 100 others; "
            "deeper nesting is not read");
}

TEST(Wire, AValueReadAsWhatItIsNot) {
  std::string input = bytes("\x08\x01\x10\x02");
  wire::Document document(input, "m.pb");
  wire::Message message = document.root("Outer");
  ASSERT_TRUE(message.next());
  EXPECT_EQ(message.bytes(), "");
  EXPECT_EQ(document.error().message,
            "m.pb: byte 0: field 1 of Outer should be a string, message or "
            "packed list but is a varint");
  EXPECT_FALSE(message.next()) << "nothing is read after a failure";
}

TEST(Wire, TheFirstErrorIsKept) {
  std::string input = bytes("\x08\x01");
  wire::Document document(input, "m.pb");
  wire::Message message = document.root("Outer");
  ASSERT_TRUE(message.next());
  message.fail("must be 2");
  message.fail("must be 3");
  EXPECT_EQ(document.error().message,
            "m.pb: byte 0: field 1 of Outer must be 2");
}

} // namespace
