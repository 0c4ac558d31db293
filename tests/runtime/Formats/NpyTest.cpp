// .npy files are read whatever their version, byte order and index order, and
// damaged ones are one error each.
#include "runtime/Formats/Npy.h"

#include "tests/runtime/Formats/TemporaryFile.h"

using namespace tenon::rt;
using namespace tenon::test;
using tenon::abi::DType;

namespace {

using Dims = std::vector<int64_t>;

/// A version 1 file with this dict and data.
std::string npy(const std::string &dict, const std::string &data) {
  std::string file = bytes("\x93NUMPY\x01\x00");
  file += static_cast<char>(dict.size() & 0xff);
  file += static_cast<char>(dict.size() >> 8);
  return file + dict + data;
}

std::string dict(const std::string &descr, const std::string &shape,
                 const std::string &order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + order +
         ", 'shape': " + shape + ", }\n";
}

Result<HostTensor> parsed(const std::string &file) {
  return parseNpy(asBytes(file), "x.npy");
}

std::string dataOf(const HostTensor &tensor) {
  return {reinterpret_cast<const char *>(tensor.data.data()),
          tensor.data.size()};
}

std::string errorOf(const std::string &file) {
  Result<HostTensor> tensor = parsed(file);
  if (tensor)
    return "";
  EXPECT_EQ(tensor.error().code, Code::BadInput);
  return tensor.error().message;
}

TEST(Npy, ReadsAMatrix) {
  Result<HostTensor> tensor = parsed(npy(dict("<i2", "(2, 1)"), "abcd"));
  ASSERT_TRUE(tensor) << tensor.error().message;
  EXPECT_EQ(tensor->dtype, DType::I16);
  EXPECT_EQ(tensor->dims, (Dims{2, 1}));
  EXPECT_EQ(dataOf(*tensor), "abcd");
}

TEST(Npy, ReadsAScalarAndAnEmptyTensor) {
  Result<HostTensor> scalar = parsed(npy(dict("|u1", "()"), "x"));
  ASSERT_TRUE(scalar) << scalar.error().message;
  EXPECT_EQ(scalar->dims, Dims{});
  Result<HostTensor> empty = parsed(npy(dict("<f4", "(3, 0)"), ""));
  ASSERT_TRUE(empty) << empty.error().message;
  EXPECT_EQ(empty->dims, (Dims{3, 0}));
}

TEST(Npy, Versions2And3HaveALongerLength) {
  std::string text = dict("|b1", "(1,)");
  for (char version : {'\x02', '\x03'}) {
    std::string file = "\x93NUMPY";
    file += version;
    file += '\0';
    file += static_cast<char>(text.size());
    file += bytes("\0\0\0") + text + '\1';
    Result<HostTensor> tensor = parsed(file);
    ASSERT_TRUE(tensor) << tensor.error().message;
    EXPECT_EQ(tensor->dtype, DType::Bool);
  }
}

TEST(Npy, BigEndianNumbersAreTurnedAround) {
  Result<HostTensor> tensor = parsed(npy(dict(">i4", "(2,)"), "abcdefgh"));
  ASSERT_TRUE(tensor) << tensor.error().message;
  EXPECT_EQ(dataOf(*tensor), "dcbahgfe");
}

TEST(Npy, FortranOrderBecomesRowMajor) {
  // Columns ad, be, cf of the matrix abc, def.
  Result<HostTensor> tensor =
      parsed(npy(dict("|u1", "(2, 3)", "True"), "adbecf"));
  ASSERT_TRUE(tensor) << tensor.error().message;
  EXPECT_EQ(dataOf(*tensor), "abcdef");
}

TEST(Npy, KeysInAnyOrderAndAsPython2WroteThem) {
  Result<HostTensor> tensor = parsed(
      npy("{\"shape\": (2L, 1L), 'descr': \"<V2\", 'fortran_order': False}  ",
          "abcd"));
  ASSERT_TRUE(tensor) << tensor.error().message;
  EXPECT_EQ(tensor->dtype, DType::BF16);
  EXPECT_EQ(tensor->dims, (Dims{2, 1}));
}

TEST(Npy, EveryTruncationIsAnError) {
  std::string file = npy(dict("<f4", "(2,)"), "abcdefgh");
  ASSERT_EQ(errorOf(file), "");
  for (size_t size = 0; size < file.size(); ++size)
    EXPECT_NE(errorOf(file.substr(0, size)), "") << size;
}

TEST(Npy, NoNpyFile) {
  EXPECT_EQ(errorOf("PK\3\4"),
            "x.npy: is not an .npy file: it does not begin with the bytes "
            "\\x93NUMPY and a version");
}

TEST(Npy, UnknownVersion) {
  EXPECT_EQ(errorOf(bytes("\x93NUMPY\x04\x00\x00\x00")),
            "x.npy: is an .npy file of version 4; 1 to 3 are read");
}

TEST(Npy, CutInsideTheHeader) {
  EXPECT_EQ(errorOf(bytes("\x93NUMPY\x01\x00\x76")),
            "x.npy: ends at byte 9, inside the .npy header; it was cut short");
  EXPECT_EQ(errorOf(bytes("\x93NUMPY\x01\x00\x76\x00{")),
            "x.npy: has an .npy header that ends at byte 128 but the file has "
            "11 bytes; it was cut short");
}

TEST(Npy, HeadersThatAreNoSuchDict) {
  const std::string expected =
      "x.npy: has an .npy header that is not a dict of "
      "descr, fortran_order and shape";
  std::string sound = dict("|u1", "()");
  std::string unclosed = sound;
  unclosed.resize(sound.find('}'));
  for (const std::string &text :
       {std::string(), std::string("{"), std::string("{}"), unclosed,
        sound + "x", dict("|u1", "(-1,)"), dict("|u1", "(1 2)"),
        dict("|u1", "1"), dict("|u1", "(", "False"), dict("|u1", "()", "0"),
        dict("|u1", "(9223372036854775808,)"),
        std::string("{'descr': '|u1', 'descr': '|u1', 'shape': ()}"),
        std::string("{'descr': '|u1', 'fortran_order': False, 'shape': (), "
                    "'more': True}"),
        std::string("{'descr': '|u1', 'fortran_order': False}")})
    EXPECT_EQ(errorOf(npy(text, "x")), expected) << text;
}

TEST(Npy, ElementsThatAreNoNumbers) {
  for (const char *descr : {"|O", "<U4", "<c8", "f4", "", "<", "<f", "|V1"})
    EXPECT_EQ(errorOf(npy(dict(descr, "(1,)"), "abcdefgh")),
              std::string("x.npy: holds elements of NumPy type '") + descr +
                  "', which is not a tensor's element type");
}

TEST(Npy, MoreOrLessDataThanTheShape) {
  EXPECT_EQ(errorOf(npy(dict("<f4", "(2,)"), "abcd")),
            "x.npy: holds 4 bytes of data but its header says f32[2], which is "
            "8 bytes");
  EXPECT_EQ(errorOf(npy(dict("<f4", "(1,)"), "abcdefgh")),
            "x.npy: holds 8 bytes of data but its header says f32[1], which is "
            "4 bytes");
}

TEST(Npy, ShapesWhoseProductOverflows) {
  // 2^62 * 4 bytes, and 2^32 * 2^32 elements: both are 0 in 64 bits.
  EXPECT_EQ(errorOf(npy(dict("<f4", "(4611686018427387904,)"), "")),
            "x.npy: holds 0 bytes of data but its header says "
            "f32[4611686018427387904], which is more than memory can hold");
  EXPECT_EQ(errorOf(npy(dict("|u1", "(4294967296, 4294967296)"), "")),
            "x.npy: holds 0 bytes of data but its header says u8[4294967296, "
            "4294967296], which is more than memory can hold");
}

TEST(Npy, WrittenFilesAreReadBack) {
  TemporaryFile file("written.npy");
  HostTensor tensor{"x", DType::F32, {1, 2}, std::vector<std::byte>(8)};
  tensor.data[5] = std::byte{7};
  Result<void> isWritten = writeNpy(file.path, tensor);
  ASSERT_TRUE(isWritten) << isWritten.error().message;
  EXPECT_EQ(file.contents().find("{'descr': '<f4', 'fortran_order': False, "
                                 "'shape': (1, 2, ), }"),
            10u);
  EXPECT_EQ(file.contents().size(), 128u + 8u) << "the data is aligned";
  Result<HostTensor> back = readNpy(file.path);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->dtype, DType::F32);
  EXPECT_EQ(back->dims, (Dims{1, 2}));
  EXPECT_EQ(back->data, tensor.data);
}

TEST(Npy, Bf16IsWrittenAsU2) {
  Result<std::vector<std::byte>> header =
      npyHeader({"x", DType::BF16, {}, std::vector<std::byte>(2)});
  ASSERT_TRUE(header) << header.error().message;
  std::string text(reinterpret_cast<const char *>(header->data()),
                   header->size());
  EXPECT_NE(text.find("'descr': '<u2'"), std::string::npos);
}

TEST(Npy, WhatCannotBeWritten) {
  Result<void> fourBits =
      writeNpy("x.npy", {"w", DType::I4, {2}, std::vector<std::byte>(1)});
  ASSERT_FALSE(fourBits);
  EXPECT_EQ(fourBits.error().message,
            "tensor 'w' of type i4 cannot be written as .npy; convert it to a "
            "type of at least 8 bits");
  Result<void> nowhere = writeNpy("/nowhere/x.npy", {"w", DType::I8, {0}, {}});
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(
      nowhere.error().message,
      "/nowhere/x.npy: cannot create the file: No such file or directory");
  Result<std::vector<std::byte>> deep =
      npyHeader({"w", DType::I8, Dims(65, 1), std::vector<std::byte>(1)});
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().message,
            "tensor 'w' has 65 dimensions; an .npy file holds at most 64");
}

} // namespace
