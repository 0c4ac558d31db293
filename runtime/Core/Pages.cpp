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

std::byte *trimToHugePages(void *where, uint64_t length) {
  auto begin = reinterpret_cast<uintptr_t>(where);
  uintptr_t start =
      (begin + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  uintptr_t behind = begin + kHugePageBytes - start;
  auto *first = static_cast<std::byte *>(where) + (start - begin);
  if (start > begin)
    munmap(where, start - begin);
  if (behind > 0)
    munmap(first + length, behind);
  return first;
}

Pages::~Pages() {
  if (start)
    munmap(start, mappedBytes(length));
}

Result<Pages> Pages::reserve(uint64_t bytes, const char *purpose) {
  // Beyond any address space; also keeps the rounding from wrapping around.
  constexpr uint64_t kLargest = uint64_t(1) << 47;
  void *where = MAP_FAILED;
  bool isLarge = bytes >= kHugePageBytes;
  uint64_t slack = isLarge ? kHugePageBytes : 0;
  if (bytes < kLargest)
    where = mmap(nullptr, mappedBytes(bytes) + slack, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (where == MAP_FAILED)
    return Error{Code::NoMemory,
                 message("cannot reserve ", bytes, " bytes for ", purpose)};
  // Rows of a large tensor are pages apart, and looking up each of them would
  // cost a kernel a tenth of its time.
  if (isLarge) {
    where = trimToHugePages(where, mappedBytes(bytes));
    madvise(where, mappedBytes(bytes), MADV_HUGEPAGE); // a wish
  }
  Pages pages;
  pages.start = static_cast<std::byte *>(where);
  pages.length = bytes;
  return pages;
}

Result<void> Pages::growTo(uint64_t bytes, const char *purpose) {
  if (start && length >= bytes)
    return {};
  *this = Pages();
  auto grown = reserve(bytes, purpose);
  if (!grown)
    return grown.error();
  *this = std::move(*grown);
  return {};
}

} // namespace tenon::rt
