// Unrolls calls and evaluates formulas.
//
// 1. A function's formulas depend on the binding only, so each function is
//    measured once, however often it is called: a Frame.
// 2. Walking the calls from the model, each frame lies behind its caller's; the
//    arena ends where the deepest frame ends.

#include "runtime/Program/Tape.h"

#include "runtime/Abi/Artifact.h"
#include "runtime/Abi/DType.h"
#include "runtime/Abi/Expr.h"
#include "runtime/Core/Message.h"

#include <algorithm>
#include <optional>

namespace tenon::rt {

using abi::BufferRef;
using abi::Space;

namespace {

/// A function under one binding.
struct Frame {
  struct StepFigures {
    uint32_t firstScalar = 0;
    uint32_t kernel = 0; ///< of a launch
    int64_t size = 0;    ///< instances of a launch, bytes of a copy
  };
  std::vector<TapeBuffer> slots; ///< offsets from the frame's begin
  std::vector<StepFigures> steps;
  uint64_t bytes = 0;
};

class Recorder {
public:
  Recorder(const abi::Plan &plan, const Binding &binding)
      : plan(plan), binding(binding), frames(plan.functions.size()) {}

  Result<Tape> record() {
    if (auto done = measureTensors(plan.inputs, inputBytes); !done)
      return done.error();
    if (auto done = measureTensors(plan.outputs, outputBytes); !done)
      return done.error();
    if (auto done = unroll(0, 0, {}); !done)
      return done.error();
    return std::move(tape);
  }

private:
  Result<void> measureTensors(const std::vector<abi::Tensor> &tensors,
                              std::vector<uint64_t> &sizes);
  Result<int64_t> notNegative(const abi::Expr &expr, const char *what);
  Result<const Frame *> frameOf(uint32_t function);
  Result<void> measureSlots(const abi::Function &function, Frame &frame);
  Result<void> measureSteps(const abi::Function &function, Frame &frame);
  Result<void> measureLaunch(const abi::Launch &launch,
                             Frame::StepFigures &figures);

  Result<void> unroll(uint32_t function, uint64_t base,
                      const std::vector<TapeBuffer> &parameters);
  TapeBuffer place(BufferRef buffer, const Frame &frame, uint64_t base,
                   const std::vector<TapeBuffer> &parameters) const;
  Result<void> recordCopy(TapeBuffer from, TapeBuffer to, uint64_t bytes);

  const abi::Plan &plan;
  const Binding &binding;
  std::vector<uint64_t> inputBytes, outputBytes;
  std::vector<std::optional<Frame>> frames;
  Tape tape;
};

//===----------------------------------------------------------------------===//
// Measuring
//===----------------------------------------------------------------------===//

Result<void> Recorder::measureTensors(const std::vector<abi::Tensor> &tensors,
                                      std::vector<uint64_t> &sizes) {
  for (const abi::Tensor &tensor : tensors) {
    auto shape = shapeOf(plan, tensor, binding);
    if (!shape)
      return shape.error();
    auto bytes = bytesOf(tensor.dtype, *shape);
    if (!bytes)
      return bytes.error();
    sizes.push_back(*bytes);
  }
  return {};
}

Result<int64_t> Recorder::notNegative(const abi::Expr &expr, const char *what) {
  auto value = abi::evaluate(expr, binding.symbols);
  if (value && *value < 0)
    return badArtifact(what, " is ", abi::print(expr, symbolNames(plan)), " = ",
                       *value);
  return value;
}

Result<const Frame *> Recorder::frameOf(uint32_t function) {
  std::optional<Frame> &frame = frames[function];
  if (!frame) {
    frame.emplace();
    if (auto done = measureSlots(plan.functions[function], *frame); !done)
      return done.error();
    if (auto done = measureSteps(plan.functions[function], *frame); !done)
      return done.error();
  }
  return &*frame;
}

Result<void> Recorder::measureSlots(const abi::Function &function,
                                    Frame &frame) {
  constexpr uint64_t kAlignment = abi::kWeightAlignment; // a cache line
  for (const abi::ArenaSlot &slot : function.slots) {
    auto bytes = notNegative(slot.bytes, "the size of an arena slot");
    if (!bytes)
      return bytes.error();
    uint64_t size = uint64_t(*bytes);
    if (size > kMaxArenaBytes - frame.bytes)
      return Error{Code::NoMemory, message("function ", quoted(function.name),
                                           " needs more than ", kMaxArenaBytes,
                                           " bytes of arena")};
    frame.slots.push_back({Space::Arena, 0, frame.bytes, size});
    frame.bytes += (size + kAlignment - 1) / kAlignment * kAlignment;
  }
  return {};
}

/// Which kernel runs depends on the binding only, like all sizes.
Result<void> Recorder::measureLaunch(const abi::Launch &launch,
                                     Frame::StepFigures &figures) {
  figures.kernel = launch.kernel;
  const abi::Expr *instances = &launch.instances;
  for (const abi::Variant &variant : launch.variants) {
    auto size = abi::evaluate(variant.size, binding.symbols);
    if (!size)
      return size.error();
    if (*size > variant.most)
      continue;
    figures.kernel = variant.kernel;
    instances = &variant.instances;
    break;
  }
  auto size = notNegative(*instances, "the number of instances of a launch");
  if (!size)
    return size.error();
  figures.size = *size;
  figures.firstScalar = uint32_t(tape.scalars.size());
  for (const abi::Expr &expr : launch.scalars) {
    auto scalar = abi::evaluate(expr, binding.symbols);
    if (!scalar)
      return scalar.error();
    tape.scalars.push_back(*scalar);
  }
  return {};
}

Result<void> Recorder::measureSteps(const abi::Function &function,
                                    Frame &frame) {
  for (const abi::Step &step : function.steps) {
    Frame::StepFigures &figures = frame.steps.emplace_back();
    if (const auto *launch = std::get_if<abi::Launch>(&step))
      if (auto done = measureLaunch(*launch, figures); !done)
        return done;
    if (const auto *copy = std::get_if<abi::Copy>(&step)) {
      auto size = notNegative(copy->bytes, "the size of a copy");
      if (!size)
        return size.error();
      figures.size = *size;
    }
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Unrolling
//===----------------------------------------------------------------------===//

TapeBuffer Recorder::place(BufferRef buffer, const Frame &frame, uint64_t base,
                           const std::vector<TapeBuffer> &parameters) const {
  switch (buffer.space) {
  case Space::Input:
    return {Space::Input, buffer.index, 0, inputBytes[buffer.index]};
  case Space::Output:
    return {Space::Output, buffer.index, 0, outputBytes[buffer.index]};
  case Space::Weight:
    return {Space::Weight, buffer.index, 0, plan.weights[buffer.index].bytes};
  case Space::Parameter:
    return parameters[buffer.index];
  case Space::Arena:
    break;
  }
  TapeBuffer slot = frame.slots[buffer.index];
  slot.offset += base;
  return slot;
}

Result<void> Recorder::unroll(uint32_t function, uint64_t base,
                              const std::vector<TapeBuffer> &parameters) {
  auto measured = frameOf(function);
  if (!measured)
    return measured.error();
  const Frame &frame = **measured;
  uint64_t end = base + frame.bytes;
  if (end > kMaxArenaBytes)
    return Error{Code::NoMemory, message("the plan needs more than ",
                                         kMaxArenaBytes, " bytes of arena")};
  tape.arenaBytes = std::max(tape.arenaBytes, end);

  auto placed = [&](BufferRef buffer) {
    return place(buffer, frame, base, parameters);
  };
  const std::vector<abi::Step> &steps = plan.functions[function].steps;
  for (size_t i = 0; i < steps.size(); ++i) {
    Frame::StepFigures figures = frame.steps[i];
    if (const auto *launch = std::get_if<abi::Launch>(&steps[i])) {
      tape.steps.push_back(
          TapeLaunch{figures.kernel, uint32_t(tape.buffers.size()),
                     figures.firstScalar, figures.size, launch});
      for (BufferRef buffer : launch->buffers)
        tape.buffers.push_back(placed(buffer));
      tape.scratchBytes = std::max(tape.scratchBytes,
                                   plan.kernels[figures.kernel].scratchBytes);
    } else if (const auto *call = std::get_if<abi::Call>(&steps[i])) {
      std::vector<TapeBuffer> arguments;
      for (BufferRef buffer : call->arguments)
        arguments.push_back(placed(buffer));
      if (auto done = unroll(call->function, end, arguments); !done)
        return done;
    } else {
      const auto &copy = std::get<abi::Copy>(steps[i]);
      auto done = recordCopy(placed(copy.from), placed(copy.to),
                             uint64_t(figures.size));
      if (!done)
        return done;
    }
  }
  return {};
}

Result<void> Recorder::recordCopy(TapeBuffer from, TapeBuffer to,
                                  uint64_t bytes) {
  if (to.space == Space::Input || to.space == Space::Weight)
    return badArtifact("a copy writes to an input or a weight");
  if (bytes > from.bytes || bytes > to.bytes)
    return badArtifact("a copy of ", bytes, " bytes goes from a buffer of ",
                       from.bytes, " to one of ", to.bytes);
  auto first = uint32_t(tape.buffers.size());
  tape.buffers.push_back(from);
  tape.buffers.push_back(to);
  tape.steps.push_back(TapeCopy{first, first + 1, bytes});
  return {};
}

} // namespace

Result<Tape> recordTape(const abi::Plan &plan, const Binding &binding) {
  return Recorder(plan, binding).record();
}

} // namespace tenon::rt
