// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @grouped_matmul_of_symbolic_dims
func.func @grouped_matmul_of_symbolic_dims(%x: tensor<?x?x12x32xf32, #graph.dims<B, L, 12, 32>>, %w: tensor<12x32x8xf32>, %s: tensor<12x8xf32>) -> tensor<?x?x8xf32, #graph.dims<B, L, 8>> {
  // CHECK: graph.grouped_matmul %{{.+}}, %{{.+}}, %{{.+}} : (tensor<?x?x12x32xf32, #graph.dims<B, L, 12, 32>>, tensor<12x32x8xf32>, tensor<12x8xf32>) -> tensor<?x?x8xf32, #graph.dims<B, L, 8>>
  %0 = graph.grouped_matmul %x, %w, %s : (tensor<?x?x12x32xf32, #graph.dims<B, L, 12, 32>>, tensor<12x32x8xf32>, tensor<12x8xf32>) -> tensor<?x?x8xf32, #graph.dims<B, L, 8>>
  return %0 : tensor<?x?x8xf32, #graph.dims<B, L, 8>>
}

// -----

func.func @grouped_matmul_c1(%x: tensor<5x2x3xf32>, %w: tensor<2x3x4xf32>, %s: tensor<2x4xbf16>) {
  // expected-error @below {{'graph.grouped_matmul' op needs operands of one element type: expected 'f32', got 'tensor<2x4xbf16>'}}
  %0 = graph.grouped_matmul %x, %w, %s : (tensor<5x2x3xf32>, tensor<2x3x4xf32>, tensor<2x4xbf16>) -> tensor<5x4xf32>
  return
}

// -----

func.func @grouped_matmul_c2(%x: tensor<5x6xf32>, %w: tensor<2x3x4xf32>, %s: tensor<2x4xf32>) {
  // expected-error @below {{'graph.grouped_matmul' op needs groups of rows: expected ranks of 3 or more, 3 and 2, got 'tensor<5x6xf32>', 'tensor<2x3x4xf32>' and 'tensor<2x4xf32>'}}
  %0 = graph.grouped_matmul %x, %w, %s : (tensor<5x6xf32>, tensor<2x3x4xf32>, tensor<2x4xf32>) -> tensor<5x4xf32>
  return
}

// -----

func.func @grouped_matmul_c3(%x: tensor<5x3x2xf32>, %w: tensor<2x3x4xf32>, %s: tensor<2x4xf32>) {
  // expected-error @below {{'graph.grouped_matmul' op needs the same groups on either side: expected 3 of 2 rows, got 'tensor<2x3x4xf32>'}}
  %0 = graph.grouped_matmul %x, %w, %s : (tensor<5x3x2xf32>, tensor<2x3x4xf32>, tensor<2x4xf32>) -> tensor<5x4xf32>
  return
}

// -----

func.func @grouped_matmul_c4(%x: tensor<5x2x3xf32>, %w: tensor<2x3x4xf32>, %s: tensor<4x2xf32>) {
  // expected-error @below {{'graph.grouped_matmul' op needs a scale for each group of each column: expected 'tensor<2x4xf32>', got 'tensor<4x2xf32>'}}
  %0 = graph.grouped_matmul %x, %w, %s : (tensor<5x2x3xf32>, tensor<2x3x4xf32>, tensor<4x2xf32>) -> tensor<5x4xf32>
  return
}

// -----

func.func @grouped_matmul_result_is_another(%x: tensor<5x2x3xf32>, %w: tensor<2x3x4xf32>, %s: tensor<2x4xf32>) {
  // expected-error @below {{'graph.grouped_matmul' op needs the result type that follows from its operands: expected 'tensor<5x4xf32>', got 'tensor<4x5xf32>'}}
  %0 = graph.grouped_matmul %x, %w, %s : (tensor<5x2x3xf32>, tensor<2x3x4xf32>, tensor<2x4xf32>) -> tensor<4x5xf32>
  return
}

//--- meaning.mlir
// (1, 2) x 10 + (3, 4) x 100, for each column; a row of zeros.

// CHECK-LABEL: @grouped_matmul_of_two_groups
func.func @grouped_matmul_of_two_groups(
    %x: tensor<?x2x2xf32, #graph.dims<M, 2, 2>> {graph.example = dense<[[[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]]> : tensor<2x2x2xf32>},
    %w: tensor<2x2x2xf32> {graph.example = dense<[[[1.0, 0.0], [1.0, -1.0]], [[1.0, 1.0], [1.0, 0.0]]]> : tensor<2x2x2xf32>},
    %s: tensor<2x2xf32> {graph.example = dense<[[10.0, 10.0], [100.0, 100.0]]> : tensor<2x2xf32>})
    -> tensor<?x2xf32, #graph.dims<M, 2>> {
  %0 = graph.grouped_matmul %x, %w, %s : (tensor<?x2x2xf32, #graph.dims<M, 2, 2>>, tensor<2x2x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32, #graph.dims<M, 2>>
  // CHECK-NEXT: tensor<2x2xf32> 730 280 ; 0 0{{$}}
  return %0 : tensor<?x2xf32, #graph.dims<M, 2>>
}

// A scale of 0 does not hide a NaN; sums over no groups are zero.

// CHECK-LABEL: @grouped_matmul_of_special_values
func.func @grouped_matmul_of_special_values(
    %x: tensor<1x1x2xf32> {graph.example = dense<[[[0x7FC00000, 1.0]]]> : tensor<1x1x2xf32>},
    %w: tensor<1x2x1xf32> {graph.example = dense<1.0> : tensor<1x2x1xf32>},
    %s: tensor<1x1xf32> {graph.example = dense<0.0> : tensor<1x1xf32>},
    %none: tensor<2x0x3xf32> {graph.example = dense<0.0> : tensor<2x0x3xf32>},
    %nothing: tensor<0x3x2xf32> {graph.example = dense<0.0> : tensor<0x3x2xf32>},
    %scales: tensor<0x2xf32> {graph.example = dense<0.0> : tensor<0x2xf32>}) -> (tensor<1x1xf32>, tensor<2x2xf32>) {
  %0 = graph.grouped_matmul %x, %w, %s : (tensor<1x1x2xf32>, tensor<1x2x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  %1 = graph.grouped_matmul %none, %nothing, %scales : (tensor<2x0x3xf32>, tensor<0x3x2xf32>, tensor<0x2xf32>) -> tensor<2x2xf32>
  // CHECK-NEXT: tensor<1x1xf32> nan{{$}}
  // CHECK-NEXT: tensor<2x2xf32> 0 0 ; 0 0{{$}}
  return %0, %1 : tensor<1x1xf32>, tensor<2x2xf32>
}
