// Starts the driver, knows its objects.

#include "runtime/VirtualGpu/Driver/Driver.h"

#include "runtime/VirtualGpu/Driver/Findings.h"

#include <cstdlib>

namespace tenon::vgpu {

using namespace cuda;

Driver &Driver::get() {
  static Driver *driver = new Driver;
  return *driver;
}

CUresult Driver::initialise() {
  if (hasStarted)
    return startResult;
  hasStarted = true;
  auto read = readSettings([](const char *name) { return std::getenv(name); });
  if (!read) {
    say(read.error().message);
    return startResult = CUDA_ERROR_INVALID_VALUE;
  }
  chosen = *read;
  if (!chosen.numDevices)
    return startResult = CUDA_ERROR_NO_DEVICE;
  auto made = Memory::create();
  if (!made) {
    say(made.error().message);
    return startResult = CUDA_ERROR_OUT_OF_MEMORY;
  }
  memory = *made;
  random.seed(chosen.machine.seed);
  beginFindings(chosen);
  for (int number = 0; number < chosen.numDevices; ++number) {
    MachineOptions options = chosen.machine;
    options.device = number;
    devices.emplace_back().machine = std::make_unique<Machine>(memory, options);
  }
  return CUDA_SUCCESS;
}

//===----------------------------------------------------------------------===//
// Contexts
//===----------------------------------------------------------------------===//

std::unique_ptr<CUctx_st> Driver::makeContext(CUdevice device) {
  auto context = std::make_unique<CUctx_st>();
  context->device = device;
  context->machine = devices[size_t(device)].machine.get();
  auto legacy = std::make_unique<CUstream_st>();
  legacy->context = context.get();
  context->legacy = legacy.get();
  context->streams[legacy.get()] = std::move(legacy);
  return context;
}

bool Driver::isContext(CUcontext context) const {
  if (contexts.count(context))
    return true;
  for (const DeviceState &device : devices)
    if (device.primary && device.primary.get() == context)
      return true;
  return false;
}

void Driver::endContext(Lock &lock, CUctx_st &context) {
  finishContext(lock, context);
  for (auto &[handle, module] : context.modules)
    for (auto &[name, function] : module->functions)
      functions.erase(function.get());
  context.modules.clear();
  for (auto block = blocks.begin(); block != blocks.end();)
    if (block->second.context == &context) {
      (void)memory->free(block->first); // live, since it is a block
      block = blocks.erase(block);
    } else {
      ++block;
    }
}

//===----------------------------------------------------------------------===//
// Handles
//===----------------------------------------------------------------------===//

CUstream Driver::streamOf(CUctx_st &context, CUstream handle) {
  // Numbers 0 and 1 are the legacy stream; 2 is a stream for each thread, which
  // here is the same: more ordered than CUDA promises.
  if (reinterpret_cast<uintptr_t>(handle) <= 2)
    return context.legacy;
  if (context.streams.count(handle))
    return handle;
  for (DeviceState &device : devices)
    if (device.primary && device.primary->streams.count(handle))
      return handle;
  for (auto &[other, made] : contexts)
    if (made->streams.count(handle))
      return handle;
  return nullptr;
}

/// The value under `key` in one of the maps that `member` names.
template <typename Map, typename Key>
static Key findIn(const Driver &driver, Map CUctx_st::*member, Key key) {
  for (const Driver::DeviceState &device : driver.devices)
    if (device.primary && (device.primary.get()->*member).count(key))
      return key;
  for (const auto &[handle, context] : driver.contexts)
    if ((context.get()->*member).count(key))
      return key;
  return nullptr;
}

CUevent Driver::eventOf(CUevent handle) const {
  return findIn(*this, &CUctx_st::events, handle);
}
CUmodule Driver::moduleOf(CUmodule handle) const {
  return findIn(*this, &CUctx_st::modules, handle);
}
CUfunction Driver::functionOf(CUfunction handle) const {
  return functions.count(handle) ? handle : nullptr;
}
CUgraphNode Driver::nodeOf(CUgraphNode handle) const {
  for (const auto &[graph, owned] : graphs)
    for (const auto &node : owned->handles)
      if (node.get() == handle)
        return handle;
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

const Block *Driver::blockAt(Address address) const {
  auto after = blocks.upper_bound(address);
  if (after == blocks.begin())
    return nullptr;
  const auto &[base, block] = *std::prev(after);
  return address - base < block.sizeBytes ? &block : nullptr;
}

bool Driver::holds(Address address, uint64_t sizeBytes) const {
  // Variables of modules are memory too, but no blocks.
  auto allocation = memory->find(address);
  return allocation && !allocation->isFreed &&
         sizeBytes <= allocation->sizeBytes - (address - allocation->base);
}

CUresult Driver::allocate(CUctx_st &context, BlockKind kind, uint64_t sizeBytes,
                          Address &address) {
  static constexpr const char *kNames[] = {"cuMemAlloc", "cuMemHostAlloc",
                                           "cuMemAllocManaged"};
  static uint64_t number = 0;
  if (!sizeBytes)
    return CUDA_ERROR_INVALID_VALUE;
  // Memory of the host is nobody's: it does not count.
  int owner = kind == BlockKind::Pinned ? -1 : context.device;
  uint64_t most = chosen.machine.memoryBytes;
  if (kind != BlockKind::Pinned &&
      (sizeBytes > most || memory->liveBytes(owner) > most - sizeBytes))
    return CUDA_ERROR_OUT_OF_MEMORY;
  std::string name =
      std::string(kNames[size_t(kind)]) + " " + std::to_string(++number);
  auto made = memory->allocate(owner, sizeBytes, 0, name);
  if (!made)
    return CUDA_ERROR_OUT_OF_MEMORY;
  address = *made;
  // What the host writes through its pointer is not seen.
  if (kind != BlockKind::Device)
    (void)memory->markInitialised(address, sizeBytes);
  blocks[address] = {kind, context.device, sizeBytes, &context};
  return CUDA_SUCCESS;
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

std::vector<CUcontext> &contextStack() {
  thread_local std::vector<CUcontext> stack;
  return stack;
}

CUresult injectedFailure(const Settings &settings, const char *name) {
  static uint64_t numCalls = 0;
  if (settings.failingFunction != name)
    return CUDA_SUCCESS;
  return ++numCalls == settings.failingCall ? CUresult(settings.failingResult)
                                            : CUDA_SUCCESS;
}

Entry::Entry(const char *name, Needs needs)
    : driver(Driver::get()), lock(driver.mutex) {
  if (needs == Needs::Nothing)
    return;
  if (!driver.isInitialised()) {
    refused = CUDA_ERROR_NOT_INITIALIZED;
    return;
  }
  refused = injectedFailure(driver.settings(), name);
  std::vector<CUcontext> &stack = contextStack();
  context = stack.empty() ? nullptr : stack.back();
  if (context && !driver.isContext(context))
    context = nullptr;
  if (refused || needs == Needs::Start)
    return;
  refused = context ? context->failure : CUDA_ERROR_INVALID_CONTEXT;
}

CUresult Entry::checkNoCapture() {
  bool isSeen = false;
  for (auto &[handle, stream] : context->streams) {
    if (!stream->capture)
      continue;
    Capture &capture = *stream->capture;
    bool isOurs = capture.thread == std::this_thread::get_id();
    if (capture.mode == CU_STREAM_CAPTURE_MODE_RELAXED ||
        (capture.mode == CU_STREAM_CAPTURE_MODE_THREAD_LOCAL && !isOurs))
      continue;
    capture.isInvalid = isSeen = true;
  }
  return isSeen ? CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED : CUDA_SUCCESS;
}

} // namespace tenon::vgpu
