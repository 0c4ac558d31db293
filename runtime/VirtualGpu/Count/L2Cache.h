//===- L2Cache.h - which sectors come from memory -------------------------===//
//
//   L2Cache cache(40 << 20);
//   cache.access(address / 128, 0b0011, L2Cache::Read);   // two sectors
//   cache.flush();
//   cache.readSectors(), cache.writtenSectors()           // of memory
//
// Lines of 128 bytes with four sectors, of which only those asked for are
// fetched; sets of sixteen lines, the line used longest ago leaves; written
// sectors go to memory when their line leaves. A line's set is a hash of its
// number, so that strides do not meet in one.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_COUNT_L2CACHE_H
#define TENON_RUNTIME_VIRTUALGPU_COUNT_L2CACHE_H

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

namespace tenon::vgpu {

constexpr uint32_t kLineBytes = 128, kSectorBytes = 32;

class L2Cache {
public:
  explicit L2Cache(uint64_t capacityBytes);

  enum Kind : uint8_t {
    Read,
    Write,  ///< whole sectors: nothing is fetched
    Update, ///< an atomic: fetched and written
  };
  /// `sectors`: a bit for each of the line's four.
  void access(uint64_t line, uint8_t sectors, Kind kind);
  /// Writes what is still to be written.
  void flush();

  uint64_t readSectors() const { return numRead; }
  uint64_t writtenSectors() const { return numWritten; }

private:
  struct Way {
    uint64_t line, lastUse; ///< 0: empty
    uint8_t valid, dirty;
  };
  static constexpr unsigned kNumWays = 16;
  Way &wayOf(uint64_t line);

  struct Free {
    void operator()(void *bytes) const { std::free(bytes); }
  };
  /// Zero pages until a set is used: most launches use few.
  std::unique_ptr<Way[], Free> ways;
  std::vector<uint64_t> usedSets;
  uint64_t numSets, now = 0, numRead = 0, numWritten = 0;
};

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_COUNT_L2CACHE_H
