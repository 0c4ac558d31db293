// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir
// RUN: not tenon-interpret %t/nothing.mlir 2>&1 | FileCheck %t/nothing.mlir

//--- syntax.mlir
// CHECK-LABEL: func @argmax_of_symbolic_dims
func.func @argmax_of_symbolic_dims(%x: tensor<?x?x384xf32, #graph.dims<B, L, 384>>) -> tensor<?x?x1xi64, #graph.dims<B, L, 1>> {
  // CHECK: graph.argmax %{{.+}} {axis = 2 : i64, keep_dims = true, smallest = false} : (tensor<?x?x384xf32, #graph.dims<B, L, 384>>) -> tensor<?x?x1xi64, #graph.dims<B, L, 1>>
  %0 = graph.argmax %x {axis = 2 : i64, keep_dims = true, smallest = false} : (tensor<?x?x384xf32, #graph.dims<B, L, 384>>) -> tensor<?x?x1xi64, #graph.dims<B, L, 1>>
  return %0 : tensor<?x?x1xi64, #graph.dims<B, L, 1>>
}

// -----

func.func @argmax_c1(%x: tensor<2x3xf32>) {
  // expected-error @below {{'graph.argmax' op needs an axis of its input: expected 0 to 1 for 'tensor<2x3xf32>', got -1}}
  %0 = graph.argmax %x {axis = -1 : i64, keep_dims = true, smallest = false} : (tensor<2x3xf32>) -> tensor<2x1xi64>
  return
}

// -----

func.func @argmax_c2(%x: tensor<2x0xf32>) {
  // expected-error @below {{'graph.argmax' op needs an element to choose: expected a dim 1 that is not 0, got 'tensor<2x0xf32>'}}
  %0 = graph.argmax %x {axis = 1 : i64, keep_dims = true, smallest = false} : (tensor<2x0xf32>) -> tensor<2x1xi64>
  return
}

//--- meaning.mlir
// The first of equals; the first NaN before all; along columns; by value, not by sign bit.

// CHECK-LABEL: @argmax_finds
func.func @argmax_finds(
    %x: tensor<?x3xf32, #graph.dims<M, 3>> {graph.example = dense<[[1.0, 3.0, 3.0], [0x7F800000, 0x7FC00000, 0x7FC00000]]> : tensor<2x3xf32>},
    %u: tensor<2xui64> {graph.example = dense<[1, 18446744073709551615]> : tensor<2xui64>},
    %none: tensor<0x3xf32> {graph.example = dense<0.0> : tensor<0x3xf32>})
    -> (tensor<?xi64, #graph.dims<M>>, tensor<?x1xi64, #graph.dims<M, 1>>, tensor<3xi64>, tensor<i64>, tensor<0xi64>) {
  %0 = graph.argmax %x {axis = 1 : i64, keep_dims = false, smallest = false} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> tensor<?xi64, #graph.dims<M>>
  %1 = graph.argmax %x {axis = 1 : i64, keep_dims = true, smallest = true} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> tensor<?x1xi64, #graph.dims<M, 1>>
  %2 = graph.argmax %x {axis = 0 : i64, keep_dims = false, smallest = false} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> tensor<3xi64>
  %3 = graph.argmax %u {axis = 0 : i64, keep_dims = false, smallest = false} : (tensor<2xui64>) -> tensor<i64>
  %4 = graph.argmax %none {axis = 1 : i64, keep_dims = false, smallest = false} : (tensor<0x3xf32>) -> tensor<0xi64>
  // CHECK-NEXT: tensor<2xi64> 1 1{{$}}
  // CHECK-NEXT: tensor<2x1xi64> 0 ; 1{{$}}
  // CHECK-NEXT: tensor<3xi64> 1 1 1{{$}}
  // CHECK-NEXT: tensor<i64> 1{{$}}
  // CHECK-NEXT: tensor<0xi64>{{$}}
  return %0, %1, %2, %3, %4 : tensor<?xi64, #graph.dims<M>>, tensor<?x1xi64, #graph.dims<M, 1>>, tensor<3xi64>, tensor<i64>, tensor<0xi64>
}

//--- nothing.mlir
// A symbol may be zero; then the error comes when it is.

func.func @argmax_of_nothing(
    %x: tensor<2x?xf32, #graph.dims<2, N>> {graph.example = dense<0.0> : tensor<2x0xf32>}) -> tensor<2xi64> {
  // CHECK: nothing.mlir:[[#@LINE+1]]:8: error: 'graph.argmax' op needs an element to choose: expected a dim 1 that is not 0, got 'tensor<2x0xf32>'
  %0 = graph.argmax %x {axis = 1 : i64, keep_dims = false, smallest = false} : (tensor<2x?xf32, #graph.dims<2, N>>) -> tensor<2xi64>
  return %0 : tensor<2xi64>
}
