// RUN: tenon-opt %s --verify-fuse --verify-diagnostics --split-input-file

// What is accepted is the example in the pass's description, which tests/house runs.

// An op of the model outside of groups; a weight and its transpose may be there.

func.func @main(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %w = graph.weight <"m.onnx" name "w" at 0 bytes 64> : tensor<4x4xf32>
  %t = graph.transpose %w {permutation = array<i64: 1, 0>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  // expected-error @below {{'graph.add' op stands outside of a group: stage 'fuse' promises that what computes at run time is in one}}
  %0 = graph.add %x, %t : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// -----

// Counters are no constants: a kernel makes them.

func.func @main() -> tensor<4xi64> {
  // expected-error @below {{'graph.iota' op stands outside of a group: stage 'fuse' promises that what computes at run time is in one}}
  %0 = graph.iota {axis = 0 : i64} : () -> tensor<4xi64>
  return %0 : tensor<4xi64>
}

// -----

// A group of two results that are not of one shape.

func.func @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<2x2xf32>) {
  // expected-error @below {{'graph.group' op has 2 results that differ in shape: stage 'fuse' promises that a group's results, which one kernel writes, have one shape}}
  %0:2 = graph.group (%a = %x : tensor<4xf32>) -> (tensor<4xf32>, tensor<2x2xf32>) {
    %1 = graph.reshape %a : (tensor<4xf32>) -> tensor<2x2xf32>
    graph.yield %a, %1 : tensor<4xf32>, tensor<2x2xf32>
  }
  return %0#0, %0#1 : tensor<4xf32>, tensor<2x2xf32>
}

// -----

// In a layer too, which may be called.

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = call @layer(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func private @layer(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'graph.neg' op stands outside of a group: stage 'fuse' promises that what computes at run time is in one}}
  %0 = graph.neg %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
