// A file is mapped whole, read-only, and what cannot be mapped is one error.
#include "runtime/Core/MappedFile.h"

#include <cstdint>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace tenon::rt;

namespace {

std::string written(const std::string &name, const std::string &contents) {
  std::string path = testing::TempDir() + "tenon-mapped-" + name;
  std::ofstream(path, std::ios::binary) << contents;
  return path;
}

TEST(MappedFile, HoldsTheBytesOfTheFile) {
  std::string path = written("bytes", std::string("a\0b\n", 4));
  Result<MappedFile> file = MappedFile::open(path);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->path(), path);
  EXPECT_EQ(file->sizeBytes(), 4u);
  EXPECT_EQ(file->text(), std::string_view("a\0b\n", 4));
  EXPECT_EQ(file->bytes()[2], std::byte{'b'});
}

TEST(MappedFile, ALargeFileBeginsAtAHugePage) {
  std::string all((2 << 20) + 5, 'x');
  all[(2 << 20) + 4] = 'y';
  Result<MappedFile> file = MappedFile::open(written("large", all));
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(reinterpret_cast<uintptr_t>(file->bytes().data()) % (2 << 20), 0u);
  EXPECT_TRUE(file->text() == all);
}

TEST(MappedFile, AnEmptyFileIsNoBytes) {
  Result<MappedFile> file = MappedFile::open(written("empty", ""));
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_TRUE(file->bytes().empty());
}

TEST(MappedFile, BytesStayWhereTheyAreWhenTheOwnerMoves) {
  Result<MappedFile> file = MappedFile::open(written("moved", "first"));
  Result<MappedFile> other = MappedFile::open(written("other", "second"));
  ASSERT_TRUE(file && other);
  std::string_view text = file->text();
  MappedFile moved = std::move(*file);
  EXPECT_EQ(file->sizeBytes(), 0u);
  EXPECT_EQ(moved.text().data(), text.data());
  *other = std::move(moved);
  EXPECT_EQ(other->text().data(), text.data());
  EXPECT_EQ(text, "first");
}

TEST(MappedFile, WhatIsReleasedIsReadAgain) {
  std::string text(20000, '.');
  for (size_t i = 0; i < text.size(); ++i)
    text[i] = char('a' + i / 7 % 26);
  Result<MappedFile> file = MappedFile::open(written("released", text));
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->text(), text);
  file->release(file->bytes());
  file->release(file->bytes().subspan(3, 5000));
  file->release(file->bytes().subspan(20000));
  EXPECT_EQ(file->text(), text);
}

TEST(MappedFile, MissingFile) {
  Result<MappedFile> file = MappedFile::open("/nowhere/model.tenon");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Code::BadInput);
  EXPECT_EQ(
      file.error().message,
      "/nowhere/model.tenon: cannot open the file: No such file or directory");
}

TEST(MappedFile, AFolderIsRefused) {
  Result<MappedFile> file = MappedFile::open("/tmp");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().message,
            "/tmp: is not a regular file, so it cannot be mapped");
}

TEST(MappedFile, APipeWithoutAWriterIsRefusedAndNotWaitedFor) {
  std::string path = testing::TempDir() + "tenon-mapped-pipe";
  ::unlink(path.c_str());
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  Result<MappedFile> file = MappedFile::open(path);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().message,
            path + ": is not a regular file, so it cannot be mapped");
}

} // namespace
