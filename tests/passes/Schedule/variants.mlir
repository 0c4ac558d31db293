// RUN: tenon-opt %s --fuse-groups --form-kernels "--choose-schedule=units=amx-bf16 f32-macs=32 l2-bytes=2097152" --split-input-file | FileCheck %s
// RUN: tenon-opt %s --fuse-groups --form-kernels "--choose-schedule=units=amx-bf16 f32-macs=32 l2-bytes=2097152" --apply-schedule --split-input-file | FileCheck %s --check-prefix=APPLIED

// Attention of as many queries as the caller gives: for few, keys lie in the
// lanes.

// CHECK: tile.kernel @attention(
// CHECK-SAME: schedule {BM = 64 : index, BN = 64 : index, lanes = "first"}
// CHECK-SAME: variants [#tile.variant<@attention_at_most_16, axis 2 at most 16>]
// CHECK-SAME: "for more than 16 rows: 64 queries lie in 4 vectors
// CHECK: tile.kernel @attention_at_most_16(
// CHECK-SAME: schedule {BM = 8 : index, BN = 32 : index} source "attention" attributes {tenon.reason = "for at most 16 rows: lanes are left to 32 keys
// CHECK: tile.launch @attention(
func.func @open_queries(%q: tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>, %k: tensor<1x2x99x16xf32>) -> tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>> {
  %0 = graph.attention %q, %k, %k {scale = 0.25 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>, tensor<1x2x99x16xf32>, tensor<1x2x99x16xf32>) -> tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>
  return %0 : tensor<1x2x?x16xf32, #graph.dims<1, 2, L, 16>>
}

// -----

// On tiles it takes smaller blocks.

// CHECK: tile.kernel @attention(
// CHECK-SAME: schedule {BM = 64 : index, BN = 128 : index, unit = "amx-bf16"}
// CHECK-SAME: variants [#tile.variant<@attention_at_most_64, axis 2 at most 64>]
// CHECK-SAME: "for more than 64 rows
// CHECK: tile.kernel @attention_at_most_64(
// CHECK-SAME: schedule {BM = 32 : index, BN = 32 : index, unit = "amx-bf16"}
func.func @open_queries_of_tiles(%q: tensor<1x2x?x32xbf16, #graph.dims<1, 2, L, 32>>, %k: tensor<1x2x199x32xbf16>) -> tensor<1x2x?x32xbf16, #graph.dims<1, 2, L, 32>> {
  %0 = graph.attention %q, %k, %k {scale = 0.25 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<1x2x?x32xbf16, #graph.dims<1, 2, L, 32>>, tensor<1x2x199x32xbf16>, tensor<1x2x199x32xbf16>) -> tensor<1x2x?x32xbf16, #graph.dims<1, 2, L, 32>>
  return %0 : tensor<1x2x?x32xbf16, #graph.dims<1, 2, L, 32>>
}

// -----

// The causal mask of a block of queries hides more of more keys.

// CHECK: tile.kernel @attention(
// CHECK-SAME: schedule {BM = 64 : index, BN = 128 : index, unit = "amx-bf16"}
// CHECK-SAME: variants [#tile.variant<@attention_at_most_64, axis 2 at most 64>, #tile.variant<@attention_at_most_384, axis 2 at most 384>]
// CHECK: tile.kernel @attention_at_most_384(
// CHECK-SAME: schedule {BM = 64 : index, BN = 64 : index, unit = "amx-bf16"}
// CHECK-LABEL: func.func @open_causal_queries
func.func @open_causal_queries(%q: tensor<1x2x?x32xbf16, #graph.dims<1, 2, L, 32>>) -> tensor<1x2x?x32xbf16, #graph.dims<1, 2, L, 32>> {
  %0 = graph.attention %q, %q, %q {causal, scale = 0.25 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<1x2x?x32xbf16, #graph.dims<1, 2, L, 32>>, tensor<1x2x?x32xbf16, #graph.dims<1, 2, L, 32>>, tensor<1x2x?x32xbf16, #graph.dims<1, 2, L, 32>>) -> tensor<1x2x?x32xbf16, #graph.dims<1, 2, L, 32>>
  return %0 : tensor<1x2x?x32xbf16, #graph.dims<1, 2, L, 32>>
}

// -----

// Many queries of f32 are split for the unit, some go through vectors, and few
// leave the lanes to the keys.

// CHECK: tile.kernel @attention(
// CHECK-SAME: schedule {BM = 256 : index, BN = 128 : index, unit = "amx-bf16x3"}
// CHECK-SAME: variants [#tile.variant<@attention_at_most_16, axis 2 at most 16>, #tile.variant<@attention_at_most_192, axis 2 at most 192>]
// CHECK: tile.kernel @attention_at_most_16(
// CHECK-SAME: schedule {BM = 8 : index, BN = 32 : index}
// CHECK: tile.kernel @attention_at_most_192(
// CHECK-SAME: schedule {BM = 64 : index, BN = 64 : index, lanes = "first"}
// CHECK: func.func @split_queries
func.func @split_queries(%q: tensor<1x2x?x32xf32, #graph.dims<1, 2, L, 32>>, %k: tensor<1x2x199x32xf32>) -> tensor<1x2x?x32xf32, #graph.dims<1, 2, L, 32>> {
  %0 = graph.attention %q, %k, %k {scale = 0.25 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<1x2x?x32xf32, #graph.dims<1, 2, L, 32>>, tensor<1x2x199x32xf32>, tensor<1x2x199x32xf32>) -> tensor<1x2x?x32xf32, #graph.dims<1, 2, L, 32>>
  return %0 : tensor<1x2x?x32xf32, #graph.dims<1, 2, L, 32>>
}

// -----

// Few rows of a product go through vectors. Both kernels read one packed weight.

// CHECK: tile.kernel @matmul(
// CHECK-SAME: BM = 256 : index, BN = 32 : index
// CHECK-SAME: unit = "amx-bf16"}
// CHECK-SAME: variants [#tile.variant<@matmul_at_most_3, axis 0 at most 3>]
// CHECK: tile.kernel @matmul_at_most_3(
// CHECK-SAME: BM = 3 : index, BN = 32 : index
// CHECK-SAME: unit = "avx512bf16"}
// APPLIED: tile.kernel @matmul(
// APPLIED: !tile.view<96x96xbf16, <1/32, 0/2, 1 mod 32, 0 mod 2>>
// APPLIED: tile.kernel @matmul_at_most_3(
// APPLIED: !tile.view<96x96xbf16, <1/32, 0/2, 1 mod 32, 0 mod 2>>
// APPLIED-LABEL: func.func @open_rows
// APPLIED:         %[[W:.+]] = graph.weight
// APPLIED-NEXT:    %[[P:.+]] = tile.pack %[[W]], <1/32, 0/2, 1 mod 32, 0 mod 2>
// APPLIED-NEXT:    tile.launch @matmul(%{{.+}}, %[[P]])
func.func @open_rows(%x: tensor<?x96xbf16, #graph.dims<B, 96>>) -> tensor<?x96xbf16, #graph.dims<B, 96>> {
  %w = graph.weight <"weights" name "w" at 0 bytes 18432> : tensor<96x96xbf16>
  %0 = graph.matmul %x, %w : (tensor<?x96xbf16, #graph.dims<B, 96>>, tensor<96x96xbf16>) -> tensor<?x96xbf16, #graph.dims<B, 96>>
  return %0 : tensor<?x96xbf16, #graph.dims<B, 96>>
}

// -----

// One schedule does for a number of rows that is known, for heads that are no
// whole vectors, in vectors without tiles, and without products.

// CHECK-NOT: #tile.variant
// CHECK-LABEL: func.func @one_schedule
func.func @one_schedule(%one: tensor<1x2x1x16xf32>, %keys: tensor<1x2x99x16xf32>, %q: tensor<1x2x?x4xf32, #graph.dims<1, 2, L, 4>>, %k: tensor<1x2x99x4xf32>,
                        %x: tensor<?x40xf32, #graph.dims<L, 40>>, %w: tensor<40x20xf32>)
    -> (tensor<1x2x1x16xf32>, tensor<1x2x?x4xf32, #graph.dims<1, 2, L, 4>>, tensor<?x20xf32, #graph.dims<L, 20>>, tensor<?x40xf32, #graph.dims<L, 40>>) {
  %0 = graph.attention %one, %keys, %keys {scale = 0.25 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<1x2x1x16xf32>, tensor<1x2x99x16xf32>, tensor<1x2x99x16xf32>) -> tensor<1x2x1x16xf32>
  %1 = graph.attention %q, %k, %k {scale = 0.25 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<1x2x?x4xf32, #graph.dims<1, 2, L, 4>>, tensor<1x2x99x4xf32>, tensor<1x2x99x4xf32>) -> tensor<1x2x?x4xf32, #graph.dims<1, 2, L, 4>>
  %2 = graph.matmul %x, %w : (tensor<?x40xf32, #graph.dims<L, 40>>, tensor<40x20xf32>) -> tensor<?x20xf32, #graph.dims<L, 20>>
  %3 = graph.softmax %x {axis = 1 : i64} : (tensor<?x40xf32, #graph.dims<L, 40>>) -> tensor<?x40xf32, #graph.dims<L, 40>>
  return %0, %1, %2, %3 : tensor<1x2x1x16xf32>, tensor<1x2x?x4xf32, #graph.dims<1, 2, L, 4>>, tensor<?x20xf32, #graph.dims<L, 20>>, tensor<?x40xf32, #graph.dims<L, 40>>
}

// -----

// Two loops over rows whose length is not known, and none where a block holds
// a row. Rows before them are open as well; these have one schedule.

// CHECK:      tile.kernel @softmax(
// CHECK-SAME: schedule {BM = [[BM:[0-9]+]] : index, BN = 256 : index, BR = 64 : index}
// CHECK-SAME: variants [#tile.variant<@softmax_at_most_512, axis 1 at most 512>]
// CHECK-SAME: tenon.reason = "for more than 512 columns: a few rows
// CHECK-COUNT-2: scf.for
// CHECK:      tile.kernel @softmax_at_most_512(
// CHECK-SAME: schedule {BM = [[BM]] : index, BN = 512 : index}
// CHECK-SAME: tenon.reason = "for at most 512 columns: one block holds a row, which is computed once"
// CHECK:      [[GRID:%.+]]:2 = tile.grid
// CHECK-NOT:  scf.for
// CHECK:      tile.load %{{.+}}[[[GRID]]#0, %c0{{.*}}]
// CHECK-NOT:  tile.load
// CHECK:      tile.reduce max
// CHECK-SAME: below
// CHECK:      tile.reduce sum
// CHECK-SAME: below
// CHECK-LABEL: func.func @open_rows_and_columns
func.func @open_rows_and_columns(%x: tensor<?x?xf32, #graph.dims<B, L>>) -> tensor<?x?xf32, #graph.dims<B, L>> {
  %0 = graph.softmax %x {axis = 1 : i64} : (tensor<?x?xf32, #graph.dims<B, L>>) -> tensor<?x?xf32, #graph.dims<B, L>>
  return %0 : tensor<?x?xf32, #graph.dims<B, L>>
}
