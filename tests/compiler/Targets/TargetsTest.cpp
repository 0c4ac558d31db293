//===- TargetsTest.cpp - the table of CPUs, and this machine in it --------===//

#include "compiler/Targets/Targets.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"

#include <gtest/gtest.h>

using namespace mlir;

namespace tenon {
namespace {

using target::Unit;

class Targets : public testing::Test {
protected:
  target::CpuAttr cpu(StringRef name) {
    return *cpuByName(UnknownLoc::get(&context), name);
  }

  MLIRContext context;
};

// The runtime refuses code by our list; LLVM uses instructions by its own.
TEST_F(Targets, LlvmHasEveryFeatureThatWeList) {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86TargetMC();
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  std::string error;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  ASSERT_NE(target, nullptr) << error;
  for (StringRef name : cpuNames()) {
    std::unique_ptr<llvm::MCSubtargetInfo> subtarget(
        target->createMCSubtargetInfo(triple, cpu(name).getLlvmTune(),
                                      /*Features=*/""));
    for (auto feature : cpu(name).getFeatures().getAsRange<StringAttr>())
      EXPECT_TRUE(subtarget->checkFeatures("+" + feature.str()))
          << name.str() << " without " << feature.str();
  }
}

// Zen 4's bf16 dot products double the rate of f32, Sapphire Rapids' halve it;
// its tiles make up for that.
TEST_F(Targets, RatesSayWhichUnitToUse) {
  EXPECT_EQ(cpu("znver4").rateOverF32(Unit::Avx512Bf16), 2);
  EXPECT_EQ(cpu("znver4").rateOverF32(Unit::Avx512Vnni), 4);
  EXPECT_EQ(cpu("znver4").rateOverF32(Unit::AmxBf16), 0);
  EXPECT_EQ(cpu("sapphirerapids").rateOverF32(Unit::Avx512Bf16), 0.5);
  EXPECT_EQ(cpu("sapphirerapids").rateOverF32(Unit::AmxBf16), 16);
  EXPECT_EQ(cpu("sapphirerapids").rateOverF32(Unit::AmxInt8), 32);
  EXPECT_EQ(cpu("x86-64-v4").rateOverF32(Unit::Avx512Vnni), 0);
}

TEST_F(Targets, RegistersAndCaches) {
  EXPECT_EQ(cpu("x86-64-v3").lanes(), 8);
  EXPECT_EQ(cpu("x86-64-v3").getNumVectors(), 16);
  EXPECT_EQ(cpu("x86-64-v4").lanes(), 16);
  EXPECT_EQ(cpu("sapphirerapids").cache(1).getSizeBytes(), 48 * 1024);
  EXPECT_EQ(cpu("znver4").cache(2).getSizeBytes(), 1 << 20);
  EXPECT_EQ(cpu("znver4").cache(3).getWays(), 16);
}

// What a lesser CPU may use, a greater one may too.
TEST_F(Targets, EveryCpuHasTheFeaturesOfX8664V3) {
  for (StringRef name : cpuNames())
    for (const char *feature : {"avx2", "fma"})
      EXPECT_TRUE(cpu(name).hasFeature(feature)) << name.str();
}

TEST_F(Targets, NativeIsOneOfTheTable) {
  if (detectHost().empty())
    GTEST_SKIP() << "this machine lacks avx2 or fma";
  EXPECT_TRUE(llvm::is_contained(cpuNames(), detectHost()));
  EXPECT_EQ(cpu("native"), cpu(detectHost()));
}

TEST_F(Targets, AnUnknownNameIsAnErrorThatListsTheKnown) {
  std::string text;
  ScopedDiagnosticHandler handler(
      &context, [&](Diagnostic &diagnostic) { text += diagnostic.str(); });
  EXPECT_TRUE(failed(cpuByName(UnknownLoc::get(&context), "i486")));
  EXPECT_EQ(text,
            "no such target: expected native, x86-64-v3, x86-64-v4, znver4, "
            "sapphirerapids, got 'i486'");
}

TEST_F(Targets, GpusAreNamedByTheirArchitecture) {
  EXPECT_TRUE(isGpuName("cuda:sm_90a"));
  EXPECT_FALSE(isGpuName("znver4"));
  auto gpu = gpuByName(UnknownLoc::get(&context), "cuda:sm_90a");
  ASSERT_TRUE(succeeded(gpu));
  EXPECT_EQ(gpu->getName(), "sm_90a");
  EXPECT_EQ(gpu->getCompute(), 90);
  EXPECT_EQ(gpu->getSharedBytes(), 227 << 10);

  std::string text;
  ScopedDiagnosticHandler handler(
      &context, [&](Diagnostic &diagnostic) { text += diagnostic.str(); });
  EXPECT_TRUE(failed(gpuByName(UnknownLoc::get(&context), "cuda:sm_75")));
  EXPECT_EQ(text, "no such architecture: expected cuda:sm_80, cuda:sm_86, "
                  "cuda:sm_89, cuda:sm_90, cuda:sm_90a, cuda:sm_100, "
                  "cuda:sm_120, cuda:compute_80, got 'cuda:sm_75'");
}

TEST_F(Targets, GpusAreNamedInAList) {
  Location loc = UnknownLoc::get(&context);
  auto gpus = gpusByName(loc, "cuda:sm_80,sm_90a,cuda:sm_120");
  ASSERT_TRUE(succeeded(gpus));
  ASSERT_EQ(gpus->size(), 3u);
  EXPECT_EQ((*gpus)[1].getName(), "sm_90a");
  EXPECT_EQ((*gpus)[2].getName(), "sm_120");
  // What is for all takes what all have.
  EXPECT_EQ(portableGpu(&context).getSharedBytes(), 99 << 10);

  std::string text;
  ScopedDiagnosticHandler handler(
      &context, [&](Diagnostic &diagnostic) { text += diagnostic.str(); });
  EXPECT_TRUE(failed(gpusByName(loc, "cuda:sm_80,sm_80")));
  EXPECT_EQ(text, "architecture sm_80 is named twice in 'cuda:sm_80,sm_80'");
  EXPECT_TRUE(failed(gpusByName(loc, "cuda:sm_80,")));
}

} // namespace
} // namespace tenon
