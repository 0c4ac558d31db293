// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir
// RUN: not tenon-interpret %t/outside.mlir 2>&1 | FileCheck %t/outside.mlir

//--- syntax.mlir
// CHECK-LABEL: func @gather_nd_of_symbolic_dims
func.func @gather_nd_of_symbolic_dims(%data: tensor<?x5x6xf32, #graph.dims<B, 5, 6>>, %lists: tensor<?x?x1xi64, #graph.dims<B, L, 1>>) -> tensor<?x?x6xf32, #graph.dims<B, L, 6>> {
  // CHECK: graph.gather_nd %{{.+}}, %{{.+}} {batch_dims = 1 : i64} : (tensor<?x5x6xf32, #graph.dims<B, 5, 6>>, tensor<?x?x1xi64, #graph.dims<B, L, 1>>) -> tensor<?x?x6xf32, #graph.dims<B, L, 6>>
  %0 = graph.gather_nd %data, %lists {batch_dims = 1 : i64} : (tensor<?x5x6xf32, #graph.dims<B, 5, 6>>, tensor<?x?x1xi64, #graph.dims<B, L, 1>>) -> tensor<?x?x6xf32, #graph.dims<B, L, 6>>
  return %0 : tensor<?x?x6xf32, #graph.dims<B, L, 6>>
}

// -----

func.func @gather_nd_c1(%data: tensor<4x5xf32>, %lists: tensor<4x1xi64>) {
  // expected-error @below {{'graph.gather_nd' op needs batch dims that both operands have and one more: expected 0 to 1 for 'tensor<4x5xf32>' and 'tensor<4x1xi64>', got 2}}
  %0 = graph.gather_nd %data, %lists {batch_dims = 2 : i64} : (tensor<4x5xf32>, tensor<4x1xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @gather_nd_c2(%data: tensor<4x5xf32>, %lists: tensor<3x1xi64>) {
  // expected-error @below {{'graph.gather_nd' op needs index lists for each batch element: expected 4 in dimension 0 as in 'tensor<4x5xf32>', got 'tensor<3x1xi64>'}}
  %0 = graph.gather_nd %data, %lists {batch_dims = 1 : i64} : (tensor<4x5xf32>, tensor<3x1xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @gather_nd_c3(%data: tensor<4x5xf32>, %lists: tensor<7x3xi64>) {
  // expected-error @below {{'graph.gather_nd' op needs index lists of a known length: expected a last dimension of 1 to 2 for 'tensor<4x5xf32>', got 'tensor<7x3xi64>'}}
  %0 = graph.gather_nd %data, %lists {batch_dims = 0 : i64} : (tensor<4x5xf32>, tensor<7x3xi64>) -> tensor<7xf32>
  return
}

// -----

func.func @gather_nd_c3_of_unknown_length(%data: tensor<4x5xf32>, %lists: tensor<7x?xi64>) {
  // expected-error @below {{'graph.gather_nd' op needs index lists of a known length: expected a last dimension of 1 to 2 for 'tensor<4x5xf32>', got 'tensor<7x?xi64>'}}
  %0 = graph.gather_nd %data, %lists {batch_dims = 0 : i64} : (tensor<4x5xf32>, tensor<7x?xi64>) -> tensor<7xf32>
  return
}

//--- meaning.mlir
// Whole indices, the start of one (a row), and one a batch element; the examples of
// ONNX GatherND.

// CHECK-LABEL: @gather_nd_takes_slices
func.func @gather_nd_takes_slices(
    %data: tensor<2x2xi32> {graph.example = dense<[[0, 1], [2, 3]]> : tensor<2x2xi32>},
    %whole: tensor<?x2xi64, #graph.dims<L, 2>> {graph.example = dense<[[0, 0], [-1, -1]]> : tensor<2x2xi64>},
    %start: tensor<2x1xi64> {graph.example = dense<[[1], [0]]> : tensor<2x1xi64>},
    %cube: tensor<2x2x2xi32> {graph.example = dense<[[[0, 1], [2, 3]], [[4, 5], [6, 7]]]> : tensor<2x2x2xi32>},
    %none: tensor<0x2xi64> {graph.example = dense<0> : tensor<0x2xi64>})
    -> (tensor<?xi32, #graph.dims<L>>, tensor<2x2xi32>, tensor<2x2xi32>, tensor<0xi32>) {
  %0 = graph.gather_nd %data, %whole {batch_dims = 0 : i64} : (tensor<2x2xi32>, tensor<?x2xi64, #graph.dims<L, 2>>) -> tensor<?xi32, #graph.dims<L>>
  %1 = graph.gather_nd %data, %start {batch_dims = 0 : i64} : (tensor<2x2xi32>, tensor<2x1xi64>) -> tensor<2x2xi32>
  %2 = graph.gather_nd %cube, %start {batch_dims = 1 : i64} : (tensor<2x2x2xi32>, tensor<2x1xi64>) -> tensor<2x2xi32>
  %3 = graph.gather_nd %data, %none {batch_dims = 0 : i64} : (tensor<2x2xi32>, tensor<0x2xi64>) -> tensor<0xi32>
  // CHECK-NEXT: tensor<2xi32> 0 3{{$}}
  // CHECK-NEXT: tensor<2x2xi32> 2 3 ; 0 1{{$}}
  // CHECK-NEXT: tensor<2x2xi32> 2 3 ; 4 5{{$}}
  // CHECK-NEXT: tensor<0xi32>{{$}}
  return %0, %1, %2, %3 : tensor<?xi32, #graph.dims<L>>, tensor<2x2xi32>, tensor<2x2xi32>, tensor<0xi32>
}

//--- outside.mlir
func.func @gather_nd_outside(
    %data: tensor<3x4xi32> {graph.example = dense<0> : tensor<3x4xi32>},
    %lists: tensor<1x2xi64> {graph.example = dense<[[2, -5]]> : tensor<1x2xi64>}) -> tensor<1xi32> {
  // CHECK: outside.mlir:[[#@LINE+1]]:8: error: 'graph.gather_nd' op reads inside its data: expected an index of -4 to 3, got -5
  %0 = graph.gather_nd %data, %lists {batch_dims = 0 : i64} : (tensor<3x4xi32>, tensor<1x2xi64>) -> tensor<1xi32>
  return %0 : tensor<1xi32>
}
