//===- CostTest.cpp - how many operations ops count
//------------------------===//
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
// 8: 6 pairs a head, causal 5; a pair costs 2 D + 2 E + 5 = 37.
constexpr const char *kProgram = R"mlir(
  func.func @counts(%x: tensor<2x3xf32>, %w: tensor<3x5xf32>, %s: tensor<3xf32>,
                    %q: tensor<1x4x2x8xf32>, %k: tensor<1x2x3x8xf32>, %none: tensor<0x3xf32>) {
    %0 = graph.add %x, %s {flops = 6} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    %1 = graph.silu %x {flops = 30} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %2 = graph.silu %none {flops = 0} : (tensor<0x3xf32>) -> tensor<0x3xf32>
    %3 = graph.matmul %x, %w {flops = 60} : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>
    %4 = graph.matmul %s, %s {flops = 6} : (tensor<3xf32>, tensor<3xf32>) -> tensor<f32>
    %5 = graph.contract %x, %w {equation = "mk,kn->mn", flops = 60} : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>
    %6 = graph.contract %x {equation = "mk->m", flops = 6} : (tensor<2x3xf32>) -> tensor<2xf32>
    %7 = graph.attention %q, %k, %k {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64, flops = 888}
        : (tensor<1x4x2x8xf32>, tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>) -> tensor<1x4x2x8xf32>
    %8 = graph.attention %q, %k, %k {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64, causal, flops = 740}
        : (tensor<1x4x2x8xf32>, tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>) -> tensor<1x4x2x8xf32>
    %9 = graph.reduce %x {kind = #graph<reduce_kind sum>, axes = array<i64: 1>, keep_dims = true, flops = 6}
        : (tensor<2x3xf32>) -> tensor<2x1xf32>
    %10 = graph.reduce %x {kind = #graph<reduce_kind sum_square>, axes = array<i64: 1>, keep_dims = true, flops = 12}
        : (tensor<2x3xf32>) -> tensor<2x1xf32>
    %11 = graph.softmax %x {axis = 1 : i64, flops = 30} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %12 = graph.layer_norm %x, %s {epsilon = 1.0 : f64, flops = 36} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    %13 = graph.layer_norm %x, %s, %s {epsilon = 1.0 : f64, flops = 42} : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    %14 = graph.rms_norm %x, %s {epsilon = 1.0 : f64, flops = 24} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    return
  }
)mlir";

SmallVector<SmallVector<int64_t>> dimsOf(TypeRange types) {
  SmallVector<SmallVector<int64_t>> dims;
  for (Type type : types)
    dims.emplace_back(cast<RankedTensorType>(type).getShape());
  return dims;
}

TEST(Cost, CountsAsByHand) {
  MLIRContext context;
  context.loadDialect<graph::GraphDialect, func::FuncDialect>();
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(kProgram, &context);
  ASSERT_TRUE(module);
  int64_t numOps = 0;
  module->walk([&](CostOpInterface op) {
    ++numOps;
    auto flops = op->getAttrOfType<IntegerAttr>("flops");
    ASSERT_TRUE(flops);
    EXPECT_EQ(op.countFlops(dimsOf(op->getOperandTypes()),
                            dimsOf(op->getResultTypes())),
              flops.getInt())
        << op->getName().getStringRef().str();
  });
  EXPECT_EQ(numOps, 15);
}

} // namespace
