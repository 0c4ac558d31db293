// RUN: tenon-opt %s --fuse-groups --form-kernels --choose-cuda-schedule | FileCheck %s
// RUN: tenon-opt %s --fuse-groups --form-kernels "--choose-cuda-schedule=shared-bytes=101376" | FileCheck --check-prefix=SMALL %s
// RUN: tenon-opt %s --fuse-groups --form-kernels "--choose-cuda-schedule=warpgroups=true shared-bytes=232448" | FileCheck --check-prefix=GROUPS %s

// A contraction: blocks of sums; of floats of 16 bits four times as many elements
// are contracted in a turn.

// CHECK-DAG: tile.kernel @matmul(%{{.*}}schedule {BK = 16 : index, BM = 64 : index, BN = 64 : index, stages = 4 : index, warps = array<i64: 2, 2>}{{.*}}squares of 4 x 4
// CHECK-DAG: tile.kernel @matmul_0(%{{.*}}schedule {BK = 64 : index, BM = 128 : index, BN = 128 : index, stages = 2 : index, unit = "mma", warps = array<i64: 2, 2>}{{.*}}matrix unit

// As many turns at a time as there is memory for.

// SMALL-DAG: tile.kernel @matmul_0(%{{.*}}stages = 3 : index, unit = "mma", warps = array<i64: 2, 2>}

// Groups of four warps multiply floats of 16 bits and bytes, and no others.

// GROUPS-DAG: tile.kernel @matmul(%{{.*}}stages = 4 : index, warps = array<i64: 2, 2>}
// GROUPS-DAG: tile.kernel @matmul_0(%{{.*}}BN = 128 : index, stages = 4 : index, unit = "wgmma", warps = array<i64: 8, 1>}{{.*}}64 rows for each group

// Twice as many columns where the blocks are still enough for a GPU.

// GROUPS-DAG: tile.kernel @matmul_2(%{{.*}}schedule {BK = 64 : index, BM = 128 : index, BN = 256 : index, cluster = 2 : index, stages = 4 : index, unit = "wgmma"

// Columns that are counted at run time may be any number.

// GROUPS-DAG: tile.kernel @matmul_3(%{{.*}}schedule {BK = 64 : index, BM = 128 : index, BN = 128 : index, stages = 4 : index, unit = "wgmma"

// Integers of 8 bits: 128 of them in a turn. Their columns lie together.

// CHECK-DAG: tile.kernel @matmul_cast(%{{.*}}schedule {BK = 128 : index, BM = 64 : index, BN = 64 : index, stages = 4 : index, unit = "mma", warps = array<i64: 2, 2>}
// GROUPS-DAG: tile.kernel @matmul_cast(%{{.*}}unit = "wgmma", warps = array<i64: 4, 1>}

// Attention: no row of scores is spread over two warps.

// CHECK-DAG: tile.kernel @attention{{.*}}schedule {BM = 64 : index, BN = 32 : index, stages = 2 : index, warps = array<i64: 4, 1>}

// Rows: a warp's, or, where they are long, all of the block's.

// CHECK-DAG: tile.kernel @layer_norm(%{{.*}}schedule {BM = 8 : index, stages = 2 : index, warps = array<i64: 8, 1>}
// CHECK-DAG: tile.kernel @layer_norm_1(%{{.*}}schedule {BM = 1 : index, stages = 2 : index, warps = array<i64: 1, 8>}

func.func @f(%x: tensor<?x96xf32, #graph.dims<B, 96>>, %w: tensor<96x96xf32>, %s: tensor<96xf32>,
             %q: tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>, %a: tensor<2048x256xbf16>, %b: tensor<256x256xbf16>,
             %l: tensor<?x4096xf32, #graph.dims<B, 4096>>, %t: tensor<4096xf32>,
             %c: tensor<?x96xui8, #graph.dims<B, 96>>, %d: tensor<96x96xi8>, %e: tensor<4096x1024xbf16>, %g: tensor<1024x1024xbf16>,
             %h: tensor<1024x?xbf16, #graph.dims<1024, B>>)
    -> (tensor<?x96xf32, #graph.dims<B, 96>>, tensor<2048x256xbf16>, tensor<?x96xf32, #graph.dims<B, 96>>, tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>, tensor<?x4096xf32, #graph.dims<B, 4096>>, tensor<?x96xf32, #graph.dims<B, 96>>, tensor<4096x1024xbf16>, tensor<4096x?xbf16, #graph.dims<4096, B>>) {
  %0 = graph.matmul %x, %w : (tensor<?x96xf32, #graph.dims<B, 96>>, tensor<96x96xf32>) -> tensor<?x96xf32, #graph.dims<B, 96>>
  %1 = graph.layer_norm %x, %s {epsilon = 1.0e-5 : f64} : (tensor<?x96xf32, #graph.dims<B, 96>>, tensor<96xf32>) -> tensor<?x96xf32, #graph.dims<B, 96>>
  %2 = graph.attention %q, %q, %q {scale = 0.25 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>, tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>, tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>) -> tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>
  %3 = graph.matmul %a, %b : (tensor<2048x256xbf16>, tensor<256x256xbf16>) -> tensor<2048x256xbf16>
  %4 = graph.layer_norm %l, %t {epsilon = 1.0e-5 : f64} : (tensor<?x4096xf32, #graph.dims<B, 4096>>, tensor<4096xf32>) -> tensor<?x4096xf32, #graph.dims<B, 4096>>
  %i = graph.cast %c {to = i32} : (tensor<?x96xui8, #graph.dims<B, 96>>) -> tensor<?x96xi32, #graph.dims<B, 96>>
  %j = graph.cast %d {to = i32} : (tensor<96x96xi8>) -> tensor<96x96xi32>
  %5 = graph.matmul %i, %j : (tensor<?x96xi32, #graph.dims<B, 96>>, tensor<96x96xi32>) -> tensor<?x96xi32, #graph.dims<B, 96>>
  %6 = graph.cast %5 {to = f32} : (tensor<?x96xi32, #graph.dims<B, 96>>) -> tensor<?x96xf32, #graph.dims<B, 96>>
  %7 = graph.matmul %e, %g : (tensor<4096x1024xbf16>, tensor<1024x1024xbf16>) -> tensor<4096x1024xbf16>
  %8 = graph.matmul %e, %h : (tensor<4096x1024xbf16>, tensor<1024x?xbf16, #graph.dims<1024, B>>) -> tensor<4096x?xbf16, #graph.dims<4096, B>>
  return %0, %3, %1, %2, %4, %6, %7, %8 : tensor<?x96xf32, #graph.dims<B, 96>>, tensor<2048x256xbf16>, tensor<?x96xf32, #graph.dims<B, 96>>, tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>, tensor<?x4096xf32, #graph.dims<B, 4096>>, tensor<?x96xf32, #graph.dims<B, 96>>, tensor<4096x1024xbf16>, tensor<4096x?xbf16, #graph.dims<4096, B>>
}
