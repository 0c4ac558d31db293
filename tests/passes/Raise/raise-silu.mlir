// RUN: tenon-opt %s --raise-silu --remarks-filter=Raise --verify-diagnostics \
// RUN:   --split-input-file | FileCheck %s

// The example in the pass's description is run by tests/house.

// The sigmoid may be either operand; the shape may be dynamic.

!x = tensor<?x8xbf16>

// CHECK-LABEL: func @sigmoid_on_the_left
// CHECK-SAME:    (%[[X:.+]]: tensor<?x8xbf16>)
// CHECK-NEXT:    graph.silu %[[X]]
func.func @sigmoid_on_the_left(%x: !x) -> !x {
  %0 = graph.sigmoid %x : (!x) -> !x
  // expected-remark @below {{mul(x, sigmoid(x)) became silu}}
  %1 = graph.mul %0, %x : (!x, !x) -> !x
  return %1 : !x
}

// -----

// The definition without a sigmoid.

!x = tensor<4xf32>

// CHECK-LABEL: func @exp
// CHECK-SAME:    (%[[X:.+]]: tensor<4xf32>)
// CHECK-NEXT:    graph.silu %[[X]]
func.func @exp(%x: !x) -> !x {
  %one = graph.constant dense<1.0> : tensor<f32>
  %0 = graph.neg %x : (!x) -> !x
  %1 = graph.exp %0 : (!x) -> !x
  %2 = graph.add %one, %1 : (tensor<f32>, !x) -> !x
  // expected-remark @below {{x / (1 + exp(-x)) became silu}}
  %3 = graph.div %x, %2 : (!x, !x) -> !x
  return %3 : !x
}

// -----

// Left alone: quick gelu.

!x = tensor<4xf32>

// CHECK-LABEL: func @quick_gelu
// CHECK-NOT:     graph.silu
func.func @quick_gelu(%x: !x) -> !x {
  %c = graph.constant dense<1.702> : tensor<f32>
  %0 = graph.mul %x, %c : (!x, tensor<f32>) -> !x
  %1 = graph.sigmoid %0 : (!x) -> !x
  // expected-remark @below {{the sigmoid is taken of a multiple of x; that is no silu}}
  %2 = graph.mul %x, %1 : (!x, !x) -> !x
  return %2 : !x
}

// -----

// Left alone: a gate of another value.

!x = tensor<4xf32>

// CHECK-LABEL: func @gate
// CHECK-NOT:     graph.silu
func.func @gate(%x: !x, %y: !x) -> !x {
  %0 = graph.sigmoid %x : (!x) -> !x
  %1 = graph.mul %0, %y : (!x, !x) -> !x
  return %1 : !x
}
