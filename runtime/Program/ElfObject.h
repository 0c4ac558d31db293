//===- ElfObject.h - the headers of a loadable object, checked ------------===//
//
// Reads what a loader needs of an ELF file and refuses the rest. Nothing here
// maps or writes memory: Image.cpp does, from these lists.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_PROGRAM_ELFOBJECT_H
#define TENON_RUNTIME_PROGRAM_ELFOBJECT_H

#include "runtime/Core/Status.h"

#include <cstddef>
#include <cstdint>
#include <elf.h>
#include <span>
#include <vector>

namespace tenon::rt {

/// One PT_LOAD. Bytes beyond `bytes` up to memoryBytes are zero.
struct Segment {
  uint64_t address;
  uint64_t memoryBytes;
  std::span<const std::byte> bytes;
  bool isWritable, isExecutable;

  /// Is [at, at + size) inside? Safe for any `at`.
  bool holds(uint64_t at, uint64_t size) const {
    return at >= address && at - address <= memoryBytes &&
           size <= memoryBytes - (at - address);
  }
};

/// Write (load address + target) at `place`.
struct Relocation {
  uint64_t place;
  uint64_t target;
};

struct ElfObject {
  std::vector<Segment> segments; ///< by address, no page in common
  std::vector<Relocation> relocations;
  uint64_t spanBytes =
      0; ///< whole pages from address 0 to the last segment's end
};

/// BadArtifact with the first thing that is wrong. The segments' bytes point
/// into `file`.
Result<ElfObject> readElfObject(std::span<const std::byte> file);

} // namespace tenon::rt

#endif // TENON_RUNTIME_PROGRAM_ELFOBJECT_H
