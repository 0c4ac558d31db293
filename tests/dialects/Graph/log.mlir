// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @log_of_symbolic_dims
func.func @log_of_symbolic_dims(%x: tensor<?x384xf32, #graph.dims<L, 384>>) -> tensor<?x384xf32, #graph.dims<L, 384>> {
  // CHECK: graph.log %{{.+}} : (tensor<?x384xf32, #graph.dims<L, 384>>) -> tensor<?x384xf32, #graph.dims<L, 384>>
  %0 = graph.log %x : (tensor<?x384xf32, #graph.dims<L, 384>>) -> tensor<?x384xf32, #graph.dims<L, 384>>
  return %0 : tensor<?x384xf32, #graph.dims<L, 384>>
}

// -----

func.func @log_result_is_another(%x: tensor<2xf32>) {
  // expected-error @below {{'graph.log' op needs the result type that follows from its operands: expected 'tensor<2xf32>', got 'tensor<3xf32>'}}
  %0 = graph.log %x : (tensor<2xf32>) -> tensor<3xf32>
  return
}

//--- meaning.mlir
// Logarithms: infinities, both signs, zero, NaN; and no elements.

// CHECK-LABEL: @log_of_special_values
func.func @log_of_special_values(
    %x: tensor<?xf32, #graph.dims<N>> {graph.example = dense<[0xFF800000, -2.0, -0.5, 0.0, 0.5, 2.0, 0x7F800000, 0x7FC00000]> : tensor<8xf32>},
    %none: tensor<0x2xf32> {graph.example = dense<0.0> : tensor<0x2xf32>})
    -> (tensor<?xf32, #graph.dims<N>>, tensor<0x2xf32>) {
  %0 = graph.log %x : (tensor<?xf32, #graph.dims<N>>) -> tensor<?xf32, #graph.dims<N>>
  %1 = graph.log %none : (tensor<0x2xf32>) -> tensor<0x2xf32>
  // CHECK-NEXT: tensor<8xf32> nan nan nan -inf -0.693147 0.693147 inf nan{{$}}
  // CHECK-NEXT: tensor<0x2xf32>{{$}}
  return %0, %1 : tensor<?xf32, #graph.dims<N>>, tensor<0x2xf32>
}
