// RUN: tenon compile %s --dtype=tf32 --target=cuda:sm_80 --emit=cuda -o - | FileCheck %s
// RUN: not tenon compile %s --dtype=tf32 -o %t 2>&1 | FileCheck %s --check-prefix=CPU
// RUN: not tenon compile %s --dtype=fp8 --target=cuda:sm_80 -o %t 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// f32 in memory, also in the block's, where both sides have rows of what is
// contracted. Attention stays f32.

// CPU: error: --dtype: expected f32, bf16 or, for a GPU, tf32, got 'tf32' for 'native'
// UNKNOWN: error: --dtype: expected f32, bf16 or, for a GPU, tf32, got 'fp8' for 'cuda:sm_80'

// CHECK-LABEL: tenon_attention
// CHECK: multiply(
// CHECK-LABEL: tenon_matmul
// CHECK: const Stages<SwizzledTile<float, 64, 32>> [[LEFT:s[0-9]+]]
// CHECK: const Stages<SwizzledTile<float, 64, 32>> [[RIGHT:s[0-9]+]]
// CHECK: copy<W, 8>([[LEFT]][stage], Window{buffer0
// CHECK: copy<W, 8>([[RIGHT]][stage], Window{buffer1 + {{.*}}Fixed<64>(), Fixed<1>()
// CHECK: multiplyByUnit(carried{{[0-9]+}}, [[LEFT]][stage], transposed([[RIGHT]][stage]));
func.func @main(%x: tensor<?x64xf32, #graph.dims<L, 64>>, %w: tensor<96x64xf32>, %q: tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>) -> (tensor<?x96xf32, #graph.dims<L, 96>>, tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>) {
  %c = graph.transpose %w {permutation = array<i64: 1, 0>} : (tensor<96x64xf32>) -> tensor<64x96xf32>
  %0 = graph.matmul %x, %c : (tensor<?x64xf32, #graph.dims<L, 64>>, tensor<64x96xf32>) -> tensor<?x96xf32, #graph.dims<L, 96>>
  %1 = graph.attention %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.25 : f64} : (tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>, tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>, tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>) -> tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>
  return %0, %1 : tensor<?x96xf32, #graph.dims<L, 96>>, tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>
}
