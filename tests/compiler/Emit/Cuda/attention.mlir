// RUN: tenon compile %s --target=cuda:sm_80 --emit=cuda -o - | FileCheck %s

// Maps that compare positions ask where they stand: most blocks of keys are
// seen by all rows. A thread carries its part of a row's sum from turn to turn.
// What a turn makes of them alone overwrites what a loop carries. Sums narrowed to pairs are the left side of the next product.

// CHECK-LABEL: tenon_attention
// CHECK: auto [[SUM:carried[0-9]+]] = partsOf<Sum>(fill<Rows<float, L64x64>>(
// CHECK: auto [[RESULT:carried[0-9]+]] = fill<
// CHECK: pipeline<W, {{[0-9]}}>
// CHECK: multiplyByUnit(sum{{[0-9]+}}, s{{[0-9]+}}, transposed(s{{[0-9]+}}[stage]));
// CHECK: mapColumnsWhere<L64x64>([=](auto where, Position x0, Position x1) { return where(x0 < x1) ? 0.0f : -infinity<float>(); }
// CHECK: mapWhere<L64x64>([=](auto where, float x0, float x1, Position x2, Position x3, Position x4) {
// CHECK-NEXT: return where(x3 <= (x2 + x4)) ?
// CHECK: reduceRows<MaxNumber>
// CHECK: power2
// CHECK: [[PART:t[0-9]+]] = reducePartly<Sum>
// CHECK: [[SUM]] = mapRows<L64x64>([=](float x0, float x1, float x2) { return fmaf(x0, x1, x2); }, [[SUM]], [[SCALE:t[0-9]+]], [[PART]]);
// CHECK: [[RESULT]] = map<L64x64>([=](float x0, float x1) { return x0 * x1; }, [[RESULT]], [[SCALE]]);
// CHECK-NEXT: multiplyByUnit([[RESULT]], pairsOf(t{{[0-9]+}}), s{{[0-9]+}}[stage]);
// CHECK: [[SUM]] = combineParts<Sum>([[SUM]], 0);
// CHECK: map<L64x64>([=](float x0, float x1) { return bf16(x0 * x1); }, [[RESULT]],
func.func @main(%q: tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>>, %k: tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>>) -> tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>> {
  %0 = graph.attention %q, %k, %k {causal, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.125 : f64} : (tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>>, tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>>, tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>>) -> tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>>
  return %0 : tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>>
}
