// RUN: tenon-opt %s --raise-attention=every-query-sees-a-key --remarks-filter=Raise \
// RUN:   --verify-diagnostics | FileCheck %s

// A causal mask and padding in one additive mask: with the promise that every
// query sees a key, only the padding stays a bias.

!q = tensor<2x3x5x4xf32>
!s = tensor<2x3x5x5xf32>

// CHECK-LABEL: func @causal_and_padding
// CHECK-SAME:    %[[PADDING:[^ ]+]]: tensor<2x1x1x5xi1>
// CHECK:         %[[BIAS:.+]] = graph.where %[[PADDING]]
// CHECK:         graph.attention {{.*}}, %[[BIAS]] {causal
func.func @causal_and_padding(%q: !q, %kt: tensor<2x3x4x5xf32>, %v: !q,
                              %padding: tensor<2x1x1x5xi1>) -> !q {
  %low = graph.constant dense<-3.40282347E+38> : tensor<f32>
  %zero = graph.constant dense<0.0> : tensor<f32>
  %j = graph.iota {axis = 1 : i64} : () -> tensor<5x5xi64>
  %i = graph.iota {axis = 0 : i64} : () -> tensor<5x5xi64>
  %triangle = graph.compare %i, %j {predicate = #graph<predicate ge>} : (tensor<5x5xi64>, tensor<5x5xi64>) -> tensor<5x5xi1>
  %seen = graph.and %triangle, %padding : (tensor<5x5xi1>, tensor<2x1x1x5xi1>) -> tensor<2x1x5x5xi1>
  %bias = graph.where %seen, %zero, %low : (tensor<2x1x5x5xi1>, tensor<f32>, tensor<f32>) -> tensor<2x1x5x5xf32>
  %0 = graph.matmul %q, %kt : (!q, tensor<2x3x4x5xf32>) -> !s
  %1 = graph.add %bias, %0 : (tensor<2x1x5x5xf32>, !s) -> !s
  %2 = graph.softmax %1 {axis = 3 : i64} : (!s) -> !s
  // expected-remark @below {{became attention, causal, with a bias}}
  %3 = graph.matmul %2, %v : (!s, !q) -> !q
  return %3 : !q
}
