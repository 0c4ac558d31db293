// RUN: tenon-opt %s --split-input-file --verify-diagnostics --lower-to-cpu | FileCheck %s
// RUN: tenon-opt %s --split-input-file --verify-diagnostics --lower-to-cpu=vector-bytes=32 | FileCheck %s --check-prefix=NARROW

// A word of a column is eight rows: one load, and a shift for each. Where a vector has
// 16 places what a nibble becomes is looked up.

// CHECK-LABEL:   func @words
// CHECK-COUNT-1:   llvm.load %{{.+}} -> vector<16xi32>
// CHECK-NOT:       llvm.load %{{.+}} -> vector<16xi32>
// CHECK-COUNT-8:   llvm.call_intrinsic "llvm.x86.avx512.permvar.sf.512"
// CHECK-NOT:       llvm.call_intrinsic
// CHECK:           return
// NARROW-LABEL:    func @words
// NARROW-COUNT-2:  llvm.load %{{.+}} -> vector<8xi32>
// NARROW-COUNT-16: arith.trunci %{{.+}} : vector<8xi32> to vector<8xi4>
// NARROW-NOT:      llvm.call_intrinsic
tile.kernel @words(%x: !tile.buffer<f32>, %w: !tile.buffer<i4>, %y: !tile.buffer<f32>) inputs 2 outputs 1 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %zero = arith.constant 0.0 : f32
  tile.grid []
  %init = tile.fill %zero : f32 -> !tile.tile<[1, 16], f32>
  %xv = tile.view %x[%c1, %c16] : !tile.view<1x16xf32>
  %a = tile.load %xv[%c0, %c0] axes [0, 1] : !tile.view<1x16xf32> -> !tile.tile<[1, 16], f32>
  %wv = tile.view %w[%c16, %c16] : !tile.view<16x16xi4, <1/16, 0/8, 1 mod 16, 0 mod 8>>
  %q = tile.load %wv[%c0, %c0] axes [0, 1] : !tile.view<16x16xi4, <1/16, 0/8, 1 mod 16, 0 mod 8>> -> !tile.tile<[16, 16], i4>
  %b = tile.map %q maps [[0, 1]] : !tile.tile<[16, 16], i4> -> !tile.tile<[16, 16], f32> {
  ^bb0(%p: i4):
    %i = arith.extsi %p : i4 to i32
    %f = arith.sitofp %i : i32 to f32
    tile.yield %f : f32
  }
  %c = tile.mma %a, %b, %init : !tile.tile<[1, 16], f32>, !tile.tile<[16, 16], f32> -> !tile.tile<[1, 16], f32>
  %yv = tile.view %y[%c1, %c16] : !tile.view<1x16xf32>
  tile.store %c, %yv[%c0, %c0] axes [0, 1] : !tile.tile<[1, 16], f32>, !tile.view<1x16xf32>
  tile.return
}

// -----

// Differences of nibbles and whole zero points are numbers that bf16 holds: they are
// not rounded. Those of a zero point that is none are.

// CHECK-LABEL: func @whole_differences
// CHECK-NOT:     arith.truncf
// CHECK:         return
// CHECK-LABEL: func @other_differences
// CHECK:         arith.truncf
tile.kernel @whole_differences(%x: !tile.buffer<bf16>, %w: !tile.buffer<i4>, %y: !tile.buffer<f32>) inputs 2 outputs 1 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %zero = arith.constant 0.0 : f32
  %eight = arith.constant 8.0 : f32
  tile.grid []
  %init = tile.fill %zero : f32 -> !tile.tile<[1, 16], f32>
  %xv = tile.view %x[%c1, %c16] : !tile.view<1x16xbf16>
  %a = tile.load %xv[%c0, %c0] axes [0, 1] : !tile.view<1x16xbf16> -> !tile.tile<[1, 16], bf16>
  %wv = tile.view %w[%c16, %c16] : !tile.view<16x16xi4, <1/16, 0/8, 1 mod 16, 0 mod 8>>
  %q = tile.load %wv[%c0, %c0] axes [0, 1] : !tile.view<16x16xi4, <1/16, 0/8, 1 mod 16, 0 mod 8>> -> !tile.tile<[16, 16], i4>
  %point = tile.fill %eight : f32 -> !tile.tile<[], f32>
  %wide = tile.map %q, %point maps [[0, 1], []] : !tile.tile<[16, 16], i4>, !tile.tile<[], f32> -> !tile.tile<[16, 16], f32> {
  ^bb0(%p: i4, %z: f32):
    %i = arith.extui %p : i4 to i32
    %f = arith.sitofp %i : i32 to f32
    %d = arith.subf %f, %z : f32
    tile.yield %d : f32
  }
  %b = tile.map %wide maps [[0, 1]] : !tile.tile<[16, 16], f32> -> !tile.tile<[16, 16], bf16> {
  ^bb0(%p: f32):
    %n = arith.truncf %p : f32 to bf16
    tile.yield %n : bf16
  }
  %c = tile.mma %a, %b, %init : !tile.tile<[1, 16], bf16>, !tile.tile<[16, 16], bf16> -> !tile.tile<[1, 16], f32>
  %yv = tile.view %y[%c1, %c16] : !tile.view<1x16xf32>
  tile.store %c, %yv[%c0, %c0] axes [0, 1] : !tile.tile<[1, 16], f32>, !tile.view<1x16xf32>
  tile.return
}
tile.kernel @other_differences(%x: !tile.buffer<bf16>, %w: !tile.buffer<i4>, %y: !tile.buffer<f32>) inputs 2 outputs 1 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 7.5 : f32
  tile.grid []
  %init = tile.fill %zero : f32 -> !tile.tile<[1, 16], f32>
  %xv = tile.view %x[%c1, %c16] : !tile.view<1x16xbf16>
  %a = tile.load %xv[%c0, %c0] axes [0, 1] : !tile.view<1x16xbf16> -> !tile.tile<[1, 16], bf16>
  %wv = tile.view %w[%c16, %c16] : !tile.view<16x16xi4, <1/16, 0/8, 1 mod 16, 0 mod 8>>
  %q = tile.load %wv[%c0, %c0] axes [0, 1] : !tile.view<16x16xi4, <1/16, 0/8, 1 mod 16, 0 mod 8>> -> !tile.tile<[16, 16], i4>
  %wide = tile.map %q maps [[0, 1]] : !tile.tile<[16, 16], i4> -> !tile.tile<[16, 16], f32> {
  ^bb0(%p: i4):
    %i = arith.extui %p : i4 to i32
    %f = arith.sitofp %i : i32 to f32
    %d = arith.subf %f, %half : f32
    tile.yield %d : f32
  }
  %b = tile.map %wide maps [[0, 1]] : !tile.tile<[16, 16], f32> -> !tile.tile<[16, 16], bf16> {
  ^bb0(%p: f32):
    %n = arith.truncf %p : f32 to bf16
    tile.yield %n : bf16
  }
  %c = tile.mma %a, %b, %init : !tile.tile<[1, 16], bf16>, !tile.tile<[16, 16], bf16> -> !tile.tile<[1, 16], f32>
  %yv = tile.view %y[%c1, %c16] : !tile.view<1x16xf32>
  tile.store %c, %yv[%c0, %c0] axes [0, 1] : !tile.tile<[1, 16], f32>, !tile.view<1x16xf32>
  tile.return
}

// -----

// Elsewhere they are halves of bytes: those in even lanes and those in odd lanes.

// CHECK-LABEL:   func @halves
// CHECK-COUNT-2:   llvm.load %{{.+}} -> vector<8xi8>
// CHECK:           vector.interleave %{{.+}}, %{{.+}} : vector<8xi8> -> vector<16xi8>
tile.kernel @halves(%x: !tile.buffer<i4>, %y: !tile.buffer<i8>) inputs 1 outputs 1 {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  tile.grid []
  %xv = tile.view %x[%c32] : !tile.view<32xi4>
  %a = tile.load %xv[%c0] axes [0] : !tile.view<32xi4> -> !tile.tile<[32], i4>
  %b = tile.map %a maps [[0]] : !tile.tile<[32], i4> -> !tile.tile<[32], i8> {
  ^bb0(%p: i4):
    %i = arith.extsi %p : i4 to i8
    tile.yield %i : i8
  }
  %yv = tile.view %y[%c32] : !tile.view<32xi8>
  tile.store %b, %yv[%c0] axes [0] : !tile.tile<[32], i8>, !tile.view<32xi8>
  tile.return
}

// -----

// Two instances would write one byte.

tile.kernel @writes(%x: !tile.buffer<i4>, %y: !tile.buffer<i4>) inputs 1 outputs 1 {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  tile.grid []
  %xv = tile.view %x[%c32] : !tile.view<32xi4>
  %a = tile.load %xv[%c0] axes [0] : !tile.view<32xi4> -> !tile.tile<[32], i4>
  %yv = tile.view %y[%c32] : !tile.view<32xi4>
  // expected-error @below {{'tile.store' op cannot write elements that share a byte, which other instances write too: expected 8 bits or more, got 'i4'}}
  tile.store %a, %yv[%c0] axes [0] : !tile.tile<[32], i4>, !tile.view<32xi4>
  tile.return
}
