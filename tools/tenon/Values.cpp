//===- Values.cpp - the tensors that the steps of a run write -------------===//

#include "tools/tenon/Values.h"

#include "runtime/Core/Message.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace tenon::tool {

using rt::badInput;
using rt::Result;

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// How often the run executes each launch of the plan.
static std::map<const abi::Launch *, size_t>
countLaunches(const rt::Tape &tape) {
  std::map<const abi::Launch *, size_t> counts;
  for (const rt::TapeStep &step : tape.steps)
    if (const auto *launch = std::get_if<rt::TapeLaunch>(&step))
      ++counts[launch->source];
  return counts;
}

std::vector<StepValue> valuesOf(const abi::Plan &plan, const rt::Tape &tape) {
  std::vector<StepValue> values;
  std::map<const abi::Launch *, size_t> counts = countLaunches(tape), seen;
  for (size_t step = 0; step < tape.steps.size(); ++step) {
    const auto *launch = std::get_if<rt::TapeLaunch>(&tape.steps[step]);
    if (!launch)
      continue;
    size_t repetition = seen[launch->source]++;
    const std::vector<abi::LaunchResult> &results = launch->source->results;
    // A value has one name, whichever variant writes it.
    const abi::Kernel &kernel = plan.kernels[launch->source->kernel];
    for (size_t i = 0; i < results.size(); ++i) {
      bool isNamed = results[i].names.size() == counts[launch->source];
      std::string number = results.size() > 1 ? rt::message(".", i) : "";
      values.push_back({isNamed ? results[i].names[repetition]
                                : rt::message(kernel.name, "#", step, number),
                        step,
                        uint32_t(launch->firstBuffer + kernel.numBuffers -
                                 results.size() + i),
                        &results[i]});
    }
  }
  return values;
}

/// Letters to insert, remove or replace between the texts (Levenshtein 1966).
static size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      size_t replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

Result<StepValue> valueNamed(std::span<const StepValue> values,
                             std::string_view name) {
  constexpr size_t kMaxListed = 8;
  for (const StepValue &value : values)
    if (value.name == name)
      return value;
  std::multimap<size_t, std::string_view> nearest;
  for (const StepValue &value : values)
    nearest.emplace(editDistance(value.name, name), value.name);
  std::string known;
  for (const auto &[distance, other] : nearest) {
    if (known.empty())
      known = "; the nearest are ";
    else
      known += ", ";
    known += rt::quoted(other);
    if (size_t(std::count(known.begin(), known.end(), ',')) + 1 == kMaxListed)
      break;
  }
  return badInput("--dump: no step of the run writes a value ",
                  rt::quoted(name), known,
                  ": it was fused into a kernel, or is no value of the model; "
                  "tenon inspect lists all");
}

//===----------------------------------------------------------------------===//
// Contents
//===----------------------------------------------------------------------===//

/// The tensor, its bytes still zero.
static Result<rt::HostTensor> emptyTensor(const rt::Context &context,
                                          const StepValue &value) {
  const abi::Plan &plan = context.plan();
  auto shape =
      rt::shapeOf(plan, {value.name, value.tensor->dtype, value.tensor->dims},
                  *context.latestBinding());
  if (!shape)
    return shape.error();
  auto bytes = rt::bytesOf(value.tensor->dtype, *shape);
  if (!bytes)
    return bytes.error();
  uint64_t available = context.latestTape().buffers[value.buffer].bytes;
  if (*bytes > available)
    return rt::badArtifact("value ", rt::quoted(value.name), " has ", *bytes,
                           " bytes, its buffer ", available);
  return rt::HostTensor{value.name, value.tensor->dtype, *shape,
                        std::vector<std::byte>(*bytes)};
}

Result<ValueRecorder>
ValueRecorder::create(rt::Context &context,
                      std::span<const std::string> names) {
  ValueRecorder recorder(context);
  if (auto prepared = context.prepare(); !prepared)
    return prepared.error();
  std::vector<StepValue> all = valuesOf(context.plan(), context.latestTape());
  for (const std::string &name : names) {
    if (findTensor(recorder.values, name))
      return badInput("--dump: value ", rt::quoted(name), " is given twice");
    Result<StepValue> value = valueNamed(all, name);
    if (!value)
      return value.error();
    Result<rt::HostTensor> tensor = emptyTensor(context, *value);
    if (!tensor)
      return tensor.error();
    recorder.wanted.emplace(value->step,
                            Wanted{recorder.values.size(), value->buffer});
    recorder.values.push_back(std::move(*tensor));
  }
  return recorder;
}

void ValueRecorder::stepDone(size_t step, rt::TimeRange) {
  auto [begin, end] = wanted.equal_range(step);
  for (auto it = begin; it != end; ++it) {
    std::vector<std::byte> &bytes = values[it->second.value].data;
    auto read = context->readBuffer(it->second.buffer, bytes);
    if (!read && !failure)
      failure = read.error();
  }
}

} // namespace tenon::tool
