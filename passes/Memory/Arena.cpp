//===- Arena.cpp - which slot of the arena a value takes ------------------===//

#include "passes/Memory/Arena.h"

using namespace mlir;

namespace tenon {

/// Whether `a` is at least `b` for all symbols, which are never negative.
static bool isNeverSmaller(graph::DimAttr a, graph::DimAttr b) {
  graph::DimAttr difference = a.sub(b);
  return !difference.isUnknown() &&
         llvm::all_of(difference.getTerms(), [](graph::TermAttr term) {
           return term.getCoefficient() >= 0;
         });
}

static void addSize(SmallVectorImpl<graph::DimAttr> &sizes,
                    graph::DimAttr bytes) {
  if (llvm::any_of(sizes, [&](auto old) { return isNeverSmaller(old, bytes); }))
    return;
  llvm::erase_if(sizes, [&](auto old) { return isNeverSmaller(bytes, old); });
  sizes.push_back(bytes);
}

/// The smallest slot that holds `need`; if none does, the largest.
static bool isBetter(int64_t bytes, int64_t best, int64_t need) {
  return best < need ? bytes > best : bytes >= need && bytes < best;
}

unsigned Arena::take(graph::DimAttr bytes, unsigned now, unsigned lastUse) {
  int64_t need = bytes.evaluate(sample).value_or(0);
  std::optional<unsigned> chosen;
  for (auto [number, slot] : llvm::enumerate(list))
    if (slot.lastUse < now &&
        (!chosen ||
         isBetter(slot.sampleBytes, list[*chosen].sampleBytes, need)))
      chosen = number;
  if (!chosen) {
    chosen = list.size();
    list.emplace_back();
  }
  Slot &slot = list[*chosen];
  addSize(slot.sizes, bytes);
  slot.sampleBytes = std::max(slot.sampleBytes, need);
  slot.lastUse = lastUse;
  return *chosen;
}

} // namespace tenon
