//===- EmitObjectTest.cpp - kernels are compiled, linked, loaded and run --===//

#include "compiler/Emit/Cpu/EmitObject.h"
#include "compiler/Emit/Cpu/LinkObject.h"
#include "compiler/Targets/Targets.h"
#include "tests/compiler/Emit/Cpu/LoadedKernels.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Object/ELFObjectFile.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace mlir;

namespace tenon {
namespace {

// y[i] = exp(x[i]) * scale + 1 for i in [begin, end): vectors of 16, the last
// one masked.
constexpr StringLiteral kExpKernel = R"mlir(
func.func private @load(%buffers: !llvm.ptr, %index: i64) -> !llvm.ptr {
  %at = llvm.getelementptr %buffers[%index] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.ptr
  %buffer = llvm.load %at : !llvm.ptr -> !llvm.ptr
  return %buffer : !llvm.ptr
}
func.func private @formula(%x: vector<16xf32>, %scale: vector<16xf32>) -> vector<16xf32> {
  %one = arith.constant dense<1.0> : vector<16xf32>
  %e = math.exp %x : vector<16xf32>
  %y = vector.fma %e, %scale, %one : vector<16xf32>
  return %y : vector<16xf32>
}
func.func @exp_kernel(%buffers: !llvm.ptr, %scalars: !llvm.ptr, %begin: i64, %end: i64,
                      %scratch: !llvm.ptr) {
  %c0 = arith.constant 0 : i64
  %c1 = arith.constant 1 : i64
  %c16 = arith.constant 16 : i64
  %x = call @load(%buffers, %c0) : (!llvm.ptr, i64) -> !llvm.ptr
  %y = call @load(%buffers, %c1) : (!llvm.ptr, i64) -> !llvm.ptr
  %scaleInt = llvm.load %scalars : !llvm.ptr -> i64
  %scaleFloat = arith.sitofp %scaleInt : i64 to f32
  %scale = vector.broadcast %scaleFloat : f32 to vector<16xf32>
  %extent = arith.subi %end, %begin : i64
  %tail = arith.remsi %extent, %c16 : i64
  %full = arith.subi %end, %tail : i64
  scf.for %i = %begin to %full step %c16 : i64 {
    %from = llvm.getelementptr %x[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %to = llvm.getelementptr %y[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %v = llvm.load %from {alignment = 4 : i64} : !llvm.ptr -> vector<16xf32>
    %r = func.call @formula(%v, %scale) : (vector<16xf32>, vector<16xf32>) -> vector<16xf32>
    llvm.store %r, %to {alignment = 4 : i64} : vector<16xf32>, !llvm.ptr
  }
  %isRagged = arith.cmpi sgt, %tail, %c0 : i64
  scf.if %isRagged {
    %count = arith.index_cast %tail : i64 to index
    %mask = vector.create_mask %count : vector<16xi1>
    %zero = arith.constant dense<0.0> : vector<16xf32>
    %from = llvm.getelementptr %x[%full] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %to = llvm.getelementptr %y[%full] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %v = llvm.intr.masked.load %from, %mask, %zero {alignment = 4 : i32} : (!llvm.ptr, vector<16xi1>, vector<16xf32>) -> vector<16xf32>
    %r = func.call @formula(%v, %scale) : (vector<16xf32>, vector<16xf32>) -> vector<16xf32>
    llvm.intr.masked.store %r, %to, %mask {alignment = 4 : i32} : vector<16xf32>, vector<16xi1> into !llvm.ptr
  }
  return
}
)mlir";

// Copies and fills, which LLVM likes to turn into calls of memcpy and memset.
constexpr StringLiteral kCopyKernel = R"mlir(
func.func @copy_kernel(%buffers: !llvm.ptr, %scalars: !llvm.ptr, %begin: i64, %end: i64,
                       %scratch: !llvm.ptr) {
  %c1 = arith.constant 1 : i64
  %zero = arith.constant 0 : i8
  %second = llvm.getelementptr %buffers[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
  %x = llvm.load %buffers : !llvm.ptr -> !llvm.ptr
  %y = llvm.load %second : !llvm.ptr -> !llvm.ptr
  scf.for %i = %begin to %end step %c1 : i64 {
    %from = llvm.getelementptr %x[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i8
    %to = llvm.getelementptr %y[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i8
    %clear = llvm.getelementptr %scratch[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i8
    %v = llvm.load %from : !llvm.ptr -> i8
    llvm.store %v, %to : i8, !llvm.ptr
    llvm.store %zero, %clear : i8, !llvm.ptr
  }
  return
}
)mlir";

class EmitObject : public testing::Test {
protected:
  EmitObject() { loadKernelDialects(context); }

  target::CpuAttr cpu(StringRef name) {
    return *cpuByName(UnknownLoc::get(&context), name);
  }
  OwningOpRef<ModuleOp> parse(const Twine &text) {
    return parseSourceString<ModuleOp>(text.str(), &context);
  }
  FailureOr<Bytes> build(const Twine &text, StringRef target) {
    FailureOr<std::vector<Bytes>> objects =
        emitObjects(*parse(text), cpu(target));
    if (failed(objects))
      return failure();
    return linkSharedObject(UnknownLoc::get(&context), *objects);
  }
  /// Runs `action`, which must fail, and returns what it said.
  std::string errorOf(function_ref<void()> action) {
    std::string text;
    ScopedDiagnosticHandler handler(
        &context, [&](Diagnostic &diagnostic) { text += diagnostic.str(); });
    action();
    return text;
  }

  MLIRContext context;
};

TEST_F(EmitObject, VectorLoopAndMaskedTailComputeWhatTheyShould) {
  LoadedKernels kernels = LoadedKernels::compile(context, kExpKernel);
  KernelFn kernel = kernels.function("exp_kernel");
  ASSERT_NE(kernel, nullptr);
  std::vector<float> x(53), y(53, -1.0f);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = 0.25f * i - 6;
  void *buffers[] = {x.data(), y.data()};
  int64_t scale = 3;
  kernel(buffers, &scale, 2, 50, nullptr);
  for (size_t i = 0; i < x.size(); ++i) {
    bool isInside = i >= 2 && i < 50;
    float expected = isInside ? 3 * std::exp(x[i]) + 1 : -1;
    EXPECT_NEAR(y[i], expected, 1e-6f * std::abs(expected)) << "element " << i;
  }
}

TEST_F(EmitObject, CopiesStayLoops) {
  LoadedKernels kernels = LoadedKernels::compile(context, kCopyKernel);
  KernelFn kernel = kernels.function("copy_kernel");
  ASSERT_NE(kernel, nullptr);
  std::string x = "every byte of a long enough text is copied by one loop",
              y(x.size(), '?');
  std::string scratch(x.size(), '?');
  void *buffers[] = {x.data(), y.data()};
  kernel(buffers, nullptr, 0, x.size(), scratch.data());
  EXPECT_EQ(y, x);
  EXPECT_EQ(scratch, std::string(x.size(), '\0'));
}

// Every target's code can be made on every machine.
TEST_F(EmitObject, EachTargetUsesItsRegisters) {
  for (auto [name, usesZmm] :
       {std::pair("x86-64-v3", false), std::pair("x86-64-v4", true),
        std::pair("znver4", true), std::pair("sapphirerapids", true)}) {
    FailureOr<std::string> text =
        emitText(*parse(kExpKernel), cpu(name), TextForm::Assembly);
    ASSERT_TRUE(succeeded(text)) << name;
    EXPECT_EQ(StringRef(*text).contains("%zmm"), usesZmm) << name;
    EXPECT_FALSE(StringRef(*text).contains("call")) << name;
  }
}

TEST_F(EmitObject, LlvmTextNamesTheKernel) {
  FailureOr<std::string> text =
      emitText(*parse(kExpKernel), cpu("znver4"), TextForm::Llvm);
  ASSERT_TRUE(succeeded(text));
  EXPECT_TRUE(StringRef(*text).contains("void @exp_kernel("));
  EXPECT_TRUE(StringRef(*text).contains("\"tune-cpu\"=\"znver4\""));
}

TEST_F(EmitObject, TheSameModuleGivesTheSameBytes) {
  FailureOr<Bytes> first = build(kExpKernel + kCopyKernel, "x86-64-v3");
  FailureOr<Bytes> second = build(kExpKernel + kCopyKernel, "x86-64-v3");
  ASSERT_TRUE(succeeded(first) && succeeded(second));
  EXPECT_EQ(*first, *second);
}

TEST_F(EmitObject, ExportsKernelsOnlyAndFindsThem) {
  FailureOr<Bytes> library = build(kExpKernel + kCopyKernel, "x86-64-v3");
  ASSERT_TRUE(succeeded(library));
  Location loc = UnknownLoc::get(&context);
  FailureOr<uint64_t> exp = symbolAddress(loc, *library, "exp_kernel");
  FailureOr<uint64_t> copy = symbolAddress(loc, *library, "copy_kernel");
  ASSERT_TRUE(succeeded(exp) && succeeded(copy));
  EXPECT_NE(*exp, *copy);
  EXPECT_EQ(errorOf([&] {
              EXPECT_TRUE(failed(symbolAddress(loc, *library, "formula")));
            }),
            "the linked kernels export no symbol 'formula'");
}

// The runtime's loader takes only what code without libraries needs.
TEST_F(EmitObject, NeedsNothingOfALoader) {
  FailureOr<Bytes> library = build(kExpKernel + kCopyKernel, "znver4");
  ASSERT_TRUE(succeeded(library));
  auto object = llvm::object::ELF64LEFile::create(
      StringRef(library->data(), library->size()));
  ASSERT_TRUE(static_cast<bool>(object));
  for (const auto &segment : llvm::cantFail(object->program_headers())) {
    EXPECT_NE(segment.p_type, llvm::ELF::PT_INTERP);
    EXPECT_NE(segment.p_type, llvm::ELF::PT_TLS);
    bool isWritable = segment.p_flags & llvm::ELF::PF_W;
    bool isExecutable = segment.p_flags & llvm::ELF::PF_X;
    EXPECT_FALSE(isWritable && isExecutable);
  }
  for (const auto &entry : llvm::cantFail(object->dynamicEntries()))
    for (auto tag :
         {llvm::ELF::DT_NEEDED, llvm::ELF::DT_INIT, llvm::ELF::DT_INIT_ARRAY,
          llvm::ELF::DT_TEXTREL, llvm::ELF::DT_RELA})
      EXPECT_NE(entry.getTag(), tag);
}

TEST_F(EmitObject, NamesEveryUndefinedSymbol) {
  const char *text = R"mlir(
    llvm.func @sinf(f32) -> f32
    llvm.func @malloc(i64) -> !llvm.ptr
    func.func @calls(%x: f32, %n: i64) -> f32 {
      %0 = llvm.call @sinf(%x) : (f32) -> f32
      %1 = llvm.call @malloc(%n) : (i64) -> !llvm.ptr
      llvm.store %0, %1 : f32, !llvm.ptr
      return %0 : f32
    })mlir";
  EXPECT_EQ(errorOf([&] { EXPECT_TRUE(failed(build(text, "x86-64-v3"))); }),
            "kernels call no library: expected every symbol to be defined, got "
            "undefined "
            "sinf, malloc");
}

TEST_F(EmitObject, RefusesAKernelWithoutABody) {
  EXPECT_EQ(errorOf([&] {
              auto module = parse("func.func private @ok()\n");
              cast<func::FuncOp>(module->getBody()->front()).setPublic();
              EXPECT_TRUE(failed(emitObjects(*module, cpu("x86-64-v3"))));
            }),
            "a kernel has a body, got only a declaration");
}

} // namespace
} // namespace tenon
