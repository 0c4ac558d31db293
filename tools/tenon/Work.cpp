//===- Work.cpp - what the kernels of a run do, and how fast they could be ===//

#include "tools/tenon/Work.h"

#include "runtime/Abi/Expr.h"
#include "runtime/Core/Message.h"
#include "runtime/Device/Cpu/Rates.h"
#include "runtime/Device/Cuda/DataSheet.h"
#include "runtime/Program/DeviceCodes.h"

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
    work.mostInstances = std::max(work.mostInstances, launch->instances);
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

//===----------------------------------------------------------------------===//
// Machines
//===----------------------------------------------------------------------===//

static std::string ratesText(const std::string &whose, const rt::Rates &rates) {
  auto billions = [](double rate) { return fixed(rate / 1e9, 1); };
  return whose + ": " + billions(rates.f32FlopsPerSecond) +
         " GFLOP/s in f32, " + billions(rates.bf16FlopsPerSecond) +
         " in bf16, " + billions(rates.int8FlopsPerSecond) + " in int8, " +
         billions(rates.bytesPerSecond) + " GB/s from memory";
}

static rt::Result<Machine> machineOf(rt::Pool &pool) {
  auto rates = rt::measureRates(pool);
  if (!rates)
    return rates.error();
  std::string whose =
      std::to_string(pool.numThreads()) + " threads of this machine";
  return Machine{*rates, ratesText(whose, *rates)};
}

static Machine gpu(int capability, std::string_view name) {
  const rt::DataSheet &sheet = rt::dataSheetOf(capability, name);
  return {sheet.rates,
          ratesText(rt::message("one ", sheet.product, " by its data sheet"),
                    sheet.rates)};
}

rt::Result<Machine> machineOf(const abi::Plan &plan, unsigned numThreads) {
  if (abi::isForGpu(plan))
    return gpu(rt::capabilityOf(plan.target), "");
  auto pool = rt::Pool::create({numThreads});
  if (!pool)
    return pool.error();
  return machineOf(**pool);
}

rt::Result<Machine> machineOf(rt::Context &context) {
  if (const rt::DeviceProperties *device = context.gpu())
    return gpu(device->capability(), device->name);
  return machineOf(*context.threads());
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

/// What the compiler said of the kernel's machine code; null: there is none.
static const abi::DeviceCode *machineCode(const abi::Kernel &kernel) {
  auto isCubin = [](const abi::DeviceCode &code) {
    return code.form == abi::CodeForm::Cubin;
  };
  auto found = std::ranges::find_if(kernel.codes, isCubin);
  return found == kernel.codes.end() ? nullptr : &*found;
}

std::string blockText(const abi::Kernel &kernel) {
  if (kernel.codes.empty())
    return "";
  std::string text = rt::message(kernel.blockThreads, " threads, ",
                                 kernel.sharedBytes, " bytes shared");
  const abi::DeviceCode *code = machineCode(kernel);
  if (!code)
    return text;
  return text + rt::message(", ", code->registers, " registers, ") +
         (code->spillBytes ? rt::message(code->spillBytes, " bytes of spills")
                           : std::string("no spills"));
}

std::string blocksTable(const abi::Plan &plan,
                        const std::vector<KernelWork> &works) {
  if (!abi::isForGpu(plan))
    return "";
  std::ostringstream text;
  text << "\n  blocks  threads  shared  registers  spills  kernel\n";
  for (size_t i = 0; i < plan.kernels.size(); ++i) {
    const abi::Kernel &kernel = plan.kernels[i];
    const abi::DeviceCode *code = machineCode(kernel);
    auto orNone = [&](uint64_t number) {
      return code ? std::to_string(number) : std::string("-");
    };
    text << std::setw(8) << works[i].mostInstances << std::setw(9)
         << kernel.blockThreads << std::setw(8) << kernel.sharedBytes
         << std::setw(11) << orNone(code ? code->registers : 0) << std::setw(8)
         << orNone(code ? code->spillBytes : 0) << "  " << kernel.name << "\n";
  }
  return text.str();
}

//===----------------------------------------------------------------------===//
// Texts
//===----------------------------------------------------------------------===//

std::string percentText(double part, double whole) {
  return whole > 0 ? fixed(100 * part / whole, 1) + " %" : "-";
}

std::string kernelText(const abi::Kernel &kernel) {
  return kernel.name + (kernel.source.empty() ? "" : ": ") + kernel.source;
}

} // namespace tenon::tool
