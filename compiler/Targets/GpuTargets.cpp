//===- GpuTargets.cpp - the table of GPUs' architectures ------------------===//

#include "compiler/Targets/Targets.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace tenon {
namespace {

constexpr StringLiteral kPrefix = "cuda:";

struct Gpu {
  StringLiteral name;
  int64_t compute;
  int64_t sharedBytes;
};

constexpr int64_t kKiB = 1024;

// Shared memory of a block, which has to be asked for beyond 48 KiB: CUDA C++
// Programming Guide, technical specifications per compute capability.
// compute_80 is PTX alone, for all of them and for those to come.
constexpr StringLiteral kPortable = "compute_80";
constexpr Gpu kGpus[] = {
    {"sm_80", 80, 163 * kKiB},  {"sm_86", 86, 99 * kKiB},
    {"sm_89", 89, 99 * kKiB},   {"sm_90", 90, 227 * kKiB},
    {"sm_90a", 90, 227 * kKiB}, {"sm_100", 100, 227 * kKiB},
    {"sm_120", 120, 99 * kKiB}, {kPortable, 80, 99 * kKiB},
};

} // namespace

bool isGpuName(StringRef target) { return target.starts_with(kPrefix); }

FailureOr<target::GpuAttr> gpuByName(Location loc, StringRef target) {
  StringRef name = target;
  name.consume_front(kPrefix);
  MLIRContext *context = loc.getContext();
  context->getOrLoadDialect<target::TargetDialect>();
  for (const Gpu &gpu : kGpus)
    if (gpu.name == name)
      return target::GpuAttr::get(context, gpu.name, gpu.compute,
                                  gpu.sharedBytes);
  InFlightDiagnostic error = emitError(loc);
  error << "no such architecture: expected ";
  llvm::interleaveComma(kGpus, error,
                        [&](const Gpu &gpu) { error << kPrefix << gpu.name; });
  return error << ", got '" << target << "'";
}

FailureOr<SmallVector<target::GpuAttr>> gpusByName(Location loc,
                                                   StringRef targets) {
  SmallVector<target::GpuAttr> gpus;
  SmallVector<StringRef> names;
  targets.split(names, ',');
  for (StringRef name : names) {
    FailureOr<target::GpuAttr> gpu = gpuByName(loc, name);
    if (failed(gpu))
      return failure();
    if (llvm::is_contained(gpus, *gpu))
      return emitError(loc) << "architecture " << gpu->getName()
                            << " is named twice in '" << targets << "'";
    gpus.push_back(*gpu);
  }
  return gpus;
}

target::GpuAttr portableGpu(MLIRContext *context) {
  return *gpuByName(UnknownLoc::get(context), kPortable);
}

} // namespace tenon
