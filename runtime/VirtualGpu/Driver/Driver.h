//===- Driver.h - the state behind the exported functions -----------------===//
//
//   CUresult cuStreamQuery(CUstream handle) {
//     Entry entry("cuStreamQuery"); // locks; a context is current and well
//     if (entry.refused)
//       return entry.refused;
//     ...
//   }
//
// One lock guards everything; it is given up while a command runs. Work waits
// in its stream until somebody waits for it, which is the latest that CUDA
// allows: a program that forgets to wait sees memory as it was.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_DRIVER_DRIVER_H
#define TENON_RUNTIME_VIRTUALGPU_DRIVER_DRIVER_H

#include "runtime/VirtualGpu/Driver/Objects.h"
#include "runtime/VirtualGpu/Driver/Settings.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <random>

namespace tenon::vgpu {

using Lock = std::unique_lock<std::mutex>;

class Driver {
public:
  /// The one of this process. It is never destroyed: threads may still use it.
  static Driver &get();

  /// Once; later calls answer as the first did.
  cuda::CUresult initialise();
  bool isInitialised() const { return memory != nullptr; }

  const Settings &settings() const { return chosen; }
  Memory &deviceMemory() { return *memory; }

  //===--- Devices and contexts ----------------------------------------------//

  struct DeviceState {
    std::unique_ptr<Machine> machine;
    std::unique_ptr<cuda::CUctx_st> primary;
    unsigned primaryFlags = 0;
  };
  std::deque<DeviceState> devices;
  std::map<cuda::CUcontext, std::unique_ptr<cuda::CUctx_st>> contexts;

  bool isDevice(cuda::CUdevice device) const {
    return device >= 0 && size_t(device) < devices.size();
  }
  std::unique_ptr<cuda::CUctx_st> makeContext(cuda::CUdevice device);
  bool isContext(cuda::CUcontext context) const;
  /// Finishes its work and gives back its memory.
  void endContext(Lock &lock, cuda::CUctx_st &context);

  //===--- Handles; null for what is not live --------------------------------//

  cuda::CUstream streamOf(cuda::CUctx_st &context, cuda::CUstream handle);
  cuda::CUevent eventOf(cuda::CUevent handle) const;
  cuda::CUmodule moduleOf(cuda::CUmodule handle) const;
  cuda::CUfunction functionOf(cuda::CUfunction handle) const;
  std::map<cuda::CUfunction, cuda::CUmodule> functions;
  std::map<cuda::CUgraph, std::unique_ptr<cuda::CUgraph_st>> graphs;
  std::map<cuda::CUgraphExec, std::unique_ptr<cuda::CUgraphExec_st>> execs;
  /// Of a graph that is live, or of a capture.
  cuda::CUgraphNode nodeOf(cuda::CUgraphNode handle) const;

  //===--- Memory ------------------------------------------------------------//

  std::map<Address, Block> blocks;               ///< live ones, by base
  std::map<uintptr_t, uint64_t> registeredBytes; ///< cuMemHostRegister
  /// The block that holds the byte; null for memory of the host.
  const Block *blockAt(Address address) const;
  bool holds(Address address, uint64_t sizeBytes) const;
  cuda::CUresult allocate(cuda::CUctx_st &context, BlockKind kind,
                          uint64_t sizeBytes, Address &address);

  //===--- Work --------------------------------------------------------------//

  /// Appends to a stream, or to the graph that it captures into.
  cuda::CUresult submit(Lock &lock, cuda::CUstream stream, Command command);
  /// The same, of work outside a capture.
  WorkPtr enqueue(Lock &lock, cuda::CUstream stream, Command command,
                  const std::vector<WorkPtr> &alsoAfter = {});
  /// A graph's nodes, each as soon as those that it waits for are done.
  void launchGraph(Lock &lock, cuda::CUstream stream,
                   const std::vector<GraphNode> &nodes);
  /// Runs it and all that it waits for.
  void finish(Lock &lock, const WorkPtr &work);
  void finishStream(Lock &lock, cuda::CUstream stream);
  void finishContext(Lock &lock, cuda::CUctx_st &context);
  /// Runs one thing that the work waits for: what a query finds later.
  void advance(Lock &lock, const WorkPtr &work);

  /// Whether a call that a capture must not see is made during one.
  bool isCapturing(const cuda::CUctx_st &context) const;

  std::mutex mutex;
  std::condition_variable isDone;

private:
  Driver() = default;
  void run(Lock &lock, const WorkPtr &work);
  bool runsAtOnce();

  bool hasStarted = false;
  cuda::CUresult startResult = cuda::CUDA_SUCCESS;
  Settings chosen;
  std::shared_ptr<Memory> memory;
  std::mt19937_64 random;
  size_t numWaiting = 0; ///< work that is not done
};

/// What every exported function begins with.
class Entry {
public:
  enum class Needs {
    Nothing,
    Start,   ///< cuInit was called
    Context, ///< a context that has not failed is current
  };
  explicit Entry(const char *name, Needs needs = Needs::Context);

  Driver &driver;
  Lock lock;
  cuda::CUcontext context = nullptr; ///< the thread's, if any
  cuda::CUresult refused = cuda::CUDA_SUCCESS;

  /// For calls that are not allowed while a stream of this thread, or of the
  /// context in global mode, captures: makes these captures invalid.
  cuda::CUresult checkNoCapture();
  /// After finishing something: the failure that came of it.
  cuda::CUresult failure() const {
    return context ? context->failure : cuda::CUDA_SUCCESS;
  }
};

/// The contexts that this thread has pushed.
std::vector<cuda::CUcontext> &contextStack();

/// Counts the calls of `name` and says whether this one is to fail.
cuda::CUresult injectedFailure(const Settings &settings, const char *name);

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_DRIVER_DRIVER_H
