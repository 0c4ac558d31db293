// RUN: tenon compile %s --target=cuda:sm_80 --emit=cuda -o - | FileCheck %s

// Maps that compare positions ask where they stand: most blocks of keys are
// seen by all rows. A thread carries its part of a row's sum from turn to turn.
// Sums narrowed to pairs are the left side of the next product.

// CHECK-LABEL: tenon_attention
// CHECK: carried[[SUM:[0-9]+]] = partsOf<Sum>(carried[[SUM]]);
// CHECK: pipeline<W, {{[0-9]}}>
// CHECK: multiplyByUnit(sum{{[0-9]+}}, s{{[0-9]+}}, transposed(s{{[0-9]+}}));
// CHECK: mapColumnsWhere<L64x64>([=](auto where, Position x0, Position x1) {
// CHECK:   where(x0 < x1)
// CHECK: mapWhere<L64x64>([=](auto where, float x0, float x1, Position x2, Position x3, Position x4) {
// CHECK:   const Position [[LAST:t[0-9]+]] = (x2 + x4);
// CHECK:   where(x3 <= [[LAST]])
// CHECK: reduceRows<MaxNumber>
// CHECK: power2
// CHECK: reducePartly<Sum>
// CHECK: multiplyByUnit(sum{{[0-9]+}}, pairsOf(t{{[0-9]+}}), s{{[0-9]+}});
// CHECK: carried[[SUM]] = combineParts<Sum>(carried[[SUM]], 0);
func.func @main(%q: tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>>, %k: tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>>) -> tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>> {
  %0 = graph.attention %q, %k, %k {causal, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.125 : f64} : (tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>>, tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>>, tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>>) -> tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>>
  return %0 : tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>>
}
