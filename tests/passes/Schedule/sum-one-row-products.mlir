// RUN: tenon-opt %s --split-input-file --simplify-graph --fuse-groups --form-kernels --split-attention --choose-cuda-schedule --apply-schedule --sum-one-row-products | FileCheck %s

// One query: scores are sums along rows of keys, results sums down the columns
// of values, and what is known of a query is a number. Its parts are merged at
// once, by a warp.

// CHECK-LABEL: tile.kernel @attention_parts
// CHECK-SAME: schedule {BM = 1 : index, BN = 16 : index, stages = 2 : index, warps = array<i64: 1, 1>}
// CHECK: tile.load {{.*}} axes [3] {{.*}} -> <[64], bf16>
// CHECK: iter_args({{.*}}) -> (!tile.tile<[], f32>, !tile.tile<[], f32>, !tile.tile<[64], f32>)
// CHECK: tile.load {{.*}} axes [2, 3] {{.*}} -> <[16, 64], bf16>
// CHECK: tile.map {{.*}} maps {{\[}}[1], [0, 1]]
// CHECK: tile.reduce sum {{.*}} axis 1 : <[16, 64], f32> -> <[16], f32>
// CHECK: tile.map {{.*}} maps {{\[}}[0], [0, 1]]
// CHECK: tile.reduce sum {{.*}} axis 0 : <[16, 64], f32> -> <[64], f32>
// CHECK-NOT: tile.mma
// CHECK-LABEL: tile.kernel @attention_merge
// CHECK: tile.load {{.*}} -> <[5, 64], f32>
func.func @one_query(%q: tensor<1x4x1x64xbf16>, %k: tensor<1x4x640x64xbf16>) -> tensor<1x4x1x64xbf16> {
  %0 = graph.attention %q, %k, %k {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.125 : f64} : (tensor<1x4x1x64xbf16>, tensor<1x4x640x64xbf16>, tensor<1x4x640x64xbf16>) -> tensor<1x4x1x64xbf16>
  return %0 : tensor<1x4x1x64xbf16>
}

// -----

// What lies along the contracted axis is read so.

// CHECK-LABEL: tile.kernel @matmul
// CHECK-SAME: schedule {BK = 512 : index, BM = 1 : index, BN = 16 : index, stages = 2 : index, warps = array<i64: 8, 1>}
// CHECK: tile.load {{.*}} axes [0, 1] {{.*}} -> <[16, 512], f32>
func.func @deep(%x: tensor<1x900xf32>, %w: tensor<48x900xf32>) -> tensor<1x48xf32> {
  %t = graph.transpose %w {permutation = array<i64: 1, 0>} : (tensor<48x900xf32>) -> tensor<900x48xf32>
  %0 = graph.matmul %x, %t : (tensor<1x900xf32>, tensor<900x48xf32>) -> tensor<1x48xf32>
  return %0 : tensor<1x48xf32>
}

// -----

// Bytes are the matrix unit's.

// CHECK-LABEL: tile.kernel @matmul
// CHECK-SAME: unit = "mma"
// CHECK: tile.mma
func.func @bytes(%x: tensor<1x64xi8>, %w: tensor<64x48xi8>) -> tensor<1x48xi32> {
  %a = graph.cast %x {to = i32} : (tensor<1x64xi8>) -> tensor<1x64xi32>
  %b = graph.cast %w {to = i32} : (tensor<64x48xi8>) -> tensor<64x48xi32>
  %0 = graph.matmul %a, %b : (tensor<1x64xi32>, tensor<64x48xi32>) -> tensor<1x48xi32>
  return %0 : tensor<1x48xi32>
}

// -----

// A tile whose one element of an axis may be outside keeps that axis.

// CHECK-LABEL: tile.kernel @pad
// CHECK: tile.load {{.*}} axes [0, 1, 2] {{.*}} -> <[1, 8, 128], f32>
func.func @outside(%x: tensor<5x30x300xf32>) -> tensor<7x30x300xf32> {
  %v = graph.constant dense<7.5> : tensor<f32>
  %0 = graph.pad %x, %v {low = array<i64: 1, 0, 0>, high = array<i64: 1, 0, 0>} : (tensor<5x30x300xf32>, tensor<f32>) -> tensor<7x30x300xf32>
  return %0 : tensor<7x30x300xf32>
}
