//===- TestModel.h - a small artifact for the runtime's tests -------------===//
//
// Symbols 1 <= B <= 8 and L <= 1024, a multiple of 4.
//
//   h     = layer(x, first)        x:     f32 [B, L]
//   y     = layer(h, second)       shift: f32 [L]
//   sums  = row_sum(y)             y: f32 [B, L], sums: f32 [B]
//   echo  = shift                  echo:  f32 [L]
//
//   layer(in, scale) = scale_shift(scale_shift(in, scale), scale)
//   scale_shift(in, scale) = in * scale + shift
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TESTS_RUNTIME_TESTMODEL_TESTMODEL_H
#define TENON_TESTS_RUNTIME_TESTMODEL_TESTMODEL_H

#include "runtime/Abi/Artifact.h"
#include "runtime/Abi/ArtifactBytes.h"
#include "runtime/Abi/Plan.h"
#include "runtime/Core/Status.h"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::test {

inline constexpr float kFirstScale = 2.0f, kSecondScale = -0.5f;

std::vector<std::byte> readBytes(const std::string &path);
void writeBytes(const std::string &path, std::span<const std::byte> bytes);

/// A file in memory, for tests that write thousands of them.
class MemoryFile {
public:
  MemoryFile();
  MemoryFile(const MemoryFile &) = delete;
  MemoryFile &operator=(const MemoryFile &) = delete;
  ~MemoryFile();

  /// Where any function can open it, until this object dies.
  const std::string &path() const { return name; }
  void write(std::span<const std::byte> bytes);

private:
  int fd;
  std::string name;
};

/// The linked kernels.
std::vector<std::byte> testCode();
/// Weights' offsets and checksums are not filled in.
abi::Plan testPlan();

std::vector<abi::WeightWriter> testWeights();

/// Writes the artifact; `program` comes before it, if any.
rt::Result<void> writeTestArtifact(const std::string &path,
                                   const abi::Plan &plan,
                                   std::span<const std::byte> program = {});

/// The artifact's bytes; they are made once.
const std::vector<std::byte> &testArtifact();
/// What `write` writes to the path that it is given.
std::vector<std::byte>
bytesOf(const std::string &name,
        const std::function<rt::Result<void>(const std::string &)> &write);

/// The same model for GPUs, with one block for each instance: a cubin for
/// sm_90a that is none, and PTX for compute_80, in a linked object.
std::vector<std::byte> cudaTestCode();
abi::Plan cudaTestPlan();
rt::Result<void> writeCudaTestArtifact(const std::string &path,
                                       const abi::Plan &plan,
                                       std::span<const std::byte> code);
const std::vector<std::byte> &cudaTestArtifact();
/// Changes the first such text; both are of one length.
void replaceText(std::vector<std::byte> &code, std::string_view from,
                 std::string_view to);

/// The last bytes of an artifact.
abi::Footer footerOf(std::span<const std::byte> artifact);

/// After bytes outside the weights were changed on purpose.
void correctChecksum(std::span<std::byte> artifact);

/// What the model computes: y, then sums.
struct Expected {
  std::vector<float> y, sums;
};
Expected compute(const std::vector<float> &x, const std::vector<float> &shift);

} // namespace tenon::test

#endif // TENON_TESTS_RUNTIME_TESTMODEL_TESTMODEL_H
