// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @is_nan_of_symbolic_dims
func.func @is_nan_of_symbolic_dims(%x: tensor<?x384xf32, #graph.dims<L, 384>>) -> tensor<?x384xi1, #graph.dims<L, 384>> {
  // CHECK: graph.is_nan %{{.+}} : (tensor<?x384xf32, #graph.dims<L, 384>>) -> tensor<?x384xi1, #graph.dims<L, 384>>
  %0 = graph.is_nan %x : (tensor<?x384xf32, #graph.dims<L, 384>>) -> tensor<?x384xi1, #graph.dims<L, 384>>
  return %0 : tensor<?x384xi1, #graph.dims<L, 384>>
}

// -----

func.func @is_nan_result_is_another(%x: tensor<2xf32>) {
  // expected-error @below {{'graph.is_nan' op needs the result type that follows from its operands: expected 'tensor<2xi1>', got 'tensor<3xi1>'}}
  %0 = graph.is_nan %x : (tensor<2xf32>) -> tensor<3xi1>
  return
}

//--- meaning.mlir
// True of NaN only, not of infinities; and no elements.

// CHECK-LABEL: @is_nan_of_special_values
func.func @is_nan_of_special_values(
    %x: tensor<?xf32, #graph.dims<N>> {graph.example = dense<[0.0, 0x7FC00000, 0x7F800000, 0xFF800000]> : tensor<4xf32>},
    %none: tensor<0xf32> {graph.example = dense<0.0> : tensor<0xf32>})
    -> (tensor<?xi1, #graph.dims<N>>, tensor<0xi1>) {
  %0 = graph.is_nan %x : (tensor<?xf32, #graph.dims<N>>) -> tensor<?xi1, #graph.dims<N>>
  %1 = graph.is_nan %none : (tensor<0xf32>) -> tensor<0xi1>
  // CHECK-NEXT: tensor<4xi1> false true false false{{$}}
  // CHECK-NEXT: tensor<0xi1>{{$}}
  return %0, %1 : tensor<?xi1, #graph.dims<N>>, tensor<0xi1>
}
