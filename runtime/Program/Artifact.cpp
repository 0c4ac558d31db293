// Finds the footer, checks what it says, and the checksum.

#include "runtime/Program/Artifact.h"

#include "runtime/Abi/Checksum.h"
#include "runtime/Core/Message.h"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <iterator>

namespace tenon::rt {

using abi::Footer;
using Bytes = std::span<const std::byte>;

static uint64_t alignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

/// A file without a footer is not ours, or has lost its end. Its ELF header
/// says where the section table was.
static Error noFooter(Bytes file) {
  Elf64_Ehdr header;
  if (file.size() >= sizeof(header)) {
    std::memcpy(&header, file.data(), sizeof(header));
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
        header.e_shoff >= file.size())
      return badArtifact("its section table begins at byte ", header.e_shoff,
                         " but the file has ", file.size(),
                         " bytes; it was cut short, copy or compile it again");
  }
  return badArtifact(
      "is not a Tenon artifact, or was cut short: it has no footer");
}

/// Each part must begin where the one before it ends, rounded up. All fields
/// are compared with fileBytes first, so that no sum can wrap around.
static Result<void> checkFooter(const Footer &footer, uint64_t fileBytes) {
  if (footer.fileBytes > fileBytes)
    return badArtifact("its footer says ", footer.fileBytes,
                       " bytes but the file has ", fileBytes,
                       "; its beginning is missing");
  for (uint64_t field : {footer.codeBytes, footer.planOffset, footer.planBytes,
                         footer.weightsOffset, footer.weightsBytes,
                         footer.tablesOffset, footer.tablesBytes})
    if (field > footer.fileBytes)
      return badArtifact("its footer names byte ", field, " of ",
                         footer.fileBytes);
  auto isZero = [](uint64_t field) { return field == 0; };
  if (!std::all_of(std::begin(footer.reserved), std::end(footer.reserved),
                   isZero) ||
      footer.reserved2)
    return badArtifact("its footer has reserved bytes that are not zero");

  struct Place {
    const char *name;
    uint64_t expected, found;
  };
  const Place places[] = {
      {"plan", alignUp(footer.codeBytes, abi::kPageBytes), footer.planOffset},
      {"weights",
       alignUp(footer.planOffset + footer.planBytes, abi::kPageBytes),
       footer.weightsOffset},
      {"tables",
       alignUp(footer.weightsOffset + footer.weightsBytes,
               abi::kWeightAlignment),
       footer.tablesOffset},
      {"end", footer.tablesOffset + footer.tablesBytes + sizeof(Footer),
       footer.fileBytes},
      // In a program the artifact begins on a page too; else nothing is
      // aligned.
      {"beginning", alignUp(fileBytes - footer.fileBytes, abi::kPageBytes),
       fileBytes - footer.fileBytes},
  };
  for (const Place &place : places)
    if (place.expected != place.found)
      return badArtifact("its ", place.name, " is at byte ", place.found,
                         ", expected ", place.expected);
  return {};
}

/// `program` is what comes before the artifact; nothing in a plain one.
static uint64_t checksumOf(Bytes program, Bytes artifact, Footer footer) {
  footer.checksum = 0;
  abi::Checksum sum;
  sum.update(program);
  sum.update(artifact.first(footer.weightsOffset));
  sum.update(artifact.subspan(footer.tablesOffset, footer.tablesBytes));
  sum.update(std::as_bytes(std::span(&footer, 1)));
  return sum.finish();
}

Result<Artifact> Artifact::open(const std::string &path) {
  auto file = MappedFile::open(path);
  if (!file)
    return file.error();
  Bytes whole = file->bytes();
  auto refuse = [&](const Error &why) {
    return badArtifact(path, ": ", why.message);
  };
  Footer footer{};
  if (whole.size() >= sizeof(footer))
    std::memcpy(&footer, whole.data() + whole.size() - sizeof(footer),
                sizeof(footer));
  if (footer.magic != abi::kMagic)
    return refuse(noFooter(whole));
  if (footer.formatVersion != abi::kFormatVersion)
    return refuse(badArtifact("has format version ", footer.formatVersion,
                              ", this runtime reads ", abi::kFormatVersion,
                              "; compile it again"));
  if (auto valid = checkFooter(footer, whole.size()); !valid)
    return refuse(valid.error());
  Bytes artifact = whole.last(footer.fileBytes);
  Bytes program = whole.first(whole.size() - artifact.size());
  if (checksumOf(program, artifact, footer) != footer.checksum)
    return refuse(
        badArtifact("its checksum is wrong: the file is damaged, copy or "
                    "compile it again"));
  return Artifact(std::move(*file), artifact, footer);
}

Result<void> Artifact::checkWeight(const abi::WeightSection &weight) const {
  uint64_t first = end.weightsOffset, last = first + end.weightsBytes;
  if (weight.offset < first || weight.offset > last ||
      weight.bytes > last - weight.offset)
    return badArtifact("weight ", quoted(weight.name), " has ", weight.bytes,
                       " bytes at byte ", weight.offset,
                       ", but weights are in bytes ", first, " to ", last);
  if (weight.offset % abi::kWeightAlignment)
    return badArtifact("weight ", quoted(weight.name), " is at byte ",
                       weight.offset, ", expected a multiple of ",
                       abi::kWeightAlignment);
  return {};
}

} // namespace tenon::rt
