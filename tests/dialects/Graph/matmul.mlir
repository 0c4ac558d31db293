// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @matmul_of_symbolic_dims
func.func @matmul_of_symbolic_dims(%x: tensor<?x?x384xf32, #graph.dims<B, L, 384>>, %w: tensor<384x8xf32>) -> tensor<?x?x8xf32, #graph.dims<B, L, 8>> {
  // CHECK: graph.matmul %{{.+}}, %{{.+}} : (tensor<?x?x384xf32, #graph.dims<B, L, 384>>, tensor<384x8xf32>) -> tensor<?x?x8xf32, #graph.dims<B, L, 8>>
  %0 = graph.matmul %x, %w : (tensor<?x?x384xf32, #graph.dims<B, L, 384>>, tensor<384x8xf32>) -> tensor<?x?x8xf32, #graph.dims<B, L, 8>>
  return %0 : tensor<?x?x8xf32, #graph.dims<B, L, 8>>
}

// -----

func.func @matmul_c1(%a: tensor<2x3xf32>, %b: tensor<3x4xbf16>) {
  // expected-error @below {{'graph.matmul' op needs operands of one element type: expected 'f32', got 'tensor<3x4xbf16>'}}
  %0 = graph.matmul %a, %b : (tensor<2x3xf32>, tensor<3x4xbf16>) -> tensor<2x4xf32>
  return
}

// -----

func.func @matmul_c2(%a: tensor<2x3xf32>, %b: tensor<f32>) {
  // expected-error @below {{'graph.matmul' op needs a row or a matrix on either side: expected rank 1 or more, got 'tensor<2x3xf32>' and 'tensor<f32>'}}
  %0 = graph.matmul %a, %b : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @matmul_c3(%a: tensor<2x3xf32>, %b: tensor<4x5xf32>) {
  // expected-error @below {{'graph.matmul' op contracts the last dim of lhs with dim 0 of rhs: expected 3, got 4 in 'tensor<4x5xf32>'}}
  %0 = graph.matmul %a, %b : (tensor<2x3xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @matmul_c3_of_polynomials(%a: tensor<2x?xf32, #graph.dims<2, L>>, %b: tensor<?x5xf32, #graph.dims<L + 1, 5>>) {
  // expected-error @below {{'graph.matmul' op contracts the last dim of lhs with dim 0 of rhs: expected L, got L + 1 in 'tensor<?x5xf32, #graph.dims<L + 1, 5>>'}}
  %0 = graph.matmul %a, %b : (tensor<2x?xf32, #graph.dims<2, L>>, tensor<?x5xf32, #graph.dims<L + 1, 5>>) -> tensor<2x5xf32>
  return
}

// -----

func.func @matmul_c4(%a: tensor<7x2x3xf32>, %b: tensor<6x3x4xf32>) {
  // expected-error @below {{'graph.matmul' op needs batch dims that broadcast: expected equal or 1, got 'tensor<7x2x3xf32>' and 'tensor<6x3x4xf32>'}}
  %0 = graph.matmul %a, %b : (tensor<7x2x3xf32>, tensor<6x3x4xf32>) -> tensor<7x2x4xf32>
  return
}

// -----

func.func @matmul_result_is_another(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) {
  // expected-error @below {{'graph.matmul' op needs the result type that follows from its operands: expected 'tensor<2x4xf32>', got 'tensor<4x2xf32>'}}
  %0 = graph.matmul %a, %b : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<4x2xf32>
  return
}

//--- meaning.mlir
// Matrices; rows and columns of rank 1; two matrices times one, broadcast.

// CHECK-LABEL: @matmul_of_matrices
func.func @matmul_of_matrices(
    %a: tensor<?x3xf32, #graph.dims<M, 3>> {graph.example = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>},
    %b: tensor<3x2xf32> {graph.example = dense<[[1.0, 0.0], [0.0, 1.0], [2.0, -1.0]]> : tensor<3x2xf32>},
    %v: tensor<3xf32> {graph.example = dense<[1.0, 1.0, 1.0]> : tensor<3xf32>},
    %stack: tensor<2x1x3xf32> {graph.example = dense<[[[1.0, 0.0, 0.0]], [[0.0, 0.0, 1.0]]]> : tensor<2x1x3xf32>})
    -> (tensor<?x2xf32, #graph.dims<M, 2>>, tensor<2xf32>, tensor<?xf32, #graph.dims<M>>, tensor<f32>, tensor<2x1x2xf32>) {
  %0 = graph.matmul %a, %b : (tensor<?x3xf32, #graph.dims<M, 3>>, tensor<3x2xf32>) -> tensor<?x2xf32, #graph.dims<M, 2>>
  %1 = graph.matmul %v, %b : (tensor<3xf32>, tensor<3x2xf32>) -> tensor<2xf32>
  %2 = graph.matmul %a, %v : (tensor<?x3xf32, #graph.dims<M, 3>>, tensor<3xf32>) -> tensor<?xf32, #graph.dims<M>>
  %3 = graph.matmul %v, %v : (tensor<3xf32>, tensor<3xf32>) -> tensor<f32>
  %4 = graph.matmul %stack, %b : (tensor<2x1x3xf32>, tensor<3x2xf32>) -> tensor<2x1x2xf32>
  // CHECK-NEXT: tensor<2x2xf32> 7 -1 ; 16 -1{{$}}
  // CHECK-NEXT: tensor<2xf32> 3 0{{$}}
  // CHECK-NEXT: tensor<2xf32> 6 15{{$}}
  // CHECK-NEXT: tensor<f32> 3{{$}}
  // CHECK-NEXT: tensor<2x1x2xf32> 1 0 ;; 2 -1{{$}}
  return %0, %1, %2, %3, %4 : tensor<?x2xf32, #graph.dims<M, 2>>, tensor<2xf32>, tensor<?xf32, #graph.dims<M>>, tensor<f32>, tensor<2x1x2xf32>
}

// Infinity times zero is NaN, and a NaN spoils its row only; integers wrap; sums over
// nothing are zero.

// CHECK-LABEL: @matmul_of_special_values
func.func @matmul_of_special_values(
    %a: tensor<2x2xf32> {graph.example = dense<[[0x7F800000, 1.0], [0x7FC00000, 1.0]]> : tensor<2x2xf32>},
    %b: tensor<2x1xf32> {graph.example = dense<[[0.0], [1.0]]> : tensor<2x1xf32>},
    %c: tensor<2x1xf32> {graph.example = dense<[[2.0], [1.0]]> : tensor<2x1xf32>},
    %i: tensor<1x2xi8> {graph.example = dense<[[100, 2]]> : tensor<1x2xi8>},
    %j: tensor<2x1xi8> {graph.example = dense<[[2], [3]]> : tensor<2x1xi8>},
    %none: tensor<2x0xf32> {graph.example = dense<0.0> : tensor<2x0xf32>},
    %empty: tensor<0x3xf32> {graph.example = dense<0.0> : tensor<0x3xf32>})
    -> (tensor<2x1xf32>, tensor<2x1xf32>, tensor<1x1xi8>, tensor<2x3xf32>) {
  %0 = graph.matmul %a, %b : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x1xf32>
  %1 = graph.matmul %a, %c : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x1xf32>
  %2 = graph.matmul %i, %j : (tensor<1x2xi8>, tensor<2x1xi8>) -> tensor<1x1xi8>
  %3 = graph.matmul %none, %empty : (tensor<2x0xf32>, tensor<0x3xf32>) -> tensor<2x3xf32>
  // CHECK-NEXT: tensor<2x1xf32> nan ; nan{{$}}
  // CHECK-NEXT: tensor<2x1xf32> inf ; nan{{$}}
  // CHECK-NEXT: tensor<1x1xi8> -50{{$}}
  // CHECK-NEXT: tensor<2x3xf32> 0 0 0 ; 0 0 0{{$}}
  return %0, %1, %2, %3 : tensor<2x1xf32>, tensor<2x1xf32>, tensor<1x1xi8>, tensor<2x3xf32>
}
