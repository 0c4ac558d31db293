// Places buffers in host memory and launches over the pool.

#include "runtime/Program/CpuExecutor.h"

#include <cstring>

namespace tenon::rt {

using abi::Space;
using Clock = TimeRange::Clock;

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

void *CpuExecutor::address(const TapeBuffer &buffer,
                           const Placement &placement) const {
  switch (buffer.space) {
  case Space::Input:
    return placement.inputs[buffer.index].data;
  case Space::Output:
    return placement.outputs[buffer.index].data;
  case Space::Weight:
    return const_cast<std::byte *>(program->weight(buffer.index).data());
  default:
    return arena.data() + buffer.offset;
  }
}

Result<void> CpuExecutor::place(const Placement &placement) {
  tape = &placement.tape;
  scratchStride = tape->scratchStride();
  if (auto done = arena.growTo(tape->arenaBytes, "the arena"); !done)
    return done;
  if (auto done = scratch.growTo(scratchStride * numThreads(), "scratch");
      !done)
    return done;
  pointers.resize(tape->buffers.size());
  for (size_t i = 0; i < pointers.size(); ++i)
    pointers[i] = address(tape->buffers[i], placement);
  return {};
}

Result<void> CpuExecutor::readBuffer(uint32_t buffer,
                                     std::span<std::byte> to) const {
  if (!to.empty()) // empty tensors may have no address
    std::memcpy(to.data(), pointers[buffer], to.size());
  return {};
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

void CpuExecutor::launch(size_t number, const TapeLaunch &step,
                         RunObserver *observer) {
  abi::KernelFn kernel = program->kernel(step.kernel);
  void *const *buffers = pointers.data() + step.firstBuffer;
  const int64_t *scalars = tape->scalars.data() + step.firstScalar;
  auto runRange = [&](int64_t begin, int64_t end, unsigned thread) {
    kernel(buffers, scalars, begin, end,
           scratch.data() + thread * scratchStride);
  };
  if (!observer)
    return pool->run(step.instances, runRange);
  pool->run(step.instances, [&](int64_t begin, int64_t end, unsigned thread) {
    Clock::time_point start = Clock::now();
    runRange(begin, end, thread);
    observer->rangeDone(number, thread, {begin, end}, {start, Clock::now()});
  });
}

void CpuExecutor::copy(const TapeCopy &step) {
  if (step.bytes) // empty tensors may have no address
    std::memmove(pointers[step.to], pointers[step.from], step.bytes);
}

void CpuExecutor::execute(size_t number, RunObserver *observer) {
  const TapeStep &step = tape->steps[number];
  if (const auto *launched = std::get_if<TapeLaunch>(&step))
    launch(number, *launched, observer);
  else
    copy(std::get<TapeCopy>(step));
}

Result<void> CpuExecutor::run(RunObserver *observer) {
  for (size_t number = 0; number < tape->steps.size(); ++number) {
    if (!observer) {
      execute(number, nullptr);
      continue;
    }
    Clock::time_point start = Clock::now();
    execute(number, observer);
    observer->stepDone(number, {start, Clock::now()});
  }
  return {};
}

Result<double> CpuExecutor::repeatStep(size_t step) {
  Clock::time_point start = Clock::now();
  execute(step, nullptr);
  return std::chrono::duration<double>(Clock::now() - start).count();
}

} // namespace tenon::rt
