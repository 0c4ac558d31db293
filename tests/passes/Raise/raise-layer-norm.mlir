// RUN: tenon-opt %s --raise-layer-norm --remarks-filter=Raise --verify-diagnostics \
// RUN:   --split-input-file | FileCheck %s

// The example in the pass's description is run by tests/house.

// The deviation computed twice, squared by mul, and a factor of 1 / sqrt.

!x = tensor<?x?x8xf32, #graph.dims<B, L, 8>>
!row = tensor<?x?x1xf32, #graph.dims<B, L, 1>>

// CHECK-LABEL: func @reciprocal
// CHECK-SAME:    (%[[X:.+]]: tensor<{{.+}}>, %[[SCALE:.+]]: tensor<8xf32>, %[[BIAS:.+]]: tensor<8xf32>)
// CHECK-NEXT:    graph.layer_norm %[[X]], %[[SCALE]], %[[BIAS]] {epsilon = 1.000000e+00 : f64}
// CHECK-NEXT:    return
func.func @reciprocal(%x: !x, %scale: tensor<8xf32>, %bias: tensor<8xf32>) -> !x {
  %e = graph.constant dense<1.0> : tensor<f32>
  %mean = graph.reduce %x {axes = array<i64: 2>, keep_dims = true, kind = #graph<reduce_kind mean>} : (!x) -> !row
  %d = graph.sub %x, %mean : (!x, !row) -> !x
  %d2 = graph.sub %x, %mean : (!x, !row) -> !x
  %sq = graph.mul %d2, %d2 : (!x, !x) -> !x
  %var = graph.reduce %sq {axes = array<i64: 2>, keep_dims = true, kind = #graph<reduce_kind mean>} : (!x) -> !row
  %vare = graph.add %e, %var : (tensor<f32>, !row) -> !row
  %dev = graph.sqrt %vare : (!row) -> !row
  %inverse = graph.reciprocal %dev : (!row) -> !row
  // expected-remark @below {{became layer_norm}}
  %n = graph.mul %d, %inverse : (!x, !row) -> !x
  %s = graph.mul %scale, %n : (tensor<8xf32>, !x) -> !x
  %0 = graph.add %bias, %s : (tensor<8xf32>, !x) -> !x
  return %0 : !x
}

// -----

// Without scale and bias, the mean as a sum over 4 elements: scale is one.

!x = tensor<3x4xf32>
!row = tensor<3x1xf32>

// CHECK-LABEL: func @no_scale
// CHECK-SAME:    (%[[X:.+]]: tensor<3x4xf32>)
// CHECK-NEXT:    %[[ONES:.+]] = graph.constant dense<1.000000e+00> : tensor<4xf32>
// CHECK-NEXT:    graph.layer_norm %[[X]], %[[ONES]] {epsilon = 1.000000e+00 : f64}
func.func @no_scale(%x: !x) -> !x {
  %e = graph.constant dense<1.0> : tensor<f32>
  %count = graph.constant dense<4.0> : tensor<f32>
  %sum = graph.reduce %x {axes = array<i64: 1>, keep_dims = true, kind = #graph<reduce_kind sum>} : (!x) -> !row
  %mean = graph.div %sum, %count : (!row, tensor<f32>) -> !row
  %d = graph.sub %x, %mean : (!x, !row) -> !x
  %sq = graph.reduce %d {axes = array<i64: 1>, keep_dims = true, kind = #graph<reduce_kind sum_square>} : (!x) -> !row
  %var = graph.div %sq, %count : (!row, tensor<f32>) -> !row
  %vare = graph.add %var, %e : (!row, tensor<f32>) -> !row
  %inverse = graph.rsqrt %vare : (!row) -> !row
  // expected-remark @below {{became layer_norm}}
  %n = graph.mul %d, %inverse : (!x, !row) -> !x
  return %n : !x
}

// -----

// Keras: x k + (beta - mean k), k = gamma / sqrt(variance + e).

!x = tensor<3x4xf32>
!row = tensor<3x1xf32>

// CHECK-LABEL: func @keras
// CHECK-SAME:    (%[[X:.+]]: tensor<3x4xf32>, %[[GAMMA:.+]]: tensor<4xf32>, %[[BETA:.+]]: tensor<4xf32>)
// CHECK-NEXT:    graph.layer_norm %[[X]], %[[GAMMA]], %[[BETA]] {epsilon = 1.000000e+00 : f64}
// CHECK-NEXT:    return
func.func @keras(%x: !x, %gamma: tensor<4xf32>, %beta: tensor<4xf32>) -> !x {
  %e = graph.constant dense<1.0> : tensor<f32>
  %mean = graph.reduce %x {axes = array<i64: 1>, keep_dims = true, kind = #graph<reduce_kind mean>} : (!x) -> !row
  %d = graph.sub %x, %mean : (!x, !row) -> !x
  %sq = graph.mul %d, %d : (!x, !x) -> !x
  %var = graph.reduce %sq {axes = array<i64: 1>, keep_dims = true, kind = #graph<reduce_kind mean>} : (!x) -> !row
  %vare = graph.add %var, %e : (!row, tensor<f32>) -> !row
  %inverse = graph.rsqrt %vare : (!row) -> !row
  %k = graph.mul %inverse, %gamma : (!row, tensor<4xf32>) -> !x
  %scaled = graph.mul %x, %k : (!x, !x) -> !x
  %shift = graph.mul %mean, %k : (!row, !x) -> !x
  %rest = graph.sub %beta, %shift : (tensor<4xf32>, !x) -> !x
  // expected-remark @below {{became layer_norm}}
  %0 = graph.add %scaled, %rest : (!x, !x) -> !x
  return %0 : !x
}

// -----

// The scale stays outside: the normalized value is also returned.

!x = tensor<3x4xf32>
!row = tensor<3x1xf32>

// CHECK-LABEL: func @shared
// CHECK:         %[[N:.+]] = graph.layer_norm
// CHECK-NEXT:    graph.mul %[[N]]
func.func @shared(%x: !x, %scale: tensor<4xf32>) -> (!x, !x) {
  %e = graph.constant dense<1.0> : tensor<f32>
  %mean = graph.reduce %x {axes = array<i64: 1>, keep_dims = true, kind = #graph<reduce_kind mean>} : (!x) -> !row
  %d = graph.sub %x, %mean : (!x, !row) -> !x
  %sq = graph.mul %d, %d : (!x, !x) -> !x
  %var = graph.reduce %sq {axes = array<i64: 1>, keep_dims = true, kind = #graph<reduce_kind mean>} : (!x) -> !row
  %vare = graph.add %var, %e : (!row, tensor<f32>) -> !row
  %dev = graph.sqrt %vare : (!row) -> !row
  // expected-remark @below {{became layer_norm}}
  %n = graph.div %d, %dev : (!x, !row) -> !x
  // expected-remark @below {{the normalized value has another use, so scale and bias stay outside}}
  %0 = graph.mul %n, %scale : (!x, tensor<4xf32>) -> !x
  return %0, %n : !x, !x
}

// -----

// Left alone: the last dim is unknown, so no scale of ones can be written.

!x = tensor<3x?xf32>
!row = tensor<3x1xf32>

// CHECK-LABEL: func @unknown_width
// CHECK-NOT:     graph.layer_norm
func.func @unknown_width(%x: !x) -> !x {
  %e = graph.constant dense<1.0> : tensor<f32>
  %mean = graph.reduce %x {axes = array<i64: 1>, keep_dims = true, kind = #graph<reduce_kind mean>} : (!x) -> !row
  %d = graph.sub %x, %mean : (!x, !row) -> !x
  %sq = graph.mul %d, %d : (!x, !x) -> !x
  %var = graph.reduce %sq {axes = array<i64: 1>, keep_dims = true, kind = #graph<reduce_kind mean>} : (!x) -> !row
  %vare = graph.add %var, %e : (!row, tensor<f32>) -> !row
  %dev = graph.sqrt %vare : (!row) -> !row
  // expected-remark @below {{the size of the last dim is not known}}
  %n = graph.div %d, %dev : (!x, !row) -> !x
  return %n : !x
}

// -----

// Left alone: the mean is along the first dim.

!x = tensor<3x4xf32>
!row = tensor<1x4xf32>

// CHECK-LABEL: func @other_axis
// CHECK-NOT:     graph.layer_norm
func.func @other_axis(%x: !x) -> !x {
  %e = graph.constant dense<1.0> : tensor<f32>
  %mean = graph.reduce %x {axes = array<i64: 0>, keep_dims = true, kind = #graph<reduce_kind mean>} : (!x) -> !row
  %d = graph.sub %x, %mean : (!x, !row) -> !x
  %sq = graph.mul %d, %d : (!x, !x) -> !x
  %var = graph.reduce %sq {axes = array<i64: 0>, keep_dims = true, kind = #graph<reduce_kind mean>} : (!x) -> !row
  %vare = graph.add %var, %e : (!row, tensor<f32>) -> !row
  %dev = graph.sqrt %vare : (!row) -> !row
  %n = graph.div %d, %dev : (!x, !row) -> !x
  return %n : !x
}
