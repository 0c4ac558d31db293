// Writes stored files one after another, then the directory that lists them.
#include "runtime/Formats/LittleEndian.h"
#include "runtime/Formats/WriteFile.h"
#include "runtime/Formats/Zip.h"

#include <zlib.h>

namespace tenon::rt {
namespace {

using Bytes = std::span<const std::byte>;

constexpr uint16_t kVersion = 20; ///< of the format: 2.0
constexpr uint16_t kNamesAreUtf8 = 0x800;
constexpr uint16_t kFirstDay =
    0x21; ///< 1 January 1980: the same bytes every day
constexpr size_t kMaxFiles = 65534;

void append(std::vector<std::byte> &bytes, const std::string &text) {
  const auto *start = reinterpret_cast<const std::byte *>(text.data());
  bytes.insert(bytes.end(), start, start + text.size());
}

struct Stored {
  uint32_t checksum, sizeBytes;
};

/// The fields that a local header and a directory entry share, from the version
/// that reads them on.
void appendCommon(std::vector<std::byte> &bytes, const ZipFile &file,
                  const Stored &stored) {
  appendLittle<uint16_t>(bytes, kVersion);
  appendLittle<uint16_t>(bytes, kNamesAreUtf8);
  appendLittle<uint16_t>(bytes, 0); // stored
  appendLittle<uint16_t>(bytes, 0); // midnight
  appendLittle<uint16_t>(bytes, kFirstDay);
  appendLittle<uint32_t>(bytes, stored.checksum);
  appendLittle<uint32_t>(bytes, stored.sizeBytes); // compressed
  appendLittle<uint32_t>(bytes, stored.sizeBytes);
  appendLittle<uint16_t>(bytes, static_cast<uint16_t>(file.name.size()));
  appendLittle<uint16_t>(bytes, 0); // no extra field
}

std::vector<std::byte> localHeader(const ZipFile &file, const Stored &stored) {
  std::vector<std::byte> bytes;
  appendLittle<uint32_t>(bytes, 0x04034b50);
  appendCommon(bytes, file, stored);
  append(bytes, file.name);
  return bytes;
}

void appendDirectoryEntry(std::vector<std::byte> &bytes, const ZipFile &file,
                          const Stored &stored, uint32_t offset) {
  appendLittle<uint32_t>(bytes, 0x02014b50);
  appendLittle<uint16_t>(bytes, kVersion); // that wrote it
  appendCommon(bytes, file, stored);
  appendLittle<uint16_t>(bytes, 0); // no comment
  appendLittle<uint16_t>(bytes, 0); // on this disk
  appendLittle<uint16_t>(bytes, 0); // not known to be text
  appendLittle<uint32_t>(bytes, 0); // no attributes
  appendLittle<uint32_t>(bytes, offset);
  append(bytes, file.name);
}

void appendEnd(std::vector<std::byte> &bytes, size_t numFiles,
               uint32_t directoryOffset) {
  auto directoryBytes = static_cast<uint32_t>(bytes.size());
  appendLittle<uint32_t>(bytes, 0x06054b50);
  appendLittle<uint32_t>(bytes, 0); // one disk only
  appendLittle<uint16_t>(bytes, static_cast<uint16_t>(numFiles));
  appendLittle<uint16_t>(bytes, static_cast<uint16_t>(numFiles));
  appendLittle<uint32_t>(bytes, directoryBytes);
  appendLittle<uint32_t>(bytes, directoryOffset);
  appendLittle<uint16_t>(bytes, 0); // no comment
}

/// Headers, names and directory are less than this for each file.
uint64_t archiveBytesBound(std::span<const ZipFile> files) {
  uint64_t bound = 64;
  for (const ZipFile &file : files) {
    bound += 128 + 2 * file.name.size();
    for (Bytes part : file.parts)
      bound += part.size();
  }
  return bound;
}

Stored measure(const ZipFile &file) {
  uLong checksum = 0;
  uint64_t size = 0;
  for (Bytes part : file.parts) {
    if (part.empty()) // a null pointer would begin the checksum anew
      continue;
    checksum = crc32_z(checksum, reinterpret_cast<const Bytef *>(part.data()),
                       part.size());
    size += part.size();
  }
  return {static_cast<uint32_t>(checksum), static_cast<uint32_t>(size)};
}

} // namespace

Result<void> writeZip(const std::string &path, std::span<const ZipFile> files) {
  if (archiveBytesBound(files) > UINT32_MAX || files.size() > kMaxFiles)
    return Error{Code::BadInput,
                 path + ": an archive of 4 GiB or more, or of more than 65534 "
                        "files, is not written; write several"};
  std::vector<std::vector<std::byte>> headers;
  headers.reserve(files.size()); // `parts` points into it
  std::vector<Bytes> parts;
  std::vector<std::byte> directory;
  uint32_t offset = 0;
  for (const ZipFile &file : files) {
    if (file.name.size() > UINT16_MAX)
      return Error{Code::BadInput, path + ": a name of " +
                                       std::to_string(file.name.size()) +
                                       " bytes is too long for a zip archive"};
    Stored stored = measure(file);
    appendDirectoryEntry(directory, file, stored, offset);
    headers.push_back(localHeader(file, stored));
    parts.emplace_back(headers.back());
    parts.insert(parts.end(), file.parts.begin(), file.parts.end());
    offset += static_cast<uint32_t>(headers.back().size()) + stored.sizeBytes;
  }
  appendEnd(directory, files.size(), offset);
  parts.emplace_back(directory);
  return writeFile(path, parts);
}

} // namespace tenon::rt
