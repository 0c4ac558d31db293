// ONNX tensors are read from each field that can hold them; what does not fit
// its type or dims is one error.
#include "runtime/Formats/TensorProto.h"

#include "tests/runtime/Formats/TemporaryFile.h"

using namespace tenon::rt;
using namespace tenon::test;
using tenon::abi::DType;

namespace {

Result<HostTensor> parsed(const std::string &input) {
  TemporaryFile file("t.pb", input);
  return readTensorProtoFile(file.path);
}

std::string errorOf(const std::string &input) {
  TemporaryFile file("t.pb", input);
  Result<HostTensor> tensor = readTensorProtoFile(file.path);
  if (tensor)
    return "";
  EXPECT_EQ(tensor.error().code, Code::BadInput);
  EXPECT_TRUE(tensor.error().message.starts_with(file.path));
  return "t.pb" + tensor.error().message.substr(file.path.size());
}

/// dims [2], this type, the name x, and more fields.
std::string proto(char type, const std::string &fields) {
  return bytes("\x08\x02\x10") + type + "\x42\x01x" + fields;
}

std::string dataOf(const HostTensor &tensor) {
  return {reinterpret_cast<const char *>(tensor.data.data()),
          tensor.data.size()};
}

TEST(TensorProto, RawData) {
  Result<HostTensor> tensor = parsed(proto(5, "\x4a\x04"
                                              "abcd"));
  ASSERT_TRUE(tensor) << tensor.error().message;
  EXPECT_EQ(tensor->name, "x");
  EXPECT_EQ(tensor->dtype, DType::I16);
  EXPECT_EQ(tensor->dims, std::vector<int64_t>{2});
  EXPECT_EQ(dataOf(*tensor), "abcd");
}

TEST(TensorProto, ValuesOfEachField) {
  struct {
    char type;
    std::string fields, data;
  } cases[] = {
      {1, bytes("\x22\x08\0\0\x80\x3f\0\0\xc0\x7f"), // NaN stays as it is
       bytes("\0\0\x80\x3f\0\0\xc0\x7f")},
      {2, bytes("\x2a\x03\x07\xff\x01"), "\x07\xff"},
      {3, bytes("\x28\x07\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
       "\x07\xff"},
      {7, bytes("\x3a\x02\x07\x08"),
       bytes("\x07\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0")},
      {9, bytes("\x2a\x02\x01\x00"), bytes("\1\0")},
      {10, bytes("\x2a\x04\x80\x78\x81\x78"), bytes("\0\x3c\x01\x3c")},
      {12, bytes("\x5a\x02\x07\x08"), bytes("\x07\0\0\0\x08\0\0\0")},
      {16, bytes("\x2a\x04\x80\x7f\x81\x7f"), "\x80\x3f\x81\x3f"},
      {22, bytes("\x28\x73"), "\x73"},
  };
  for (const auto &[type, fields, data] : cases) {
    Result<HostTensor> tensor = parsed(proto(type, fields));
    ASSERT_TRUE(tensor) << tensor.error().message;
    EXPECT_EQ(dataOf(*tensor), data) << int(type);
  }
}

TEST(TensorProto, AScalarHasNoDims) {
  Result<HostTensor> tensor = parsed(bytes("\x10\x02\x28\x05"));
  ASSERT_TRUE(tensor) << tensor.error().message;
  EXPECT_EQ(tensor->dims, std::vector<int64_t>{});
  EXPECT_EQ(dataOf(*tensor), "\x05");
}

TEST(TensorProto, ElementTypesThatAreNotSupported) {
  EXPECT_EQ(errorOf(proto(8, "")), "t.pb: tensor 'x' has elements of STRING, "
                                   "which is not supported");
  EXPECT_EQ(errorOf(proto(99, "")), "t.pb: tensor 'x' has elements of type 99, "
                                    "which is not supported");
  EXPECT_EQ(errorOf(""), "t.pb: tensor '' has elements of UNDEFINED, which is "
                         "not supported");
}

TEST(TensorProto, DataElsewhere) {
  EXPECT_EQ(errorOf(proto(2, bytes("\x70\x01"))),
            "t.pb: tensor 'x' has its data in another file, which is not read "
            "here");
  EXPECT_EQ(errorOf(proto(2, bytes("\x1a\x00"))),
            "t.pb: tensor 'x' is a segment of a larger tensor, which is not "
            "supported");
}

TEST(TensorProto, ExternalDataIsHandedOn) {
  std::string input = proto(2, bytes("\x70\x01\x6a\x0d\x0a\x08"
                                     "location\x12\x01w"));
  wire::Document document(input, "t.pb");
  TensorProto tensor;
  readTensorProto(document.root("TensorProto"), tensor);
  ASSERT_FALSE(document.failed()) << document.error().message;
  EXPECT_TRUE(tensor.isExternal);
  ASSERT_EQ(tensor.externalData.size(), 1u);
  EXPECT_EQ(tensor.externalData[0].first, "location");
  EXPECT_EQ(tensor.externalData[0].second, "w");
}

TEST(TensorProto, MoreOrLessDataThanTheDims) {
  EXPECT_EQ(
      errorOf(proto(1, bytes("\x4a\x04"
                             "abcd"))),
      "t.pb: tensor 'x' has 4 bytes of data but is f32[2], which needs 8");
  EXPECT_EQ(errorOf(proto(2, bytes("\x2a\x03\x01\x02\x03"))),
            "t.pb: tensor 'x' has 3 bytes of data but is u8[2], which needs 2");
  EXPECT_EQ(errorOf(proto(2, "")),
            "t.pb: tensor 'x' has 0 bytes of data but is u8[2], which needs 2");
}

TEST(TensorProto, DimsThatAreNoSize) {
  EXPECT_EQ(errorOf(bytes("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                          "\x10\x02")),
            "t.pb: tensor '' is u8[-1], which is no size that memory can hold");
}

TEST(TensorProto, ValuesThatDoNotFit) {
  EXPECT_EQ(errorOf(proto(2, bytes("\x2a\x03\x01\x80\x02"))),
            "t.pb: tensor 'x' has 256 in int32_data, which does not fit u8");
  EXPECT_EQ(
      errorOf(proto(12, bytes("\x5a\x06\x01\x80\x80\x80\x80\x10"))),
      "t.pb: tensor 'x' has 4294967296 in uint64_data, which does not fit "
      "u32");
}

TEST(TensorProto, EveryTruncationIsAnError) {
  std::string input = proto(5, "\x4a\x04"
                               "abcd");
  for (size_t size = 0; size < input.size(); ++size)
    EXPECT_NE(errorOf(input.substr(0, size)), "") << size;
}

TEST(TensorProto, AFileThatIsNone) {
  EXPECT_EQ(errorOf("hello"),
            "t.pb: byte 0: field 13 of TensorProto should be a string, message "
            "or packed list but is a varint");
}

TEST(TensorProto, WritesWhatItReads) {
  TemporaryFile file("written.pb");
  HostTensor tensor{"y", DType::I16, {2, 200}, std::vector<std::byte>(800)};
  tensor.data[799] = std::byte{7};
  ASSERT_TRUE(writeTensorProtoFile(file.path, tensor));
  // dims 2 and 200, type 5, name "y", 800 bytes of raw data.
  EXPECT_EQ(file.contents().substr(0, 13),
            bytes("\x08\x02\x08\xc8\x01\x10\x05\x42\x01y\x4a\xa0\x06"));
  Result<HostTensor> read = readTensorProtoFile(file.path);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->name, "y");
  EXPECT_EQ(read->dtype, DType::I16);
  EXPECT_EQ(read->dims, tensor.dims);
  EXPECT_EQ(read->data, tensor.data);
}

TEST(TensorProto, WritesEveryType) {
  TemporaryFile file("type.pb");
  for (int type = int(DType::Bool); type <= int(DType::U4); ++type) {
    HostTensor tensor{"", DType(type), {}, {}};
    tensor.data.resize(*storageBytes(tensor.dtype, tensor.dims));
    ASSERT_TRUE(writeTensorProtoFile(file.path, tensor));
    Result<HostTensor> read = readTensorProtoFile(file.path);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->dtype, tensor.dtype);
  }
}

} // namespace
