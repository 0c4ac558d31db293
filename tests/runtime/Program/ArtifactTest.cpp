// Damaged, foreign and lesser: what the loader says of files that it refuses.

#include "runtime/Program/Artifact.h"
#include "runtime/Abi/PlanBytes.h"
#include "runtime/Core/Message.h"
#include "runtime/Program/Model.h"
#include "tests/runtime/TestModel/TestModel.h"

#include <cstring>
#include <elf.h>
#include <functional>
#include <gtest/gtest.h>

namespace tenon {

using namespace rt;

namespace {

const std::string kPath = testing::TempDir() + "tenon-artifact-test.tenon";

/// The error without the path, or "no error".
std::string load(std::span<const std::byte> bytes) {
  test::MemoryFile file;
  file.write(bytes);
  auto model = Model::load(file.path());
  if (model)
    return "no error";
  const std::string prefix = file.path() + ": ", &error = model.error().message;
  EXPECT_EQ(error.substr(0, prefix.size()), prefix);
  return error.substr(std::min(error.size(), prefix.size()));
}

/// The error after a change of the footer; the checksum is right.
std::string errorAfter(const std::function<void(abi::Footer &)> &change) {
  std::vector<std::byte> artifact = test::testArtifact();
  abi::Footer footer = test::footerOf(artifact);
  change(footer);
  std::memcpy(artifact.data() + artifact.size() - sizeof(footer), &footer,
              sizeof(footer));
  return load(artifact);
}

TEST(Artifact, Whole) { EXPECT_EQ(load(test::testArtifact()), "no error"); }

TEST(Artifact, EveryTruncationIsAnError) {
  const std::vector<std::byte> &artifact = test::testArtifact();
  for (size_t size = 0; size < artifact.size(); size += size < 256 ? 1 : 97)
    EXPECT_NE(load(std::span(artifact).first(size)), "no error") << size;
  // Around each boundary of the layout.
  abi::Footer footer = test::footerOf(artifact);
  for (uint64_t at : {footer.codeBytes, footer.planOffset, footer.weightsOffset,
                      footer.tablesOffset, footer.fileBytes - sizeof(footer),
                      footer.fileBytes})
    for (uint64_t size : {at - 1, at})
      if (size < artifact.size()) {
        EXPECT_NE(load(std::span(artifact).first(size)), "no error") << size;
      }
}

TEST(Artifact, CutShortSaysSo) {
  const std::vector<std::byte> &artifact = test::testArtifact();
  uint64_t sections;
  std::memcpy(&sections, artifact.data() + offsetof(Elf64_Ehdr, e_shoff), 8);
  EXPECT_EQ(
      load(std::span(artifact).first(4096)),
      "its section table begins at byte " + std::to_string(sections) +
          " but the file has 4096 bytes; it was cut short, copy or compile it "
          "again");
  EXPECT_EQ(load(std::span(artifact).first(10)),
            "is not a Tenon artifact, or was cut short: it has no footer");
}

TEST(Artifact, AMissingBeginningIsAnError) {
  const std::vector<std::byte> &artifact = test::testArtifact();
  EXPECT_EQ(load(std::span(artifact).subspan(4096)),
            "its footer says " + std::to_string(artifact.size()) +
                " bytes but the file has " +
                std::to_string(artifact.size() - 4096) +
                "; its beginning is missing");
}

TEST(Artifact, AProgramEndsOnAPage) {
  std::vector<std::byte> shifted(8);
  shifted.insert(shifted.end(), test::testArtifact().begin(),
                 test::testArtifact().end());
  EXPECT_EQ(load(shifted), "its beginning is at byte 8, expected 4096");
}

TEST(Artifact, EveryFlippedBitOutsideTheWeightsIsAnError) {
  std::vector<std::byte> artifact = test::testArtifact();
  abi::Footer footer = test::footerOf(artifact);
  test::MemoryFile file;
  auto expectErrorAt = [&](size_t at, int bit) {
    artifact[at] ^= std::byte(1 << bit);
    file.write(artifact);
    EXPECT_FALSE(Artifact::open(file.path()))
        << "byte " << at << ", bit " << bit;
    artifact[at] ^= std::byte(1 << bit);
  };
  for (size_t at = 0; at < artifact.size(); ++at) {
    bool isWeight = at >= footer.weightsOffset && at < footer.tablesOffset;
    bool isHeader =
        at < 1024 || at >= footer.tablesOffset ||
        (at >= footer.planOffset && at < footer.planOffset + footer.planBytes);
    // Every bit of headers, plan and tables; of code one bit in each byte.
    for (int bit = 0; bit < 8; ++bit)
      if (!isWeight && (isHeader || bit == int(at % 8)))
        expectErrorAt(at, bit);
  }
  file.write(artifact);
  EXPECT_TRUE(Artifact::open(file.path()));
}

TEST(Artifact, EveryFlippedBitOfAProgramIsAnError) {
  std::vector<std::byte> program(600, std::byte{'p'});
  ASSERT_TRUE(test::writeTestArtifact(kPath, test::testPlan(), program));
  std::vector<std::byte> file = test::readBytes(kPath);
  EXPECT_EQ(load(file), "no error");
  // The last byte is one of the zeros between program and artifact.
  for (size_t at : {size_t(0), size_t(1), size_t(599), size_t(4095)})
    for (int bit = 0; bit < 8; ++bit) {
      file[at] ^= std::byte(1 << bit);
      EXPECT_EQ(load(file), "its checksum is wrong: the file is damaged, copy "
                            "or compile it again");
      file[at] ^= std::byte(1 << bit);
    }
}

TEST(Artifact, WeightsAreVerifiedOnRequest) {
  std::vector<std::byte> artifact = test::testArtifact();
  test::writeBytes(kPath, artifact);
  EXPECT_TRUE((*Model::load(kPath))->verifyWeights());
  artifact[test::footerOf(artifact).weightsOffset + 64] ^= std::byte{1};
  test::writeBytes(kPath, artifact);
  auto model = Model::load(kPath);
  ASSERT_TRUE(model) << "loading does not read the weights";
  EXPECT_EQ((*model)->verifyWeights().error().message,
            kPath +
                ": weight 'second' is damaged: its checksum is wrong, copy or "
                "compile the file again");
}

TEST(Artifact, Footer) {
  EXPECT_EQ(errorAfter([](abi::Footer &f) { f.formatVersion = 1; }),
            "has format version 1, this runtime reads 7; compile it again");
  EXPECT_EQ(
      errorAfter([](abi::Footer &f) { f.checksum ^= 1; }),
      "its checksum is wrong: the file is damaged, copy or compile it again");
  EXPECT_EQ(errorAfter([](abi::Footer &f) { f.reserved[4] = 1; }),
            "its footer has reserved bytes that are not zero");
  EXPECT_EQ(errorAfter([](abi::Footer &f) { f.planBytes = UINT64_MAX; }),
            "its footer names byte 18446744073709551615 of " +
                std::to_string(test::testArtifact().size()));
  abi::Footer footer = test::footerOf(test::testArtifact());
  auto misplaced = [](const std::string &part, uint64_t at, uint64_t expected) {
    return "its " + part + " is at byte " + std::to_string(at) + ", expected " +
           std::to_string(expected);
  };
  EXPECT_EQ(errorAfter([](abi::Footer &f) { f.planOffset += 1; }),
            misplaced("plan", footer.planOffset + 1, footer.planOffset));
  EXPECT_EQ(
      errorAfter([](abi::Footer &f) { f.weightsOffset += 64; }),
      misplaced("weights", footer.weightsOffset + 64, footer.weightsOffset));
  EXPECT_EQ(errorAfter([](abi::Footer &f) { f.tablesBytes -= 8; }),
            misplaced("end", footer.fileBytes, footer.fileBytes - 8));
}

/// Loads the test plan after `change`.
std::string errorWith(const std::function<void(abi::Plan &)> &change,
                      const CpuFeatures &cpu = CpuFeatures::host()) {
  abi::Plan plan = test::testPlan();
  change(plan);
  auto written = test::writeTestArtifact(kPath, plan);
  EXPECT_TRUE(written) << written.error().message;
  auto model = Model::load(kPath, cpu);
  return model ? "no error" : model.error().message;
}

TEST(Artifact, ALesserCpu) {
  auto needsAvx512 = [](abi::Plan &plan) {
    plan.target = "znver4";
    plan.features = {"sse2", "avx512f", "avx512bw"};
  };
  EXPECT_EQ(
      errorWith(needsAvx512,
                CpuFeatures::host().without("avx512f").without("avx512bw")),
      kPath + ": built for znver4 and needs avx512f, avx512bw, which this CPU "
              "lacks");
  EXPECT_EQ(errorWith([](abi::Plan &plan) { plan.features = {"avx1024"}; }),
            kPath +
                ": built for x86-64 and needs avx1024, which this CPU lacks");
}

TEST(Artifact, KernelsAreInsideTheCode) {
  EXPECT_EQ(errorWith([](abi::Plan &plan) { plan.kernels[1].address = 0x20; }),
            kPath + ": kernel 'row_sum': address 0x20 is not inside the code");
}

TEST(Artifact, WeightsAreInsideTheirPart) {
  std::vector<std::byte> artifact = test::testArtifact();
  abi::Footer footer = test::footerOf(artifact);
  auto errorAt = [&](uint64_t offset, uint64_t bytes) {
    std::vector<std::byte> changed = artifact;
    auto place =
        std::span(changed).subspan(footer.planOffset, footer.planBytes);
    auto plan = abi::readPlan(place);
    plan->weights[0].offset = offset;
    plan->weights[0].bytes = bytes;
    std::vector<std::byte> bytesOfPlan = abi::writePlan(*plan);
    std::copy(bytesOfPlan.begin(), bytesOfPlan.end(), place.begin());
    test::correctChecksum(changed);
    return load(changed);
  };
  uint64_t first = footer.weightsOffset, last = first + 68; // 2 of 4, 64 apart
  auto outside = [&](const std::string &bytes, uint64_t offset) {
    return rt::message("weight 'first' has ", bytes, " bytes at byte ", offset,
                       ", but weights are in bytes ", first, " to ", last);
  };
  EXPECT_EQ(errorAt(first, 68), "no error");
  EXPECT_EQ(errorAt(first, 69), outside("69", first));
  EXPECT_EQ(errorAt(first - 64, 4), outside("4", first - 64));
  EXPECT_EQ(errorAt(first, UINT64_MAX), outside("18446744073709551615", first));
  EXPECT_EQ(errorAt(first + 4, 4),
            rt::message("weight 'first' is at byte ", first + 4,
                        ", expected a multiple of 64"));
}

TEST(Artifact, NoFile) {
  auto model = Model::load("/nowhere/m.tenon");
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, Code::BadInput);
}

} // namespace
} // namespace tenon
