// A file appears whole or not at all.

#include "runtime/Core/NewFile.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
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
  auto written = file->writeAt(0, abc);
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
