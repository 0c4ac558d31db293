// RUN: tenon-opt %s --split-input-file --lower-to-cpu | FileCheck %s --check-prefixes=CHECK,WIDE
// RUN: tenon-opt %s --split-input-file "--lower-to-cpu=vector-bytes=32 vectors=16" | FileCheck %s --check-prefixes=CHECK,NARROW

// What follows a row's sum is computed with it, one number of each row. Products
// are added unrounded; the rows of the next instance, 2 x 1024 bytes ahead, are
// asked for by the way. Chains of sums take a quarter of the registers.

// CHECK-LABEL:    func @rows
// CHECK:          scf.for %{{.+}} = %{{.+}} to %{{.+}} step %c1
// CHECK:            scf.for %[[ROW:.+]] = %c0
// CHECK:              %[[SUMS:.+]]:{{8|4}} = scf.for
// WIDE-COUNT-8:         math.fma %[[X:.+]], %[[X]]
// NARROW-COUNT-4:       math.fma %[[X:.+]], %[[X]]
// CHECK-NOT:            math.fma
// CHECK:                scf.yield
// CHECK:              %[[ROOT:.+]] = math.rsqrt %{{.+}} : f32
// CHECK:              llvm.store %[[ROOT]]
// CHECK-NOT:        math.rsqrt
tile.kernel @rows(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 schedule {BM = 2 : index} {
  %c0 = arith.constant 0 : index
  %c256 = arith.constant 256 : index
  %i = tile.grid [%n by 2]
  %xv = tile.view %x[%n, %c256] : !tile.view<?x256xf32>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : !tile.view<?x256xf32> -> !tile.tile<[2, 256], f32>
  %squares = tile.map %a maps [[0, 1]] : !tile.tile<[2, 256], f32> -> !tile.tile<[2, 256], f32> {
  ^bb0(%e: f32):
    %s = arith.mulf %e, %e : f32
    tile.yield %s : f32
  }
  %sum = tile.reduce sum %squares axis 1 : !tile.tile<[2, 256], f32> -> !tile.tile<[2], f32>
  %root = tile.map %sum maps [[0]] : !tile.tile<[2], f32> -> !tile.tile<[2], f32> {
  ^bb0(%e: f32):
    %r = math.rsqrt %e : f32
    tile.yield %r : f32
  }
  %b = tile.map %a, %root maps [[0, 1], [0]] : !tile.tile<[2, 256], f32>, !tile.tile<[2], f32> -> !tile.tile<[2, 256], f32> {
  ^bb0(%e: f32, %f: f32):
    %p = arith.mulf %e, %f : f32
    tile.yield %p : f32
  }
  %yv = tile.view %y[%n, %c256] : !tile.view<?x256xf32>
  tile.store %b, %yv[%i, %c0] axes [0, 1] : !tile.tile<[2, 256], f32>, !tile.view<?x256xf32>
  tile.return
}

// -----

// Weights are widened once, before the first instance. Rows are widened by the
// loop that reads them first, which keeps them. Where registers are enough for
// two of each value, two vectors are rounded to bf16 and stored together.

// CHECK-LABEL: func @narrow_rows
// CHECK:       scf.for
// CHECK:         arith.extf
// CHECK:       scf.for
// CHECK:         scf.for
// WIDE-COUNT-2:    arith.extf
// NARROW-COUNT-4:  arith.extf
// CHECK-NOT:     arith.extf
// WIDE:          arith.truncf %{{.+}} : vector<32xf32> to vector<32xbf16>
// NARROW:        arith.truncf %{{.+}} : vector<8xf32> to vector<8xbf16>
// WIDE:          llvm.store %{{.+}} : vector<32xi16>
tile.kernel @narrow_rows(%x: !tile.buffer<bf16>, %w: !tile.buffer<bf16>, %y: !tile.buffer<bf16>, %n: index) inputs 2 outputs 1 schedule {BM = 2 : index} {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %i = tile.grid [%n by 2]
  %xv = tile.view %x[%n, %c32] : !tile.view<?x32xbf16>
  %narrow = tile.load %xv[%i, %c0] axes [0, 1] : !tile.view<?x32xbf16> -> !tile.tile<[2, 32], bf16>
  %a = tile.map %narrow maps [[0, 1]] : !tile.tile<[2, 32], bf16> -> !tile.tile<[2, 32], f32> {
  ^bb0(%e: bf16):
    %r = arith.extf %e : bf16 to f32
    tile.yield %r : f32
  }
  %wv = tile.view %w[%c32] : !tile.view<32xbf16>
  %weights = tile.load %wv[%c0] axes [0] : !tile.view<32xbf16> -> !tile.tile<[32], bf16>
  %c = tile.map %weights maps [[0]] : !tile.tile<[32], bf16> -> !tile.tile<[32], f32> {
  ^bb0(%e: bf16):
    %r = arith.extf %e : bf16 to f32
    tile.yield %r : f32
  }
  %top = tile.reduce max_number %a axis 1 : !tile.tile<[2, 32], f32> -> !tile.tile<[2], f32>
  %b = tile.map %a, %top, %c maps [[0, 1], [0], [1]] : !tile.tile<[2, 32], f32>, !tile.tile<[2], f32>, !tile.tile<[32], f32> -> !tile.tile<[2, 32], bf16> {
  ^bb0(%e: f32, %f: f32, %g: f32):
    %p = arith.subf %e, %f : f32
    %q = arith.mulf %p, %g : f32
    %r = arith.truncf %q : f32 to bf16
    tile.yield %r : bf16
  }
  %yv = tile.view %y[%n, %c32] : !tile.view<?x32xbf16>
  tile.store %b, %yv[%i, %c0] axes [0, 1] : !tile.tile<[2, 32], bf16>, !tile.view<?x32xbf16>
  tile.return
}

// -----

// Rows whose squares are summed are kept too; but not a difference to what is
// in scratch memory already, which is computed again.

// CHECK-LABEL:  func @kept_beside_squares
// CHECK:        scf.for
// WIDE-COUNT-2: arith.extf
// NARROW-COUNT-4: arith.extf
// CHECK-NOT:    arith.extf
// WIDE-COUNT-2: arith.subf
// NARROW-COUNT-4: arith.subf
// CHECK:        arith.subf
// CHECK:        return
tile.kernel @kept_beside_squares(%x: !tile.buffer<bf16>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 schedule {BM = 2 : index} {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %i = tile.grid [%n by 2]
  %xv = tile.view %x[%n, %c32] : !tile.view<?x32xbf16>
  %narrow = tile.load %xv[%i, %c0] axes [0, 1] : !tile.view<?x32xbf16> -> !tile.tile<[2, 32], bf16>
  %a = tile.map %narrow maps [[0, 1]] : !tile.tile<[2, 32], bf16> -> !tile.tile<[2, 32], f32> {
  ^bb0(%e: bf16):
    %r = arith.extf %e : bf16 to f32
    tile.yield %r : f32
  }
  %squares = tile.map %a maps [[0, 1]] : !tile.tile<[2, 32], f32> -> !tile.tile<[2, 32], f32> {
  ^bb0(%e: f32):
    %s = arith.mulf %e, %e : f32
    tile.yield %s : f32
  }
  %sum = tile.reduce sum %squares axis 1 : !tile.tile<[2, 32], f32> -> !tile.tile<[2], f32>
  %d = tile.map %a, %sum maps [[0, 1], [0]] : !tile.tile<[2, 32], f32>, !tile.tile<[2], f32> -> !tile.tile<[2, 32], f32> {
  ^bb0(%e: f32, %f: f32):
    %s = arith.subf %e, %f : f32
    tile.yield %s : f32
  }
  %others = tile.map %d maps [[0, 1]] : !tile.tile<[2, 32], f32> -> !tile.tile<[2, 32], f32> {
  ^bb0(%e: f32):
    %s = arith.mulf %e, %e : f32
    tile.yield %s : f32
  }
  %second = tile.reduce sum %others axis 1 : !tile.tile<[2, 32], f32> -> !tile.tile<[2], f32>
  %b = tile.map %d, %second maps [[0, 1], [0]] : !tile.tile<[2, 32], f32>, !tile.tile<[2], f32> -> !tile.tile<[2, 32], f32> {
  ^bb0(%e: f32, %f: f32):
    %s = arith.mulf %e, %f : f32
    tile.yield %s : f32
  }
  %yv = tile.view %y[%n, %c32] : !tile.view<?x32xf32>
  tile.store %b, %yv[%i, %c0] axes [0, 1] : !tile.tile<[2, 32], f32>, !tile.view<?x32xf32>
  tile.return
}

// -----

// Where little is computed for a store, the line 512 bytes on is asked for, to
// be written; where much is, what is read 1024 bytes on.

// CHECK-LABEL: func @little_is_computed
// WIDE:        arith.constant 512
// WIDE:        "llvm.intr.prefetch"{{.*}}rw = 1
// CHECK-NOT:   "llvm.intr.prefetch"{{.*}}rw = 0
// CHECK:       return
tile.kernel @little_is_computed(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 schedule {BN = 64 : index} {
  %i = tile.grid [%n by 64]
  %xv = tile.view %x[%n] : !tile.view<?xf32>
  %a = tile.load %xv[%i] axes [0] : !tile.view<?xf32> -> !tile.tile<[64], f32>
  %b = tile.map %a maps [[0]] : !tile.tile<[64], f32> -> !tile.tile<[64], f32> {
  ^bb0(%e: f32):
    %s = arith.negf %e : f32
    tile.yield %s : f32
  }
  %yv = tile.view %y[%n] : !tile.view<?xf32>
  tile.store %b, %yv[%i] axes [0] : !tile.tile<[64], f32>, !tile.view<?xf32>
  tile.return
}

// CHECK-LABEL: func @much_is_computed
// WIDE:        arith.constant 1024
// WIDE:        "llvm.intr.prefetch"{{.*}}rw = 0
// CHECK-NOT:   "llvm.intr.prefetch"{{.*}}rw = 1
// CHECK:       return
tile.kernel @much_is_computed(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 schedule {BN = 64 : index} {
  %i = tile.grid [%n by 64]
  %xv = tile.view %x[%n] : !tile.view<?xf32>
  %a = tile.load %xv[%i] axes [0] : !tile.view<?xf32> -> !tile.tile<[64], f32>
  %b = tile.map %a maps [[0]] : !tile.tile<[64], f32> -> !tile.tile<[64], f32> {
  ^bb0(%e: f32):
    %s = math.exp %e : f32
    %t = math.exp %s : f32
    tile.yield %t : f32
  }
  %yv = tile.view %y[%n] : !tile.view<?xf32>
  tile.store %b, %yv[%i] axes [0] : !tile.tile<[64], f32>, !tile.view<?xf32>
  tile.return
}

// -----

// A row that ends within its tile is read whole vectors at a time, without a
// mask, and the rest of it with one.

// CHECK-LABEL: func @sum_to_the_end
// CHECK:       %[[SUMS:.+]]:{{4|2}} = scf.for
// CHECK-NOT:     masked
// CHECK:         llvm.load
// CHECK-NOT:     masked
// CHECK:         scf.yield
// CHECK:       scf.for
// CHECK:         masked
tile.kernel @sum_to_the_end(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %m: index, %n: index) inputs 1 outputs 1 schedule {BM = 1 : index} {
  %c0 = arith.constant 0 : index
  %i = tile.grid [%m by 1]
  %xv = tile.view %x[%m, %n] : !tile.view<?x?xf32>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : !tile.view<?x?xf32> -> !tile.tile<[1, 256], f32>
  %sum = tile.reduce sum %a axis 1 below %n : !tile.tile<[1, 256], f32> -> !tile.tile<[1], f32>
  %yv = tile.view %y[%m] : !tile.view<?xf32>
  tile.store %sum, %yv[%i] axes [0] : !tile.tile<[1], f32>, !tile.view<?xf32>
  tile.return
}
