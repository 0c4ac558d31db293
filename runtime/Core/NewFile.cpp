// Writes beside the target and renames.

#include "runtime/Core/NewFile.h"

#include "runtime/Core/Message.h"
#include "runtime/Core/Pages.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon::rt {

static Error failed(const std::string &path, const char *what) {
  Code code = errno == ENOSPC ? Code::NoMemory : Code::BadInput;
  return {code, message(path, ": ", what, ": ", std::strerror(errno))};
}

/// Renaming over a device or a folder's name would destroy it.
static bool mayReplace(const std::string &path) {
  struct stat status;
  if (::lstat(path.c_str(), &status) != 0)
    return true;
  return S_ISREG(status.st_mode) || S_ISLNK(status.st_mode);
}

Result<NewFile> NewFile::create(const std::string &path, unsigned mode) {
  if (!mayReplace(path))
    return badInput(path, ": is not a regular file, so it is not replaced");
  static std::atomic<unsigned> counter = 0;
  for (;;) {
    std::string temporary =
        message(path, ".", ::getpid(), "-", counter++, ".unfinished");
    int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                    mode);
    if (fd >= 0)
      return NewFile(path, temporary, fd);
    if (errno != EEXIST) // left by an older process with our number
      return failed(path, "cannot create the file");
  }
}

NewFile::NewFile(std::string path, std::string temporary, int fd)
    : path(std::move(path)), temporary(std::move(temporary)), fd(fd) {}

NewFile::NewFile(NewFile &&other) noexcept
    : path(std::move(other.path)), temporary(std::move(other.temporary)),
      fd(std::exchange(other.fd, -1)), pending(std::move(other.pending)),
      pendingOffset(other.pendingOffset) {}

NewFile::~NewFile() {
  if (fd < 0)
    return;
  ::close(fd);
  ::unlink(temporary.c_str());
}

Result<void> NewFile::writeAt(uint64_t offset,
                              std::span<const std::byte> bytes) {
  if (offset != pendingOffset + pending.size()) {
    if (auto written = flush(); !written)
      return written;
    pendingOffset = offset;
  }
  while (!bytes.empty()) {
    uint64_t end = pendingOffset + pending.size();
    uint64_t room = kHugePageBytes - end % kHugePageBytes;
    auto piece = bytes.first(std::min<uint64_t>(room, bytes.size()));
    pending.insert(pending.end(), piece.begin(), piece.end());
    bytes = bytes.subspan(piece.size());
    if (piece.size() == room)
      if (auto written = flush(); !written)
        return written;
  }
  return {};
}

Result<void> NewFile::flush() {
  auto written = writeNow(pendingOffset, pending);
  pendingOffset += pending.size();
  pending.clear();
  return written;
}

Result<void> NewFile::writeNow(uint64_t offset,
                               std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), off_t(offset));
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return failed(path, "cannot write the file");
    offset += size_t(written);
    bytes = bytes.subspan(size_t(written));
  }
  return {};
}

Result<void> NewFile::commit() {
  if (auto written = flush(); !written)
    return written;
  // Some file systems report a failed write only here.
  if (::close(std::exchange(fd, -1)) != 0 ||
      ::rename(temporary.c_str(), path.c_str()) != 0) {
    Error error = failed(path, "cannot finish the file");
    ::unlink(temporary.c_str());
    return error;
  }
  return {};
}

} // namespace tenon::rt
