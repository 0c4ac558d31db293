//===- Artifact.h - an artifact file, mapped and checked ------------------===//
//
// Knows where code, plan and weights are; does not read them.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_PROGRAM_ARTIFACT_H
#define TENON_RUNTIME_PROGRAM_ARTIFACT_H

#include "runtime/Abi/Artifact.h"
#include "runtime/Abi/Plan.h"
#include "runtime/Core/MappedFile.h"
#include "runtime/Core/Status.h"

#include <cstddef>
#include <span>
#include <string>

namespace tenon::rt {

/// Owns the mapping. After open() the footer's offsets are in bounds and in
/// order, and the checksum of all but the weights is right.
class Artifact {
public:
  /// `path` is an artifact, or a program with one at its end. BadArtifact when
  /// it is damaged, cut short, of another version, or something else.
  static Result<Artifact> open(const std::string &path);

  const abi::Footer &footer() const { return end; }
  std::span<const std::byte> code() const { return part(0, end.codeBytes); }
  /// Gives the memory of the code back; whoever reads it reads the file again.
  void releaseCode() const { file.release(code()); }
  std::span<const std::byte> plan() const {
    return part(end.planOffset, end.planBytes);
  }

  /// Does the section lie in the weights' part of the file?
  Result<void> checkWeight(const abi::WeightSection &weight) const;
  /// After checkWeight.
  std::span<const std::byte> weight(const abi::WeightSection &weight) const {
    return part(weight.offset, weight.bytes);
  }

private:
  Artifact(MappedFile file, std::span<const std::byte> bytes,
           const abi::Footer &end)
      : file(std::move(file)), bytes(bytes), end(end) {}
  std::span<const std::byte> part(uint64_t offset, uint64_t size) const {
    return bytes.subspan(offset, size);
  }

  MappedFile file;
  std::span<const std::byte>
      bytes; ///< the artifact, without a program before it
  abi::Footer end;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_PROGRAM_ARTIFACT_H
