// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @max_broadcasts_symbolic_dims
func.func @max_broadcasts_symbolic_dims(%a: tensor<?x8xf32, #graph.dims<L, 8>>, %b: tensor<8xf32>) -> tensor<?x8xf32, #graph.dims<L, 8>> {
  // CHECK: graph.max %{{.+}}, %{{.+}} : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<8xf32>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  %0 = graph.max %a, %b : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<8xf32>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  return %0 : tensor<?x8xf32, #graph.dims<L, 8>>
}

// -----

func.func @max_c1(%a: tensor<2xf32>, %b: tensor<2xbf16>) {
  // expected-error @below {{'graph.max' op needs operands of one element type: expected 'f32', got 'tensor<2xbf16>'}}
  %0 = graph.max %a, %b : (tensor<2xf32>, tensor<2xbf16>) -> tensor<2xf32>
  return
}

// -----

func.func @max_c2(%a: tensor<4x2xf32>, %b: tensor<3xf32>) {
  // expected-error @below {{'graph.max' op needs operands that broadcast: expected trailing dims equal or 1, got 'tensor<4x2xf32>' and 'tensor<3xf32>'}}
  %0 = graph.max %a, %b : (tensor<4x2xf32>, tensor<3xf32>) -> tensor<4x2xf32>
  return
}

//--- meaning.mlir
// Elements at special values; a column with a row; nothing with a scalar.

// CHECK-LABEL: @max_broadcasts
func.func @max_broadcasts(
    %a: tensor<?xf32, #graph.dims<N>> {graph.example = dense<[0x7F800000, 1.5, -7.5, 0.0, 0x7FC00000, 0xFF800000]> : tensor<6xf32>},
    %b: tensor<?xf32, #graph.dims<N>> {graph.example = dense<[0xFF800000, -2.0, 2.0, 0.0, 1.0, 3.0]> : tensor<6xf32>},
    %column: tensor<2x1xf32> {graph.example = dense<[[1.5], [-7.5]]> : tensor<2x1xf32>},
    %row: tensor<3xf32> {graph.example = dense<[-2.0, 2.0, 0.0]> : tensor<3xf32>},
    %none: tensor<2x0xf32> {graph.example = dense<1.5> : tensor<2x0xf32>},
    %one: tensor<f32> {graph.example = dense<1.5> : tensor<f32>})
    -> (tensor<?xf32, #graph.dims<N>>, tensor<2x3xf32>, tensor<2x0xf32>) {
  %0 = graph.max %a, %b : (tensor<?xf32, #graph.dims<N>>, tensor<?xf32, #graph.dims<N>>) -> tensor<?xf32, #graph.dims<N>>
  %1 = graph.max %column, %row : (tensor<2x1xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %2 = graph.max %none, %one : (tensor<2x0xf32>, tensor<f32>) -> tensor<2x0xf32>
  // CHECK-NEXT: tensor<6xf32> inf 1.5 2 0 nan 3{{$}}
  // CHECK-NEXT: tensor<2x3xf32> 1.5 2 1.5 ; -2 2 0{{$}}
  // CHECK-NEXT: tensor<2x0xf32>{{$}}
  return %0, %1, %2 : tensor<?xf32, #graph.dims<N>>, tensor<2x3xf32>, tensor<2x0xf32>
}

// Signed integers, at the ends of their range too; unsigned ones.

// CHECK-LABEL: @max_of_integers
func.func @max_of_integers(
    %a: tensor<5xi8> {graph.example = dense<[-128, -7, 7, 100, 5]> : tensor<5xi8>},
    %b: tensor<5xi8> {graph.example = dense<[-1, 2, -2, 100, 0]> : tensor<5xi8>},
    %c: tensor<3xui64> {graph.example = dense<[18446744073709551615, 5, 9223372036854775808]> : tensor<3xui64>},
    %d: tensor<3xui64> {graph.example = dense<[2, 0, 9223372036854775809]> : tensor<3xui64>}) -> (tensor<5xi8>, tensor<3xui64>) {
  %0 = graph.max %a, %b : (tensor<5xi8>, tensor<5xi8>) -> tensor<5xi8>
  %1 = graph.max %c, %d : (tensor<3xui64>, tensor<3xui64>) -> tensor<3xui64>
  // CHECK-NEXT: tensor<5xi8> -1 2 7 100 5{{$}}
  // CHECK-NEXT: tensor<3xui64> 18446744073709551615 5 9223372036854775809{{$}}
  return %0, %1 : tensor<5xi8>, tensor<3xui64>
}
