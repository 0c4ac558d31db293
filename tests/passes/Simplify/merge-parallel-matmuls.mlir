// RUN: tenon-opt %s --merge-parallel-matmuls --remarks-filter=Simplify --verify-diagnostics \
// RUN:   --split-input-file | FileCheck %s

// The example in the pass's description is run by tests/house.

// Queries, keys and values with int8 weights: casts, scales and biases are joined;
// a weight that stands behind the first matmul moves before it.

!x = tensor<?x?x8xf32, #graph.dims<B, L, 8>>
!y = tensor<?x?x4xf32, #graph.dims<B, L, 4>>

// CHECK-LABEL: func @projections
// CHECK:         %[[W:.+]] = graph.concat {{.+}} : (tensor<8x4xi8>, tensor<8x4xi8>) -> tensor<8x8xi8>
// CHECK-NEXT:    %[[WIDE:.+]] = graph.cast %[[W]] {to = f32}
// CHECK-NEXT:    %[[P:.+]] = graph.matmul %{{.+}}, %[[WIDE]]
// CHECK-SAME:      -> tensor<?x?x8xf32, #graph.dims<B, L, 8>>
// CHECK:         %[[S:.+]] = graph.concat {{.+}} -> tensor<8xf32>
// CHECK-NEXT:    %[[SCALED:.+]] = graph.mul %[[P]], %[[S]]
// CHECK:         %[[C:.+]] = graph.concat {{.+}} -> tensor<8xf32>
// CHECK-NEXT:    %[[BIASED:.+]] = graph.add %[[SCALED]], %[[C]]
// CHECK-NEXT:    %[[Q:.+]] = graph.slice %[[BIASED]] {axis = 2 : i64, start = #graph.dim<0>
// CHECK-NEXT:    %[[K:.+]] = graph.slice %[[BIASED]] {axis = 2 : i64, start = #graph.dim<4>
// CHECK-NEXT:    return %[[Q]], %[[K]]
func.func @projections(%x: !x) -> (!y, !y) {
  %qw = graph.weight <"m.onnx" name "qw" at 0 bytes 32> : tensor<8x4xi8>
  %qwide = graph.cast %qw {to = f32} : (tensor<8x4xi8>) -> tensor<8x4xf32>
  %qscale = graph.weight <"m.onnx" name "qs" at 32 bytes 16> : tensor<4xf32>
  %qbias = graph.weight <"m.onnx" name "qb" at 48 bytes 16> : tensor<4xf32>
  // expected-remark @below {{one of 2 matmuls merged into one}}
  %q0 = graph.matmul %x, %qwide : (!x, tensor<8x4xf32>) -> !y
  %q1 = graph.mul %q0, %qscale : (!y, tensor<4xf32>) -> !y
  %q2 = graph.add %q1, %qbias : (!y, tensor<4xf32>) -> !y
  %kw = graph.weight <"m.onnx" name "kw" at 64 bytes 32> : tensor<8x4xi8>
  %kwide = graph.cast %kw {to = f32} : (tensor<8x4xi8>) -> tensor<8x4xf32>
  %kscale = graph.weight <"m.onnx" name "ks" at 96 bytes 16> : tensor<4xf32>
  %kbias = graph.weight <"m.onnx" name "kb" at 112 bytes 16> : tensor<4xf32>
  // expected-remark @below {{one of 2 matmuls merged into one}}
  %k0 = graph.matmul %x, %kwide : (!x, tensor<8x4xf32>) -> !y
  %k1 = graph.mul %k0, %kscale : (!y, tensor<4xf32>) -> !y
  %k2 = graph.add %kbias, %k1 : (tensor<4xf32>, !y) -> !y
  return %q2, %k2 : !y, !y
}

// -----

// Biases stay apart when one result has none.

// CHECK-LABEL: func @one_bias
// CHECK:         %[[P:.+]] = graph.matmul
// CHECK-NEXT:    %[[Q:.+]] = graph.slice %[[P]]
// CHECK-NEXT:    %[[K:.+]] = graph.slice %[[P]]
// CHECK:         graph.add %[[Q]]
func.func @one_bias(%x: tensor<2x8xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %w = graph.weight <"m.onnx" name "w" at 0 bytes 128> : tensor<8x4xf32>
  %v = graph.weight <"m.onnx" name "v" at 128 bytes 128> : tensor<8x4xf32>
  %bias = graph.weight <"m.onnx" name "b" at 256 bytes 16> : tensor<4xf32>
  // expected-remark @below {{one of 2 matmuls merged into one}}
  %0 = graph.matmul %x, %w : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  %1 = graph.add %0, %bias : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  // expected-remark @below {{one of 2 matmuls merged into one}}
  %2 = graph.matmul %x, %v : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  return %1, %2 : tensor<2x4xf32>, tensor<2x4xf32>
}

// -----

// A matmul of two computed values stays out; the other two are merged, one of a
// transposed weight.

// CHECK-LABEL: func @one_is_computed
// CHECK:         graph.matmul %{{.+}}, %{{.+}} : (tensor<2x8xf32>, tensor<8x7xf32>) -> tensor<2x7xf32>
// CHECK:         graph.matmul %{{.+}}, %{{.+}} : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
func.func @one_is_computed(%x: tensor<2x8xf32>, %y: tensor<8x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x3xf32>) {
  %w = graph.weight <"m.onnx" name "w" at 0 bytes 128> : tensor<8x4xf32>
  %v = graph.weight <"m.onnx" name "v" at 128 bytes 96> : tensor<3x8xf32>
  %t = graph.transpose %v {permutation = array<i64: 1, 0>} : (tensor<3x8xf32>) -> tensor<8x3xf32>
  // expected-remark @below {{one of 2 matmuls merged into one}}
  %0 = graph.matmul %x, %w : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  // expected-remark @below {{not merged with the others that read its left operand: its right operand is not made of weights}}
  %1 = graph.matmul %x, %y : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  // expected-remark @below {{one of 2 matmuls merged into one}}
  %2 = graph.matmul %x, %t : (tensor<2x8xf32>, tensor<8x3xf32>) -> tensor<2x3xf32>
  return %0, %1, %2 : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x3xf32>
}

// -----

// Left alone: weights with batch dims, and a matmul that is alone.

// CHECK-LABEL: func @batched_weight
// CHECK-COUNT-2: graph.matmul
// CHECK-NOT:     graph.concat
func.func @batched_weight(%x: tensor<3x2x8xf32>) -> (tensor<3x2x4xf32>, tensor<3x2x4xf32>) {
  %w = graph.weight <"m.onnx" name "w" at 0 bytes 384> : tensor<3x8x4xf32>
  %v = graph.weight <"m.onnx" name "v" at 384 bytes 128> : tensor<8x4xf32>
  // expected-remark @below {{not merged with the others that read its left operand: its right operand is not a matrix}}
  %0 = graph.matmul %x, %w : (tensor<3x2x8xf32>, tensor<3x8x4xf32>) -> tensor<3x2x4xf32>
  %1 = graph.matmul %x, %v : (tensor<3x2x8xf32>, tensor<8x4xf32>) -> tensor<3x2x4xf32>
  return %0, %1 : tensor<3x2x4xf32>, tensor<3x2x4xf32>
}

// -----

// The second pair reads what the first pair made.

// CHECK-LABEL: func @chain
// CHECK-COUNT-2: graph.matmul
// CHECK-NOT:     graph.matmul
func.func @chain(%x: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) {
  %a = graph.weight <"m.onnx" name "a" at 0 bytes 64> : tensor<4x4xf32>
  %b = graph.weight <"m.onnx" name "b" at 64 bytes 64> : tensor<4x4xf32>
  // expected-remark @below {{one of 2 matmuls merged into one}}
  %0 = graph.matmul %x, %a : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  // expected-remark @below {{one of 2 matmuls merged into one}}
  %1 = graph.matmul %x, %b : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  // expected-remark @below {{one of 2 matmuls merged into one}}
  %2 = graph.matmul %0, %b : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  // expected-remark @below {{one of 2 matmuls merged into one}}
  %3 = graph.matmul %0, %a : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %1, %2, %3 : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>
}
