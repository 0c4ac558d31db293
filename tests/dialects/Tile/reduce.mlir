// RUN: tenon-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: tile.kernel @reduce_prints_as_written
// CHECK: tile.reduce sum %{{.+}} axis 1
tile.kernel @reduce_prints_as_written(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  %a = tile.load %v[%i, %c0] axes [0, 1] : <?x4xf32> -> <[BM, 4], f32>
  %r = tile.reduce sum %a axis 1 : <[BM, 4], f32> -> <[BM], f32>
  // CHECK: tile.reduce max_number %{{.+}} axis 0
  %s = tile.reduce max_number %a axis 0 : <[BM, 4], f32> -> <[4], f32>
  // CHECK: tile.reduce min %{{.+}} axis 0 below %{{.+}} : <[BM, 4], f32> -> <[4], f32>
  %t = tile.reduce min %a axis 0 below %n : <[BM, 4], f32> -> <[4], f32>
  tile.return
}

// -----

tile.kernel @reduce_c1(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  %a = tile.load %v[%i, %c0] axes [0, 1] : <?x4xf32> -> <[BM, 4], f32>
  // expected-error @below {{'tile.reduce' op needs an axis of '!tile.tile<[BM, 4], f32>', got 2}}
  %r = tile.reduce sum %a axis 2 : <[BM, 4], f32> -> <[BM], f32>
  tile.return
}

// -----

tile.kernel @reduce_c2(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>
  %a = tile.load %v[%i, %c0] axes [0, 1] : <?x4xf32> -> <[BM, 4], f32>
  // expected-error @below {{'tile.reduce' op drops the reduced axis: expected '!tile.tile<[4], f32>', got '!tile.tile<[BM], f32>'}}
  %r = tile.reduce sum %a axis 0 : <[BM, 4], f32> -> <[BM], f32>
  tile.return
}
