//===- TensorBytesTest.cpp - reference tensors from and to raw bytes ------===//

#include "compiler/Interpret/TensorBytes.h"

#include "mlir/IR/Builders.h"

#include <gtest/gtest.h>

#include <limits>

using namespace mlir;
using namespace tenon;

namespace {

class TensorBytesTest : public testing::Test {
protected:
  FailureOr<ReferenceTensor> read(ArrayRef<int> bytes, ArrayRef<int64_t> dims,
                                  Type type) {
    std::vector<char> data(bytes.begin(), bytes.end());
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      error += diagnostic.str();
      return success();
    });
    return tensorFromBytes(data, RankedTensorType::get(dims, type), [&] {
      return emitError(UnknownLoc::get(&context));
    });
  }

  MLIRContext context;
  Builder builder{&context};
  std::string error;
};

TEST_F(TensorBytesTest, FloatsAreLittleEndian) {
  // 1.0 and -2.5 in each format
  EXPECT_EQ(read({0, 0, 0x80, 0x3f}, {1}, builder.getF32Type())->getFloat(0),
            1.0);
  EXPECT_EQ(read({0, 0, 0x20, 0xc0}, {1}, builder.getF32Type())->getFloat(0),
            -2.5);
  EXPECT_EQ(read({0, 0, 0, 0, 0, 0, 0x04, 0xc0}, {1}, builder.getF64Type())
                ->getFloat(0),
            -2.5);
  EXPECT_EQ(read({0, 0x3c, 0, 0xc1}, {2}, builder.getF16Type())->getFloat(1),
            -2.5);
  EXPECT_EQ(
      read({0x80, 0x3f, 0x20, 0xc0}, {2}, builder.getBF16Type())->getFloat(1),
      -2.5);
  EXPECT_EQ(
      read({0x38, 0xc2}, {2}, Float8E4M3FNType::get(&context))->getFloat(1),
      -2.5);
  EXPECT_EQ(read({0x3c, 0xc1}, {2}, Float8E5M2Type::get(&context))->getFloat(1),
            -2.5);
}

TEST_F(TensorBytesTest, IntegersKeepTheirSign) {
  EXPECT_EQ(read({0xff, 0x80}, {2}, builder.getI8Type())->getInt(1), -128);
  EXPECT_EQ(
      read({0xff, 0x80}, {2}, builder.getIntegerType(8, false))->getInt(0),
      255);
  EXPECT_EQ(read({0xfe, 0xff}, {1}, builder.getI16Type())->getInt(0), -2);
  EXPECT_EQ(read({1, 0, 0, 0x80}, {1}, builder.getI32Type())->getInt(0),
            -2147483647);
  EXPECT_EQ(
      read({0, 0, 0, 0, 0, 0, 0, 0x80}, {1}, builder.getI64Type())->getInt(0),
      std::numeric_limits<int64_t>::min());
}

TEST_F(TensorBytesTest, NarrowElementsSharePlaces) {
  FailureOr<ReferenceTensor> nibbles =
      read({0xf1, 0x08}, {3}, builder.getIntegerType(4));
  EXPECT_EQ(nibbles->getInt(0), 1);
  EXPECT_EQ(nibbles->getInt(1), -1);
  EXPECT_EQ(nibbles->getInt(2), -8);
  EXPECT_EQ(read({0, 1, 2}, {3}, builder.getI1Type())->getInt(2), 1);
}

TEST_F(TensorBytesTest, BytesComeBackAsTheyWere) {
  std::vector<char> bytes;
  for (int value = 0; value < 256; ++value)
    bytes.push_back(static_cast<char>(value));
  for (unsigned width : {4, 8, 16, 32, 64})
    for (bool isSigned : {true, false}) {
      auto type = RankedTensorType::get(
          256 * 8 / width, builder.getIntegerType(width, isSigned));
      auto tensor = tensorFromBytes(
          bytes, type, [&] { return emitError(UnknownLoc::get(&context)); });
      EXPECT_EQ(toBytes(*tensor), bytes) << "i" << width;
    }
}

TEST_F(TensorBytesTest, FloatsComeBackAsTheyWere) {
  ReferenceTensor tensor(builder.getBF16Type(), {3});
  tensor.setFloat(0, 1.0);
  tensor.setFloat(1, -std::numeric_limits<double>::infinity());
  tensor.setFloat(2, 0x1p-130); // a subnormal of bf16
  std::vector<char> expected = {char(0x80), 0x3f, char(0x80),
                                char(0xff), 0x08, 0x00};
  EXPECT_EQ(toBytes(tensor), expected);
}

TEST_F(TensorBytesTest, NoElementIsNoByte) {
  FailureOr<ReferenceTensor> empty = read({}, {0, 3}, builder.getF32Type());
  ASSERT_TRUE(succeeded(empty));
  EXPECT_TRUE(toBytes(*empty).empty());
}

TEST_F(TensorBytesTest, AnotherNumberOfBytesIsRefused) {
  EXPECT_TRUE(failed(read({1, 2, 3}, {1}, builder.getF32Type())));
  EXPECT_EQ(error,
            "the bytes of a tensor are those of its elements: expected 4 for "
            "'tensor<1xf32>', got 3");
}

} // namespace
