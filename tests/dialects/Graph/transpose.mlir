// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics --canonicalize \
// RUN:   | FileCheck %t/syntax.mlir --check-prefix=FOLDED
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @transpose_of_symbolic_dims
func.func @transpose_of_symbolic_dims(%x: tensor<?x?x12x32xf32, #graph.dims<B, L, 12, 32>>) -> tensor<?x12x?x32xf32, #graph.dims<B, 12, L, 32>> {
  // CHECK: graph.transpose %{{.+}} {permutation = array<i64: 0, 2, 1, 3>} : (tensor<?x?x12x32xf32, #graph.dims<B, L, 12, 32>>) -> tensor<?x12x?x32xf32, #graph.dims<B, 12, L, 32>>
  %0 = graph.transpose %x {permutation = array<i64: 0, 2, 1, 3>} : (tensor<?x?x12x32xf32, #graph.dims<B, L, 12, 32>>) -> tensor<?x12x?x32xf32, #graph.dims<B, 12, L, 32>>
  return %0 : tensor<?x12x?x32xf32, #graph.dims<B, 12, L, 32>>
}

// -----

// Two become one, and the identity none.

// FOLDED-LABEL: func @transpose_of_transpose_folds
// FOLDED-SAME:    %[[X:.+]]: tensor<2x3x4xf32>
func.func @transpose_of_transpose_folds(%x: tensor<2x3x4xf32>) -> (tensor<4x2x3xf32>, tensor<2x3x4xf32>) {
  %once = graph.transpose %x {permutation = array<i64: 1, 2, 0>} : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  // FOLDED-NEXT: %[[TWICE:.+]] = graph.transpose %[[X]] {permutation = array<i64: 2, 0, 1>} : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
  %twice = graph.transpose %once {permutation = array<i64: 1, 2, 0>} : (tensor<3x4x2xf32>) -> tensor<4x2x3xf32>
  %thrice = graph.transpose %twice {permutation = array<i64: 1, 2, 0>} : (tensor<4x2x3xf32>) -> tensor<2x3x4xf32>
  // FOLDED-NEXT: return %[[TWICE]], %[[X]]
  return %twice, %thrice : tensor<4x2x3xf32>, tensor<2x3x4xf32>
}

// -----

func.func @transpose_c1(%x: tensor<2x3x4xf32>) {
  // expected-error @below {{'graph.transpose' op needs each dim of 'tensor<2x3x4xf32>' once: expected an order of 0 to 2, got [0, 1, 1]}}
  %0 = graph.transpose %x {permutation = array<i64: 0, 1, 1>} : (tensor<2x3x4xf32>) -> tensor<2x3x3xf32>
  return
}

// -----

func.func @transpose_result_is_another(%x: tensor<2x3xf32>) {
  // expected-error @below {{'graph.transpose' op needs the result type that follows from its operands: expected 'tensor<3x2xf32>', got 'tensor<2x3xf32>'}}
  %0 = graph.transpose %x {permutation = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

//--- meaning.mlir
// The rotation 1, 2, 0 is not its own inverse, so it tells the direction.

// CHECK-LABEL: @transpose_moves_dims
func.func @transpose_moves_dims(
    %x: tensor<1x?x3xi32, #graph.dims<1, L, 3>> {graph.example = dense<[[[1, 2, 3], [4, 5, 6]]]> : tensor<1x2x3xi32>},
    %none: tensor<0x2xf32> {graph.example = dense<0.0> : tensor<0x2xf32>},
    %scalar: tensor<f32> {graph.example = dense<5.0> : tensor<f32>})
    -> (tensor<?x3x1xi32, #graph.dims<L, 3, 1>>, tensor<3x1x?xi32, #graph.dims<3, 1, L>>, tensor<2x0xf32>, tensor<f32>) {
  %0 = graph.transpose %x {permutation = array<i64: 1, 2, 0>} : (tensor<1x?x3xi32, #graph.dims<1, L, 3>>) -> tensor<?x3x1xi32, #graph.dims<L, 3, 1>>
  %1 = graph.transpose %x {permutation = array<i64: 2, 0, 1>} : (tensor<1x?x3xi32, #graph.dims<1, L, 3>>) -> tensor<3x1x?xi32, #graph.dims<3, 1, L>>
  %2 = graph.transpose %none {permutation = array<i64: 1, 0>} : (tensor<0x2xf32>) -> tensor<2x0xf32>
  %3 = graph.transpose %scalar {permutation = array<i64>} : (tensor<f32>) -> tensor<f32>
  // CHECK-NEXT: tensor<2x3x1xi32> 1 ; 2 ; 3 ;; 4 ; 5 ; 6{{$}}
  // CHECK-NEXT: tensor<3x1x2xi32> 1 4 ;; 2 5 ;; 3 6{{$}}
  // CHECK-NEXT: tensor<2x0xf32>{{$}}
  // CHECK-NEXT: tensor<f32> 5{{$}}
  return %0, %1, %2, %3 : tensor<?x3x1xi32, #graph.dims<L, 3, 1>>, tensor<3x1x?xi32, #graph.dims<3, 1, L>>, tensor<2x0xf32>, tensor<f32>
}
