// Writes beside the file, then renames.
#include "runtime/Formats/WriteFile.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace tenon::rt {
namespace {

/// Linux writes at most 2 GiB less a page in one call.
constexpr size_t kMaxWriteBytes = size_t(1) << 30;

bool writeAll(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    ssize_t done =
        ::write(fd, bytes.data(), std::min(bytes.size(), kMaxWriteBytes));
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return false;
    bytes = bytes.subspan(static_cast<size_t>(done));
  }
  return true;
}

/// A new empty file beside `path`, open for writing; -1 when there can be none.
int createBeside(const std::string &path, std::string &temporary) {
  static std::atomic<unsigned> serial = 0;
  int fd = -1;
  do { // a name is taken only where a process of this number was killed
    temporary = path + '.' + std::to_string(::getpid()) + '.' +
                std::to_string(serial++);
    fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                0666);
  } while (fd < 0 && errno == EEXIST);
  return fd;
}

} // namespace

Result<void> writeFile(const std::string &path,
                       std::span<const std::span<const std::byte>> parts) {
  std::string temporary;
  int fd = createBeside(path, temporary);
  if (fd < 0)
    return Error{Code::BadInput,
                 path + ": cannot create the file: " + std::strerror(errno)};
  bool isWritten = true;
  for (std::span<const std::byte> part : parts)
    isWritten = isWritten && writeAll(fd, part);
  int problem = errno;
  // Some file systems report a full disk only when the file is closed.
  if (::close(fd) != 0 && isWritten) {
    isWritten = false;
    problem = errno;
  }
  if (isWritten && ::rename(temporary.c_str(), path.c_str()) != 0) {
    isWritten = false;
    problem = errno;
  }
  if (isWritten)
    return {};
  ::unlink(temporary.c_str());
  return Error{Code::BadInput,
               path + ": cannot write the file: " + std::strerror(problem)};
}

} // namespace tenon::rt
