// Tensors are views into the mapped file; headers that lie are one error each.
#include "runtime/Formats/Safetensors.h"

#include "tests/runtime/Formats/TemporaryFile.h"

#include <algorithm>
#include <array>

using namespace tenon::rt;
using namespace tenon::test;
using tenon::abi::DType;

namespace {

/// A file with this header and data.
std::string withHeader(const std::string &header, const std::string &data) {
  uint64_t length = header.size();
  return std::string(reinterpret_cast<const char *>(&length), 8) + header +
         data;
}

std::string entry(const std::string &name, const std::string &shape,
                  const std::string &offsets, const std::string &type = "U8") {
  return "\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":[" + shape +
         "],\"data_offsets\":[" + offsets + "]}";
}

/// The error that opening this file gives, with its path as m.safetensors.
std::string errorOf(const std::string &contents) {
  TemporaryFile file("m.safetensors", contents);
  Result<Safetensors> opened = Safetensors::open(file.path);
  if (opened)
    return "";
  EXPECT_EQ(opened.error().code, Code::BadInput);
  EXPECT_TRUE(opened.error().message.starts_with(file.path));
  return "m.safetensors" + opened.error().message.substr(file.path.size());
}

std::string dataOf(const Safetensors::Tensor &tensor) {
  return {reinterpret_cast<const char *>(tensor.data.data()),
          tensor.data.size()};
}

TEST(Safetensors, ReadsTensorsInTheOrderOfTheirBytes) {
  TemporaryFile file("order.safetensors",
                     withHeader("{" + entry("b", "2", "4,8", "I16") + "," +
                                    entry("a", "2,2", "0,4") + "," +
                                    entry("s", "", "8,9") + "," +
                                    entry("empty", "3,0", "4,4") +
                                    ",\"__metadata__\":{\"format\":\"pt\"}}  ",
                                "abcdefghi"));
  Result<Safetensors> opened = Safetensors::open(file.path);
  ASSERT_TRUE(opened) << opened.error().message;
  Safetensors moved = std::move(*opened);
  ASSERT_EQ(moved.tensors().size(), 4u);
  EXPECT_EQ(moved.tensors()[0].name, "a");
  EXPECT_EQ(dataOf(moved.tensors()[0]), "abcd");
  EXPECT_EQ(moved.tensors()[1].name, "empty");
  EXPECT_EQ(moved.find("b")->dtype, DType::I16);
  EXPECT_EQ(dataOf(*moved.find("b")), "efgh");
  EXPECT_EQ(moved.find("s")->dims, std::vector<int64_t>{});
  EXPECT_EQ(moved.find("c"), nullptr);
  EXPECT_EQ(moved.metadata(), (Safetensors::Metadata{{"format", "pt"}}));
}

TEST(Safetensors, WrittenFilesAreReadBack) {
  TemporaryFile file("back.safetensors");
  HostTensor tensors[] = {
      {"n\"1", DType::U8, {3}, std::vector<std::byte>(3, std::byte{1})},
      {"wide", DType::F64, {}, std::vector<std::byte>(8, std::byte{2})},
      {"half", DType::BF16, {1, 2}, std::vector<std::byte>(4, std::byte{3})}};
  Result<void> isWritten =
      writeSafetensors(file.path, tensors, {{"made by", "a test"}});
  ASSERT_TRUE(isWritten) << isWritten.error().message;
  Result<Safetensors> opened = Safetensors::open(file.path);
  ASSERT_TRUE(opened) << opened.error().message;
  for (const HostTensor &tensor : tensors) {
    const Safetensors::Tensor *found = opened->find(tensor.name);
    ASSERT_TRUE(found) << tensor.name;
    EXPECT_EQ(found->dtype, tensor.dtype);
    EXPECT_EQ(found->dims, tensor.dims);
    EXPECT_TRUE(std::ranges::equal(found->data, tensor.data));
    size_t address = reinterpret_cast<size_t>(found->data.data());
    EXPECT_EQ(address % (tenon::abi::bitsOf(tensor.dtype) / 8), 0u)
        << tensor.name << " is aligned";
  }
  EXPECT_EQ(opened->metadata().at("made by"), "a test");
}

TEST(Safetensors, AFileMayBeWithoutTensors) {
  EXPECT_EQ(errorOf(withHeader("{}", "")), "");
}

TEST(Safetensors, EveryTruncationIsAnError) {
  std::string file = withHeader("{" + entry("a", "4", "0,4") + "}", "abcd");
  ASSERT_EQ(errorOf(file), "");
  for (size_t size = 0; size < file.size(); ++size)
    EXPECT_NE(errorOf(file.substr(0, size)), "") << size;
}

TEST(Safetensors, HeadersOutsideTheFile) {
  EXPECT_EQ(errorOf("short"),
            "m.safetensors: has 5 bytes, too few for a safetensors file");
  EXPECT_EQ(errorOf(bytes("\x10\0\0\0\0\0\0\0{}")),
            "m.safetensors: has a header that ends at byte 24 but the file has "
            "10 bytes; it was cut short");
  EXPECT_EQ(
      errorOf(bytes("\xff\xff\xff\xff\xff\xff\xff\xff{}")),
      "m.safetensors: is not a safetensors file: it says that its header "
      "has 18446744073709551615 bytes, and at most 100000000 are allowed");
}

TEST(Safetensors, HeadersThatAreNoObject) {
  EXPECT_EQ(errorOf(withHeader("[]", "")),
            "m.safetensors: has a header that is an array and not an object");
  EXPECT_EQ(errorOf(withHeader("{", "")),
            "m.safetensors(header):1:2: expected the name of a member, in "
            "quotes, but the text ends here");
  EXPECT_EQ(errorOf(withHeader("{" + entry("a", "1", "0,1") + "," +
                                   entry("a", "1", "1,2") + "}",
                               "ab")),
            "m.safetensors(header):1:54: the object has two members 'a'");
}

TEST(Safetensors, EntriesThatAreNoTensors) {
  for (const std::string &value :
       {std::string("1"), std::string("{}"),
        std::string("{\"dtype\":1,\"shape\":[],\"data_offsets\":[0,1]}"),
        std::string("{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,1]}"),
        std::string(
            "{\"dtype\":\"U8\",\"shape\":[1.5],\"data_offsets\":[0,1]}"),
        std::string("{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}")})
    EXPECT_EQ(errorOf(withHeader("{\"a\":" + value + "}", "x")),
              "m.safetensors: tensor 'a' should be an object with dtype (a "
              "string), shape and data_offsets (integers of at least 0)")
        << value;
  EXPECT_EQ(errorOf(withHeader("{" + entry("a", "1", "0,1", "F4") + "}", "x")),
            "m.safetensors: tensor 'a' has type 'F4', which is not supported");
  EXPECT_EQ(errorOf(withHeader("{\"__metadata__\":{\"a\":1}}", "")),
            "m.safetensors: __metadata__ should be an object of strings");
}

TEST(Safetensors, OffsetsOutsideTheData) {
  EXPECT_EQ(errorOf(withHeader("{" + entry("a", "5", "0,5") + "}", "abcd")),
            "m.safetensors: tensor 'a' has bytes 0 to 5 of the data, which has "
            "4 bytes");
  EXPECT_EQ(errorOf(withHeader("{" + entry("a", "0", "3,2") + "}", "abcd")),
            "m.safetensors: tensor 'a' has bytes 3 to 2 of the data, which has "
            "4 bytes");
}

TEST(Safetensors, ShapesThatNeedOtherBytes) {
  EXPECT_EQ(errorOf(withHeader("{" + entry("a", "3", "0,4") + "}", "abcd")),
            "m.safetensors: tensor 'a' has bytes 0 to 4 of the data but is "
            "u8[3], which needs 3");
  EXPECT_EQ(errorOf(withHeader(
                "{" + entry("a", "4294967296,4294967296", "0,0") + "}", "")),
            "m.safetensors: tensor 'a' has bytes 0 to 0 of the data but is "
            "u8[4294967296, 4294967296], which is more than memory can hold");
}

TEST(Safetensors, TensorsThatShareBytesOrLeaveSome) {
  EXPECT_EQ(errorOf(withHeader("{" + entry("a", "3", "0,3") + "," +
                                   entry("b", "2", "2,4") + "}",
                               "abcd")),
            "m.safetensors: tensor 'b' begins at byte 2 of the data, but the "
            "one before it ends at byte 3");
  EXPECT_EQ(errorOf(withHeader("{" + entry("a", "2", "0,2") + "," +
                                   entry("b", "1", "3,4") + "}",
                               "abcd")),
            "m.safetensors: tensor 'b' begins at byte 3 of the data, but the "
            "one before it ends at byte 2");
  EXPECT_EQ(errorOf(withHeader("{" + entry("a", "2", "0,2") + "}", "abcd")),
            "m.safetensors: has 4 bytes of data but its tensors end at byte 2");
}

TEST(Safetensors, WhatCannotBeWritten) {
  auto messageOf = [](std::span<const HostTensor> tensors) {
    Result<void> isWritten = writeSafetensors("x", tensors);
    return isWritten ? "" : isWritten.error().message;
  };
  HostTensor one{"a", DType::I8, {0}, {}};
  EXPECT_EQ(messageOf(std::array{one, one}),
            "x: two tensors have the name 'a'");
  one.dtype = DType::I4;
  EXPECT_EQ(messageOf({&one, 1}), "x: tensor 'a' has type i4, which a "
                                  "safetensors file cannot hold");
  for (const char *name : {"__metadata__", "\xff"}) {
    HostTensor other{name, DType::I8, {0}, {}};
    EXPECT_EQ(messageOf({&other, 1}),
              std::string("x: '") + name +
                  "' cannot be the name of a tensor in a safetensors file");
  }
}

} // namespace
