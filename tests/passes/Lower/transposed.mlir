// RUN: tenon-opt %s --split-input-file --lower-to-cpu=vector-bytes=32 | FileCheck %s

// What lies along one axis and is wanted along the other goes through squares
// of registers: three stages of shuffles for vectors of eight.

// CHECK-LABEL:    func @squares
// CHECK-COUNT-24:   vector.shuffle
// CHECK-NOT:        llvm.intr.masked.scatter
// CHECK-COUNT-8:    llvm.store
tile.kernel @squares(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 schedule {lanes = "first"} {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %i = tile.grid [%c32 by 16]
  %xv = tile.view %x[%c16, %c32] : !tile.view<16x32xf32>
  %a = tile.load %xv[%c0, %i] axes [1, 0] : !tile.view<16x32xf32> -> !tile.tile<[16, 16], f32>
  %yv = tile.view %y[%c32, %c16] : !tile.view<32x16xf32>
  tile.store %a, %yv[%i, %c0] axes [0, 1] : !tile.tile<[16, 16], f32>, !tile.view<32x16xf32>
  tile.return
}

// -----

// What is no whole squares is read and written element by element.

// CHECK-LABEL: func @ragged
// CHECK-NOT:     vector.shuffle
// CHECK:         llvm.intr.masked.scatter
tile.kernel @ragged(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 schedule {lanes = "first"} {
  %c0 = arith.constant 0 : index
  %c12 = arith.constant 12 : index
  %c32 = arith.constant 32 : index
  %i = tile.grid [%c32 by 16]
  %xv = tile.view %x[%c12, %c32] : !tile.view<12x32xf32>
  %a = tile.load %xv[%c0, %i] axes [1, 0] : !tile.view<12x32xf32> -> !tile.tile<[16, 12], f32>
  %yv = tile.view %y[%c32, %c12] : !tile.view<32x12xf32>
  tile.store %a, %yv[%i, %c0] axes [0, 1] : !tile.tile<[16, 12], f32>, !tile.view<32x12xf32>
  tile.return
}
