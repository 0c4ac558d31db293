// RUN: tenon-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @yield_of_values
func.func @yield_of_values(%x: tensor<?xf32, #graph.dims<L>>) {
  %0:2 = graph.group (%a = %x : tensor<?xf32, #graph.dims<L>>) -> (tensor<?xf32, #graph.dims<L>>, tensor<?xf32, #graph.dims<L>>) {
    // CHECK: graph.yield %[[A:.+]], %[[A]] : tensor<?xf32, #graph.dims<L>>, tensor<?xf32, #graph.dims<L>>
    graph.yield %a, %a : tensor<?xf32, #graph.dims<L>>, tensor<?xf32, #graph.dims<L>>
  }
  return
}

// -----

// CHECK-LABEL: func @yield_of_nothing
func.func @yield_of_nothing() {
  graph.group () {
    // CHECK: graph.yield{{$}}
    graph.yield
  }
  return
}

// -----

func.func @yield_ends_a_block(%x: tensor<4xf32>) {
  %0 = graph.group (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
    // expected-error @below {{'graph.yield' op must be the last operation in the parent block}}
    graph.yield %a : tensor<4xf32>
    graph.yield %a : tensor<4xf32>
  }
  return
}
