//===- ElfSections.h - section headers and exported symbols of an ELF file ===//
//
// What writing an artifact must know of the shared object that a linker made.
// The loader does not read sections (Program/Image.h); these are for producers
// and for people with readelf.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_ABI_ELFSECTIONS_H
#define TENON_RUNTIME_ABI_ELFSECTIONS_H

#include "runtime/Core/Status.h"

#include <cstddef>
#include <cstdint>
#include <elf.h>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace tenon::abi {

/// Sections of an ELF64 file with their names' table; both empty when stripped.
struct ElfSections {
  Elf64_Ehdr header;
  std::vector<Elf64_Shdr> sections;
  std::string names; ///< sh_name counts into this
};

/// BadInput when `file` is no little-endian ELF64 or a table is out of bounds.
rt::Result<ElfSections> readElfSections(std::span<const std::byte> file);

/// Name to virtual address of each function that the object exports: the
/// address that a Kernel of the plan needs.
rt::Result<std::map<std::string, uint64_t>>
exportedFunctions(std::span<const std::byte> file);

} // namespace tenon::abi

#endif // TENON_RUNTIME_ABI_ELFSECTIONS_H
