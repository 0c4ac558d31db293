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
// Consecutive pieces are written together, a huge page's worth at its place:
// then Linux keeps them in one huge page, where the file system can, and who
// maps the file has fewer pages to look up.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_CORE_NEWFILE_H
#define TENON_RUNTIME_CORE_NEWFILE_H

#include "runtime/Core/Status.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

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

  /// Bytes that are never written are zero. NoMemory when the disk is full,
  /// which may be noticed by a later call.
  Result<void> writeAt(uint64_t offset, std::span<const std::byte> bytes);
  Result<void> commit();

private:
  NewFile(std::string path, std::string temporary, int fd);

  Result<void> flush();
  Result<void> writeNow(uint64_t offset, std::span<const std::byte> bytes);

  std::string path, temporary;
  int fd;
  std::vector<std::byte> pending; ///< not yet written
  uint64_t pendingOffset = 0;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_CORE_NEWFILE_H
