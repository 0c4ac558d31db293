// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics --canonicalize \
// RUN:   | FileCheck %t/syntax.mlir --check-prefix=FOLDED
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @slice_of_symbolic_start
func.func @slice_of_symbolic_start(%x: tensor<?x?x8xf32, #graph.dims<B, L, 8>>) -> tensor<?x1x8xf32, #graph.dims<B, 1, 8>> {
  // CHECK: graph.slice %{{.+}} {axis = 1 : i64, start = #graph.dim<L + -1>, step = 1 : i64} : (tensor<?x?x8xf32, #graph.dims<B, L, 8>>) -> tensor<?x1x8xf32, #graph.dims<B, 1, 8>>
  %0 = graph.slice %x {axis = 1 : i64, start = #graph.dim<L + -1>, step = 1 : i64} : (tensor<?x?x8xf32, #graph.dims<B, L, 8>>) -> tensor<?x1x8xf32, #graph.dims<B, 1, 8>>
  return %0 : tensor<?x1x8xf32, #graph.dims<B, 1, 8>>
}

// -----

// FOLDED-LABEL: func @slice_of_the_whole_folds
// FOLDED-SAME:    %[[X:[^:]+]]: tensor<?xf32, #graph.dims<L>>
func.func @slice_of_the_whole_folds(%x: tensor<?xf32, #graph.dims<L>>) -> tensor<?xf32, #graph.dims<L>> {
  // FOLDED-NEXT: return %[[X]]
  %0 = graph.slice %x {axis = 0 : i64, start = #graph.dim<0>, step = 1 : i64} : (tensor<?xf32, #graph.dims<L>>) -> tensor<?xf32, #graph.dims<L>>
  return %0 : tensor<?xf32, #graph.dims<L>>
}

// -----

// Left alone: the same shape, backwards.

// FOLDED-LABEL: func @slice_backwards_stays
func.func @slice_backwards_stays(%x: tensor<4xf32>) -> tensor<4xf32> {
  // FOLDED-NEXT: graph.slice
  %0 = graph.slice %x {axis = 0 : i64, start = #graph.dim<3>, step = -1 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @slice_c1(%x: tensor<4xf32>) {
  // expected-error @below {{'graph.slice' op needs one element type: expected 'f32', got 'bf16' in 'tensor<2xbf16>'}}
  %0 = graph.slice %x {axis = 0 : i64, start = #graph.dim<0>, step = 1 : i64} : (tensor<4xf32>) -> tensor<2xbf16>
  return
}

// -----

func.func @slice_c2(%x: tensor<4xf32>) {
  // expected-error @below {{'graph.slice' op needs an axis of 'tensor<4xf32>': expected 0 to 0, got -1}}
  %0 = graph.slice %x {axis = -1 : i64, start = #graph.dim<0>, step = 1 : i64} : (tensor<4xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @slice_c3(%x: tensor<4x6xf32>) {
  // expected-error @below {{'graph.slice' op changes only dimension 0: expected the other dims of 'tensor<4x6xf32>', got 'tensor<2x5xf32>'}}
  %0 = graph.slice %x {axis = 0 : i64, start = #graph.dim<0>, step = 1 : i64} : (tensor<4x6xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @slice_c4(%x: tensor<4xf32>) {
  // expected-error @below {{'graph.slice' op needs a step to the next element: expected any number but 0, got 0}}
  %0 = graph.slice %x {axis = 0 : i64, start = #graph.dim<0>, step = 0 : i64} : (tensor<4xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @slice_c5(%x: tensor<4xf32>) {
  // expected-error @below {{'graph.slice' op stays inside dimension 0: expected elements 0 to 3 of 'tensor<4xf32>', got element 5}}
  %0 = graph.slice %x {axis = 0 : i64, start = #graph.dim<1>, step = 2 : i64} : (tensor<4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @slice_c5_backwards(%x: tensor<4xf32>) {
  // expected-error @below {{'graph.slice' op stays inside dimension 0: expected elements 0 to 3 of 'tensor<4xf32>', got element -1}}
  %0 = graph.slice %x {axis = 0 : i64, start = #graph.dim<2>, step = -1 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @slice_c5_of_polynomials(%x: tensor<?xf32, #graph.dims<L>>) {
  // expected-error @below {{'graph.slice' op stays inside dimension 0: expected elements 0 to L + -1 of 'tensor<?xf32, #graph.dims<L>>', got element L}}
  %0 = graph.slice %x {axis = 0 : i64, start = #graph.dim<1>, step = 1 : i64} : (tensor<?xf32, #graph.dims<L>>) -> tensor<?xf32, #graph.dims<L>>
  return
}

//--- meaning.mlir
// The last one, every other one, all backwards, and none.

// CHECK-LABEL: @slice_takes_elements
func.func @slice_takes_elements(
    %x: tensor<2x?xi32, #graph.dims<2, L>> {graph.example = dense<[[1, 2, 3, 4], [5, 6, 7, 8]]> : tensor<2x4xi32>})
    -> (tensor<2x1xi32>, tensor<2x2xi32>, tensor<2x?xi32, #graph.dims<2, L>>, tensor<2x0xi32>, tensor<1x?xi32, #graph.dims<1, L>>) {
  %0 = graph.slice %x {axis = 1 : i64, start = #graph.dim<L + -1>, step = 1 : i64} : (tensor<2x?xi32, #graph.dims<2, L>>) -> tensor<2x1xi32>
  %1 = graph.slice %x {axis = 1 : i64, start = #graph.dim<1>, step = 2 : i64} : (tensor<2x?xi32, #graph.dims<2, L>>) -> tensor<2x2xi32>
  %2 = graph.slice %x {axis = 1 : i64, start = #graph.dim<L + -1>, step = -1 : i64} : (tensor<2x?xi32, #graph.dims<2, L>>) -> tensor<2x?xi32, #graph.dims<2, L>>
  %3 = graph.slice %x {axis = 1 : i64, start = #graph.dim<L>, step = 1 : i64} : (tensor<2x?xi32, #graph.dims<2, L>>) -> tensor<2x0xi32>
  %4 = graph.slice %x {axis = 0 : i64, start = #graph.dim<1>, step = 1 : i64} : (tensor<2x?xi32, #graph.dims<2, L>>) -> tensor<1x?xi32, #graph.dims<1, L>>
  // CHECK-NEXT: tensor<2x1xi32> 4 ; 8{{$}}
  // CHECK-NEXT: tensor<2x2xi32> 2 4 ; 6 8{{$}}
  // CHECK-NEXT: tensor<2x4xi32> 4 3 2 1 ; 8 7 6 5{{$}}
  // CHECK-NEXT: tensor<2x0xi32>{{$}}
  // CHECK-NEXT: tensor<1x4xi32> 5 6 7 8{{$}}
  return %0, %1, %2, %3, %4 : tensor<2x1xi32>, tensor<2x2xi32>, tensor<2x?xi32, #graph.dims<2, L>>, tensor<2x0xi32>, tensor<1x?xi32, #graph.dims<1, L>>
}
