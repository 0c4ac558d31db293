// RUN: tenon-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: tile.kernel @yield_prints_as_written
// CHECK: tile.yield
tile.kernel @yield_prints_as_written(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  %a = tile.load %v[%i, %c0] axes [0, 1] : <?x4xf32> -> <[BM, 4], f32>
  %b = tile.map %a maps [[0, 1]] : !tile.tile<[BM, 4], f32> -> <[BM, 4], f32> {
  ^bb0(%p: f32):
    tile.yield %p : f32
  }
  tile.return
}
