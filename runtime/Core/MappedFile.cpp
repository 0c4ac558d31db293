// Maps a file with mmap, so that weights are never copied into the process.
#include "runtime/Core/MappedFile.h"

#include "runtime/Core/Pages.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon::rt {
namespace {

/// Closes on every way out; a mapping outlives its descriptor.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0)
      ::close(fd);
  }
};

Error failed(Code code, const std::string &path, const char *what) {
  return {code, path + ": " + what + ": " + std::strerror(errno)};
}

/// Maps a file from a huge page on, so that what of it lies in huge pages is
/// mapped as such: for the weights of a large product that saves a twentieth of
/// the time.
void *mapInHugePages(int fd, size_t length) {
  uint64_t bytes = (length + kPageBytes - 1) / kPageBytes * kPageBytes;
  void *place = ::mmap(nullptr, bytes + kHugePageBytes, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED)
    return MAP_FAILED;
  place = trimToHugePages(place, bytes);
  void *start =
      ::mmap(place, length, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
  if (start == MAP_FAILED)
    ::munmap(place, bytes);
  else
    ::madvise(start, length, MADV_HUGEPAGE); // a wish
  return start;
}

} // namespace

Result<MappedFile> MappedFile::open(const std::string &path) {
  // Without O_NONBLOCK, opening a pipe would wait for its writer.
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0)
    return failed(Code::BadInput, path, "cannot open the file");
  struct stat status;
  if (::fstat(file.fd, &status) != 0)
    return failed(Code::BadInput, path, "cannot read the file's size");
  if (!S_ISREG(status.st_mode))
    return Error{Code::BadInput,
                 path + ": is not a regular file, so it cannot be mapped"};
  size_t length = static_cast<size_t>(status.st_size);
  if (length == 0) // mmap refuses an empty range
    return MappedFile(path, nullptr, 0);
  void *start = length < kHugePageBytes ? ::mmap(nullptr, length, PROT_READ,
                                                 MAP_PRIVATE, file.fd, 0)
                                        : mapInHugePages(file.fd, length);
  if (start == MAP_FAILED)
    return failed(Code::NoMemory, path, "cannot map the file");
  return MappedFile(path, static_cast<const std::byte *>(start), length);
}

MappedFile::MappedFile(std::string path, const std::byte *start, size_t length)
    : filePath(std::move(path)), start(start), length(length) {}

MappedFile::MappedFile(MappedFile &&other) noexcept
    : filePath(std::move(other.filePath)),
      start(std::exchange(other.start, nullptr)),
      length(std::exchange(other.length, 0)) {}

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept {
  std::swap(filePath, other.filePath);
  std::swap(start, other.start);
  std::swap(length, other.length);
  return *this;
}

void MappedFile::release(std::span<const std::byte> part) const {
  uint64_t offset = part.data() - start;
  uint64_t begin = (offset + kPageBytes - 1) / kPageBytes * kPageBytes,
           end = (offset + part.size()) / kPageBytes * kPageBytes;
  if (begin < end)
    ::madvise(const_cast<std::byte *>(start) + begin, end - begin,
              MADV_DONTNEED); // a wish
}

MappedFile::~MappedFile() {
  if (start)
    ::munmap(const_cast<std::byte *>(start), length);
}

} // namespace tenon::rt
