// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @cumsum_of_symbolic_dims
func.func @cumsum_of_symbolic_dims(%x: tensor<?x?xi64, #graph.dims<B, L>>) -> tensor<?x?xi64, #graph.dims<B, L>> {
  // CHECK: graph.cumsum %{{.+}} {axis = 1 : i64, exclusive = true, reverse = false} : (tensor<?x?xi64, #graph.dims<B, L>>) -> tensor<?x?xi64, #graph.dims<B, L>>
  %0 = graph.cumsum %x {axis = 1 : i64, exclusive = true, reverse = false} : (tensor<?x?xi64, #graph.dims<B, L>>) -> tensor<?x?xi64, #graph.dims<B, L>>
  return %0 : tensor<?x?xi64, #graph.dims<B, L>>
}

// -----

func.func @cumsum_c1(%x: tensor<2x3xf32>) {
  // expected-error @below {{'graph.cumsum' op needs an axis of its input: expected 0 to 1 for 'tensor<2x3xf32>', got 2}}
  %0 = graph.cumsum %x {axis = 2 : i64, exclusive = false, reverse = false} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

//--- meaning.mlir
// So far, before, from the end, after; along columns.

// CHECK-LABEL: @cumsum_directions
func.func @cumsum_directions(
    %x: tensor<?x3xf32, #graph.dims<M, 3>> {graph.example = dense<[[1.0, 2.0, 4.0], [10.0, 20.0, 40.0]]> : tensor<2x3xf32>})
    -> (tensor<?x3xf32, #graph.dims<M, 3>>, tensor<?x3xf32, #graph.dims<M, 3>>, tensor<?x3xf32, #graph.dims<M, 3>>, tensor<?x3xf32, #graph.dims<M, 3>>, tensor<?x3xf32, #graph.dims<M, 3>>) {
  %0 = graph.cumsum %x {axis = 1 : i64, exclusive = false, reverse = false} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> tensor<?x3xf32, #graph.dims<M, 3>>
  %1 = graph.cumsum %x {axis = 1 : i64, exclusive = true, reverse = false} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> tensor<?x3xf32, #graph.dims<M, 3>>
  %2 = graph.cumsum %x {axis = 1 : i64, exclusive = false, reverse = true} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> tensor<?x3xf32, #graph.dims<M, 3>>
  %3 = graph.cumsum %x {axis = 1 : i64, exclusive = true, reverse = true} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> tensor<?x3xf32, #graph.dims<M, 3>>
  %4 = graph.cumsum %x {axis = 0 : i64, exclusive = false, reverse = false} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> tensor<?x3xf32, #graph.dims<M, 3>>
  // CHECK-NEXT: tensor<2x3xf32> 1 3 7 ; 10 30 70{{$}}
  // CHECK-NEXT: tensor<2x3xf32> 0 1 3 ; 0 10 30{{$}}
  // CHECK-NEXT: tensor<2x3xf32> 7 6 4 ; 70 60 40{{$}}
  // CHECK-NEXT: tensor<2x3xf32> 6 4 0 ; 60 40 0{{$}}
  // CHECK-NEXT: tensor<2x3xf32> 1 2 4 ; 11 22 44{{$}}
  return %0, %1, %2, %3, %4 : tensor<?x3xf32, #graph.dims<M, 3>>, tensor<?x3xf32, #graph.dims<M, 3>>, tensor<?x3xf32, #graph.dims<M, 3>>, tensor<?x3xf32, #graph.dims<M, 3>>, tensor<?x3xf32, #graph.dims<M, 3>>
}

// NaN stays from where it is on; inf - inf is NaN; integers wrap; no elements.

// CHECK-LABEL: @cumsum_of_special_values
func.func @cumsum_of_special_values(
    %x: tensor<3xf32> {graph.example = dense<[1.0, 0x7FC00000, 2.0]> : tensor<3xf32>},
    %y: tensor<3xf32> {graph.example = dense<[0x7F800000, 1.0, 0xFF800000]> : tensor<3xf32>},
    %i: tensor<2xi8> {graph.example = dense<[100, 100]> : tensor<2xi8>},
    %none: tensor<2x0xf32> {graph.example = dense<0.0> : tensor<2x0xf32>})
    -> (tensor<3xf32>, tensor<3xf32>, tensor<2xi8>, tensor<2x0xf32>) {
  %0 = graph.cumsum %x {axis = 0 : i64, exclusive = false, reverse = false} : (tensor<3xf32>) -> tensor<3xf32>
  %1 = graph.cumsum %y {axis = 0 : i64, exclusive = false, reverse = false} : (tensor<3xf32>) -> tensor<3xf32>
  %2 = graph.cumsum %i {axis = 0 : i64, exclusive = false, reverse = false} : (tensor<2xi8>) -> tensor<2xi8>
  %3 = graph.cumsum %none {axis = 1 : i64, exclusive = false, reverse = false} : (tensor<2x0xf32>) -> tensor<2x0xf32>
  // CHECK-NEXT: tensor<3xf32> 1 nan nan{{$}}
  // CHECK-NEXT: tensor<3xf32> inf inf nan{{$}}
  // CHECK-NEXT: tensor<2xi8> 100 -56{{$}}
  // CHECK-NEXT: tensor<2x0xf32>{{$}}
  return %0, %1, %2, %3 : tensor<3xf32>, tensor<3xf32>, tensor<2xi8>, tensor<2x0xf32>
}
