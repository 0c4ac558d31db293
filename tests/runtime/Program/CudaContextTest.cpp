// Models for CUDA devices run on a virtual one, with the results of a CPU.

#include "runtime/Program/Context.h"
#include "runtime/Program/CudaProgram.h"
#include "tests/runtime/Program/TestCase.h"

#include <thread>

namespace tenon {

using namespace rt;
using test::Case;
using test::expectRight;
using test::outputOf;

namespace {

std::string pathOf(const std::string &name) {
  return testing::TempDir() + "tenon-cuda-context-" + name + ".tenon";
}

std::shared_ptr<const Model>
modelOf(const std::string &name, const abi::Plan &plan,
        const std::vector<std::byte> &code = test::cudaTestCode()) {
  auto written = test::writeCudaTestArtifact(pathOf(name), plan, code);
  EXPECT_TRUE(written) << written.error().message;
  auto loaded = Model::load(pathOf(name));
  EXPECT_TRUE(loaded) << loaded.error().message;
  return *loaded;
}

std::shared_ptr<const Model> cudaModel() {
  static const std::shared_ptr<const Model> model =
      modelOf("model", test::cudaTestPlan());
  return model;
}

std::unique_ptr<Context> onVirtualDevice(std::shared_ptr<const Model> model) {
  auto context = Context::create(std::move(model), {.device = "vgpu"});
  EXPECT_TRUE(context) << context.error().message;
  return std::move(*context);
}

/// Why no context can be had.
std::string refused(std::shared_ptr<const Model> model,
                    const std::string &device, Code code = Code::BadInput) {
  auto context = Context::create(std::move(model), {.device = device});
  EXPECT_FALSE(context);
  if (context)
    return "";
  EXPECT_EQ(context.error().code, code);
  return context.error().message;
}

TEST(CudaContext, ComputesWhatACpuComputes) {
  auto context = onVirtualDevice(cudaModel());
  for (auto [rows, length] : {std::pair(2, 8), {8, 1024}, {1, 4}, {3, 100}}) {
    Case input(rows, length);
    input.bind(*context);
    expectRight(*context, input);
  }
}

TEST(CudaContext, EmptyTensors) {
  auto context = onVirtualDevice(cudaModel());
  Case input(3, 0);
  input.bind(*context);
  ASSERT_TRUE(context->run());
  EXPECT_EQ(outputOf(*context, 1), (std::vector<float>{0, 0, 0}));
}

TEST(CudaContext, OtherDataOfTheSameShape) {
  auto context = onVirtualDevice(cudaModel());
  for (float seed : {0.25f, -2.0f, 8.0f}) {
    Case input(2, 8, seed);
    input.bind(*context);
    expectRight(*context, input);
    expectRight(*context, input);
  }
}

TEST(CudaContext, OutputsGoWhereTheCallerSays) {
  auto context = onVirtualDevice(cudaModel());
  Case input(2, 8);
  input.bind(*context);
  std::vector<float> y(16);
  ASSERT_TRUE(context->bindOutput(0, y.data(), 64));
  ASSERT_TRUE(context->run());
  EXPECT_EQ(y, test::compute(input.x, input.shift).y);
}

TEST(CudaContext, MemoryIsAsPlanned) {
  auto context = onVirtualDevice(cudaModel());
  Case input(2, 8);
  input.bind(*context);
  ASSERT_TRUE(context->run());
  MemoryFigures figures = context->memory();
  EXPECT_EQ(figures.plannedArenaBytes, 128u);
  EXPECT_EQ(figures.reservedArenaBytes, 128u);
  EXPECT_EQ(figures.scratchBytes, 0u);
  EXPECT_EQ(context->numThreads(), 1u);
  EXPECT_EQ(context->threads(), nullptr);
}

/// The count of the runtime and what the driver has are the sum of the plan.
TEST(CudaContext, DeviceMemoryIsAsPlanned) {
  auto model = modelOf("memory", test::cudaTestPlan());
  auto context = onVirtualDevice(model);
  auto program = CudaProgram::get(model, {DeviceName::Kind::VirtualGpu, 0});
  ASSERT_TRUE(program) << program.error().message;
  Device &device = *(*program)->device();
  for (auto [rows, length] : {std::pair(2, 8), {8, 1024}, {1, 4}}) {
    Case input(rows, length);
    input.bind(*context);
    ASSERT_TRUE(context->run());
  }
  // Of the largest shape: x and shift, y, sums and echo, two slots; and two
  // weights, each at a multiple of 256.
  const uint64_t inputs = 4 * (8 * 1024 + 1024),
                 outputs = 4 * (8 * 1024 + 8 + 1024),
                 arena = context->memory().reservedArenaBytes,
                 weights = 2 * 256;
  EXPECT_EQ(arena, 2u * 4 * 8 * 1024);
  EXPECT_EQ(device.memory().peakBytes, inputs + outputs + arena + weights);
  EXPECT_EQ(device.memory().liveBytes, device.memory().peakBytes);
  Device::Scope scope(device);
  size_t freeBytes = 0, totalBytes = 0;
  ASSERT_EQ(device.api().cuMemGetInfo_v2(&freeBytes, &totalBytes), 0u);
  EXPECT_EQ(totalBytes - freeBytes, device.memory().liveBytes);
}

TEST(CudaContext, StepsAreObserved) {
  struct : RunObserver {
    std::vector<size_t> steps;
    std::vector<int64_t> instances;
    void rangeDone(size_t, unsigned thread, InstanceRange range,
                   TimeRange) override {
      EXPECT_EQ(thread, 0u);
      instances.push_back(range.end);
    }
    void stepDone(size_t step, TimeRange) override { steps.push_back(step); }
  } observer;
  auto context = onVirtualDevice(cudaModel());
  Case input(2, 8);
  input.bind(*context);
  ASSERT_TRUE(context->run(&observer));
  EXPECT_EQ(observer.steps, (std::vector<size_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(observer.instances, (std::vector<int64_t>{2, 2, 2, 2, 2}));
  for (size_t step = 0; step < 6; ++step)
    EXPECT_GE(*context->repeatStep(step), 0);
  std::vector<float> sums(2); // the last launch writes them
  const auto &last = std::get<TapeLaunch>(context->latestTape().steps[4]);
  ASSERT_TRUE(context->readBuffer(last.firstBuffer + 1,
                                  std::as_writable_bytes(std::span(sums))));
  EXPECT_EQ(sums, test::compute(input.x, input.shift).sums);
}

TEST(CudaContext, ContextsShareWeightsAndRunConcurrently) {
  DeviceName name{DeviceName::Kind::VirtualGpu, 0};
  auto program = CudaProgram::get(cudaModel(), name);
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_EQ(*program, *CudaProgram::get(cudaModel(), name));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([i] {
      auto context = onVirtualDevice(cudaModel());
      Case input(1 + i, 64, float(i));
      input.bind(*context);
      for (int repeat = 0; repeat < 5; ++repeat)
        expectRight(*context, input);
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST(CudaContext, TheDeviceMustBeOfTheModelsKind) {
  EXPECT_EQ(refused(cudaModel(), ""),
            pathOf("model") + " is for cuda:sm_90a: run it on a device, as "
                              "cuda:0 is, or vgpu");
  std::string path = pathOf("cpu");
  test::writeBytes(path, test::testArtifact());
  auto cpu = Model::load(path);
  ASSERT_TRUE(cpu) << cpu.error().message;
  EXPECT_EQ(refused(*cpu, "cuda:1"),
            path + " is for x86-64, which is a CPU; it cannot run on 'cuda:1'");
  EXPECT_EQ(refused(*cpu, "gpu"),
            "there is no device 'gpu'; expected cpu, cuda:N, vgpu or vgpu:N");
  EXPECT_EQ(refused(cudaModel(), "vgpu:1"),
            "CUDA device 1 is asked for, there are 1");
}

TEST(CudaContext, CodeForOtherDevicesIsNamed) {
  abi::Plan plan = test::cudaTestPlan();
  for (abi::Kernel &kernel : plan.kernels)
    kernel.codes[1].arch = "compute_100";
  EXPECT_EQ(refused(modelOf("newer", plan), "vgpu", Code::NoKernel),
            pathOf("newer") +
                " has no code for Tenon virtual GPU sm_90, which is sm_90; it "
                "has sm_90a, PTX of compute_100");
}

TEST(CudaContext, ThePlanForTheDeviceRuns) {
  abi::Plan plan = test::cudaTestPlan();
  plan.alternatives = {{"cuda:sm_80", plan.kernels, plan.functions}};
  // The first one is for no such device, and launches nothing.
  for (abi::Kernel &kernel : plan.kernels)
    kernel.codes = {{"sm_120", abi::CodeForm::Ptx, kernel.codes[1].address, 8}};
  plan.functions = {{"empty", 0, {}, {}}};
  auto model = modelOf("two", plan);
  EXPECT_EQ(model->plan().target, "cuda:sm_90a");
  auto context = onVirtualDevice(model);
  EXPECT_EQ(context->plan().target, "cuda:sm_80");
  Case input(2, 8);
  input.bind(*context);
  expectRight(*context, input);
}

TEST(CudaContext, CodeThatTheDriverRefuses) {
  std::vector<std::byte> code = test::cudaTestCode();
  test::replaceText(code, "mul.rn.f32 %f2", "mul.xx.f32 %f2");
  std::string text = refused(modelOf("bad", test::cudaTestPlan(), code), "vgpu",
                             Code::NoKernel);
  EXPECT_NE(text.find("cannot load the device code kernel 'scale_shift'"),
            std::string::npos)
      << text;
  abi::Plan plan = test::cudaTestPlan();
  plan.kernels[1].name = "row_product";
  EXPECT_EQ(refused(modelOf("name", plan), "vgpu", Code::NoKernel),
            "kernel 'row_product' (reduce_sum) is not in its device code");
}

/// By one element, which is still inside of the arena.
TEST(CudaContext, AKernelThatLeavesItsBufferIsNamed) {
  std::vector<std::byte> code = test::cudaTestCode();
  test::replaceText(code, "add.s64 %d10, %d10, 0;", "add.s64 %d10, %d10, 4;");
  auto model = modelOf("leaving", test::cudaTestPlan(), code);
  auto context = onVirtualDevice(model);
  // 16 bytes, behind which the arena goes on: slots are rounded up to 64.
  Case input(1, 4);
  input.bind(*context);
  auto ran = context->run();
  ASSERT_FALSE(ran);
  const std::string expected =
      "kernel 'scale_shift' (mul, add) failed on CUDA device 0: a kernel used "
      "memory that is not its (CUDA_ERROR_ILLEGAL_ADDRESS)";
  EXPECT_EQ(ran.error().message, expected);
  auto again = context->run();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, expected);
  // Nobody else uses the device: it is opened anew, and well again.
  context.reset();
  auto other = onVirtualDevice(cudaModel());
  input.bind(*other);
  expectRight(*other, input);
}

} // namespace
} // namespace tenon
