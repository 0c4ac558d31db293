// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir
// RUN: not tenon-interpret %t/outside.mlir 2>&1 | FileCheck %t/outside.mlir

//--- syntax.mlir
// CHECK-LABEL: func @gather_of_symbolic_dims
func.func @gather_of_symbolic_dims(%table: tensor<30522x384xf32>, %tokens: tensor<?x?xi64, #graph.dims<B, L>>) -> tensor<?x?x384xf32, #graph.dims<B, L, 384>> {
  // CHECK: graph.gather %{{.+}}, %{{.+}} {axis = 0 : i64} : (tensor<30522x384xf32>, tensor<?x?xi64, #graph.dims<B, L>>) -> tensor<?x?x384xf32, #graph.dims<B, L, 384>>
  %0 = graph.gather %table, %tokens {axis = 0 : i64} : (tensor<30522x384xf32>, tensor<?x?xi64, #graph.dims<B, L>>) -> tensor<?x?x384xf32, #graph.dims<B, L, 384>>
  return %0 : tensor<?x?x384xf32, #graph.dims<B, L, 384>>
}

// -----

func.func @gather_c1(%data: tensor<4x2xf32>, %i: tensor<3xi64>) {
  // expected-error @below {{'graph.gather' op needs an axis of 'tensor<4x2xf32>': expected 0 to 1, got 2}}
  %0 = graph.gather %data, %i {axis = 2 : i64} : (tensor<4x2xf32>, tensor<3xi64>) -> tensor<4x2x3xf32>
  return
}

// -----

func.func @gather_result_is_another(%data: tensor<4x2xf32>, %i: tensor<3xi64>) {
  // expected-error @below {{'graph.gather' op needs the result type that follows from its operands: expected 'tensor<3x2xf32>', got 'tensor<4x2xf32>'}}
  %0 = graph.gather %data, %i {axis = 0 : i64} : (tensor<4x2xf32>, tensor<3xi64>) -> tensor<4x2xf32>
  return
}

//--- meaning.mlir
// Along each axis; negative indices count from the end; one index removes the dim.

// CHECK-LABEL: @gather_takes_slices
func.func @gather_takes_slices(
    %data: tensor<3x2xi32> {graph.example = dense<[[1, 2], [3, 4], [5, 6]]> : tensor<3x2xi32>},
    %rows: tensor<?xi64, #graph.dims<L>> {graph.example = dense<[2, -3]> : tensor<2xi64>},
    %columns: tensor<1x3xi32> {graph.example = dense<[[1, 0, -1]]> : tensor<1x3xi32>},
    %one: tensor<i64> {graph.example = dense<-1> : tensor<i64>},
    %none: tensor<0xi64> {graph.example = dense<0> : tensor<0xi64>})
    -> (tensor<?x2xi32, #graph.dims<L, 2>>, tensor<3x1x3xi32>, tensor<2xi32>, tensor<0x2xi32>) {
  %0 = graph.gather %data, %rows {axis = 0 : i64} : (tensor<3x2xi32>, tensor<?xi64, #graph.dims<L>>) -> tensor<?x2xi32, #graph.dims<L, 2>>
  %1 = graph.gather %data, %columns {axis = 1 : i64} : (tensor<3x2xi32>, tensor<1x3xi32>) -> tensor<3x1x3xi32>
  %2 = graph.gather %data, %one {axis = 0 : i64} : (tensor<3x2xi32>, tensor<i64>) -> tensor<2xi32>
  %3 = graph.gather %data, %none {axis = 0 : i64} : (tensor<3x2xi32>, tensor<0xi64>) -> tensor<0x2xi32>
  // CHECK-NEXT: tensor<2x2xi32> 5 6 ; 1 2{{$}}
  // CHECK-NEXT: tensor<3x1x3xi32> 2 1 2 ;; 4 3 4 ;; 6 5 6{{$}}
  // CHECK-NEXT: tensor<2xi32> 5 6{{$}}
  // CHECK-NEXT: tensor<0x2xi32>{{$}}
  return %0, %1, %2, %3 : tensor<?x2xi32, #graph.dims<L, 2>>, tensor<3x1x3xi32>, tensor<2xi32>, tensor<0x2xi32>
}

//--- outside.mlir
func.func @gather_outside(
    %data: tensor<3xi32> {graph.example = dense<0> : tensor<3xi32>},
    %rows: tensor<1xi64> {graph.example = dense<[3]> : tensor<1xi64>}) -> tensor<1xi32> {
  // CHECK: outside.mlir:[[#@LINE+1]]:8: error: 'graph.gather' op reads inside its data: expected an index of -3 to 2, got 3
  %0 = graph.gather %data, %rows {axis = 0 : i64} : (tensor<3xi32>, tensor<1xi64>) -> tensor<1xi32>
  return %0 : tensor<1xi32>
}
