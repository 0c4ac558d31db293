// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @group_prints_as_written
// CHECK-SAME:    %[[X:[^:]+]]: tensor<?x8xf32, #graph.dims<L, 8>>, %[[BIAS:[^:]+]]: tensor<8xf32>
func.func @group_prints_as_written(%x: tensor<?x8xf32, #graph.dims<L, 8>>, %bias: tensor<8xf32>) -> tensor<?x8xf32, #graph.dims<L, 8>> {
  // CHECK-NEXT: %[[Y:.+]] = graph.group (%[[A:.+]] = %[[X]] : tensor<?x8xf32, #graph.dims<L, 8>>, %[[B:.+]] = %[[BIAS]] : tensor<8xf32>) -> tensor<?x8xf32, #graph.dims<L, 8>> {
  // CHECK-NEXT:   %[[SUM:.+]] = graph.add %[[A]], %[[B]]
  // CHECK-NEXT:   graph.yield %[[SUM]] : tensor<?x8xf32, #graph.dims<L, 8>>
  // CHECK-NEXT: }
  // CHECK-NEXT: return %[[Y]]
  %y = graph.group (%a = %x : tensor<?x8xf32, #graph.dims<L, 8>>, %b = %bias : tensor<8xf32>) -> tensor<?x8xf32, #graph.dims<L, 8>> {
    %sum = graph.add %a, %b : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<8xf32>) -> tensor<?x8xf32, #graph.dims<L, 8>>
    graph.yield %sum : tensor<?x8xf32, #graph.dims<L, 8>>
  }
  return %y : tensor<?x8xf32, #graph.dims<L, 8>>
}

// -----

// Nothing in, two out, and attributes of whoever looks at the group next.

// CHECK-LABEL: func @group_of_two_results
func.func @group_of_two_results() -> (tensor<f32>, tensor<2xi64>) {
  // CHECK-NEXT: %{{.+}}:2 = graph.group () -> (tensor<f32>, tensor<2xi64>) attributes {anchor = "iota"} {
  %0:2 = graph.group () -> (tensor<f32>, tensor<2xi64>) attributes {anchor = "iota"} {
    %one = graph.constant dense<1.0> : tensor<f32>
    %count = graph.iota {axis = 0 : i64} : () -> tensor<2xi64>
    graph.yield %one, %count : tensor<f32>, tensor<2xi64>
  }
  return %0#0, %0#1 : tensor<f32>, tensor<2xi64>
}

// -----

func.func @group_c1(%x: tensor<4xf32>) {
  // expected-error @below {{'graph.group' op needs one argument an input: expected ('tensor<4xf32>'), got ('tensor<5xf32>')}}
  "graph.group"(%x) ({
  ^bb0(%a: tensor<5xf32>):
    "graph.yield"() : () -> ()
  }) : (tensor<4xf32>) -> ()
  return
}

// -----

func.func @group_c2(%x: tensor<4xf32>) {
  // expected-error @below {{'graph.group' op needs results: expected a body that ends in 'graph.yield', got 'func.return'}}
  graph.group (%a = %x : tensor<4xf32>) {
    func.return
  }
  return
}

// -----

func.func @group_c3(%x: tensor<4xf32>) {
  // expected-error @below {{'graph.group' op yields its results: expected ('tensor<4xf32>'), got ('tensor<4xf32>', 'tensor<4xf32>')}}
  %0 = graph.group (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
    graph.yield %a, %a : tensor<4xf32>, tensor<4xf32>
  }
  return
}

// -----

// The body is isolated: what it reads is an input.
func.func @group_reads_only_inputs(%x: tensor<4xf32>) {
  // expected-note @below {{required by region isolation constraints}}
  %0 = graph.group () -> tensor<4xf32> {
    // expected-error @below {{using value defined outside the region}}
    graph.yield %x : tensor<4xf32>
  }
  return
}

//--- meaning.mlir
// CHECK-LABEL: @group_means_its_body
func.func @group_means_its_body(
    %x: tensor<2x?xi32, #graph.dims<2, L>> {graph.example = dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>})
    -> (tensor<?x2xi32, #graph.dims<L, 2>>, tensor<2x?xi32, #graph.dims<2, L>>) {
  %0:2 = graph.group (%a = %x : tensor<2x?xi32, #graph.dims<2, L>>) -> (tensor<?x2xi32, #graph.dims<L, 2>>, tensor<2x?xi32, #graph.dims<2, L>>) {
    %t = graph.transpose %a {permutation = array<i64: 1, 0>} : (tensor<2x?xi32, #graph.dims<2, L>>) -> tensor<?x2xi32, #graph.dims<L, 2>>
    %count = graph.iota {axis = 1 : i64} : () -> tensor<2x?xi32, #graph.dims<2, L>>
    graph.yield %t, %count : tensor<?x2xi32, #graph.dims<L, 2>>, tensor<2x?xi32, #graph.dims<2, L>>
  }
  // CHECK-NEXT: tensor<3x2xi32> 1 4 ; 2 5 ; 3 6{{$}}
  // CHECK-NEXT: tensor<2x3xi32> 0 1 2 ; 0 1 2{{$}}
  return %0#0, %0#1 : tensor<?x2xi32, #graph.dims<L, 2>>, tensor<2x?xi32, #graph.dims<2, L>>
}
