// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir
// RUN: not tenon-interpret %t/outside.mlir 2>&1 | FileCheck %t/outside.mlir

//--- syntax.mlir
// CHECK-LABEL: func @scatter_of_symbolic_dims
func.func @scatter_of_symbolic_dims(%data: tensor<?x8xf32, #graph.dims<L, 8>>, %i: tensor<?x8xi64, #graph.dims<M, 8>>, %new: tensor<?x8xf32, #graph.dims<M, 8>>) -> tensor<?x8xf32, #graph.dims<L, 8>> {
  // CHECK: graph.scatter %{{.+}}, %{{.+}}, %{{.+}} {accumulate = false, axis = 0 : i64} : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<?x8xi64, #graph.dims<M, 8>>, tensor<?x8xf32, #graph.dims<M, 8>>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  %0 = graph.scatter %data, %i, %new {accumulate = false, axis = 0 : i64} : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<?x8xi64, #graph.dims<M, 8>>, tensor<?x8xf32, #graph.dims<M, 8>>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  return %0 : tensor<?x8xf32, #graph.dims<L, 8>>
}

// -----

func.func @scatter_c1(%data: tensor<4xf32>, %i: tensor<2xi64>, %new: tensor<2xf32>) {
  // expected-error @below {{'graph.scatter' op needs an axis of 'tensor<4xf32>': expected 0 to 0, got 1}}
  %0 = graph.scatter %data, %i, %new {accumulate = false, axis = 1 : i64} : (tensor<4xf32>, tensor<2xi64>, tensor<2xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @scatter_c2(%data: tensor<4xf32>, %i: tensor<2xi64>, %new: tensor<2xi32>) {
  // expected-error @below {{'graph.scatter' op needs one element type: expected 'f32', got 'tensor<2xi32>'}}
  %0 = graph.scatter %data, %i, %new {accumulate = false, axis = 0 : i64} : (tensor<4xf32>, tensor<2xi64>, tensor<2xi32>) -> tensor<4xf32>
  return
}

// -----

func.func @scatter_c3(%data: tensor<4xf32>, %i: tensor<2xi64>, %new: tensor<3xf32>) {
  // expected-error @below {{'graph.scatter' op needs one update an index: expected the dims of 'tensor<2xi64>', got 'tensor<3xf32>'}}
  %0 = graph.scatter %data, %i, %new {accumulate = false, axis = 0 : i64} : (tensor<4xf32>, tensor<2xi64>, tensor<3xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @scatter_c4(%data: tensor<4x2xf32>, %i: tensor<1x3xi64>, %new: tensor<1x3xf32>) {
  // expected-error @below {{'graph.scatter' op updates elements of its data: expected at most 2 in dimension 1, got 'tensor<1x3xi64>'}}
  %0 = graph.scatter %data, %i, %new {accumulate = false, axis = 0 : i64} : (tensor<4x2xf32>, tensor<1x3xi64>, tensor<1x3xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @scatter_c4_of_ranks(%data: tensor<4x2xf32>, %i: tensor<3xi64>, %new: tensor<3xf32>) {
  // expected-error @below {{'graph.scatter' op needs indices of the rank of its data: expected 2 for 'tensor<4x2xf32>', got 'tensor<3xi64>'}}
  %0 = graph.scatter %data, %i, %new {accumulate = false, axis = 0 : i64} : (tensor<4x2xf32>, tensor<3xi64>, tensor<3xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @scatter_c5(%data: tensor<4xi1>, %i: tensor<2xi64>, %new: tensor<2xi1>) {
  // expected-error @below {{'graph.scatter' op adds numbers: expected elements other than bool, got 'tensor<4xi1>'}}
  %0 = graph.scatter %data, %i, %new {accumulate = true, axis = 0 : i64} : (tensor<4xi1>, tensor<2xi64>, tensor<2xi1>) -> tensor<4xi1>
  return
}

//--- meaning.mlir
// The last of two updates stays; with accumulate both are added, modulo 2^8 for i8.

// CHECK-LABEL: @scatter_updates
func.func @scatter_updates(
    %data: tensor<2x?xi32, #graph.dims<2, L>> {graph.example = dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>},
    %i: tensor<1x2xi64> {graph.example = dense<[[-1, 0]]> : tensor<1x2xi64>},
    %new: tensor<1x2xi32> {graph.example = dense<[[10, 20]]> : tensor<1x2xi32>},
    %bytes: tensor<3xi8> {graph.example = dense<100> : tensor<3xi8>},
    %same: tensor<2xi64> {graph.example = dense<1> : tensor<2xi64>},
    %two: tensor<2xi8> {graph.example = dense<[20, 30]> : tensor<2xi8>},
    %none: tensor<0xi64> {graph.example = dense<0> : tensor<0xi64>},
    %no_byte: tensor<0xi8> {graph.example = dense<0> : tensor<0xi8>})
    -> (tensor<2x?xi32, #graph.dims<2, L>>, tensor<2x?xi32, #graph.dims<2, L>>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>) {
  %0 = graph.scatter %data, %i, %new {accumulate = false, axis = 1 : i64} : (tensor<2x?xi32, #graph.dims<2, L>>, tensor<1x2xi64>, tensor<1x2xi32>) -> tensor<2x?xi32, #graph.dims<2, L>>
  %1 = graph.scatter %data, %i, %new {accumulate = false, axis = 0 : i64} : (tensor<2x?xi32, #graph.dims<2, L>>, tensor<1x2xi64>, tensor<1x2xi32>) -> tensor<2x?xi32, #graph.dims<2, L>>
  %2 = graph.scatter %bytes, %same, %two {accumulate = false, axis = 0 : i64} : (tensor<3xi8>, tensor<2xi64>, tensor<2xi8>) -> tensor<3xi8>
  %3 = graph.scatter %bytes, %same, %two {accumulate = true, axis = 0 : i64} : (tensor<3xi8>, tensor<2xi64>, tensor<2xi8>) -> tensor<3xi8>
  %4 = graph.scatter %bytes, %none, %no_byte {accumulate = true, axis = 0 : i64} : (tensor<3xi8>, tensor<0xi64>, tensor<0xi8>) -> tensor<3xi8>
  // CHECK-NEXT: tensor<2x3xi32> 20 2 10 ; 4 5 6{{$}}
  // CHECK-NEXT: tensor<2x3xi32> 1 20 3 ; 10 5 6{{$}}
  // CHECK-NEXT: tensor<3xi8> 100 30 100{{$}}
  // CHECK-NEXT: tensor<3xi8> 100 -106 100{{$}}
  // CHECK-NEXT: tensor<3xi8> 100 100 100{{$}}
  return %0, %1, %2, %3, %4 : tensor<2x?xi32, #graph.dims<2, L>>, tensor<2x?xi32, #graph.dims<2, L>>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>
}

// Floats are added in f64 and rounded once: 2048 + 1 + 1 is 2050 in f16, although
// 2048 + 1 is 2048.

// CHECK-LABEL: @scatter_rounds_once
func.func @scatter_rounds_once(
    %data: tensor<1xf16> {graph.example = dense<2048.0> : tensor<1xf16>},
    %i: tensor<2xi64> {graph.example = dense<0> : tensor<2xi64>},
    %ones: tensor<2xf16> {graph.example = dense<1.0> : tensor<2xf16>}) -> tensor<1xf16> {
  %0 = graph.scatter %data, %i, %ones {accumulate = true, axis = 0 : i64} : (tensor<1xf16>, tensor<2xi64>, tensor<2xf16>) -> tensor<1xf16>
  // CHECK-NEXT: tensor<1xf16> 2050{{$}}
  return %0 : tensor<1xf16>
}

//--- outside.mlir
func.func @scatter_outside(
    %data: tensor<3xi32> {graph.example = dense<0> : tensor<3xi32>},
    %i: tensor<1xi64> {graph.example = dense<-4> : tensor<1xi64>},
    %new: tensor<1xi32> {graph.example = dense<1> : tensor<1xi32>}) -> tensor<3xi32> {
  // CHECK: outside.mlir:[[#@LINE+1]]:8: error: 'graph.scatter' op reads inside its data: expected an index of -3 to 2, got -4
  %0 = graph.scatter %data, %i, %new {accumulate = false, axis = 0 : i64} : (tensor<3xi32>, tensor<1xi64>, tensor<1xi32>) -> tensor<3xi32>
  return %0 : tensor<3xi32>
}
