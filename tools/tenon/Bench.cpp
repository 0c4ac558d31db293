//===- Bench.cpp - tenon bench: how long a run takes ----------------------===//

#include "runtime/Core/Message.h"
#include "tools/tenon/Commands.h"
#include "tools/tenon/Session.h"
#include "tools/tenon/Shapes.h"

#include <algorithm>
#include <chrono>
#include <iostream>

namespace tenon::tool {

using rt::Result;

static double secondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

/// The milliseconds of each of `repeat` runs, sorted; a run before them warms
/// up.
static Result<std::vector<double>> measure(rt::Context &context,
                                           unsigned repeat) {
  if (auto done = context.run(); !done)
    return done.error();
  std::vector<double> times;
  for (unsigned i = 0; i < repeat; ++i) {
    auto start = std::chrono::steady_clock::now();
    if (auto done = context.run(); !done)
      return done.error();
    times.push_back(secondsSince(start) * 1e3);
  }
  std::ranges::sort(times);
  return times;
}

static void print(const Arguments &arguments, const std::string &shape,
                  unsigned numThreads, const std::vector<double> &times) {
  double median = times[times.size() / 2];
  if (arguments.has("json"))
    std::cout << "{\"median_ms\": " << median << ", \"min_ms\": " << times[0]
              << ", \"runs\": " << times.size()
              << ", \"threads\": " << numThreads << "}\n";
  else
    std::cout << shape << ", " << numThreads << " threads: median " << median
              << " ms, least " << times[0] << " ms of " << times.size()
              << " runs\n";
}

static Result<void> bench(const Arguments &arguments) {
  Result<unsigned> repeat = arguments.count("repeat", 20);
  if (!repeat)
    return repeat.error();
  Result<Tensors> given = readInputs(arguments);
  if (!given)
    return given.error();
  auto session = Session::open(arguments.operand(), arguments);
  if (!session)
    return session.error();
  std::string shape = "given inputs";
  if (given->empty()) {
    Result<rt::Binding> binding = bindingOf(session->plan(), arguments);
    if (!binding)
      return binding.error();
    shape = describe(session->plan(), *binding);
    given = makeInputs(session->plan(), *binding);
    if (!given)
      return given.error();
  } else if (arguments.has("shape")) {
    return rt::badInput("--shape: the shapes are those of the given inputs");
  }
  if (auto bound = session->bind(*given); !bound)
    return bound;
  auto times = measure(session->context(), *repeat);
  if (!times)
    return times.error();
  print(arguments, shape, session->context().numThreads(), *times);
  return {};
}

static constexpr Option kOptions[] = {
    {"shape", "S=N,...",
     "values of the model's symbols: batch=8,sequence=128;\n"
     "the least ones where it says nothing"},
    {"input", "NAME=FILE", "an input, instead of made ones: .npy or .pb", true},
    {"inputs", "FILE.npz", "inputs, instead of made ones, by their names"},
    {"threads", "N", "threads (TENON_NUM_THREADS, or one for each core)"},
    {"repeat", "R", "runs to time (20)"},
    {"json", "", "print one line of JSON"},
};

const Command kBench = {"bench",
                        "MODEL.tenon",
                        "time runs of a model",
                        "Makes inputs of the shape that is asked for: random "
                        "floats, and ones where\n"
                        "the model takes integers.",
                        kOptions,
                        bench};

} // namespace tenon::tool
