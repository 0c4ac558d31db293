// RUN: tenon-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: tile.kernel @view_prints_as_written
// CHECK: tile.view %{{.+}}[%{{.+}}, %{{.+}}] : !tile.view<?x4xf32>
tile.kernel @view_prints_as_written(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>

  tile.return
}

// -----

tile.kernel @view_c1(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  // expected-error @below {{'tile.view' op needs one size for each dimension: expected 2, got 1}}
  %w = tile.view %y[%n] : !tile.view<?x4xf32>
  tile.return
}

// -----

tile.kernel @view_c2(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  // expected-error @below {{'tile.view' op size 1 is 0 but the type is '!tile.view<?x4xf32>'}}
  %w = tile.view %y[%n, %c0] : !tile.view<?x4xf32>
  tile.return
}
