// Tensor maps are encoded, and refused where the driver's manual says so.

#include "runtime/VirtualGpu/TensorMap.h"
#include "runtime/VirtualGpu/Driver/Api.h"

#include <cstring>
#include <gtest/gtest.h>

namespace tenon::cuda {
namespace {

/// A valid map of bf16 rows; each test spoils one thing.
struct Request {
  CUtensorMapDataType type = CUtensorMapDataType(9);
  unsigned rank = 2;
  uintptr_t address = 0x10000;
  unsigned long long dims[5] = {1000, 300, 1, 1, 1};
  unsigned long long strides[4] = {2048, 0, 0, 0};
  unsigned box[5] = {64, 128, 1, 1, 1};
  unsigned elementStrides[5] = {1, 1, 1, 1, 1};
  CUtensorMapInterleave interleave = CU_TENSOR_MAP_INTERLEAVE_NONE;
  CUtensorMapSwizzle swizzle = CUtensorMapSwizzle(3); // rows of 128 bytes
  CUtensorMap map;

  CUresult encode() {
    return cuTensorMapEncodeTiled(
        &map, type, rank, reinterpret_cast<void *>(address), dims, strides, box,
        elementStrides, interleave, swizzle, CU_TENSOR_MAP_L2_PROMOTION_NONE,
        CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  }
};

TEST(VirtualTensorMap, HoldsWhatItWasMadeOf) {
  Request request;
  ASSERT_EQ(request.encode(), CUDA_SUCCESS);
  vgpu::TensorMap map;
  std::memcpy(static_cast<void *>(&map), &request.map, sizeof(map));
  EXPECT_EQ(map.magic, vgpu::TensorMap::kMagic);
  EXPECT_EQ(map.elementBytes, 2);
  EXPECT_EQ(map.rank, 2);
  EXPECT_EQ(map.swizzle, 3);
  EXPECT_EQ(map.address, 0x10000u);
  EXPECT_EQ(map.extents[0], 1000u);
  EXPECT_EQ(map.extents[1], 300u);
  EXPECT_EQ(map.strideBytes[0], 2048u);
  EXPECT_EQ(map.box[1], 128);
  EXPECT_EQ(map.elementStrides[0], 1);
}

// CUTLASS says so of a batch of one.
TEST(VirtualTensorMap, NoStrideLeadsToAnOnlyElement) {
  Request request;
  request.rank = 3;
  EXPECT_EQ(request.encode(), CUDA_SUCCESS);
  request.dims[2] = 2;
  EXPECT_EQ(request.encode(), CUDA_ERROR_INVALID_VALUE);
}

TEST(VirtualTensorMap, RefusesWhatHardwareCannotDo) {
  auto refused = [](void (*spoil)(Request &), CUresult expected) {
    Request request;
    spoil(request);
    EXPECT_EQ(request.encode(), expected);
  };
  const CUresult kInvalid = CUDA_ERROR_INVALID_VALUE;
  refused([](Request &r) { r.rank = 0; }, kInvalid);
  refused([](Request &r) { r.rank = 6; }, kInvalid);
  refused([](Request &r) { r.type = CUtensorMapDataType(13); }, kInvalid);
  refused([](Request &r) { r.address += 8; }, kInvalid);
  refused([](Request &r) { r.dims[1] = 0; }, kInvalid);
  refused([](Request &r) { r.strides[0] = 2056; }, kInvalid);
  refused([](Request &r) { r.strides[0] = 1984; }, kInvalid); // rows overlap
  refused([](Request &r) { r.box[1] = 257; }, kInvalid);
  refused([](Request &r) { r.box[0] = 60; }, kInvalid);  // 120 bytes
  refused([](Request &r) { r.box[0] = 128; }, kInvalid); // wider than swizzle
  refused([](Request &r) { r.elementStrides[0] = 9; }, kInvalid);
  refused([](Request &r) { r.interleave = CUtensorMapInterleave(1); },
          CUDA_ERROR_NOT_SUPPORTED);
}

} // namespace
} // namespace tenon::cuda
