// Norms and softmax of compiled kernels are those of the interpreter, which
// computes them in f64 and by other loops: rows of one element to many vectors,
// whole and ragged; no rows, and numbers of rows around those of an instance;
// and rows of a width that is known to a launch only.

#include "tests/compiler/Compiled.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace tenon {
namespace {

/// Says that there may be no rows.
constexpr const char *kNone =
    R"(attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]})";

/// {0} a type such as f32, {1} the width of a row, {2} the type of rows, {3}
/// that of as many truths, {4} attributes.
constexpr const char *kNorm = R"mlir(
func.func @f(%x: {2}, %r: {2}, %s: tensor<{1}x{0}>, %b: tensor<{1}x{0}>)
    -> ({2}, {2}) {4} {{
  %0 = graph.add %x, %r : ({2}, {2}) -> {2}
  %1 = graph.layer_norm %0, %s, %b {{epsilon = 1.0e-5 : f64} : ({2}, tensor<{1}x{0}>, tensor<{1}x{0}>) -> {2}
  return %0, %1 : {2}, {2}
})mlir";

constexpr const char *kRmsNorm = R"mlir(
func.func @f(%x: {2}, %s: tensor<{1}x{0}>) -> {2} {4} {{
  %0 = graph.rms_norm %x, %s {{epsilon = 1.0e-5 : f64} : ({2}, tensor<{1}x{0}>) -> {2}
  return %0 : {2}
})mlir";

constexpr const char *kSoftmax = R"mlir(
func.func @f(%x: {2}) -> {2} {4} {{
  %0 = graph.softmax %x {{axis = 1 : i64} : ({2}) -> {2}
  return %0 : {2}
})mlir";

/// Far from 0, a variance that is a difference of means of squares has no
/// correct digits left.
constexpr const char *kFarFromZero = R"mlir(
func.func @f(%x: {2}, %s: tensor<{1}x{0}>) -> {2} {4} {{
  %c = graph.constant dense<4096.0> : tensor<{0}>
  %0 = graph.add %x, %c : ({2}, tensor<{0}>) -> {2}
  %1 = graph.layer_norm %0, %s {{epsilon = 1.0e-5 : f64} : ({2}, tensor<{1}x{0}>) -> {2}
  return %1 : {2}
})mlir";

/// NaN at what is above 1.5, an infinity at what is below -2.
constexpr const char *kSpecials = R"mlir(
func.func @f(%x: {2}) -> {2} {4} {{
  %high = graph.constant dense<1.5> : tensor<{0}>
  %low = graph.constant dense<-2.0> : tensor<{0}>
  %nan = graph.constant dense<0x7FC00000> : tensor<{0}>
  %none = graph.constant dense<0xFF800000> : tensor<{0}>
  %0 = graph.compare %x, %high {{predicate = #graph<predicate gt>} : ({2}, tensor<{0}>) -> {3}
  %1 = graph.where %0, %nan, %x : ({3}, tensor<{0}>, {2}) -> {2}
  %2 = graph.compare %x, %low {{predicate = #graph<predicate lt>} : ({2}, tensor<{0}>) -> {3}
  %3 = graph.where %2, %none, %1 : ({3}, tensor<{0}>, {2}) -> {2}
  %4 = graph.softmax %3 {{axis = 1 : i64} : ({2}) -> {2}
  return %4 : {2}
})mlir";

constexpr int64_t kWidths[] = {1, 2, 15, 16, 17, 31, 33, 128, 129, 300, 768};
constexpr double kEpsilon = 0x1p-23, kNarrowEpsilon = 0x1p-8;

void expectRows(const char *module, const std::string &element, int64_t width,
                double tolerance, const char *target) {
  SCOPED_TRACE(element + " x " + std::to_string(width) + " for " + target);
  auto rows = [&](StringRef type) {
    return llvm::formatv("tensor<?x{0}x{1}, #graph.dims<P, {0}>>", width, type)
        .str();
  };
  CompileOptions options;
  options.target = target;
  Compiled compiled(
      llvm::formatv(module, element, width, rows(element), rows("i1"), kNone)
          .str(),
      options);
  ASSERT_TRUE(compiled.isLoaded()) << compiled.loadError();
  for (int64_t numRows : {0, 1, 2, 3, 4, 5, 8, 17}) {
    SCOPED_TRACE(std::to_string(numRows) + " rows");
    compiled.expectSame({{"P", numRows}}, tolerance);
  }
}

class Rows : public testing::TestWithParam<const char *> {};

TEST_P(Rows, AreNormalized) {
  for (int64_t width : kWidths)
    for (const char *module : {kNorm, kRmsNorm, kSoftmax}) {
      expectRows(module, "f32", width, 32 * kEpsilon, GetParam());
      expectRows(module, "bf16", width, 2 * kNarrowEpsilon, GetParam());
    }
}

// Of numbers of 4096 some epsilons are lost, and their sum's.
TEST_P(Rows, FarFromZeroKeepTheirVariance) {
  for (int64_t width : {17, 768})
    expectRows(kFarFromZero, "f32", width, 16 * 4096 * kEpsilon, GetParam());
}

TEST_P(Rows, WithoutNumbersHaveNoShares) {
  for (int64_t width : {3, 17, 130})
    expectRows(kSpecials, "f32", width, 32 * kEpsilon, GetParam());
}

/// What becomes of a row of unknown width: itself in shares, of values that are
/// computed before, and its sum, maximum, and mean; of columns, their sum.
constexpr const char *kOpen = R"mlir(
func.func @f(%x: tensor<?x?x{0}, #graph.dims<P, W>>, %r: tensor<?x{0}, #graph.dims<W>>)
    -> (tensor<?x?x{0}, #graph.dims<P, W>>, tensor<?x1x{0}, #graph.dims<P, 1>>, tensor<?x1x{0}, #graph.dims<P, 1>>, tensor<?x1x{0}, #graph.dims<P, 1>>, tensor<1x?x{0}, #graph.dims<1, W>>)
    attributes {{graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>, #graph.symbol<"W" in 0 to -1 by 1>]} {{
  %0 = graph.mul %x, %r : (tensor<?x?x{0}, #graph.dims<P, W>>, tensor<?x{0}, #graph.dims<W>>) -> tensor<?x?x{0}, #graph.dims<P, W>>
  %1 = graph.softmax %0 {{axis = 1 : i64} : (tensor<?x?x{0}, #graph.dims<P, W>>) -> tensor<?x?x{0}, #graph.dims<P, W>>
  %2 = graph.reduce %x {{axes = array<i64: 1>, keep_dims = true, kind = #graph<reduce_kind sum>} : (tensor<?x?x{0}, #graph.dims<P, W>>) -> tensor<?x1x{0}, #graph.dims<P, 1>>
  %3 = graph.reduce %x {{axes = array<i64: 1>, keep_dims = true, kind = #graph<reduce_kind max>} : (tensor<?x?x{0}, #graph.dims<P, W>>) -> tensor<?x1x{0}, #graph.dims<P, 1>>
  %4 = graph.reduce %x {{axes = array<i64: 1>, keep_dims = true, kind = #graph<reduce_kind mean>} : (tensor<?x?x{0}, #graph.dims<P, W>>) -> tensor<?x1x{0}, #graph.dims<P, 1>>
  %5 = graph.reduce %x {{axes = array<i64: 0>, keep_dims = true, kind = #graph<reduce_kind sum>} : (tensor<?x?x{0}, #graph.dims<P, W>>) -> tensor<1x?x{0}, #graph.dims<1, W>>
  return %1, %2, %3, %4, %5 : tensor<?x?x{0}, #graph.dims<P, W>>, tensor<?x1x{0}, #graph.dims<P, 1>>, tensor<?x1x{0}, #graph.dims<P, 1>>, tensor<?x1x{0}, #graph.dims<P, 1>>, tensor<1x?x{0}, #graph.dims<1, W>>
})mlir";

// One artifact for all widths: on both sides of those that are one block too.
TEST_P(Rows, OfUnknownWidth) {
  CompileOptions options;
  options.target = GetParam();
  for (const char *element : {"f32", "bf16"}) {
    Compiled compiled(llvm::formatv(kOpen, element).str(), options);
    ASSERT_TRUE(compiled.isLoaded()) << compiled.loadError();
    bool isNarrow = element[0] == 'b';
    for (int64_t width :
         {0, 1, 15, 16, 17, 63, 64, 65, 300, 511, 512, 513, 700})
      for (int64_t numRows : {0, 1, 3, 17}) {
        SCOPED_TRACE(testing::Message()
                     << numRows << " rows of " << width << " x " << element);
        // Sums of f32 lose some of their addends' last digits.
        double tolerance =
            isNarrow ? 2 * kNarrowEpsilon : (32 + width) * kEpsilon;
        compiled.expectSame({{"P", numRows}, {"W", width}}, tolerance);
      }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Rows, testing::Values("native", "x86-64-v3"),
                         [](const auto &info) {
                           return std::string(info.index ? "Narrow" : "Native");
                         });

} // namespace
} // namespace tenon
