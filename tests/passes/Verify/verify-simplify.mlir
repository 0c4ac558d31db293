// RUN: tenon-opt %s --verify-simplify --verify-diagnostics --split-input-file

// What is accepted is the example in the pass's description, which tests/house runs.

// A composite that no kernel computes.

func.func @main(%q: tensor<1x2x3x4xf32>, %p: tensor<1x3xi64>) -> tensor<1x2x3x4xf32> {
  // expected-error @below {{'graph.rope' op has no tiles of its own: stage 'simplify' promises that such ops are decomposed}}
  %0 = graph.rope %q, %p {base = 1.0e4 : f64, pairing = #graph<pairing halves>} : (tensor<1x2x3x4xf32>, tensor<1x3xi64>) -> tensor<1x2x3x4xf32>
  return %0 : tensor<1x2x3x4xf32>
}

// -----

// Dead code.

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'graph.neg' op has no effect, and nothing reads it: stage 'simplify' promises that no code is dead}}
  %0 = graph.neg %x : (tensor<4xf32>) -> tensor<4xf32>
  return %x : tensor<4xf32>
}

// -----

// Bodies.

func.func @main(%c: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'graph.if' op has bodies, of which no kernel is made yet: stage 'simplify' promises that all that is left becomes kernels; 'tenon run --interpret' executes the model}}
  %0 = graph.if %c {
    graph.yield %x : tensor<4xf32>
  } else {
    graph.yield %x : tensor<4xf32>
  } : (tensor<i1>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
