// RUN: tenon-opt %s --fuse-groups --form-kernels "--choose-schedule=units=amx-int8,amx-bf16 f32-macs=32 l2-bytes=2097152" --split-input-file | FileCheck %s

// Few queries leave the lanes to the keys; others fill whole vectors and no more
// than they are.

// CHECK-DAG: tile.kernel @attention{{.*}}schedule {BM = 1 : index, BN = 32 : index} {{.*}}"lanes are left to 32 keys, since few queries would leave them idle"
// CHECK-DAG: tile.kernel @attention{{.*}}schedule {BM = 32 : index, BN = 64 : index, lanes = "first"}
func.func @queries(%one: tensor<1x2x1x16xf32>, %some: tensor<1x2x20x16xf32>, %keys: tensor<1x2x99x16xf32>) -> (tensor<1x2x1x16xf32>, tensor<1x2x20x16xf32>) {
  %0 = graph.attention %some, %keys, %keys {scale = 0.25 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<1x2x20x16xf32>, tensor<1x2x99x16xf32>, tensor<1x2x99x16xf32>) -> tensor<1x2x20x16xf32>
  %1 = graph.attention %one, %keys, %keys {scale = 0.25 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<1x2x1x16xf32>, tensor<1x2x99x16xf32>, tensor<1x2x99x16xf32>) -> tensor<1x2x1x16xf32>
  return %1, %0 : tensor<1x2x1x16xf32>, tensor<1x2x20x16xf32>
}

// -----

// Not where heads are no whole vectors.

// CHECK: tile.kernel @attention{{.*}}schedule {BM = 16 : index, BN = 64 : index, lanes = "first"}
func.func @narrow_heads(%one: tensor<1x2x1x4xf32>, %keys: tensor<1x2x99x4xf32>) -> tensor<1x2x1x4xf32> {
  %0 = graph.attention %one, %keys, %keys {scale = 0.25 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<1x2x1x4xf32>, tensor<1x2x99x4xf32>, tensor<1x2x99x4xf32>) -> tensor<1x2x1x4xf32>
  return %0 : tensor<1x2x1x4xf32>
}

// -----

// Tiles of sums too; for one tile of queries a step has few keys.

// CHECK-DAG: tile.kernel @attention{{.*}}schedule {BM = 16 : index, BN = 32 : index, unit = "amx-bf16"}
// CHECK-DAG: tile.kernel @attention{{.*}}schedule {BM = 48 : index, BN = 128 : index, unit = "amx-bf16"}
func.func @tiles_of_queries(%one: tensor<1x2x1x32xbf16>, %some: tensor<1x2x40x32xbf16>, %keys: tensor<1x2x199x32xbf16>) -> (tensor<1x2x1x32xbf16>, tensor<1x2x40x32xbf16>) {
  %0 = graph.attention %some, %keys, %keys {scale = 0.25 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<1x2x40x32xbf16>, tensor<1x2x199x32xbf16>, tensor<1x2x199x32xbf16>) -> tensor<1x2x40x32xbf16>
  %1 = graph.attention %one, %keys, %keys {scale = 0.25 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<1x2x1x32xbf16>, tensor<1x2x199x32xbf16>, tensor<1x2x199x32xbf16>) -> tensor<1x2x1x32xbf16>
  return %1, %0 : tensor<1x2x1x32xbf16>, tensor<1x2x40x32xbf16>
}

// -----

// A product of few rows streams its weights through vectors; tiles want four.

// CHECK-DAG: tile.kernel @matmul{{.*}}schedule {BK = 96 : index, BM = {{[0-9]+}} : index, BN = {{[0-9]+}} : index, group = {{[0-9]+}} : index, order = array<i64: 1, 0>} source
// CHECK-DAG: tile.kernel @matmul{{.*}}schedule {BK = 96 : index, BM = 256 : index, BN = 32 : index, {{.*}}unit = "amx-bf16"
func.func @few_rows(%x: tensor<3x96xbf16>, %y: tensor<4x96xbf16>, %w: tensor<96x96xbf16>) -> (tensor<3x96xbf16>, tensor<4x96xbf16>) {
  %0 = graph.matmul %x, %w : (tensor<3x96xbf16>, tensor<96x96xbf16>) -> tensor<3x96xbf16>
  %1 = graph.matmul %y, %w : (tensor<4x96xbf16>, tensor<96x96xbf16>) -> tensor<4x96xbf16>
  return %0, %1 : tensor<3x96xbf16>, tensor<4x96xbf16>
}

// -----

// Of long rows few: two of 768 are 6 KiB of f32.

// CHECK-DAG: tile.kernel @rms_norm{{.*}}schedule {BM = 4 : index}
// CHECK-DAG: tile.kernel @softmax{{.*}}schedule {BM = 2 : index}
// CHECK-DAG: tile.kernel @layer_norm{{.*}}schedule {BM = 1 : index}
func.func @rows(%x: tensor<9x384xf32>, %y: tensor<9x768xbf16>, %z: tensor<9x1600xf32>, %w: tensor<384xf32>, %v: tensor<1600xf32>) -> (tensor<9x384xf32>, tensor<9x768xbf16>, tensor<9x1600xf32>) {
  %0 = graph.rms_norm %x, %w {epsilon = 1.0e-5 : f64} : (tensor<9x384xf32>, tensor<384xf32>) -> tensor<9x384xf32>
  %1 = graph.softmax %y {axis = 1 : i64} : (tensor<9x768xbf16>) -> tensor<9x768xbf16>
  %2 = graph.layer_norm %z, %v {epsilon = 1.0e-5 : f64} : (tensor<9x1600xf32>, tensor<1600xf32>) -> tensor<9x1600xf32>
  return %0, %1, %2 : tensor<9x384xf32>, tensor<9x768xbf16>, tensor<9x1600xf32>
}

// -----

// A block of a copy is no wider than the rows, and has rows for it instead.

// CHECK-DAG: tile.kernel @copy{{.*}}schedule {BM = 14 : index, BN = 16 : index}
// CHECK-DAG: tile.kernel @copy{{.*}}schedule {BM = 4 : index, BN = 256 : index}
func.func @copies(%x: tensor<5x3x14x16xf32>, %y: tensor<5x3x14x300xf32>) -> (tensor<5x14x3x16xf32>, tensor<5x14x3x300xf32>) {
  %0 = graph.transpose %x {permutation = array<i64: 0, 2, 1, 3>} : (tensor<5x3x14x16xf32>) -> tensor<5x14x3x16xf32>
  %1 = graph.transpose %y {permutation = array<i64: 0, 2, 1, 3>} : (tensor<5x3x14x300xf32>) -> tensor<5x14x3x300xf32>
  return %0, %1 : tensor<5x14x3x16xf32>, tensor<5x14x3x300xf32>
}
