// What a GPU is and how fast: one line of JSON. A virtual one executes the same
// kernels on less data, and its rates are null.
//
// usage: gpu-machine DEVICE     as in tenon run: cuda:0, vgpu

#include "runtime/Device/Cuda/LaunchGraph.h"
#include "runtime/Device/Cuda/Staging.h"
#include "runtime/Device/DeviceName.h"
#include "runtime/Formats/Json.h"
#include "tests/gpu/Probes.h"

#include <algorithm>
#include <bit>
#include <iostream>

using namespace tenon;
using namespace tenon::rt;

namespace {

constexpr unsigned kTries = 5; ///< the best counts

class Probe {
public:
  static Result<Probe> create(const DeviceName &name);

  const Device &gpu() const { return *device; }
  /// Within a Scope of the device, as below.
  Result<void> measureReading();
  Result<void> measureProducts();
  Result<void> measureLaunches();
  void print() const;

private:
  explicit Probe(std::shared_ptr<Device> device) : device(std::move(device)) {}
  Result<CudaKernel> kernel(const char *name) const {
    return module.kernel({name, "a probe", test::kProbeThreads, 0});
  }
  bool isVirtual() const { return device->properties().isVirtual; }
  /// Enough to fill the device; on a virtual one enough to be a test.
  int64_t numBlocks() const {
    return isVirtual() ? 2 : 8 * int64_t(device->properties().numSms);
  }
  int64_t numThreads() const { return numBlocks() * test::kProbeThreads; }
  template <typename Work> Result<double> bestSeconds(const Work &work);
  Result<void> expectAll(const DeviceMemory &memory, uint32_t word,
                         const char *what);

  std::shared_ptr<Device> device;
  Module module;
  Stream stream;
  Staging staging;
  double bytesPerSecond = 0, productFlopsPerSecond = 0; ///< 0: not measured
  double launchSeconds = 0, launchAndWaitSeconds = 0, graphLaunchSeconds = 0;
};

Result<Probe> Probe::create(const DeviceName &name) {
  bool isVirtual = name.kind == DeviceName::Kind::VirtualGpu;
  auto driver = Driver::load(
      {isVirtual ? Driver::Kind::VirtualGpu : Driver::Kind::Cuda, ""});
  if (!driver)
    return driver.error();
  auto device = Device::shared(*driver, name.ordinal);
  if (!device)
    return device.error();
  Probe probe(*device);
  std::string ptx = test::probesPtx();
  auto module = Module::load(*device, std::as_bytes(std::span(ptx)), "probes");
  if (!module)
    return module.error();
  auto stream = Stream::create(*device);
  if (!stream)
    return stream.error();
  auto staging = Staging::create(*device);
  if (!staging)
    return staging.error();
  probe.module = std::move(*module);
  probe.stream = std::move(*stream);
  probe.staging = std::move(*staging);
  return probe;
}

/// Of the device between two events; a try before them warms up.
template <typename Work> Result<double> Probe::bestSeconds(const Work &work) {
  auto start = Event::create(device, true), end = Event::create(device, true);
  if (!start || !end)
    return start ? end.error() : start.error();
  double best = 1e9;
  for (unsigned i = 0; i <= (isVirtual() ? 0 : kTries); ++i) {
    auto done = start->record(stream);
    if (done)
      done = work();
    if (done)
      done = end->record(stream);
    if (done)
      done = end->wait();
    if (!done)
      return done.error();
    auto seconds = end->secondsSince(*start);
    if (!seconds)
      return seconds;
    best = i ? std::min(best, *seconds) : best;
  }
  return best;
}

/// Whether a kernel wrote what it computes.
Result<void> Probe::expectAll(const DeviceMemory &memory, uint32_t word,
                              const char *what) {
  std::vector<uint32_t> words;
  words.resize(uint64_t(numThreads()));
  auto done = staging.download(stream, std::as_writable_bytes(std::span(words)),
                               memory.address());
  if (!done)
    return done;
  for (size_t i = 0; i < words.size(); ++i)
    if (words[i] != word)
      return Error{Code::Internal,
                   message("thread ", i, " of probe ", what, " computes ",
                           words[i], ", expected ", word)};
  return {};
}

/// Far more than any cache holds.
Result<void> Probe::measureReading() {
  uint64_t bytes = isVirtual() ? uint64_t(64) << 10 : uint64_t(1) << 30;
  auto from = DeviceMemory::reserve(device, bytes, "what is read");
  if (!from)
    return from.error();
  auto to = DeviceMemory::reserve(device, 4 * numThreads(), "results");
  if (!to)
    return to.error();
  std::vector<std::byte> zeros(bytes);
  if (auto done = staging.upload(stream, from->address(), zeros); !done)
    return done;
  auto read = kernel("read");
  if (!read)
    return read.error();
  uint64_t numVectors = bytes / 16;
  cuda::CUdeviceptr addresses[] = {from->address(), to->address()};
  void *parameters[] = {&addresses[0], &numVectors, &addresses[1]};
  auto seconds = bestSeconds(
      [&] { return stream.launch(*read, numBlocks(), parameters); });
  if (!seconds)
    return seconds.error();
  bytesPerSecond = double(bytes) / *seconds;
  return expectAll(*to, 0, "read");
}

Result<void> Probe::measureProducts() {
  auto to = DeviceMemory::reserve(device, 4 * numThreads(), "results");
  if (!to)
    return to.error();
  auto multiply = kernel("multiply");
  if (!multiply)
    return multiply.error();
  // 16 times as many are a whole number in f32.
  uint64_t turns = isVirtual() ? 4 : 4096;
  cuda::CUdeviceptr address = to->address();
  void *parameters[] = {&turns, &address};
  auto seconds = bestSeconds(
      [&] { return stream.launch(*multiply, numBlocks(), parameters); });
  if (!seconds)
    return seconds.error();
  double numProducts =
      double(numThreads()) / 32 * double(turns) * test::kProductsInFlight;
  productFlopsPerSecond = numProducts * test::kFlopsOfProduct / *seconds;
  return expectAll(*to, std::bit_cast<uint32_t>(float(16 * turns)), "multiply");
}

/// One after another, one at a time, and as a graph.
Result<void> Probe::measureLaunches() {
  auto nothing = kernel("nothing");
  if (!nothing)
    return nothing.error();
  const unsigned count = isVirtual() ? 4 : 1000;
  auto launchAll = [&]() -> Result<void> {
    for (unsigned i = 0; i < count; ++i)
      if (auto done = stream.launch(*nothing, 1, nullptr); !done)
        return done;
    return {};
  };
  auto waitEach = [&]() -> Result<void> {
    for (unsigned i = 0; i < count; ++i) {
      if (auto done = stream.launch(*nothing, 1, nullptr); !done)
        return done;
      if (auto done = stream.wait(); !done)
        return done;
    }
    return {};
  };
  LaunchGraph graph;
  if (auto done = graph.capture(stream, launchAll); !done)
    return done;
  auto each = bestSeconds(launchAll), waited = bestSeconds(waitEach),
       inGraph = bestSeconds([&] { return graph.launch(stream); });
  if (!each || !waited || !inGraph)
    return !each ? each.error() : !waited ? waited.error() : inGraph.error();
  launchSeconds = *each / count;
  launchAndWaitSeconds = *waited / count;
  graphLaunchSeconds = *inGraph / count;
  return {};
}

void Probe::print() const {
  const DeviceProperties &facts = device->properties();
  auto rate = [&](const char *name, double value) {
    std::cout << ", \"" << name << "\": ";
    if (isVirtual())
      std::cout << "null";
    else
      std::cout << value;
  };
  std::cout << "{\"name\": " << json::quote(facts.name)
            << ", \"capability\": " << facts.capability()
            << ", \"multiprocessors\": " << facts.numSms
            << ", \"memory_bytes\": " << facts.memoryBytes
            << ", \"driver\": " << device->driver().version()
            << ", \"virtual\": " << (isVirtual() ? "true" : "false");
  rate("read_bytes_per_second", bytesPerSecond);
  rate("bf16_mma_flops_per_second", productFlopsPerSecond);
  rate("launch_seconds", launchSeconds);
  rate("launch_and_wait_seconds", launchAndWaitSeconds);
  rate("graph_launch_seconds", graphLaunchSeconds);
  std::cout << "}\n";
}

Result<void> measure(const std::string &device) {
  auto name = parseDeviceName(device);
  if (!name)
    return name.error();
  if (name->kind == DeviceName::Kind::Cpu)
    return badInput("a GPU is measured, expected cuda:N or vgpu");
  auto probe = Probe::create(*name);
  if (!probe)
    return probe.error();
  Device::Scope scope(probe->gpu());
  if (auto done = probe->measureReading(); !done)
    return done;
  if (auto done = probe->measureProducts(); !done)
    return done;
  if (auto done = probe->measureLaunches(); !done)
    return done;
  probe->print();
  return {};
}

} // namespace

int main(int argc, char **argv) {
  auto done =
      argc == 2 ? measure(argv[1]) : badInput("usage: gpu-machine DEVICE");
  if (done)
    return 0;
  std::cerr << "error: " << done.error().message << "\n";
  return 1;
}
