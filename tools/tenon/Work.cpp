//===- Work.cpp - what the kernels of a run do, and how fast they could be ===//

#include "tools/tenon/Work.h"

#include "runtime/Abi/Expr.h"
#include "runtime/Device/Cpu/Pool.h"

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace tenon::tool {

static std::optional<int64_t> valueOf(const abi::Expr &figure,
                                      const rt::Binding &binding) {
  if (figure.empty())
    return std::nullopt;
  rt::Result<int64_t> value = abi::evaluate(figure, binding.symbols);
  return value ? std::optional(*value) : std::nullopt;
}

static void addTo(std::optional<int64_t> &sum, std::optional<int64_t> value) {
  if (!value || (sum && __builtin_add_overflow(*sum, *value, &*value)))
    sum.reset();
  else if (sum)
    sum = value;
}

double flopsPerSecond(const rt::Rates &rates, abi::DType multiplies) {
  switch (multiplies) {
  case abi::DType::I8:
  case abi::DType::U8:
    return rates.int8FlopsPerSecond;
  case abi::DType::BF16:
    return rates.bf16FlopsPerSecond;
  default:
    return rates.f32FlopsPerSecond;
  }
}

std::vector<KernelWork> workOf(const abi::Plan &plan, const rt::Tape &tape,
                               const rt::Binding &binding,
                               const rt::Rates &rates) {
  std::vector<KernelWork> works(plan.kernels.size());
  for (const rt::TapeStep &step : tape.steps) {
    const auto *launch = std::get_if<rt::TapeLaunch>(&step);
    if (!launch)
      continue;
    auto flops = valueOf(launch->source->flops, binding);
    auto bytes = valueOf(launch->source->bytesMoved, binding);
    KernelWork &work = works[launch->kernel];
    double rate =
        flopsPerSecond(rates, plan.kernels[launch->kernel].multiplies);
    work.launches += 1;
    addTo(work.flops, flops);
    addTo(work.bytes, bytes);
    work.limitSeconds +=
        std::max(double(flops.value_or(0)) / rate,
                 double(bytes.value_or(0)) / rates.bytesPerSecond);
  }
  return works;
}

static std::string fixed(double number, int digits) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(digits) << number;
  return text.str();
}

rt::Result<rt::Rates> ratesOf(unsigned numThreads) {
  auto pool = rt::Pool::create({numThreads});
  if (!pool)
    return pool.error();
  return rt::measureRates(**pool);
}

std::string ratesText(const rt::Rates &rates, unsigned numThreads) {
  auto billions = [](double rate) { return fixed(rate / 1e9, 1); };
  return std::to_string(numThreads) +
         " threads of this machine: " + billions(rates.f32FlopsPerSecond) +
         " GFLOP/s in f32, " + billions(rates.bf16FlopsPerSecond) +
         " in bf16, " + billions(rates.int8FlopsPerSecond) + " in int8, " +
         billions(rates.bytesPerSecond) + " GB/s from memory";
}

std::string percentText(double part, double whole) {
  return whole > 0 ? fixed(100 * part / whole, 1) + " %" : "-";
}

std::string kernelText(const abi::Kernel &kernel) {
  return kernel.name + (kernel.source.empty() ? "" : ": ") + kernel.source;
}

} // namespace tenon::tool
