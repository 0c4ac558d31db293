// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @compare_broadcasts_symbolic_dims
func.func @compare_broadcasts_symbolic_dims(%a: tensor<?x8xf32, #graph.dims<L, 8>>, %b: tensor<8xf32>) -> tensor<?x8xi1, #graph.dims<L, 8>> {
  // CHECK: graph.compare %{{.+}}, %{{.+}} {predicate = #graph<predicate le>} : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<8xf32>) -> tensor<?x8xi1, #graph.dims<L, 8>>
  %0 = graph.compare %a, %b {predicate = #graph<predicate le>} : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<8xf32>) -> tensor<?x8xi1, #graph.dims<L, 8>>
  return %0 : tensor<?x8xi1, #graph.dims<L, 8>>
}

// -----

func.func @compare_c1(%a: tensor<2xf32>, %b: tensor<2xbf16>) {
  // expected-error @below {{'graph.compare' op needs operands of one element type: expected 'f32', got 'tensor<2xbf16>'}}
  %0 = graph.compare %a, %b {predicate = #graph<predicate le>} : (tensor<2xf32>, tensor<2xbf16>) -> tensor<2xi1>
  return
}

// -----

func.func @compare_c2(%a: tensor<4x2xf32>, %b: tensor<3xf32>) {
  // expected-error @below {{'graph.compare' op needs operands that broadcast: expected trailing dims equal or 1, got 'tensor<4x2xf32>' and 'tensor<3xf32>'}}
  %0 = graph.compare %a, %b {predicate = #graph<predicate le>} : (tensor<4x2xf32>, tensor<3xf32>) -> tensor<4x2xi1>
  return
}

//--- meaning.mlir
// NaN is only unequal; infinities are equal to themselves, and zeros to each other.

// CHECK-LABEL: @compare_of_special_values
func.func @compare_of_special_values(
    %a: tensor<?xf32, #graph.dims<N>> {graph.example = dense<[0x7FC00000, 0x7FC00000, 0xFF800000, 0.0, 1.0]> : tensor<5xf32>},
    %b: tensor<?xf32, #graph.dims<N>> {graph.example = dense<[0x7FC00000, 1.0, 0xFF800000, -0.0, -1.0]> : tensor<5xf32>})
    -> (tensor<?xi1, #graph.dims<N>>, tensor<?xi1, #graph.dims<N>>, tensor<?xi1, #graph.dims<N>>, tensor<?xi1, #graph.dims<N>>, tensor<?xi1, #graph.dims<N>>, tensor<?xi1, #graph.dims<N>>) {
  %0 = graph.compare %a, %b {predicate = #graph<predicate eq>} : (tensor<?xf32, #graph.dims<N>>, tensor<?xf32, #graph.dims<N>>) -> tensor<?xi1, #graph.dims<N>>
  %1 = graph.compare %a, %b {predicate = #graph<predicate ne>} : (tensor<?xf32, #graph.dims<N>>, tensor<?xf32, #graph.dims<N>>) -> tensor<?xi1, #graph.dims<N>>
  %2 = graph.compare %a, %b {predicate = #graph<predicate lt>} : (tensor<?xf32, #graph.dims<N>>, tensor<?xf32, #graph.dims<N>>) -> tensor<?xi1, #graph.dims<N>>
  %3 = graph.compare %a, %b {predicate = #graph<predicate le>} : (tensor<?xf32, #graph.dims<N>>, tensor<?xf32, #graph.dims<N>>) -> tensor<?xi1, #graph.dims<N>>
  %4 = graph.compare %a, %b {predicate = #graph<predicate gt>} : (tensor<?xf32, #graph.dims<N>>, tensor<?xf32, #graph.dims<N>>) -> tensor<?xi1, #graph.dims<N>>
  %5 = graph.compare %a, %b {predicate = #graph<predicate ge>} : (tensor<?xf32, #graph.dims<N>>, tensor<?xf32, #graph.dims<N>>) -> tensor<?xi1, #graph.dims<N>>
  // CHECK-NEXT: tensor<5xi1> false false true true false{{$}}
  // CHECK-NEXT: tensor<5xi1> true true false false true{{$}}
  // CHECK-NEXT: tensor<5xi1> false false false false false{{$}}
  // CHECK-NEXT: tensor<5xi1> false false true true false{{$}}
  // CHECK-NEXT: tensor<5xi1> false false false false true{{$}}
  // CHECK-NEXT: tensor<5xi1> false false true true true{{$}}
  return %0, %1, %2, %3, %4, %5 : tensor<?xi1, #graph.dims<N>>, tensor<?xi1, #graph.dims<N>>, tensor<?xi1, #graph.dims<N>>, tensor<?xi1, #graph.dims<N>>, tensor<?xi1, #graph.dims<N>>, tensor<?xi1, #graph.dims<N>>
}

// The top bit is a sign or a value by the type; false is less than true; a column
// with a row; no elements.

// CHECK-LABEL: @compare_of_integers
func.func @compare_of_integers(
    %a: tensor<2xi64> {graph.example = dense<[-1, 3]> : tensor<2xi64>},
    %b: tensor<2xui64> {graph.example = dense<[18446744073709551615, 3]> : tensor<2xui64>},
    %c: tensor<2x1xi1> {graph.example = dense<[[false], [true]]> : tensor<2x1xi1>},
    %d: tensor<2xi1> {graph.example = dense<[false, true]> : tensor<2xi1>},
    %one: tensor<i64> {graph.example = dense<1> : tensor<i64>},
    %oneUnsigned: tensor<ui64> {graph.example = dense<1> : tensor<ui64>},
    %none: tensor<0xi64> {graph.example = dense<1> : tensor<0xi64>})
    -> (tensor<2xi1>, tensor<2xi1>, tensor<2x2xi1>, tensor<0xi1>) {
  %0 = graph.compare %a, %one {predicate = #graph<predicate lt>} : (tensor<2xi64>, tensor<i64>) -> tensor<2xi1>
  %1 = graph.compare %b, %oneUnsigned {predicate = #graph<predicate lt>} : (tensor<2xui64>, tensor<ui64>) -> tensor<2xi1>
  %2 = graph.compare %c, %d {predicate = #graph<predicate lt>} : (tensor<2x1xi1>, tensor<2xi1>) -> tensor<2x2xi1>
  %3 = graph.compare %none, %one {predicate = #graph<predicate lt>} : (tensor<0xi64>, tensor<i64>) -> tensor<0xi1>
  // CHECK-NEXT: tensor<2xi1> true false{{$}}
  // CHECK-NEXT: tensor<2xi1> false false{{$}}
  // CHECK-NEXT: tensor<2x2xi1> false true ; false false{{$}}
  // CHECK-NEXT: tensor<0xi1>{{$}}
  return %0, %1, %2, %3 : tensor<2xi1>, tensor<2xi1>, tensor<2x2xi1>, tensor<0xi1>
}
