// A file appears whole or not at all.

#include "runtime/Core/NewFile.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <span>
#include <sys/resource.h>
#include <sys/stat.h>
#include <vector>

using namespace tenon::rt;

namespace {

namespace fs = std::filesystem;

class NewFileTest : public testing::Test {
protected:
  void SetUp() override {
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  static std::string contents(const fs::path &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::vector<std::string> names() const {
    std::vector<std::string> list;
    for (const auto &entry : fs::directory_iterator(folder))
      list.push_back(entry.path().filename());
    return list;
  }

  fs::path folder = fs::path(testing::TempDir()) / "tenon-new-file-test";
  fs::path path = folder / "m.tenon";
  const std::byte abc[3] = {std::byte{'a'}, std::byte{'b'}, std::byte{'c'}};
};

TEST_F(NewFileTest, AppearsWhenCommitted) {
  std::ofstream(path) << "old";
  auto file = NewFile::create(path, 0666);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE(file->writeAt(5, abc));
  ASSERT_TRUE(file->writeAt(0, abc));
  EXPECT_EQ(contents(path), "old");
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(contents(path), std::string("abc\0\0abc", 8));
  EXPECT_EQ(names(), std::vector<std::string>{"m.tenon"});
}

TEST_F(NewFileTest, PiecesOfAnySizeLieWhereTheyWereWritten) {
  std::string all(5 * (2 << 20) + 17, '\0');
  for (size_t i = 0; i < all.size(); ++i)
    all[i] = char('a' + i % 23);
  auto bytes = std::as_bytes(std::span(all));
  auto file = NewFile::create(path, 0666);
  ASSERT_TRUE(file);
  const size_t middle = 4096, behind = 7'000'001;
  for (size_t at = middle, size = 1; at < behind; at += size) {
    size = std::min(3 * size + 1, behind - at); // over several huge pages
    ASSERT_TRUE(file->writeAt(at, bytes.subspan(at, size)));
  }
  ASSERT_TRUE(file->writeAt(0, bytes.first(middle)));
  ASSERT_TRUE(file->writeAt(behind, bytes.subspan(behind)));
  ASSERT_TRUE(file->writeAt(5, abc));
  ASSERT_TRUE(file->commit());
  all.replace(5, 3, "abc");
  EXPECT_TRUE(contents(path) == all);
}

TEST_F(NewFileTest, LeavesNothingBehindWhenGivenUp) {
  {
    auto file = NewFile::create(path, 0666);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->writeAt(0, abc));
    EXPECT_EQ(names().size(), 1u);
  }
  EXPECT_EQ(names(), std::vector<std::string>());
}

TEST_F(NewFileTest, HasTheModeLessTheUmask) {
  mode_t before = umask(022);
  ASSERT_TRUE(NewFile::create(path, 0777)->commit());
  umask(before);
  EXPECT_EQ(fs::status(path).permissions(), fs::perms(0755));
}

TEST_F(NewFileTest, AFullDiskIsAnErrorThatNamesTheFile) {
  struct rlimit before, small = {2, 2};
  getrlimit(RLIMIT_FSIZE, &before);
  small.rlim_max = before.rlim_max;
  auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  auto file = NewFile::create(path, 0666);
  ASSERT_TRUE(file);
  setrlimit(RLIMIT_FSIZE, &small);
  ASSERT_TRUE(file->writeAt(0, abc)); // noticed when it is written
  auto written = file->commit();
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, ignored);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message,
            path.string() + ": cannot write the file: File too large");
}

TEST_F(NewFileTest, FoldersAndDevicesAreNotReplaced) {
  for (const std::string &taken : {folder.string(), std::string("/dev/null")}) {
    auto file = NewFile::create(taken, 0666);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().message,
              taken + ": is not a regular file, so it is not replaced");
  }
}

} // namespace
