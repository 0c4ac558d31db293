//===- Image.h - the code of an artifact, loaded ourselves ----------------===//
//
// dlopen trusts its file; this loader checks every field that it uses, and
// takes only what code without libraries needs:
//
//   * ELF64, x86-64, ET_DYN; PT_LOAD segments in order, on pages of their own,
//     never writable and executable at once; at most 1 GiB
//   * relocations R_X86_64_RELATIVE that write into writable segments
//   * no needed libraries, no undefined symbols that are used, no thread-local
//     storage, no constructors
//
// Segments are copied into anonymous memory: code is small, and a file that is
// changed later cannot change what was checked.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_PROGRAM_IMAGE_H
#define TENON_RUNTIME_PROGRAM_IMAGE_H

#include "runtime/Abi/Plan.h"
#include "runtime/Core/Pages.h"
#include "runtime/Core/Status.h"

#include <cstddef>
#include <span>
#include <vector>

namespace tenon::rt {

/// Owns the loaded segments.
class Image {
public:
  /// `file` is the ELF object; it is not needed afterwards. BadArtifact when it
  /// is damaged or asks for what the list above excludes.
  static Result<Image> load(std::span<const std::byte> file);

  /// The kernel at a virtual address of the object. BadArtifact when that is
  /// not inside an executable segment.
  Result<abi::KernelFn> kernelAt(uint64_t address) const;

  /// So many bytes at a virtual address of the object. BadArtifact when these
  /// are not inside one segment. They live as long as the image.
  Result<std::span<const std::byte>> dataAt(uint64_t address,
                                            uint64_t bytes) const;

  /// What the segments take in memory.
  uint64_t sizeBytes() const { return pages.sizeBytes(); }

private:
  struct Range {
    uint64_t begin, end;
    bool isExecutable;
  };
  Image(Pages pages, std::vector<Range> segments)
      : pages(std::move(pages)), segments(std::move(segments)) {}

  Pages pages;
  std::vector<Range> segments;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_PROGRAM_IMAGE_H
