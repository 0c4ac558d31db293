// Sizes of tensors: products are checked, narrow types are packed.
#include "runtime/Formats/HostTensor.h"

#include <gtest/gtest.h>

using namespace tenon::rt;
using tenon::abi::DType;

namespace {

using Dims = std::vector<int64_t>;

TEST(HostTensor, NumElements) {
  EXPECT_EQ(numElements(Dims{}), 1);
  EXPECT_EQ(numElements(Dims{2, 3}), 6);
  EXPECT_EQ(numElements(Dims{INT64_MAX, INT64_MAX, 0}), 0);
  EXPECT_EQ(numElements(Dims{INT64_MAX, 2}), std::nullopt);
  EXPECT_EQ(numElements(Dims{0, -1}), std::nullopt);
}

TEST(HostTensor, StorageBytes) {
  EXPECT_EQ(storageBytes(DType::F64, Dims{3}), 24);
  EXPECT_EQ(storageBytes(DType::I4, Dims{3}), 2);
  EXPECT_EQ(storageBytes(DType::U4, Dims{INT64_MAX}), int64_t(1) << 62);
  EXPECT_EQ(storageBytes(DType::F32, Dims{int64_t(1) << 62}), std::nullopt);
}

/// Element 1 of a tensor of these bytes.
double secondOf(DType dtype, std::vector<uint8_t> bytes) {
  auto data = std::as_bytes(std::span(bytes));
  return elementAt({"", dtype, {2}, {data.begin(), data.end()}}, 1);
}

TEST(HostTensor, ElementsOfEachType) {
  EXPECT_EQ(secondOf(DType::Bool, {0, 1}), 1);
  EXPECT_EQ(secondOf(DType::I8, {0, 0xff}), -1);
  EXPECT_EQ(secondOf(DType::U8, {0, 0xff}), 255);
  EXPECT_EQ(secondOf(DType::I16, {0, 0, 0xfe, 0xff}), -2);
  EXPECT_EQ(secondOf(DType::U16, {0, 0, 0xfe, 0xff}), 65534);
  EXPECT_EQ(secondOf(DType::I32, {0, 0, 0, 0, 0, 0, 0, 0x80}), -0x1p31);
  EXPECT_EQ(secondOf(DType::U32, {0, 0, 0, 0, 0, 0, 0, 0x80}), 0x1p31);
  std::vector<uint8_t> wide(16, 0);
  wide[15] = 0x80;
  EXPECT_EQ(secondOf(DType::I64, wide), -0x1p63);
  EXPECT_EQ(secondOf(DType::U64, wide), 0x1p63);
  wide[15] = 0x40; // 2 as an f64
  EXPECT_EQ(secondOf(DType::F64, wide), 2);
  EXPECT_EQ(secondOf(DType::F32, {0, 0, 0, 0, 0, 0, 0x80, 0x3f}), 1);
  EXPECT_EQ(secondOf(DType::F16, {0, 0, 0, 0x3c}), 1);
  EXPECT_EQ(secondOf(DType::BF16, {0, 0, 0x80, 0x3f}), 1);
  EXPECT_EQ(secondOf(DType::F8E4M3, {0, 0x38}), 1);
  EXPECT_EQ(secondOf(DType::F8E5M2, {0, 0x3c}), 1);
  EXPECT_EQ(secondOf(DType::I4, {0x90}), -7);
  EXPECT_EQ(secondOf(DType::U4, {0x90}), 9);
}

TEST(HostTensor, NamesOfTypes) {
  EXPECT_EQ(describe(DType::F8E4M3, Dims{2, 384}), "f8e4m3[2, 384]");
  EXPECT_EQ(describe(DType::Bool, Dims{}), "bool[]");
  EXPECT_EQ(tenon::abi::dtypeNamed("bf16"), DType::BF16);
  EXPECT_EQ(tenon::abi::dtypeNamed("bf1"), std::nullopt);
  EXPECT_TRUE(tenon::abi::isDType(uint64_t(DType::U4)));
  EXPECT_FALSE(tenon::abi::isDType(uint64_t(DType::U4) + 1));
}

} // namespace
