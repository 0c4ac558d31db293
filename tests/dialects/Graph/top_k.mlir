// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir
// RUN: not tenon-interpret %t/few.mlir 2>&1 | FileCheck %t/few.mlir

//--- syntax.mlir
// CHECK-LABEL: func @top_k_of_symbolic_dims
func.func @top_k_of_symbolic_dims(%x: tensor<?x8xf32, #graph.dims<L, 8>>) -> (tensor<?x2xf32, #graph.dims<L, 2>>, tensor<?x2xi64, #graph.dims<L, 2>>) {
  // CHECK: graph.top_k %{{.+}} {axis = 1 : i64, k = 2 : i64, smallest = false} : (tensor<?x8xf32, #graph.dims<L, 8>>) -> (tensor<?x2xf32, #graph.dims<L, 2>>, tensor<?x2xi64, #graph.dims<L, 2>>)
  %0:2 = graph.top_k %x {axis = 1 : i64, k = 2 : i64, smallest = false} : (tensor<?x8xf32, #graph.dims<L, 8>>) -> (tensor<?x2xf32, #graph.dims<L, 2>>, tensor<?x2xi64, #graph.dims<L, 2>>)
  return %0#0, %0#1 : tensor<?x2xf32, #graph.dims<L, 2>>, tensor<?x2xi64, #graph.dims<L, 2>>
}

// -----

func.func @top_k_c1(%x: tensor<2x3xf32>) {
  // expected-error @below {{'graph.top_k' op needs an axis of its input: expected 0 to 1 for 'tensor<2x3xf32>', got 2}}
  %0:2 = graph.top_k %x {axis = 2 : i64, k = 1 : i64, smallest = false} : (tensor<2x3xf32>) -> (tensor<2x1xf32>, tensor<2x1xi64>)
  return
}

// -----

func.func @top_k_c2(%x: tensor<2x3xf32>) {
  // expected-error @below {{'graph.top_k' op chooses among the elements of dim 1: expected k from 0 to 3 for 'tensor<2x3xf32>', got 4}}
  %0:2 = graph.top_k %x {axis = 1 : i64, k = 4 : i64, smallest = false} : (tensor<2x3xf32>) -> (tensor<2x4xf32>, tensor<2x4xi64>)
  return
}

// -----

func.func @top_k_c2_negative(%x: tensor<?xf32, #graph.dims<L>>) {
  // expected-error @below {{'graph.top_k' op chooses among the elements of dim 0: expected k from 0 to L for 'tensor<?xf32, #graph.dims<L>>', got -1}}
  %0:2 = graph.top_k %x {axis = 0 : i64, k = -1 : i64, smallest = false} : (tensor<?xf32, #graph.dims<L>>) -> (tensor<1xf32>, tensor<1xi64>)
  return
}

//--- meaning.mlir
// Sorted, of equals the first; NaN before all; the smallest; along columns; none.

// CHECK-LABEL: @top_k_chooses
func.func @top_k_chooses(
    %x: tensor<?x3xf32, #graph.dims<M, 3>> {graph.example = dense<[[3.0, 1.0, 3.0], [0x7F800000, 0x7FC00000, 2.0]]> : tensor<2x3xf32>},
    %u: tensor<2xui64> {graph.example = dense<[1, 18446744073709551615]> : tensor<2xui64>})
    -> (tensor<?x2xf32, #graph.dims<M, 2>>, tensor<?x2xi64, #graph.dims<M, 2>>, tensor<?x3xf32, #graph.dims<M, 3>>, tensor<?x3xi64, #graph.dims<M, 3>>, tensor<1x3xf32>, tensor<1x3xi64>, tensor<?x0xf32, #graph.dims<M, 0>>, tensor<1xui64>, tensor<1xi64>) {
  %0:2 = graph.top_k %x {axis = 1 : i64, k = 2 : i64, smallest = false} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> (tensor<?x2xf32, #graph.dims<M, 2>>, tensor<?x2xi64, #graph.dims<M, 2>>)
  %1:2 = graph.top_k %x {axis = 1 : i64, k = 3 : i64, smallest = true} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> (tensor<?x3xf32, #graph.dims<M, 3>>, tensor<?x3xi64, #graph.dims<M, 3>>)
  %2:2 = graph.top_k %x {axis = 0 : i64, k = 1 : i64, smallest = true} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> (tensor<1x3xf32>, tensor<1x3xi64>)
  %3:2 = graph.top_k %x {axis = 1 : i64, k = 0 : i64, smallest = false} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> (tensor<?x0xf32, #graph.dims<M, 0>>, tensor<?x0xi64, #graph.dims<M, 0>>)
  %4:2 = graph.top_k %u {axis = 0 : i64, k = 1 : i64, smallest = false} : (tensor<2xui64>) -> (tensor<1xui64>, tensor<1xi64>)
  // CHECK-NEXT: tensor<2x2xf32> 3 3 ; nan inf{{$}}
  // CHECK-NEXT: tensor<2x2xi64> 0 2 ; 1 0{{$}}
  // CHECK-NEXT: tensor<2x3xf32> 1 3 3 ; nan 2 inf{{$}}
  // CHECK-NEXT: tensor<2x3xi64> 1 0 2 ; 1 2 0{{$}}
  // CHECK-NEXT: tensor<1x3xf32> 3 nan 2{{$}}
  // CHECK-NEXT: tensor<1x3xi64> 0 1 1{{$}}
  // CHECK-NEXT: tensor<2x0xf32>{{$}}
  // CHECK-NEXT: tensor<1xui64> 18446744073709551615{{$}}
  // CHECK-NEXT: tensor<1xi64> 1{{$}}
  return %0#0, %0#1, %1#0, %1#1, %2#0, %2#1, %3#0, %4#0, %4#1 : tensor<?x2xf32, #graph.dims<M, 2>>, tensor<?x2xi64, #graph.dims<M, 2>>, tensor<?x3xf32, #graph.dims<M, 3>>, tensor<?x3xi64, #graph.dims<M, 3>>, tensor<1x3xf32>, tensor<1x3xi64>, tensor<?x0xf32, #graph.dims<M, 0>>, tensor<1xui64>, tensor<1xi64>
}

//--- few.mlir
// A symbol may be less than k; then the error comes when it is.

func.func @top_k_of_few(
    %x: tensor<?xf32, #graph.dims<N>> {graph.example = dense<0.0> : tensor<1xf32>}) -> (tensor<2xf32>, tensor<2xi64>) {
  // CHECK: few.mlir:[[#@LINE+1]]:10: error: 'graph.top_k' op chooses among the elements of dim 0: expected k from 0 to 1 for 'tensor<1xf32>', got 2
  %0:2 = graph.top_k %x {k = 2 : i64, axis = 0 : i64, smallest = false} : (tensor<?xf32, #graph.dims<N>>) -> (tensor<2xf32>, tensor<2xi64>)
  return %0#0, %0#1 : tensor<2xf32>, tensor<2xi64>
}
