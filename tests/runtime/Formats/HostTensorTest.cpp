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

TEST(HostTensor, NamesOfTypes) {
  EXPECT_EQ(describe(DType::F8E4M3, Dims{2, 384}), "f8e4m3[2, 384]");
  EXPECT_EQ(describe(DType::Bool, Dims{}), "bool[]");
  EXPECT_EQ(tenon::abi::dtypeNamed("bf16"), DType::BF16);
  EXPECT_EQ(tenon::abi::dtypeNamed("bf1"), std::nullopt);
  EXPECT_TRUE(tenon::abi::isDType(uint64_t(DType::U4)));
  EXPECT_FALSE(tenon::abi::isDType(uint64_t(DType::U4) + 1));
}

} // namespace
