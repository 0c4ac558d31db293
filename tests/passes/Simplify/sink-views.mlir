// RUN: tenon-opt %s --sink-views --split-input-file | FileCheck %s

// The example in the pass's description is run by tests/house.

// Rows that are not known are moved too; the number may come first.

// CHECK-LABEL: func @unknown_rows
// CHECK-SAME:    (%[[X:.+]]: tensor<?x8xf32{{.*}}>, %[[C:.+]]: tensor<f32>)
// CHECK:         %[[Y:.+]] = graph.sub %[[C]], %[[X]]
// CHECK:         %[[Z:.+]] = graph.transpose %[[Y]]
// CHECK:         return %[[Z]]
func.func @unknown_rows(%x: tensor<?x8xf32, #graph.dims<L, 8>>, %c: tensor<f32>) -> tensor<8x?xf32, #graph.dims<8, L>> {
  %0 = graph.transpose %x {permutation = array<i64: 1, 0>} : (tensor<?x8xf32, #graph.dims<L, 8>>) -> tensor<8x?xf32, #graph.dims<8, L>>
  %1 = graph.sub %c, %0 : (tensor<f32>, tensor<8x?xf32, #graph.dims<8, L>>) -> tensor<8x?xf32, #graph.dims<8, L>>
  return %1 : tensor<8x?xf32, #graph.dims<8, L>>
}

// -----

// A choice that reads the view twice, or by a condition of its own, is none of
// one tensor.

// CHECK-LABEL: func @several_tensors
// CHECK:         %[[V:.+]] = graph.reshape
// CHECK:         graph.where %{{.+}}, %[[V]]
func.func @several_tensors(%x: tensor<2x4xf32>, %m: tensor<8xi1>, %c: tensor<f32>) -> tensor<8xf32> {
  %0 = graph.reshape %x : (tensor<2x4xf32>) -> tensor<8xf32>
  %1 = graph.where %m, %0, %c : (tensor<8xi1>, tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  return %1 : tensor<8xf32>
}

// -----

// Left alone: the view moves bytes now, and would move words.

// CHECK-LABEL: func @widens
// CHECK:         %[[V:.+]] = graph.transpose
// CHECK:         graph.cast %[[V]] {to = f32}
func.func @widens(%x: tensor<4x8xui8>) -> tensor<8x4xf32> {
  %0 = graph.transpose %x {permutation = array<i64: 1, 0>} : (tensor<4x8xui8>) -> tensor<8x4xui8>
  %1 = graph.cast %0 {to = f32} : (tensor<8x4xui8>) -> tensor<8x4xf32>
  return %1 : tensor<8x4xf32>
}

// -----

// Left alone: something else reads the view.

// CHECK-LABEL: func @view_is_shared
// CHECK:         %[[V:.+]] = graph.reshape
// CHECK:         graph.neg %[[V]]
func.func @view_is_shared(%x: tensor<2x4xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %0 = graph.reshape %x : (tensor<2x4xf32>) -> tensor<8xf32>
  %1 = graph.neg %0 : (tensor<8xf32>) -> tensor<8xf32>
  return %0, %1 : tensor<8xf32>, tensor<8xf32>
}

// -----

// Nothing is there to compute, and views of it still move.

// CHECK-LABEL: func @no_rows
// CHECK:         %[[Y:.+]] = graph.neg %{{.+}} : (tensor<0x8xf32>)
// CHECK:         graph.reshape %[[Y]]
func.func @no_rows(%x: tensor<0x8xf32>) -> tensor<0x2x4xf32> {
  %0 = graph.reshape %x : (tensor<0x8xf32>) -> tensor<0x2x4xf32>
  %1 = graph.neg %0 : (tensor<0x2x4xf32>) -> tensor<0x2x4xf32>
  return %1 : tensor<0x2x4xf32>
}
