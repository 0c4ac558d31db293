// RUN: tenon-opt %s --verify-plan --verify-diagnostics --split-input-file

// What is accepted is the example in the pass's description, which tests/house runs.

// A function that did not become a program.

module {
  exec.program @other inputs ["x"] outputs ["y"] symbols [] : (tensor<4xf32>) -> tensor<4xf32> {
    %0 = exec.input 0
    %1 = exec.output 0
    exec.copy %0 to %1 bytes #graph.dim<16>
  }
  // expected-error @below {{'func.func' op is left: stage 'plan' promises that every public function is an exec.program}}
  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
}

// -----

// No program at all.

// expected-error @below {{'builtin.module' op has no exec.program: stage 'plan' promises that every public function became one}}
module {
  func.func private @weight() -> tensor<4xf32> {
    %0 = graph.weight <"m.onnx" name "w" at 0 bytes 16> : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}

// -----

// Private functions that are no weights.

tile.kernel @k(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
  %c64 = arith.constant 64 : index
  %i = tile.grid [%c64 by 16]
  %xv = tile.view %x[%c64] : !tile.view<64xf32>
  %a = tile.load %xv[%i] axes [0] : <64xf32> -> <[16], f32>
  %yv = tile.view %y[%c64] : !tile.view<64xf32>
  tile.store %a, %yv[%i] axes [0] : <[16], f32>, <64xf32>
  tile.return
}
exec.program @main inputs ["x"] outputs ["y"] symbols [] : (tensor<64xf32>) -> tensor<64xf32> {
  %0 = exec.input 0
  %1 = exec.output 0
  exec.launch @k(%0, %1) scalars [] grid [#graph.dim<64>] by [16]
}
// expected-error @below {{'func.func' op has arguments: stage 'plan' promises that a private function is a weight}}
func.func private @layer(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// -----

tile.kernel @k(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
  %c64 = arith.constant 64 : index
  %i = tile.grid [%c64 by 16]
  %xv = tile.view %x[%c64] : !tile.view<64xf32>
  %a = tile.load %xv[%i] axes [0] : <64xf32> -> <[16], f32>
  %yv = tile.view %y[%c64] : !tile.view<64xf32>
  tile.store %a, %yv[%i] axes [0] : <[16], f32>, <64xf32>
  tile.return
}
exec.program @main inputs ["x"] outputs ["y"] symbols [] : (tensor<64xf32>) -> tensor<64xf32> {
  %0 = exec.input 0
  %1 = exec.output 0
  exec.launch @k(%0, %1) scalars [] grid [#graph.dim<64>] by [16]
}
func.func private @counters() -> tensor<4xi64> {
  // expected-error @below {{'graph.iota' op computes at run time: stage 'plan' promises that a private function is a weight}}
  %0 = graph.iota {axis = 0 : i64} : () -> tensor<4xi64>
  return %0 : tensor<4xi64>
}
