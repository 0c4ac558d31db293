// RUN: tenon-opt %s --narrow-floats --split-input-file | FileCheck %s

// The example in the pass's description is run by tests/house.

// A view is moved to the narrow side; a norm reads f32 and its scale stays f32.

// CHECK-LABEL: func @view_and_norm
// CHECK:         %[[Y:.+]] = graph.matmul %{{.+}}, %{{.+}} : (tensor<4x8xbf16>, tensor<8x8xbf16>) -> tensor<4x8xbf16>
// CHECK:         %[[V:.+]] = graph.reshape %[[Y]] : (tensor<4x8xbf16>) -> tensor<2x2x8xbf16>
// CHECK:         %[[W:.+]] = graph.cast %[[V]] {to = f32}
// CHECK:         graph.rms_norm %[[W]], %{{.+}} {{.+}} : (tensor<2x2x8xf32>, tensor<8xf32>) -> tensor<2x2x8xf32>
func.func @view_and_norm(%x: tensor<4x8xf32>, %w: tensor<8x8xf32>, %s: tensor<8xf32>) -> tensor<2x2x8xf32> {
  %0 = graph.matmul %x, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
  %1 = graph.reshape %0 : (tensor<4x8xf32>) -> tensor<2x2x8xf32>
  %2 = graph.rms_norm %1, %s {epsilon = 1.0e-05 : f64} : (tensor<2x2x8xf32>, tensor<8xf32>) -> tensor<2x2x8xf32>
  return %2 : tensor<2x2x8xf32>
}

// -----

// An activation with two readers is narrowed once, and both widen it.

// CHECK-LABEL: func @two_readers
// CHECK:         %[[A:.+]] = graph.exp
// CHECK:         %[[N:.+]] = graph.cast %[[A]] {to = bf16}
// CHECK:         %[[F:.+]] = graph.cast %[[N]] {to = f32}
// CHECK:         %[[M:.+]] = graph.matmul %[[N]],
// CHECK:         %[[MF:.+]] = graph.cast %[[M]] {to = f32}
// CHECK:         %[[R:.+]] = graph.add %[[F]], %[[MF]]
// CHECK:         return %[[R]]
func.func @two_readers(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = graph.matmul %x, %w : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %1 = graph.exp %0 : (tensor<8x8xf32>) -> tensor<8x8xf32>
  %2 = graph.matmul %1, %w : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %3 = graph.add %1, %2 : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %3 : tensor<8x8xf32>
}

// -----

// Angles depend on positions alone: they stay f32.

// CHECK-LABEL: func @positions
// CHECK:         graph.mul %{{.+}}, %{{.+}} : (tensor<4x1xf32>, tensor<8xf32>) -> tensor<4x8xf32>
// CHECK-NOT:     bf16
// CHECK:         return
func.func @positions(%p: tensor<4x1xi64>, %f: tensor<8xf32>) -> tensor<4x8xf32> {
  %0 = graph.cast %p {to = f32} : (tensor<4x1xi64>) -> tensor<4x1xf32>
  %1 = graph.mul %0, %f : (tensor<4x1xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  %2 = graph.cos %1 : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}
