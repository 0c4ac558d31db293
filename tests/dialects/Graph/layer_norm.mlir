// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir
// RUN: tenon-opt %t/meaning.mlir --decompose | tenon-interpret | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @layer_norm_of_symbolic_dims
func.func @layer_norm_of_symbolic_dims(%x: tensor<?x?x384xf32, #graph.dims<B, L, 384>>, %s: tensor<384xf32>, %b: tensor<384xf32>) -> tensor<?x?x384xf32, #graph.dims<B, L, 384>> {
  // CHECK: graph.layer_norm %{{.+}}, %{{.+}}, %{{.+}} {epsilon = 5.000000e-01 : f64} : (tensor<?x?x384xf32, #graph.dims<B, L, 384>>, tensor<384xf32>, tensor<384xf32>) -> tensor<?x?x384xf32, #graph.dims<B, L, 384>>
  %0 = graph.layer_norm %x, %s, %b {epsilon = 5.000000e-01 : f64} : (tensor<?x?x384xf32, #graph.dims<B, L, 384>>, tensor<384xf32>, tensor<384xf32>) -> tensor<?x?x384xf32, #graph.dims<B, L, 384>>
  return %0 : tensor<?x?x384xf32, #graph.dims<B, L, 384>>
}

// -----

func.func @layer_norm_c1(%x: tensor<f32>, %s: tensor<1xf32>) {
  // expected-error @below {{'graph.layer_norm' op needs a last dim: expected rank 1 or more, got 'tensor<f32>'}}
  %0 = graph.layer_norm %x, %s {epsilon = 1.0e-5 : f64} : (tensor<f32>, tensor<1xf32>) -> tensor<f32>
  return
}

// -----

func.func @layer_norm_c2(%x: tensor<2x3xf32>, %s: tensor<2xf32>) {
  // expected-error @below {{'graph.layer_norm' op needs one scale a lane: expected 'tensor<3xf32>' for 'tensor<2x3xf32>', got 'tensor<2xf32>'}}
  %0 = graph.layer_norm %x, %s {epsilon = 1.0e-5 : f64} : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @layer_norm_c3(%x: tensor<2x3xf32>, %s: tensor<3xf32>) {
  // expected-error @below {{'graph.layer_norm' op needs a variance that is not negative: expected an epsilon of 0 or more, got -1.000000e+00}}
  %0 = graph.layer_norm %x, %s {epsilon = -1.0 : f64} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @layer_norm_c4(%x: tensor<2x3xf32>, %s: tensor<3xf32>, %b: tensor<3xbf16>) {
  // expected-error @below {{'graph.layer_norm' op needs one bias a lane: expected 'tensor<3xf32>' for 'tensor<2x3xf32>', got 'tensor<3xbf16>'}}
  %0 = graph.layer_norm %x, %s, %b {epsilon = 1.0e-5 : f64} : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xbf16>) -> tensor<2x3xf32>
  return
}

//--- meaning.mlir
// Mean 0 and variance 1, scaled, then moved; equal lanes become 0 by epsilon.

// CHECK-LABEL: @layer_norm_of_rows
func.func @layer_norm_of_rows(
    %x: tensor<?x2xf32, #graph.dims<M, 2>> {graph.example = dense<[[1.0, 3.0], [5.0, 5.0]]> : tensor<2x2xf32>},
    %s: tensor<2xf32> {graph.example = dense<[1.0, 2.0]> : tensor<2xf32>},
    %b: tensor<2xf32> {graph.example = dense<[0.5, -1.0]> : tensor<2xf32>})
    -> (tensor<?x2xf32, #graph.dims<M, 2>>, tensor<?x2xf32, #graph.dims<M, 2>>, tensor<?x2xf32, #graph.dims<M, 2>>) {
  %0 = graph.layer_norm %x, %s {epsilon = 1.0e-12 : f64} : (tensor<?x2xf32, #graph.dims<M, 2>>, tensor<2xf32>) -> tensor<?x2xf32, #graph.dims<M, 2>>
  %1 = graph.layer_norm %x, %s, %b {epsilon = 1.0e-12 : f64} : (tensor<?x2xf32, #graph.dims<M, 2>>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2xf32, #graph.dims<M, 2>>
  %2 = graph.layer_norm %x, %s {epsilon = 3.0 : f64} : (tensor<?x2xf32, #graph.dims<M, 2>>, tensor<2xf32>) -> tensor<?x2xf32, #graph.dims<M, 2>>
  // CHECK-NEXT: tensor<2x2xf32> -1 2 ; 0 0{{$}}
  // CHECK-NEXT: tensor<2x2xf32> -0.5 1 ; 0.5 -1{{$}}
  // CHECK-NEXT: tensor<2x2xf32> -0.5 1 ; 0 0{{$}}
  return %0, %1, %2 : tensor<?x2xf32, #graph.dims<M, 2>>, tensor<?x2xf32, #graph.dims<M, 2>>, tensor<?x2xf32, #graph.dims<M, 2>>
}

// NaN spoils its row only, and so does inf; zeros with an epsilon of 0 are NaN; no rows,
// no lanes.

// CHECK-LABEL: @layer_norm_of_special_values
func.func @layer_norm_of_special_values(
    %x: tensor<3x2xf32> {graph.example = dense<[[0x7FC00000, 1.0], [0x7F800000, 1.0], [0.0, 0.0]]> : tensor<3x2xf32>},
    %s: tensor<2xf32> {graph.example = dense<[1.0, 1.0]> : tensor<2xf32>},
    %rows: tensor<0x2xf32> {graph.example = dense<0.0> : tensor<0x2xf32>},
    %lanes: tensor<2x0xf32> {graph.example = dense<0.0> : tensor<2x0xf32>},
    %no: tensor<0xf32> {graph.example = dense<0.0> : tensor<0xf32>})
    -> (tensor<3x2xf32>, tensor<0x2xf32>, tensor<2x0xf32>) {
  %0 = graph.layer_norm %x, %s {epsilon = 0.0 : f64} : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  %1 = graph.layer_norm %rows, %s {epsilon = 0.0 : f64} : (tensor<0x2xf32>, tensor<2xf32>) -> tensor<0x2xf32>
  %2 = graph.layer_norm %lanes, %no {epsilon = 0.0 : f64} : (tensor<2x0xf32>, tensor<0xf32>) -> tensor<2x0xf32>
  // CHECK-NEXT: tensor<3x2xf32> nan nan ; nan nan ; nan nan{{$}}
  // CHECK-NEXT: tensor<0x2xf32>{{$}}
  // CHECK-NEXT: tensor<2x0xf32>{{$}}
  return %0, %1, %2 : tensor<3x2xf32>, tensor<0x2xf32>, tensor<2x0xf32>
}
