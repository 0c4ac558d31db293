//===- Work.h - what the kernels of a run do, and how fast they could be --===//

#ifndef TENON_TOOLS_TENON_WORK_H
#define TENON_TOOLS_TENON_WORK_H

#include "runtime/Device/Cpu/Rates.h"
#include "runtime/Program/Model.h"
#include "runtime/Program/Tape.h"

#include <optional>
#include <string>
#include <vector>

namespace tenon::tool {

/// What the launches of one kernel add up to in a run.
struct KernelWork {
  int64_t launches = 0;
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

/// The rates of this machine with so many threads, measured now.
rt::Result<rt::Rates> ratesOf(unsigned numThreads);

/// "2 threads of this machine: 187.2 GFLOP/s in f32, 1950.0 in bf16, 3890.1 in
/// int8, 18.4 GB/s from memory".
std::string ratesText(const rt::Rates &rates, unsigned numThreads);

/// The part as "37.5 %"; "-" of nothing.
std::string percentText(double part, double whole);

/// The kernel's name and what it computes.
std::string kernelText(const abi::Kernel &kernel);

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_WORK_H
