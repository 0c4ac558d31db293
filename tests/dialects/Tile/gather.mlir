// RUN: tenon-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: tile.kernel @gather_prints_as_written
// CHECK: tile.gather
tile.kernel @gather_prints_as_written(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  %ids = tile.index %i : <[BM], i64>
  %r = tile.gather %v, %ids [%c0, %c0] dim 0 axes [1] : <?x4xf32>, <[BM], i64> -> <[BM, 4], f32>
  tile.return
}

// -----

tile.kernel @gather_c1(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  %ids = tile.fill %f : f32 -> <[BM], f32>
  // expected-error @below {{'tile.gather' op needs integer indices, got '!tile.tile<[BM], f32>'}}
  %r = tile.gather %v, %ids [%c0, %c0] dim 0 axes [1] : <?x4xf32>, <[BM], f32> -> <[BM, 4], f32>
  tile.return
}

// -----

tile.kernel @gather_c2(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  %ids = tile.index %i : <[BM], i64>
  // expected-error @below {{'tile.gather' op needs one offset for each dimension of the view: expected 2, got 1}}
  %r = tile.gather %v, %ids [%c0] dim 0 axes [1] : <?x4xf32>, <[BM], i64> -> <[BM, 4], f32>
  tile.return
}

// -----

tile.kernel @gather_c3(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  %ids = tile.index %i : <[BM], i64>
  // expected-error @below {{'tile.gather' op dimension 1 is both indexed and an axis}}
  %r = tile.gather %v, %ids [%c0, %c0] dim 1 axes [1] : <?x4xf32>, <[BM], i64> -> <[BM, 4], f32>
  tile.return
}
