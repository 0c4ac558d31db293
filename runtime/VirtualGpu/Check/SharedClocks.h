//===- SharedClocks.h - who may see whose access to shared memory
//--------------===//
//
//   clocks.write(warp, offset, 4, isSameValue);   // a race, or nothing
//   clocks.release(warp)                          // at an arrival
//   clocks.acquire(warp, clock)                   // when the wait ends
//
// Vector clocks: warp v knows u up to known[v][u]; an access of u later than
// that is not ordered before what v does now. Time is one number of the block
// that grows at every release, so that warps that synchronise with all others
// (bar.sync) stand at the same time and a word needs a mask of readers; only
// words whose readers read at different times need a time each.
//
// The units of products and bulk copies see shared memory through a path of
// their own, the async proxy: a write of a thread is seen there only behind a
// fence (fence.proxy.async) between it and the reader. Each warp has a second
// clock for that, of what it knows to be fenced, which travels with the first.
// What such a unit reads it may read until somebody waited for it.
//
// Blocks of a cluster reach into each other's shared memory: each has words of
// its own, and the warps of all of them one set of clocks, numbered through.
//
// Words are four bytes, with the bytes of the last write, so that neighbours in
// a word are not taken for one. Two writes of the same value are no race:
// compilers let several warps store what they all computed. Matrices move by
// rows of sixteen bytes: the four words of one are kept as one for as long as
// they are touched together.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_CHECK_SHAREDCLOCKS_H
#define TENON_RUNTIME_VIRTUALGPU_CHECK_SHAREDCLOCKS_H

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace tenon::vgpu {

class SharedClocks {
public:
  static constexpr unsigned kMostWarps = 64; ///< of a cluster
  using Times = std::array<uint32_t, kMostWarps>;
  struct Clock {
    Times seen = {}, fenced = {};
    /// Takes the later times of both.
    void join(const Clock &other);
  };
  enum class Proxy : uint8_t { Generic, Async };

  /// What the warps of a cluster know of each other.
  struct Warps {
    explicit Warps(uint32_t numWarps) : known(numWarps) {}
    uint32_t now = 1;
    uint32_t common = 0; ///< all know of all that was up to then
    std::vector<Clock> known;
  };

  SharedClocks(uint32_t sharedBytes, std::shared_ptr<Warps> warps);

  /// What an access meets.
  enum class Finding : uint8_t {
    None,
    ReadAfterWrite,
    WriteAfterRead,
    WriteAfterWrite,
    InFlight,  ///< bytes of an asynchronous copy that is not finished
    StillRead, ///< written while a product or a bulk copy reads
    Unfenced,  ///< through the async proxy, after a thread's write
  };
  struct Result {
    Finding finding = Finding::None;
    uint32_t otherWarp = 0;
  };

  /// [offset, offset + sizeBytes) lies in shared memory.
  Result read(uint32_t warp, uint32_t offset, uint32_t sizeBytes,
              Proxy proxy = Proxy::Generic);
  Result write(uint32_t warp, uint32_t offset, uint32_t sizeBytes,
               bool isSameValue, bool isAtomic);
  /// A copy to shared memory starts (checked as a write) and ends (is one).
  Result startCopy(uint32_t warp, uint32_t offset, uint32_t sizeBytes,
                   Proxy proxy);
  void finishCopy(uint32_t warp, uint32_t offset, uint32_t sizeBytes,
                  Proxy proxy);
  /// A unit reads from now on, and has read when `waiter` waited for it.
  void startRead(uint32_t warp, uint32_t offset, uint32_t sizeBytes);
  void finishRead(uint32_t waiter, uint32_t offset, uint32_t sizeBytes);

  /// What `warp` did and knows is for the async proxy too.
  void fence(uint32_t warp);
  /// The time of what `warp` does now; whether another knows of it.
  uint32_t time() const { return warps->now; }
  bool knows(uint32_t warp, uint32_t other, uint32_t time) const {
    return other == warp || warps->known[warp].seen[other] >= time;
  }

  /// Adds what `warp` knows and did to `clock`; what it does next is not in it.
  void release(uint32_t warp, Clock &clock);
  void acquire(uint32_t warp, const Clock &clock);
  /// All warps of the mask saw each other: a barrier ended.
  void synchronise(uint64_t mask);

private:
  struct Word {
    uint64_t readers = 0;
    uint32_t writeTime = 0, readTime = 0;
    uint32_t readTimes = 0; ///< index + 1 into exactReads, 0 for none
    uint8_t writer = 0, writeBytes = 0;
    bool isAtomic = false, isAsync = false; ///< the last write
    uint8_t inFlight = 0;                   ///< warp + 1
    uint8_t asyncReader = 0;
    uint16_t numAsyncReads = 0; ///< that nobody has waited for
    bool operator==(const Word &) const = default;
  };
  /// Each of its words is as it says, or they differ and stand apart.
  struct Row : Word {
    uint32_t apart = 0; ///< index + 1 into `apart`, 0 for none
  };
  static constexpr uint32_t kRowBytes = 16, kWordBytes = 4;
  static constexpr uint8_t kAllBytes = 15; ///< of a word
  using Words = std::array<Word, kRowBytes / kWordBytes>;

  bool isFenced(uint32_t warp, const Word &word) const {
    return word.isAsync || !word.writeTime ||
           warps->known[warp].fenced[word.writer] >= word.writeTime;
  }
  bool isPlainRead(const Word &word, uint32_t warp, Proxy proxy) const;
  bool isPlainWrite(const Word &word, uint32_t warp) const;
  void noteWrite(Word &word, uint32_t warp, uint8_t bytes, bool isAtomic);
  Result readWord(Word &word, uint32_t warp, uint8_t bytes, Proxy proxy);
  Result writeWord(Word &word, uint32_t warp, uint8_t bytes, bool isSameValue,
                   bool isAtomic);
  void addReader(Word &word, uint32_t warp);
  /// Gives the word times of its readers, and takes them back.
  Times &addTimes(Word &word);
  void dropTimes(Word &word);
  void split(Row &row);
  void join(Row &row);
  /// access(word, bytes) for whole rows and for words of others; the last
  /// finding.
  template <typename F>
  Result each(uint32_t offset, uint32_t sizeBytes, F access);
  template <typename F>
  Result eachWord(Row &row, uint32_t first, uint32_t sizeBytes, F access);

  std::shared_ptr<Warps> warps;
  std::vector<Row> rows;
  std::vector<Words> apart;
  std::vector<uint32_t> unused; ///< of `apart`, since rows became whole again
  std::vector<Times> exactReads;
  std::vector<uint32_t> unusedReads; ///< of `exactReads`
};

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_CHECK_SHAREDCLOCKS_H
