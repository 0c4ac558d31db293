// CPU features have LLVM's names and can be taken away for tests.

#include "runtime/Device/Cpu/Features.h"

#include <gtest/gtest.h>

using tenon::rt::CpuFeatures;

namespace {

TEST(CpuFeatures, EveryX8664HasSse2) {
  EXPECT_TRUE(CpuFeatures::host().has("sse2"));
}

TEST(CpuFeatures, AgreesWithTheCompilersOwnQuestion) {
  const CpuFeatures &host = CpuFeatures::host();
  EXPECT_EQ(host.has("avx2"), bool(__builtin_cpu_supports("avx2")));
  EXPECT_EQ(host.has("fma"), bool(__builtin_cpu_supports("fma")));
  EXPECT_EQ(host.has("avx512f"), bool(__builtin_cpu_supports("avx512f")));
  EXPECT_EQ(host.has("avx512vnni"), bool(__builtin_cpu_supports("avx512vnni")));
  EXPECT_EQ(host.has("avx512bf16"), bool(__builtin_cpu_supports("avx512bf16")));
}

TEST(CpuFeatures, UnknownNamesAreAbsent) {
  EXPECT_FALSE(CpuFeatures::host().has("avx1024"));
  EXPECT_FALSE(CpuFeatures::host().has(""));
}

TEST(CpuFeatures, Without) {
  CpuFeatures lesser = CpuFeatures::host().without("sse2");
  EXPECT_FALSE(lesser.has("sse2"));
  EXPECT_TRUE(lesser.has("sse"));
}

} // namespace
