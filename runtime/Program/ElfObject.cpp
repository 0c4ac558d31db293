// Reads ELF header, program headers, dynamic section and relocations.

#include "runtime/Program/ElfObject.h"

#include "runtime/Core/Message.h"
#include "runtime/Core/Pages.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace tenon::rt {

using Bytes = std::span<const std::byte>;

namespace {

constexpr uint64_t kMaxImageBytes = uint64_t(1) << 30;

uint64_t pageDown(uint64_t value) { return value / kPageBytes * kPageBytes; }
uint64_t pageUp(uint64_t value) { return pageDown(value + kPageBytes - 1); }

/// What the dynamic section says, as far as it is allowed to say anything.
struct Dynamic {
  uint64_t rela = 0, relaBytes = 0;
  uint64_t pltRela = 0, pltRelaBytes = 0;
  uint64_t symbols = 0;
  uint64_t names = 0, namesBytes = 0;
};

class ElfReader {
public:
  explicit ElfReader(Bytes file) : file(file) {}

  Result<ElfObject> read() {
    for (auto step : {&ElfReader::readHeader, &ElfReader::readSegments,
                      &ElfReader::readDynamic, &ElfReader::readRelocations})
      if (auto done = (this->*step)(); !done)
        return done.error();
    return std::move(object);
  }

private:
  Result<void> readHeader();
  Result<void> readSegments();
  Result<void> readSegment(const Elf64_Phdr &entry);
  Result<void> readDynamic();
  Result<void> readDynamicEntry(const Elf64_Dyn &entry);
  Result<void> readRelocations();
  Result<void> readRelocationTable(uint64_t address, uint64_t size);
  Result<void> readRelocation(const Elf64_Rela &entry);
  std::string symbolName(uint64_t index) const;

  /// Element `index` of an array of T in the file, whose bounds are checked.
  template <typename T>
  std::optional<T> inFile(uint64_t offset, uint64_t index) const {
    T value;
    if (index >= file.size() / sizeof(T) || offset > file.size() ||
        file.size() - offset < (index + 1) * sizeof(T))
      return std::nullopt;
    std::memcpy(&value, file.data() + offset + index * sizeof(T), sizeof(T));
    return value;
  }

  /// The file's bytes of [address, address + size), if one segment has them
  /// all.
  std::optional<Bytes> atAddress(uint64_t address, uint64_t size) const {
    for (const Segment &segment : object.segments)
      if (segment.holds(address, size)) {
        uint64_t from = address - segment.address;
        if (from <= segment.bytes.size() && size <= segment.bytes.size() - from)
          return segment.bytes.subspan(from, size);
      }
    return std::nullopt;
  }

  Bytes file;
  Elf64_Ehdr header;
  std::optional<Elf64_Phdr> dynamicSegment;
  Dynamic dynamic;
  ElfObject object;
};

//===----------------------------------------------------------------------===//
// Header and segments
//===----------------------------------------------------------------------===//

Result<void> ElfReader::readHeader() {
  auto start = inFile<Elf64_Ehdr>(0, 0);
  if (!start || std::memcmp(start->e_ident, ELFMAG, SELFMAG) != 0)
    return badArtifact("the code is not an ELF object");
  header = *start;
  const unsigned char *ident = header.e_ident;
  if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB ||
      ident[EI_VERSION] != EV_CURRENT || header.e_version != EV_CURRENT)
    return badArtifact("the code is not 64-bit little-endian ELF of version 1");
  if (ident[EI_OSABI] != ELFOSABI_SYSV && ident[EI_OSABI] != ELFOSABI_GNU)
    return badArtifact("the code is for operating system ABI ",
                       unsigned(ident[EI_OSABI]), ", expected ", ELFOSABI_SYSV);
  if (header.e_machine != EM_X86_64)
    return badArtifact("the code is for machine ", header.e_machine,
                       ", expected ", EM_X86_64, " (x86-64)");
  if (header.e_type != ET_DYN)
    return badArtifact("the code has ELF type ", header.e_type, ", expected ",
                       ET_DYN, " (shared object)");
  if (header.e_phentsize != sizeof(Elf64_Phdr))
    return badArtifact("a program header has ", header.e_phentsize,
                       " bytes, expected ", sizeof(Elf64_Phdr));
  return {};
}

Result<void> ElfReader::readSegments() {
  for (uint16_t i = 0; i < header.e_phnum; ++i) {
    auto entry = inFile<Elf64_Phdr>(header.e_phoff, i);
    if (!entry)
      return badArtifact("program header ", i, " is outside the code");
    switch (entry->p_type) {
    case PT_LOAD:
      if (auto valid = readSegment(*entry); !valid)
        return valid;
      break;
    case PT_DYNAMIC:
      dynamicSegment = *entry;
      break;
    case PT_GNU_STACK:
      if (entry->p_flags & PF_X)
        return badArtifact("the code wants an executable stack");
      break;
    case PT_NULL:
    case PT_NOTE:
    case PT_PHDR:
    case PT_GNU_EH_FRAME:
    case PT_GNU_PROPERTY:
    case PT_GNU_RELRO:
      break; // nothing that code without libraries needs
    case PT_INTERP:
      return badArtifact("the code wants an interpreter");
    case PT_TLS:
      return badArtifact("the code wants thread-local storage");
    default:
      return badArtifact("the code has a program header of unknown type ",
                         hexText(entry->p_type));
    }
  }
  if (object.segments.empty())
    return badArtifact("the code has no segment to load");
  return {};
}

Result<void> ElfReader::readSegment(const Elf64_Phdr &entry) {
  auto refuse = [&](const auto &...why) {
    return badArtifact("the segment at ", hexText(entry.p_vaddr), " ", why...);
  };
  if (entry.p_offset > file.size() ||
      entry.p_filesz > file.size() - entry.p_offset)
    return refuse("has bytes outside the code");
  if (entry.p_filesz > entry.p_memsz)
    return refuse("has ", entry.p_filesz, " bytes in the file but ",
                  entry.p_memsz, " in memory");
  if (entry.p_vaddr > kMaxImageBytes ||
      entry.p_memsz > kMaxImageBytes - entry.p_vaddr)
    return refuse("ends beyond ", kMaxImageBytes, " bytes");
  if (pageDown(entry.p_vaddr) < object.spanBytes)
    return refuse("overlaps the one before it or comes out of order");
  bool isWritable = entry.p_flags & PF_W, isExecutable = entry.p_flags & PF_X;
  if (isWritable && isExecutable)
    return refuse("is both writable and executable");
  // An alignment of more than a page would have to be kept when reserving.
  if (entry.p_align > kPageBytes)
    return refuse("wants an alignment of ", entry.p_align,
                  " bytes, the limit is ", kPageBytes);
  object.segments.push_back({entry.p_vaddr, entry.p_memsz,
                             file.subspan(entry.p_offset, entry.p_filesz),
                             isWritable, isExecutable});
  object.spanBytes = pageUp(entry.p_vaddr + entry.p_memsz);
  return {};
}

//===----------------------------------------------------------------------===//
// Dynamic section
//===----------------------------------------------------------------------===//

Result<void> ElfReader::readDynamic() {
  if (!dynamicSegment)
    return {};
  auto bytes = atAddress(dynamicSegment->p_vaddr, dynamicSegment->p_filesz);
  if (!bytes)
    return badArtifact("the dynamic section is outside the segments");
  for (; bytes->size() >= sizeof(Elf64_Dyn);
       bytes = bytes->subspan(sizeof(Elf64_Dyn))) {
    Elf64_Dyn entry;
    std::memcpy(&entry, bytes->data(), sizeof(entry));
    if (entry.d_tag == DT_NULL)
      return {};
    if (auto valid = readDynamicEntry(entry); !valid)
      return valid;
  }
  return badArtifact("the dynamic section has no end");
}

Result<void> ElfReader::readDynamicEntry(const Elf64_Dyn &entry) {
  uint64_t value = entry.d_un.d_val;
  switch (entry.d_tag) {
  case DT_RELA:
    dynamic.rela = value;
    return {};
  case DT_RELASZ:
    dynamic.relaBytes = value;
    return {};
  case DT_JMPREL:
    dynamic.pltRela = value;
    return {};
  case DT_PLTRELSZ:
    dynamic.pltRelaBytes = value;
    return {};
  case DT_SYMTAB:
    dynamic.symbols = value;
    return {};
  case DT_STRTAB:
    dynamic.names = value;
    return {};
  case DT_STRSZ:
    dynamic.namesBytes = value;
    return {};
  case DT_RELAENT:
    if (value != sizeof(Elf64_Rela))
      return badArtifact("a relocation has ", value, " bytes, expected ",
                         sizeof(Elf64_Rela));
    return {};
  case DT_NEEDED:
    return badArtifact("the code needs a library");
  case DT_INIT:
  case DT_INIT_ARRAY:
  case DT_PREINIT_ARRAY:
  case DT_FINI:
  case DT_FINI_ARRAY:
    return badArtifact("the code has constructors or destructors");
  case DT_TEXTREL:
    return badArtifact("the code wants relocations in read-only segments");
  case DT_PLTREL:
    if (value != DT_RELA)
      return badArtifact("the code has relocations without addends");
    return {};
  case DT_PLTGOT:
  case DT_SONAME:
  case DT_HASH:
  case DT_GNU_HASH:
  case DT_SYMENT:
  case DT_SYMBOLIC:
  case DT_RELACOUNT:
  case DT_FLAGS:
  case DT_FLAGS_1:
  case DT_DEBUG:
    return {}; // for finding symbols by name, which nobody does here
  default:
    return badArtifact("the code's dynamic section has unknown entry ",
                       hexText(uint64_t(entry.d_tag)));
  }
}

//===----------------------------------------------------------------------===//
// Relocations
//===----------------------------------------------------------------------===//

/// For messages only: a name if the tables give one.
std::string ElfReader::symbolName(uint64_t index) const {
  auto symbol =
      atAddress(dynamic.symbols + index * sizeof(Elf64_Sym), sizeof(Elf64_Sym));
  auto names = atAddress(dynamic.names, dynamic.namesBytes);
  if (!symbol || !names)
    return message("number ", index);
  Elf64_Sym entry;
  std::memcpy(&entry, symbol->data(), sizeof(entry));
  if (entry.st_name >= names->size())
    return message("number ", index);
  auto name = names->subspan(entry.st_name);
  auto end = std::find(name.begin(), name.end(), std::byte{0});
  return quoted({reinterpret_cast<const char *>(name.data()),
                 size_t(end - name.begin())});
}

Result<void> ElfReader::readRelocations() {
  if (auto done = readRelocationTable(dynamic.rela, dynamic.relaBytes); !done)
    return done;
  return readRelocationTable(dynamic.pltRela, dynamic.pltRelaBytes);
}

Result<void> ElfReader::readRelocationTable(uint64_t address, uint64_t size) {
  if (!size)
    return {};
  auto bytes = atAddress(address, size);
  if (!bytes || size % sizeof(Elf64_Rela))
    return badArtifact("the relocations are outside the segments");
  for (; !bytes->empty(); bytes = bytes->subspan(sizeof(Elf64_Rela))) {
    Elf64_Rela entry;
    std::memcpy(&entry, bytes->data(), sizeof(entry));
    if (auto valid = readRelocation(entry); !valid)
      return valid;
  }
  return {};
}

Result<void> ElfReader::readRelocation(const Elf64_Rela &entry) {
  uint64_t type = ELF64_R_TYPE(entry.r_info);
  if (type == R_X86_64_GLOB_DAT || type == R_X86_64_JUMP_SLOT)
    return badArtifact("the code uses ", symbolName(ELF64_R_SYM(entry.r_info)),
                       ", which it does not define");
  if (type != R_X86_64_RELATIVE)
    return badArtifact("the code has a relocation of type ", type, ", only ",
                       R_X86_64_RELATIVE, " (relative) is taken");
  auto fits = [&](const Segment &segment) {
    return segment.isWritable &&
           segment.holds(entry.r_offset, sizeof(uint64_t));
  };
  if (std::none_of(object.segments.begin(), object.segments.end(), fits))
    return badArtifact("a relocation writes to ", hexText(entry.r_offset),
                       ", which is in no writable segment");
  uint64_t target = uint64_t(entry.r_addend);
  if (target > object.spanBytes)
    return badArtifact("a relocation points to ", hexText(target),
                       ", beyond the code's ", object.spanBytes, " bytes");
  object.relocations.push_back({entry.r_offset, target});
  return {};
}

} // namespace

Result<ElfObject> readElfObject(Bytes file) { return ElfReader(file).read(); }

} // namespace tenon::rt
