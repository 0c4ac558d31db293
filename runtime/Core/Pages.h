//===- Pages.h - zeroed memory straight from the system -------------------===//
//
// Arenas, scratch and code images. Pages are not touched until used, so a large
// reservation costs address space only. From 2 MiB on they are huge pages where
// the system has them.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_CORE_PAGES_H
#define TENON_RUNTIME_CORE_PAGES_H

#include "runtime/Core/Status.h"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace tenon::rt {

inline constexpr uint64_t kPageBytes = 4096;
inline constexpr uint64_t kHugePageBytes = uint64_t(2) << 20;

/// Of a mapping of `length` bytes, whole pages, and a huge page more: as many
/// bytes from the first huge page on. The rest is given back.
std::byte *trimToHugePages(void *where, uint64_t length);

/// Owns a page-aligned, zeroed, readable and writable range. Empty by default.
class Pages {
public:
  Pages() = default;
  Pages(Pages &&other) noexcept { *this = std::move(other); }
  Pages &operator=(Pages &&other) noexcept {
    std::swap(start, other.start);
    std::swap(length, other.length);
    return *this;
  }
  ~Pages();

  /// At least one byte is mapped even for 0, so that data() is never null.
  /// NoMemory: "cannot reserve 123 bytes for the arena".
  static Result<Pages> reserve(uint64_t bytes, const char *purpose);

  /// At least `bytes` afterwards; what was there is lost. First gives back, so
  /// that the peak is the larger of both.
  Result<void> growTo(uint64_t bytes, const char *purpose);

  std::byte *data() const { return start; }
  /// What was asked for; the mapping is rounded up to whole pages.
  uint64_t sizeBytes() const { return length; }

private:
  std::byte *start = nullptr;
  uint64_t length = 0;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_CORE_PAGES_H
