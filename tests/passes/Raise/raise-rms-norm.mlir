// RUN: tenon-opt %s --raise-rms-norm --remarks-filter=Raise --verify-diagnostics \
// RUN:   --split-input-file | FileCheck %s

// The example in the pass's description is run by tests/house.

// LLaMA in bf16: normalized in f32 between two casts, which go away.

!x = tensor<?x?x8xbf16, #graph.dims<B, L, 8>>
!wide = tensor<?x?x8xf32, #graph.dims<B, L, 8>>
!row = tensor<?x?x1xf32, #graph.dims<B, L, 1>>

// CHECK-LABEL: func @between_casts
// CHECK-SAME:    (%[[X:.+]]: tensor<{{.+}}>, %[[SCALE:.+]]: tensor<8xbf16>)
// CHECK-NEXT:    graph.rms_norm %[[X]], %[[SCALE]] {epsilon = 1.000000e+00 : f64}
// CHECK-NEXT:    return
func.func @between_casts(%x: !x, %scale: tensor<8xbf16>) -> !x {
  %two = graph.constant dense<2.0> : tensor<f32>
  %e = graph.constant dense<1.0> : tensor<f32>
  %wide = graph.cast %x {to = f32} : (!x) -> !wide
  %sq = graph.pow %wide, %two : (!wide, tensor<f32>) -> !wide
  %mean = graph.reduce %sq {axes = array<i64: 2>, keep_dims = true, kind = #graph<reduce_kind mean>} : (!wide) -> !row
  %meane = graph.add %mean, %e : (!row, tensor<f32>) -> !row
  %inverse = graph.rsqrt %meane : (!row) -> !row
  // expected-remark @below {{became rms_norm}}
  %n = graph.mul %wide, %inverse : (!wide, !row) -> !wide
  %narrow = graph.cast %n {to = bf16} : (!wide) -> !x
  %0 = graph.mul %scale, %narrow : (tensor<8xbf16>, !x) -> !x
  return %0 : !x
}

// -----

// The scale stays outside: the normalized value is also returned.

!x = tensor<3x4xf32>
!row = tensor<3x1xf32>

// CHECK-LABEL: func @shared
// CHECK:         %[[N:.+]] = graph.rms_norm
// CHECK-NEXT:    graph.mul %[[N]]
func.func @shared(%x: !x, %scale: tensor<4xf32>) -> (!x, !x) {
  %e = graph.constant dense<1.0> : tensor<f32>
  %sq = graph.mul %x, %x : (!x, !x) -> !x
  %mean = graph.reduce %sq {axes = array<i64: 1>, keep_dims = true, kind = #graph<reduce_kind mean>} : (!x) -> !row
  %meane = graph.add %mean, %e : (!row, tensor<f32>) -> !row
  %root = graph.sqrt %meane : (!row) -> !row
  // expected-remark @below {{became rms_norm}}
  %n = graph.div %x, %root : (!x, !row) -> !x
  // expected-remark @below {{the normalized value has another use, so the scale stays outside}}
  %0 = graph.mul %n, %scale : (!x, tensor<4xf32>) -> !x
  return %0, %n : !x, !x
}

// -----

// Left alone: another value is normalized.

!x = tensor<3x4xf32>
!row = tensor<3x1xf32>

// CHECK-LABEL: func @other_value
// CHECK-NOT:     graph.rms_norm
func.func @other_value(%x: !x, %y: !x) -> !x {
  %e = graph.constant dense<1.0> : tensor<f32>
  %sq = graph.mul %x, %x : (!x, !x) -> !x
  %mean = graph.reduce %sq {axes = array<i64: 1>, keep_dims = true, kind = #graph<reduce_kind mean>} : (!x) -> !row
  %meane = graph.add %mean, %e : (!row, tensor<f32>) -> !row
  %root = graph.sqrt %meane : (!row) -> !row
  %n = graph.div %y, %root : (!x, !row) -> !x
  return %n : !x
}

// -----

// Left alone: the last dim is unknown, so no scale of ones can be written.

!x = tensor<3x?xf32>
!row = tensor<3x1xf32>

// CHECK-LABEL: func @unknown_width
// CHECK-NOT:     graph.rms_norm
func.func @unknown_width(%x: !x) -> !x {
  %e = graph.constant dense<1.0> : tensor<f32>
  %sq = graph.mul %x, %x : (!x, !x) -> !x
  %mean = graph.reduce %sq {axes = array<i64: 1>, keep_dims = true, kind = #graph<reduce_kind mean>} : (!x) -> !row
  %meane = graph.add %mean, %e : (!row, tensor<f32>) -> !row
  %root = graph.sqrt %meane : (!row) -> !row
  // expected-remark @below {{the size of the last dim is not known}}
  %n = graph.div %x, %root : (!x, !row) -> !x
  return %n : !x
}
