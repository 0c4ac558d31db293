// Builds the test artifact with the same writer that the compiler uses.

#include "tests/runtime/TestModel/TestModel.h"

#include "runtime/Abi/ElfSections.h"
#include "runtime/Abi/Expr.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sys/mman.h>
#include <unistd.h>

namespace tenon::test {

using namespace abi;

/// The tests stand on this; without it there is nothing to test.
template <typename T> static T orDie(rt::Result<T> result) {
  if (!result) {
    std::cerr << result.error().message << "\n";
    std::abort();
  }
  return std::move(*result);
}

std::vector<std::byte> readBytes(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

void writeBytes(const std::string &path, std::span<const std::byte> bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char *>(bytes.data()),
             std::streamsize(bytes.size()));
}

MemoryFile::MemoryFile()
    : fd(memfd_create("tenon-test", MFD_CLOEXEC)),
      name("/proc/self/fd/" + std::to_string(fd)) {}

MemoryFile::~MemoryFile() { close(fd); }

void MemoryFile::write(std::span<const std::byte> bytes) {
  if (ftruncate(fd, off_t(bytes.size())) != 0 ||
      pwrite(fd, bytes.data(), bytes.size(), 0) != ssize_t(bytes.size()))
    std::abort();
}

std::vector<std::byte> testCode() { return readBytes(TENON_TEST_KERNELS); }

static Function layerFunction() {
  const Expr B = symbol(0), L = symbol(1);
  BufferRef in{Space::Parameter, 0}, scale{Space::Parameter, 1},
      out{Space::Parameter, 2}, between{Space::Arena, 0},
      shift{Space::Input, 1};
  const Expr flops = mul(constant(2), mul(B, L));
  const Expr bytes =
      add(mul(constant(8), mul(B, L)), add(mul(constant(4), L), constant(4)));
  return {"layer",
          3,
          {{mul(constant(4), mul(B, L))}},
          {Launch{0, {in, scale, shift, between}, {L}, B, flops, bytes},
           Launch{0, {between, scale, shift, out}, {L}, B, flops, bytes}}};
}

static Function modelFunction() {
  const Expr B = symbol(0), L = symbol(1);
  BufferRef x{Space::Input, 0}, shift{Space::Input, 1}, y{Space::Output, 0},
      sums{Space::Output, 1}, echo{Space::Output, 2}, h{Space::Arena, 0};
  return {"model",
          0,
          {{mul(constant(4), mul(B, L))}},
          {Call{1, {x, {Space::Weight, 0}, h}},
           Call{1, {h, {Space::Weight, 1}, y}},
           Launch{1, {y, sums}, {L}, B, mul(B, L), {}},
           Copy{shift, echo, mul(constant(4), L)}}};
}

Plan testPlan() {
  const Expr B = symbol(0), L = symbol(1);
  auto functions = orDie(exportedFunctions(testCode()));
  Plan plan;
  plan.producer = "tests";
  plan.target = "x86-64";
  plan.features = {"sse2"};
  plan.symbols = {{"B", 1, 8, 1}, {"L", 0, 1024, 4}};
  plan.inputs = {{"x", DType::F32, {B, L}}, {"shift", DType::F32, {L}}};
  plan.outputs = {{"y", DType::F32, {B, L}},
                  {"sums", DType::F32, {B}},
                  {"echo", DType::F32, {L}}};
  plan.weights = {{"first", "row-major", 0, sizeof(float), 0},
                  {"second", "row-major", 0, sizeof(float), 0}};
  plan.kernels = {
      {"scale_shift", functions["scale_shift"], 0, 4, 1, "mul, add"},
      {"row_sum", functions["row_sum"], 4096, 2, 1, "reduce_sum"}};
  plan.functions = {modelFunction(), layerFunction()};
  return plan;
}

static WeightWriter writeFloat(float value) {
  return [value](WeightSink &sink) {
    return sink.write(std::as_bytes(std::span(&value, 1)));
  };
}

std::vector<WeightWriter> testWeights() {
  return {writeFloat(kFirstScale), writeFloat(kSecondScale)};
}

rt::Result<void> writeTestArtifact(const std::string &path, const Plan &plan,
                                   std::span<const std::byte> program) {
  std::vector<std::byte> code = testCode();
  return assembleArtifact(path, {code, plan, testWeights(), program});
}

std::vector<std::byte>
bytesOf(const std::string &name,
        const std::function<rt::Result<void>(const std::string &)> &write) {
  std::string path =
      std::filesystem::temp_directory_path() /
      ("tenon-test-artifact-" + name + "-" +
       std::to_string(std::hash<std::string>()(TENON_TEST_KERNELS)));
  if (auto written = write(path); !written) {
    std::cerr << written.error().message << "\n";
    std::abort();
  }
  return readBytes(path);
}

const std::vector<std::byte> &testArtifact() {
  static const std::vector<std::byte> bytes =
      bytesOf("cpu", [](const std::string &path) {
        return writeTestArtifact(path, testPlan());
      });
  return bytes;
}

Footer footerOf(std::span<const std::byte> artifact) {
  Footer footer;
  std::memcpy(&footer, artifact.last(sizeof(footer)).data(), sizeof(footer));
  return footer;
}

void correctChecksum(std::span<std::byte> artifact) {
  Footer footer = footerOf(artifact);
  footer.checksum = 0;
  Checksum sum;
  sum.update(artifact.first(footer.weightsOffset));
  sum.update(artifact.subspan(footer.tablesOffset, footer.tablesBytes));
  sum.update(std::as_bytes(std::span(&footer, 1)));
  footer.checksum = sum.finish();
  std::memcpy(artifact.last(sizeof(footer)).data(), &footer, sizeof(footer));
}

static std::vector<float> layer(std::vector<float> values, float scale,
                                const std::vector<float> &shift) {
  for (int twice = 0; twice < 2; ++twice)
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = values[i] * scale + shift[i % shift.size()];
  return values;
}

Expected compute(const std::vector<float> &x, const std::vector<float> &shift) {
  Expected expected;
  expected.y = layer(layer(x, kFirstScale, shift), kSecondScale, shift);
  for (size_t i = 0; i < x.size(); ++i) {
    if (i % shift.size() == 0)
      expected.sums.push_back(0);
    expected.sums.back() += expected.y[i];
  }
  return expected;
}

} // namespace tenon::test
