// RUN: tenon-opt %s --verify-import --verify-diagnostics --split-input-file

// What is accepted is the example in the pass's description, which tests/house runs.

// No model.

// expected-error @below {{'builtin.module' op has no public function: stage 'import' promises that the model is one}}
module {
  func.func private @layer(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
}

// -----

// A call of a function without a body, and no op of graph.

func.func private @elsewhere(%x: tensor<2xf32>) -> tensor<2xf32>
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = func.call @elsewhere(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

// An op of another dialect.

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'arith.negf' op is no op of graph: stage 'import' promises that the model is written in graph ops}}
  %0 = arith.negf %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// A size that no symbol stands for.

func.func @main(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // expected-error @below {{'graph.neg' op has a result whose size nobody knows, 'tensor<?x4xf32>': stage 'import' promises that every size is a number or an expression of symbols}}
  %0 = graph.neg %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
