//===- Arena.h - which slot of the arena a value takes --------------------===//
//
//   Arena arena(symbolMaxima);
//   unsigned slot = arena.take(bytes, now, lastUse); // e.g. 32*B bytes
//   arena.slots()[slot].sizes                        // all that lay there
//
//===----------------------------------------------------------------------===//

#ifndef TENON_PASSES_MEMORY_ARENA_H
#define TENON_PASSES_MEMORY_ARENA_H

#include "dialects/Graph/GraphDialect.h"

namespace tenon {

class Arena {
public:
  struct Slot {
    /// None is larger than another for all values of the symbols.
    llvm::SmallVector<graph::DimAttr> sizes;
    int64_t sampleBytes = 0; ///< size for the sample shape
    unsigned lastUse = 0;    ///< step after which it is free
  };

  /// Slots are compared for `sample`, a number for each symbol.
  explicit Arena(llvm::StringMap<int64_t> sample) : sample(std::move(sample)) {}

  /// A slot of `bytes` from step `now` to step `lastUse`, both included. Steps
  /// never go back.
  unsigned take(graph::DimAttr bytes, unsigned now, unsigned lastUse);

  llvm::ArrayRef<Slot> slots() const { return list; }

private:
  llvm::StringMap<int64_t> sample;
  llvm::SmallVector<Slot> list;
};

} // namespace tenon

#endif // TENON_PASSES_MEMORY_ARENA_H
