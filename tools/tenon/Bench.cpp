//===- Bench.cpp - tenon bench: how long a run takes ----------------------===//

#include "runtime/Core/Message.h"
#include "runtime/Device/Cuda/Device.h"
#include "tools/tenon/Commands.h"
#include "tools/tenon/Describe.h"
#include "tools/tenon/Session.h"
#include "tools/tenon/Shapes.h"
#include "tools/tenon/Work.h"

#include <algorithm>
#include <chrono>
#include <iomanip>
#include <iostream>
#include <numeric>

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

/// Threads of a CPU have a number, a device has a name.
static std::string runnerText(const rt::Context &context, bool isJson) {
  if (context.model().isForGpu())
    return isJson ? "\"device\": \"" + context.device() + "\""
                  : "on " + context.device();
  std::string number = std::to_string(context.numThreads());
  return isJson ? "\"threads\": " + number : number + " threads";
}

static void print(const Arguments &arguments, const std::string &shape,
                  const rt::Context &context,
                  const std::vector<double> &times) {
  double median = times[times.size() / 2];
  if (arguments.has("json"))
    std::cout << "{\"median_ms\": " << median << ", \"min_ms\": " << times[0]
              << ", \"runs\": " << times.size() << ", "
              << runnerText(context, true) << "}\n";
  else
    std::cout << shape << ", " << runnerText(context, false) << ": median "
              << median << " ms, least " << times[0] << " ms of "
              << times.size() << " runs\n";
}

//===----------------------------------------------------------------------===//
// Kernel by kernel
//===----------------------------------------------------------------------===//

/// The seconds of each kernel's launches together, in each of `repeat` runs;
/// a run before them warms up.
static Result<std::vector<std::vector<double>>>
measureKernels(rt::Context &context, unsigned repeat) {
  if (auto done = context.run(); !done)
    return done.error();
  const abi::Plan &plan = context.plan();
  std::vector<std::vector<double>> times(plan.kernels.size(),
                                         std::vector<double>(repeat, 0));
  for (unsigned i = 0; i < repeat; ++i) {
    Result<std::vector<double>> steps = context.runTimed();
    if (!steps)
      return steps.error();
    for (size_t step = 0; step < steps->size(); ++step)
      if (auto *launch =
              std::get_if<rt::TapeLaunch>(&context.latestTape().steps[step]))
        times[launch->kernel][i] += (*steps)[step];
  }
  return times;
}

static double median(std::vector<double> times) {
  std::ranges::sort(times);
  return times[times.size() / 2];
}

/// On a virtual device nothing is reached: the times are the simulation's.
static void printKernels(const abi::Plan &plan,
                         const std::vector<double> &seconds,
                         const std::vector<KernelWork> &works, bool isVirtual) {
  double total = std::accumulate(seconds.begin(), seconds.end(), 0.0);
  std::cout << "\nlaunches     time us    share    limit us  reached  kernel\n"
            << std::fixed << std::setprecision(1);
  for (size_t i = 0; i < plan.kernels.size(); ++i)
    std::cout << std::setw(8) << works[i].launches << std::setw(12)
              << seconds[i] * 1e6 << std::setw(9)
              << percentText(seconds[i], total) << std::setw(12)
              << works[i].limitSeconds * 1e6 << std::setw(9)
              << percentText(works[i].limitSeconds, isVirtual ? 0 : seconds[i])
              << "  " << kernelText(plan.kernels[i]) << "\n";
}

static bool isVirtual(const rt::Context &context) {
  return context.gpu() && context.gpu()->isVirtual;
}

/// Prints a table, and writes the page of --report where it is asked for.
static Result<void> benchKernels(rt::Context &context, unsigned repeat,
                                 const Arguments &arguments) {
  auto times = measureKernels(context, repeat);
  if (!times)
    return times.error();
  Result<Machine> machine = machineOf(context);
  if (!machine)
    return machine.error();
  std::vector<double> seconds;
  for (const std::vector<double> &list : *times)
    seconds.push_back(median(list));
  const abi::Plan &plan = context.plan();
  const rt::Tape &tape = context.latestTape();
  const rt::Binding &binding = *context.latestBinding();
  if (arguments.has("kernels")) {
    auto works = workOf(plan, tape, binding, machine->rates);
    printKernels(plan, seconds, works, isVirtual(context));
    std::cout << "The limits are those of " << machine->text << ".\n"
              << (isVirtual(context) ? "The times are those of a simulation.\n"
                                     : "")
              << blocksTable(plan, works);
  }
  if (!arguments.has("report"))
    return {};
  return writeReport(arguments.value("report"),
                     {arguments.operand(), plan, binding, tape, *machine,
                      isVirtual(context) ? std::vector<double>() : seconds});
}

//===----------------------------------------------------------------------===//
// The command
//===----------------------------------------------------------------------===//

static Result<void> bench(const Arguments &arguments) {
  if (arguments.has("kernels") && arguments.has("json"))
    return rt::badInput("--kernels and --json exclude each other");
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
  print(arguments, shape, session->context(), *times);
  if (arguments.has("kernels") || arguments.has("report"))
    return benchKernels(session->context(), *repeat, arguments);
  return {};
}

static constexpr Option kOptions[] = {
    kShapeOption,
    {"input", "NAME=FILE", "an input, instead of made ones: .npy or .pb", true},
    {"inputs", "FILE.npz", "inputs, instead of made ones, by their names"},
    {"threads", "N", "threads (TENON_NUM_THREADS, or one for each core)"},
    {"device", "NAME",
     "cpu, cuda:N, or vgpu, a virtual GPU; the artifact is for one of them"},
    {"repeat", "R", "runs to time (20)"},
    {"kernels", "",
     "time each kernel, and say how near it is to the machine's\n"
     "limit: see tenon inspect --help"},
    {"report", "FILE.html",
     "write a page: the fused graph, the memory of a run, each\n"
     "kernel with its schedule, the reason for it, and its time"},
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
