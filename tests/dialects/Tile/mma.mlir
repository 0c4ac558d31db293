// RUN: tenon-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: tile.kernel @mma_prints_as_written
// CHECK: tile.mma
tile.kernel @mma_prints_as_written(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  %a = tile.load %v[%i, %c0] axes [0, 1] : <?x4xf32> -> <[BM, 4], f32>
  %z = tile.fill %f : f32 -> <[BM, 8], f32>
  %b = tile.fill %f : f32 -> <[4, 8], f32>
  %bad = tile.fill %f : f32 -> <[5, 8], f32>
  %m = tile.mma %a, %b, %z : <[BM, 4], f32>, <[4, 8], f32> -> <[BM, 8], f32>
  tile.return
}

// -----

tile.kernel @mma_c1(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  %a = tile.load %v[%i, %c0] axes [0, 1] : <?x4xf32> -> <[BM, 4], f32>
  %z = tile.fill %f : f32 -> <[BM, 8], f32>
  %b = tile.fill %f : f32 -> <[4, 8], f32>
  %bad = tile.fill %f : f32 -> <[5, 8], f32>
  // expected-error @below {{'tile.mma' op needs MxK, KxN and MxN tiles}}
  %m = tile.mma %a, %bad, %z : <[BM, 4], f32>, <[5, 8], f32> -> <[BM, 8], f32>
  tile.return
}
