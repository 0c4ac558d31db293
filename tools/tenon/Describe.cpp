//===- Describe.cpp - a model and a run of it as data for the report ------===//

#include "tools/tenon/Describe.h"

#include "runtime/Core/Message.h"
#include "runtime/Formats/WriteFile.h"
#include "tools/tenon/Shapes.h"
#include "tools/tenon/Values.h"

#include <filesystem>

namespace tenon::tool {

using rt::Result;

/// "24 blocks of 128 threads, 49152 bytes shared, ..." of a GPU's kernel.
static std::string blocksText(const abi::Kernel &kernel,
                              const KernelWork &work) {
  std::string block = blockText(kernel);
  return block.empty() ? block
                       : rt::message(work.mostInstances, " blocks of ", block);
}

static std::vector<report::Kernel> kernelsOf(const Described &model) {
  std::vector<KernelWork> works =
      workOf(model.plan, model.tape, model.binding, model.machine.rates);
  std::vector<report::Kernel> kernels;
  for (size_t i = 0; i < works.size(); ++i) {
    const abi::Kernel &kernel = model.plan.kernels[i];
    const KernelWork &work = works[i];
    const rt::Rates &rates = model.machine.rates;
    double memory = double(work.bytes.value_or(0)) / rates.bytesPerSecond;
    double arithmetic = double(work.flops.value_or(0)) /
                        flopsPerSecond(rates, kernel.multiplies);
    kernels.push_back({kernel.name,
                       kernel.source,
                       kernel.schedule,
                       kernel.reason,
                       blocksText(kernel, work),
                       work.launches,
                       work.flops,
                       work.bytes,
                       work.limitSeconds,
                       memory > arithmetic,
                       {}});
    if (!model.seconds.empty())
      kernels.back().seconds = model.seconds[i];
  }
  return kernels;
}

namespace {

/// Follows the steps: who wrote what lies in the arena, and who reads it.
class RunReader {
public:
  explicit RunReader(const Described &model) : model(model) {}

  Result<void> read(report::Report &result);

private:
  void readStep(size_t number, report::Report &result);
  void readBuffer(size_t step, const rt::TapeBuffer &buffer,
                  report::Report &result);
  void writeBuffer(size_t step, const rt::TapeBuffer &buffer,
                   report::Report &result);

  /// An output is a place like one of the arena.
  using Place = std::tuple<abi::Space, uint32_t, uint64_t>;
  static Place placeOf(const rt::TapeBuffer &buffer) {
    return {buffer.space, buffer.index, buffer.offset};
  }

  const Described &model;
  std::map<Place, size_t> writers;       ///< the step that wrote there last
  std::map<uint64_t, size_t> openBuffer; ///< by offset, of Report::buffers
};

void RunReader::readBuffer(size_t step, const rt::TapeBuffer &buffer,
                           report::Report &result) {
  if (buffer.space == abi::Space::Input || buffer.space == abi::Space::Weight) {
    result.steps[step].readsOthers.push_back(
        buffer.space == abi::Space::Input
            ? "input " + model.plan.inputs[buffer.index].name
            : "weight " + model.plan.weights[buffer.index].name);
    return;
  }
  if (auto writer = writers.find(placeOf(buffer)); writer != writers.end())
    result.steps[step].reads.push_back(writer->second);
  if (buffer.space == abi::Space::Arena)
    if (auto open = openBuffer.find(buffer.offset); open != openBuffer.end())
      result.buffers[open->second].lastStep = step;
}

void RunReader::writeBuffer(size_t step, const rt::TapeBuffer &buffer,
                            report::Report &result) {
  writers[placeOf(buffer)] = step;
  if (buffer.space != abi::Space::Arena)
    return;
  openBuffer[buffer.offset] = result.buffers.size();
  result.buffers.push_back(
      {result.steps[step].value, buffer.offset, buffer.bytes, step, step});
}

void RunReader::readStep(size_t number, report::Report &result) {
  const rt::Tape &tape = model.tape;
  const auto *launch = std::get_if<rt::TapeLaunch>(&tape.steps[number]);
  if (!launch) {
    const auto &copy = std::get<rt::TapeCopy>(tape.steps[number]);
    readBuffer(number, tape.buffers[copy.from], result);
    writeBuffer(number, tape.buffers[copy.to], result);
    return;
  }
  size_t numBuffers = model.plan.kernels[launch->kernel].numBuffers;
  size_t numInputs = numBuffers - launch->source->results.size();
  for (size_t i = 0; i < numInputs; ++i)
    readBuffer(number, tape.buffers[launch->firstBuffer + i], result);
  for (size_t i = numInputs; i < numBuffers; ++i)
    writeBuffer(number, tape.buffers[launch->firstBuffer + i], result);
}

Result<void> RunReader::read(report::Report &result) {
  result.steps.resize(model.tape.steps.size());
  for (size_t i = 0; i < result.steps.size(); ++i)
    if (const auto *launch = std::get_if<rt::TapeLaunch>(&model.tape.steps[i]))
      result.steps[i].kernel = launch->kernel;
    else
      result.steps[i].value = "copy";
  for (const StepValue &value : valuesOf(model.plan, model.tape)) {
    auto shape = rt::shapeOf(
        model.plan, {value.name, value.tensor->dtype, value.tensor->dims},
        model.binding);
    if (!shape)
      return shape.error();
    report::Step &step = result.steps[value.step];
    step.value += (step.value.empty() ? "" : ", ") + value.name;
    step.shape += (step.shape.empty() ? "" : ", ") +
                  rt::describe(value.tensor->dtype, *shape);
  }
  for (size_t i = 0; i < result.steps.size(); ++i)
    readStep(i, result);
  return {};
}

} // namespace

Result<void> writeReport(const std::string &path, const Described &model) {
  report::Report result;
  result.title = std::filesystem::path(model.path).filename().string();
  result.subtitle = rt::message("at ", describe(model.plan, model.binding));
  if (model.plan.symbols.empty())
    result.subtitle = "of fixed shapes";
  result.kernels = kernelsOf(model);
  result.arenaBytes = model.tape.arenaBytes;
  if (auto read = RunReader(model).read(result); !read)
    return read;
  result.facts = {{"made by", model.plan.producer},
                  {"target", model.plan.target},
                  {"kernels", std::to_string(result.kernels.size())},
                  {"steps", std::to_string(result.steps.size())},
                  {"limits of", model.machine.text}};
  std::string text = report::page(result);
  std::span<const std::byte> bytes =
      std::as_bytes(std::span(text.data(), text.size()));
  return rt::writeFile(path, {{bytes}});
}

} // namespace tenon::tool
