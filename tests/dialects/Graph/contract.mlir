// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir
// RUN: tenon-opt %t/meaning.mlir --decompose | tenon-interpret | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @contract_of_symbolic_dims
func.func @contract_of_symbolic_dims(%q: tensor<?x12x?x32xf32, #graph.dims<B, 12, L, 32>>, %k: tensor<?x12x?x32xf32, #graph.dims<B, 12, S, 32>>) -> tensor<?x12x?x?xf32, #graph.dims<B, 12, L, S>> {
  // CHECK: graph.contract %{{.+}}, %{{.+}} {equation = "bhqd,bhkd->bhqk"} : (tensor<?x12x?x32xf32, #graph.dims<B, 12, L, 32>>, tensor<?x12x?x32xf32, #graph.dims<B, 12, S, 32>>) -> tensor<?x12x?x?xf32, #graph.dims<B, 12, L, S>>
  %0 = graph.contract %q, %k {equation = "bhqd,bhkd->bhqk"} : (tensor<?x12x?x32xf32, #graph.dims<B, 12, L, 32>>, tensor<?x12x?x32xf32, #graph.dims<B, 12, S, 32>>) -> tensor<?x12x?x?xf32, #graph.dims<B, 12, L, S>>
  return %0 : tensor<?x12x?x?xf32, #graph.dims<B, 12, L, S>>
}

// -----

func.func @contract_c1(%a: tensor<2x3xf32>) {
  // expected-error @below {{'graph.contract' op needs an equation such as "bhqd,bhkd->bhqk": expected '->' before the result, got "ab"}}
  %0 = graph.contract %a {equation = "ab"} : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @contract_c1_sign(%a: tensor<2x3xf32>) {
  // expected-error @below {{'graph.contract' op needs an equation such as "bhqd,bhkd->bhqk": expected letters, found '2', got "a2->a"}}
  %0 = graph.contract %a {equation = "a2->a"} : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @contract_c1_diagonal(%a: tensor<2x3xf32>) {
  // expected-error @below {{'graph.contract' op needs an equation such as "bhqd,bhkd->bhqk": expected a letter once in an operand, found 'a' twice, got "aa->a"}}
  %0 = graph.contract %a {equation = "aa->a"} : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @contract_c1_unknown(%a: tensor<2x3xf32>) {
  // expected-error @below {{'graph.contract' op needs an equation such as "bhqd,bhkd->bhqk": expected a letter of an operand in the result, found 'c', got "ab->ac"}}
  %0 = graph.contract %a {equation = "ab->ac"} : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @contract_c2(%a: tensor<2x3xf32>) {
  // expected-error @below {{'graph.contract' op needs one group of letters an operand: expected 1, got 2 in "ab,bc->ac"}}
  %0 = graph.contract %a {equation = "ab,bc->ac"} : (tensor<2x3xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @contract_c3(%a: tensor<2x3xf32>, %b: tensor<3x2xbf16>) {
  // expected-error @below {{'graph.contract' op needs operands of one element type: expected 'f32', got 'tensor<3x2xbf16>'}}
  %0 = graph.contract %a, %b {equation = "ab,bc->ac"} : (tensor<2x3xf32>, tensor<3x2xbf16>) -> tensor<2x2xf32>
  return
}

// -----

func.func @contract_c4(%a: tensor<2x3xf32>) {
  // expected-error @below {{'graph.contract' op needs one letter a dim: expected 2 for 'tensor<2x3xf32>', got "abc"}}
  %0 = graph.contract %a {equation = "abc->a"} : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @contract_c5(%a: tensor<2x3xf32>, %b: tensor<4x2xf32>) {
  // expected-error @below {{'graph.contract' op needs one size a letter: expected 3 for 'b', got 4 in 'tensor<4x2xf32>'}}
  %0 = graph.contract %a, %b {equation = "ab,bc->ac"} : (tensor<2x3xf32>, tensor<4x2xf32>) -> tensor<2x2xf32>
  return
}

//--- meaning.mlir
// A matmul, a transpose, a sum of all, an outer product, three factors.

// CHECK-LABEL: @contract_of_letters
func.func @contract_of_letters(
    %a: tensor<?x3xf32, #graph.dims<M, 3>> {graph.example = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>},
    %b: tensor<3x2xf32> {graph.example = dense<[[1.0, 0.0], [0.0, 1.0], [2.0, -1.0]]> : tensor<3x2xf32>},
    %v: tensor<2xf32> {graph.example = dense<[1.0, 10.0]> : tensor<2xf32>})
    -> (tensor<2x?xf32, #graph.dims<2, M>>, tensor<2x3xf32>, tensor<f32>, tensor<2x2xf32>, tensor<?xf32, #graph.dims<M>>) {
  %0 = graph.contract %a, %b {equation = "mk,kn->nm"} : (tensor<?x3xf32, #graph.dims<M, 3>>, tensor<3x2xf32>) -> tensor<2x?xf32, #graph.dims<2, M>>
  %1 = graph.contract %b {equation = "ab->ba"} : (tensor<3x2xf32>) -> tensor<2x3xf32>
  %2 = graph.contract %b {equation = "ab->"} : (tensor<3x2xf32>) -> tensor<f32>
  %3 = graph.contract %v, %v {equation = "a,b->ab"} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %4 = graph.contract %a, %b, %v {equation = "mk,kn,n->m"} : (tensor<?x3xf32, #graph.dims<M, 3>>, tensor<3x2xf32>, tensor<2xf32>) -> tensor<?xf32, #graph.dims<M>>
  // CHECK-NEXT: tensor<2x2xf32> 7 16 ; -1 -1{{$}}
  // CHECK-NEXT: tensor<2x3xf32> 1 0 2 ; 0 1 -1{{$}}
  // CHECK-NEXT: tensor<f32> 3{{$}}
  // CHECK-NEXT: tensor<2x2xf32> 1 10 ; 10 100{{$}}
  // CHECK-NEXT: tensor<2xf32> -3 6{{$}}
  return %0, %1, %2, %3, %4 : tensor<2x?xf32, #graph.dims<2, M>>, tensor<2x3xf32>, tensor<f32>, tensor<2x2xf32>, tensor<?xf32, #graph.dims<M>>
}

// NaN and infinity times zero are NaN; integers wrap; sums over nothing are zero.

// CHECK-LABEL: @contract_of_special_values
func.func @contract_of_special_values(
    %a: tensor<2xf32> {graph.example = dense<[0x7F800000, 0x7FC00000]> : tensor<2xf32>},
    %z: tensor<2xf32> {graph.example = dense<[0.0, 1.0]> : tensor<2xf32>},
    %i: tensor<2xi8> {graph.example = dense<[100, 2]> : tensor<2xi8>},
    %none: tensor<2x0xf32> {graph.example = dense<0.0> : tensor<2x0xf32>})
    -> (tensor<2xf32>, tensor<i8>, tensor<2xf32>) {
  %0 = graph.contract %a, %z {equation = "a,a->a"} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %1 = graph.contract %i, %i {equation = "a,a->"} : (tensor<2xi8>, tensor<2xi8>) -> tensor<i8>
  %2 = graph.contract %none {equation = "ab->a"} : (tensor<2x0xf32>) -> tensor<2xf32>
  // CHECK-NEXT: tensor<2xf32> nan nan{{$}}
  // CHECK-NEXT: tensor<i8> 20{{$}}
  // CHECK-NEXT: tensor<2xf32> 0 0{{$}}
  return %0, %1, %2 : tensor<2xf32>, tensor<i8>, tensor<2xf32>
}
