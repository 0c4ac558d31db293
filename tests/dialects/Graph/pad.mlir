// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @pad_of_symbolic_dims
func.func @pad_of_symbolic_dims(%x: tensor<?x8xf32, #graph.dims<L, 8>>, %zero: tensor<f32>) -> tensor<?x8xf32, #graph.dims<L + 3, 8>> {
  // CHECK: graph.pad %{{.+}}, %{{.+}} {high = array<i64: 2, 0>, low = array<i64: 1, 0>} : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<f32>) -> tensor<?x8xf32, #graph.dims<L + 3, 8>>
  %0 = graph.pad %x, %zero {low = array<i64: 1, 0>, high = array<i64: 2, 0>} : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<f32>) -> tensor<?x8xf32, #graph.dims<L + 3, 8>>
  return %0 : tensor<?x8xf32, #graph.dims<L + 3, 8>>
}

// -----

func.func @pad_c1(%x: tensor<4xf32>, %value: tensor<f64>) {
  // expected-error @below {{'graph.pad' op needs one element type: expected 'f32', got 'f64' in 'tensor<f64>'}}
  %0 = graph.pad %x, %value {low = array<i64: 1>, high = array<i64: 1>} : (tensor<4xf32>, tensor<f64>) -> tensor<6xf32>
  return
}

// -----

func.func @pad_c2(%x: tensor<4xf32>, %value: tensor<1xf32>) {
  // expected-error @below {{'graph.pad' op pads with one element: expected rank 0, got 'tensor<1xf32>'}}
  %0 = graph.pad %x, %value {low = array<i64: 1>, high = array<i64: 1>} : (tensor<4xf32>, tensor<1xf32>) -> tensor<6xf32>
  return
}

// -----

func.func @pad_c3(%x: tensor<4xf32>, %value: tensor<f32>) {
  // expected-error @below {{'graph.pad' op needs a count of at least 0 for each dim: expected 1 in 'high', got [-1]}}
  %0 = graph.pad %x, %value {low = array<i64: 1>, high = array<i64: -1>} : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return
}

// -----

func.func @pad_c3_of_another_rank(%x: tensor<4xf32>, %value: tensor<f32>) {
  // expected-error @below {{'graph.pad' op needs a count of at least 0 for each dim: expected 1 in 'low', got [1, 1]}}
  %0 = graph.pad %x, %value {low = array<i64: 1, 1>, high = array<i64: 0>} : (tensor<4xf32>, tensor<f32>) -> tensor<5xf32>
  return
}

// -----

func.func @pad_c4(%x: tensor<4xf32>, %value: tensor<f32>) {
  // expected-error @below {{'graph.pad' op grows by what it pads: expected 'tensor<6xf32>', got 'tensor<5xf32>'}}
  %0 = graph.pad %x, %value {low = array<i64: 1>, high = array<i64: 1>} : (tensor<4xf32>, tensor<f32>) -> tensor<5xf32>
  return
}

//--- meaning.mlir
// An empty input becomes all frame.

// CHECK-LABEL: @pad_frames
func.func @pad_frames(
    %x: tensor<2x?xi32, #graph.dims<2, L>> {graph.example = dense<[[1, 2], [3, 4]]> : tensor<2x2xi32>},
    %none: tensor<0xi32> {graph.example = dense<0> : tensor<0xi32>},
    %value: tensor<i32> {graph.example = dense<9> : tensor<i32>})
    -> (tensor<3x?xi32, #graph.dims<3, L + 1>>, tensor<2xi32>, tensor<2x2xi32>) {
  %0 = graph.pad %x, %value {low = array<i64: 1, 0>, high = array<i64: 0, 1>} : (tensor<2x?xi32, #graph.dims<2, L>>, tensor<i32>) -> tensor<3x?xi32, #graph.dims<3, L + 1>>
  %1 = graph.pad %none, %value {low = array<i64: 1>, high = array<i64: 1>} : (tensor<0xi32>, tensor<i32>) -> tensor<2xi32>
  %2 = graph.pad %x, %value {low = array<i64: 0, 0>, high = array<i64: 0, 0>} : (tensor<2x?xi32, #graph.dims<2, L>>, tensor<i32>) -> tensor<2x2xi32>
  // CHECK-NEXT: tensor<3x3xi32> 9 9 9 ; 1 2 9 ; 3 4 9{{$}}
  // CHECK-NEXT: tensor<2xi32> 9 9{{$}}
  // CHECK-NEXT: tensor<2x2xi32> 1 2 ; 3 4{{$}}
  return %0, %1, %2 : tensor<3x?xi32, #graph.dims<3, L + 1>>, tensor<2xi32>, tensor<2x2xi32>
}
