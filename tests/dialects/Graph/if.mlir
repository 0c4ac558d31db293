// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
!x = tensor<?x8xf32, #graph.dims<L, 8>>

// CHECK-LABEL: func @if_reads_around_it
// CHECK-SAME:    (%[[C:.+]]: tensor<i1>, %[[X:.+]]: tensor
func.func @if_reads_around_it(%c: tensor<i1>, %x: !x) -> !x {
  // CHECK:      graph.if %[[C]] {
  // CHECK-NEXT:   graph.yield %[[X]]
  // CHECK-NEXT: } else {
  // CHECK-NEXT:   %[[N:.+]] = graph.neg %[[X]]
  // CHECK-NEXT:   graph.yield %[[N]]
  // CHECK-NEXT: } : (tensor<i1>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  %0 = graph.if %c {
    graph.yield %x : !x
  } else {
    %1 = graph.neg %x : (!x) -> !x
    graph.yield %1 : !x
  } : (tensor<i1>) -> !x
  return %0 : !x
}

// -----

func.func @if_c1(%c: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'graph.if' op needs results: expected a body that ends in 'graph.yield', got 'func.return'}}
  %0 = "graph.if"(%c) ({
    graph.yield %x : tensor<4xf32>
  }, {
    "func.return"(%x) : (tensor<4xf32>) -> ()
  }) : (tensor<i1>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @if_c2(%c: tensor<i1>, %x: tensor<4xf32>, %y: tensor<3xf32>) -> tensor<4xf32> {
  // expected-error @below {{'graph.if' op needs bodies that yield the same types: expected ('tensor<4xf32>') as the first one yields, got ('tensor<3xf32>')}}
  %0 = graph.if %c {
    graph.yield %x : tensor<4xf32>
  } else {
    graph.yield %y : tensor<3xf32>
  } : (tensor<i1>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @if_result_is_another(%c: tensor<i1>, %x: tensor<4xf32>) -> tensor<3xf32> {
  // expected-error @below {{'graph.if' op needs the result type that follows from its operands: expected 'tensor<4xf32>', got 'tensor<3xf32>'}}
  %0 = graph.if %c {
    graph.yield %x : tensor<4xf32>
  } else {
    graph.yield %x : tensor<4xf32>
  } : (tensor<i1>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

//--- meaning.mlir
// Each body, values from around both, one inside the other; the last use of a
// value may be in a body.

// CHECK-LABEL: @if_takes_a_body
func.func @if_takes_a_body(%yes: tensor<i1> {graph.example = dense<true> : tensor<i1>}, %no: tensor<i1> {graph.example = dense<false> : tensor<i1>},
                           %x: tensor<?xf32, #graph.dims<N>> {graph.example = dense<[1.0, 2.0]> : tensor<2xf32>})
    -> (tensor<?xf32, #graph.dims<N>>, tensor<?xf32, #graph.dims<N>>, tensor<?xf32, #graph.dims<N>>) {
  %two = graph.add %x, %x : (tensor<?xf32, #graph.dims<N>>, tensor<?xf32, #graph.dims<N>>) -> tensor<?xf32, #graph.dims<N>>
  %0 = graph.if %yes {
    graph.yield %two : tensor<?xf32, #graph.dims<N>>
  } else {
    graph.yield %x : tensor<?xf32, #graph.dims<N>>
  } : (tensor<i1>) -> tensor<?xf32, #graph.dims<N>>
  %1:2 = graph.if %no {
    graph.yield %x, %x : tensor<?xf32, #graph.dims<N>>, tensor<?xf32, #graph.dims<N>>
  } else {
    %2 = graph.if %yes {
      %3 = graph.add %two, %x : (tensor<?xf32, #graph.dims<N>>, tensor<?xf32, #graph.dims<N>>) -> tensor<?xf32, #graph.dims<N>>
      graph.yield %3 : tensor<?xf32, #graph.dims<N>>
    } else {
      graph.yield %x : tensor<?xf32, #graph.dims<N>>
    } : (tensor<i1>) -> tensor<?xf32, #graph.dims<N>>
    graph.yield %2, %two : tensor<?xf32, #graph.dims<N>>, tensor<?xf32, #graph.dims<N>>
  } : (tensor<i1>) -> (tensor<?xf32, #graph.dims<N>>, tensor<?xf32, #graph.dims<N>>)
  // CHECK-NEXT: tensor<2xf32> 2 4{{$}}
  // CHECK-NEXT: tensor<2xf32> 3 6{{$}}
  // CHECK-NEXT: tensor<2xf32> 2 4{{$}}
  return %0, %1#0, %1#1 : tensor<?xf32, #graph.dims<N>>, tensor<?xf32, #graph.dims<N>>, tensor<?xf32, #graph.dims<N>>
}
