// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics --canonicalize \
// RUN:   | FileCheck %t/syntax.mlir --check-prefix=FOLDED
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @reshape_of_symbolic_dims
func.func @reshape_of_symbolic_dims(%x: tensor<?x?x384xf32, #graph.dims<B, L, 384>>) -> tensor<?x384xf32, #graph.dims<B*L, 384>> {
  // CHECK: graph.reshape %{{.+}} : (tensor<?x?x384xf32, #graph.dims<B, L, 384>>) -> tensor<?x384xf32, #graph.dims<B*L, 384>>
  %0 = graph.reshape %x : (tensor<?x?x384xf32, #graph.dims<B, L, 384>>) -> tensor<?x384xf32, #graph.dims<B*L, 384>>
  return %0 : tensor<?x384xf32, #graph.dims<B*L, 384>>
}

// -----

// Only the last of two reshapes counts, and none is left when the shape is back.

// FOLDED-LABEL: func @reshape_of_reshape_folds
// FOLDED-SAME:    %[[X:.+]]: tensor<4x6xf32>
func.func @reshape_of_reshape_folds(%x: tensor<4x6xf32>) -> (tensor<8x3xf32>, tensor<4x6xf32>) {
  %flat = graph.reshape %x : (tensor<4x6xf32>) -> tensor<24xf32>
  // FOLDED-NEXT: %[[Y:.+]] = graph.reshape %[[X]] : (tensor<4x6xf32>) -> tensor<8x3xf32>
  %y = graph.reshape %flat : (tensor<24xf32>) -> tensor<8x3xf32>
  %back = graph.reshape %y : (tensor<8x3xf32>) -> tensor<4x6xf32>
  // FOLDED-NEXT: return %[[Y]], %[[X]]
  return %y, %back : tensor<8x3xf32>, tensor<4x6xf32>
}

// -----

// Left alone: two unknown dims may trade places under one type.

// FOLDED-LABEL: func @reshape_of_unknown_dims_stays
func.func @reshape_of_unknown_dims_stays(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  // FOLDED-NEXT: graph.reshape
  %0 = graph.reshape %x : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

func.func @reshape_c1(%x: tensor<4xf32>) {
  // expected-error @below {{'graph.reshape' op needs one element type: expected 'f32', got 'i32' in 'tensor<2x2xi32>'}}
  %0 = graph.reshape %x : (tensor<4xf32>) -> tensor<2x2xi32>
  return
}

// -----

func.func @reshape_c2(%x: tensor<2x3xf32>) {
  // expected-error @below {{'graph.reshape' op needs as many elements as its input: expected 6 for 'tensor<2x3xf32>', got 8 in 'tensor<2x4xf32>'}}
  %0 = graph.reshape %x : (tensor<2x3xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @reshape_c2_of_polynomials(%x: tensor<?x?xf32, #graph.dims<B, L>>) {
  // expected-error @below {{'graph.reshape' op needs as many elements as its input: expected B*L for 'tensor<?x?xf32, #graph.dims<B, L>>', got 2*B*L in 'tensor<?x2x?xf32, #graph.dims<B, 2, L>>'}}
  %0 = graph.reshape %x : (tensor<?x?xf32, #graph.dims<B, L>>) -> tensor<?x2x?xf32, #graph.dims<B, 2, L>>
  return
}

//--- meaning.mlir
// CHECK-LABEL: @reshape_keeps_the_order
func.func @reshape_keeps_the_order(
    %x: tensor<?x3xi32, #graph.dims<B, 3>> {graph.example = dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>},
    %none: tensor<?x3xi32, #graph.dims<L, 3>> {graph.example = dense<0> : tensor<0x3xi32>},
    %one: tensor<1x1xi32> {graph.example = dense<9> : tensor<1x1xi32>})
    -> (tensor<3x?xi32, #graph.dims<3, B>>, tensor<?xi32, #graph.dims<3*L>>, tensor<i32>) {
  %0 = graph.reshape %x : (tensor<?x3xi32, #graph.dims<B, 3>>) -> tensor<3x?xi32, #graph.dims<3, B>>
  %1 = graph.reshape %none : (tensor<?x3xi32, #graph.dims<L, 3>>) -> tensor<?xi32, #graph.dims<3*L>>
  %2 = graph.reshape %one : (tensor<1x1xi32>) -> tensor<i32>
  // CHECK-NEXT: tensor<3x2xi32> 1 2 ; 3 4 ; 5 6{{$}}
  // CHECK-NEXT: tensor<0xi32>{{$}}
  // CHECK-NEXT: tensor<i32> 9{{$}}
  return %0, %1, %2 : tensor<3x?xi32, #graph.dims<3, B>>, tensor<?xi32, #graph.dims<3*L>>, tensor<i32>
}
