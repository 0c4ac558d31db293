// Copies checked segments into memory, relocates and protects them.

#include "runtime/Program/Image.h"

#include "runtime/Core/Message.h"
#include "runtime/Program/ElfObject.h"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>

namespace tenon::rt {

static void copySegments(const ElfObject &object, std::byte *base) {
  for (const Segment &segment : object.segments)
    std::copy(segment.bytes.begin(), segment.bytes.end(),
              base + segment.address);
}

static void relocate(const ElfObject &object, std::byte *base) {
  for (Relocation relocation : object.relocations) {
    uint64_t value = reinterpret_cast<uint64_t>(base) + relocation.target;
    std::memcpy(base + relocation.place, &value, sizeof(value));
  }
}

/// The segment's pages, from the page that it begins in.
static Result<void> protect(const Segment &segment, std::byte *base) {
  uint64_t begin = segment.address / kPageBytes * kPageBytes;
  uint64_t bytes = segment.address + segment.memoryBytes - begin;
  int access = PROT_READ | (segment.isWritable ? PROT_WRITE : 0) |
               (segment.isExecutable ? PROT_EXEC : 0);
  if (bytes && mprotect(base + begin, bytes, access) != 0)
    return Error{Code::NoKernel, "the system does not let generated code run: "
                                 "mprotect failed"};
  return {};
}

Result<Image> Image::load(std::span<const std::byte> file) {
  auto object = readElfObject(file);
  if (!object)
    return object.error();
  auto pages = Pages::reserve(object->spanBytes, "the code");
  if (!pages)
    return pages.error();
  copySegments(*object, pages->data());
  relocate(*object, pages->data());
  std::vector<Range> segments;
  for (const Segment &segment : object->segments) {
    if (auto done = protect(segment, pages->data()); !done)
      return done.error();
    segments.push_back({segment.address, segment.address + segment.memoryBytes,
                        segment.isExecutable});
  }
  return Image(std::move(*pages), std::move(segments));
}

Result<abi::KernelFn> Image::kernelAt(uint64_t address) const {
  for (Range range : segments)
    if (range.isExecutable && address >= range.begin && address < range.end)
      return reinterpret_cast<abi::KernelFn>(pages.data() + address);
  return badArtifact("address ", hexText(address), " is not inside the code");
}

Result<std::span<const std::byte>> Image::dataAt(uint64_t address,
                                                 uint64_t bytes) const {
  for (Range range : segments)
    if (address >= range.begin && address <= range.end &&
        bytes <= range.end - address)
      return std::span<const std::byte>(pages.data() + address, bytes);
  return badArtifact(bytes, " bytes at address ", hexText(address),
                     " are not inside the loadable part");
}

} // namespace tenon::rt
