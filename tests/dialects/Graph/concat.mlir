// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics --canonicalize \
// RUN:   | FileCheck %t/syntax.mlir --check-prefix=FOLDED
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @concat_of_symbolic_dims
func.func @concat_of_symbolic_dims(%past: tensor<?x?xf32, #graph.dims<B, P>>, %new: tensor<?x?xf32, #graph.dims<B, L>>) -> tensor<?x?xf32, #graph.dims<B, L + P>> {
  // CHECK: graph.concat %{{.+}}, %{{.+}} {axis = 1 : i64} : (tensor<?x?xf32, #graph.dims<B, P>>, tensor<?x?xf32, #graph.dims<B, L>>) -> tensor<?x?xf32, #graph.dims<B, L + P>>
  %0 = graph.concat %past, %new {axis = 1 : i64} : (tensor<?x?xf32, #graph.dims<B, P>>, tensor<?x?xf32, #graph.dims<B, L>>) -> tensor<?x?xf32, #graph.dims<B, L + P>>
  return %0 : tensor<?x?xf32, #graph.dims<B, L + P>>
}

// -----

// FOLDED-LABEL: func @concat_of_one_folds
// FOLDED-SAME:    %[[X:.+]]: tensor<4xf32>
func.func @concat_of_one_folds(%x: tensor<4xf32>) -> tensor<4xf32> {
  // FOLDED-NEXT: return %[[X]]
  %0 = graph.concat %x {axis = 0 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @concat_c1() {
  // expected-error @below {{'graph.concat' op needs something to join: expected an input, got none}}
  %0 = graph.concat {axis = 0 : i64} : () -> tensor<0xf32>
  return
}

// -----

func.func @concat_c2(%x: tensor<4x2xf32>) {
  // expected-error @below {{'graph.concat' op needs an axis of 'tensor<4x2xf32>': expected 0 to 1, got 2}}
  %0 = graph.concat %x, %x {axis = 2 : i64} : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<4x4xf32>
  return
}

// -----

func.func @concat_c3(%x: tensor<4xf32>, %y: tensor<4xf16>) {
  // expected-error @below {{'graph.concat' op needs one element type: expected 'f32', got 'tensor<4xf16>'}}
  %0 = graph.concat %x, %y {axis = 0 : i64} : (tensor<4xf32>, tensor<4xf16>) -> tensor<8xf32>
  return
}

// -----

func.func @concat_c4(%x: tensor<4x2xf32>, %y: tensor<4x3xf32>) {
  // expected-error @below {{'graph.concat' op joins along dimension 0 only: expected the other dims of 'tensor<4x2xf32>', got 'tensor<4x3xf32>'}}
  %0 = graph.concat %x, %y {axis = 0 : i64} : (tensor<4x2xf32>, tensor<4x3xf32>) -> tensor<8x2xf32>
  return
}

// -----

func.func @concat_c4_of_ranks(%x: tensor<4x2xf32>, %y: tensor<4xf32>) {
  // expected-error @below {{'graph.concat' op joins along dimension 0 only: expected the other dims of 'tensor<4x2xf32>', got 'tensor<4xf32>'}}
  %0 = graph.concat %x, %y {axis = 0 : i64} : (tensor<4x2xf32>, tensor<4xf32>) -> tensor<8x2xf32>
  return
}

//--- meaning.mlir
// An empty input adds nothing.

// CHECK-LABEL: @concat_joins
func.func @concat_joins(
    %a: tensor<2x?xi32, #graph.dims<2, P>> {graph.example = dense<[[1], [2]]> : tensor<2x1xi32>},
    %b: tensor<2x?xi32, #graph.dims<2, L>> {graph.example = dense<[[3, 4], [5, 6]]> : tensor<2x2xi32>},
    %none: tensor<2x0xi32> {graph.example = dense<0> : tensor<2x0xi32>})
    -> (tensor<2x?xi32, #graph.dims<2, L + P>>, tensor<4x0xi32>, tensor<4x2xi32>) {
  %0 = graph.concat %a, %none, %b {axis = 1 : i64} : (tensor<2x?xi32, #graph.dims<2, P>>, tensor<2x0xi32>, tensor<2x?xi32, #graph.dims<2, L>>) -> tensor<2x?xi32, #graph.dims<2, L + P>>
  %1 = graph.concat %none, %none {axis = 0 : i64} : (tensor<2x0xi32>, tensor<2x0xi32>) -> tensor<4x0xi32>
  %2 = graph.concat %b, %b {axis = 0 : i64} : (tensor<2x?xi32, #graph.dims<2, L>>, tensor<2x?xi32, #graph.dims<2, L>>) -> tensor<4x2xi32>
  // CHECK-NEXT: tensor<2x3xi32> 1 3 4 ; 2 5 6{{$}}
  // CHECK-NEXT: tensor<4x0xi32>{{$}}
  // CHECK-NEXT: tensor<4x2xi32> 3 4 ; 5 6 ; 3 4 ; 5 6{{$}}
  return %0, %1, %2 : tensor<2x?xi32, #graph.dims<2, L + P>>, tensor<4x0xi32>, tensor<4x2xi32>
}
