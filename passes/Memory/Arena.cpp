//===- Arena.cpp - which slot of the arena a value takes ------------------===//

#include "passes/Memory/Arena.h"

using namespace mlir;

namespace tenon {

static void addSize(SmallVectorImpl<graph::DimAttr> &sizes,
                    graph::DimAttr bytes) {
  if (llvm::any_of(sizes,
                   [&](auto old) { return graph::isNeverSmaller(old, bytes); }))
    return;
  llvm::erase_if(sizes,
                 [&](auto old) { return graph::isNeverSmaller(bytes, old); });
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
