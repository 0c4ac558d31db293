// RUN: split-file %s %t
// RUN: tenon-interpret %t/runs.mlir | FileCheck %t/runs.mlir
// RUN: tenon-interpret %t/runs.mlir --extents=BM=1,BN=1,BK=1 --order-seed=7 | FileCheck %t/runs.mlir
// RUN: tenon-interpret %t/runs.mlir --extents=BM=2,BN=64 --extents=BK=3 | FileCheck %t/runs.mlir
// RUN: not tenon-interpret %t/fails.mlir --extents=BN=2 2>&1 | FileCheck %t/fails.mlir
// RUN: not tenon-interpret %t/runs.mlir --extents=BM=0 2>&1 | FileCheck %s --check-prefix=ZERO

// A stage leaves the meaning of a module as it is.

// RUN: tenon-interpret %t/stages.mlir | FileCheck %t/stages.mlir
// RUN: tenon-opt %t/stages.mlir --fuse-groups --form-kernels | FileCheck %s --check-prefix=LAUNCH
// RUN: tenon-opt %t/stages.mlir --fuse-groups --form-kernels | tenon-interpret | FileCheck %t/stages.mlir
// RUN: tenon-opt %t/stages.mlir --fuse-groups --form-kernels --choose-schedule --apply-schedule | FileCheck %s --check-prefix=LAUNCH
// RUN: tenon-opt %t/stages.mlir --fuse-groups --form-kernels --choose-schedule --apply-schedule | tenon-interpret | FileCheck %t/stages.mlir

// ZERO: error: --extents: expected symbols and numbers of 1 or more like BM=3, got 'BM=0'
// LAUNCH: tile.launch @matmul_add

//--- runs.mlir
// The blocks of the algorithm form are 5 unless they are given; whatever they
// are, the elements behind the end are zero when read and are not written.

tile.kernel @multiply(%x: !tile.buffer<f32>, %w: !tile.buffer<f32>, %y: !tile.buffer<f32>, %m: index) inputs 2 outputs 1 {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %zero = arith.constant 0.0 : f32
  %i, %j = tile.grid [%m by BM, %c2 by BN]
  %bk = tile.extent BK
  %xv = tile.view %x[%m, %c4] : !tile.view<?x4xf32>
  %wv = tile.view %w[%c4, %c2] : !tile.view<4x2xf32>
  %yv = tile.view %y[%m, %c2] : !tile.view<?x2xf32>
  %none = tile.fill %zero : f32 -> <[BM, BN], f32>
  %sum = scf.for %k = %c0 to %c4 step %bk iter_args(%acc = %none) -> (!tile.tile<[BM, BN], f32>) {
    %a = tile.load %xv[%i, %k] axes [0, 1] : <?x4xf32> -> <[BM, BK], f32>
    %b = tile.load %wv[%k, %j] axes [0, 1] : <4x2xf32> -> <[BK, BN], f32>
    %next = tile.mma %a, %b, %acc : <[BM, BK], f32>, <[BK, BN], f32> -> <[BM, BN], f32>
    scf.yield %next : !tile.tile<[BM, BN], f32>
  }
  tile.store %sum, %yv[%i, %j] axes [0, 1] : <[BM, BN], f32>, <?x2xf32>
  tile.return
}

// CHECK-LABEL: @multiplies
func.func @multiplies(
    %x: tensor<?x4xf32, #graph.dims<B, 4>> {graph.example = dense<[[1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 0.0, 0.0], [0.5, 0.0, 0.0, -1.0]]> : tensor<3x4xf32>},
    %w: tensor<4x2xf32> {graph.example = dense<[[1.0, 10.0], [2.0, 20.0], [3.0, 30.0], [4.0, 40.0]]> : tensor<4x2xf32>})
    -> tensor<?x2xf32, #graph.dims<B, 2>> {
  // CHECK-NEXT: tensor<3x2xf32> 30 300 ; 2 20 ; -3.5 -35{{$}}
  %y = tile.launch @multiply(%x, %w) scalars [#graph.dim<B>] : (tensor<?x4xf32, #graph.dims<B, 4>>, tensor<4x2xf32>) -> tensor<?x2xf32, #graph.dims<B, 2>>
  return %y : tensor<?x2xf32, #graph.dims<B, 2>>
}

// A kernel of no instances writes a result of no elements.

// CHECK-LABEL: @no_rows
func.func @no_rows(
    %x: tensor<?x4xf32, #graph.dims<B, 4>> {graph.example = dense<0.0> : tensor<0x4xf32>},
    %w: tensor<4x2xf32> {graph.example = dense<0.0> : tensor<4x2xf32>})
    -> tensor<?x2xf32, #graph.dims<B, 2>> attributes {graph.symbols = [#graph.symbol<"B" in 0 to -1 by 1>]} {
  // CHECK-NEXT: tensor<0x2xf32>{{$}}
  %y = tile.launch @multiply(%x, %w) scalars [#graph.dim<B>] : (tensor<?x4xf32, #graph.dims<B, 4>>, tensor<4x2xf32>) -> tensor<?x2xf32, #graph.dims<B, 2>>
  return %y : tensor<?x2xf32, #graph.dims<B, 2>>
}

// Columns in panels of two: the third column has one of its own, with padding.

tile.kernel @read_panels(%x: !tile.buffer<i32>, %y: !tile.buffer<i32>) inputs 1 outputs 1 {
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c0 = arith.constant 0 : index
  %j = tile.grid [%c3 by 2]
  %xv = tile.view %x[%c2, %c3] : !tile.view<2x3xi32, <1/2, 0, 1 mod 2>>
  %yv = tile.view %y[%c2, %c3] : !tile.view<2x3xi32>
  %t = tile.load %xv[%c0, %j] axes [0, 1] : <2x3xi32, <1/2, 0, 1 mod 2>> -> <[2, 2], i32>
  tile.store %t, %yv[%c0, %j] axes [0, 1] : <[2, 2], i32>, <2x3xi32>
  tile.return
}

// CHECK-LABEL: @panels
func.func @panels(%x: tensor<2x3xi32> {graph.example = dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>}) -> tensor<2x3xi32> {
  // CHECK-NEXT: tensor<2x3xi32> 1 2 3 ; 4 5 6{{$}}
  %p = tile.pack %x, <1/2, 0, 1 mod 2> : tensor<2x3xi32>
  %y = tile.launch @read_panels(%p) scalars [] : (tensor<2x3xi32>) -> tensor<2x3xi32>
  return %y : tensor<2x3xi32>
}

// Rows 1, the last, and none; the schedule of the kernel gives BM.

tile.kernel @take_rows(%t: !tile.buffer<f16>, %i: !tile.buffer<i64>, %y: !tile.buffer<f16>) inputs 2 outputs 1 schedule {BM = 2 : index} {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %n = tile.grid [%c3 by BM]
  %tv = tile.view %t[%c3, %c2] : !tile.view<3x2xf16>
  %iv = tile.view %i[%c3] : !tile.view<3xi64>
  %yv = tile.view %y[%c3, %c2] : !tile.view<3x2xf16>
  %rows = tile.load %iv[%n] axes [0] : <3xi64> -> <[BM], i64>
  %r = tile.gather %tv, %rows[%c0, %c0] dim 0 axes [1] : <3x2xf16>, <[BM], i64> -> <[BM, 2], f16>
  tile.store %r, %yv[%n, %c0] axes [0, 1] : <[BM, 2], f16>, <3x2xf16>
  tile.return
}

// CHECK-LABEL: @rows_are_taken
func.func @rows_are_taken(
    %t: tensor<3x2xf16> {graph.example = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf16>},
    %i: tensor<3xi64> {graph.example = dense<[1, -1, 3]> : tensor<3xi64>}) -> tensor<3x2xf16> {
  // CHECK-NEXT: tensor<3x2xf16> 3 4 ; 5 6 ; 0 0{{$}}
  %y = tile.launch @take_rows(%t, %i) scalars [] : (tensor<3x2xf16>, tensor<3xi64>) -> tensor<3x2xf16>
  return %y : tensor<3x2xf16>
}

// A map of a transposed tile, an index, a reduction, and a scalar from outside;
// the sum of what lies behind the end is masked in the open. i8 wraps around.

tile.kernel @mapped(%x: !tile.buffer<i8>, %y: !tile.buffer<i8>) inputs 1 outputs 1 {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %limit = arith.constant 3 : i64
  %j = tile.grid [%c2 by BN]
  %xv = tile.view %x[%c3, %c2] : !tile.view<3x2xi8>
  %yv = tile.view %y[%c2] : !tile.view<2xi8>
  %t = tile.load %xv[%c0, %j] axes [1, 0] : <3x2xi8> -> <[BN, 4], i8>
  %k = tile.index %c0 : <[4], i64>
  %m = tile.map %t, %k maps [[0, 1], [1]] : !tile.tile<[BN, 4], i8>, !tile.tile<[4], i64> -> <[BN, 4], i8> {
  ^bb0(%e: i8, %at: i64):
    %inside = arith.cmpi slt, %at, %limit : i64
    %seven = arith.constant -7 : i8
    %r = arith.select %inside, %e, %seven : i8
    tile.yield %r : i8
  }
  %s = tile.reduce sum %m axis 1 : <[BN, 4], i8> -> <[BN], i8>
  tile.store %s, %yv[%j] axes [0] : <[BN], i8>, <2xi8>
  tile.return
}

// CHECK-LABEL: @map_and_reduce
func.func @map_and_reduce(%x: tensor<3x2xi8> {graph.example = dense<[[1, 100], [2, 100], [3, 100]]> : tensor<3x2xi8>}) -> tensor<2xi8> {
  // CHECK-NEXT: tensor<2xi8> -1 37{{$}}
  %y = tile.launch @mapped(%x) scalars [] : (tensor<3x2xi8>) -> tensor<2xi8>
  return %y : tensor<2xi8>
}

// What lies behind the limit of a sum does not count, whatever it is.

tile.kernel @limited(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %i = tile.grid [%c2 by BM]
  %xv = tile.view %x[%c2, %c3] : !tile.view<2x3xf32>
  %yv = tile.view %y[%c2] : !tile.view<2xf32>
  %t = tile.load %xv[%i, %c0] axes [0, 1] : <2x3xf32> -> <[BM, 4], f32>
  %s = tile.reduce sum %t axis 1 below %c2 : <[BM, 4], f32> -> <[BM], f32>
  tile.store %s, %yv[%i] axes [0] : <[BM], f32>, <2xf32>
  tile.return
}

// CHECK-LABEL: @sum_below_a_limit
func.func @sum_below_a_limit(%x: tensor<2x3xf32> {graph.example = dense<[[1.0, 2.0, 0x7FC00000], [3.0, 4.0, 50.0]]> : tensor<2x3xf32>}) -> tensor<2xf32> {
  // CHECK-NEXT: tensor<2xf32> 3 7{{$}}
  %y = tile.launch @limited(%x) scalars [] : (tensor<2x3xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// A launch runs the first variant whose bound holds. (That they compute the same
// is the business of who writes them; here they do not.)

tile.kernel @many(%y: !tile.buffer<f32>, %n: index) inputs 0 outputs 1
    variants [#tile.variant<@one, axis 0 at most 1>, #tile.variant<@few, axis 0 at most 3>] {
  %f = arith.constant 9.0 : f32
  %i = tile.grid [%n by BN]
  %yv = tile.view %y[%n] : !tile.view<?xf32>
  %t = tile.fill %f : f32 -> <[BN], f32>
  tile.store %t, %yv[%i] axes [0] : <[BN], f32>, <?xf32>
  tile.return
}
tile.kernel @one(%y: !tile.buffer<f32>, %n: index) inputs 0 outputs 1 {
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BN]
  %yv = tile.view %y[%n] : !tile.view<?xf32>
  %t = tile.fill %f : f32 -> <[BN], f32>
  tile.store %t, %yv[%i] axes [0] : <[BN], f32>, <?xf32>
  tile.return
}
tile.kernel @few(%y: !tile.buffer<f32>, %n: index) inputs 0 outputs 1 {
  %f = arith.constant 3.0 : f32
  %i = tile.grid [%n by BN]
  %yv = tile.view %y[%n] : !tile.view<?xf32>
  %t = tile.fill %f : f32 -> <[BN], f32>
  tile.store %t, %yv[%i] axes [0] : <[BN], f32>, <?xf32>
  tile.return
}
// CHECK-LABEL: @variants
func.func @variants() -> (tensor<1xf32>, tensor<3xf32>, tensor<4xf32>) {
  // CHECK-NEXT: tensor<1xf32> 1{{$}}
  // CHECK-NEXT: tensor<3xf32> 3 3 3{{$}}
  // CHECK-NEXT: tensor<4xf32> 9 9 9 9{{$}}
  %0 = tile.launch @many() scalars [#graph.dim<1>] : () -> tensor<1xf32>
  %1 = tile.launch @many() scalars [#graph.dim<3>] : () -> tensor<3xf32>
  %2 = tile.launch @many() scalars [#graph.dim<4>] : () -> tensor<4xf32>
  return %0, %1, %2 : tensor<1xf32>, tensor<3xf32>, tensor<4xf32>
}

//--- stages.mlir
// CHECK-LABEL: @layer
func.func @layer(
    %x: tensor<?x3xf32, #graph.dims<B, 3>> {graph.example = dense<[[1.0, 2.0, 3.0], [-1.0, 0.0, 4.0]]> : tensor<2x3xf32>},
    %b: tensor<2xf32> {graph.example = dense<[1.0, -1.0]> : tensor<2xf32>})
    -> (tensor<?x2xf32, #graph.dims<B, 2>>, tensor<?xf32, #graph.dims<B>>) {
  // CHECK-NEXT: tensor<2x2xf32> 15 27 ; 12 21{{$}}
  // CHECK-NEXT: tensor<2xf32> 21 16.5{{$}}
  %w = graph.constant dense<[[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]> : tensor<3x2xf32>
  %0 = graph.matmul %x, %w : (tensor<?x3xf32, #graph.dims<B, 3>>, tensor<3x2xf32>) -> tensor<?x2xf32, #graph.dims<B, 2>>
  %1 = graph.add %0, %b : (tensor<?x2xf32, #graph.dims<B, 2>>, tensor<2xf32>) -> tensor<?x2xf32, #graph.dims<B, 2>>
  %2 = graph.reduce %1 {kind = #graph<reduce_kind mean>, axes = array<i64: 1>, keep_dims = false} : (tensor<?x2xf32, #graph.dims<B, 2>>) -> tensor<?xf32, #graph.dims<B>>
  return %1, %2 : tensor<?x2xf32, #graph.dims<B, 2>>, tensor<?xf32, #graph.dims<B>>
}

//--- fails.mlir
// Every instance writes the whole of y.

tile.kernel @overlap(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %i = tile.grid [%c4 by BN]
  %xv = tile.view %x[%c4] : !tile.view<4xf32>
  %yv = tile.view %y[%c4] : !tile.view<4xf32>
  %t = tile.load %xv[%c0] axes [0] : <4xf32> -> <[4], f32>
  // CHECK: fails.mlir:[[#@LINE+1]]:3: error: 'tile.store' op of kernel 'overlap' writes element 0 of output 0 in two instances: 0 and 1
  tile.store %t, %yv[%c0] axes [0] : <[4], f32>, <4xf32>
  tile.return
}
func.func @two_instances_write_one_element(%x: tensor<4xf32> {graph.example = dense<1.0> : tensor<4xf32>}) -> tensor<4xf32> {
  %y = tile.launch @overlap(%x) scalars [] : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK: fails.mlir:[[#@LINE+1]]:1: error: 'tile.kernel' op 'forget' leaves element 3 of output 0 unwritten
tile.kernel @forget(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %i = tile.grid [%c3 by 1]
  %xv = tile.view %x[%c4] : !tile.view<4xf32>
  %yv = tile.view %y[%c4] : !tile.view<4xf32>
  %t = tile.load %xv[%i] axes [0] : <4xf32> -> <[1], f32>
  tile.store %t, %yv[%i] axes [0] : <[1], f32>, <4xf32>
  tile.return
}
func.func @element_is_forgotten(%x: tensor<4xf32> {graph.example = dense<1.0> : tensor<4xf32>}) -> tensor<4xf32> {
  %y = tile.launch @forget(%x) scalars [] : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

tile.kernel @peek(%y: !tile.buffer<f32>) inputs 0 outputs 1 {
  %c4 = arith.constant 4 : index
  %i = tile.grid [%c4 by 4]
  %yv = tile.view %y[%c4] : !tile.view<4xf32>
  // CHECK: fails.mlir:[[#@LINE+1]]:8: error: 'tile.load' op of kernel 'peek' reads element 0 of output 0, which instance 0 has not written
  %t = tile.load %yv[%i] axes [0] : <4xf32> -> <[4], f32>
  tile.store %t, %yv[%i] axes [0] : <[4], f32>, <4xf32>
  tile.return
}
func.func @output_is_read_first() -> tensor<4xf32> {
  %y = tile.launch @peek() scalars [] : () -> tensor<4xf32>
  return %y : tensor<4xf32>
}

tile.kernel @meddle(%x: !tile.buffer<f32>) inputs 1 outputs 0 {
  %c4 = arith.constant 4 : index
  %i = tile.grid [%c4 by 4]
  %xv = tile.view %x[%c4] : !tile.view<4xf32>
  %t = tile.load %xv[%i] axes [0] : <4xf32> -> <[4], f32>
  // CHECK: fails.mlir:[[#@LINE+1]]:3: error: 'tile.store' op of kernel 'meddle' writes to input 0
  tile.store %t, %xv[%i] axes [0] : <[4], f32>, <4xf32>
  tile.return
}
func.func @input_is_written(%x: tensor<4xf32> {graph.example = dense<1.0> : tensor<4xf32>}) {
  tile.launch @meddle(%x) scalars [] : (tensor<4xf32>) -> ()
  return
}

tile.kernel @as_panels(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %j = tile.grid [%c2 by 2]
  // CHECK: fails.mlir:[[#@LINE+1]]:9: error: 'tile.view' op of kernel 'as_panels' has another layout than what it is given: expected row-major, got #tile.layout<1/2, 0, 1 mod 2>
  %xv = tile.view %x[%c2, %c2] : !tile.view<2x2xf32, <1/2, 0, 1 mod 2>>
  %yv = tile.view %y[%c2, %c2] : !tile.view<2x2xf32>
  %t = tile.load %xv[%c0, %j] axes [0, 1] : <2x2xf32, <1/2, 0, 1 mod 2>> -> <[2, 2], f32>
  tile.store %t, %yv[%c0, %j] axes [0, 1] : <[2, 2], f32>, <2x2xf32>
  tile.return
}
func.func @operand_is_not_packed(%x: tensor<2x2xf32> {graph.example = dense<1.0> : tensor<2x2xf32>}) -> tensor<2x2xf32> {
  %y = tile.launch @as_panels(%x) scalars [] : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

tile.kernel @too_few(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %i = tile.grid [%n by BN]
  // CHECK: fails.mlir:[[#@LINE+1]]:9: error: 'tile.view' op of kernel 'too_few' does not cover its buffer: expected 4 elements, got 2
  %xv = tile.view %x[%n] : !tile.view<?xf32>
  %yv = tile.view %y[%n] : !tile.view<?xf32>
  %t = tile.load %xv[%i] axes [0] : <?xf32> -> <[BN], f32>
  tile.store %t, %yv[%i] axes [0] : <[BN], f32>, <?xf32>
  tile.return
}
func.func @scalar_is_wrong(%x: tensor<4xf32> {graph.example = dense<1.0> : tensor<4xf32>}) -> tensor<4xf32> {
  %y = tile.launch @too_few(%x) scalars [#graph.dim<2>] : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// The row is chosen by a point: there is no zero to read outside.

tile.kernel @stray(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %i = tile.grid [%c2 by BN]
  %xv = tile.view %x[%c2, %c2] : !tile.view<2x2xf32>
  %yv = tile.view %y[%c2] : !tile.view<2xf32>
  // CHECK: fails.mlir:[[#@LINE+1]]:8: error: 'tile.load' op of kernel 'stray' stands outside of its view in dimension 0: expected 0 to 1, got 2
  %t = tile.load %xv[%c2, %i] axes [1] : <2x2xf32> -> <[BN], f32>
  tile.store %t, %yv[%i] axes [0] : <[BN], f32>, <2xf32>
  tile.return
}
func.func @point_is_outside(%x: tensor<2x2xf32> {graph.example = dense<1.0> : tensor<2x2xf32>}) -> tensor<2xf32> {
  %y = tile.launch @stray(%x) scalars [] : (tensor<2x2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// The third element divides by what is not there.

tile.kernel @divide(%x: !tile.buffer<i32>, %y: !tile.buffer<i32>) inputs 1 outputs 1 {
  %c3 = arith.constant 3 : index
  %c12 = arith.constant 12 : i32
  %i = tile.grid [%c3 by BN]
  %xv = tile.view %x[%c3] : !tile.view<3xi32>
  %yv = tile.view %y[%c3] : !tile.view<3xi32>
  %t = tile.load %xv[%i] axes [0] : <3xi32> -> <[BN], i32>
  // CHECK: fails.mlir:[[#@LINE+1]]:8: error: 'tile.map' op of kernel 'divide' is undefined for the operands at [1]
  %q = tile.map %t maps [[0]] : !tile.tile<[BN], i32> -> <[BN], i32> {
  ^bb0(%e: i32):
    %r = arith.divsi %c12, %e : i32
    tile.yield %r : i32
  }
  tile.store %q, %yv[%i] axes [0] : <[BN], i32>, <3xi32>
  tile.return
}
func.func @undefined_behind_the_end(%x: tensor<3xi32> {graph.example = dense<2> : tensor<3xi32>}) -> tensor<3xi32> {
  %y = tile.launch @divide(%x) scalars [] : (tensor<3xi32>) -> tensor<3xi32>
  return %y : tensor<3xi32>
}
