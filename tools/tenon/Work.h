//===- Work.h - what the kernels of a run do, and how fast they could be --===//

#ifndef TENON_TOOLS_TENON_WORK_H
#define TENON_TOOLS_TENON_WORK_H

#include "runtime/Device/Rates.h"
#include "runtime/Program/Context.h"
#include "runtime/Program/Tape.h"

#include <optional>
#include <string>
#include <vector>

namespace tenon::tool {

/// What the launches of one kernel add up to in a run.
struct KernelWork {
  int64_t launches = 0;
  int64_t mostInstances = 0; ///< of a launch: a GPU's blocks
  /// Nothing when one of its launches does not say.
  std::optional<int64_t> flops = 0, bytes = 0;
  /// What the launches take at least: each the longer one of its operations at
  /// the machine's rate and its bytes at memory's rate.
  double limitSeconds = 0;
};

/// Operations a second of a kernel that multiplies such numbers.
double flopsPerSecond(const rt::Rates &rates, abi::DType multiplies);

/// One entry for each kernel of the plan.
std::vector<KernelWork> workOf(const abi::Plan &plan, const rt::Tape &tape,
                               const rt::Binding &binding,
                               const rt::Rates &rates);

/// Rates, and whose they are: "2 threads of this machine: 187.2 GFLOP/s in f32,
/// 1950.0 in bf16, 3890.1 in int8, 18.4 GB/s from memory".
struct Machine {
  rt::Rates rates;
  std::string text;
};

/// That which the plan is for: this CPU with so many threads, measured now, or
/// the GPU that its architecture is known by, as its data sheet says.
rt::Result<Machine> machineOf(const abi::Plan &plan, unsigned numThreads);
/// That which a context runs on.
rt::Result<Machine> machineOf(rt::Context &context);

/// What a block of a GPU's kernel takes: "128 threads, 49152 bytes shared, 96
/// registers, no spills"; empty for a kernel of a CPU.
std::string blockText(const abi::Kernel &kernel);

/// A table with a line for each kernel of a GPU: blocks of its largest launch,
/// and what a block takes. Empty for a CPU.
std::string blocksTable(const abi::Plan &plan,
                        const std::vector<KernelWork> &works);

/// The part as "37.5 %"; "-" of nothing.
std::string percentText(double part, double whole);

/// The kernel's name and what it computes.
std::string kernelText(const abi::Kernel &kernel);

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_WORK_H
