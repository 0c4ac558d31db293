// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir
// RUN: tenon-opt %t/meaning.mlir --decompose | tenon-interpret | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @softmax_of_symbolic_dims
func.func @softmax_of_symbolic_dims(%x: tensor<?x?x384xf32, #graph.dims<B, L, 384>>) -> tensor<?x?x384xf32, #graph.dims<B, L, 384>> {
  // CHECK: graph.softmax %{{.+}} {axis = 2 : i64} : (tensor<?x?x384xf32, #graph.dims<B, L, 384>>) -> tensor<?x?x384xf32, #graph.dims<B, L, 384>>
  %0 = graph.softmax %x {axis = 2 : i64} : (tensor<?x?x384xf32, #graph.dims<B, L, 384>>) -> tensor<?x?x384xf32, #graph.dims<B, L, 384>>
  return %0 : tensor<?x?x384xf32, #graph.dims<B, L, 384>>
}

// -----

func.func @softmax_c1(%x: tensor<2x3xf32>) {
  // expected-error @below {{'graph.softmax' op needs an axis of its input: expected 0 to 1 for 'tensor<2x3xf32>', got -1}}
  %0 = graph.softmax %x {axis = -1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

//--- meaning.mlir
// Shares of one, also of numbers whose powers of e overflow; -inf has no share; along
// columns.

// CHECK-LABEL: @softmax_of_rows
func.func @softmax_of_rows(
    %x: tensor<?x3xf32, #graph.dims<M, 3>> {graph.example = dense<[[0.0, 1.09861229, 0xFF800000], [1000.0, 1000.0, 0.0]]> : tensor<2x3xf32>},
    %y: tensor<2x1xf32> {graph.example = dense<[[0.0], [1.09861229]]> : tensor<2x1xf32>})
    -> (tensor<?x3xf32, #graph.dims<M, 3>>, tensor<2x1xf32>) {
  %0 = graph.softmax %x {axis = 1 : i64} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> tensor<?x3xf32, #graph.dims<M, 3>>
  %1 = graph.softmax %y {axis = 0 : i64} : (tensor<2x1xf32>) -> tensor<2x1xf32>
  // CHECK-NEXT: tensor<2x3xf32> 0.25 0.75 0 ; 0.5 0.5 0{{$}}
  // CHECK-NEXT: tensor<2x1xf32> 0.25 ; 0.75{{$}}
  return %0, %1 : tensor<?x3xf32, #graph.dims<M, 3>>, tensor<2x1xf32>
}

// NaN, inf, or nothing but -inf: the whole row is NaN. No elements.

// CHECK-LABEL: @softmax_of_special_values
func.func @softmax_of_special_values(
    %x: tensor<3x2xf32> {graph.example = dense<[[0x7FC00000, 1.0], [0x7F800000, 1.0], [0xFF800000, 0xFF800000]]> : tensor<3x2xf32>},
    %none: tensor<2x0xf32> {graph.example = dense<0.0> : tensor<2x0xf32>})
    -> (tensor<3x2xf32>, tensor<2x0xf32>) {
  %0 = graph.softmax %x {axis = 1 : i64} : (tensor<3x2xf32>) -> tensor<3x2xf32>
  %1 = graph.softmax %none {axis = 1 : i64} : (tensor<2x0xf32>) -> tensor<2x0xf32>
  // CHECK-NEXT: tensor<3x2xf32> nan nan ; nan nan ; nan nan{{$}}
  // CHECK-NEXT: tensor<2x0xf32>{{$}}
  return %0, %1 : tensor<3x2xf32>, tensor<2x0xf32>
}
