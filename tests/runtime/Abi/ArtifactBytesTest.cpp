// Artifacts are written whole or not at all, and readelf can read them.

#include "runtime/Abi/ArtifactBytes.h"
#include "runtime/Abi/Artifact.h"
#include "runtime/Abi/ElfSections.h"
#include "runtime/Abi/PlanBytes.h"
#include "tests/runtime/TestModel/TestModel.h"

#include <cstring>
#include <filesystem>
#include <gtest/gtest.h>

using namespace tenon;
using namespace tenon::abi;

namespace {

namespace fs = std::filesystem;

/// An empty folder of this test.
fs::path emptyFolder(const std::string &name) {
  fs::path folder = fs::path(testing::TempDir()) / ("tenon-artifact-" + name);
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

size_t numFiles(const fs::path &folder) {
  return size_t(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(ArtifactBytes, SectionsNameEveryPart) {
  const std::vector<std::byte> &artifact = test::testArtifact();
  Footer footer = test::footerOf(artifact);
  auto elf = readElfSections(artifact);
  ASSERT_TRUE(elf) << elf.error().message;
  std::map<std::string, Elf64_Shdr> sections;
  for (const Elf64_Shdr &section : elf->sections)
    sections[elf->names.c_str() + section.sh_name] = section;
  EXPECT_TRUE(sections.count(".text")) << "the linker's sections are kept";
  EXPECT_EQ(sections[".tenon.plan"].sh_offset, footer.planOffset);
  EXPECT_EQ(sections[".tenon.plan"].sh_size, footer.planBytes);
  EXPECT_EQ(sections[".tenon.weights.first"].sh_offset, footer.weightsOffset);
  EXPECT_EQ(sections[".tenon.weights.second"].sh_offset,
            footer.weightsOffset + 64);
  EXPECT_EQ(sections[".tenon.weights.second"].sh_type, unsigned(SHT_PROGBITS));
  EXPECT_EQ(sections[".tenon.weights.second"].sh_flags, 0u) << "never loaded";
}

TEST(ArtifactBytes, WeightsAreWhereThePlanSays) {
  const std::vector<std::byte> &artifact = test::testArtifact();
  Footer footer = test::footerOf(artifact);
  auto plan = readPlan(
      std::span(artifact).subspan(footer.planOffset, footer.planBytes));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(footer.weightsOffset % kPageBytes, 0u);
  float scale = 0;
  std::memcpy(&scale, artifact.data() + plan->weights[1].offset, sizeof(scale));
  EXPECT_EQ(scale, test::kSecondScale);
  EXPECT_EQ(plan->weights[1].checksum,
            checksum(std::as_bytes(std::span(&scale, 1))));
}

TEST(ArtifactBytes, AProgramMayComeFirst) {
  fs::path path = emptyFolder("program") / "program";
  std::vector<std::byte> program(5000, std::byte{'p'});
  ASSERT_TRUE(test::writeTestArtifact(path, test::testPlan(), program));
  std::vector<std::byte> file = test::readBytes(path);
  size_t start = 2 * kPageBytes;
  ASSERT_EQ(file.size(), start + test::testArtifact().size());
  EXPECT_TRUE(std::equal(program.begin(), program.end(), file.begin()));
  // Only the checksum is another: it covers the program too.
  Footer footer = test::footerOf(file);
  EXPECT_NE(footer.checksum, test::footerOf(test::testArtifact()).checksum);
  footer.checksum = test::footerOf(test::testArtifact()).checksum;
  std::memcpy(file.data() + file.size() - sizeof(footer), &footer,
              sizeof(footer));
  EXPECT_TRUE(std::equal(file.begin() + start, file.end(),
                         test::testArtifact().begin()));
  EXPECT_NE(fs::status(path).permissions() & fs::perms::owner_exec,
            fs::perms::none);
}

TEST(ArtifactBytes, MoreSectionsThanElfCountsIn16Bits) {
  constexpr size_t kNumWeights = 70000;
  std::vector<std::byte> code = test::testCode();
  ArtifactContents contents;
  contents.code = code;
  contents.plan.functions = {{"model", 0, {}, {}}};
  contents.plan.weights.assign(kNumWeights, {"w", "", 0, 0, 0});
  contents.weightWriters.assign(
      kNumWeights, [](WeightSink &) { return rt::Result<void>(); });
  fs::path path = emptyFolder("many") / "many.tenon";
  auto written = assembleArtifact(path, contents);
  ASSERT_TRUE(written) << written.error().message;
  std::vector<std::byte> artifact = test::readBytes(path);
  Elf64_Ehdr header;
  std::memcpy(&header, artifact.data(), sizeof(header));
  Elf64_Shdr first;
  std::memcpy(&first, artifact.data() + header.e_shoff, sizeof(first));
  EXPECT_EQ(header.e_shnum, 0);
  EXPECT_GT(first.sh_size, kNumWeights);
}

/// What assembleArtifact says when the first weight is written by `writer`.
std::string errorWith(const std::string &path, WeightWriter writer) {
  std::vector<std::byte> code = test::testCode();
  ArtifactContents contents{code, test::testPlan(), {writer, writer}, {}};
  auto written = assembleArtifact(path, contents);
  return written ? "no error" : written.error().message;
}

TEST(ArtifactBytes, AFailureLeavesTheOldFileAndNothingElse) {
  fs::path folder = emptyFolder("failure");
  std::string path = folder / "m.tenon";
  test::writeBytes(path, test::testCode());
  std::string error = errorWith(path, [](WeightSink &sink) -> rt::Result<void> {
    std::byte three[3] = {};
    if (auto written = sink.write(three); !written)
      return written;
    return rt::Error{rt::Code::BadInput, "the model's file is cut short"};
  });
  EXPECT_EQ(error, "weight 'first': the model's file is cut short");
  EXPECT_EQ(numFiles(folder), 1u);
  EXPECT_EQ(test::readBytes(path), test::testCode());
}

TEST(ArtifactBytes, WritersWriteWhatThePlanSays) {
  fs::path folder = emptyFolder("sizes");
  std::string path = folder / "m.tenon";
  std::byte bytes[5] = {};
  EXPECT_EQ(
      errorWith(path, [&](WeightSink &sink) { return sink.write(bytes); }),
      "weight 'first': 5 bytes are written, but 4 remain");
  EXPECT_EQ(errorWith(path,
                      [&](WeightSink &sink) {
                        return sink.write(std::span(bytes).first(1));
                      }),
            "weight 'first': 3 of 4 bytes are missing");
  EXPECT_EQ(numFiles(folder), 0u);
}

TEST(ArtifactBytes, AnInvalidPlanIsNotWritten) {
  Plan plan = test::testPlan();
  plan.functions[0].numParameters = 1;
  auto written = test::writeTestArtifact(emptyFolder("plan") / "m.tenon", plan);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "the plan is not valid: function 'model' "
                                     "is the model but has parameters");
}

TEST(ArtifactBytes, DevicesAreNotReplaced) {
  auto written = test::writeTestArtifact("/dev/null", test::testPlan());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message,
            "/dev/null: is not a regular file, so it is not replaced");
}

TEST(ArtifactBytes, AMissingFolderIsTheUsersError) {
  auto written = test::writeTestArtifact("/nowhere/m.tenon", test::testPlan());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, rt::Code::BadInput);
  EXPECT_EQ(
      written.error().message,
      "/nowhere/m.tenon: cannot create the file: No such file or directory");
}

} // namespace
