// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir
// RUN: tenon-opt %t/meaning.mlir --decompose | tenon-interpret | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @attention_of_symbolic_dims
func.func @attention_of_symbolic_dims(%q: tensor<?x12x?x32xf32, #graph.dims<B, 12, L, 32>>, %k: tensor<?x12x?x32xf32, #graph.dims<B, 12, S, 32>>, %v: tensor<?x12x?x64xf32, #graph.dims<B, 12, S, 64>>, %m: tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, S>>, %b: tensor<12x?x?xf32, #graph.dims<12, L, S>>) -> tensor<?x12x?x64xf32, #graph.dims<B, 12, L, 64>> {
  // CHECK: graph.attention %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}} {causal, nan_to_zero, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>, scale = 1.250000e-01 : f64} : (tensor<?x12x?x32xf32, #graph.dims<B, 12, L, 32>>, tensor<?x12x?x32xf32, #graph.dims<B, 12, S, 32>>, tensor<?x12x?x64xf32, #graph.dims<B, 12, S, 64>>, tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, S>>, tensor<12x?x?xf32, #graph.dims<12, L, S>>) -> tensor<?x12x?x64xf32, #graph.dims<B, 12, L, 64>>
  %0 = graph.attention %q, %k, %v, %m, %b {causal, nan_to_zero, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>, scale = 1.250000e-01 : f64} : (tensor<?x12x?x32xf32, #graph.dims<B, 12, L, 32>>, tensor<?x12x?x32xf32, #graph.dims<B, 12, S, 32>>, tensor<?x12x?x64xf32, #graph.dims<B, 12, S, 64>>, tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, S>>, tensor<12x?x?xf32, #graph.dims<12, L, S>>) -> tensor<?x12x?x64xf32, #graph.dims<B, 12, L, 64>>
  return %0 : tensor<?x12x?x64xf32, #graph.dims<B, 12, L, 64>>
}

// -----

func.func @attention_c1(%q: tensor<2x4x3x8xf32>, %k: tensor<2x2x5x8xf32>, %v: tensor<2x2x5x8xbf16>) {
  // expected-error @below {{'graph.attention' op needs operands of one element type: expected 'f32', got 'tensor<2x2x5x8xbf16>'}}
  %0 = graph.attention %q, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64} : (tensor<2x4x3x8xf32>, tensor<2x2x5x8xf32>, tensor<2x2x5x8xbf16>) -> tensor<2x4x3x8xf32>
  return
}

// -----

func.func @attention_c1_bias(%q: tensor<2x4x3x8xf32>, %k: tensor<2x2x5x8xf32>, %v: tensor<2x2x5x8xf32>, %b: tensor<3x5xf16>) {
  // expected-error @below {{'graph.attention' op needs operands of one element type: expected 'f32', got 'tensor<3x5xf16>'}}
  %0 = graph.attention %q, %k, %v, %b {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1>, scale = 1.0 : f64} : (tensor<2x4x3x8xf32>, tensor<2x2x5x8xf32>, tensor<2x2x5x8xf32>, tensor<3x5xf16>) -> tensor<2x4x3x8xf32>
  return
}

// -----

func.func @attention_c2(%q: tensor<2x4x3x8xf32>, %k: tensor<2x2x5x6xf32>, %v: tensor<2x2x5x8xf32>) {
  // expected-error @below {{'graph.attention' op needs queries and keys of one width: expected 8 for 'tensor<2x4x3x8xf32>', got 6 in 'tensor<2x2x5x6xf32>'}}
  %0 = graph.attention %q, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64} : (tensor<2x4x3x8xf32>, tensor<2x2x5x6xf32>, tensor<2x2x5x8xf32>) -> tensor<2x4x3x8xf32>
  return
}

// -----

func.func @attention_c3(%q: tensor<2x4x3x8xf32>, %k: tensor<2x2x5x8xf32>, %v: tensor<1x2x5x8xf32>) {
  // expected-error @below {{'graph.attention' op needs one batch size: expected 2 for 'tensor<2x4x3x8xf32>', got 'tensor<2x2x5x8xf32>' and 'tensor<1x2x5x8xf32>'}}
  %0 = graph.attention %q, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64} : (tensor<2x4x3x8xf32>, tensor<2x2x5x8xf32>, tensor<1x2x5x8xf32>) -> tensor<2x4x3x8xf32>
  return
}

// -----

func.func @attention_c4(%q: tensor<2x4x3x8xf32>, %k: tensor<2x2x5x8xf32>, %v: tensor<2x2x6x8xf32>) {
  // expected-error @below {{'graph.attention' op needs one value a key: expected 2 heads of 5 for 'tensor<2x2x5x8xf32>', got 'tensor<2x2x6x8xf32>'}}
  %0 = graph.attention %q, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64} : (tensor<2x4x3x8xf32>, tensor<2x2x5x8xf32>, tensor<2x2x6x8xf32>) -> tensor<2x4x3x8xf32>
  return
}

// -----

func.func @attention_c5(%q: tensor<2x4x3x8xf32>, %k: tensor<2x3x5x8xf32>, %v: tensor<2x3x5x8xf32>) {
  // expected-error @below {{'graph.attention' op needs groups of query heads of one size: expected a multiple of the 3 heads of 'tensor<2x3x5x8xf32>', got 4 in 'tensor<2x4x3x8xf32>'}}
  %0 = graph.attention %q, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64} : (tensor<2x4x3x8xf32>, tensor<2x3x5x8xf32>, tensor<2x3x5x8xf32>) -> tensor<2x4x3x8xf32>
  return
}

// -----

func.func @attention_c6(%q: tensor<2x4x3x8xf32>, %k: tensor<2x2x5x8xf32>, %v: tensor<2x2x5x8xf32>, %m: tensor<2x1x4x5xi1>) {
  // expected-error @below {{'graph.attention' op needs a mask and a bias that broadcast to the scores: expected 'tensor<2x4x3x5xi1>', got 'tensor<2x1x4x5xi1>'}}
  %0 = graph.attention %q, %k, %v, %m {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>, scale = 1.0 : f64} : (tensor<2x4x3x8xf32>, tensor<2x2x5x8xf32>, tensor<2x2x5x8xf32>, tensor<2x1x4x5xi1>) -> tensor<2x4x3x8xf32>
  return
}

// -----

func.func @attention_c6_bias(%q: tensor<2x4x3x8xf32>, %k: tensor<2x2x5x8xf32>, %v: tensor<2x2x5x8xf32>, %b: tensor<1x2x4x3x5xf32>) {
  // expected-error @below {{'graph.attention' op needs a mask and a bias that broadcast to the scores: expected 'tensor<2x4x3x5xf32>', got 'tensor<1x2x4x3x5xf32>'}}
  %0 = graph.attention %q, %k, %v, %b {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1>, scale = 1.0 : f64} : (tensor<2x4x3x8xf32>, tensor<2x2x5x8xf32>, tensor<2x2x5x8xf32>, tensor<1x2x4x3x5xf32>) -> tensor<2x4x3x8xf32>
  return
}

//--- meaning.mlir
// Equal scores give the mean; ln 3 more weighs three times as much; bias adds to it; -inf hides;
// width of values (E) is its own.

// CHECK-LABEL: @attention_of_one_head
func.func @attention_of_one_head(
    %q: tensor<1x1x?x1xf32, #graph.dims<1, 1, L, 1>> {graph.example = dense<[[[[0.0], [1.09861229]]]]> : tensor<1x1x2x1xf32>},
    %k: tensor<1x1x?x1xf32, #graph.dims<1, 1, S, 1>> {graph.example = dense<[[[[0.0], [1.0]]]]> : tensor<1x1x2x1xf32>},
    %v: tensor<1x1x?x2xf32, #graph.dims<1, 1, S, 2>> {graph.example = dense<[[[[4.0, 0.0], [0.0, 8.0]]]]> : tensor<1x1x2x2xf32>},
    %b: tensor<2xf32> {graph.example = dense<[0.0, 0xFF800000]> : tensor<2xf32>})
    -> (tensor<1x1x?x2xf32, #graph.dims<1, 1, L, 2>>, tensor<1x1x?x2xf32, #graph.dims<1, 1, L, 2>>, tensor<1x1x?x2xf32, #graph.dims<1, 1, L, 2>>) {
  %0 = graph.attention %q, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64} : (tensor<1x1x?x1xf32, #graph.dims<1, 1, L, 1>>, tensor<1x1x?x1xf32, #graph.dims<1, 1, S, 1>>, tensor<1x1x?x2xf32, #graph.dims<1, 1, S, 2>>) -> tensor<1x1x?x2xf32, #graph.dims<1, 1, L, 2>>
  %1 = graph.attention %q, %k, %v, %b {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1>, scale = 1.0 : f64} : (tensor<1x1x?x1xf32, #graph.dims<1, 1, L, 1>>, tensor<1x1x?x1xf32, #graph.dims<1, 1, S, 1>>, tensor<1x1x?x2xf32, #graph.dims<1, 1, S, 2>>, tensor<2xf32>) -> tensor<1x1x?x2xf32, #graph.dims<1, 1, L, 2>>
  %2 = graph.attention %q, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.0 : f64} : (tensor<1x1x?x1xf32, #graph.dims<1, 1, L, 1>>, tensor<1x1x?x1xf32, #graph.dims<1, 1, S, 1>>, tensor<1x1x?x2xf32, #graph.dims<1, 1, S, 2>>) -> tensor<1x1x?x2xf32, #graph.dims<1, 1, L, 2>>
  // CHECK-NEXT: tensor<1x1x2x2xf32> 2 4 ; 1 6{{$}}
  // CHECK-NEXT: tensor<1x1x2x2xf32> 4 0 ; 4 0{{$}}
  // CHECK-NEXT: tensor<1x1x2x2xf32> 2 4 ; 2 4{{$}}
  return %0, %1, %2 : tensor<1x1x?x2xf32, #graph.dims<1, 1, L, 2>>, tensor<1x1x?x2xf32, #graph.dims<1, 1, L, 2>>, tensor<1x1x?x2xf32, #graph.dims<1, 1, L, 2>>
}

// Two queries at the end of three keys: the first sees two of them, the last all. With more
// queries than keys the first ones see none.

// CHECK-LABEL: @attention_causal
func.func @attention_causal(
    %q: tensor<1x1x2x1xf32> {graph.example = dense<0.0> : tensor<1x1x2x1xf32>},
    %q4: tensor<1x1x4x1xf32> {graph.example = dense<0.0> : tensor<1x1x4x1xf32>},
    %k: tensor<1x1x3x1xf32> {graph.example = dense<0.0> : tensor<1x1x3x1xf32>},
    %v: tensor<1x1x3x1xf32> {graph.example = dense<[[[[2.0], [4.0], [9.0]]]]> : tensor<1x1x3x1xf32>})
    -> (tensor<1x1x2x1xf32>, tensor<1x1x4x1xf32>) {
  %0 = graph.attention %q, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64, causal} : (tensor<1x1x2x1xf32>, tensor<1x1x3x1xf32>, tensor<1x1x3x1xf32>) -> tensor<1x1x2x1xf32>
  %1 = graph.attention %q4, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64, causal} : (tensor<1x1x4x1xf32>, tensor<1x1x3x1xf32>, tensor<1x1x3x1xf32>) -> tensor<1x1x4x1xf32>
  // CHECK-NEXT: tensor<1x1x2x1xf32> 3 ; 5{{$}}
  // CHECK-NEXT: tensor<1x1x4x1xf32> nan ; 2 ; 3 ; 5{{$}}
  return %0, %1 : tensor<1x1x2x1xf32>, tensor<1x1x4x1xf32>
}

// A mask hides keys; who sees none gets NaN, or zero when asked for. Without keys: zero.

// CHECK-LABEL: @attention_masked
func.func @attention_masked(
    %q: tensor<1x1x2x1xf32> {graph.example = dense<0.0> : tensor<1x1x2x1xf32>},
    %k: tensor<1x1x2x1xf32> {graph.example = dense<0.0> : tensor<1x1x2x1xf32>},
    %v: tensor<1x1x2x1xf32> {graph.example = dense<[[[[2.0], [4.0]]]]> : tensor<1x1x2x1xf32>},
    %m: tensor<2x2xi1> {graph.example = dense<[[false, true], [false, false]]> : tensor<2x2xi1>},
    %none: tensor<1x1x0x1xf32> {graph.example = dense<0.0> : tensor<1x1x0x1xf32>})
    -> (tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>) {
  %0 = graph.attention %q, %k, %v, %m {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>, scale = 1.0 : f64} : (tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>, tensor<2x2xi1>) -> tensor<1x1x2x1xf32>
  %1 = graph.attention %q, %k, %v, %m {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>, scale = 1.0 : f64, nan_to_zero} : (tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>, tensor<2x2xi1>) -> tensor<1x1x2x1xf32>
  %2 = graph.attention %q, %none, %none {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64} : (tensor<1x1x2x1xf32>, tensor<1x1x0x1xf32>, tensor<1x1x0x1xf32>) -> tensor<1x1x2x1xf32>
  // CHECK-NEXT: tensor<1x1x2x1xf32> 4 ; nan{{$}}
  // CHECK-NEXT: tensor<1x1x2x1xf32> 4 ; 0{{$}}
  // CHECK-NEXT: tensor<1x1x2x1xf32> 0 ; 0{{$}}
  return %0, %1, %2 : tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>
}

// Four query heads and two of keys: heads 0 and 1 read the first. A NaN value spoils what it
// is read for, even with weight 0.

// CHECK-LABEL: @attention_grouped
func.func @attention_grouped(
    %q: tensor<1x4x1x1xf32> {graph.example = dense<0.0> : tensor<1x4x1x1xf32>},
    %k: tensor<1x2x1x1xf32> {graph.example = dense<0.0> : tensor<1x2x1x1xf32>},
    %v: tensor<1x2x1x1xf32> {graph.example = dense<[[[[1.0]], [[2.0]]]]> : tensor<1x2x1x1xf32>},
    %q1: tensor<1x1x1x1xf32> {graph.example = dense<0.0> : tensor<1x1x1x1xf32>},
    %k2: tensor<1x1x2x1xf32> {graph.example = dense<0.0> : tensor<1x1x2x1xf32>},
    %v2: tensor<1x1x2x1xf32> {graph.example = dense<[[[[1.0], [0x7FC00000]]]]> : tensor<1x1x2x1xf32>},
    %m: tensor<2xi1> {graph.example = dense<[true, false]> : tensor<2xi1>})
    -> (tensor<1x4x1x1xf32>, tensor<1x1x1x1xf32>) {
  %0 = graph.attention %q, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64} : (tensor<1x4x1x1xf32>, tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>) -> tensor<1x4x1x1xf32>
  %1 = graph.attention %q1, %k2, %v2, %m {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>, scale = 1.0 : f64} : (tensor<1x1x1x1xf32>, tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>, tensor<2xi1>) -> tensor<1x1x1x1xf32>
  // CHECK-NEXT: tensor<1x4x1x1xf32> 1 ;; 1 ;; 2 ;; 2{{$}}
  // CHECK-NEXT: tensor<1x1x1x1xf32> nan{{$}}
  return %0, %1 : tensor<1x4x1x1xf32>, tensor<1x1x1x1xf32>
}
