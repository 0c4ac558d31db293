// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @pow_broadcasts_symbolic_dims
func.func @pow_broadcasts_symbolic_dims(%a: tensor<?x8xf32, #graph.dims<L, 8>>, %b: tensor<8xf32>) -> tensor<?x8xf32, #graph.dims<L, 8>> {
  // CHECK: graph.pow %{{.+}}, %{{.+}} : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<8xf32>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  %0 = graph.pow %a, %b : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<8xf32>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  return %0 : tensor<?x8xf32, #graph.dims<L, 8>>
}

// -----

func.func @pow_c1(%a: tensor<2xf32>, %b: tensor<2xbf16>) {
  // expected-error @below {{'graph.pow' op needs operands of one element type: expected 'f32', got 'tensor<2xbf16>'}}
  %0 = graph.pow %a, %b : (tensor<2xf32>, tensor<2xbf16>) -> tensor<2xf32>
  return
}

// -----

func.func @pow_c2(%a: tensor<4x2xf32>, %b: tensor<3xf32>) {
  // expected-error @below {{'graph.pow' op needs operands that broadcast: expected trailing dims equal or 1, got 'tensor<4x2xf32>' and 'tensor<3xf32>'}}
  %0 = graph.pow %a, %b : (tensor<4x2xf32>, tensor<3xf32>) -> tensor<4x2xf32>
  return
}

//--- meaning.mlir
// Elements at special values; a column with a row; nothing with a scalar.

// CHECK-LABEL: @pow_broadcasts
func.func @pow_broadcasts(
    %a: tensor<?xf32, #graph.dims<N>> {graph.example = dense<[0x7F800000, 2.0, -8.0, 0.0, 0x7FC00000, -2.0]> : tensor<6xf32>},
    %b: tensor<?xf32, #graph.dims<N>> {graph.example = dense<[-1.0, 3.0, 0.5, 0.0, 0.0, 3.0]> : tensor<6xf32>},
    %column: tensor<2x1xf32> {graph.example = dense<[[2.0], [-8.0]]> : tensor<2x1xf32>},
    %row: tensor<3xf32> {graph.example = dense<[3.0, 0.5, 0.0]> : tensor<3xf32>},
    %none: tensor<2x0xf32> {graph.example = dense<2.0> : tensor<2x0xf32>},
    %one: tensor<f32> {graph.example = dense<2.0> : tensor<f32>})
    -> (tensor<?xf32, #graph.dims<N>>, tensor<2x3xf32>, tensor<2x0xf32>) {
  %0 = graph.pow %a, %b : (tensor<?xf32, #graph.dims<N>>, tensor<?xf32, #graph.dims<N>>) -> tensor<?xf32, #graph.dims<N>>
  %1 = graph.pow %column, %row : (tensor<2x1xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %2 = graph.pow %none, %one : (tensor<2x0xf32>, tensor<f32>) -> tensor<2x0xf32>
  // CHECK-NEXT: tensor<6xf32> 0 8 nan 1 1 -8{{$}}
  // CHECK-NEXT: tensor<2x3xf32> 8 1.41421 1 ; -512 nan 1{{$}}
  // CHECK-NEXT: tensor<2x0xf32>{{$}}
  return %0, %1, %2 : tensor<?xf32, #graph.dims<N>>, tensor<2x3xf32>, tensor<2x0xf32>
}
