// RUN: tenon-opt %s --verify-tile --verify-diagnostics --split-input-file

// What is accepted is the example in the pass's description, which tests/house runs.

// A group that is left.

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'graph.group' op is left: stage 'tile' promises that every group is a kernel}}
  %0 = graph.group (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
    %1 = graph.neg %a : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %1 : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// -----

// An op that is no launch.

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'graph.neg' op is no launch: stage 'tile' promises that what computes at run time is a launch of a kernel}}
  %0 = graph.neg %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// One program twice.

tile.kernel @k(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
  %c64 = arith.constant 64 : index
  %i = tile.grid [%c64 by BN]
  %xv = tile.view %x[%c64] : !tile.view<64xf32>
  %a = tile.load %xv[%i] axes [0] : <64xf32> -> <[BN], f32>
  %yv = tile.view %y[%c64] : !tile.view<64xf32>
  tile.store %a, %yv[%i] axes [0] : <[BN], f32>, <64xf32>
  tile.return
}
// expected-error @below {{'tile.kernel' op 'again' is the program of 'k' again: stage 'tile' promises that equal programs are one kernel}}
tile.kernel @again(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
  %c64 = arith.constant 64 : index
  %i = tile.grid [%c64 by BN]
  %xv = tile.view %x[%c64] : !tile.view<64xf32>
  %a = tile.load %xv[%i] axes [0] : <64xf32> -> <[BN], f32>
  %yv = tile.view %y[%c64] : !tile.view<64xf32>
  tile.store %a, %yv[%i] axes [0] : <[BN], f32>, <64xf32>
  tile.return
}

// -----

// An op in a layer, which may be called.

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = call @layer(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func private @layer(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'graph.neg' op is no launch: stage 'tile' promises that what computes at run time is a launch of a kernel}}
  %0 = graph.neg %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
