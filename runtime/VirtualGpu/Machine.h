//===- Machine.h - a virtual CUDA device ----------------------------------===//
//
//   auto memory = *Memory::create();
//   Machine machine(memory, {.arch = 90});
//   auto module = *machine.load(ptxText, "gemm.ptx");
//   LaunchConfig config{.kernel = module->kernel("gemm"), .grid = {8, 8},
//   .block = {128}}; config.parameters = std::as_bytes(std::span(&params, 1));
//   auto result = machine.launch(config);   // an Error: the driver would
//   refuse it if (result && result->fault == Fault::None &&
//   result->reports.empty())
//     ...
//
// This is the whole of what the stand-in for the driver needs. A machine
// executes one launch at a time and is safe to call from several threads.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_MACHINE_H
#define TENON_RUNTIME_VIRTUALGPU_MACHINE_H

#include "runtime/VirtualGpu/Count/Bounds.h"
#include "runtime/VirtualGpu/Memory.h"
#include "runtime/VirtualGpu/Report.h"

#include <cstddef>
#include <span>
#include <vector>

namespace tenon::vgpu {

/// The order in which warps run. Each is deterministic.
enum class Schedule : uint8_t {
  InOrder,     ///< warps in turn, long slices
  Random,      ///< slices and order from the seed
  Adversarial, ///< always one warp as far ahead of the others as it gets
};

struct MachineOptions {
  int device = 0; ///< number of this device in the Memory
  int arch = 80;  ///< 80, 86, 89, 90, 100, 103, 120: limits and refusals
  Schedule schedule = Schedule::InOrder;
  uint64_t seed = 0;
  bool checks = true; ///< off: only bounds, alignment and deadlock are checked
  int numWorkers =
      1; ///< threads over blocks, when the blocks cannot see each other
  uint64_t memoryBytes = uint64_t(16) << 30;
  /// A warp that executed more ends the launch with Fault::Timeout.
  uint64_t maxInstructionsPerWarp = uint64_t(1) << 32;
  uint32_t maxReports = 64;
  /// Follows sectors through L2 and gives bounds of time.
  bool measures = false;
};

/// What an architecture allows; the figures of the CUDA programming guide's
/// table.
struct ArchLimits {
  int arch = 80;
  uint32_t numSms, maxThreadsPerSm, maxBlocksPerSm, registersPerSm;
  uint32_t sharedPerSmBytes, sharedPerBlockBytes, sharedOptInBytes;
  uint32_t parameterBytes;
  bool hasClusters;
};
/// Nothing for an architecture that is not known.
const ArchLimits *archLimits(int arch);

struct ParameterInfo {
  uint32_t offsetBytes = 0, sizeBytes = 0, alignBytes = 1;
};

struct KernelInfo {
  std::string name;
  std::vector<ParameterInfo> parameters;
  uint32_t parameterBytes = 0;
  uint32_t staticSharedBytes = 0;
  uint32_t localBytes = 0;   ///< a thread
  uint32_t numRegisters = 0; ///< 32-bit, our allocation: an estimate of ptxas's
  std::string target;        ///< "sm_90a"
  /// Of a thread, where a comment of the text says what ptxas made of it:
  /// "// ptxas gemm: 168 registers, 0 bytes spilled".
  std::optional<uint32_t> ptxasRegisters, ptxasSpillBytes;
  std::optional<Dim3> maxThreads, requiredThreads, requiredCluster;
  uint32_t minBlocksPerSm = 0;
  bool usesDynamicShared = false;
};

struct KernelProgram;

/// A kernel of a loaded module; lives as long as the module.
class Kernel {
public:
  Kernel(std::unique_ptr<KernelProgram> program);
  ~Kernel();
  const KernelInfo &info() const;
  const KernelProgram &program() const { return *code; }

private:
  std::unique_ptr<KernelProgram> code;
};

struct GlobalVariable {
  std::string name;
  Address address = 0;
  uint64_t sizeBytes = 0;
};

/// A loaded PTX text. Its globals live in the Memory until the module is
/// destroyed.
class Module {
public:
  ~Module();
  /// Null when there is none of that name.
  const Kernel *kernel(std::string_view name) const;
  const GlobalVariable *global(std::string_view name) const;
  const std::vector<std::unique_ptr<Kernel>> &kernels() const {
    return kernelList;
  }
  const std::vector<GlobalVariable> &globals() const { return globalList; }

private:
  friend class Machine;
  Module() = default;

  std::shared_ptr<Memory> memory;
  std::vector<std::unique_ptr<Kernel>> kernelList;
  std::vector<GlobalVariable> globalList;
};

struct LaunchConfig {
  const Kernel *kernel = nullptr;
  Dim3 grid, block, cluster;
  uint32_t dynamicSharedBytes = 0;
  /// The parameter block, laid out as KernelInfo says.
  std::span<const std::byte> parameters;
};

/// With MachineOptions::measures, of a launch that came to its end.
struct Measures {
  uint64_t sharedBytes = 0; ///< of a block
  TrafficCounters traffic;
  std::vector<DeviceBound> bounds;
};

struct LaunchResult {
  Fault fault = Fault::None;
  std::vector<Report> reports; ///< in the order of blocks
  Counters counters;
  std::optional<Measures> measures;
};

class Machine {
public:
  Machine(std::shared_ptr<Memory> memory, MachineOptions options);
  ~Machine();

  const MachineOptions &options() const { return settings; }
  /// For the next launch.
  void setOptions(const MachineOptions &options);
  Memory &memory() { return *deviceMemory; }
  const ArchLimits &limits() const;

  /// An error names the PTX line: "gemm.ptx:12: unknown opcode 'foo.b32'".
  rt::Result<std::shared_ptr<const Module>> load(std::string_view ptx,
                                                 std::string_view name);

  /// Runs to the end, or to a fault. An Error means that the launch itself was
  /// refused: shapes, parameters, shared memory.
  rt::Result<LaunchResult> launch(const LaunchConfig &config);

private:
  std::shared_ptr<Memory> deviceMemory;
  MachineOptions settings;
  std::mutex mutex;
};

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_MACHINE_H
