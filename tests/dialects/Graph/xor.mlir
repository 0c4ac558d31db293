// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @xor_broadcasts_symbolic_dims
func.func @xor_broadcasts_symbolic_dims(%a: tensor<?x8xi1, #graph.dims<L, 8>>, %b: tensor<8xi1>) -> tensor<?x8xi1, #graph.dims<L, 8>> {
  // CHECK: graph.xor %{{.+}}, %{{.+}} : (tensor<?x8xi1, #graph.dims<L, 8>>, tensor<8xi1>) -> tensor<?x8xi1, #graph.dims<L, 8>>
  %0 = graph.xor %a, %b : (tensor<?x8xi1, #graph.dims<L, 8>>, tensor<8xi1>) -> tensor<?x8xi1, #graph.dims<L, 8>>
  return %0 : tensor<?x8xi1, #graph.dims<L, 8>>
}

// -----

func.func @xor_c1(%a: tensor<4x2xi1>, %b: tensor<3xi1>) {
  // expected-error @below {{'graph.xor' op needs operands that broadcast: expected trailing dims equal or 1, got 'tensor<4x2xi1>' and 'tensor<3xi1>'}}
  %0 = graph.xor %a, %b : (tensor<4x2xi1>, tensor<3xi1>) -> tensor<4x2xi1>
  return
}

//--- meaning.mlir
// Elements at special values; a column with a row; nothing with a scalar.

// CHECK-LABEL: @xor_broadcasts
func.func @xor_broadcasts(
    %a: tensor<?xi1, #graph.dims<N>> {graph.example = dense<[false, false, true, true]> : tensor<4xi1>},
    %b: tensor<?xi1, #graph.dims<N>> {graph.example = dense<[false, true, false, true]> : tensor<4xi1>},
    %column: tensor<2x1xi1> {graph.example = dense<[[false], [true]]> : tensor<2x1xi1>},
    %row: tensor<3xi1> {graph.example = dense<[true, false, true]> : tensor<3xi1>},
    %none: tensor<2x0xi1> {graph.example = dense<false> : tensor<2x0xi1>},
    %one: tensor<i1> {graph.example = dense<false> : tensor<i1>})
    -> (tensor<?xi1, #graph.dims<N>>, tensor<2x3xi1>, tensor<2x0xi1>) {
  %0 = graph.xor %a, %b : (tensor<?xi1, #graph.dims<N>>, tensor<?xi1, #graph.dims<N>>) -> tensor<?xi1, #graph.dims<N>>
  %1 = graph.xor %column, %row : (tensor<2x1xi1>, tensor<3xi1>) -> tensor<2x3xi1>
  %2 = graph.xor %none, %one : (tensor<2x0xi1>, tensor<i1>) -> tensor<2x0xi1>
  // CHECK-NEXT: tensor<4xi1> false true true false{{$}}
  // CHECK-NEXT: tensor<2x3xi1> true false true ; false true false{{$}}
  // CHECK-NEXT: tensor<2x0xi1>{{$}}
  return %0, %1, %2 : tensor<?xi1, #graph.dims<N>>, tensor<2x3xi1>, tensor<2x0xi1>
}
