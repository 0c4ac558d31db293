//===- GlobalRaces.h - blocks of a launch that touch the same bytes -------===//
//
//   GlobalRaces races;
//   GlobalRaces::Cache cache;                       // of one thread of the
//   host auto other = races.access(cache, block, address, 4, /*isWrite=*/true);
//
// Nothing orders the blocks of a launch, so bytes that one writes no other may
// touch. It is not asked for kernels with atomics or volatile accesses, by
// which blocks can order each other.
//
// A word of four bytes knows one writer and one reader, and whether there are
// more readers: enough for every conflict, whichever block runs first. Bytes
// that two blocks wrote into one word side by side are not followed further.
// The words of a sector of 32 bytes are kept as one until some are touched
// without the others.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_CHECK_GLOBALRACES_H
#define TENON_RUNTIME_VIRTUALGPU_CHECK_GLOBALRACES_H

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace tenon::vgpu {

class GlobalRaces {
  struct Page;

public:
  GlobalRaces();
  ~GlobalRaces();

  /// The pages that were asked for last.
  struct Cache {
    struct Entry {
      uint64_t number = ~uint64_t(0);
      Page *page = nullptr;
    };
    std::array<Entry, 16> entries;
  };
  /// Launches with more blocks are not followed.
  static constexpr uint64_t kMostBlocks = 0xfffffe;

  struct Conflict {
    uint64_t otherBlock = 0;
    bool otherWrites = false;
  };
  std::optional<Conflict> access(Cache &cache, uint64_t block, uint64_t address,
                                 uint32_t sizeBytes, bool isWrite);
  /// The same for a range that meets no other block, as nearly all do; false
  /// when it does, and then `access` says what. Before that it may have added a
  /// part that meets none: adding it again changes nothing.
  bool addAlone(Cache &cache, uint64_t block, uint64_t address,
                uint32_t sizeBytes, bool isWrite);

private:
  template <typename F>
  void eachState(Cache &cache, uint64_t address, uint32_t sizeBytes, F touch);
  Page &pageAt(Cache &cache, uint64_t number);

  std::mutex mutex;
  std::unordered_map<uint64_t, std::unique_ptr<Page>> pages;
};

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_CHECK_GLOBALRACES_H
