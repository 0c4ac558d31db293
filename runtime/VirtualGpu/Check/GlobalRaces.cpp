// Who wrote and who read each word of global memory in this launch.

#include "runtime/VirtualGpu/Check/GlobalRaces.h"

#include <algorithm>

namespace tenon::vgpu {

namespace {

constexpr uint64_t kPageBytes = uint64_t(1) << 18, kWordBytes = 4;
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

/// Whether all there is to know of such a read is in the word already, as it is
/// where nobody wrote it and this block, or several, read it before.
bool isKnownRead(uint64_t bits, uint64_t self, uint64_t bytes) {
  Word word = Word::unpack(bits);
  return word.written == 0 && (word.read & bytes) == bytes &&
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
  std::atomic<uint64_t> words[kPageBytes / kWordBytes] = {};
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

std::optional<GlobalRaces::Conflict>
GlobalRaces::access(Cache &cache, uint64_t block, uint64_t address,
                    uint32_t sizeBytes, bool isWrite) {
  std::optional<Conflict> conflict;
  Page *page = nullptr;
  for (uint64_t at = address, end = address + sizeBytes; at < end;) {
    uint64_t next = std::min(at / kWordBytes * kWordBytes + kWordBytes, end);
    uint64_t bytes = ((uint64_t(1) << (next - at)) - 1) << at % kWordBytes;
    if (!page || at % kPageBytes == 0)
      page = &pageAt(cache, at / kPageBytes);
    std::atomic<uint64_t> &place = page->words[at % kPageBytes / kWordBytes];
    at = next;
    // Two threads at one word at the same moment may lose an access: a word
    // that races is met more than once.
    uint64_t before = place.load(std::memory_order_relaxed);
    if (!isWrite && isKnownRead(before, block + 1, bytes))
      continue;
    Word word = Word::unpack(before);
    if (auto met = touch(word, block + 1, bytes, isWrite))
      conflict = met;
    if (uint64_t after = word.pack(); after != before)
      place.store(after, std::memory_order_relaxed);
  }
  return conflict;
}

} // namespace tenon::vgpu
