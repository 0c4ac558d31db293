//===- ArtifactBytes.h - writes model.tenon -------------------------------===//
//
//   ArtifactContents contents;
//   contents.code = linkedObject;
//   contents.plan = plan; // weights[0] says name, layout and bytes
//   contents.weightWriters = {[&](WeightSink &sink) {
//     return sink.write(packedPanels);
//   }};
//   Result<void> written = assembleArtifact("model.tenon",
//   std::move(contents));
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_ABI_ARTIFACTBYTES_H
#define TENON_RUNTIME_ABI_ARTIFACTBYTES_H

#include "runtime/Abi/Checksum.h"
#include "runtime/Abi/Plan.h"
#include "runtime/Core/NewFile.h"
#include "runtime/Core/Status.h"

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace tenon::abi {

/// Takes the bytes of one weight section in order, in pieces of any size. Each
/// piece is one system call: pieces of 64 KB or more are fast.
class WeightSink {
public:
  WeightSink(rt::NewFile &file, uint64_t offset, uint64_t bytes)
      : file(file), offset(offset), remaining(bytes) {}

  /// Internal when there are more bytes than the plan says.
  rt::Result<void> write(std::span<const std::byte> piece);

  uint64_t remainingBytes() const { return remaining; }
  uint64_t checksum() const { return sum.finish(); }

private:
  rt::NewFile &file;
  uint64_t offset, remaining;
  Checksum sum;
};

/// Writes the whole section, or says why it cannot.
using WeightWriter = std::function<rt::Result<void>(WeightSink &)>;

struct ArtifactContents {
  /// A linked ELF shared object that needs no library (Program/Image.h says
  /// what the loader takes). Lives until assembleArtifact returns.
  std::span<const std::byte> code;
  /// The weights' offsets and checksums are filled in when written.
  Plan plan;
  /// One for each of plan.weights, called in their order, one at a time: memory
  /// holds what one writer holds.
  std::vector<WeightWriter> weightWriters;
  /// For --exe: a program whose bytes come first; it loads its own file. The
  /// result is executable. Empty for a plain artifact.
  std::span<const std::byte> program;
};

/// Writes `path`, whole or not at all. Internal when the plan is not valid or a
/// writer wrote another number of bytes than the plan says.
rt::Result<void> assembleArtifact(const std::string &path,
                                  ArtifactContents contents);

} // namespace tenon::abi

#endif // TENON_RUNTIME_ABI_ARTIFACTBYTES_H
