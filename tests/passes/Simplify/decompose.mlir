// RUN: split-file %s %t
// RUN: tenon-opt %t/all.mlir --decompose --remarks-filter=Simplify --verify-diagnostics | FileCheck %t/all.mlir
// RUN: tenon-opt %t/some.mlir --decompose=ops=attention,rms_norm | FileCheck %t/some.mlir
// RUN: not tenon-opt %t/some.mlir --decompose=ops=matmul 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: tenon-opt %t/refused.mlir --decompose --split-input-file --verify-diagnostics
//
// That the parts mean the same is tested with each op, in tests/dialects/Graph, and
// on random shapes in against-numpy.test there.

// NAME: error: decompose: needs names of composite ops: expected attention, contract, layer_norm, rms_norm, rope, softmax, got matmul

//--- all.mlir
// Taken, and the softmax among its parts too; heads share keys in groups of three.

// CHECK-LABEL: func @attention_of_groups
// CHECK-NOT:     graph.attention
// CHECK-NOT:     graph.softmax
// CHECK:         graph.matmul {{.*}} -> tensor<?x4x3x?x?xf32, #graph.dims<B, 4, 3, L, S>>
// CHECK:         graph.exp
// CHECK:         return {{.*}} : tensor<?x12x?x64xf32, #graph.dims<B, 12, L, 64>>
func.func @attention_of_groups(
    %q: tensor<?x12x?x64xf32, #graph.dims<B, 12, L, 64>>,
    %k: tensor<?x4x?x64xf32, #graph.dims<B, 4, S, 64>>,
    %v: tensor<?x4x?x64xf32, #graph.dims<B, 4, S, 64>>) -> tensor<?x12x?x64xf32, #graph.dims<B, 12, L, 64>> {
  // expected-remark @below {{graph.attention became}}
  // expected-remark @below {{graph.softmax became 5 simpler ops}}
  %0 = graph.attention %q, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.125 : f64, causal}
      : (tensor<?x12x?x64xf32, #graph.dims<B, 12, L, 64>>, tensor<?x4x?x64xf32, #graph.dims<B, 4, S, 64>>, tensor<?x4x?x64xf32, #graph.dims<B, 4, S, 64>>)
      -> tensor<?x12x?x64xf32, #graph.dims<B, 12, L, 64>>
  return %0 : tensor<?x12x?x64xf32, #graph.dims<B, 12, L, 64>>
}

// Computed in f32, rounded to bf16 once.

// CHECK-LABEL: func @narrow_floats_are_widened
// CHECK:         graph.cast {{.*}} {to = f32}
// CHECK-NOT:     graph.cast
// CHECK:         %[[R:.+]] = graph.cast {{.*}} {to = bf16}
// CHECK-NEXT:    return %[[R]]
func.func @narrow_floats_are_widened(%x: tensor<4x8xbf16>) -> tensor<4x8xbf16> {
  // expected-remark @below {{graph.softmax became 7 simpler ops}}
  %0 = graph.softmax %x {axis = 1 : i64} : (tensor<4x8xbf16>) -> tensor<4x8xbf16>
  return %0 : tensor<4x8xbf16>
}

// A result that was written with fewer dims known keeps its type.

// CHECK-LABEL: func @unknown_dims_stay
// CHECK:         graph.reshape {{.*}} -> tensor<?x8xf32>
func.func @unknown_dims_stay(%x: tensor<4x8xf32>) -> tensor<?x8xf32> {
  // expected-remark @below {{graph.softmax became}}
  %0 = graph.softmax %x {axis = 1 : i64} : (tensor<4x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

//--- some.mlir
// Only what is named: the softmax inside attention stays.

// CHECK-LABEL: func @only_the_named_ones
// CHECK-NOT:     graph.attention
// CHECK:         graph.softmax
// CHECK:         graph.layer_norm
func.func @only_the_named_ones(%q: tensor<1x2x3x4xf32>, %s: tensor<4xf32>) -> tensor<1x2x3x4xf32> {
  %0 = graph.attention %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.5 : f64}
      : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %1 = graph.layer_norm %0, %s {epsilon = 1.0e-5 : f64} : (tensor<1x2x3x4xf32>, tensor<4xf32>) -> tensor<1x2x3x4xf32>
  return %1 : tensor<1x2x3x4xf32>
}

//--- refused.mlir
func.func @heads_are_unknown(%q: tensor<1x?x3x4xf32>, %k: tensor<1x2x3x4xf32>) -> tensor<1x?x3x4xf32> {
  // expected-error @below {{'graph.attention' op needs a known number of query heads for each key head to be decomposed, got ? and 2}}
  %0 = graph.attention %q, %k, %k {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.5 : f64}
      : (tensor<1x?x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x?x3x4xf32>
  return %0 : tensor<1x?x3x4xf32>
}

// -----

func.func @keys_are_unknown(%q: tensor<1x2x3x4xf32>, %k: tensor<1x2x?x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @below {{'graph.attention' op needs known numbers of queries and keys for its causal mask to be decomposed, got 3 and ?}}
  %0 = graph.attention %q, %k, %k {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.5 : f64, causal}
      : (tensor<1x2x3x4xf32>, tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x3x4xf32>
  return %0 : tensor<1x2x3x4xf32>
}

// -----

func.func @lanes_are_unknown(%q: tensor<1x2x3x?xf32>, %pos: tensor<1x3xi64>) -> tensor<1x2x3x?xf32> {
  // expected-error @below {{'graph.rope' op needs a known head dimension to be decomposed, got ?}}
  %0 = graph.rope %q, %pos {base = 10000.0 : f64, pairing = #graph<pairing halves>} : (tensor<1x2x3x?xf32>, tensor<1x3xi64>) -> tensor<1x2x3x?xf32>
  return %0 : tensor<1x2x3x?xf32>
}
