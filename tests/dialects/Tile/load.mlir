// RUN: tenon-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: tile.kernel @load_prints_as_written
// CHECK: tile.load %{{.+}}[%{{.+}}, %{{.+}}] axes [0, 1] : <?x4xf32> -> <[BM, 4], f32>
tile.kernel @load_prints_as_written(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  %a = tile.load %v[%i, %c0] axes [0, 1] : <?x4xf32> -> <[BM, 4], f32>

  tile.return
}

// -----

tile.kernel @load_c1(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  // expected-error @below {{'tile.load' op needs one offset for each dimension of the view: expected 2, got 1}}
  %a = tile.load %v[%i] axes [0, 1] : <?x4xf32> -> <[BM, 4], f32>
  tile.return
}

// -----

tile.kernel @load_c2(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  // expected-error @below {{'tile.load' op needs one view dimension for each tile axis: expected 2, got 1}}
  %a = tile.load %v[%i, %c0] axes [0] : <?x4xf32> -> <[BM, 4], f32>
  tile.return
}

// -----

tile.kernel @load_c3(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  // expected-error @below {{'tile.load' op needs equal element types: expected 'f32', got 'f64'}}
  %a = tile.load %v[%i, %c0] axes [0, 1] : <?x4xf32> -> <[BM, 4], f64>
  tile.return
}
