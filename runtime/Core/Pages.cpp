// Anonymous memory from mmap.

#include "runtime/Core/Pages.h"

#include "runtime/Core/Message.h"

#include <algorithm>
#include <sys/mman.h>

namespace tenon::rt {

static uint64_t mappedBytes(uint64_t bytes) {
  return (std::max<uint64_t>(bytes, 1) + kPageBytes - 1) / kPageBytes *
         kPageBytes;
}

Pages::~Pages() {
  if (start)
    munmap(start, mappedBytes(length));
}

Result<Pages> Pages::reserve(uint64_t bytes, const char *purpose) {
  // Beyond any address space; also keeps the rounding from wrapping around.
  constexpr uint64_t kLargest = uint64_t(1) << 47;
  void *where = MAP_FAILED;
  if (bytes < kLargest)
    where = mmap(nullptr, mappedBytes(bytes), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (where == MAP_FAILED)
    return Error{Code::NoMemory,
                 message("cannot reserve ", bytes, " bytes for ", purpose)};
  Pages pages;
  pages.start = static_cast<std::byte *>(where);
  pages.length = bytes;
  return pages;
}

} // namespace tenon::rt
