// RUN: tenon-opt %s --raise-integer-matmul --remarks-filter=Raise --verify-diagnostics \
// RUN:   --split-input-file | FileCheck %s

// The example in the pass's description is run by tests/house.

// An i32 product with zero points on both sides: those of the weights meet the
// sums of the rows.

// CHECK-LABEL: func @zero_points
// CHECK-SAME:    (%[[X:.+]]: tensor<?x8xui8{{.*}}>, %[[ZERO:.+]]: tensor<ui8>)
// CHECK-DAG:     %[[W:.+]] = graph.weight
// CHECK-DAG:     %[[WZ:.+]] = graph.constant dense<3> : tensor<i32>
// CHECK-DAG:     %[[XI:.+]] = graph.cast %[[X]] {to = i32}
// CHECK-DAG:     %[[WI:.+]] = graph.cast %[[W]] {to = i32}
// CHECK:         %[[P:.+]] = graph.matmul %[[XI]], %[[WI]]
// CHECK:         %[[WIDE:.+]] = graph.cast %[[W]] {to = i64}
// CHECK:         %[[SUMS:.+]] = graph.reduce %[[WIDE]] {axes = array<i64: 0>
// CHECK:         %[[COLUMNS:.+]] = graph.cast %[[SUMS]] {to = i32}
// CHECK:         %[[DEPTH:.+]] = graph.constant dense<8>
// CHECK:         %[[ZEROS:.+]] = graph.mul %[[DEPTH]], %[[WZ]]
// CHECK:         %[[CENTERED:.+]] = graph.sub %[[COLUMNS]], %[[ZEROS]]
// CHECK:         %[[Z:.+]] = graph.cast %[[ZERO]] {to = i32}
// CHECK:         %[[FIRST:.+]] = graph.mul %[[Z]], %[[CENTERED]]
// CHECK:         %[[Q:.+]] = graph.sub %[[P]], %[[FIRST]]
// CHECK:         %[[ROWS:.+]] = graph.reduce %{{.+}} {axes = array<i64: 1>
// CHECK:         %[[SECOND:.+]] = graph.mul %[[WZ]], %[[ROWS]]
// CHECK:         graph.sub %[[Q]], %[[SECOND]]
func.func @zero_points(%x: tensor<?x8xui8, #graph.dims<L, 8>>, %zero: tensor<ui8>) -> tensor<?x4xi32, #graph.dims<L, 4>> {
  %w = graph.weight <"w.bin" name "w" at 0 bytes 32> : tensor<8x4xi8>
  %wz = graph.constant dense<3> : tensor<i32>
  %0 = graph.cast %x {to = i32} : (tensor<?x8xui8, #graph.dims<L, 8>>) -> tensor<?x8xi32, #graph.dims<L, 8>>
  %1 = graph.cast %zero {to = i32} : (tensor<ui8>) -> tensor<i32>
  %2 = graph.sub %0, %1 : (tensor<?x8xi32, #graph.dims<L, 8>>, tensor<i32>) -> tensor<?x8xi32, #graph.dims<L, 8>>
  %3 = graph.cast %w {to = i32} : (tensor<8x4xi8>) -> tensor<8x4xi32>
  %4 = graph.sub %3, %wz : (tensor<8x4xi32>, tensor<i32>) -> tensor<8x4xi32>
  // expected-remark @below {{a product of integers of 8 bits, scaled}}
  %5 = graph.matmul %2, %4 : (tensor<?x8xi32, #graph.dims<L, 8>>, tensor<8x4xi32>) -> tensor<?x4xi32, #graph.dims<L, 4>>
  return %5 : tensor<?x4xi32, #graph.dims<L, 4>>
}

// -----

// Signed activations become unsigned and unsigned weights signed, by 128, which
// moves the zero points. The weight is transposed (Gemm), its scales along.

// CHECK-LABEL: func @other_signs
// CHECK-SAME:    (%[[X:.+]]: tensor<2x8xi8>
// CHECK-DAG:     %[[W:.+]] = graph.weight <"w.bin" name "w"
// CHECK-DAG:     %[[S:.+]] = graph.weight <"w.bin" name "s"
// CHECK:         %[[WT:.+]] = graph.transpose %[[W]]
// CHECK:         %[[COLUMN:.+]] = graph.transpose %[[S]] {{.+}} -> tensor<1x4xf32>
// CHECK:         %[[BITS:.+]] = graph.cast %[[X]] {to = ui8}
// CHECK:         %[[UNSIGNED:.+]] = graph.add %[[BITS]], %{{.+}} : (tensor<2x8xui8>, tensor<ui8>)
// CHECK:         %[[MOVED:.+]] = graph.sub %[[WT]], %{{.+}} : (tensor<8x4xui8>, tensor<ui8>)
// CHECK:         %[[SIGNED:.+]] = graph.cast %[[MOVED]] {to = i8}
// CHECK-DAG:     %[[XI:.+]] = graph.cast %[[UNSIGNED]] {to = i32}
// CHECK-DAG:     %[[WI:.+]] = graph.cast %[[SIGNED]] {to = i32}
// CHECK:         graph.matmul %[[XI]], %[[WI]]
// CHECK:         graph.mul %{{.+}}, %[[COLUMN]]
func.func @other_signs(%x: tensor<2x8xi8>, %xs: tensor<f32>) -> tensor<2x4xf32> {
  %w = graph.weight <"w.bin" name "w" at 0 bytes 32> : tensor<4x8xui8>
  %s = graph.weight <"w.bin" name "s" at 32 bytes 16> : tensor<4x1xf32>
  %0 = graph.cast %x {to = f32} : (tensor<2x8xi8>) -> tensor<2x8xf32>
  %1 = graph.mul %0, %xs : (tensor<2x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  %2 = graph.cast %w {to = f32} : (tensor<4x8xui8>) -> tensor<4x8xf32>
  %3 = graph.mul %2, %s : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %4 = graph.transpose %3 {permutation = array<i64: 1, 0>} : (tensor<4x8xf32>) -> tensor<8x4xf32>
  // expected-remark @below {{a product of integers of 8 bits, scaled}}
  %5 = graph.matmul %1, %4 : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  return %5 : tensor<2x4xf32>
}

// -----

// Both sides are activations, in a batch: the sums of the right side's columns
// are computed when the program runs.

// CHECK-LABEL: func @activations
// CHECK-SAME:    (%[[X:.+]]: tensor<3x?x8xui8{{.*}}>, %[[Y:.+]]: tensor<3x8x2xi8>, %[[ZX:.+]]: tensor<ui8>
// CHECK-DAG:     %[[XI:.+]] = graph.cast %[[X]] {to = i32}
// CHECK-DAG:     %[[YI:.+]] = graph.cast %[[Y]] {to = i32}
// CHECK:         %[[P:.+]] = graph.matmul %[[XI]], %[[YI]] : {{.+}} -> tensor<3x?x2xi32
// CHECK:         %[[COLUMNS:.+]] = graph.reduce %{{.+}} {axes = array<i64: 1>, keep_dims = true, kind = #graph<reduce_kind sum>} : (tensor<3x8x2xi32>) -> tensor<3x1x2xi32>
// CHECK:         %[[Z:.+]] = graph.cast %[[ZX]] {to = i32}
// CHECK:         %[[FIRST:.+]] = graph.mul %[[Z]], %[[COLUMNS]]
// CHECK:         graph.sub %[[P]], %[[FIRST]]
func.func @activations(%x: tensor<3x?x8xui8, #graph.dims<3, L, 8>>, %y: tensor<3x8x2xi8>, %zx: tensor<ui8>, %s: tensor<f32>) -> tensor<3x?x2xf32, #graph.dims<3, L, 2>> {
  %0 = graph.cast %x {to = f32} : (tensor<3x?x8xui8, #graph.dims<3, L, 8>>) -> tensor<3x?x8xf32, #graph.dims<3, L, 8>>
  %1 = graph.cast %zx {to = f32} : (tensor<ui8>) -> tensor<f32>
  %2 = graph.sub %0, %1 : (tensor<3x?x8xf32, #graph.dims<3, L, 8>>, tensor<f32>) -> tensor<3x?x8xf32, #graph.dims<3, L, 8>>
  %3 = graph.mul %2, %s : (tensor<3x?x8xf32, #graph.dims<3, L, 8>>, tensor<f32>) -> tensor<3x?x8xf32, #graph.dims<3, L, 8>>
  %4 = graph.cast %y {to = f32} : (tensor<3x8x2xi8>) -> tensor<3x8x2xf32>
  // expected-remark @below {{a product of integers of 8 bits, scaled}}
  %5 = graph.matmul %3, %4 : (tensor<3x?x8xf32, #graph.dims<3, L, 8>>, tensor<3x8x2xf32>) -> tensor<3x?x2xf32, #graph.dims<3, L, 2>>
  return %5 : tensor<3x?x2xf32, #graph.dims<3, L, 2>>
}

// -----

// Left alone: how often the zero points count is not known.

// CHECK-LABEL: func @unknown_depth
// CHECK:         %[[X:.+]] = graph.sub
// CHECK:         graph.matmul %[[X]]
func.func @unknown_depth(%x: tensor<2x?xui8, #graph.dims<2, K>>, %y: tensor<?x2xui8, #graph.dims<K, 2>>, %zero: tensor<ui8>) -> tensor<2x2xi32> {
  %0 = graph.cast %x {to = i32} : (tensor<2x?xui8, #graph.dims<2, K>>) -> tensor<2x?xi32, #graph.dims<2, K>>
  %1 = graph.cast %zero {to = i32} : (tensor<ui8>) -> tensor<i32>
  %2 = graph.sub %0, %1 : (tensor<2x?xi32, #graph.dims<2, K>>, tensor<i32>) -> tensor<2x?xi32, #graph.dims<2, K>>
  %3 = graph.cast %y {to = i32} : (tensor<?x2xui8, #graph.dims<K, 2>>) -> tensor<?x2xi32, #graph.dims<K, 2>>
  // expected-remark @below {{not multiplied in integers: the contracted dim has no known size, by which zero points count}}
  %4 = graph.matmul %2, %3 : (tensor<2x?xi32, #graph.dims<2, K>>, tensor<?x2xi32, #graph.dims<K, 2>>) -> tensor<2x2xi32>
  return %4 : tensor<2x2xi32>
}

// -----

// Left alone: a scale for each row of the weight.

// CHECK-LABEL: func @scales_along_the_sum
// CHECK:         graph.matmul {{.+}} -> tensor<2x4xf32>
func.func @scales_along_the_sum(%x: tensor<2x8xui8>, %s: tensor<8x1xf32>) -> tensor<2x4xf32> {
  %w = graph.weight <"w.bin" name "w" at 0 bytes 32> : tensor<8x4xi8>
  %0 = graph.cast %x {to = f32} : (tensor<2x8xui8>) -> tensor<2x8xf32>
  %1 = graph.cast %w {to = f32} : (tensor<8x4xi8>) -> tensor<8x4xf32>
  %2 = graph.mul %1, %s : (tensor<8x4xf32>, tensor<8x1xf32>) -> tensor<8x4xf32>
  // expected-remark @below {{not multiplied in integers: a zero point or scale differs along the contracted dim}}
  %3 = graph.matmul %0, %2 : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  return %3 : tensor<2x4xf32>
}

// -----

// Left alone: in i32 such a long sum may wrap, which the product of floats does
// not.

// CHECK-LABEL: func @long_sum
// CHECK:         graph.matmul {{.+}} -> tensor<2x4xf32>
func.func @long_sum(%x: tensor<2x40000xui8>) -> tensor<2x4xf32> {
  %w = graph.weight <"w.bin" name "w" at 0 bytes 160000> : tensor<40000x4xi8>
  %0 = graph.cast %x {to = f32} : (tensor<2x40000xui8>) -> tensor<2x40000xf32>
  %1 = graph.cast %w {to = f32} : (tensor<40000x4xi8>) -> tensor<40000x4xf32>
  // expected-remark @below {{not multiplied in integers: its sums may not fit in 32 bits}}
  %2 = graph.matmul %0, %1 : (tensor<2x40000xf32>, tensor<40000x4xf32>) -> tensor<2x4xf32>
  return %2 : tensor<2x4xf32>
}

// -----

// Nobody knows how long the sum of activations is: the differences are
// multiplied in floats, those of a transpose computed before it.

// CHECK-LABEL: func @sum_of_unknown_length
// CHECK-SAME:    (%[[X:.+]]: tensor<2x?xui8{{.*}}>, %[[Y:.+]]: tensor<2x?xi8
// CHECK-DAG:     %[[XN:.+]] = graph.cast %{{.+}} {to = bf16}
// CHECK-DAG:     %[[XF:.+]] = graph.cast %[[XN]] {to = f32}
// CHECK-DAG:     %[[YW:.+]] = graph.cast %[[Y]] {to = f32}
// CHECK-DAG:     %[[YC:.+]] = graph.sub %[[YW]], %{{.+}} : (tensor<2x?xf32
// CHECK-DAG:     %[[YN:.+]] = graph.cast %[[YC]] {to = bf16}
// CHECK-DAG:     %[[YT:.+]] = graph.transpose %[[YN]]
// CHECK-DAG:     %[[YF:.+]] = graph.cast %[[YT]] {to = f32}
// CHECK:         %[[P:.+]] = graph.matmul %[[XF]], %[[YF]]
// CHECK:         graph.mul %[[P]], %{{.+}} : (tensor<2x2xf32>, tensor<f32>)
func.func @sum_of_unknown_length(%x: tensor<2x?xui8, #graph.dims<2, K>>, %y: tensor<2x?xi8, #graph.dims<2, K>>, %s: tensor<f32>) -> tensor<2x2xf32> {
  %zero = graph.constant dense<3.0> : tensor<f32>
  %0 = graph.cast %x {to = f32} : (tensor<2x?xui8, #graph.dims<2, K>>) -> tensor<2x?xf32, #graph.dims<2, K>>
  %1 = graph.transpose %y {permutation = array<i64: 1, 0>} : (tensor<2x?xi8, #graph.dims<2, K>>) -> tensor<?x2xi8, #graph.dims<K, 2>>
  %2 = graph.cast %1 {to = f32} : (tensor<?x2xi8, #graph.dims<K, 2>>) -> tensor<?x2xf32, #graph.dims<K, 2>>
  %3 = graph.sub %2, %zero : (tensor<?x2xf32, #graph.dims<K, 2>>, tensor<f32>) -> tensor<?x2xf32, #graph.dims<K, 2>>
  %4 = graph.mul %3, %s : (tensor<?x2xf32, #graph.dims<K, 2>>, tensor<f32>) -> tensor<?x2xf32, #graph.dims<K, 2>>
  // expected-remark @below {{a product of integers of 8 bits, scaled}}
  %5 = graph.matmul %0, %4 : (tensor<2x?xf32, #graph.dims<2, K>>, tensor<?x2xf32, #graph.dims<K, 2>>) -> tensor<2x2xf32>
  return %5 : tensor<2x2xf32>
}

// -----

// Left alone, without a remark: a weight that is dequantized for float
// activations.

// CHECK-LABEL: func @weight_only
// CHECK:         graph.matmul %{{.+}}, %{{.+}} : (tensor<2x8xf32>
func.func @weight_only(%x: tensor<2x8xf32>) -> tensor<2x4xf32> {
  %w = graph.weight <"w.bin" name "w" at 0 bytes 32> : tensor<8x4xi8>
  %0 = graph.cast %w {to = f32} : (tensor<8x4xi8>) -> tensor<8x4xf32>
  %1 = graph.matmul %x, %0 : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}
