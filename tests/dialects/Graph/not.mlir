// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @not_of_symbolic_dims
func.func @not_of_symbolic_dims(%x: tensor<?xi1, #graph.dims<L>>) -> tensor<?xi1, #graph.dims<L>> {
  // CHECK: graph.not %{{.+}} : (tensor<?xi1, #graph.dims<L>>) -> tensor<?xi1, #graph.dims<L>>
  %0 = graph.not %x : (tensor<?xi1, #graph.dims<L>>) -> tensor<?xi1, #graph.dims<L>>
  return %0 : tensor<?xi1, #graph.dims<L>>
}

// -----

func.func @not_result_is_another(%x: tensor<2xi1>) {
  // expected-error @below {{'graph.not' op needs the result type that follows from its operands: expected 'tensor<2xi1>', got 'tensor<3xi1>'}}
  %0 = graph.not %x : (tensor<2xi1>) -> tensor<3xi1>
  return
}

//--- meaning.mlir
// The other truth value; and no elements.

// CHECK-LABEL: @not_of_both
func.func @not_of_both(
    %x: tensor<?xi1, #graph.dims<N>> {graph.example = dense<[true, false]> : tensor<2xi1>},
    %none: tensor<0xi1> {graph.example = dense<false> : tensor<0xi1>})
    -> (tensor<?xi1, #graph.dims<N>>, tensor<0xi1>) {
  %0 = graph.not %x : (tensor<?xi1, #graph.dims<N>>) -> tensor<?xi1, #graph.dims<N>>
  %1 = graph.not %none : (tensor<0xi1>) -> tensor<0xi1>
  // CHECK-NEXT: tensor<2xi1> false true{{$}}
  // CHECK-NEXT: tensor<0xi1>{{$}}
  return %0, %1 : tensor<?xi1, #graph.dims<N>>, tensor<0xi1>
}
