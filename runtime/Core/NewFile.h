//===- NewFile.h - a file that appears whole or not at all ----------------===//
//
//   Result<NewFile> file = NewFile::create("model.tenon", 0666);
//   if (auto written = file->writeAt(0, bytes); !written)
//     return written.error(); // nothing is left behind
//   return file->commit();    // now model.tenon is there, or the new one is
//
// The bytes go to a file beside the target, which is renamed at the end, so a
// process that dies leaves the old target as it was.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_CORE_NEWFILE_H
#define TENON_RUNTIME_CORE_NEWFILE_H

#include "runtime/Core/Status.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tenon::rt {

/// Owns the unfinished file; destroyed before commit(), it removes it.
class NewFile {
public:
  /// `mode` are the permissions, less the process's umask. BadInput when the
  /// folder is not writable, or when the target is there and no regular file.
  static Result<NewFile> create(const std::string &path, unsigned mode);

  NewFile(NewFile &&other) noexcept;
  NewFile &operator=(NewFile &&) = delete;
  ~NewFile();

  /// Bytes that are never written are zero. NoMemory when the disk is full.
  Result<void> writeAt(uint64_t offset, std::span<const std::byte> bytes);
  Result<void> commit();

private:
  NewFile(std::string path, std::string temporary, int fd);

  std::string path, temporary;
  int fd;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_CORE_NEWFILE_H
