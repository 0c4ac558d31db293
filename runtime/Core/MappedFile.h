//===- MappedFile.h - a whole file as read-only memory --------------------===//
//
//   Result<MappedFile> file = MappedFile::open("model.tenon");
//   if (!file)
//     return file.error();
//   std::span<const std::byte> bytes = file->bytes();
//
// Pages are read when they are touched and are shared between processes. The
// file must not be made shorter while it is mapped: touching what was cut off
// would end the process.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_CORE_MAPPEDFILE_H
#define TENON_RUNTIME_CORE_MAPPEDFILE_H

#include "runtime/Core/Status.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace tenon::rt {

/// Owns one mapping; it moves but does not copy. What `bytes` returned stays
/// valid when the MappedFile moves, and until it is destroyed.
class MappedFile {
public:
  /// Maps the regular file `path`. BadInput when it cannot be opened or is no
  /// regular file (a folder, a pipe); NoMemory when it cannot be mapped. An
  /// empty file is mapped as no bytes.
  static Result<MappedFile> open(const std::string &path);

  MappedFile(MappedFile &&other) noexcept;
  MappedFile &operator=(MappedFile &&other) noexcept;
  ~MappedFile();

  const std::string &path() const { return filePath; }
  size_t sizeBytes() const { return length; }
  std::span<const std::byte> bytes() const { return {start, length}; }
  /// The same bytes for parsers of text and of wire formats.
  std::string_view text() const {
    return {reinterpret_cast<const char *>(start), length};
  }

  /// Gives the memory of pages inside `part`, some of `bytes`, back to the
  /// system; who touches them reads the file again.
  void release(std::span<const std::byte> part) const;

private:
  MappedFile(std::string path, const std::byte *start, size_t length);

  std::string filePath;
  const std::byte *start;
  size_t length;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_CORE_MAPPEDFILE_H
