// Lays out an artifact and streams it into a file.

#include "runtime/Abi/ArtifactBytes.h"

#include "runtime/Abi/Artifact.h"
#include "runtime/Abi/ElfSections.h"
#include "runtime/Abi/PlanBytes.h"
#include "runtime/Abi/PlanCheck.h"
#include "runtime/Core/Message.h"

#include <cstring>

namespace tenon::abi {

using rt::Code;
using rt::Error;
using rt::message;
using rt::quoted;
using rt::Result;

static uint64_t alignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

template <typename T>
static std::span<const std::byte> bytesOf(const T &object) {
  return std::as_bytes(std::span(&object, 1));
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

/// Gives every weight its offset and fills the footer's offsets, except for the
/// tables' size, which depends on names.
static Footer layOut(uint64_t codeBytes, Plan &plan) {
  Footer footer{};
  footer.magic = kMagic;
  footer.formatVersion = kFormatVersion;
  footer.codeBytes = codeBytes;
  footer.planOffset = alignUp(codeBytes, kPageBytes);
  footer.planBytes = writePlan(plan).size();
  footer.weightsOffset =
      alignUp(footer.planOffset + footer.planBytes, kPageBytes);
  uint64_t end = footer.weightsOffset;
  for (WeightSection &weight : plan.weights) {
    weight.offset = alignUp(end, kWeightAlignment);
    end = weight.offset + weight.bytes;
  }
  footer.weightsBytes = end - footer.weightsOffset;
  footer.tablesOffset = alignUp(end, kWeightAlignment);
  return footer;
}

//===----------------------------------------------------------------------===//
// Section tables
//===----------------------------------------------------------------------===//

namespace {
/// The object's own sections, and those that the artifact adds.
class SectionTables {
public:
  explicit SectionTables(ElfSections linked) : elf(std::move(linked)) {
    if (elf.sections.empty())
      elf.sections.emplace_back(); // number 0 is always the null section
    if (elf.names.empty())
      elf.names.assign(1, '\0');
  }

  void add(const std::string &name, uint32_t type, uint64_t offset,
           uint64_t bytes) {
    Elf64_Shdr section{};
    section.sh_name = uint32_t(elf.names.size());
    section.sh_type = type;
    section.sh_offset = offset;
    section.sh_size = bytes;
    section.sh_addralign = type == SHT_STRTAB ? 1 : kWeightAlignment;
    elf.names += name + '\0';
    elf.sections.push_back(section);
  }

  /// Names, then headers, as they stand at `offset` of the file; `header` is
  /// made to point at them.
  std::vector<std::byte> finish(uint64_t offset, Elf64_Ehdr &header) {
    uint64_t namesIndex = placeNames(offset);
    uint64_t headersAt = alignUp(elf.names.size(), alignof(Elf64_Shdr));
    header.e_shoff = offset + headersAt;
    header.e_shentsize = sizeof(Elf64_Shdr);
    setCounts(header, namesIndex);
    auto names = std::as_bytes(std::span(elf.names));
    auto headers = std::as_bytes(std::span(elf.sections));
    std::vector<std::byte> tables(names.begin(), names.end());
    tables.resize(headersAt);
    tables.insert(tables.end(), headers.begin(), headers.end());
    return tables;
  }

private:
  /// The linker's table of names is replaced by ours, which begins with it.
  uint64_t placeNames(uint64_t offset) {
    uint64_t index = elf.header.e_shnum ? elf.header.e_shstrndx : 0;
    if (!index) {
      index = elf.sections.size();
      add(".shstrtab", SHT_STRTAB, 0, 0);
    }
    elf.sections[index].sh_offset = offset;
    elf.sections[index].sh_size = elf.names.size();
    return index;
  }

  /// ELF keeps numbers that do not fit into 16 bits in section 0.
  void setCounts(Elf64_Ehdr &header, uint64_t namesIndex) {
    uint64_t count = elf.sections.size();
    bool countFits = count < SHN_LORESERVE,
         indexFits = namesIndex < SHN_LORESERVE;
    header.e_shnum = countFits ? uint16_t(count) : 0;
    header.e_shstrndx = indexFits ? uint16_t(namesIndex) : uint16_t(SHN_XINDEX);
    elf.sections[0].sh_size = countFits ? 0 : count;
    elf.sections[0].sh_link = indexFits ? 0 : uint32_t(namesIndex);
  }

  ElfSections elf;
};
} // namespace

static std::vector<std::byte> makeTables(const ElfSections &linked,
                                         const Plan &plan, const Footer &footer,
                                         Elf64_Ehdr &header) {
  SectionTables tables(linked);
  tables.add(".tenon.plan", SHT_PROGBITS, footer.planOffset, footer.planBytes);
  for (const WeightSection &weight : plan.weights)
    tables.add(".tenon.weights." + weight.name, SHT_PROGBITS, weight.offset,
               weight.bytes);
  return tables.finish(footer.tablesOffset, header);
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

Result<void> WeightSink::write(std::span<const std::byte> piece) {
  if (piece.size() > remaining)
    return Error{Code::Internal,
                 message(piece.size(), " bytes are written, but ", remaining,
                         " remain")};
  if (auto written = file.writeAt(offset, piece); !written)
    return written;
  sum.update(piece);
  offset += piece.size();
  remaining -= piece.size();
  return {};
}

static Result<void> writeWeights(rt::NewFile &file, uint64_t base,
                                 ArtifactContents &contents) {
  for (size_t i = 0; i < contents.weightWriters.size(); ++i) {
    WeightSection &weight = contents.plan.weights[i];
    WeightSink sink(file, base + weight.offset, weight.bytes);
    Result<void> written = contents.weightWriters[i](sink);
    if (written && sink.remainingBytes())
      written =
          Error{Code::Internal, message(sink.remainingBytes(), " of ",
                                        weight.bytes, " bytes are missing")};
    if (!written)
      return Error{written.error().code,
                   message("weight ", quoted(weight.name), ": ",
                           written.error().message)};
    weight.checksum = sink.checksum();
  }
  return {};
}

/// What is not a weight: kept in memory, so that the checksum needs no reading.
struct FixedParts {
  std::vector<std::byte> codeAndPlan; ///< the artifact up to weightsOffset
  std::vector<std::byte> tables;
  Footer footer;
};

static FixedParts makeFixedParts(const ArtifactContents &contents,
                                 const ElfSections &linked, Footer footer) {
  FixedParts parts;
  Elf64_Ehdr header = linked.header;
  parts.tables = makeTables(linked, contents.plan, footer, header);
  // The footer is read as a struct in place, so it begins at a multiple of 8.
  parts.tables.resize(alignUp(parts.tables.size(), alignof(Footer)));
  footer.tablesBytes = parts.tables.size();
  footer.fileBytes = footer.tablesOffset + footer.tablesBytes + sizeof(Footer);

  std::vector<std::byte> plan = writePlan(contents.plan);
  parts.codeAndPlan.resize(footer.weightsOffset);
  std::memcpy(parts.codeAndPlan.data(), contents.code.data(),
              contents.code.size());
  std::memcpy(parts.codeAndPlan.data(), &header, sizeof(header));
  std::memcpy(parts.codeAndPlan.data() + footer.planOffset, plan.data(),
              plan.size());

  Checksum sum;
  sum.update(contents.program);
  std::vector<std::byte> gap(alignUp(contents.program.size(), kPageBytes) -
                             contents.program.size());
  sum.update(gap);
  sum.update(parts.codeAndPlan);
  sum.update(parts.tables);
  sum.update(bytesOf(footer));
  footer.checksum = sum.finish();
  parts.footer = footer;
  return parts;
}

static Result<void> writeFixedParts(rt::NewFile &file, uint64_t base,
                                    const FixedParts &parts) {
  if (auto written = file.writeAt(base, parts.codeAndPlan); !written)
    return written;
  uint64_t tablesAt = base + parts.footer.tablesOffset;
  if (auto written = file.writeAt(tablesAt, parts.tables); !written)
    return written;
  return file.writeAt(tablesAt + parts.tables.size(), bytesOf(parts.footer));
}

Result<void> assembleArtifact(const std::string &path,
                              ArtifactContents contents) {
  if (auto valid = checkPlan(contents.plan); !valid)
    return Error{Code::Internal,
                 "the plan is not valid: " + valid.error().message};
  if (contents.weightWriters.size() != contents.plan.weights.size())
    return Error{Code::Internal,
                 message(contents.plan.weights.size(), " weights, but ",
                         contents.weightWriters.size(), " writers")};
  auto linked = readElfSections(contents.code);
  if (!linked)
    return linked.error();
  Footer footer = layOut(contents.code.size(), contents.plan);
  bool isProgram = !contents.program.empty();
  uint64_t base = alignUp(contents.program.size(), kPageBytes);

  auto file = rt::NewFile::create(path, isProgram ? 0777 : 0666);
  if (!file)
    return file.error();
  if (auto written = file->writeAt(0, contents.program); !written)
    return written;
  if (auto written = writeWeights(*file, base, contents); !written)
    return written;
  FixedParts parts = makeFixedParts(contents, *linked, footer);
  if (auto written = writeFixedParts(*file, base, parts); !written)
    return written;
  return file->commit();
}

} // namespace tenon::abi
