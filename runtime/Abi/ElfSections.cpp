// Reads section headers and dynamic symbols of a linked object.

#include "runtime/Abi/ElfSections.h"

#include "runtime/Core/Message.h"

#include <cstring>
#include <optional>

namespace tenon::abi {

using Bytes = std::span<const std::byte>;
using rt::badInput;

static std::optional<Bytes> range(Bytes file, uint64_t offset, uint64_t size) {
  if (offset > file.size() || size > file.size() - offset)
    return std::nullopt;
  return file.subspan(offset, size);
}

/// `bytes` as an array of T; what does not fill a T at the end is dropped.
template <typename T> static std::vector<T> arrayOf(Bytes bytes) {
  std::vector<T> result(bytes.size() / sizeof(T));
  if (!result.empty())
    std::memcpy(result.data(), bytes.data(), result.size() * sizeof(T));
  return result;
}

static std::string textOf(Bytes bytes) {
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

/// The string that begins at `offset` and ends at the next zero or the end.
static std::string nameAt(const std::string &names, uint64_t offset) {
  return offset < names.size() ? std::string(names.c_str() + offset) : "";
}

rt::Result<ElfSections> readElfSections(Bytes file) {
  ElfSections result{};
  auto start = range(file, 0, sizeof(Elf64_Ehdr));
  if (!start || std::memcmp(file.data(), ELFMAG, SELFMAG) != 0)
    return badInput("the code is not an ELF file");
  Elf64_Ehdr &header = result.header = arrayOf<Elf64_Ehdr>(*start)[0];
  if (header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB)
    return badInput("the code is not 64-bit little-endian ELF");
  if (header.e_shnum == 0)
    return result;
  auto table = range(file, header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr));
  if (!table || header.e_shentsize != sizeof(Elf64_Shdr))
    return badInput("the code's section headers are out of bounds");
  result.sections = arrayOf<Elf64_Shdr>(*table);
  if (header.e_shstrndx >= result.sections.size())
    return badInput("the code's section names are missing");
  const Elf64_Shdr &names = result.sections[header.e_shstrndx];
  auto text = range(file, names.sh_offset, names.sh_size);
  if (!text)
    return badInput("the code's section names are out of bounds");
  result.names = textOf(*text);
  return result;
}

rt::Result<std::map<std::string, uint64_t>> exportedFunctions(Bytes file) {
  auto elf = readElfSections(file);
  if (!elf)
    return elf.error();
  std::map<std::string, uint64_t> functions;
  for (const Elf64_Shdr &section : elf->sections) {
    if (section.sh_type != SHT_DYNSYM ||
        section.sh_link >= elf->sections.size())
      continue;
    const Elf64_Shdr &strings = elf->sections[section.sh_link];
    auto symbols = range(file, section.sh_offset, section.sh_size);
    auto names = range(file, strings.sh_offset, strings.sh_size);
    if (!symbols || !names)
      return badInput("the code's symbols are out of bounds");
    std::string text = textOf(*names);
    for (const Elf64_Sym &symbol : arrayOf<Elf64_Sym>(*symbols))
      if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_shndx)
        functions[nameAt(text, symbol.st_name)] = symbol.st_value;
  }
  return functions;
}

} // namespace tenon::abi
