//===- Zip.h - the files inside a zip archive -----------------------------===//
//
// Reads what is stored or deflated, zip64 included; writes stored files. There
// are no folders, encryption or split archives in what we read.
//
// Source: APPNOTE.TXT 6.3.10, pkware.cachefly.net/webdocs/casestudies.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_FORMATS_ZIP_H
#define TENON_RUNTIME_FORMATS_ZIP_H

#include "runtime/Core/Status.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tenon::rt {

/// One file in an archive; `compressed` points into the archive's bytes.
struct ZipEntry {
  std::string name;
  bool isDeflated = false;
  uint32_t checksum = 0; ///< CRC-32 of the file
  uint64_t sizeBytes = 0;
  std::span<const std::byte> compressed;
};

/// The files of the archive `bytes`, in the order of its directory. Every entry
/// lies inside the archive, and all together claim no more bytes than it has;
/// checksums are left to extractZipEntry. `origin` opens the errors: BadInput.
Result<std::vector<ZipEntry>> listZip(std::span<const std::byte> bytes,
                                      const std::string &origin);

/// The file's bytes, unpacked and checked. What a size in the archive makes
/// this allocate is at most 1032 times the compressed bytes.
Result<std::vector<std::byte>> extractZipEntry(const ZipEntry &entry,
                                               const std::string &origin);

/// One file of an archive to be written: `parts`, one after another.
struct ZipFile {
  std::string name;
  std::vector<std::span<const std::byte>> parts;
};

/// Writes an archive of stored files, whole or not at all. BadInput when it
/// would be 4 GiB or more, have more than 65534 files, or cannot be written.
Result<void> writeZip(const std::string &path, std::span<const ZipFile> files);

} // namespace tenon::rt

#endif // TENON_RUNTIME_FORMATS_ZIP_H
