//===- Trace.cpp - a run as a timeline of threads and kernels -------------===//

#include "tools/tenon/Trace.h"

#include "runtime/Core/Message.h"
#include "runtime/Formats/Json.h"
#include "runtime/Formats/WriteFile.h"

#include <iomanip>
#include <sstream>

namespace tenon::tool {

using rt::Result;
using Clock = rt::TimeRange::Clock;

void TraceRecorder::phaseDone(const char *name, rt::TimeRange time) {
  phases.push_back({name, time});
}
void TraceRecorder::rangeDone(size_t step, unsigned thread,
                              rt::InstanceRange instances, rt::TimeRange time) {
  ranges[thread].push_back({step, instances, time});
}
void TraceRecorder::stepDone(size_t, rt::TimeRange time) {
  steps.push_back(time);
}

//===----------------------------------------------------------------------===//
// As JSON
//===----------------------------------------------------------------------===//

namespace {

constexpr unsigned kPlanTrack = 0;

/// Writes events, one a line; times count from `origin`.
class EventWriter {
public:
  explicit EventWriter(Clock::time_point origin) : origin(origin) {
    text << std::fixed << std::setprecision(3) << "{\"traceEvents\": [\n";
  }

  /// `arguments` are the members of a JSON object.
  void complete(unsigned track, const std::string &name, rt::TimeRange time,
                const std::string &arguments = "") {
    begin(track, "X", name) << ", \"ts\": " << micros(time.begin - origin)
                            << ", \"dur\": " << micros(time.end - time.begin)
                            << ", \"args\": {" << arguments << "}}";
  }

  void nameTrack(unsigned track, const std::string &name) {
    begin(track, "M", "thread_name")
        << ", \"args\": {\"name\": " << rt::json::quote(name) << "}}";
  }

  std::string finish() {
    text << "\n], \"displayTimeUnit\": \"ns\"}\n";
    return text.str();
  }

private:
  static double micros(Clock::duration duration) {
    return std::chrono::duration<double, std::micro>(duration).count();
  }
  std::ostream &begin(unsigned track, const char *kind,
                      const std::string &name) {
    text << (isFirst ? "" : ",\n") << "{\"name\": " << rt::json::quote(name)
         << ", \"ph\": \"" << kind << "\", \"pid\": 1, \"tid\": " << track;
    isFirst = false;
    return text;
  }

  Clock::time_point origin;
  std::ostringstream text;
  bool isFirst = true;
};

std::string nameOf(const abi::Plan &plan, const rt::TapeStep &step) {
  const auto *launch = std::get_if<rt::TapeLaunch>(&step);
  return launch ? plan.kernels[launch->kernel].name : "copy";
}

/// "input 'x'", "weight 'w'", "arena 4096"
std::string placeText(const abi::Plan &plan, const rt::TapeBuffer &buffer) {
  switch (buffer.space) {
  case abi::Space::Input:
    return "input " + rt::quoted(plan.inputs[buffer.index].name);
  case abi::Space::Output:
    return "output " + rt::quoted(plan.outputs[buffer.index].name);
  case abi::Space::Weight:
    return "weight " + rt::quoted(plan.weights[buffer.index].name);
  default:
    return rt::message("arena ", buffer.offset);
  }
}

std::string buffersText(const abi::Plan &plan,
                        std::span<const rt::TapeBuffer> buffers) {
  std::string text = "\"buffers\": [";
  for (const rt::TapeBuffer &buffer : buffers)
    text += (&buffer == buffers.data() ? "" : ", ") +
            rt::json::quote(rt::message(placeText(plan, buffer), ": ",
                                        buffer.bytes, " bytes"));
  return text + "]";
}

std::string sizesText(std::span<const int64_t> sizes) {
  std::string text = "\"sizes\": [";
  for (const int64_t &size : sizes)
    text += (&size == sizes.data() ? "" : ", ") + std::to_string(size);
  return text + "]";
}

/// What a step does, as members of a JSON object.
std::string argumentsOf(const rt::Context &context, size_t number) {
  const abi::Plan &plan = context.plan();
  const rt::Tape &tape = context.latestTape();
  std::string text = rt::message("\"step\": ", number);
  const auto *launch = std::get_if<rt::TapeLaunch>(&tape.steps[number]);
  if (!launch)
    return text + rt::message(", \"bytes\": ",
                              std::get<rt::TapeCopy>(tape.steps[number]).bytes);
  const abi::Kernel &kernel = plan.kernels[launch->kernel];
  std::span<const rt::TapeBuffer> buffers(tape.buffers);
  std::span<const int64_t> scalars(tape.scalars);
  return text + ", \"source\": " + rt::json::quote(kernel.source) + ", " +
         sizesText(scalars.subspan(launch->firstScalar, kernel.numScalars)) +
         rt::message(", \"instances\": ", launch->instances, ", ") +
         buffersText(plan,
                     buffers.subspan(launch->firstBuffer, kernel.numBuffers));
}

std::string argumentsOf(size_t step, rt::InstanceRange instances) {
  return rt::message("\"step\": ", step, ", \"instances\": [", instances.begin,
                     ", ", instances.end, "]");
}

} // namespace

std::string TraceRecorder::json(const rt::Context &context) const {
  const abi::Plan &plan = context.plan();
  const rt::Tape &tape = context.latestTape();
  EventWriter writer(phases.empty() ? Clock::time_point()
                                    : phases.front().time.begin);
  writer.nameTrack(kPlanTrack, "plan");
  for (const Phase &phase : phases)
    writer.complete(kPlanTrack, phase.name, phase.time);
  for (size_t step = 0; step < steps.size(); ++step)
    writer.complete(kPlanTrack, nameOf(plan, tape.steps[step]), steps[step],
                    argumentsOf(context, step));
  for (unsigned thread = 0; thread < ranges.size(); ++thread) {
    writer.nameTrack(thread + 1, context.gpu()
                                     ? context.device()
                                     : rt::message("thread ", thread));
    for (const Range &range : ranges[thread])
      writer.complete(thread + 1, nameOf(plan, tape.steps[range.step]),
                      range.time, argumentsOf(range.step, range.instances));
  }
  return writer.finish();
}

Result<void> TraceRecorder::write(const rt::Context &context,
                                  const std::string &path) const {
  std::string text = json(context);
  std::span<const std::byte> bytes =
      std::as_bytes(std::span(text.data(), text.size()));
  return rt::writeFile(path, {{bytes}});
}

} // namespace tenon::tool
