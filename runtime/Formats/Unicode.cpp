// Looks code points up in the generated tables by binary search.
#include "runtime/Formats/Unicode.h"

#include <algorithm>
#include <compare>
#include <cstdint>
#include <iterator>
#include <vector>

namespace tenon::rt::unicode {
namespace {

struct Range {
  char32_t first, last;
};

struct ClassRange {
  char32_t first, last;
  uint8_t combiningClass;
};

/// Each `step`-th code point from `first` to `last` has its lower case
/// `distance` behind it.
struct LowerRun {
  char32_t first, last;
  uint8_t step;
  int32_t distance;
};

/// `codePoint` is canonically the `length` parts from `offset` on, fully
/// decomposed and in canonical order.
struct Decomposition {
  char32_t codePoint;
  uint16_t offset;
  uint8_t length;
};

// Each table is sorted by code point.
#include "runtime/Formats/UnicodeTables.inc"

/// The row whose [first, last] holds `c`, or null.
template <typename Row, size_t N>
const Row *find(const Row (&rows)[N], char32_t c) {
  const Row *after = std::upper_bound(
      std::begin(rows), std::end(rows), c,
      [](char32_t point, const Row &row) { return point < row.first; });
  return after == rows || c > after[-1].last ? nullptr : after - 1;
}

uint8_t combiningClass(char32_t c) {
  if (c < 0x300) // the first mark
    return 0;
  const ClassRange *row = find(kCombiningClass, c);
  return row ? row->combiningClass : 0;
}

// A Hangul syllable is a leading consonant, a vowel and perhaps a trailing
// consonant, numbered in that order: Unicode 15.0, section 3.12.
constexpr char32_t kSyllables = 0xac00, kLeading = 0x1100, kVowels = 0x1161,
                   kTrailing = 0x11a7;
constexpr char32_t kNumVowels = 21, kNumTrailing = 28, kNumSyllables = 11172;

void appendSyllable(std::u32string &text, char32_t syllable) {
  text += char32_t(kLeading + syllable / (kNumVowels * kNumTrailing));
  text += kVowels + syllable / kNumTrailing % kNumVowels;
  if (char32_t trailing = syllable % kNumTrailing)
    text += kTrailing + trailing;
}

void appendDecomposed(std::u32string &text, char32_t c) {
  if (c - kSyllables < kNumSyllables) // unsigned: also false below the first
    return appendSyllable(text, c - kSyllables);
  const Decomposition *end = std::end(kDecompositions);
  const Decomposition *row =
      std::lower_bound(std::begin(kDecompositions), end, c,
                       [](const Decomposition &row, char32_t point) {
                         return row.codePoint < point;
                       });
  if (row == end || row->codePoint != c)
    text += c;
  else
    text.append(&kDecomposedParts[row->offset], row->length);
}

/// Sorts each run of marks by class, keeping the order within a class.
void orderMarks(std::u32string &text) {
  struct Mark {
    uint8_t combiningClass;
    size_t index;
    char32_t codePoint;
    auto operator<=>(const Mark &) const = default;
  };
  std::vector<Mark> run;
  auto endRun = [&](size_t end) {
    std::sort(run.begin(), run.end());
    for (size_t i = 0; i < run.size(); ++i)
      text[end - run.size() + i] = run[i].codePoint;
    run.clear();
  };
  for (size_t i = 0; i < text.size(); ++i)
    if (uint8_t markClass = combiningClass(text[i]))
      run.push_back({markClass, i, text[i]});
    else
      endRun(i);
  endRun(text.size());
}

} // namespace

bool isControl(char32_t c) { return find(kControl, c); }
bool isWhitespace(char32_t c) { return find(kWhitespace, c); }
bool isPunctuation(char32_t c) { return find(kPunctuation, c); }
bool isNonspacingMark(char32_t c) {
  return c >= 0x300 && find(kNonspacingMark, c);
}
bool isWord(char32_t c) { return find(kWord, c); }

void decompose(std::u32string &text) {
  std::u32string result;
  result.reserve(text.size());
  for (char32_t c : text)
    if (c < 0xc0) // the first that decomposes
      result += c;
    else
      appendDecomposed(result, c);
  orderMarks(result);
  text = std::move(result);
}

void appendLower(std::u32string &text, char32_t c) {
  if (c == 0x130) { // I with a dot: the only one that becomes two
    text += U"i\u0307";
    return;
  }
  const LowerRun *run = find(kLower, c);
  text += run && (c - run->first) % run->step == 0 ? c + run->distance : c;
}

} // namespace tenon::rt::unicode
