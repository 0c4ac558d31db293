// Archives of tensors are read back as written; damaged archives are one error
// each, and no byte of one can be changed without notice.
#include "runtime/Formats/Npz.h"

#include "runtime/Formats/LittleEndian.h"
#include "runtime/Formats/Zip.h"
#include "tests/runtime/Formats/TemporaryFile.h"

using namespace tenon::rt;
using namespace tenon::test;
using tenon::abi::DType;

namespace {

HostTensor tensorOf(const std::string &name, const std::string &data) {
  HostTensor tensor{name, DType::U8, {int64_t(data.size())}, {}};
  tensor.data.assign(asBytes(data).begin(), asBytes(data).end());
  return tensor;
}

/// The archive of tensors x = "abc" and y = "defg", as writeNpz makes it.
std::string archive() {
  TemporaryFile file("archive.npz");
  HostTensor tensors[] = {tensorOf("x", "abc"), tensorOf("y", "defg")};
  Result<void> isWritten = writeNpz(file.path, tensors);
  EXPECT_TRUE(isWritten) << isWritten.error().message;
  return file.contents();
}

/// The error that reading this archive gives, with its path as m.npz.
std::string errorOf(const std::string &contents) {
  TemporaryFile file("m.npz", contents);
  Result<std::vector<HostTensor>> tensors = readNpz(file.path);
  if (tensors)
    return "";
  EXPECT_EQ(tensors.error().code, Code::BadInput);
  EXPECT_TRUE(tensors.error().message.starts_with(file.path));
  return "m.npz" + tensors.error().message.substr(file.path.size());
}

template <typename T> void set(std::string &file, size_t offset, T value) {
  std::memcpy(file.data() + offset, &value, sizeof(T));
}

/// Where y's entry stands in the directory, and the record after it.
constexpr size_t kEntryBytes = 46 + 5;
size_t endRecord(const std::string &file) { return file.size() - 22; }
size_t lastEntry(const std::string &file) {
  return endRecord(file) - kEntryBytes;
}

TEST(Npz, WrittenArchivesAreReadBack) {
  TemporaryFile file("back.npz", archive());
  Result<std::vector<HostTensor>> tensors = readNpz(file.path);
  ASSERT_TRUE(tensors) << tensors.error().message;
  ASSERT_EQ(tensors->size(), 2u);
  EXPECT_EQ((*tensors)[0].name, "x");
  EXPECT_EQ((*tensors)[0].data, tensorOf("x", "abc").data);
  EXPECT_EQ((*tensors)[1].name, "y");
  EXPECT_EQ((*tensors)[1].dims, (std::vector<int64_t>{4}));
}

TEST(Npz, ATensorMayBeEmpty) {
  TemporaryFile file("nothing.npz");
  HostTensor tensors[] = {tensorOf("x", "")};
  Result<void> isWritten = writeNpz(file.path, tensors);
  ASSERT_TRUE(isWritten) << isWritten.error().message;
  EXPECT_EQ(errorOf(file.contents()), "");
}

TEST(Npz, AnArchiveMayBeEmptyOrHaveAComment) {
  TemporaryFile file("empty.npz");
  Result<void> isWritten = writeNpz(file.path, {});
  ASSERT_TRUE(isWritten) << isWritten.error().message;
  EXPECT_EQ(errorOf(file.contents()), "");
  std::string commented = archive();
  set<uint16_t>(commented, endRecord(commented) + 20, 3);
  EXPECT_EQ(errorOf(commented + "PK\5"), "");
}

TEST(Npz, EveryTruncationIsAnError) {
  std::string file = archive();
  for (size_t size = 0; size < file.size(); ++size)
    ASSERT_EQ(errorOf(file.substr(0, size)),
              "m.npz: is not a zip archive, or was cut short: it has no "
              "directory at its end")
        << size;
}

TEST(Npz, AChangedByteIsNoticedOrHarmless) {
  std::string sound = archive();
  for (size_t at = 0; at < sound.size(); ++at) {
    std::string file = sound;
    file[at] ^= 0x55;
    TemporaryFile changed("changed.npz", file);
    Result<std::vector<HostTensor>> tensors = readNpz(changed.path);
    if (!tensors || tensors->size() < 2)
      continue; // an error, or a shorter directory
    EXPECT_EQ((*tensors)[0].data, tensorOf("x", "abc").data) << at;
    EXPECT_EQ((*tensors)[1].data, tensorOf("y", "defg").data) << at;
  }
}

TEST(Npz, DataThatIsNotWhatTheChecksumSays) {
  std::string file = archive();
  file[file.find("defg")] = 'D';
  EXPECT_EQ(errorOf(file), "m.npz: zip entry 'y.npy' has another checksum than "
                           "the archive says; it was altered or damaged");
}

TEST(Npz, DirectoryOutsideTheFile) {
  std::string file = archive();
  set<uint32_t>(file, endRecord(file) + 16, 0xfffffff0);
  EXPECT_EQ(errorOf(file),
            "m.npz: has a zip directory of 102 bytes at byte 4294967280, which "
            "does not end before byte 435");
}

TEST(Npz, DirectoryWithFewerEntriesThanItSays) {
  std::string file = archive();
  set<uint16_t>(file, endRecord(file) + 10, 3);
  EXPECT_EQ(errorOf(file), "m.npz: has a damaged zip directory: it ends, or "
                           "holds something else, where an entry should be");
}

TEST(Npz, EntryOutsideTheFile) {
  std::string file = archive();
  set<uint32_t>(file, lastEntry(file) + 20, 5000);
  set<uint32_t>(file, lastEntry(file) + 24, 5000);
  EXPECT_EQ(errorOf(file), "m.npz: zip entry 'y.npy' has 5000 bytes at byte "
                           "201 but the file has 457 bytes");
  set<uint32_t>(file, lastEntry(file) + 42, 4000);
  EXPECT_EQ(errorOf(file),
            "m.npz: zip entry 'y.npy' has no header at byte 4000");
}

TEST(Npz, EntriesThatShareBytes) {
  std::string file = archive();
  // Both entries become the whole file but for the first local header.
  size_t first = lastEntry(file) - kEntryBytes;
  for (size_t entry : {first, lastEntry(file)}) {
    set<uint32_t>(file, entry + 20, 400);
    set<uint32_t>(file, entry + 24, 400);
    set<uint32_t>(file, entry + 42, 0);
  }
  EXPECT_EQ(errorOf(file), "m.npz: zip entry 'y.npy' has bytes that belong to "
                           "another entry too");
}

TEST(Npz, SizesThatCannotBe) {
  std::string file = archive();
  set<uint32_t>(file, lastEntry(file) + 24, 100);
  EXPECT_EQ(errorOf(file), "m.npz: zip entry 'y.npy' says that its 132 bytes "
                           "become 100, which cannot be");
  set<uint16_t>(file, lastEntry(file) + 10, 8); // deflated: up to 1032 times
  set<uint32_t>(file, lastEntry(file) + 24, 0xf0000000);
  EXPECT_EQ(errorOf(file), "m.npz: zip entry 'y.npy' says that its 132 bytes "
                           "become 4026531840, which cannot be");
}

TEST(Npz, DeflatedDataThatIsNone) {
  std::string file = archive();
  set<uint16_t>(file, lastEntry(file) + 10, 8);
  EXPECT_EQ(errorOf(file), "m.npz: zip entry 'y.npy' cannot be unpacked to the "
                           "132 bytes it should have");
}

TEST(Npz, EncryptedAndUnknownMethods) {
  std::string file = archive();
  set<uint16_t>(file, lastEntry(file) + 10, 93);
  EXPECT_EQ(errorOf(file), "m.npz: zip entry 'y.npy' is packed by method 93; "
                           "only stored (0) and deflate (8) are read");
  set<uint16_t>(file, lastEntry(file) + 8, 1);
  EXPECT_EQ(errorOf(file),
            "m.npz: zip entry 'y.npy' is encrypted, which is not supported");
}

TEST(Npz, Zip64WithoutItsRecords) {
  std::string file = archive();
  set<uint32_t>(file, lastEntry(file) + 24, UINT32_MAX);
  EXPECT_EQ(errorOf(file),
            "m.npz: zip entry 'y.npy' has a damaged extra field");
  set<uint32_t>(file, endRecord(file) + 16, UINT32_MAX);
  EXPECT_EQ(errorOf(file),
            "m.npz: has no zip64 directory where its end points to");
}

TEST(Npz, Zip64IsRead) {
  // The same archive with a 64-bit end record and a locator before the old one.
  std::string file = archive();
  std::string end = file.substr(endRecord(file));
  file.resize(endRecord(file));
  std::vector<std::byte> wide;
  appendLittle<uint32_t>(wide, 0x06064b50);
  appendLittle<uint64_t>(wide, 44);
  for (int i = 0; i < 3; ++i)
    appendLittle<uint32_t>(wide, 0);
  appendLittle<uint64_t>(wide, 2); // entries here, and in all
  appendLittle<uint64_t>(wide, 2);
  appendLittle<uint64_t>(wide, 2 * kEntryBytes);
  appendLittle<uint64_t>(wide, file.size() - 2 * kEntryBytes);
  appendLittle<uint32_t>(wide, 0x07064b50);
  appendLittle<uint32_t>(wide, 0);
  appendLittle<uint64_t>(wide, file.size());
  appendLittle<uint32_t>(wide, 1);
  file.append(reinterpret_cast<const char *>(wide.data()), wide.size());
  set<uint32_t>(end, 16, UINT32_MAX);
  EXPECT_EQ(errorOf(file + end), "");
}

TEST(Npz, OneNameTwice) {
  HostTensor tensors[] = {tensorOf("x", "a"), tensorOf("x", "b")};
  Result<void> isWritten = writeNpz("x.npz", tensors);
  ASSERT_FALSE(isWritten);
  EXPECT_EQ(isWritten.error().message, "x.npz: two tensors have the name 'x'");
  std::string file = archive();
  file[lastEntry(file) + 46] = 'x';
  EXPECT_EQ(errorOf(file), "m.npz: two tensors have the name 'x'");
}

TEST(Npz, AMemberThatIsNoNpyFile) {
  TemporaryFile file("text.npz");
  std::string text = "hello";
  ZipFile members[] = {{"note.txt", {asBytes(text)}}};
  Result<void> isWritten = writeZip(file.path, members);
  ASSERT_TRUE(isWritten) << isWritten.error().message;
  EXPECT_EQ(errorOf(file.contents()),
            "m.npz(note.txt): is not an .npy file: it does not begin with the "
            "bytes \\x93NUMPY and a version");
}

} // namespace
