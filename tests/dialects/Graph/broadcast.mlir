// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics --canonicalize \
// RUN:   | FileCheck %t/syntax.mlir --check-prefix=FOLDED
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @broadcast_of_symbolic_dims
func.func @broadcast_of_symbolic_dims(%x: tensor<?x1xf32, #graph.dims<L, 1>>) -> tensor<?x?x8xf32, #graph.dims<B, L, 8>> {
  // CHECK: graph.broadcast %{{.+}} : (tensor<?x1xf32, #graph.dims<L, 1>>) -> tensor<?x?x8xf32, #graph.dims<B, L, 8>>
  %0 = graph.broadcast %x : (tensor<?x1xf32, #graph.dims<L, 1>>) -> tensor<?x?x8xf32, #graph.dims<B, L, 8>>
  return %0 : tensor<?x?x8xf32, #graph.dims<B, L, 8>>
}

// -----

// FOLDED-LABEL: func @broadcast_to_the_same_folds
// FOLDED-SAME:    %[[X:[^:]+]]: tensor<?xf32, #graph.dims<L>>
func.func @broadcast_to_the_same_folds(%x: tensor<?xf32, #graph.dims<L>>) -> tensor<?xf32, #graph.dims<L>> {
  // FOLDED-NEXT: return %[[X]]
  %0 = graph.broadcast %x : (tensor<?xf32, #graph.dims<L>>) -> tensor<?xf32, #graph.dims<L>>
  return %0 : tensor<?xf32, #graph.dims<L>>
}

// -----

// Left alone: the unknown dim may be 1 before and 5 after.

// FOLDED-LABEL: func @broadcast_of_unknown_dims_stays
func.func @broadcast_of_unknown_dims_stays(%x: tensor<?xf32>) -> tensor<?xf32> {
  // FOLDED-NEXT: graph.broadcast
  %0 = graph.broadcast %x : (tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @broadcast_c1(%x: tensor<1xf32>) {
  // expected-error @below {{'graph.broadcast' op needs one element type: expected 'f32', got 'f64' in 'tensor<4xf64>'}}
  %0 = graph.broadcast %x : (tensor<1xf32>) -> tensor<4xf64>
  return
}

// -----

func.func @broadcast_c2(%x: tensor<1x4xf32>) {
  // expected-error @below {{'graph.broadcast' op needs all dims of its input: expected rank 2 or more for 'tensor<1x4xf32>', got 'tensor<4xf32>'}}
  %0 = graph.broadcast %x : (tensor<1x4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @broadcast_c3(%x: tensor<2x4xf32>) {
  // expected-error @below {{'graph.broadcast' op repeats only dims of extent 1: expected 1 or 6 for dimension 0 of 'tensor<2x4xf32>', got 2}}
  %0 = graph.broadcast %x : (tensor<2x4xf32>) -> tensor<3x6x4xf32>
  return
}

//--- meaning.mlir
// CHECK-LABEL: @broadcast_repeats
func.func @broadcast_repeats(
    %x: tensor<?x1xi32, #graph.dims<L, 1>> {graph.example = dense<[[1], [2]]> : tensor<2x1xi32>},
    %scalar: tensor<i1> {graph.example = dense<true> : tensor<i1>})
    -> (tensor<2x?x3xi32, #graph.dims<2, L, 3>>, tensor<2xi1>, tensor<?x0xi32, #graph.dims<L, 0>>) {
  %0 = graph.broadcast %x : (tensor<?x1xi32, #graph.dims<L, 1>>) -> tensor<2x?x3xi32, #graph.dims<2, L, 3>>
  %1 = graph.broadcast %scalar : (tensor<i1>) -> tensor<2xi1>
  %2 = graph.broadcast %x : (tensor<?x1xi32, #graph.dims<L, 1>>) -> tensor<?x0xi32, #graph.dims<L, 0>>
  // CHECK-NEXT: tensor<2x2x3xi32> 1 1 1 ; 2 2 2 ;; 1 1 1 ; 2 2 2{{$}}
  // CHECK-NEXT: tensor<2xi1> true true{{$}}
  // CHECK-NEXT: tensor<2x0xi32>{{$}}
  return %0, %1, %2 : tensor<2x?x3xi32, #graph.dims<2, L, 3>>, tensor<2xi1>, tensor<?x0xi32, #graph.dims<L, 0>>
}
