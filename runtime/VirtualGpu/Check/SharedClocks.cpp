// Who may see whose access to shared memory.

#include "runtime/VirtualGpu/Check/SharedClocks.h"

#include <algorithm>

namespace tenon::vgpu {

SharedClocks::SharedClocks(uint32_t sharedBytes, uint32_t numWarps)
    : numWarps(numWarps), words((sharedBytes + 3) / 4) {}

// Reads that are ordered before this one are forgotten: who is ordered behind
// this one is ordered behind them.
void SharedClocks::addReader(Word &word, uint32_t warp) {
  uint32_t self = 1u << warp;
  if (word.readTime == now && !word.readTimes) {
    word.readers |= self;
    return;
  }
  uint32_t unordered = 0;
  for (uint32_t rest = word.readers & ~self; rest; rest &= rest - 1) {
    uint32_t other = __builtin_ctz(rest);
    uint32_t time =
        word.readTimes ? exactReads[word.readTimes - 1][other] : word.readTime;
    if (!knows(warp, other, time))
      unordered |= 1u << other;
  }
  if (!unordered) {
    word.readers = self;
    word.readTime = now;
    word.readTimes = 0;
    return;
  }
  if (!word.readTimes) {
    exactReads.emplace_back().fill(word.readTime);
    word.readTimes = exactReads.size();
  }
  word.readers = unordered | self;
  word.readTime = now;
  exactReads[word.readTimes - 1][warp] = now;
}

SharedClocks::Result SharedClocks::readWord(Word &word, uint32_t warp,
                                            uint8_t bytes) {
  Result result;
  if (word.inFlight && (word.writeBytes & bytes))
    result = {Finding::InFlight, word.inFlight - 1u};
  else if (word.writeTime && (word.writeBytes & bytes) &&
           !knows(warp, word.writer, word.writeTime))
    result = {Finding::ReadAfterWrite, word.writer};
  addReader(word, warp);
  return result;
}

SharedClocks::Result SharedClocks::writeWord(Word &word, uint32_t warp,
                                             uint8_t bytes, bool isSameValue,
                                             bool isAtomic) {
  Result result;
  if (word.inFlight && (word.writeBytes & bytes))
    result = {Finding::InFlight, word.inFlight - 1u};
  else if (word.writeTime && (word.writeBytes & bytes) && !isSameValue &&
           !(isAtomic && word.isAtomic) &&
           !knows(warp, word.writer, word.writeTime))
    result = {Finding::WriteAfterWrite, word.writer};
  else if (!isSameValue && !(isAtomic && word.isAtomic))
    for (uint32_t rest = word.readers & ~(1u << warp); rest; rest &= rest - 1) {
      uint32_t other = __builtin_ctz(rest);
      uint32_t time = word.readTimes ? exactReads[word.readTimes - 1][other]
                                     : word.readTime;
      if (!knows(warp, other, time)) {
        result = {Finding::WriteAfterRead, other};
        break;
      }
    }
  word.writeTime = now;
  word.writer = warp;
  word.writeBytes = bytes;
  word.isAtomic = isAtomic;
  return result;
}

template <typename F>
SharedClocks::Result SharedClocks::eachWord(uint32_t offset, uint32_t sizeBytes,
                                            F access) {
  Result result;
  for (uint32_t at = offset; at < offset + sizeBytes;) {
    uint32_t end = std::min(at / 4 * 4 + 4, offset + sizeBytes);
    uint8_t bytes = ((1u << (end - at)) - 1) << (at % 4);
    Result one = access(words[at / 4], bytes);
    if (one.finding != Finding::None)
      result = one;
    at = end;
  }
  return result;
}

SharedClocks::Result SharedClocks::read(uint32_t warp, uint32_t offset,
                                        uint32_t sizeBytes) {
  // Most words were read at this time before, and were written by who is known.
  uint32_t at = offset / 4, end = (offset + sizeBytes + 3) / 4;
  for (; at < end; ++at) {
    Word &word = words[at];
    bool isPlain = !word.inFlight && !word.readTimes && word.readTime == now &&
                   knows(warp, word.writer, word.writeTime);
    if (!isPlain)
      break;
    word.readers |= 1u << warp;
  }
  if (at == end)
    return {};
  return eachWord(offset, sizeBytes, [&](Word &word, uint8_t bytes) {
    return readWord(word, warp, bytes);
  });
}

SharedClocks::Result SharedClocks::write(uint32_t warp, uint32_t offset,
                                         uint32_t sizeBytes, bool isSameValue,
                                         bool isAtomic) {
  return eachWord(offset, sizeBytes, [&](Word &word, uint8_t bytes) {
    return writeWord(word, warp, bytes, isSameValue, isAtomic);
  });
}

SharedClocks::Result SharedClocks::startCopy(uint32_t warp, uint32_t offset,
                                             uint32_t sizeBytes) {
  return eachWord(offset, sizeBytes, [&](Word &word, uint8_t bytes) {
    Result result = writeWord(word, warp, bytes, false, false);
    word.inFlight = warp + 1;
    return result;
  });
}

void SharedClocks::finishCopy(uint32_t warp, uint32_t offset,
                              uint32_t sizeBytes) {
  (void)eachWord(offset, sizeBytes, [&](Word &word, uint8_t) {
    word.inFlight = 0;
    word.writeTime = now;
    word.writer = warp;
    return Result();
  });
}

void SharedClocks::release(uint32_t warp, Clock &clock) {
  for (uint32_t other = 0; other < numWarps; ++other)
    clock[other] =
        std::max(clock[other], other == warp ? now : known[warp][other]);
  ++now;
}

void SharedClocks::acquire(uint32_t warp, const Clock &clock) {
  for (uint32_t other = 0; other < numWarps; ++other)
    known[warp][other] = std::max(known[warp][other], clock[other]);
}

void SharedClocks::synchronise(uint32_t warps) {
  Clock all = {};
  for (uint32_t rest = warps; rest; rest &= rest - 1) {
    uint32_t warp = __builtin_ctz(rest);
    for (uint32_t other = 0; other < numWarps; ++other)
      all[other] =
          std::max(all[other], other == warp ? now : known[warp][other]);
  }
  ++now;
  for (uint32_t rest = warps; rest; rest &= rest - 1)
    acquire(__builtin_ctz(rest), all);
}

} // namespace tenon::vgpu
