// Hostile metadata: every field of an artifact is given extreme values and the
// checksum is made right again. The loader refuses, or what it loads can be
// bound and unrolled without harm. Nothing is executed: code is trusted,
// metadata is not. Run under the address sanitizer, this is the proof.

#include "runtime/Abi/Artifact.h"
#include "runtime/Program/Context.h"
#include "runtime/Program/DeviceCodes.h"
#include "tests/runtime/TestModel/TestModel.h"

#include <cstring>
#include <functional>
#include <gtest/gtest.h>
#include <random>

namespace tenon {

using namespace rt;

namespace {

/// Everything short of running. How far it came is the return value.
bool survives(test::MemoryFile &file, std::vector<std::byte> artifact) {
  test::correctChecksum(artifact);
  file.write(artifact);
  auto model = Model::load(file.path());
  if (!model)
    return false;
  const abi::Plan &plan = (*model)->plan();
  for (const abi::Tensor &input : plan.inputs)
    EXPECT_FALSE(describe(plan, input).empty());
  (void)(*model)->verifyWeights();
  DeviceProperties device;
  device.major = 9;
  (void)codesText((*model)->plans());
  if (const abi::Plan *chosen = choosePlan((*model)->plans(), device))
    for (const abi::Kernel &kernel : chosen->kernels) {
      const abi::DeviceCode *code = chooseCode(kernel, device);
      EXPECT_EQ((*model)->deviceCode(*code).size(), code->bytes);
    }
  if (auto binding = bindSymbols(plan, {}))
    (void)recordTape(plan, *binding);
  std::vector<Shape> shapes = {{2, 8}, {8}};
  shapes.resize(plan.inputs.size());
  if (auto binding = bindShapes(plan, shapes))
    (void)recordTape(plan, *binding);
  return true;
}

/// Calls `use` with the artifact after each change in [begin, end): every
/// window of 1, 2, 4 and 8 bytes filled with extreme numbers, and every flipped
/// bit.
void forEachChange(
    std::vector<std::byte> artifact, size_t begin, size_t end,
    const std::function<void(const std::vector<std::byte> &)> &use) {
  auto withBytes = [&](size_t at, const std::vector<std::byte> &bytes) {
    std::vector<std::byte> before(artifact.begin() + std::ptrdiff_t(at),
                                  artifact.begin() +
                                      std::ptrdiff_t(at + bytes.size()));
    std::copy(bytes.begin(), bytes.end(),
              artifact.begin() + std::ptrdiff_t(at));
    use(artifact);
    std::copy(before.begin(), before.end(),
              artifact.begin() + std::ptrdiff_t(at));
  };
  for (size_t at = begin; at < end; ++at) {
    for (int bit = 0; bit < 8; ++bit)
      withBytes(at, {artifact[at] ^ std::byte(1 << bit)});
    for (size_t size : {1, 2, 4, 8})
      if (at + size <= end)
        for (auto [low, top] : {std::pair(0x00, 0x00),
                                {0xff, 0xff},
                                {0xff, 0x7f},
                                {0x00, 0x80},
                                {0x00, 0x40}}) {
          std::vector<std::byte> bytes(size, std::byte(low));
          bytes.back() = std::byte(top);
          withBytes(at, bytes);
        }
  }
}

TEST(Hostile, PlanFields) {
  test::MemoryFile file;
  abi::Footer footer = test::footerOf(test::testArtifact());
  size_t numLoaded = 0, numRefused = 0;
  forEachChange(test::testArtifact(), footer.planOffset,
                footer.planOffset + footer.planBytes,
                [&](const std::vector<std::byte> &artifact) {
                  ++(survives(file, artifact) ? numLoaded : numRefused);
                });
  // Names and bounds may be anything; counts, indices and formulas may not.
  EXPECT_GT(numLoaded, 0u);
  EXPECT_GT(numRefused, numLoaded);
}

/// The model for GPUs, and next to nothing for another one.
static std::vector<std::byte> twoTargets() {
  abi::Plan plan = test::cudaTestPlan();
  plan.alternatives = {
      {"cuda:sm_80", {plan.kernels[0]}, {{"empty", 0, {}, {}}}}};
  return test::bytesOf("hostile", [&](const std::string &path) {
    return test::writeCudaTestArtifact(path, plan, test::cudaTestCode());
  });
}

TEST(Hostile, Alternatives) {
  test::MemoryFile file;
  std::vector<std::byte> artifact = twoTargets();
  abi::Footer footer = test::footerOf(artifact);
  std::string_view text(reinterpret_cast<const char *>(artifact.data()) +
                            footer.planOffset,
                        footer.planBytes);
  size_t numLoaded = 0, numRefused = 0;
  forEachChange(artifact, footer.planOffset + text.find("cuda:sm_80") - 8,
                footer.planOffset + footer.planBytes,
                [&](const std::vector<std::byte> &changed) {
                  ++(survives(file, changed) ? numLoaded : numRefused);
                });
  EXPECT_GT(numLoaded, 0u);
  EXPECT_GT(numRefused, 0u);
}

TEST(Hostile, PlanFieldsOfDeviceCode) {
  // What is said of kernels, up to the functions.
  test::MemoryFile file;
  std::vector<std::byte> artifact = twoTargets();
  abi::Footer footer = test::footerOf(artifact);
  std::string_view text(reinterpret_cast<const char *>(artifact.data()) +
                            footer.planOffset,
                        footer.planBytes);
  size_t numLoaded = 0, numRefused = 0;
  forEachChange(artifact, footer.planOffset + text.find("scale_shift") - 8,
                footer.planOffset + text.find("model"),
                [&](const std::vector<std::byte> &changed) {
                  ++(survives(file, changed) ? numLoaded : numRefused);
                });
  EXPECT_GT(numLoaded, 0u);
  EXPECT_GT(numRefused, numLoaded);
}

TEST(Hostile, CodeHeaders) {
  // ELF header, program headers, dynamic symbols, relocations.
  test::MemoryFile file;
  forEachChange(test::testArtifact(), 0, 1024,
                [&](const std::vector<std::byte> &artifact) {
                  survives(file, artifact);
                });
}

TEST(Hostile, FooterFields) {
  // The footer decides what the checksum covers, so correctChecksum cannot be
  // asked; any change is an error.
  test::MemoryFile file;
  size_t size = test::testArtifact().size();
  forEachChange(test::testArtifact(), size - sizeof(abi::Footer), size,
                [&](const std::vector<std::byte> &artifact) {
                  file.write(artifact);
                  bool isWhole = artifact == test::testArtifact();
                  EXPECT_EQ(bool(Model::load(file.path())), isWhole);
                });
}

TEST(Hostile, ManyPlanFieldsAtOnce) {
  test::MemoryFile file;
  abi::Footer footer = test::footerOf(test::testArtifact());
  std::mt19937_64 random(1);
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::byte> artifact = test::testArtifact();
    for (int changes = 0; changes < 4; ++changes)
      artifact[footer.planOffset + random() % footer.planBytes] =
          std::byte(random() % 8 ? random() % 4 : random());
    survives(file, artifact);
  }
}

} // namespace
} // namespace tenon
