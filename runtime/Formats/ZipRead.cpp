// Finds the directory at the end of a zip archive, and unpacks its entries.
#include "runtime/Formats/LittleEndian.h"
#include "runtime/Formats/Zip.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <zlib.h>

namespace tenon::rt {
namespace {

using Bytes = std::span<const std::byte>;

constexpr uint32_t kLocalMagic = 0x04034b50;
constexpr uint32_t kDirectoryMagic = 0x02014b50;
constexpr uint32_t kEndMagic = 0x06054b50;
constexpr uint32_t kEnd64Magic = 0x06064b50;
constexpr uint32_t kLocator64Magic = 0x07064b50;
constexpr size_t kLocalBytes = 30;
constexpr size_t kDirectoryBytes = 46;
constexpr size_t kEndBytes = 22;
constexpr size_t kEnd64Bytes = 56;
constexpr size_t kLocator64Bytes = 20;
constexpr size_t kMaxCommentBytes = 65535;
constexpr uint16_t kExtra64 = 1; ///< the extra field that holds 64-bit sizes
constexpr uint16_t kEncrypted = 1;
constexpr uint16_t kStored = 0, kDeflated = 8;
/// Deflate's best: 258 bytes for 2 bits.
constexpr uint64_t kMaxDeflateRatio = 1032;

Error bad(const std::string &origin, const std::string &message) {
  return {Code::BadInput, origin + ": " + message};
}

bool isInside(uint64_t offset, uint64_t length, uint64_t size) {
  return offset <= size && length <= size - offset;
}

/// Where the directory lies.
struct Directory {
  uint64_t offset, sizeBytes, numEntries;
};

/// The end record is last in the file but for a comment of unknown length, so
/// it is searched from the back: the last place whose comment length fits.
std::optional<size_t> findEndRecord(Bytes file) {
  if (file.size() < kEndBytes)
    return std::nullopt;
  size_t last = file.size() - kEndBytes;
  size_t first = last - std::min(last, kMaxCommentBytes);
  for (size_t at = last + 1; at-- > first;)
    if (loadLittle<uint32_t>(file, at) == kEndMagic &&
        at + kEndBytes + loadLittle<uint16_t>(file, at + 20) == file.size())
      return at;
  return std::nullopt;
}

/// The 64-bit end record, whose place a locator before `end` tells.
std::optional<Directory> readDirectory64(Bytes file, size_t end) {
  if (end < kLocator64Bytes ||
      loadLittle<uint32_t>(file, end - kLocator64Bytes) != kLocator64Magic)
    return std::nullopt;
  uint64_t at = loadLittle<uint64_t>(file, end - kLocator64Bytes + 8);
  if (!isInside(at, kEnd64Bytes, file.size()) ||
      loadLittle<uint32_t>(file, at) != kEnd64Magic)
    return std::nullopt;
  return Directory{loadLittle<uint64_t>(file, at + 48),
                   loadLittle<uint64_t>(file, at + 40),
                   loadLittle<uint64_t>(file, at + 32)};
}

Result<Directory> findDirectory(Bytes file, const std::string &origin) {
  std::optional<size_t> end = findEndRecord(file);
  if (!end)
    return bad(origin, "is not a zip archive, or was cut short: it has no "
                       "directory at its end");
  Directory directory{loadLittle<uint32_t>(file, *end + 16),
                      loadLittle<uint32_t>(file, *end + 12),
                      loadLittle<uint16_t>(file, *end + 10)};
  if (directory.offset == UINT32_MAX || directory.sizeBytes == UINT32_MAX ||
      directory.numEntries == UINT16_MAX) {
    std::optional<Directory> wide = readDirectory64(file, *end);
    if (!wide)
      return bad(origin, "has no zip64 directory where its end points to");
    directory = *wide;
  }
  if (!isInside(directory.offset, directory.sizeBytes, *end))
    return bad(origin,
               "has a zip directory of " + std::to_string(directory.sizeBytes) +
                   " bytes at byte " + std::to_string(directory.offset) +
                   ", which does not end before byte " + std::to_string(*end));
  return directory;
}

/// Replaces each value that is all ones by the next 64-bit one of the extra
/// field. False when it has too few.
bool readExtra64(Bytes extra, std::span<uint64_t *const> values) {
  Bytes wide;
  while (extra.size() >= 4) {
    uint16_t kind = loadLittle<uint16_t>(extra, 0);
    size_t size = loadLittle<uint16_t>(extra, 2);
    if (size > extra.size() - 4)
      return false;
    if (kind == kExtra64)
      wide = extra.subspan(4, size);
    extra = extra.subspan(4 + size);
  }
  for (uint64_t *value : values) {
    if (*value != UINT32_MAX)
      continue;
    if (wide.size() < 8)
      return false;
    *value = loadLittle<uint64_t>(wide, 0);
    wide = wide.subspan(8);
  }
  return true;
}

/// Reads the entry at the front of `directory` and takes it off.
Result<ZipEntry> takeEntry(Bytes file, Bytes &directory,
                           const std::string &origin) {
  Error damaged = bad(origin, "has a damaged zip directory: it ends, or holds "
                              "something else, where an entry should be");
  if (directory.size() < kDirectoryBytes ||
      loadLittle<uint32_t>(directory, 0) != kDirectoryMagic)
    return damaged;
  uint16_t flags = loadLittle<uint16_t>(directory, 8);
  uint16_t method = loadLittle<uint16_t>(directory, 10);
  uint64_t compressed = loadLittle<uint32_t>(directory, 20);
  uint64_t size = loadLittle<uint32_t>(directory, 24);
  size_t nameBytes = loadLittle<uint16_t>(directory, 28);
  size_t extraBytes = loadLittle<uint16_t>(directory, 30);
  size_t commentBytes = loadLittle<uint16_t>(directory, 32);
  uint64_t offset = loadLittle<uint32_t>(directory, 42);
  size_t entryBytes = kDirectoryBytes + nameBytes + extraBytes + commentBytes;
  if (directory.size() < entryBytes)
    return damaged;
  ZipEntry entry;
  entry.checksum = loadLittle<uint32_t>(directory, 16);
  entry.name.assign(reinterpret_cast<const char *>(directory.data()) +
                        kDirectoryBytes,
                    nameBytes);
  std::string who = "zip entry '" + entry.name + "' ";
  uint64_t *const wide[] = {&size, &compressed, &offset};
  if (!readExtra64(directory.subspan(kDirectoryBytes + nameBytes, extraBytes),
                   wide))
    return bad(origin, who + "has a damaged extra field");
  directory = directory.subspan(entryBytes);
  if (flags & kEncrypted)
    return bad(origin, who + "is encrypted, which is not supported");
  if (method != kStored && method != kDeflated)
    return bad(origin, who + "is packed by method " + std::to_string(method) +
                           "; only stored (0) and deflate (8) are read");
  entry.isDeflated = method == kDeflated;
  entry.sizeBytes = size;
  if (!isInside(offset, kLocalBytes, file.size()) ||
      loadLittle<uint32_t>(file, offset) != kLocalMagic)
    return bad(origin, who + "has no header at byte " + std::to_string(offset));
  // The local header's name and extra field may differ from the directory's.
  uint64_t start = offset + kLocalBytes +
                   loadLittle<uint16_t>(file, offset + 26) +
                   loadLittle<uint16_t>(file, offset + 28);
  if (!isInside(start, compressed, file.size()))
    return bad(origin, who + "has " + std::to_string(compressed) +
                           " bytes at byte " + std::to_string(start) +
                           " but the file has " + std::to_string(file.size()) +
                           " bytes");
  entry.compressed = file.subspan(start, compressed);
  if (entry.isDeflated ? size / kMaxDeflateRatio > compressed
                       : size != compressed)
    return bad(origin, who + "says that its " + std::to_string(compressed) +
                           " bytes become " + std::to_string(size) +
                           ", which cannot be");
  return entry;
}

/// Inflates exactly into `result`; zlib counts in 32 bits, so in turns.
bool inflateInto(Bytes compressed, std::span<std::byte> result) {
  z_stream stream{};
  // Negative: no zlib header around the data.
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return false;
  constexpr size_t kTurnBytes = size_t(1) << 30;
  size_t in = 0, out = 0;
  int status = Z_OK;
  std::byte spare; // inflate needs somewhere to point to at the end
  while (status == Z_OK) {
    size_t inTurn = std::min(compressed.size() - in, kTurnBytes);
    size_t outTurn = std::min(result.size() - out, kTurnBytes);
    stream.next_in = reinterpret_cast<Bytef *>(
        const_cast<std::byte *>(compressed.data() + in));
    stream.avail_in = static_cast<uInt>(inTurn);
    stream.next_out =
        reinterpret_cast<Bytef *>(outTurn ? result.data() + out : &spare);
    stream.avail_out = static_cast<uInt>(outTurn);
    status = inflate(&stream, Z_NO_FLUSH);
    in += inTurn - stream.avail_in;
    out += outTurn - stream.avail_out;
  }
  inflateEnd(&stream);
  return status == Z_STREAM_END && out == result.size();
}

uint32_t checksumOf(Bytes bytes) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef *>(bytes.data()), bytes.size()));
}

} // namespace

Result<std::vector<ZipEntry>> listZip(Bytes file, const std::string &origin) {
  Result<Directory> found = findDirectory(file, origin);
  if (!found)
    return found.error();
  Bytes directory = file.subspan(found->offset, found->sizeBytes);
  std::vector<ZipEntry> entries;
  uint64_t claimed = 0;
  for (uint64_t i = 0; i < found->numEntries; ++i) {
    Result<ZipEntry> entry = takeEntry(file, directory, origin);
    if (!entry)
      return entry.error();
    // Entries that share their bytes would make a small file a huge one.
    claimed += entry->compressed.size();
    if (claimed > file.size())
      return bad(origin, "zip entry '" + entry->name +
                             "' has bytes that belong to another entry too");
    entries.push_back(std::move(*entry));
  }
  return entries;
}

Result<std::vector<std::byte>> extractZipEntry(const ZipEntry &entry,
                                               const std::string &origin) {
  std::vector<std::byte> bytes;
  if (!entry.isDeflated) {
    bytes.assign(entry.compressed.begin(), entry.compressed.end());
  } else {
    bytes.resize(entry.sizeBytes);
    if (!inflateInto(entry.compressed, bytes))
      return bad(origin,
                 "zip entry '" + entry.name + "' cannot be unpacked to the " +
                     std::to_string(entry.sizeBytes) + " bytes it should have");
  }
  if (checksumOf(bytes) != entry.checksum)
    return bad(origin, "zip entry '" + entry.name +
                           "' has another checksum than the archive says; it "
                           "was altered or damaged");
  return bytes;
}

} // namespace tenon::rt
