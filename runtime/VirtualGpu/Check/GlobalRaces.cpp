// Who wrote and who read each word of global memory in this launch.

#include "runtime/VirtualGpu/Check/GlobalRaces.h"

#include <algorithm>

namespace tenon::vgpu {

namespace {

constexpr uint64_t kPageBytes = uint64_t(1) << 18, kSectorBytes = 32,
                   kWordBytes = 4, kAllBytes = 15;
/// In place of a sector's state: its words differ.
constexpr uint64_t kApart = ~uint64_t(0);
/// In place of a block: more than one.
constexpr uint64_t kSeveral = 0xffffff;

/// Blocks are numbered from 1; 0 is none.
struct Word {
  uint64_t writer = 0, written = 0, reader = 0, read = 0;

  static Word unpack(uint64_t bits) {
    return {bits & 0xffffff, bits >> 24 & 15, bits >> 32 & 0xffffff,
            bits >> 56 & 15};
  }
  uint64_t pack() const {
    return writer | written << 24 | reader << 32 | read << 56;
  }
};

/// Whether all there is to know of such an access is in the word already: as it
/// is where nobody wrote it and this block, or several, read it before.
bool isKnown(uint64_t bits, uint64_t self, uint64_t bytes, bool isWrite) {
  Word word = Word::unpack(bits);
  return !isWrite && word.written == 0 && (word.read & bytes) == bytes &&
         (word.reader == self || word.reader == kSeveral);
}

/// Adds the access to the word; what it meets.
std::optional<GlobalRaces::Conflict> touch(Word &word, uint64_t self,
                                           uint64_t bytes, bool isWrite) {
  std::optional<GlobalRaces::Conflict> conflict;
  if ((word.written & bytes) && word.writer != self && word.writer != kSeveral)
    conflict = {word.writer - 1, true};
  // A word that several read may have been read by this block alone among
  // them: then there is another all the same.
  if (isWrite && (word.read & bytes) && word.reader != self)
    conflict = {word.reader == kSeveral ? kSeveral : word.reader - 1, false};
  uint64_t &who = isWrite ? word.writer : word.reader;
  uint64_t &which = isWrite ? word.written : word.read;
  if (who == 0 || who == self) {
    who = self;
    which |= bytes;
    return conflict;
  }
  // Of different bytes it would not be known whose are whose.
  who = kSeveral;
  which = which == bytes ? bytes : 0;
  return conflict;
}

} // namespace

struct GlobalRaces::Page {
  using State = std::atomic<uint64_t>;
  static constexpr uint64_t kNumWords = kPageBytes / kWordBytes,
                            kNumInSector = kSectorBytes / kWordBytes;

  State sectors[kPageBytes / kSectorBytes] = {};
  std::unique_ptr<State[]> words; ///< most pages need none
  std::mutex mutex;               ///< of those who split a sector

  /// The words of a sector, which is one no more.
  State *split(uint64_t sector) {
    State &one = sectors[sector];
    if (one.load(std::memory_order_acquire) != kApart) {
      std::lock_guard lock(mutex);
      if (!words)
        words.reset(new State[kNumWords]());
      uint64_t before = one.load(std::memory_order_relaxed);
      for (uint64_t i = 0; before != kApart && i < kNumInSector; ++i)
        words[sector * kNumInSector + i].store(before,
                                               std::memory_order_relaxed);
      one.store(kApart, std::memory_order_release);
    }
    return &words[sector * kNumInSector];
  }
};

GlobalRaces::GlobalRaces() = default;
GlobalRaces::~GlobalRaces() = default;

GlobalRaces::Page &GlobalRaces::pageAt(Cache &cache, uint64_t number) {
  Cache::Entry &entry = cache.entries[number % cache.entries.size()];
  if (entry.number == number)
    return *entry.page;
  std::lock_guard lock(mutex);
  std::unique_ptr<Page> &page = pages[number];
  if (!page)
    page = std::make_unique<Page>();
  entry = {number, page.get()};
  return *page;
}

/// touch(state, bytes) for each sector that is one, and words of others, until
/// it returns false.
///
/// Two threads at one state at the same moment may lose an access: a word that
/// races is met more than once.
template <typename F>
inline void GlobalRaces::eachState(Cache &cache, uint64_t address,
                                   uint32_t sizeBytes, F touch) {
  for (uint64_t at = address, end = address + sizeBytes; at < end;) {
    Page &page = pageAt(cache, at / kPageBytes);
    uint64_t sector = at % kPageBytes / kSectorBytes,
             next = std::min((at / kSectorBytes + 1) * kSectorBytes, end);
    Page::State &one = page.sectors[sector];
    if (next - at == kSectorBytes &&
        one.load(std::memory_order_relaxed) != kApart) {
      if (!touch(one, kAllBytes))
        return;
      at = next;
      continue;
    }
    for (Page::State *words = page.split(sector); at < next;) {
      uint64_t wordEnd = std::min((at / kWordBytes + 1) * kWordBytes, next);
      uint64_t bytes = ((uint64_t(1) << (wordEnd - at)) - 1) << at % kWordBytes;
      if (!touch(words[at % kSectorBytes / kWordBytes], bytes))
        return;
      at = wordEnd;
    }
  }
}

std::optional<GlobalRaces::Conflict>
GlobalRaces::access(Cache &cache, uint64_t block, uint64_t address,
                    uint32_t sizeBytes, bool isWrite) {
  std::optional<Conflict> conflict;
  eachState(cache, address, sizeBytes, [&](Page::State &place, uint64_t bytes) {
    uint64_t before = place.load(std::memory_order_relaxed);
    if (isKnown(before, block + 1, bytes, isWrite))
      return true;
    Word word = Word::unpack(before);
    if (auto met = touch(word, block + 1, bytes, isWrite))
      conflict = met;
    if (uint64_t after = word.pack(); after != before)
      place.store(after, std::memory_order_relaxed);
    return true;
  });
  return conflict;
}

bool GlobalRaces::addAlone(Cache &cache, uint64_t block, uint64_t address,
                           uint32_t sizeBytes, bool isWrite) {
  bool isAlone = true;
  eachState(cache, address, sizeBytes, [&](Page::State &place, uint64_t bytes) {
    uint64_t before = place.load(std::memory_order_relaxed);
    if (isKnown(before, block + 1, bytes, isWrite))
      return true;
    Word word = Word::unpack(before);
    isAlone = !touch(word, block + 1, bytes, isWrite);
    if (uint64_t after = word.pack(); isAlone && after != before)
      place.store(after, std::memory_order_relaxed);
    return isAlone;
  });
  return isAlone;
}

} // namespace tenon::vgpu
