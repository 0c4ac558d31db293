// RUN: tenon-opt %s --raise-gelu --remarks-filter=Raise --verify-diagnostics \
// RUN:   --split-input-file | FileCheck %s

// The example in the pass's description is run by tests/house.

// Torch's dynamo exporter: x * (0.5 * (1 + erf(x / sqrt 2))), x being a sum.

!x = tensor<?x8xf32, #graph.dims<L, 8>>

// CHECK-LABEL: func @half_first
// CHECK:         %[[X:.+]] = graph.add
// CHECK-NEXT:    %[[Y:.+]] = graph.gelu %[[X]] {form = #graph<gelu_form erf>}
// CHECK-NEXT:    return %[[Y]]
func.func @half_first(%a: !x, %bias: tensor<8xf32>) -> !x {
  %root2 = graph.constant dense<1.4142135381698608> : tensor<f32>
  %one = graph.constant dense<1.0> : tensor<f32>
  %half = graph.constant dense<0.5> : tensor<f32>
  %x = graph.add %a, %bias : (!x, tensor<8xf32>) -> !x
  %0 = graph.div %x, %root2 : (!x, tensor<f32>) -> !x
  %1 = graph.erf %0 : (!x) -> !x
  %2 = graph.add %1, %one : (!x, tensor<f32>) -> !x
  %3 = graph.mul %half, %2 : (tensor<f32>, !x) -> !x
  // expected-remark @below {{became gelu with erf}}
  %4 = graph.mul %x, %3 : (!x, !x) -> !x
  return %4 : !x
}

// -----

// The half on x, 1/sqrt 2 as a factor, constants that fill a tensor, bf16's rounding of them.

!x = tensor<4xbf16>

// CHECK-LABEL: func @half_on_x
// CHECK-SAME:    (%[[X:.+]]: tensor<4xbf16>)
// CHECK-NEXT:    graph.gelu %[[X]] {form = #graph<gelu_form erf>}
func.func @half_on_x(%x: !x) -> !x {
  %inverse = graph.constant dense<0.70703125> : !x
  %one = graph.constant dense<1.0> : !x
  %half = graph.constant dense<0.5> : !x
  %0 = graph.mul %x, %inverse : (!x, !x) -> !x
  %1 = graph.erf %0 : (!x) -> !x
  %2 = graph.add %one, %1 : (!x, !x) -> !x
  %3 = graph.mul %x, %half : (!x, !x) -> !x
  // expected-remark @below {{became gelu with erf}}
  %4 = graph.mul %3, %2 : (!x, !x) -> !x
  return %4 : !x
}

// -----

// Hugging Face's gelu_new: x cubed by pow.

!x = tensor<4xf32>

// CHECK-LABEL: func @tanh_with_pow
// CHECK-SAME:    (%[[X:.+]]: tensor<4xf32>)
// CHECK-NEXT:    graph.gelu %[[X]] {form = #graph<gelu_form tanh>}
func.func @tanh_with_pow(%x: !x) -> !x {
  %half = graph.constant dense<0.5> : tensor<f32>
  %one = graph.constant dense<1.0> : tensor<f32>
  %three = graph.constant dense<3.0> : tensor<f32>
  %c = graph.constant dense<0.044715> : tensor<f32>
  %d = graph.constant dense<0.7978845608> : tensor<f32>
  %0 = graph.mul %x, %half : (!x, tensor<f32>) -> !x
  %1 = graph.pow %x, %three : (!x, tensor<f32>) -> !x
  %2 = graph.mul %1, %c : (!x, tensor<f32>) -> !x
  %3 = graph.add %x, %2 : (!x, !x) -> !x
  %4 = graph.mul %3, %d : (!x, tensor<f32>) -> !x
  %5 = graph.tanh %4 : (!x) -> !x
  %6 = graph.add %5, %one : (!x, tensor<f32>) -> !x
  // expected-remark @below {{became gelu with tanh}}
  %7 = graph.mul %0, %6 : (!x, !x) -> !x
  return %7 : !x
}

// -----

// The fast form: x (d + d c x x), and the result halved by a division.

!x = tensor<4xf32>

// CHECK-LABEL: func @tanh_factored
// CHECK-SAME:    (%[[X:.+]]: tensor<4xf32>)
// CHECK-NEXT:    graph.gelu %[[X]] {form = #graph<gelu_form tanh>}
func.func @tanh_factored(%x: !x) -> !x {
  %two = graph.constant dense<2.0> : tensor<f32>
  %one = graph.constant dense<1.0> : tensor<f32>
  %c = graph.constant dense<0.035677408> : tensor<f32>
  %d = graph.constant dense<0.7978845608> : tensor<f32>
  %0 = graph.mul %x, %x : (!x, !x) -> !x
  %1 = graph.mul %0, %c : (!x, tensor<f32>) -> !x
  %2 = graph.add %d, %1 : (tensor<f32>, !x) -> !x
  %3 = graph.mul %x, %2 : (!x, !x) -> !x
  %4 = graph.tanh %3 : (!x) -> !x
  %5 = graph.mul %x, %4 : (!x, !x) -> !x
  %6 = graph.add %5, %x : (!x, !x) -> !x
  // expected-remark @below {{became gelu with tanh}}
  %7 = graph.div %6, %two : (!x, tensor<f32>) -> !x
  return %7 : !x
}

// -----

// Left alone: erf(x) without the root of two.

!x = tensor<4xf32>

// CHECK-LABEL: func @other_constant
// CHECK-NOT:     graph.gelu
func.func @other_constant(%x: !x) -> !x {
  %one = graph.constant dense<1.0> : tensor<f32>
  %half = graph.constant dense<0.5> : tensor<f32>
  %0 = graph.erf %x : (!x) -> !x
  %1 = graph.add %0, %one : (!x, tensor<f32>) -> !x
  %2 = graph.mul %1, %half : (!x, tensor<f32>) -> !x
  // expected-remark @below {{a product with erf has other terms than gelu: expected x/2 (1 + erf(...))}}
  %3 = graph.mul %x, %2 : (!x, !x) -> !x
  return %3 : !x
}

// -----

// Left alone: the product is larger than x, so it is not elementwise in x.

// CHECK-LABEL: func @half_is_a_tensor
// CHECK-NOT:     graph.gelu
func.func @half_is_a_tensor(%x: tensor<4xf32>) -> tensor<2x4xf32> {
  %root2 = graph.constant dense<1.41421354> : tensor<f32>
  %one = graph.constant dense<1.0> : tensor<f32>
  %half = graph.constant dense<0.5> : tensor<2x4xf32>
  %0 = graph.div %x, %root2 : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = graph.erf %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = graph.add %1, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %3 = graph.mul %x, %2 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  // expected-remark @below {{a product with erf has other terms than gelu: expected x/2 (1 + erf(...))}}
  %4 = graph.mul %3, %half : (tensor<4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %4 : tensor<2x4xf32>
}
