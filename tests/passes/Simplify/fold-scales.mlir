// RUN: tenon-opt %s --fold-scales --remarks-filter=Simplify --verify-diagnostics \
// RUN:   --split-input-file | FileCheck %s

// The example in the pass's description is run by tests/house.

// Torch stores weights NxK, so the product is transposed; dynamic rows.

!x = tensor<?x?x8xf32, #graph.dims<B, L, 8>>
!y = tensor<?x?x4xf32, #graph.dims<B, L, 4>>

// CHECK-LABEL: func @transposed
// CHECK:         %[[W:.+]] = graph.cast {{.+}} : (tensor<4x8xi8>) -> tensor<4x8xf32>
// CHECK:         %[[T:.+]] = graph.transpose %[[W]]
// CHECK:         %[[Y:.+]] = graph.matmul %{{.+}}, %[[T]]
// CHECK:         %[[S:.+]] = graph.reshape {{.+}} : (tensor<4x1xf32>) -> tensor<4xf32>
// CHECK:         graph.mul %[[Y]], %[[S]]
func.func @transposed(%x: !x) -> !y {
  %q = graph.weight <"m.onnx" name "w" at 0 bytes 32> : tensor<4x8xi8>
  %scale = graph.weight <"m.onnx" name "s" at 32 bytes 16> : tensor<4x1xf32>
  %wide = graph.cast %q {to = f32} : (tensor<4x8xi8>) -> tensor<4x8xf32>
  %scaled = graph.mul %scale, %wide : (tensor<4x1xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %t = graph.transpose %scaled {permutation = array<i64: 1, 0>} : (tensor<4x8xf32>) -> tensor<8x4xf32>
  // expected-remark @below {{the scale of the weight moved behind the matmul}}
  %0 = graph.matmul %x, %t : (!x, tensor<8x4xf32>) -> !y
  return %0 : !y
}

// -----

// With a zero point, and one scale for the whole weight.

// CHECK-LABEL: func @zero_point
// CHECK:         %[[W:.+]] = graph.sub
// CHECK:         %[[Y:.+]] = graph.matmul %{{.+}}, %[[W]]
// CHECK:         graph.mul %[[Y]], %{{.+}} : (tensor<2x4xf32>, tensor<f32>)
func.func @zero_point(%x: tensor<2x8xf32>) -> tensor<2x4xf32> {
  %q = graph.weight <"m.onnx" name "w" at 0 bytes 32> : tensor<8x4xui8>
  %scale = graph.constant dense<0.1> : tensor<f32>
  %zero = graph.constant dense<128.0> : tensor<f32>
  %wide = graph.cast %q {to = f32} : (tensor<8x4xui8>) -> tensor<8x4xf32>
  %centred = graph.sub %wide, %zero : (tensor<8x4xf32>, tensor<f32>) -> tensor<8x4xf32>
  %scaled = graph.mul %centred, %scale : (tensor<8x4xf32>, tensor<f32>) -> tensor<8x4xf32>
  // expected-remark @below {{the scale of the weight moved behind the matmul}}
  %0 = graph.matmul %x, %scaled : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// Left alone: scales of rows, along which the matmul sums.

// CHECK-LABEL: func @scales_of_rows
// CHECK:         %[[W:.+]] = graph.mul
// CHECK:         graph.matmul %{{.+}}, %[[W]]
func.func @scales_of_rows(%x: tensor<2x8xf32>) -> tensor<2x4xf32> {
  %q = graph.weight <"m.onnx" name "w" at 0 bytes 32> : tensor<8x4xi8>
  %scale = graph.weight <"m.onnx" name "s" at 32 bytes 32> : tensor<8x1xf32>
  %wide = graph.cast %q {to = f32} : (tensor<8x4xi8>) -> tensor<8x4xf32>
  %scaled = graph.mul %wide, %scale : (tensor<8x4xf32>, tensor<8x1xf32>) -> tensor<8x4xf32>
  // expected-remark @below {{the scale differs along the contracted dim, but not by groups, so the weight is widened}}
  %0 = graph.matmul %x, %scaled : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// A scale for each group of rows is applied to the group's sum.

// CHECK-LABEL: func @groups
// CHECK-DAG:     %[[X:.+]] = graph.reshape %{{.+}} : (tensor<?x8xf32, #graph.dims<B, 8>>) -> tensor<?x2x4xf32, #graph.dims<B, 2, 4>>
// CHECK-DAG:     %[[W:.+]] = graph.cast %{{.+}} {to = f32} : (tensor<2x4x3xi4>) -> tensor<2x4x3xf32>
// CHECK-DAG:     %[[S:.+]] = graph.reshape %{{.+}} : (tensor<2x1x3xf32>) -> tensor<2x3xf32>
// CHECK:         graph.grouped_matmul %[[X]], %[[W]], %[[S]]
func.func @groups(%x: tensor<?x8xf32, #graph.dims<B, 8>>) -> tensor<?x3xf32, #graph.dims<B, 3>> {
  %q = graph.weight <"m.onnx" name "w" at 0 bytes 12> : tensor<2x4x3xi4>
  %scale = graph.weight <"m.onnx" name "s" at 12 bytes 24> : tensor<2x1x3xf32>
  %wide = graph.cast %q {to = f32} : (tensor<2x4x3xi4>) -> tensor<2x4x3xf32>
  %scaled = graph.mul %wide, %scale : (tensor<2x4x3xf32>, tensor<2x1x3xf32>) -> tensor<2x4x3xf32>
  %w = graph.reshape %scaled : (tensor<2x4x3xf32>) -> tensor<8x3xf32>
  // expected-remark @below {{the scales of the weight's groups moved behind their products}}
  %0 = graph.matmul %x, %w : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<8x3xf32>) -> tensor<?x3xf32, #graph.dims<B, 3>>
  return %0 : tensor<?x3xf32, #graph.dims<B, 3>>
}

// -----

// Of a weight NxK with zero points, whose last group is cut short: what is stored is transposed, and
// zeros fill the last group of the left side.

// CHECK-LABEL: func @groups_of_rows
// CHECK-DAG:     graph.transpose %{{.+}} {permutation = array<i64: 1, 2, 0>} : (tensor<3x2x4xui4>) -> tensor<2x4x3xui4>
// CHECK-DAG:     graph.transpose %{{.+}} {permutation = array<i64: 1, 2, 0>} : (tensor<3x2x1xui4>) -> tensor<2x1x3xui4>
// CHECK-DAG:     graph.sub %{{.+}} : (tensor<2x4x3xf32>, tensor<2x1x3xf32>) -> tensor<2x4x3xf32>
// CHECK-DAG:     graph.pad %{{.+}} {high = array<i64: 0, 1>, low = array<i64: 0, 0>} : (tensor<5x7xf32>, tensor<f32>) -> tensor<5x8xf32>
// CHECK:         graph.grouped_matmul
func.func @groups_of_rows(%x: tensor<5x7xf32>) -> tensor<5x3xf32> {
  %q = graph.weight <"m.onnx" name "w" at 0 bytes 12> : tensor<3x2x4xui4>
  %z = graph.weight <"m.onnx" name "z" at 12 bytes 3> : tensor<3x2x1xui4>
  %scale = graph.weight <"m.onnx" name "s" at 16 bytes 24> : tensor<3x2x1xf32>
  %wide = graph.cast %q {to = f32} : (tensor<3x2x4xui4>) -> tensor<3x2x4xf32>
  %zero = graph.cast %z {to = f32} : (tensor<3x2x1xui4>) -> tensor<3x2x1xf32>
  %centred = graph.sub %wide, %zero : (tensor<3x2x4xf32>, tensor<3x2x1xf32>) -> tensor<3x2x4xf32>
  %scaled = graph.mul %centred, %scale : (tensor<3x2x4xf32>, tensor<3x2x1xf32>) -> tensor<3x2x4xf32>
  %rows = graph.reshape %scaled : (tensor<3x2x4xf32>) -> tensor<3x8xf32>
  %cut = graph.slice %rows {axis = 1 : i64, start = #graph.dim<0>, step = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x7xf32>
  %w = graph.transpose %cut {permutation = array<i64: 1, 0>} : (tensor<3x7xf32>) -> tensor<7x3xf32>
  // expected-remark @below {{the scales of the weight's groups moved behind their products}}
  %0 = graph.matmul %x, %w : (tensor<5x7xf32>, tensor<7x3xf32>) -> tensor<5x3xf32>
  return %0 : tensor<5x3xf32>
}

// -----

// Left alone: scales of groups of columns.

// CHECK-LABEL: func @groups_of_columns
// CHECK:         graph.matmul
func.func @groups_of_columns(%x: tensor<5x3xf32>) -> tensor<5x8xf32> {
  %q = graph.weight <"m.onnx" name "w" at 0 bytes 12> : tensor<3x2x4xui4>
  %scale = graph.weight <"m.onnx" name "s" at 16 bytes 24> : tensor<3x2x1xf32>
  %wide = graph.cast %q {to = f32} : (tensor<3x2x4xui4>) -> tensor<3x2x4xf32>
  %scaled = graph.mul %wide, %scale : (tensor<3x2x4xf32>, tensor<3x2x1xf32>) -> tensor<3x2x4xf32>
  %w = graph.reshape %scaled : (tensor<3x2x4xf32>) -> tensor<3x8xf32>
  %0 = graph.matmul %x, %w : (tensor<5x3xf32>, tensor<3x8xf32>) -> tensor<5x8xf32>
  return %0 : tensor<5x8xf32>
}

// -----

// Left alone: a product of two f32 weights is computed when the artifact is written.

// CHECK-LABEL: func @wide_weights
// CHECK:         %[[W:.+]] = graph.mul
// CHECK:         graph.matmul %{{.+}}, %[[W]]
func.func @wide_weights(%x: tensor<2x8xf32>) -> tensor<2x4xf32> {
  %w = graph.weight <"m.onnx" name "w" at 0 bytes 128> : tensor<8x4xf32>
  %scale = graph.weight <"m.onnx" name "s" at 128 bytes 16> : tensor<4xf32>
  %scaled = graph.mul %w, %scale : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8x4xf32>
  %0 = graph.matmul %x, %scaled : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// An embedding with a scale for each word: rows are looked up as integers.

!i = tensor<?x?xi64, #graph.dims<B, L>>
!e = tensor<?x?x4xf32, #graph.dims<B, L, 4>>

// CHECK-LABEL: func @embedding
// CHECK:         %[[Q:.+]] = graph.gather {{.+}} -> tensor<?x?x4xi8, #graph.dims<B, L, 4>>
// CHECK:         %[[W:.+]] = graph.cast %[[Q]] {to = f32}
// CHECK:         %[[S:.+]] = graph.gather {{.+}} -> tensor<?x?x1xf32, #graph.dims<B, L, 1>>
// CHECK:         graph.mul %[[W]], %[[S]]
func.func @embedding(%i: !i) -> !e {
  %q = graph.weight <"m.onnx" name "w" at 0 bytes 32> : tensor<8x4xi8>
  %scale = graph.weight <"m.onnx" name "s" at 32 bytes 32> : tensor<8x1xf32>
  %wide = graph.cast %q {to = f32} : (tensor<8x4xi8>) -> tensor<8x4xf32>
  %table = graph.mul %wide, %scale : (tensor<8x4xf32>, tensor<8x1xf32>) -> tensor<8x4xf32>
  // expected-remark @below {{rows are selected before 'graph.mul', not after}}
  // expected-remark @below {{rows are selected before 'graph.cast', not after}}
  %0 = graph.gather %table, %i {axis = 0 : i64} : (tensor<8x4xf32>, !i) -> !e
  return %0 : !e
}

// -----

// A scale for each column has no row to be looked up: along the axis it is 1.

// CHECK-LABEL: func @scales_of_columns
// CHECK:         %[[W:.+]] = graph.cast {{.+}} -> tensor<2x3x4xf32>
// CHECK:         %[[S:.+]] = graph.reshape {{.+}} : (tensor<1x4xf32>) -> tensor<1x1x4xf32>
// CHECK:         graph.mul %[[W]], %[[S]]
func.func @scales_of_columns(%i: tensor<2x3xi64>) -> tensor<2x3x4xf32> {
  %q = graph.weight <"m.onnx" name "w" at 0 bytes 32> : tensor<8x4xi8>
  %scale = graph.weight <"m.onnx" name "s" at 32 bytes 16> : tensor<1x4xf32>
  %wide = graph.cast %q {to = f32} : (tensor<8x4xi8>) -> tensor<8x4xf32>
  %table = graph.mul %wide, %scale : (tensor<8x4xf32>, tensor<1x4xf32>) -> tensor<8x4xf32>
  // expected-remark @below {{rows are selected before 'graph.mul', not after}}
  // expected-remark @below {{rows are selected before 'graph.cast', not after}}
  %0 = graph.gather %table, %i {axis = 0 : i64} : (tensor<8x4xf32>, tensor<2x3xi64>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

// -----

// Positions: the first L rows of a table.

// CHECK-LABEL: func @slice
// CHECK:         graph.slice {{.+}} : (tensor<8x4xi8>) -> tensor<?x4xi8, #graph.dims<L, 4>>
// CHECK:         graph.slice {{.+}} : (tensor<8x1xf32>) -> tensor<?x1xf32, #graph.dims<L, 1>>
// CHECK:         graph.add
func.func @slice(%x: tensor<?x4xf32, #graph.dims<L, 4>>) -> tensor<?x4xf32, #graph.dims<L, 4>> {
  %q = graph.weight <"m.onnx" name "w" at 0 bytes 32> : tensor<8x4xi8>
  %scale = graph.weight <"m.onnx" name "s" at 32 bytes 32> : tensor<8x1xf32>
  %wide = graph.cast %q {to = f32} : (tensor<8x4xi8>) -> tensor<8x4xf32>
  %table = graph.mul %wide, %scale : (tensor<8x4xf32>, tensor<8x1xf32>) -> tensor<8x4xf32>
  // expected-remark @below {{rows are selected before 'graph.mul', not after}}
  // expected-remark @below {{rows are selected before 'graph.cast', not after}}
  %0 = graph.slice %table {axis = 0 : i64, start = #graph.dim<0>, step = 1 : i64} : (tensor<8x4xf32>) -> tensor<?x4xf32, #graph.dims<L, 4>>
  %1 = graph.add %x, %0 : (tensor<?x4xf32, #graph.dims<L, 4>>, tensor<?x4xf32, #graph.dims<L, 4>>) -> tensor<?x4xf32, #graph.dims<L, 4>>
  return %1 : tensor<?x4xf32, #graph.dims<L, 4>>
}
