//===- RunModel.cpp - one run of an artifact, as `tenon run` does it ------===//

#include "tools/tenon/RunModel.h"

#include "tools/tenon/Compare.h"
#include "tools/tenon/Session.h"
#include "tools/tenon/Trace.h"
#include "tools/tenon/Values.h"

#include <iostream>

namespace tenon::tool {

using rt::Result;

namespace {

/// Tells each of several observers.
class Observers : public rt::RunObserver {
public:
  void add(rt::RunObserver &observer) { all.push_back(&observer); }
  /// Null when there is nobody to tell.
  rt::RunObserver *orNone() { return all.empty() ? nullptr : this; }

  void phaseDone(const char *name, rt::TimeRange time) override {
    for (rt::RunObserver *observer : all)
      observer->phaseDone(name, time);
  }
  void rangeDone(size_t step, unsigned thread, rt::InstanceRange instances,
                 rt::TimeRange time) override {
    for (rt::RunObserver *observer : all)
      observer->rangeDone(step, thread, instances, time);
  }
  void stepDone(size_t step, rt::TimeRange time) override {
    for (rt::RunObserver *observer : all)
      observer->stepDone(step, time);
  }

private:
  std::vector<rt::RunObserver *> all;
};

} // namespace

/// Runs with what --trace and --dump ask for; returns the values of --dump.
static Result<Tensors> runObserved(rt::Context &context,
                                   const Arguments &arguments) {
  Observers observers;
  TraceRecorder trace(context.numThreads());
  if (arguments.has("trace"))
    observers.add(trace);
  std::optional<ValueRecorder> values;
  if (arguments.has("dump")) {
    auto recorder = ValueRecorder::create(context, arguments.values("dump"));
    if (!recorder)
      return recorder.error();
    observers.add(values.emplace(std::move(*recorder)));
  }
  if (auto done = context.run(observers.orNone()); !done)
    return done.error();
  if (arguments.has("trace"))
    if (auto written = trace.write(context, arguments.value("trace")); !written)
      return written.error();
  return values ? values->takeValues() : Tensors();
}

Result<Tensors> runArtifact(const std::string &path, const Arguments &arguments,
                            const Tensors &inputs) {
  auto session = Session::open(path, arguments);
  if (!session)
    return session.error();
  if (auto bound = session->bind(inputs); !bound)
    return bound.error();
  Result<Tensors> dumped = runObserved(session->context(), arguments);
  if (!dumped)
    return dumped;
  Result<Tensors> outputs = session->outputs();
  // A value may be an output too.
  if (outputs)
    for (rt::HostTensor &value : *dumped)
      if (!findTensor(*outputs, value.name))
        outputs->push_back(std::move(value));
  return outputs;
}

static Result<void> checkExpected(const Arguments &arguments,
                                  const Tensors &outputs) {
  Tolerance tolerance;
  Result<double> relative = arguments.tolerance("rtol", tolerance.relative);
  if (!relative)
    return relative.error();
  Result<double> absolute = arguments.tolerance("atol", tolerance.absolute);
  if (!absolute)
    return absolute.error();
  Result<Tensors> expected = readExpected(arguments);
  if (!expected)
    return expected.error();
  auto same = compare(outputs, *expected, {*relative, *absolute});
  if (same)
    for (const std::string &file : arguments.values("expect"))
      std::cout << "equal to " << file << "\n";
  return same;
}

Result<void> finishRun(const Arguments &arguments, const Tensors &outputs) {
  for (const rt::HostTensor &output : outputs)
    std::cout << summary(output) << "\n";
  if (auto written = writeOutputs(arguments, outputs); !written)
    return written;
  return arguments.has("expect") ? checkExpected(arguments, outputs)
                                 : Result<void>();
}

} // namespace tenon::tool
