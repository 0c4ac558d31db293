// Weights are the bytes that the reference meaning gives, in the order that the
// layout says.

#include "compiler/WeightBytes.h"

#include "compiler/ElementMoves.h"
#include "compiler/Interpret/Interpreter.h"
#include "compiler/Interpret/TensorBytes.h"
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Tile/TileDialect.h"

#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <cstring>

using namespace mlir;

namespace tenon {
namespace {

/// Packs 1, 2, 3 ... and compares each place with LayoutAttr::getOffset; what
/// no element takes is 0.
template <typename T>
void expectPacked(ArrayRef<int64_t> dims, ArrayRef<int64_t> digits) {
  MLIRContext context;
  context.loadDialect<tile::TileDialect>();
  auto layout = tile::LayoutAttr::get(&context, digits);
  int64_t count = 1;
  for (int64_t size : dims)
    count *= size;
  std::vector<T> from(count), to(layout.getNumElements(dims)),
      expected(to.size());
  SmallVector<int64_t> index(dims.size(), 0);
  for (int64_t i = 0; i < count; ++i, nextIndex(index, dims)) {
    from[i] = static_cast<T>(i + 1);
    expected[layout.getOffset(dims, index)] = from[i];
  }
  packElements(reinterpret_cast<const char *>(from.data()), dims, layout,
               sizeof(T), reinterpret_cast<char *>(to.data()));
  EXPECT_EQ(to, expected);
}

TEST(PackElements, PutsEachElementWhereTheLayoutSays) {
  expectPacked<float>({4, 12}, {1, 4, 0, 0, 1, 0, 1, 1, 4});   // <1/4, 0, 1%4>
  expectPacked<float>({3, 10}, {1, 4, 0, 0, 1, 0, 1, 1, 4});   // padded columns
  expectPacked<uint8_t>({10, 3}, {0, 4, 0, 1, 1, 0, 0, 1, 4}); // panels of rows
  // Pairs of rows side by side, both dims padded: <1/4, 0/2, 1%4, 0%2>.
  expectPacked<uint16_t>({5, 6}, {1, 4, 0, 0, 2, 0, 1, 1, 4, 0, 1, 2});
  expectPacked<double>({3, 5}, {1, 1, 0, 0, 1, 0});             // column-major
  expectPacked<uint16_t>({6, 20}, {0, 1, 0, 1, 4, 0, 1, 1, 4}); // <0, 1/4, 1%4>
  expectPacked<uint16_t>({7, 3}, {1, 1, 0, 0, 2, 0, 0, 1, 2});  // <1, 0/2, 0%2>
  expectPacked<uint8_t>({7}, {0, 2, 0, 0, 1, 2});               // <0/2, 0%2>
  expectPacked<uint8_t>({7}, {0, 1, 0});
  expectPacked<float>({2, 3, 4}, {0, 1, 0, 1, 1, 0, 2, 1, 0});
}

/// A module of one function, and the dialects that it needs.
struct Weight {
  explicit Weight(StringRef text) {
    context.loadDialect<func::FuncDialect, graph::GraphDialect,
                        tile::TileDialect>();
    module = parseSourceString<ModuleOp>(text, &context);
  }
  func::FuncOp function() { return *module->getOps<func::FuncOp>().begin(); }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

TEST(WeightBytes, AreThoseOfTheReferenceMeaning) {
  Weight weight(R"(
    func.func @weight() -> tensor<2x3x4xf32> {
      %a = graph.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
      %b = graph.constant dense<[[7.0], [8.0]]> : tensor<2x1xf32>
      %0 = graph.concat %a, %b {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
      %1 = graph.slice %0 {axis = 1 : i64, start = #graph.dim<3>, step = -1 : i64} : (tensor<2x4xf32>) -> tensor<2x4xf32>
      %2 = graph.reshape %1 : (tensor<2x4xf32>) -> tensor<2x1x4xf32>
      %3 = graph.broadcast %2 : (tensor<2x1x4xf32>) -> tensor<2x3x4xf32>
      %4 = graph.transpose %3 {permutation = array<i64: 2, 1, 0>} : (tensor<2x3x4xf32>) -> tensor<4x3x2xf32>
      %5 = graph.transpose %4 {permutation = array<i64: 2, 1, 0>} : (tensor<4x3x2xf32>) -> tensor<2x3x4xf32>
      %6 = graph.add %5, %5 : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
      return %6 : tensor<2x3x4xf32>
    })");
  ASSERT_TRUE(weight.module);
  func::FuncOp function = weight.function();
  Interpreter interpreter({});
  auto expected = interpreter.run(function, {});
  ASSERT_TRUE(succeeded(expected));
  WeightBytes weights;
  FailureOr<HostBytes> bytes = weights.evaluate(function);
  ASSERT_TRUE(succeeded(bytes));
  EXPECT_EQ(bytes->get().vec(), toBytes(expected->front()));
  EXPECT_EQ(WeightBytes::countBytes(function), 96);
}

/// Of signed and unsigned bytes, along either dim, beyond 8 bits.
TEST(WeightBytes, SumsOfBytesAreThoseOfTheReference) {
  Weight weight(R"(
    func.func @weight() -> tensor<2x3xi32> {
      %a = graph.constant dense<[[-128, 127, 3], [-128, 127, -5]]> : tensor<2x3xi8>
      %b = graph.constant dense<[[255, 128, 0], [255, 255, 7]]> : tensor<2x3xui8>
      %0 = graph.cast %a {to = i64} : (tensor<2x3xi8>) -> tensor<2x3xi64>
      %1 = graph.cast %b {to = i64} : (tensor<2x3xui8>) -> tensor<2x3xi64>
      %2 = graph.reduce %0 {kind = #graph<reduce_kind sum>, axes = array<i64: 0>, keep_dims = true} : (tensor<2x3xi64>) -> tensor<1x3xi64>
      %3 = graph.reduce %1 {kind = #graph<reduce_kind sum>, axes = array<i64: 1>, keep_dims = true} : (tensor<2x3xi64>) -> tensor<2x1xi64>
      %4 = graph.add %2, %3 : (tensor<1x3xi64>, tensor<2x1xi64>) -> tensor<2x3xi64>
      %5 = graph.cast %4 {to = i32} : (tensor<2x3xi64>) -> tensor<2x3xi32>
      return %5 : tensor<2x3xi32>
    })");
  ASSERT_TRUE(weight.module);
  func::FuncOp function = weight.function();
  WeightBytes weights;
  FailureOr<HostBytes> bytes = weights.evaluate(function);
  ASSERT_TRUE(succeeded(bytes));
  // Columns -256, 254, -2; rows 383, 517.
  std::vector<int32_t> sums(6);
  ASSERT_EQ(bytes->get().size(), sizeof(int32_t) * sums.size());
  std::memcpy(sums.data(), bytes->get().data(), bytes->get().size());
  EXPECT_EQ(sums, std::vector<int32_t>({127, 637, 381, 261, 771, 515}));
}

/// Ties to even both ways, what overflows, what is below the normal numbers,
/// infinities and NaN with a payload in the bits that go.
TEST(WeightBytes, RoundToBf16AsTheReferenceDoes) {
  Weight weight(R"(
    func.func @weight() -> tensor<12xbf16> {
      %a = graph.constant dense<[0x3F808000, 0x3F818000, 0x3F807FFF, 0x3F808001, 0x7F7FFFFF, 0x80000001,
                                 0x00008000, 0x00018000, 0x7F800000, 0xFF800000, 0xFF800001, 0x7FC12345]> : tensor<12xf32>
      %0 = graph.cast %a {to = bf16} : (tensor<12xf32>) -> tensor<12xbf16>
      return %0 : tensor<12xbf16>
    })");
  ASSERT_TRUE(weight.module);
  func::FuncOp function = weight.function();
  WeightBytes weights;
  FailureOr<HostBytes> bytes = weights.evaluate(function);
  ASSERT_TRUE(succeeded(bytes));
  const uint16_t expected[] = {0x3F80, 0x3F82, 0x3F80, 0x3F81, 0x7F80, 0x8000,
                               0x0000, 0x0002, 0x7F80, 0xFF80, 0xFFC0, 0x7FC1};
  ASSERT_EQ(bytes->get().size(), sizeof(expected));
  EXPECT_EQ(std::memcmp(bytes->get().data(), expected, sizeof(expected)), 0);
  Interpreter interpreter({});
  auto reference = interpreter.run(function, {});
  ASSERT_TRUE(succeeded(reference));
  EXPECT_EQ(bytes->get().vec(), toBytes(reference->front()));
}

/// Two to a byte, the first one low, whatever moved or computed them; the last
/// byte is half empty. Negative ones keep their sign.
TEST(WeightBytes, HalvesShareBytes) {
  Weight weight(R"(
    func.func @weight() -> tensor<3x3xi4> {
      %a = graph.constant dense<[[1, -2, 3], [-4, 5, -6]]> : tensor<2x3xi4>
      %b = graph.constant dense<[[7, -8, 0]]> : tensor<1x3xi4>
      %0 = graph.concat %a, %b {axis = 0 : i64} : (tensor<2x3xi4>, tensor<1x3xi4>) -> tensor<3x3xi4>
      %1 = graph.add %0, %0 : (tensor<3x3xi4>, tensor<3x3xi4>) -> tensor<3x3xi4>
      %2 = graph.transpose %1 {permutation = array<i64: 1, 0>} : (tensor<3x3xi4>) -> tensor<3x3xi4>
      return %2 : tensor<3x3xi4>
    })");
  ASSERT_TRUE(weight.module);
  func::FuncOp function = weight.function();
  WeightBytes weights;
  FailureOr<HostBytes> bytes = weights.evaluate(function);
  ASSERT_TRUE(succeeded(bytes));
  // 2 -8 -2 | -4 -6 0 | 6 4 0
  const std::vector<uint8_t> expected{0x82, 0xce, 0x0a, 0x46, 0x00};
  EXPECT_EQ(std::vector<uint8_t>(bytes->get().begin(), bytes->get().end()),
            expected);
  EXPECT_EQ(WeightBytes::countBytes(function), 5);
}

/// Words of eight rows of a column, padded with zeros.
TEST(WeightBytes, HalvesLieInWords) {
  Weight weight(R"(
    func.func @weight() -> tensor<9x1xui4> {
      %a = graph.constant dense<[[1], [2], [3], [4], [5], [6], [7], [8], [15]]> : tensor<9x1xui4>
      %0 = tile.pack %a, <1/2, 0/8, 1 mod 2, 0 mod 8> : tensor<9x1xui4>
      return %0 : tensor<9x1xui4>
    })");
  ASSERT_TRUE(weight.module);
  func::FuncOp function = weight.function();
  WeightBytes weights;
  FailureOr<HostBytes> bytes = weights.evaluate(function);
  ASSERT_TRUE(succeeded(bytes));
  const std::vector<uint8_t> expected{0x21, 0x43, 0x65, 0x87, 0, 0, 0, 0,
                                      0x0f, 0,    0,    0,    0, 0, 0, 0};
  EXPECT_EQ(std::vector<uint8_t>(bytes->get().begin(), bytes->get().end()),
            expected);
  EXPECT_EQ(WeightBytes::countBytes(function), 16);
}

TEST(WeightBytes, SayWhichFileIsTooShort) {
  Weight weight(R"(
    func.func @weight() -> tensor<2xf32> {
      %w = graph.weight <"/dev/null" name "bias" at 8 bytes 8> : tensor<2xf32>
      return %w : tensor<2xf32>
    })");
  ASSERT_TRUE(weight.module);
  std::string error;
  ScopedDiagnosticHandler handler(&weight.context, [&](Diagnostic &diagnostic) {
    error += diagnostic.str();
    return success();
  });
  WeightBytes weights;
  EXPECT_TRUE(failed(weights.evaluate(weight.function())));
  EXPECT_EQ(error,
            "weight \"bias\" ends at byte 16 but '/dev/null' has 0 bytes");
}

} // namespace
} // namespace tenon
