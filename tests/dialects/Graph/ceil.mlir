// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @ceil_of_symbolic_dims
func.func @ceil_of_symbolic_dims(%x: tensor<?x384xf32, #graph.dims<L, 384>>) -> tensor<?x384xf32, #graph.dims<L, 384>> {
  // CHECK: graph.ceil %{{.+}} : (tensor<?x384xf32, #graph.dims<L, 384>>) -> tensor<?x384xf32, #graph.dims<L, 384>>
  %0 = graph.ceil %x : (tensor<?x384xf32, #graph.dims<L, 384>>) -> tensor<?x384xf32, #graph.dims<L, 384>>
  return %0 : tensor<?x384xf32, #graph.dims<L, 384>>
}

// -----

func.func @ceil_result_is_another(%x: tensor<2xf32>) {
  // expected-error @below {{'graph.ceil' op needs the result type that follows from its operands: expected 'tensor<2xf32>', got 'tensor<3xf32>'}}
  %0 = graph.ceil %x : (tensor<2xf32>) -> tensor<3xf32>
  return
}

//--- meaning.mlir
// Up: infinities, halves of both signs, NaN; and no elements.

// CHECK-LABEL: @ceil_of_special_values
func.func @ceil_of_special_values(
    %x: tensor<?xf32, #graph.dims<N>> {graph.example = dense<[0xFF800000, -2.5, -0.5, 0.5, 1.5, 1.7, 0x7F800000, 0x7FC00000]> : tensor<8xf32>},
    %none: tensor<0x2xf32> {graph.example = dense<0.0> : tensor<0x2xf32>})
    -> (tensor<?xf32, #graph.dims<N>>, tensor<0x2xf32>) {
  %0 = graph.ceil %x : (tensor<?xf32, #graph.dims<N>>) -> tensor<?xf32, #graph.dims<N>>
  %1 = graph.ceil %none : (tensor<0x2xf32>) -> tensor<0x2xf32>
  // CHECK-NEXT: tensor<8xf32> -inf -2 -0 1 2 2 inf nan{{$}}
  // CHECK-NEXT: tensor<0x2xf32>{{$}}
  return %0, %1 : tensor<?xf32, #graph.dims<N>>, tensor<0x2xf32>
}
