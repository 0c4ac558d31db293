// Kernels as NVRTC prints them, before and since sm_100, compared with the
// host; under several orders of warps, and with defects planted that must be
// named.

#include "tests/runtime/VirtualGpu/TestDevice.h"

#include <cmath>
#include <random>

namespace tenon::vgpu {
namespace {

struct Case {
  const char *arch;
  Schedule schedule;
  uint64_t seed;
};

struct NvrtcTest : testing::TestWithParam<Case> {
  NvrtcTest() : device(options()) {}
  static MachineOptions options() {
    MachineOptions options;
    options.arch = std::stoi(GetParam().arch);
    options.schedule = GetParam().schedule;
    options.seed = GetParam().seed;
    options.numWorkers = 2;
    return options;
  }
  void load(const char *name) {
    device.loadFile(std::string(name) + "." + GetParam().arch);
  }
  std::vector<float> randomFloats(size_t count, float scale) {
    std::normal_distribution<float> normal(0, scale);
    std::vector<float> values(count);
    for (float &value : values)
      value = normal(random);
    return values;
  }

  TestDevice device;
  std::mt19937 random{1};
};

TEST_P(NvrtcTest, ElementwiseWithATail) {
  load("elementwise");
  std::vector<float> x = randomFloats(1000, 1), y = randomFloats(1000, 1);
  Address dx = device.upload("x", x), dy = device.upload("y", y);
  LaunchResult result = device.run("axpy_exp", {3}, {128}, dx, dy, 0.5f, 1000);
  EXPECT_EQ(texts(result), "");
  std::vector<float> out = device.download<float>(dy, 1000);
  for (int i = 0; i < 1000; ++i)
    ASSERT_NEAR(out[i], std::exp(0.5f * x[i]) * (1 + (i & 3)) + y[i], 1e-4)
        << i;
  EXPECT_EQ(result.counters.globalSectors, result.counters.globalSectorsIdeal);
}

TEST_P(NvrtcTest, FunctionsAndATableOfBranches) {
  load("elementwise");
  const int n = 300;
  std::vector<float> x = randomFloats(n, 50);
  std::vector<int> which(n);
  for (int i = 0; i < n; ++i) {
    which[i] = random() % 9;
    if (i % 10 == 0)
      x[i] *= 1e6f; // the reduction of large arguments
  }
  Address dx = device.upload("x", x), dw = device.upload("which", which),
          dy = device.allocate("y", n * 4);
  LaunchResult result = device.run("functions", {2}, {160}, dx, dw, dy, n);
  EXPECT_EQ(texts(result), "");
  EXPECT_GT(result.counters.numDivergentBranches, 0u);
  std::vector<float> y = device.download<float>(dy, n);
  for (int i = 0; i < n; ++i) {
    double v = x[i];
    double expected[] = {std::sin(v),
                         std::cos(v) + 1,
                         std::sqrt(std::fabs(v)),
                         v / 3,
                         std::tanh(v),
                         std::log(std::fabs(v) + 1),
                         1 / std::sqrt(std::fabs(v) + 1),
                         double(int(x[i]) / 7 % 5),
                         -1};
    ASSERT_NEAR(y[i], expected[which[i]],
                1e-5 * (1 + std::fabs(expected[which[i]])))
        << i << " function " << which[i] << " of " << v;
  }
}

TEST_P(NvrtcTest, AFunctionOfTheLibraryIsCalledTwice) {
  load("calls");
  const int n = 100;
  std::vector<double> x(n), y(n);
  for (int i = 0; i < n; ++i) {
    x[i] = i - 20;
    y[i] = i % 11 - 5;
  }
  x[1] = 1e-310; // subnormal
  Address dx = device.upload("x", x), dy = device.upload("y", y),
          dout = device.allocate("out", n * 8);
  LaunchResult result = device.run("powers", {2}, {64}, dx, dy, dout, n);
  EXPECT_EQ(texts(result), "");
  std::vector<double> out = device.download<double>(dout, n);
  for (int i = 0; i < n; ++i)
    EXPECT_DOUBLE_EQ(out[i], std::pow(x[i], y[i]) + std::pow(y[i], 3.0)) << i;
}

TEST_P(NvrtcTest, FunctionsThatAreCalled) {
  load("calls");
  const unsigned n = 64;
  std::vector<uint32_t> x(n);
  for (uint32_t &value : x)
    value = random() % 100000;
  Address dx = device.upload("x", x), dout = device.allocate("out", n * 8),
          df = device.allocate("f", n * 4);
  LaunchResult result = device.run("calls", {1}, {n}, dx, dout, df, int32_t(n));
  EXPECT_EQ(texts(result), "");
  std::vector<uint32_t> out = device.download<uint32_t>(dout, 2 * n);
  std::vector<float> f = device.download<float>(df, n);
  for (unsigned i = 0; i < n; ++i) {
    std::string digits = std::to_string(x[i]);
    uint32_t reversed = std::stoul(std::string(digits.rbegin(), digits.rend()));
    double value = x[i];
    uint32_t count = 0;
    for (; value > 1 && count < n / 4; ++count)
      value *= 0.5;
    EXPECT_EQ(out[i], x[i] % 2 ? reversed : 1000 * count + uint32_t(8 * value));
    EXPECT_EQ(out[n + i], 3 * x[(i + 1) % n]);
    float sum = -64.0f * i + -64.0f * x[i] + 128.0f * 192;
    EXPECT_EQ(f[i], i % 3 ? sum : -sum);
  }
}

TEST_P(NvrtcTest, RowSum) {
  load("reduce");
  const int width = 1000, rows = 5;
  std::vector<float> x = randomFloats(width * rows, 1);
  Address dx = device.upload("x", x), dy = device.allocate("y", rows * 4);
  LaunchResult result = device.run("row_sum", {rows}, {256}, dx, dy, width);
  EXPECT_EQ(texts(result), "");
  std::vector<float> y = device.download<float>(dy, rows);
  for (int r = 0; r < rows; ++r) {
    double sum = 0;
    for (int i = 0; i < width; ++i)
      sum += x[r * width + i];
    EXPECT_NEAR(y[r], sum, 1e-3);
  }
}

TEST_P(NvrtcTest, AMissingBarrierIsARace) {
  load("reduce");
  std::vector<float> x(256, 1.0f);
  Address dx = device.upload("x", x), dy = device.allocate("y", 4);
  LaunchResult result =
      device.run("row_sum_no_barrier", {1}, {256}, dx, dy, 256);
  ASSERT_FALSE(result.reports.empty());
  bool hasRace = false;
  for (const Report &report : result.reports)
    if (report.kind == ReportKind::Race) {
      hasRace = true;
      EXPECT_EQ(report.file, "reduce.cu");
      // The store, or the loop that reads.
      EXPECT_TRUE(report.line == 10 || report.line == 15) << reportText(report);
    }
  EXPECT_TRUE(hasRace) << texts(result);
}

TEST_P(NvrtcTest, CollectivesOfAWarp) {
  load("warp");
  std::vector<int> x(64);
  for (int &value : x)
    value = int(random() % 7) - 3;
  Address dx = device.upload("x", x), dout = device.allocate("out", 64 * 8 * 4);
  LaunchResult result = device.run("collectives", {1}, {64}, dx, dout);
  EXPECT_EQ(texts(result), "");
  std::vector<uint32_t> out = device.download<uint32_t>(dout, 64 * 8);
  for (int i = 0; i < 64; ++i) {
    const int *w = x.data() + i / 32 * 32;
    int lane = i % 32, sum = 0, most = w[0];
    uint32_t ballot = 0, same = 0, has3 = 0;
    for (int l = 0; l < 32; ++l) {
      ballot |= uint32_t(w[l] > 0) << l;
      same |= uint32_t(w[l] == w[lane]) << l;
      has3 |= l % 2 == 0 && w[l] == 3;
      sum += w[l];
      most = std::max(most, w[l]);
    }
    const uint32_t *o = out.data() + i * 8;
    EXPECT_EQ(o[0], ballot);
    EXPECT_EQ(o[1], same);
    EXPECT_EQ(int(o[2]), sum);
    EXPECT_EQ(int(o[3]), most);
    EXPECT_EQ(int(o[4]), w[lane % 16 + 3 < 16 ? lane + 3 : lane]);
    EXPECT_EQ(int(o[5]), w[lane % 8 >= 2 ? lane - 2 : lane]);
    EXPECT_EQ(int(o[6]), lane & 1 ? lane * (lane - 1) / 2 : 0);
    EXPECT_EQ(o[7], lane & 1 ? uint32_t(w[1]) : has3 ? 0x55555555u : 0u);
  }
}

TEST_P(NvrtcTest, ThreadsThatLeaveAreNotWaitedFor) {
  load("warp");
  std::vector<int> zero(96);
  Address out = device.upload("out", zero);
  LaunchResult result = device.run("early_exit", {1}, {96}, out);
  EXPECT_EQ(texts(result), "");
  std::vector<int> values = device.download<int>(out, 96);
  for (int i = 0; i < 96; ++i)
    EXPECT_EQ(values[i], i % 3 == 0 ? 0 : i % 3 == 1 ? i : i + 100);
}

TEST_P(NvrtcTest, HistogramWithAtomics) {
  load("warp");
  std::vector<uint8_t> x(5000);
  std::vector<uint32_t> expected(16);
  for (uint8_t &value : x) {
    value = random();
    ++expected[value & 15];
  }
  Address dx = device.upload("x", x),
          bins = device.upload("bins", std::vector<uint32_t>(16)),
          sum = device.upload("sum", std::vector<float>(1));
  LaunchResult result = device.run("histogram", {4}, {64}, dx, bins, sum, 5000);
  EXPECT_EQ(texts(result), "");
  EXPECT_EQ(device.download<uint32_t>(bins, 16), expected);
  EXPECT_EQ(device.download<float>(sum, 1)[0], 5000.0f);
}

struct Gemm {
  static constexpr int kM = 128, kN = 64, kK = 96;
  std::vector<uint16_t> a, b;
  Address da = 0, db = 0, dc = 0;

  static float widen(uint16_t bits) {
    uint32_t wide = uint32_t(bits) << 16;
    float value;
    std::memcpy(&value, &wide, 4);
    return value;
  }
  Gemm(TestDevice &device, std::mt19937 &random) : a(kM * kK), b(kN * kK) {
    // Small whole numbers: sums are exact in any order.
    for (auto *matrix : {&a, &b})
      for (uint16_t &value : *matrix) {
        float number = float(int(random() % 9) - 4);
        uint32_t bits;
        std::memcpy(&bits, &number, 4);
        value = bits >> 16;
      }
    da = device.upload("A", a);
    db = device.upload("B", b);
    dc = device.allocate("C", kM * kN * 4);
  }
  LaunchResult run(TestDevice &device, const char *kernel) {
    return device.run(kernel, {kN / 64, kM / 64}, {128}, da, db, dc, kN, kK);
  }
  int numWrong(TestDevice &device) {
    std::vector<float> c = device.download<float>(dc, kM * kN);
    int wrong = 0;
    for (int m = 0; m < kM; ++m)
      for (int n = 0; n < kN; ++n) {
        float sum = 0;
        for (int k = 0; k < kK; ++k)
          sum += widen(a[m * kK + k]) * widen(b[n * kK + k]);
        wrong += sum != c[m * kN + n];
      }
    return wrong;
  }
};

TEST_P(NvrtcTest, TensorCoreGemm) {
  load("gemm");
  Gemm gemm(device, random);
  LaunchResult result = gemm.run(device, "gemm_bf16");
  EXPECT_EQ(texts(result), "");
  EXPECT_EQ(gemm.numWrong(device), 0);
  EXPECT_EQ(result.counters.mmaFlops,
            uint64_t(2) * Gemm::kM * Gemm::kN * Gemm::kK);
  // ldmatrix meets no conflict; each quarter of a copy covers two rows of 80
  // bytes, which share four banks. 2 blocks, 3 steps, 4 warps, 4 copies, 4
  // quarters.
  EXPECT_EQ(result.counters.sharedWavefronts -
                result.counters.sharedWavefrontsIdeal,
            2u * 3 * 4 * 4 * 4);
}

TEST_P(NvrtcTest, ACopyThatNobodyWaitsForIsFound) {
  load("gemm");
  Gemm gemm(device, random);
  LaunchResult result = gemm.run(device, "gemm_bf16_no_wait");
  ASSERT_FALSE(result.reports.empty());
  EXPECT_EQ(result.reports[0].kind, ReportKind::AsyncInFlight) << texts(result);
  EXPECT_EQ(result.reports[0].file, "gemm.cu");
  EXPECT_EQ(result.reports[0].line, 15u);
}

TEST_P(NvrtcTest, ATileThatIsOverwrittenWhileReadIsFound) {
  load("gemm");
  Gemm gemm(device, random);
  LaunchResult result = gemm.run(device, "gemm_bf16_no_barrier");
  bool hasRace = false;
  for (const Report &report : result.reports)
    hasRace |= report.kind == ReportKind::Race ||
               report.kind == ReportKind::AsyncInFlight;
  EXPECT_TRUE(hasRace) << texts(result);
}

TEST_P(NvrtcTest, ABufferThatIsTooShortIsNamed) {
  load("elementwise");
  Address x = device.upload("x", std::vector<float>(100, 1.0f)),
          y = device.upload("y", std::vector<float>(96, 1.0f));
  LaunchResult result = device.run("axpy_exp", {1}, {128}, x, y, 1.0f, 100);
  EXPECT_EQ(result.fault, Fault::IllegalAddress);
  EXPECT_EQ(
      texts(result),
      "elementwise.cu:8: out of bounds: reads 4 bytes, 0 bytes after the end "
      "of 'y' (384 "
      "bytes); kernel 'axpy_exp', block (0,0,0), thread (96,0,0), lane 0\n");
}

std::string caseName(const testing::TestParamInfo<Case> &info) {
  const char *names[] = {"InOrder", "Random", "Adversarial"};
  return std::string("Sm") + info.param.arch + names[int(info.param.schedule)];
}

INSTANTIATE_TEST_SUITE_P(All, NvrtcTest,
                         testing::Values(Case{"80", Schedule::InOrder, 0},
                                         Case{"120", Schedule::InOrder, 0},
                                         Case{"80", Schedule::Random, 1},
                                         Case{"120", Schedule::Random, 2},
                                         Case{"80", Schedule::Adversarial, 3},
                                         Case{"120", Schedule::Adversarial, 4}),
                         caseName);

// Two launches with one seed agree to the last counter, whatever the threads
// did.
TEST(NvrtcDeterminismTest, ASeedDecidesEverything) {
  std::string first;
  for (int i = 0; i < 2; ++i) {
    MachineOptions options;
    options.schedule = Schedule::Random;
    options.seed = 5;
    options.numWorkers = 2;
    TestDevice device(options);
    device.loadFile("gemm.80");
    std::mt19937 random(1);
    Gemm gemm(device, random);
    LaunchResult result = gemm.run(device, "gemm_bf16_no_barrier");
    std::string all =
        texts(result) + std::to_string(result.counters.numInstructions);
    if (i == 0)
      first = all;
    EXPECT_EQ(all, first);
  }
}

} // namespace
} // namespace tenon::vgpu
