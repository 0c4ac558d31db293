// RUN: tenon-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: tile.kernel @map_prints_as_written
// CHECK: tile.map
tile.kernel @map_prints_as_written(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
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

// -----

tile.kernel @map_c1(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  %a = tile.load %v[%i, %c0] axes [0, 1] : <?x4xf32> -> <[BM, 4], f32>
  // expected-error @below {{'tile.map' op needs one map for each input: expected 1, got 0}}
  %b = tile.map %a maps [] : !tile.tile<[BM, 4], f32> -> <[BM, 4], f32> {
  ^bb0(%p: f32):
    tile.yield %p : f32
  }
  tile.return
}

// -----

tile.kernel @map_c2(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  %a = tile.load %v[%i, %c0] axes [0, 1] : <?x4xf32> -> <[BM, 4], f32>
  // expected-error @below {{'tile.map' op input 0 has 2 axes but its map has 1}}
  %b = tile.map %a maps [[0]] : !tile.tile<[BM, 4], f32> -> <[BM, 4], f32> {
  ^bb0(%p: f32):
    tile.yield %p : f32
  }
  tile.return
}

// -----

tile.kernel @map_c3(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  %a = tile.load %v[%i, %c0] axes [0, 1] : <?x4xf32> -> <[BM, 4], f32>
  // expected-error @below {{'tile.map' op axis 0 of input 0}}
  %b = tile.map %a maps [[1, 0]] : !tile.tile<[BM, 4], f32> -> <[BM, 4], f32> {
  ^bb0(%p: f32):
    tile.yield %p : f32
  }
  tile.return
}

// -----

tile.kernel @map_c4(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  %a = tile.load %v[%i, %c0] axes [0, 1] : <?x4xf32> -> <[BM, 4], f32>
  // expected-error @below {{'tile.map' op needs one body argument for each input: expected 1, got 2}}
  %b = tile.map %a maps [[0, 1]] : !tile.tile<[BM, 4], f32> -> <[BM, 4], f32> {
  ^bb0(%p: f32, %q: f32):
    tile.yield %p : f32
  }
  tile.return
}

// -----

tile.kernel @map_c5(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  %a = tile.load %v[%i, %c0] axes [0, 1] : <?x4xf32> -> <[BM, 4], f32>
  // expected-error @below {{'tile.map' op yields 'f32' but the result is '!tile.tile<[BM, 4], f64>'}}
  %b = tile.map %a maps [[0, 1]] : !tile.tile<[BM, 4], f32> -> <[BM, 4], f64> {
  ^bb0(%p: f32):
    tile.yield %p : f32
  }
  tile.return
}
