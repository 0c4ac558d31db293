//===- Model.h - a loaded artifact ----------------------------------------===//
//
//   Result<std::shared_ptr<const Model>> model = Model::load("model.tenon");
//   Result<std::unique_ptr<Context>> context = Context::create(*model);
//
// Immutable, so any number of contexts (Context.h) and threads share it.
// Weights are pages of the file: they are read when first touched, and
// processes that load the same file share them.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_PROGRAM_MODEL_H
#define TENON_RUNTIME_PROGRAM_MODEL_H

#include "runtime/Abi/Plan.h"
#include "runtime/Core/Status.h"
#include "runtime/Device/Cpu/Features.h"
#include "runtime/Program/Artifact.h"
#include "runtime/Program/Image.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::rt {

class Model {
public:
  /// Checks everything but the weights' contents. BadInput when the file cannot
  /// be read, BadArtifact when it is damaged, NoKernel when it was built for
  /// more than `cpu` has: "m.tenon: built for znver4 and needs avx512f, which
  /// this CPU lacks".
  static Result<std::shared_ptr<const Model>>
  load(const std::string &path, const CpuFeatures &cpu = CpuFeatures::host());

  /// Reads all weights and compares their checksums. BadArtifact names the
  /// first section that differs.
  Result<void> verifyWeights() const;

  const std::string &path() const { return file; }
  /// The signature and weights, and how it runs on the first of its targets.
  const abi::Plan &plan() const { return programs.front(); }
  /// How it runs on each of its targets; more than one are for GPUs.
  const std::vector<abi::Plan> &plans() const { return programs; }
  abi::KernelFn kernel(uint32_t index) const { return kernels[index]; }
  /// Whether the kernels are for a GPU, and have no functions here.
  bool isForGpu() const { return abi::isForGpu(plan()); }
  /// The bytes of one of the plan's.
  std::span<const std::byte> deviceCode(const abi::DeviceCode &code) const {
    return *image.dataAt(code.address, code.bytes); // checked when loaded
  }
  std::span<const std::byte> weight(uint32_t index) const {
    return artifact.weight(plan().weights[index]);
  }

  /// Which input or output has this name. BadInput lists those that there are.
  Result<size_t> inputNamed(std::string_view name) const;
  Result<size_t> outputNamed(std::string_view name) const;

  /// Bytes of the file that hold weights, and that hold code and plan.
  uint64_t weightsBytes() const { return artifact.footer().weightsBytes; }
  uint64_t codeBytes() const { return artifact.footer().codeBytes; }
  uint64_t planBytes() const { return artifact.footer().planBytes; }

private:
  Model(std::string path, Artifact artifact, std::vector<abi::Plan> plans,
        Image image)
      : file(std::move(path)), artifact(std::move(artifact)),
        programs(std::move(plans)), image(std::move(image)) {}
  Result<void> resolve();
  Result<void> resolveKernel(const abi::Kernel &kernel);

  std::string file;
  Artifact artifact;
  std::vector<abi::Plan> programs;
  Image image;
  std::vector<abi::KernelFn> kernels;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_PROGRAM_MODEL_H
