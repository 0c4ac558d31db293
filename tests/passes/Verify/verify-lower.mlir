// RUN: tenon-opt %s --verify-lower --verify-diagnostics --split-input-file

// What is accepted is the example in the pass's description, which tests/house runs.

// A kernel that is left.

// expected-error @below {{'tile.kernel' op 'k' is left: stage 'lower' promises that every kernel is a function}}
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

// -----

// An op of graph in a kernel.

func.func @k(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'graph.neg' op is left in a kernel: stage 'lower' promises that kernels are functions over vectors, in arith, math, scf, vector and llvm}}
  %0 = graph.neg %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// A program launches a weight.

func.func private @w() -> tensor<4xf32> {
  %0 = graph.weight <"m.onnx" name "w" at 0 bytes 16> : tensor<4xf32>
  return %0 : tensor<4xf32>
}
exec.program @main inputs ["x"] outputs ["y"] symbols [] : (tensor<64xf32>) -> tensor<64xf32> {
  %0 = exec.input 0
  %1 = exec.output 0
  // expected-error @below {{'exec.launch' op launches 'w', which is no kernel's function: stage 'lower' promises that every kernel is one}}
  exec.launch @w(%0, %1) scalars [] grid [#graph.dim<64>] by [16]
}

// -----

// A variant is a weight.

func.func private @w() -> tensor<4xf32> {
  %0 = graph.weight <"m.onnx" name "w" at 0 bytes 16> : tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @k() {
  return
}
exec.program @main inputs ["x"] outputs ["y"] symbols [] : (tensor<64xf32>) -> tensor<64xf32> {
  %0 = exec.input 0
  %1 = exec.output 0
  // expected-error @below {{'exec.launch' op launches 'w', which is no kernel's function: stage 'lower' promises that every kernel is one}}
  exec.launch @k(%0, %1) scalars [] grid [#graph.dim<64>] by [16] {variants = [#exec.variant<@w, axis 0 at most 4, by [4]>]}
}

// -----

// A layer launches a weight.

func.func private @w() -> tensor<4xf32> {
  %0 = graph.weight <"m.onnx" name "w" at 0 bytes 16> : tensor<4xf32>
  return %0 : tensor<4xf32>
}
exec.function @layer parameters 2 {
  %0 = exec.parameter 0
  %1 = exec.parameter 1
  // expected-error @below {{'exec.launch' op launches 'w', which is no kernel's function: stage 'lower' promises that every kernel is one}}
  exec.launch @w(%0, %1) scalars [] grid [#graph.dim<64>] by [16]
}
