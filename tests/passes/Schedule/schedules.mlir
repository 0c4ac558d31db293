// RUN: tenon-opt %s --fuse-groups --form-kernels --choose-schedule | FileCheck %s --check-prefixes=CHECK,WIDE
// RUN: tenon-opt %s --fuse-groups --form-kernels "--choose-schedule=vector-bytes=32 vectors=16" | FileCheck %s --check-prefixes=CHECK,NARROW
// RUN: tenon-opt %s --fuse-groups --form-kernels --choose-schedule=f32-macs=32 | FileCheck %s --check-prefix=TWICE

// A contraction: a block that fits the registers, the whole depth. Four vectors
// need fewer loads, which two multiply-adds a cycle want, and 64 columns have no
// third part.

// WIDE-DAG:   tile.kernel @matmul{{.*}}schedule {BK = 96 : index, BM = 8 : index, BN = 48 : index, group = 170 : index, order = array<i64: 1, 0>}
// NARROW-DAG: tile.kernel @matmul{{.*}}schedule {BK = 96 : index, BM = 4 : index, BN = 24 : index, group = 341 : index, order = array<i64: 1, 0>}
// TWICE-DAG:  schedule {BK = 96 : index, BM = 8 : index, BN = 48 : index, group = 170 : index, order = array<i64: 1, 0>}
// TWICE-DAG:  schedule {BK = 96 : index, BM = 6 : index, BN = 64 : index, group = 227 : index, order = array<i64: 1, 0>}
// WIDE-DAG:   schedule {BK = 96 : index, BM = 6 : index, BN = 64 : index, group = 227 : index, order = array<i64: 1, 0>}

// Attention: queries in the lanes.

// WIDE-DAG:   tile.kernel @attention{{.*}}schedule {BM = 64 : index, BN = 64 : index, lanes = "first"}
// NARROW-DAG: tile.kernel @attention{{.*}}schedule {BM = 32 : index, BN = 64 : index, lanes = "first"}

// A norm: a few whole rows. A reduction over an unknown length: blocks of it.

// CHECK-DAG: tile.kernel @layer_norm{{.*}}schedule {BM = 4 : index}
// CHECK-DAG: tile.kernel @reduce{{.*}}BR = 64 : index
func.func @f(%x: tensor<?x96xf32, #graph.dims<B, 96>>, %w: tensor<96x96xf32>, %s: tensor<96xf32>,
             %q: tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>, %v: tensor<96x256xf32>)
    -> (tensor<?x96xf32, #graph.dims<B, 96>>, tensor<?x256xf32, #graph.dims<B, 256>>, tensor<?x96xf32, #graph.dims<B, 96>>, tensor<96xf32>, tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>) {
  %0 = graph.matmul %x, %w : (tensor<?x96xf32, #graph.dims<B, 96>>, tensor<96x96xf32>) -> tensor<?x96xf32, #graph.dims<B, 96>>
  %1 = graph.layer_norm %x, %s {epsilon = 1.0e-5 : f64} : (tensor<?x96xf32, #graph.dims<B, 96>>, tensor<96xf32>) -> tensor<?x96xf32, #graph.dims<B, 96>>
  %2 = graph.reduce %x {kind = #graph<reduce_kind sum>, axes = array<i64: 0>, keep_dims = false} : (tensor<?x96xf32, #graph.dims<B, 96>>) -> tensor<96xf32>
  %3 = graph.attention %q, %q, %q {scale = 0.25 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>, tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>, tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>) -> tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>
  %4 = graph.matmul %x, %v : (tensor<?x96xf32, #graph.dims<B, 96>>, tensor<96x256xf32>) -> tensor<?x256xf32, #graph.dims<B, 256>>
  return %0, %4, %1, %2, %3 : tensor<?x96xf32, #graph.dims<B, 96>>, tensor<?x256xf32, #graph.dims<B, 256>>, tensor<?x96xf32, #graph.dims<B, 96>>, tensor<96xf32>, tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>
}
