//===- L2Cache.h - which sectors come from memory -------------------------===//
//
//   L2Cache cache(40 << 20);
//   cache.access(address / 128, 0b0011, L2Cache::Read);   // two sectors
//   cache.flush();
//   cache.readSectors(), cache.writtenSectors()           // of memory
//
// As many lines of 128 bytes as the capacity has; the one used longest ago
// leaves, wherever it would lie, but lines that only streams wrote leave before
// all others. Of a line's four sectors only those asked for are fetched;
// written ones go to memory when their line leaves.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_COUNT_L2CACHE_H
#define TENON_RUNTIME_VIRTUALGPU_COUNT_L2CACHE_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tenon::vgpu {

constexpr uint32_t kLineBytes = 128, kSectorBytes = 32;

class L2Cache {
public:
  explicit L2Cache(uint64_t capacityBytes);

  enum Kind : uint8_t {
    Read,
    Write,  ///< whole sectors: nothing is fetched
    Stream, ///< written so, and not to be kept
    Update, ///< an atomic: fetched and written
  };
  /// `sectors`: a bit for each of the line's four.
  void access(uint64_t line, uint8_t sectors, Kind kind);
  /// Writes what is still to be written.
  void flush();

  uint64_t readSectors() const { return numRead; }
  uint64_t writtenSectors() const { return numWritten; }

private:
  /// A line of the cache, between those used just before and just after it.
  struct Entry {
    uint64_t line;
    uint32_t older, newer;
    uint8_t valid, dirty;
    bool isStreamed;
  };
  static constexpr uint32_t kNone = ~0u;
  /// Of the lines to be kept, or of the others.
  struct Order {
    uint32_t oldest = kNone, newest = kNone;
  };

  Entry &entryOf(uint64_t line, bool streams);
  Order &orderOf(const Entry &entry) { return orders[entry.isStreamed]; }
  uint32_t takeEntry();
  void unlink(Entry &entry);
  void makeNewest(uint32_t number);
  /// The table's slot that names the line's entry, or the empty one where it
  /// would be.
  std::size_t slotOf(uint64_t line) const;
  std::size_t homeOf(uint64_t line) const;
  void removeSlot(std::size_t slot);

  uint64_t numLines, numRead = 0, numWritten = 0;
  std::vector<Entry> entries;  ///< as many as were ever needed
  std::vector<uint32_t> table; ///< numbers of entries, by their lines' hash
  Order orders[2];
};

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_COUNT_L2CACHE_H
