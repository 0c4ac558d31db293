// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @where_broadcasts_symbolic_dims
func.func @where_broadcasts_symbolic_dims(%c: tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, L>>, %x: tensor<?x12x?x?xf32, #graph.dims<B, 12, L, L>>, %low: tensor<f32>) -> tensor<?x12x?x?xf32, #graph.dims<B, 12, L, L>> {
  // CHECK: graph.where %{{.+}}, %{{.+}}, %{{.+}} : (tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, L>>, tensor<?x12x?x?xf32, #graph.dims<B, 12, L, L>>, tensor<f32>) -> tensor<?x12x?x?xf32, #graph.dims<B, 12, L, L>>
  %0 = graph.where %c, %x, %low : (tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, L>>, tensor<?x12x?x?xf32, #graph.dims<B, 12, L, L>>, tensor<f32>) -> tensor<?x12x?x?xf32, #graph.dims<B, 12, L, L>>
  return %0 : tensor<?x12x?x?xf32, #graph.dims<B, 12, L, L>>
}

// -----

func.func @where_c1(%c: tensor<2xi1>, %a: tensor<2xf32>, %b: tensor<2xi32>) {
  // expected-error @below {{'graph.where' op needs operands of one element type: expected 'f32', got 'tensor<2xi32>'}}
  %0 = graph.where %c, %a, %b : (tensor<2xi1>, tensor<2xf32>, tensor<2xi32>) -> tensor<2xf32>
  return
}

// -----

func.func @where_c2(%c: tensor<2xi1>, %a: tensor<3xf32>, %b: tensor<f32>) {
  // expected-error @below {{'graph.where' op needs operands that broadcast: expected trailing dims equal or 1, got 'tensor<2xi1>' and 'tensor<3xf32>'}}
  %0 = graph.where %c, %a, %b : (tensor<2xi1>, tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  return
}

//--- meaning.mlir
// The other value does not matter, be it NaN; a column with a row; integers keep all
// their bits, and bools are values too; no elements.

// CHECK-LABEL: @where_chooses
func.func @where_chooses(
    %c: tensor<?x1xi1, #graph.dims<N, 1>> {graph.example = dense<[[true], [false]]> : tensor<2x1xi1>},
    %a: tensor<2xf32> {graph.example = dense<[1.0, 0x7F800000]> : tensor<2xf32>},
    %nan: tensor<f32> {graph.example = dense<0x7FC00000> : tensor<f32>},
    %big: tensor<i64> {graph.example = dense<9007199254740993> : tensor<i64>},
    %zero: tensor<i64> {graph.example = dense<0> : tensor<i64>},
    %no: tensor<i1> {graph.example = dense<false> : tensor<i1>},
    %none: tensor<0xf32> {graph.example = dense<0.0> : tensor<0xf32>})
    -> (tensor<?x2xf32, #graph.dims<N, 2>>, tensor<?x1xi64, #graph.dims<N, 1>>, tensor<?x1xi1, #graph.dims<N, 1>>, tensor<?x0xf32, #graph.dims<N, 0>>) {
  %0 = graph.where %c, %a, %nan : (tensor<?x1xi1, #graph.dims<N, 1>>, tensor<2xf32>, tensor<f32>) -> tensor<?x2xf32, #graph.dims<N, 2>>
  %1 = graph.where %c, %big, %zero : (tensor<?x1xi1, #graph.dims<N, 1>>, tensor<i64>, tensor<i64>) -> tensor<?x1xi64, #graph.dims<N, 1>>
  %2 = graph.where %c, %no, %c : (tensor<?x1xi1, #graph.dims<N, 1>>, tensor<i1>, tensor<?x1xi1, #graph.dims<N, 1>>) -> tensor<?x1xi1, #graph.dims<N, 1>>
  %3 = graph.where %c, %none, %nan : (tensor<?x1xi1, #graph.dims<N, 1>>, tensor<0xf32>, tensor<f32>) -> tensor<?x0xf32, #graph.dims<N, 0>>
  // CHECK-NEXT: tensor<2x2xf32> 1 inf ; nan nan{{$}}
  // CHECK-NEXT: tensor<2x1xi64> 9007199254740993 ; 0{{$}}
  // CHECK-NEXT: tensor<2x1xi1> false ; false{{$}}
  // CHECK-NEXT: tensor<2x0xf32>{{$}}
  return %0, %1, %2, %3 : tensor<?x2xf32, #graph.dims<N, 2>>, tensor<?x1xi64, #graph.dims<N, 1>>, tensor<?x1xi1, #graph.dims<N, 1>>, tensor<?x0xf32, #graph.dims<N, 0>>
}
