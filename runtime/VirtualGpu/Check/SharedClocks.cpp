// Who may see whose access to shared memory.

#include "runtime/VirtualGpu/Check/SharedClocks.h"

#include <algorithm>

namespace tenon::vgpu {

SharedClocks::SharedClocks(uint32_t sharedBytes, std::shared_ptr<Warps> warps)
    : warps(std::move(warps)), rows((sharedBytes + kRowBytes - 1) / kRowBytes) {
}

void SharedClocks::Clock::join(const Clock &other) {
  for (uint32_t i = 0; i < kMostWarps; ++i) {
    seen[i] = std::max(seen[i], other.seen[i]);
    fenced[i] = std::max(fenced[i], other.fenced[i]);
  }
}

// Entries are taken again: a pipeline's stages need new ones in each round.
SharedClocks::Times &SharedClocks::addTimes(Word &word) {
  if (unusedReads.empty()) {
    exactReads.emplace_back();
    unusedReads.push_back(exactReads.size());
  }
  word.readTimes = unusedReads.back();
  unusedReads.pop_back();
  return exactReads[word.readTimes - 1];
}

void SharedClocks::dropTimes(Word &word) {
  if (word.readTimes)
    unusedReads.push_back(word.readTimes);
  word.readTimes = 0;
}

// Reads that are ordered before this one are forgotten: who is ordered behind
// this one is ordered behind them.
void SharedClocks::addReader(Word &word, uint32_t warp) {
  uint64_t self = uint64_t(1) << warp;
  if (word.readTime == warps->now && !word.readTimes) {
    word.readers |= self;
    return;
  }
  uint64_t unordered = 0;
  for (uint64_t rest = word.readers & ~self; rest; rest &= rest - 1) {
    uint32_t other = __builtin_ctzll(rest);
    uint32_t time =
        word.readTimes ? exactReads[word.readTimes - 1][other] : word.readTime;
    if (!knows(warp, other, time))
      unordered |= uint64_t(1) << other;
  }
  if (!unordered) {
    word.readers = self;
    word.readTime = warps->now;
    dropTimes(word);
    return;
  }
  if (!word.readTimes)
    std::fill_n(addTimes(word).begin(), warps->known.size(), word.readTime);
  word.readers = unordered | self;
  word.readTime = warps->now;
  exactReads[word.readTimes - 1][warp] = warps->now;
}

// Most words were read at this time before, or before a barrier of all, and
// were written by who is known.
inline bool SharedClocks::isPlainRead(const Word &word, uint32_t warp,
                                      Proxy proxy) const {
  return !word.inFlight && !word.readTimes &&
         (word.readTime == warps->now || word.readTime <= warps->common) &&
         knows(warp, word.writer, word.writeTime) &&
         (proxy == Proxy::Generic || isFenced(warp, word));
}

// And most are written by who knows of all that was done to them.
inline bool SharedClocks::isPlainWrite(const Word &word, uint32_t warp) const {
  return !word.inFlight && !word.numAsyncReads && !word.readTimes &&
         (word.readTime <= warps->common ||
          !(word.readers & ~(uint64_t(1) << warp))) &&
         knows(warp, word.writer, word.writeTime);
}

inline void SharedClocks::noteWrite(Word &word, uint32_t warp, uint8_t bytes,
                                    bool isAtomic) {
  word.writeTime = warps->now;
  word.writer = warp;
  word.writeBytes = bytes;
  word.isAtomic = isAtomic;
  word.isAsync = false;
}

SharedClocks::Result SharedClocks::readWord(Word &word, uint32_t warp,
                                            uint8_t bytes, Proxy proxy) {
  if (isPlainRead(word, warp, proxy)) [[likely]] {
    bool isOfNow = word.readTime == warps->now;
    word.readers = (isOfNow ? word.readers : 0) | uint64_t(1) << warp;
    word.readTime = warps->now;
    return {};
  }
  Result result;
  if (word.inFlight && (word.writeBytes & bytes))
    result = {Finding::InFlight, word.inFlight - 1u};
  else if (word.writeTime && (word.writeBytes & bytes) &&
           !knows(warp, word.writer, word.writeTime))
    result = {Finding::ReadAfterWrite, word.writer};
  else if (proxy == Proxy::Async && !isFenced(warp, word))
    result = {Finding::Unfenced, word.writer};
  addReader(word, warp);
  return result;
}

SharedClocks::Result SharedClocks::writeWord(Word &word, uint32_t warp,
                                             uint8_t bytes, bool isSameValue,
                                             bool isAtomic) {
  if (isPlainWrite(word, warp)) [[likely]] {
    noteWrite(word, warp, bytes, isAtomic);
    return {};
  }
  Result result;
  if (word.inFlight && (word.writeBytes & bytes))
    result = {Finding::InFlight, word.inFlight - 1u};
  else if (word.numAsyncReads && !isSameValue)
    result = {Finding::StillRead, word.asyncReader};
  else if (word.writeTime && (word.writeBytes & bytes) && !isSameValue &&
           !(isAtomic && word.isAtomic) &&
           !knows(warp, word.writer, word.writeTime))
    result = {Finding::WriteAfterWrite, word.writer};
  else if (!isSameValue && !(isAtomic && word.isAtomic) &&
           (word.readTimes || word.readTime > warps->common))
    for (uint64_t rest = word.readers & ~(uint64_t(1) << warp); rest;
         rest &= rest - 1) {
      uint32_t other = __builtin_ctzll(rest);
      uint32_t time = word.readTimes ? exactReads[word.readTimes - 1][other]
                                     : word.readTime;
      if (!knows(warp, other, time)) {
        result = {Finding::WriteAfterRead, other};
        break;
      }
    }
  noteWrite(word, warp, bytes, isAtomic);
  return result;
}

/// Words that are no longer touched together get states of their own.
void SharedClocks::split(Row &row) {
  if (unused.empty()) {
    apart.emplace_back();
    unused.push_back(apart.size());
  }
  row.apart = unused.back();
  unused.pop_back();
  Words &words = apart[row.apart - 1];
  words.fill(row);
  for (uint32_t i = 1; row.readTimes && i < words.size(); ++i) {
    Times times = exactReads[row.readTimes - 1];
    addTimes(words[i]) = times;
  }
}

void SharedClocks::join(Row &row) {
  const Words &words = apart[row.apart - 1];
  bool isSame = words[0].readTimes == 0;
  for (uint32_t i = 1; isSame && i < words.size(); ++i)
    isSame = words[i] == words[0];
  if (!isSame)
    return;
  static_cast<Word &>(row) = words[0];
  unused.push_back(row.apart);
  row.apart = 0;
}

template <typename F>
SharedClocks::Result SharedClocks::eachWord(Row &row, uint32_t first,
                                            uint32_t sizeBytes, F access) {
  if (!row.apart)
    split(row);
  Result result;
  Words &words = apart[row.apart - 1];
  for (uint32_t at = first; at < first + sizeBytes;) {
    uint32_t word = at / kWordBytes,
             end = std::min((word + 1) * kWordBytes, first + sizeBytes);
    uint8_t bytes = ((1u << (end - at)) - 1) << (at % kWordBytes);
    Result one = access(words[word], bytes);
    if (one.finding != Finding::None)
      result = one;
    at = end;
  }
  if (sizeBytes == kRowBytes)
    join(row);
  return result;
}

template <typename F>
inline SharedClocks::Result SharedClocks::each(uint32_t offset,
                                               uint32_t sizeBytes, F access) {
  Result result;
  for (uint32_t at = offset, end = offset + sizeBytes; at < end;) {
    Row &row = rows[at / kRowBytes];
    uint32_t next = std::min(at / kRowBytes * kRowBytes + kRowBytes, end);
    bool isWhole = next - at == kRowBytes && !row.apart;
    Result one = isWhole ? access(row, kAllBytes)
                         : eachWord(row, at % kRowBytes, next - at, access);
    if (one.finding != Finding::None)
      result = one;
    at = next;
  }
  return result;
}

SharedClocks::Result SharedClocks::read(uint32_t warp, uint32_t offset,
                                        uint32_t sizeBytes, Proxy proxy) {
  return each(offset, sizeBytes, [&](Word &word, uint8_t bytes) {
    return readWord(word, warp, bytes, proxy);
  });
}

SharedClocks::Result SharedClocks::write(uint32_t warp, uint32_t offset,
                                         uint32_t sizeBytes, bool isSameValue,
                                         bool isAtomic) {
  return each(offset, sizeBytes, [&](Word &word, uint8_t bytes) {
    return writeWord(word, warp, bytes, isSameValue, isAtomic);
  });
}

SharedClocks::Result SharedClocks::startCopy(uint32_t warp, uint32_t offset,
                                             uint32_t sizeBytes, Proxy proxy) {
  return each(offset, sizeBytes, [&](Word &word, uint8_t bytes) {
    bool isUnfenced = proxy == Proxy::Async && !isFenced(warp, word);
    uint32_t writer = word.writer;
    Result result = writeWord(word, warp, bytes, false, false);
    if (isUnfenced && result.finding == Finding::None)
      result = {Finding::Unfenced, writer};
    word.inFlight = warp + 1;
    word.isAsync = proxy == Proxy::Async;
    return result;
  });
}

void SharedClocks::finishCopy(uint32_t warp, uint32_t offset,
                              uint32_t sizeBytes, Proxy proxy) {
  (void)each(offset, sizeBytes, [&](Word &word, uint8_t) {
    word.inFlight = 0;
    word.writeTime = warps->now;
    word.writer = warp;
    word.isAsync = proxy == Proxy::Async;
    return Result();
  });
}

void SharedClocks::startRead(uint32_t warp, uint32_t offset,
                             uint32_t sizeBytes) {
  (void)each(offset, sizeBytes, [&](Word &word, uint8_t) {
    ++word.numAsyncReads;
    word.asyncReader = warp;
    return Result();
  });
}

void SharedClocks::finishRead(uint32_t waiter, uint32_t offset,
                              uint32_t sizeBytes) {
  (void)each(offset, sizeBytes, [&](Word &word, uint8_t) {
    --word.numAsyncReads;
    addReader(word, waiter);
    return Result();
  });
}

void SharedClocks::fence(uint32_t warp) {
  Clock &clock = warps->known[warp];
  for (uint32_t other = 0; other < warps->known.size(); ++other)
    clock.fenced[other] = std::max(clock.fenced[other], clock.seen[other]);
  clock.fenced[warp] = warps->now++;
}

void SharedClocks::release(uint32_t warp, Clock &clock) {
  warps->known[warp].seen[warp] = warps->now++;
  clock.join(warps->known[warp]);
}

void SharedClocks::acquire(uint32_t warp, const Clock &clock) {
  warps->known[warp].join(clock);
}

void SharedClocks::synchronise(uint64_t mask) {
  Clock all;
  for (uint64_t rest = mask; rest; rest &= rest - 1) {
    uint32_t warp = __builtin_ctzll(rest);
    warps->known[warp].seen[warp] = warps->now;
    all.join(warps->known[warp]);
  }
  if (size_t(__builtin_popcountll(mask)) == warps->known.size())
    warps->common = warps->now;
  ++warps->now;
  for (uint64_t rest = mask; rest; rest &= rest - 1)
    acquire(__builtin_ctzll(rest), all);
}

} // namespace tenon::vgpu
