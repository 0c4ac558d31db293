//===- CostTest.cpp - how many operations ops count -----------------------===//
//
// Each op of a small program is asked for its flops and compared with the
// attribute `flops` that stands beside it, which was counted by hand.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/GraphDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace tenon;

namespace {

// Elementwise ops count their body: add 1, silu 4 (negate, exp, add, divide)
// and 1 more (multiply). A matmul 2 M N K. Attention with H 4, L 2, S 3, D 8, E
// 8: 6 pairs a head, causal 5; a pair costs 2 D + 2 E + 5 = 37, causal 38.
constexpr const char *kProgram = R"mlir(
  func.func @counts(%x: tensor<2x3xf32>, %w: tensor<3x5xf32>, %s: tensor<3xf32>,
                    %q: tensor<1x4x2x8xf32>, %k: tensor<1x2x3x8xf32>, %none: tensor<0x3xf32>) {
    %0 = graph.add %x, %s {flops = #graph.dim<6>} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    %1 = graph.silu %x {flops = #graph.dim<30>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %2 = graph.silu %none {flops = #graph.dim<0>} : (tensor<0x3xf32>) -> tensor<0x3xf32>
    %3 = graph.matmul %x, %w {flops = #graph.dim<60>} : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>
    %4 = graph.matmul %s, %s {flops = #graph.dim<6>} : (tensor<3xf32>, tensor<3xf32>) -> tensor<f32>
    %5 = graph.contract %x, %w {equation = "mk,kn->mn", flops = #graph.dim<60>} : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>
    %6 = graph.contract %x {equation = "mk->m", flops = #graph.dim<6>} : (tensor<2x3xf32>) -> tensor<2xf32>
    %7 = graph.attention %q, %k, %k {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64, flops = #graph.dim<888>}
        : (tensor<1x4x2x8xf32>, tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>) -> tensor<1x4x2x8xf32>
    %8 = graph.attention %q, %k, %k {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64, causal, flops = #graph.dim<760>}
        : (tensor<1x4x2x8xf32>, tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>) -> tensor<1x4x2x8xf32>
    %9 = graph.reduce %x {kind = #graph<reduce_kind sum>, axes = array<i64: 1>, keep_dims = true, flops = #graph.dim<6>}
        : (tensor<2x3xf32>) -> tensor<2x1xf32>
    %10 = graph.reduce %x {kind = #graph<reduce_kind sum_square>, axes = array<i64: 1>, keep_dims = true, flops = #graph.dim<12>}
        : (tensor<2x3xf32>) -> tensor<2x1xf32>
    %11 = graph.softmax %x {axis = 1 : i64, flops = #graph.dim<30>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %12 = graph.layer_norm %x, %s {epsilon = 1.0 : f64, flops = #graph.dim<36>} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    %13 = graph.layer_norm %x, %s, %s {epsilon = 1.0 : f64, flops = #graph.dim<42>} : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    %14 = graph.rms_norm %x, %s {epsilon = 1.0 : f64, flops = #graph.dim<24>} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    return
  }
  func.func @symbols(%x: tensor<?x3xf32, #graph.dims<B, 3>>, %w: tensor<3x5xf32>, %q: tensor<1x4x?x8xf32, #graph.dims<1, 4, L, 8>>,
                     %k: tensor<1x4x?x8xf32, #graph.dims<1, 4, L + P, 8>>, %s: tensor<1x4x?x8xf32, #graph.dims<1, 4, S, 8>>,
                     %u: tensor<?x3xf32>) {
    %0 = graph.add %x, %x {flops = #graph.dim<3*B>}
        : (tensor<?x3xf32, #graph.dims<B, 3>>, tensor<?x3xf32, #graph.dims<B, 3>>) -> tensor<?x3xf32, #graph.dims<B, 3>>
    %1 = graph.matmul %x, %w {flops = #graph.dim<30*B>} : (tensor<?x3xf32, #graph.dims<B, 3>>, tensor<3x5xf32>) -> tensor<?x5xf32, #graph.dims<B, 5>>
    // L queries at the end of L + P keys: L*P + L*(L + 1)/2 pairs of 38 operations in each of 4 heads.
    %2 = graph.attention %q, %k, %k {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64, causal, flops = #graph.dim<76*L*L + 152*L*P + 76*L>}
        : (tensor<1x4x?x8xf32, #graph.dims<1, 4, L, 8>>, tensor<1x4x?x8xf32, #graph.dims<1, 4, L + P, 8>>, tensor<1x4x?x8xf32, #graph.dims<1, 4, L + P, 8>>)
        -> tensor<1x4x?x8xf32, #graph.dims<1, 4, L, 8>>
    // Nobody knows which is more: all pairs.
    %3 = graph.attention %q, %s, %s {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64, causal, flops = #graph.dim<152*L*S>}
        : (tensor<1x4x?x8xf32, #graph.dims<1, 4, L, 8>>, tensor<1x4x?x8xf32, #graph.dims<1, 4, S, 8>>, tensor<1x4x?x8xf32, #graph.dims<1, 4, S, 8>>)
        -> tensor<1x4x?x8xf32, #graph.dims<1, 4, L, 8>>
    %4 = graph.neg %u {flops = #graph.dim<?>} : (tensor<?x3xf32>) -> tensor<?x3xf32>
    return
  }
)mlir";

TEST(Cost, CountsAsByHand) {
  MLIRContext context;
  context.loadDialect<graph::GraphDialect, func::FuncDialect>();
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(kProgram, &context);
  ASSERT_TRUE(module);
  int64_t numOps = 0;
  module->walk([&](CostOpInterface op) {
    ++numOps;
    auto expected = op->getAttrOfType<graph::DimAttr>("flops");
    ASSERT_TRUE(expected);
    EXPECT_EQ(cast<graph::DimAttr>(op.countFlops()).str(), expected.str())
        << op->getName().getStringRef().str();
  });
  EXPECT_EQ(numOps, 20);
}

} // namespace
