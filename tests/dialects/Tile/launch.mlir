// RUN: tenon-opt %s --split-input-file --verify-diagnostics | FileCheck %s

tile.kernel @k(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
  %c1 = arith.constant 1 : index
  %i = tile.grid [%c1 by 1]
  tile.return
}
// CHECK-LABEL: func @launch_prints_as_written
// CHECK: tile.launch @k(%{{.+}}) scalars [] : (tensor<1xf32>) -> tensor<1xf32>
func.func @launch_prints_as_written(%x: tensor<1xf32>) -> tensor<1xf32> {
  %y = tile.launch @k(%x) scalars [] : (tensor<1xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

func.func @launch_c1(%x: tensor<1xf32>) {
  // expected-error @below {{'tile.launch' op names no kernel: @k}}
  %y = tile.launch @k(%x) scalars [] : (tensor<1xf32>) -> tensor<1xf32>
  return
}

// -----

tile.kernel @k(%y: !tile.buffer<f32>) inputs 0 outputs 1 {
  %c1 = arith.constant 1 : index
  %i = tile.grid [%c1 by 1]
  tile.return
}
func.func @launch_c2(%x: tensor<1xf32>) {
  // expected-error @below {{'tile.launch' op gives 1 inputs, 1 results and 0 scalars, but the kernel has 0, 1 and 0}}
  %y = tile.launch @k(%x) scalars [] : (tensor<1xf32>) -> tensor<1xf32>
  return
}
