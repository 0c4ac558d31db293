// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @fma_broadcasts_symbolic_dims
func.func @fma_broadcasts_symbolic_dims(%a: tensor<?x8xf32, #graph.dims<L, 8>>, %b: tensor<8xf32>, %c: tensor<f32>) -> tensor<?x8xf32, #graph.dims<L, 8>> {
  // CHECK: graph.fma %{{.+}}, %{{.+}}, %{{.+}} : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<8xf32>, tensor<f32>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  %0 = graph.fma %a, %b, %c : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<8xf32>, tensor<f32>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  return %0 : tensor<?x8xf32, #graph.dims<L, 8>>
}

// -----

func.func @fma_c1(%a: tensor<2xf32>, %b: tensor<2xbf16>) {
  // expected-error @below {{'graph.fma' op needs operands of one element type: expected 'f32', got 'tensor<2xbf16>'}}
  %0 = graph.fma %a, %b, %a : (tensor<2xf32>, tensor<2xbf16>, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @fma_c2(%a: tensor<4x2xf32>, %b: tensor<3xf32>) {
  // expected-error @below {{'graph.fma' op needs operands that broadcast: expected trailing dims equal or 1, got 'tensor<4x2xf32>' and 'tensor<3xf32>'}}
  %0 = graph.fma %a, %a, %b : (tensor<4x2xf32>, tensor<4x2xf32>, tensor<3xf32>) -> tensor<4x2xf32>
  return
}

//--- meaning.mlir
// (1 + 2^-12)^2 - 1 - 2^-11 is 2^-24, which a rounded product has lost.

// CHECK-LABEL: @fma_rounds_once
func.func @fma_rounds_once(
    %a: tensor<?xf32, #graph.dims<N>> {graph.example = dense<[1.000244140625, 2.0, 0x7F800000, 0.0, 0x7FC00000]> : tensor<5xf32>},
    %c: tensor<?xf32, #graph.dims<N>> {graph.example = dense<[-1.00048828125, 0.5, 0xFF800000, -3.0, 1.0]> : tensor<5xf32>},
    %row: tensor<3xf32> {graph.example = dense<[3.0, 0.5, 0.0]> : tensor<3xf32>},
    %column: tensor<2x1xf32> {graph.example = dense<[[2.0], [-8.0]]> : tensor<2x1xf32>},
    %one: tensor<f32> {graph.example = dense<1.0> : tensor<f32>})
    -> (tensor<?xf32, #graph.dims<N>>, tensor<2x3xf32>) {
  %0 = graph.fma %a, %a, %c : (tensor<?xf32, #graph.dims<N>>, tensor<?xf32, #graph.dims<N>>, tensor<?xf32, #graph.dims<N>>) -> tensor<?xf32, #graph.dims<N>>
  %1 = graph.fma %column, %row, %one : (tensor<2x1xf32>, tensor<3xf32>, tensor<f32>) -> tensor<2x3xf32>
  // CHECK-NEXT: tensor<5xf32> 5.96046e-08 4.5 nan -3 nan{{$}}
  // CHECK-NEXT: tensor<2x3xf32> 7 2 1 ; -23 -3 1{{$}}
  return %0, %1 : tensor<?xf32, #graph.dims<N>>, tensor<2x3xf32>
}
