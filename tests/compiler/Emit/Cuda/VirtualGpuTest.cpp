// Kernels printed as CUDA C++, compiled by NVRTC and executed on the virtual
// GPU compute what the interpreter says that they mean, and its checks find
// nothing: each function of two files, for several numbers of each dim. The
// architecture is TENON_VGPU_ARCH's.

#include "compiler/Emit/Cuda/Nvrtc.h"
#include "tests/compiler/Compiled.h"

#include <cstdlib>

using namespace mlir;

namespace tenon {
namespace {

/// The modules of a file, by the names of their functions.
std::vector<std::pair<std::string, std::string>> readModules(const char *path) {
  std::ifstream file(std::string(TENON_SOURCE) + "/" + path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  SmallVector<StringRef> parts;
  StringRef(text).split(parts, "// -----");
  std::vector<std::pair<std::string, std::string>> modules;
  for (StringRef part : parts) {
    StringRef name = part.split("func.func @").second.split('(').first;
    modules.emplace_back(name, part);
  }
  return modules;
}

class VirtualGpu : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    setenv("TENON_CUDA_DRIVER", TENON_VGPU, /*overwrite=*/0);
    MLIRContext context;
    ScopedDiagnosticHandler silent(&context,
                                   [](Diagnostic &) { return success(); });
    if (failed(cuda::Nvrtc::load(UnknownLoc::get(&context), "")))
      GTEST_SKIP() << "NVRTC is not here";
  }

  static CompileOptions options() {
    const char *arch = std::getenv("TENON_VGPU_ARCH");
    CompileOptions options;
    options.target = std::string("cuda:") + (arch ? arch : "sm_80");
    return options;
  }
};

TEST_P(VirtualGpu, ComputesWhatTheOpsMean) {
  auto modules = readModules(GetParam());
  ASSERT_GT(modules.size(), 10u);
  for (const auto &[name, text] : modules) {
    SCOPED_TRACE(name);
    Compiled compiled(text, options());
    ASSERT_TRUE(compiled.isLoaded()) << compiled.loadError();
    for (const abi::Kernel &kernel : compiled.plan().kernels)
      for (const abi::DeviceCode &code : kernel.codes)
        EXPECT_EQ(code.spillBytes, 0u) << kernel.name;
    bool isNarrow = text.find("bf16") != std::string::npos ||
                    text.find("f16") != std::string::npos;
    for (const Sizes &sizes : {Sizes{{"B", 1}, {"L", 1}, {"P", 0}},
                               {{"B", 2}, {"L", 5}, {"P", 3}},
                               {{"B", 3}, {"L", 70}, {"P", 33}}}) {
      SCOPED_TRACE("L " + std::to_string(sizes.lookup("L")));
      // Sums of what was rounded to 8 bits are rounded to 8 bits.
      compiled.expectSame(sizes, isNarrow ? 0.02 : 2e-5);
    }
  }
}

TEST_F(VirtualGpu, MultipliesTf32) {
  CompileOptions rounding = options();
  rounding.useTf32 = true;
  unsigned numProducts = 0;
  for (const auto &[name, text] :
       readModules("tests/compiler/Emit/Cuda/kernels.mlir")) {
    SCOPED_TRACE(name);
    if (text.find("graph.matmul") == std::string::npos)
      continue;
    Compiled compiled(text, rounding);
    ASSERT_TRUE(compiled.isLoaded()) << compiled.loadError();
    ++numProducts;
    for (const Sizes &sizes :
         {Sizes{{"B", 1}, {"L", 1}, {"P", 0}}, {{"B", 2}, {"L", 70}, {"P", 3}}})
      compiled.expectSame(sizes,
                          text.find("f16") != std::string::npos ? 0.02 : 5e-3);
  }
  EXPECT_GT(numProducts, 5u);
}

INSTANTIATE_TEST_SUITE_P(
    Files, VirtualGpu,
    testing::Values("tests/compiler/kernels.mlir",
                    "tests/compiler/Emit/Cuda/kernels.mlir"));

TEST_F(VirtualGpu, ElementsWithoutAnAddressAreRefused) {
  MLIRContext context;
  std::string error;
  ScopedDiagnosticHandler keep(&context, [&](Diagnostic &diagnostic) {
    error = diagnostic.str();
    return success();
  });
  context.loadDialect<func::FuncDialect, graph::GraphDialect, tile::TileDialect,
                      exec::ExecDialect>();
  auto module = parseSourceString<ModuleOp>(R"(
    func.func @main(%x: tensor<64xf32>) -> tensor<64xi4> {
      %0 = graph.cast %x {to = i4} : (tensor<64xf32>) -> tensor<64xi4>
      return %0 : tensor<64xi4>
    })",
                                            &context);
  ASSERT_TRUE(module);
  Folder folder;
  EXPECT_TRUE(failed(
      compileToArtifact(*module, options(), folder.file("model.tenon"))));
  EXPECT_EQ(error, "'tile.kernel' op cannot be printed for a GPU: elements of "
                   "'i4' have no address of their own");
}

} // namespace
} // namespace tenon
