// RUN: tenon-opt %s --split-input-file --lower-to-cpu | FileCheck %s
// RUN: tenon-opt %s --split-input-file --lower-to-cpu=emulate-units=true | FileCheck %s --check-prefix=EMULATED

// Four tiles of sums, two rows of tiles by two columns, share their operands.
// Rows that are fewer go by one tile, and of less than a tile a copy is made.

// CHECK-LABEL: func @amx
// CHECK:         scf.for
// CHECK-COUNT-4: llvm.call_intrinsic "llvm.x86.tilezero.internal"
// CHECK:         scf.for
// CHECK-COUNT-2:   llvm.call_intrinsic "llvm.x86.tileloaddt164.internal"
// CHECK-COUNT-2:   llvm.call_intrinsic "llvm.x86.tileloadd64.internal"
// CHECK-COUNT-4:   llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
// CHECK-COUNT-4: llvm.call_intrinsic "llvm.x86.tilestored64.internal"
// CHECK:         scf.if
// CHECK-COUNT-2:   llvm.call_intrinsic "llvm.x86.tilezero.internal"
// CHECK:         scf.if
// CHECK:           llvm.store
// CHECK-COUNT-2:   llvm.call_intrinsic "llvm.x86.tilezero.internal"
// EMULATED-LABEL: func @amx
// EMULATED-NOT:     llvm.call_intrinsic
// EMULATED:         math.fma
tile.kernel @amx(%x: !tile.buffer<bf16>, %w: !tile.buffer<bf16>, %y: !tile.buffer<f32>, %n: index) inputs 2 outputs 1 schedule {unit = "amx-bf16"} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c32 = arith.constant 32 : index
  %zero = arith.constant 0.0 : f32
  %i = tile.grid [%n by 32]
  %init = tile.fill %zero : f32 -> !tile.tile<[32, 32], f32>
  %xv = tile.view %x[%n, %c64] : !tile.view<?x64xbf16>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : !tile.view<?x64xbf16> -> !tile.tile<[32, 64], bf16>
  %wv = tile.view %w[%c64, %c32] : !tile.view<64x32xbf16, <1/32, 0/2, 1 mod 32, 0 mod 2>>
  %b = tile.load %wv[%c0, %c0] axes [0, 1] : !tile.view<64x32xbf16, <1/32, 0/2, 1 mod 32, 0 mod 2>> -> !tile.tile<[64, 32], bf16>
  %c = tile.mma %a, %b, %init : !tile.tile<[32, 64], bf16>, !tile.tile<[64, 32], bf16> -> !tile.tile<[32, 32], f32>
  %yv = tile.view %y[%n, %c32] : !tile.view<?x32xf32>
  tile.store %c, %yv[%i, %c0] axes [0, 1] : !tile.tile<[32, 32], f32>, !tile.view<?x32xf32>
  tile.return
}

// -----

// A deep product goes by parts: the sums of the first begin as zero, those of
// the others are loaded. Beside each the words of the next part are fetched,
// and beside the last the rows that will be read and written then.

// CHECK-LABEL: func @parts
// CHECK:         scf.for
// CHECK-COUNT-4:   llvm.call_intrinsic "llvm.x86.tilezero.internal"
// CHECK:           scf.for %{{.+}} = %c0{{.*}} to %c7{{.*}} step
// CHECK-COUNT-4:     llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
// CHECK-COUNT-16:    "llvm.intr.prefetch"(%{{.+}}) <{cache = 1 : i32, hint = 2 : i32, rw = 0 : i32}>
// CHECK-NOT:         "llvm.intr.prefetch"
// CHECK:         scf.for %[[FROM:.+]] = %c7{{.*}} to %c14{{.*}} step %c7
// CHECK:           scf.for
// CHECK-COUNT-4:     llvm.call_intrinsic "llvm.x86.tileloadd64.internal"
// CHECK:             scf.for %{{.+}} = %[[FROM]] to
// CHECK-COUNT-4:       llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
// CHECK:         scf.for
// CHECK-COUNT-4:   llvm.call_intrinsic "llvm.x86.tileloadd64.internal"
// CHECK:           scf.for %{{.+}} = %c14{{.*}} to %c20
// CHECK-COUNT-4:     llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
// CHECK:             "llvm.intr.prefetch"(%{{.+}}) <{cache = 1 : i32, hint = 3 : i32, rw = 1 : i32}>
// EMULATED-LABEL: func @parts
// EMULATED-NOT:     llvm.call_intrinsic
// EMULATED:         math.fma
tile.kernel @parts(%x: !tile.buffer<bf16>, %w: !tile.buffer<bf16>, %r: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 3 outputs 1 schedule {unit = "amx-bf16"} {
  %c0 = arith.constant 0 : index
  %c640 = arith.constant 640 : index
  %c32 = arith.constant 32 : index
  %zero = arith.constant 0.0 : f32
  %i = tile.grid [%n by 64]
  %init = tile.fill %zero : f32 -> !tile.tile<[64, 32], f32>
  %xv = tile.view %x[%n, %c640] : !tile.view<?x640xbf16>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : !tile.view<?x640xbf16> -> !tile.tile<[64, 640], bf16>
  %wv = tile.view %w[%c640, %c32] : !tile.view<640x32xbf16, <1/32, 0/2, 1 mod 32, 0 mod 2>>
  %b = tile.load %wv[%c0, %c0] axes [0, 1] : !tile.view<640x32xbf16, <1/32, 0/2, 1 mod 32, 0 mod 2>> -> !tile.tile<[640, 32], bf16>
  %c = tile.mma %a, %b, %init : !tile.tile<[64, 640], bf16>, !tile.tile<[640, 32], bf16> -> !tile.tile<[64, 32], f32>
  %rv = tile.view %r[%n, %c32] : !tile.view<?x32xf32>
  %d = tile.load %rv[%i, %c0] axes [0, 1] : !tile.view<?x32xf32> -> !tile.tile<[64, 32], f32>
  %e = tile.map %c, %d maps [[0, 1], [0, 1]] : !tile.tile<[64, 32], f32>, !tile.tile<[64, 32], f32> -> !tile.tile<[64, 32], f32> {
  ^bb0(%p: f32, %q: f32):
    %s = arith.addf %p, %q : f32
    tile.yield %s : f32
  }
  %yv = tile.view %y[%n, %c32] : !tile.view<?x32xf32>
  tile.store %e, %yv[%i, %c0] axes [0, 1] : !tile.tile<[64, 32], f32>, !tile.view<?x32xf32>
  tile.return
}

// -----

// A pair of the left side is one broadcast of 32 bits, 16 pairs of the right
// side are one vector.

// CHECK-LABEL: func @pairs
// CHECK:         scf.for
// CHECK-COUNT-2:   llvm.load {{.+}} -> vector<16xi32>
// CHECK:           llvm.load {{.+}} -> i32
// CHECK:           llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
// EMULATED-LABEL: func @pairs
// EMULATED-NOT:     llvm.call_intrinsic
// EMULATED:         math.fma
tile.kernel @pairs(%x: !tile.buffer<bf16>, %w: !tile.buffer<bf16>, %y: !tile.buffer<f32>, %n: index) inputs 2 outputs 1 schedule {unit = "avx512bf16"} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c32 = arith.constant 32 : index
  %zero = arith.constant 0.0 : f32
  %i = tile.grid [%n by 8]
  %init = tile.fill %zero : f32 -> !tile.tile<[8, 32], f32>
  %xv = tile.view %x[%n, %c64] : !tile.view<?x64xbf16>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : !tile.view<?x64xbf16> -> !tile.tile<[8, 64], bf16>
  %wv = tile.view %w[%c64, %c32] : !tile.view<64x32xbf16, <1/32, 0/2, 1 mod 32, 0 mod 2>>
  %b = tile.load %wv[%c0, %c0] axes [0, 1] : !tile.view<64x32xbf16, <1/32, 0/2, 1 mod 32, 0 mod 2>> -> !tile.tile<[64, 32], bf16>
  %c = tile.mma %a, %b, %init : !tile.tile<[8, 64], bf16>, !tile.tile<[64, 32], bf16> -> !tile.tile<[8, 32], f32>
  %yv = tile.view %y[%n, %c32] : !tile.view<?x32xf32>
  tile.store %c, %yv[%i, %c0] axes [0, 1] : !tile.tile<[8, 32], f32>, !tile.view<?x32xf32>
  tile.return
}

// -----

// A word of four unsigned bytes of the left side is one broadcast; 16 words of
// signed ones of the right side are one vector.

// CHECK-LABEL: func @words
// CHECK:         scf.for
// CHECK-COUNT-2:   llvm.load {{.+}} -> vector<16xi32>
// CHECK:           llvm.load {{.+}} -> i32
// CHECK:           llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"({{.+}}) : (vector<16xi32>, vector<64xi8>, vector<64xi8>) -> vector<16xi32>
// EMULATED-LABEL: func @words
// EMULATED-NOT:     llvm.call_intrinsic
// EMULATED:         arith.muli
tile.kernel @words(%x: !tile.buffer<i8>, %w: !tile.buffer<i8>, %y: !tile.buffer<i32>, %n: index) inputs 2 outputs 1 schedule {unit = "avx512vnni"} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c32 = arith.constant 32 : index
  %zero = arith.constant 0 : i32
  %i = tile.grid [%n by 8]
  %init = tile.fill %zero : i32 -> !tile.tile<[8, 32], i32>
  %xv = tile.view %x[%n, %c64] : !tile.view<?x64xi8>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : !tile.view<?x64xi8> -> !tile.tile<[8, 64], i8>
  %aw = tile.map %a maps [[0, 1]] : !tile.tile<[8, 64], i8> -> !tile.tile<[8, 64], i32> {
  ^bb0(%p: i8):
    %q = arith.extui %p : i8 to i32
    tile.yield %q : i32
  }
  %wv = tile.view %w[%c64, %c32] : !tile.view<64x32xi8, <1/32, 0/4, 1 mod 32, 0 mod 4>>
  %b = tile.load %wv[%c0, %c0] axes [0, 1] : !tile.view<64x32xi8, <1/32, 0/4, 1 mod 32, 0 mod 4>> -> !tile.tile<[64, 32], i8>
  %bw = tile.map %b maps [[0, 1]] : !tile.tile<[64, 32], i8> -> !tile.tile<[64, 32], i32> {
  ^bb0(%p: i8):
    %q = arith.extsi %p : i8 to i32
    tile.yield %q : i32
  }
  %c = tile.mma %aw, %bw, %init : !tile.tile<[8, 64], i32>, !tile.tile<[64, 32], i32> -> !tile.tile<[8, 32], i32>
  %yv = tile.view %y[%n, %c32] : !tile.view<?x32xi32>
  tile.store %c, %yv[%i, %c0] axes [0, 1] : !tile.tile<[8, 32], i32>, !tile.view<?x32xi32>
  tile.return
}

// -----

// The same by tiles of sums.

// CHECK-LABEL: func @tiles_of_bytes
// CHECK:         scf.for
// CHECK-COUNT-4:   llvm.call_intrinsic "llvm.x86.tileloadd64.internal"
// CHECK-COUNT-4:   llvm.call_intrinsic "llvm.x86.tdpbusd.internal"
// EMULATED-LABEL: func @tiles_of_bytes
// EMULATED-NOT:     llvm.call_intrinsic
// EMULATED:         arith.muli
tile.kernel @tiles_of_bytes(%x: !tile.buffer<i8>, %w: !tile.buffer<i8>, %y: !tile.buffer<i32>, %n: index) inputs 2 outputs 1 schedule {unit = "amx-int8"} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c32 = arith.constant 32 : index
  %zero = arith.constant 0 : i32
  %i = tile.grid [%n by 32]
  %init = tile.fill %zero : i32 -> !tile.tile<[32, 32], i32>
  %xv = tile.view %x[%n, %c64] : !tile.view<?x64xi8>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : !tile.view<?x64xi8> -> !tile.tile<[32, 64], i8>
  %aw = tile.map %a maps [[0, 1]] : !tile.tile<[32, 64], i8> -> !tile.tile<[32, 64], i32> {
  ^bb0(%p: i8):
    %q = arith.extui %p : i8 to i32
    tile.yield %q : i32
  }
  %wv = tile.view %w[%c64, %c32] : !tile.view<64x32xi8, <1/32, 0/4, 1 mod 32, 0 mod 4>>
  %b = tile.load %wv[%c0, %c0] axes [0, 1] : !tile.view<64x32xi8, <1/32, 0/4, 1 mod 32, 0 mod 4>> -> !tile.tile<[64, 32], i8>
  %bw = tile.map %b maps [[0, 1]] : !tile.tile<[64, 32], i8> -> !tile.tile<[64, 32], i32> {
  ^bb0(%p: i8):
    %q = arith.extsi %p : i8 to i32
    tile.yield %q : i32
  }
  %c = tile.mma %aw, %bw, %init : !tile.tile<[32, 64], i32>, !tile.tile<[64, 32], i32> -> !tile.tile<[32, 32], i32>
  %yv = tile.view %y[%n, %c32] : !tile.view<?x32xi32>
  tile.store %c, %yv[%i, %c0] axes [0, 1] : !tile.tile<[32, 32], i32>, !tile.view<?x32xi32>
  tile.return
}

// -----

// f32 in three parts of bf16: six products of the parts share 14 loads. Few rows
// and numbers whose parts would be lost go by multiply-adds.

// CHECK-LABEL: func @parts
// CHECK:         %[[exact:.+]] = scf.if
// CHECK:           vector.shuffle
// CHECK-COUNT-4:   llvm.call_intrinsic "llvm.x86.tileloadd64.internal"
// CHECK:           scf.for
// CHECK-COUNT-14:    llvm.call_intrinsic "llvm.x86.{{(tileloadd64|tdpbf16ps)}}.internal"
// CHECK-COUNT-24:    llvm.call_intrinsic "llvm.x86.{{(tileloadd64|tdpbf16ps)}}.internal"
// CHECK-NOT:         llvm.call_intrinsic
// CHECK:             scf.yield
// CHECK-COUNT-4:   llvm.call_intrinsic "llvm.x86.tilestored64.internal"
// CHECK:           vector.reduction <maxui>
// CHECK-COUNT-2:   vector.reduction <minui>
// CHECK:         scf.if %[[exact]]
// CHECK:         else
// CHECK:           math.fma
// EMULATED-LABEL: func @parts
// EMULATED-NOT:     llvm.call_intrinsic
// EMULATED:         math.fma
tile.kernel @parts(%x: !tile.buffer<f32>, %w: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 2 outputs 1 schedule {unit = "amx-bf16x3"} {
  %c0 = arith.constant 0 : index
  %c192 = arith.constant 192 : index
  %c32 = arith.constant 32 : index
  %zero = arith.constant 0.0 : f32
  %i = tile.grid [%n by 64]
  %init = tile.fill %zero : f32 -> !tile.tile<[64, 32], f32>
  %xv = tile.view %x[%n, %c192] : !tile.view<?x192xf32>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : !tile.view<?x192xf32> -> !tile.tile<[64, 192], f32>
  %wv = tile.view %w[%c192, %c32] : !tile.view<192x32xf32, <1/32, 0, 1 mod 32>>
  %b = tile.load %wv[%c0, %c0] axes [0, 1] : !tile.view<192x32xf32, <1/32, 0, 1 mod 32>> -> !tile.tile<[192, 32], f32>
  %c = tile.mma %a, %b, %init : !tile.tile<[64, 192], f32>, !tile.tile<[192, 32], f32> -> !tile.tile<[64, 32], f32>
  %yv = tile.view %y[%n, %c32] : !tile.view<?x32xf32>
  tile.store %c, %yv[%i, %c0] axes [0, 1] : !tile.tile<[64, 32], f32>, !tile.view<?x32xf32>
  tile.return
}

// -----

// Few steps are one turn: whether that is exact is known before anything is
// multiplied, so sums are added to where they are carried. What a loop multiplies
// in each of its turns is split before it.

// CHECK-LABEL: func @one_turn
// CHECK:         vector.shuffle
// CHECK:         scf.for
// CHECK:           vector.reduction <maxui>
// CHECK:           scf.if
// CHECK-COUNT-4:     llvm.call_intrinsic "llvm.x86.tilezero.internal"
// CHECK-COUNT-24:    llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
// CHECK:           vector.shuffle
// CHECK-COUNT-4:     llvm.call_intrinsic "llvm.x86.tileloadd64.internal"
// CHECK-COUNT-24:    llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
// CHECK-COUNT-4:     llvm.call_intrinsic "llvm.x86.tilestored64.internal"
tile.kernel @one_turn(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %z: !tile.buffer<f32>) inputs 2 outputs 1 schedule {unit = "amx-bf16x3"} {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %c96 = arith.constant 96 : index
  %zero = arith.constant 0.0 : f32
  %i = tile.grid [%c64 by 64]
  %init = tile.fill %zero : f32 -> !tile.tile<[64, 32], f32>
  %xv = tile.view %x[%c64, %c32] : !tile.view<64x32xf32>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : !tile.view<64x32xf32> -> !tile.tile<[64, 32], f32>
  %yv = tile.view %y[%c96, %c32] : !tile.view<96x32xf32>
  %sum = scf.for %j = %c0 to %c96 step %c32 iter_args(%acc = %init) -> (!tile.tile<[64, 32], f32>) {
    %b = tile.load %yv[%j, %c0] axes [0, 1] : !tile.view<96x32xf32> -> !tile.tile<[32, 32], f32>
    %s = tile.mma %a, %b, %init : !tile.tile<[64, 32], f32>, !tile.tile<[32, 32], f32> -> !tile.tile<[64, 32], f32>
    %next = tile.mma %s, %b, %acc : !tile.tile<[64, 32], f32>, !tile.tile<[32, 32], f32> -> !tile.tile<[64, 32], f32>
    scf.yield %next : !tile.tile<[64, 32], f32>
  }
  %zv = tile.view %z[%c64, %c32] : !tile.view<64x32xf32>
  tile.store %sum, %zv[%i, %c0] axes [0, 1] : !tile.tile<[64, 32], f32>, !tile.view<64x32xf32>
  tile.return
}

// -----

// Right sides that are no packed weights are staged as words: rows by pairs,
// and what lies across them through squares. A left side that was widened and
// narrowed again is read in place.

// CHECK-LABEL: func @staged
// CHECK-COUNT-16: vector.bitcast {{.+}} : vector<32xbf16> to vector<16xi32>
// CHECK-COUNT-64: vector.shuffle {{.+}} : vector<16xi32>, vector<16xi32>
// CHECK-COUNT-16: llvm.store {{.+}} : vector<16xi32>
// CHECK-NOT:      llvm.store
// CHECK:          llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
// CHECK:          arith.extui
// CHECK:          arith.shli
// CHECK:          arith.ori
// CHECK:          llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
// EMULATED-LABEL: func @staged
// EMULATED-NOT:     llvm.call_intrinsic
tile.kernel @staged(%x: !tile.buffer<bf16>, %y: !tile.buffer<f32>, %z: !tile.buffer<f32>) inputs 1 outputs 2 schedule {unit = "amx-bf16"} {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %zero = arith.constant 0.0 : f32
  %i = tile.grid [%c32 by 32]
  %init = tile.fill %zero : f32 -> !tile.tile<[32, 32], f32>
  %xv = tile.view %x[%c32, %c32] : !tile.view<32x32xbf16>
  %a = tile.load %xv[%c0, %c0] axes [0, 1] : !tile.view<32x32xbf16> -> !tile.tile<[32, 32], bf16>
  %wide = tile.map %a maps [[0, 1]] : !tile.tile<[32, 32], bf16> -> !tile.tile<[32, 32], f32> {
  ^bb0(%p: bf16):
    %q = arith.extf %p : bf16 to f32
    tile.yield %q : f32
  }
  %again = tile.map %wide maps [[0, 1]] : !tile.tile<[32, 32], f32> -> !tile.tile<[32, 32], bf16> {
  ^bb0(%p: f32):
    %q = arith.truncf %p : f32 to bf16
    tile.yield %q : bf16
  }
  %across = tile.map %a maps [[1, 0]] : !tile.tile<[32, 32], bf16> -> !tile.tile<[32, 32], bf16> {
  ^bb0(%p: bf16):
    tile.yield %p : bf16
  }
  %c = tile.mma %again, %across, %init : !tile.tile<[32, 32], bf16>, !tile.tile<[32, 32], bf16> -> !tile.tile<[32, 32], f32>
  %yv = tile.view %y[%c32, %c32] : !tile.view<32x32xf32>
  tile.store %c, %yv[%i, %c0] axes [0, 1] : !tile.tile<[32, 32], f32>, !tile.view<32x32xf32>
  %d = tile.mma %a, %a, %init : !tile.tile<[32, 32], bf16>, !tile.tile<[32, 32], bf16> -> !tile.tile<[32, 32], f32>
  %zv = tile.view %z[%c32, %c32] : !tile.view<32x32xf32>
  tile.store %d, %zv[%i, %c0] axes [0, 1] : !tile.tile<[32, 32], f32>, !tile.view<32x32xf32>
  tile.return
}

// -----

// Of bytes four rows become words, and columns go through squares of words.

// CHECK-LABEL: func @staged_bytes
// CHECK-COUNT-16: vector.bitcast {{.+}} : vector<64xi8> to vector<16xi32>
// CHECK-COUNT-64: vector.shuffle {{.+}} : vector<16xi32>, vector<16xi32>
// CHECK-COUNT-16: llvm.store {{.+}} : vector<16xi32>
// CHECK:          llvm.call_intrinsic "llvm.x86.tdpbusd.internal"
// CHECK-COUNT-4:  arith.extui {{.+}} : vector<16xi8> to vector<16xi32>
// CHECK:          llvm.store {{.+}} : vector<16xi32>
// CHECK:          llvm.call_intrinsic "llvm.x86.tdpbusd.internal"
// EMULATED-LABEL: func @staged_bytes
// EMULATED-NOT:     llvm.call_intrinsic
tile.kernel @staged_bytes(%x: !tile.buffer<i8>, %w: !tile.buffer<i8>, %y: !tile.buffer<i32>, %z: !tile.buffer<i32>) inputs 2 outputs 2 schedule {unit = "amx-int8"} {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0 : i32
  %i = tile.grid [%c16 by 16]
  %init = tile.fill %zero : i32 -> !tile.tile<[16, 16], i32>
  %xv = tile.view %x[%c16, %c64] : !tile.view<16x64xi8>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : !tile.view<16x64xi8> -> !tile.tile<[16, 64], i8>
  %left = tile.map %a maps [[0, 1]] : !tile.tile<[16, 64], i8> -> !tile.tile<[16, 64], i32> {
  ^bb0(%p: i8):
    %q = arith.extui %p : i8 to i32
    tile.yield %q : i32
  }
  %across = tile.view %w[%c16, %c64] : !tile.view<16x64xi8>
  %b = tile.load %across[%c0, %c0] axes [1, 0] : !tile.view<16x64xi8> -> !tile.tile<[64, 16], i8>
  %columns = tile.map %b maps [[0, 1]] : !tile.tile<[64, 16], i8> -> !tile.tile<[64, 16], i32> {
  ^bb0(%p: i8):
    %q = arith.extsi %p : i8 to i32
    tile.yield %q : i32
  }
  %c = tile.mma %left, %columns, %init : !tile.tile<[16, 64], i32>, !tile.tile<[64, 16], i32> -> !tile.tile<[16, 16], i32>
  %yv = tile.view %y[%c16, %c16] : !tile.view<16x16xi32>
  tile.store %c, %yv[%i, %c0] axes [0, 1] : !tile.tile<[16, 16], i32>, !tile.view<16x16xi32>
  %along = tile.view %w[%c64, %c16] : !tile.view<64x16xi8>
  %d = tile.load %along[%c0, %c0] axes [0, 1] : !tile.view<64x16xi8> -> !tile.tile<[64, 16], i8>
  %rows = tile.map %d maps [[0, 1]] : !tile.tile<[64, 16], i8> -> !tile.tile<[64, 16], i32> {
  ^bb0(%p: i8):
    %q = arith.extsi %p : i8 to i32
    tile.yield %q : i32
  }
  %e = tile.mma %left, %rows, %init : !tile.tile<[16, 64], i32>, !tile.tile<[64, 16], i32> -> !tile.tile<[16, 16], i32>
  %zv = tile.view %z[%c16, %c16] : !tile.view<16x16xi32>
  tile.store %e, %zv[%i, %c0] axes [0, 1] : !tile.tile<[16, 16], i32>, !tile.view<16x16xi32>
  tile.return
}

// -----

// For dot products in lanes too what lies across them is staged, once.

// CHECK-LABEL: func @staged_for_lanes
// CHECK-COUNT-16: vector.bitcast {{.+}} : vector<64xi8> to vector<16xi32>
// CHECK-COUNT-16: llvm.store {{.+}} : vector<16xi32>
// CHECK:          llvm.load {{.+}} -> vector<16xi32>
// CHECK:          llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// EMULATED-LABEL: func @staged_for_lanes
// EMULATED-NOT:     llvm.call_intrinsic
tile.kernel @staged_for_lanes(%x: !tile.buffer<i8>, %w: !tile.buffer<i8>, %y: !tile.buffer<i32>) inputs 2 outputs 1 schedule {unit = "avx512vnni"} {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0 : i32
  %i = tile.grid [%c16 by 8]
  %init = tile.fill %zero : i32 -> !tile.tile<[8, 16], i32>
  %xv = tile.view %x[%c16, %c64] : !tile.view<16x64xi8>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : !tile.view<16x64xi8> -> !tile.tile<[8, 64], i8>
  %left = tile.map %a maps [[0, 1]] : !tile.tile<[8, 64], i8> -> !tile.tile<[8, 64], i32> {
  ^bb0(%p: i8):
    %q = arith.extui %p : i8 to i32
    tile.yield %q : i32
  }
  %across = tile.view %w[%c16, %c64] : !tile.view<16x64xi8>
  %b = tile.load %across[%c0, %c0] axes [1, 0] : !tile.view<16x64xi8> -> !tile.tile<[64, 16], i8>
  %columns = tile.map %b maps [[0, 1]] : !tile.tile<[64, 16], i8> -> !tile.tile<[64, 16], i32> {
  ^bb0(%p: i8):
    %q = arith.extsi %p : i8 to i32
    tile.yield %q : i32
  }
  %c = tile.mma %left, %columns, %init : !tile.tile<[8, 64], i32>, !tile.tile<[64, 16], i32> -> !tile.tile<[8, 16], i32>
  %yv = tile.view %y[%c16, %c16] : !tile.view<16x16xi32>
  tile.store %c, %yv[%i, %c0] axes [0, 1] : !tile.tile<[8, 16], i32>, !tile.view<16x16xi32>
  tile.return
}

// -----

// A long chain behind a product is computed for two vectors at once.

// CHECK-LABEL: func @long_chain
// CHECK:         llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
// CHECK:         math.erf {{.+}} : vector<32xf32>
// CHECK:         math.tanh {{.+}} : vector<32xf32>
// CHECK:         llvm.store {{.+}} : vector<32xf32>
// EMULATED-LABEL: func @long_chain
// EMULATED:         math.erf {{.+}} : vector<32xf32>
tile.kernel @long_chain(%x: !tile.buffer<bf16>, %w: !tile.buffer<bf16>, %y: !tile.buffer<f32>, %n: index) inputs 2 outputs 1 schedule {unit = "amx-bf16"} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c32 = arith.constant 32 : index
  %zero = arith.constant 0.0 : f32
  %i = tile.grid [%n by 32]
  %init = tile.fill %zero : f32 -> !tile.tile<[32, 32], f32>
  %xv = tile.view %x[%n, %c64] : !tile.view<?x64xbf16>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : !tile.view<?x64xbf16> -> !tile.tile<[32, 64], bf16>
  %wv = tile.view %w[%c64, %c32] : !tile.view<64x32xbf16, <1/32, 0/2, 1 mod 32, 0 mod 2>>
  %b = tile.load %wv[%c0, %c0] axes [0, 1] : !tile.view<64x32xbf16, <1/32, 0/2, 1 mod 32, 0 mod 2>> -> !tile.tile<[64, 32], bf16>
  %c = tile.mma %a, %b, %init : !tile.tile<[32, 64], bf16>, !tile.tile<[64, 32], bf16> -> !tile.tile<[32, 32], f32>
  %chain = tile.map %c maps [[0, 1]] : !tile.tile<[32, 32], f32> -> !tile.tile<[32, 32], f32> {
  ^bb0(%p: f32):
    %q = math.erf %p : f32
    %r = math.tanh %q : f32
    %s = arith.addf %r, %p : f32
    tile.yield %s : f32
  }
  %yv = tile.view %y[%n, %c32] : !tile.view<?x32xf32>
  tile.store %chain, %yv[%i, %c0] axes [0, 1] : !tile.tile<[32, 32], f32>, !tile.view<?x32xf32>
  tile.return
}

// -----

// What takes longer than the last part of a product is computed between all
// steps of the next instance's, where lines are asked for too, and behind the
// last instance. Sums have two places by turns.

// CHECK-LABEL: func @late
// CHECK-SAME:    tenon.scratch_bytes = 32768
// CHECK:         scf.for %[[INSTANCE:.+]] = %[[FIRST:.+]] to %[[END:.+]] step
// CHECK:           %[[IS_FIRST:.+]] = arith.cmpi eq, %[[INSTANCE]], %[[FIRST]]
// CHECK:           arith.select %[[IS_FIRST]], %c0
// CHECK-COUNT-4:   llvm.call_intrinsic "llvm.x86.tilezero.internal"
// CHECK-COUNT-4:   llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
// CHECK:           "llvm.intr.prefetch"(%{{.+}}) <{cache = 1 : i32, hint = 3 : i32, rw = 1 : i32}>
// CHECK:           math.erf
// CHECK-COUNT-4:   llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
// CHECK:           math.erf
// CHECK:         arith.cmpi ult, %[[FIRST]], %[[END]]
// CHECK-NEXT:    scf.if
// CHECK:           math.erf
// CHECK-NOT:       math.erf
// EMULATED-LABEL: func @late
// EMULATED:         math.erf
tile.kernel @late(%x: !tile.buffer<bf16>, %w: !tile.buffer<bf16>, %y: !tile.buffer<f32>, %n: index) inputs 2 outputs 1 schedule {unit = "amx-bf16"} {
  %c0 = arith.constant 0 : index
  %c512 = arith.constant 512 : index
  %c32 = arith.constant 32 : index
  %zero = arith.constant 0.0 : f32
  %i = tile.grid [%n by 64]
  %init = tile.fill %zero : f32 -> !tile.tile<[64, 32], f32>
  %xv = tile.view %x[%n, %c512] : !tile.view<?x512xbf16>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : !tile.view<?x512xbf16> -> !tile.tile<[64, 512], bf16>
  %wv = tile.view %w[%c512, %c32] : !tile.view<512x32xbf16, <1/32, 0/2, 1 mod 32, 0 mod 2>>
  %b = tile.load %wv[%c0, %c0] axes [0, 1] : !tile.view<512x32xbf16, <1/32, 0/2, 1 mod 32, 0 mod 2>> -> !tile.tile<[512, 32], bf16>
  %c = tile.mma %a, %b, %init : !tile.tile<[64, 512], bf16>, !tile.tile<[512, 32], bf16> -> !tile.tile<[64, 32], f32>
  %chain = tile.map %c maps [[0, 1]] : !tile.tile<[64, 32], f32> -> !tile.tile<[64, 32], f32> {
  ^bb0(%p: f32):
    %q = math.erf %p : f32
    %r = math.tanh %q : f32
    tile.yield %r : f32
  }
  %yv = tile.view %y[%n, %c32] : !tile.view<?x32xf32>
  tile.store %chain, %yv[%i, %c0] axes [0, 1] : !tile.tile<[64, 32], f32>, !tile.view<?x32xf32>
  tile.return
}

// -----

// Rows of 128 bytes, four at a step, that begin within a line end in a third one,
// which is asked for too.

// CHECK-LABEL: func @unaligned
// CHECK:         llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
// CHECK-COUNT-12: "llvm.intr.prefetch"(%{{.+}}) <{cache = 1 : i32, hint = 3 : i32, rw = 1 : i32}>
// CHECK-NOT:     "llvm.intr.prefetch"(%{{.+}}) <{cache = 1 : i32, hint = 3 : i32, rw = 1 : i32}>
// CHECK:         llvm.call_intrinsic "llvm.x86.tilestored64.internal"
tile.kernel @unaligned(%x: !tile.buffer<bf16>, %w: !tile.buffer<bf16>, %y: !tile.buffer<f32>, %n: index) inputs 2 outputs 1 schedule {unit = "amx-bf16"} {
  %c0 = arith.constant 0 : index
  %c1024 = arith.constant 1024 : index
  %c33 = arith.constant 33 : index
  %zero = arith.constant 0.0 : f32
  %i, %j = tile.grid [%n by 64, %c33 by 32]
  %init = tile.fill %zero : f32 -> !tile.tile<[64, 32], f32>
  %xv = tile.view %x[%n, %c1024] : !tile.view<?x1024xbf16>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : !tile.view<?x1024xbf16> -> !tile.tile<[64, 1024], bf16>
  %wv = tile.view %w[%c1024, %c33] : !tile.view<1024x33xbf16, <1/32, 0/2, 1 mod 32, 0 mod 2>>
  %b = tile.load %wv[%c0, %j] axes [0, 1] : !tile.view<1024x33xbf16, <1/32, 0/2, 1 mod 32, 0 mod 2>> -> !tile.tile<[1024, 32], bf16>
  %c = tile.mma %a, %b, %init : !tile.tile<[64, 1024], bf16>, !tile.tile<[1024, 32], bf16> -> !tile.tile<[64, 32], f32>
  %yv = tile.view %y[%n, %c33] : !tile.view<?x33xf32>
  tile.store %c, %yv[%i, %j] axes [0, 1] : !tile.tile<[64, 32], f32>, !tile.view<?x33xf32>
  tile.return
}

// -----

// Words for few rows are asked for ahead of their use, a line each; those for
// more rows are not, which have more to do meanwhile.

// CHECK-LABEL: func @few
// CHECK:         "llvm.intr.prefetch"(%{{.+}}) <{cache = 1 : i32, hint = 2 : i32, rw = 0 : i32}>
// CHECK:         llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
// CHECK-LABEL: func @more
// CHECK-NOT:     "llvm.intr.prefetch"
// CHECK:         llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
// CHECK-NOT:     "llvm.intr.prefetch"
tile.kernel @few(%x: !tile.buffer<bf16>, %w: !tile.buffer<bf16>, %y: !tile.buffer<f32>, %n: index) inputs 2 outputs 1 schedule {unit = "avx512bf16"} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c32 = arith.constant 32 : index
  %zero = arith.constant 0.0 : f32
  %i = tile.grid [%n by 3]
  %init = tile.fill %zero : f32 -> !tile.tile<[3, 32], f32>
  %xv = tile.view %x[%n, %c64] : !tile.view<?x64xbf16>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : !tile.view<?x64xbf16> -> !tile.tile<[3, 64], bf16>
  %wv = tile.view %w[%c64, %c32] : !tile.view<64x32xbf16, <1/32, 0/2, 1 mod 32, 0 mod 2>>
  %b = tile.load %wv[%c0, %c0] axes [0, 1] : !tile.view<64x32xbf16, <1/32, 0/2, 1 mod 32, 0 mod 2>> -> !tile.tile<[64, 32], bf16>
  %c = tile.mma %a, %b, %init : !tile.tile<[3, 64], bf16>, !tile.tile<[64, 32], bf16> -> !tile.tile<[3, 32], f32>
  %yv = tile.view %y[%n, %c32] : !tile.view<?x32xf32>
  tile.store %c, %yv[%i, %c0] axes [0, 1] : !tile.tile<[3, 32], f32>, !tile.view<?x32xf32>
  tile.return
}
tile.kernel @more(%x: !tile.buffer<bf16>, %w: !tile.buffer<bf16>, %y: !tile.buffer<f32>, %n: index) inputs 2 outputs 1 schedule {unit = "avx512bf16"} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c32 = arith.constant 32 : index
  %zero = arith.constant 0.0 : f32
  %i = tile.grid [%n by 8]
  %init = tile.fill %zero : f32 -> !tile.tile<[8, 32], f32>
  %xv = tile.view %x[%n, %c64] : !tile.view<?x64xbf16>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : !tile.view<?x64xbf16> -> !tile.tile<[8, 64], bf16>
  %wv = tile.view %w[%c64, %c32] : !tile.view<64x32xbf16, <1/32, 0/2, 1 mod 32, 0 mod 2>>
  %b = tile.load %wv[%c0, %c0] axes [0, 1] : !tile.view<64x32xbf16, <1/32, 0/2, 1 mod 32, 0 mod 2>> -> !tile.tile<[64, 32], bf16>
  %c = tile.mma %a, %b, %init : !tile.tile<[8, 64], bf16>, !tile.tile<[64, 32], bf16> -> !tile.tile<[8, 32], f32>
  %yv = tile.view %y[%n, %c32] : !tile.view<?x32xf32>
  tile.store %c, %yv[%i, %c0] axes [0, 1] : !tile.tile<[8, 32], f32>, !tile.view<?x32xf32>
  tile.return
}

// -----

// What all instances of a head multiply by is staged by the first of them.

// CHECK-LABEL: func @kept
// CHECK:         %[[none:.+]] = arith.ori
// CHECK-NEXT:    scf.if %[[none]]
// CHECK:           llvm.store %{{.+}}, %[[count:.+]] : i64, !llvm.ptr
// CHECK:         scf.for
// CHECK:           %[[there:.+]] = llvm.load %[[count]] : !llvm.ptr -> i64
// CHECK:           %[[missing:.+]] = arith.cmpi uge, %{{.+}}, %[[there]] : i64
// CHECK-NEXT:      scf.if %[[missing]]
// CHECK:             arith.ori
// CHECK:             llvm.store %{{.+}}, %[[count]] : i64, !llvm.ptr
// CHECK:           llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
tile.kernel @kept(%x: !tile.buffer<bf16>, %y: !tile.buffer<bf16>, %z: !tile.buffer<f32>) inputs 2 outputs 1 schedule {unit = "amx-bf16"} {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %c96 = arith.constant 96 : index
  %zero = arith.constant 0.0 : f32
  %i = tile.grid [%c64 by 32]
  %init = tile.fill %zero : f32 -> !tile.tile<[32, 32], f32>
  %xv = tile.view %x[%c64, %c96] : !tile.view<64x96xbf16>
  %yv = tile.view %y[%c96, %c32] : !tile.view<96x32xbf16>
  %sum = scf.for %j = %c0 to %c96 step %c32 iter_args(%acc = %init) -> (!tile.tile<[32, 32], f32>) {
    %a = tile.load %xv[%i, %j] axes [0, 1] : !tile.view<64x96xbf16> -> !tile.tile<[32, 32], bf16>
    %b = tile.load %yv[%j, %c0] axes [0, 1] : !tile.view<96x32xbf16> -> !tile.tile<[32, 32], bf16>
    %next = tile.mma %a, %b, %acc : !tile.tile<[32, 32], bf16>, !tile.tile<[32, 32], bf16> -> !tile.tile<[32, 32], f32>
    scf.yield %next : !tile.tile<[32, 32], f32>
  }
  %zv = tile.view %z[%c64, %c32] : !tile.view<64x32xf32>
  tile.store %sum, %zv[%i, %c0] axes [0, 1] : !tile.tile<[32, 32], f32>, !tile.view<64x32xf32>
  tile.return
}
