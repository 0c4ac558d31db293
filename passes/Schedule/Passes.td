#ifndef TENON_PASSES_SCHEDULE_PASSES_TD
#define TENON_PASSES_SCHEDULE_PASSES_TD

include "mlir/Pass/PassBase.td"

def ChooseSchedulePass : Pass<"choose-schedule", "::mlir::ModuleOp"> {
  let summary = "give each kernel numbers for its symbols";
  let description = [{
    From the shape of the program and the machine's vectors:

    * a contraction keeps a block of BM rows and BN columns in registers and
      streams the whole contracted dim (BK) past it; row blocks are the fastest
      axis of the grid, so a panel of weights stays in cache, and as many of them
      (`group`) meet each panel in turn as half of L2 holds;
    * attention puts BM queries into the lanes and walks BN keys at a time; by a
      unit of tiles more keys, which lie in the lanes then, and so they do where
      queries are few; a block is not larger than what there is;
    * a reduction along a row takes the row whole, a few rows an instance;
    * products of bf16 and of 8-bit integers use the fastest unit that fits; those
      of f32 a unit of bf16, in parts, where rows and columns are many;
    * where a product's rows are counted at run time, the schedule is one for many,
      and variants of the kernel have others for few (ScheduleVariants.h);
    * where loops pass over rows whose length is known at run time, a variant has a
      block that holds a short row instead, and no loop (OneBlock.h);
    * everything else takes as many elements as hide the cost of an instance.

    Before:

    ```mlir
    tile.kernel @k(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
      %c64 = arith.constant 64 : index
      %i = tile.grid [%c64 by BN]
      %xv = tile.view %x[%c64] : !tile.view<64xf32>
      %a = tile.load %xv[%i] axes [0] : <64xf32> -> <[BN], f32>
      %yv = tile.view %y[%c64] : !tile.view<64xf32>
      tile.store %a, %yv[%i] axes [0] : <[BN], f32>, <64xf32>
      tile.return
    }
    ```

    After:

    ```mlir
    tile.kernel @k(%arg0: !tile.buffer<f32>, %arg1: !tile.buffer<f32>) inputs 1 outputs 1 schedule {BN = 1024 : index} attributes {tenon.reason = "elements enough to hide what it costs to start an instance"} {
      %c64 = arith.constant 64 : index
      %0 = tile.grid [%c64 by BN]
      %1 = tile.view %arg0[%c64] : !tile.view<64xf32>
      %2 = tile.load %1[%0] axes [0] : <64xf32> -> <[BN], f32>
      %3 = tile.view %arg1[%c64] : !tile.view<64xf32>
      tile.store %2, %3[%0] axes [0] : <[BN], f32>, <64xf32>
      tile.return
    }
    ```

    Requires: form-kernels.
    Ensures:  every kernel has a legal schedule (ScheduleRules.h), and the reason for
              it in words as `tenon.reason`, for the report.
    Leaves:   a kernel that has a schedule, as one that was measured has, with its
              reason and without variants; an illegal one is an error.
    Numerics: unchanged; a schedule never changes what is computed.
    Source:   Goto and van de Geijn 2008, doi:10.1145/1356052.1356053 (blocks in registers).
  }];
  let options = [
    Option<"vectorBytes", "vector-bytes", "int64_t", "64", "bytes of a vector register">,
    Option<"numVectors", "vectors", "int64_t", "32", "vector registers">,
    Option<"f32Macs", "f32-macs", "int64_t", "16", "f32 multiply-adds per cycle">,
    Option<"l2Bytes", "l2-bytes", "int64_t", "1 << 20", "bytes of the second cache level">,
    ListOption<"units", "units", "std::string",
               "the target's units that are faster than f32, the fastest first">
  ];
  let dependentDialects = ["tenon::tile::TileDialect"];
}

def SplitAttentionPass : Pass<"split-attention", "::mlir::ModuleOp"> {
  let summary = "give attention of few queries more instances, which share the keys";
  let description = [{
    A GPU reads keys and values as fast as its memory allows only if all its
    multiprocessors do. Where there are 16 queries at most, and too few heads for
    two instances each, the kernel becomes two: `_parts`, with another axis in its
    grid, in which each instance passes over a part of the keys, and `_merge`,
    which combines the parts in their order.

    Before:

    ```mlir
    tile.kernel @k(%k: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c256 = arith.constant 256 : index
      %low = arith.constant 0xFF800000 : f32
      %zero = arith.constant 0.0 : f32
      %i = tile.grid [%c4 by BM]
      %m = tile.fill %low : f32 -> <[BM], f32>
      %l = tile.fill %zero : f32 -> <[BM], f32>
      %acc = tile.fill %zero : f32 -> <[BM, 8], f32>
      %bn = tile.extent BN
      %last:3 = scf.for %j = %c0 to %c256 step %bn iter_args(%m1 = %m, %l1 = %l, %acc1 = %acc) -> (!tile.tile<[BM], f32>, !tile.tile<[BM], f32>, !tile.tile<[BM, 8], f32>) {
        scf.yield %m1, %l1, %acc1 : !tile.tile<[BM], f32>, !tile.tile<[BM], f32>, !tile.tile<[BM, 8], f32>
      } {tile.online_softmax}
      %yv = tile.view %y[%c4, %c8] : !tile.view<4x8xf32>
      tile.store %last#2, %yv[%i, %c0] axes [0, 1] : <[BM, 8], f32>, <4x8xf32>
      tile.return
    }
    func.func @main(%k: tensor<256x8xf32>) -> tensor<4x8xf32> {
      %0 = tile.launch @k(%k) scalars [] : (tensor<256x8xf32>) -> tensor<4x8xf32>
      return %0 : tensor<4x8xf32>
    }
    ```

    After:

    ```mlir
    tile.kernel @k_parts(%arg0: !tile.buffer<f32>, %arg1: !tile.buffer<f32>, %arg2: !tile.buffer<f32>, %arg3: !tile.buffer<f32>) inputs 1 outputs 3 {
      %c4 = arith.constant 4 : index
      %c256 = arith.constant 256 : index
      %cst = arith.constant 0xFF800000 : f32
      %cst_0 = arith.constant 0.000000e+00 : f32
      %c2 = arith.constant 2 : index
      %0:2 = tile.grid [%c4 by BM, %c2 by 1]
      %1 = tile.fill %cst : f32 -> <[BM], f32>
      %2 = tile.fill %cst_0 : f32 -> <[BM], f32>
      %3 = tile.fill %cst_0 : f32 -> <[BM, 8], f32>
      %4 = tile.extent BN
      %5 = arith.muli %4, %c2 : index
      %c1 = arith.constant 1 : index
      %6 = arith.subi %5, %c1 : index
      %7 = arith.addi %c256, %6 : index
      %8 = arith.divui %7, %5 : index
      %9 = arith.muli %8, %4 : index
      %10 = arith.muli %0#1, %9 : index
      %11 = arith.addi %10, %9 : index
      %12 = arith.minsi %11, %c256 : index
      %13 = arith.maxsi %10, %12 : index
      %14:3 = scf.for %arg4 = %10 to %13 step %4 iter_args(%arg5 = %1, %arg6 = %2, %arg7 = %3) -> (!tile.tile<[BM], f32>, !tile.tile<[BM], f32>, !tile.tile<[BM, 8], f32>) {
        scf.yield %arg5, %arg6, %arg7 : !tile.tile<[BM], f32>, !tile.tile<[BM], f32>, !tile.tile<[BM, 8], f32>
      } {tile.online_softmax}
      %15 = tile.view %arg1[%c2, %c4] : !tile.view<2x4xf32>
      tile.store %14#0, %15[%0#1, %0#0] axes [1] : <[BM], f32>, <2x4xf32>
      %16 = tile.view %arg2[%c2, %c4] : !tile.view<2x4xf32>
      tile.store %14#1, %16[%0#1, %0#0] axes [1] : <[BM], f32>, <2x4xf32>
      %c8 = arith.constant 8 : index
      %c0 = arith.constant 0 : index
      %17 = tile.view %arg3[%c2, %c4, %c8] : !tile.view<2x4x8xf32>
      tile.store %14#2, %17[%0#1, %0#0, %c0] axes [1, 2] : <[BM, 8], f32>, <2x4x8xf32>
      tile.return
    }
    tile.kernel @k_merge(%arg0: !tile.buffer<f32>, %arg1: !tile.buffer<f32>, %arg2: !tile.buffer<f32>, %arg3: !tile.buffer<f32>) inputs 3 outputs 1 {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %0 = tile.grid [%c4 by BM]
      %c2 = arith.constant 2 : index
      %1 = tile.view %arg0[%c2, %c4] : !tile.view<2x4xf32>
      %2 = tile.load %1[%c0, %0] axes [0, 1] : <2x4xf32> -> <[2, BM], f32>
      %3 = tile.view %arg2[%c2, %c4, %c8] : !tile.view<2x4x8xf32>
      %4 = tile.load %3[%c0, %0, %c0] axes [0, 1, 2] : <2x4x8xf32> -> <[2, BM, 8], f32>
      %5 = tile.reduce  max %2 axis 0 : <[2, BM], f32> -> <[BM], f32>
      %6 = tile.map %2, %5 maps [[0, 1], [1]] : !tile.tile<[2, BM], f32>, !tile.tile<[BM], f32> -> <[2, BM], f32> {
      ^bb0(%arg4: f32, %arg5: f32):
        %cst = arith.constant 0xFF800000 : f32
        %10 = arith.cmpf oeq, %arg4, %cst : f32
        %11 = arith.subf %arg4, %arg5 : f32
        %12 = math.exp2 %11 {tile.not_positive} : f32
        %cst_0 = arith.constant 0.000000e+00 : f32
        %13 = arith.select %10, %cst_0, %12 : f32
        tile.yield %13 : f32
      }
      %7 = tile.map %4, %6 maps [[0, 1, 2], [0, 1]] : !tile.tile<[2, BM, 8], f32>, !tile.tile<[2, BM], f32> -> <[2, BM, 8], f32> {
      ^bb0(%arg4: f32, %arg5: f32):
        %10 = arith.mulf %arg4, %arg5 : f32
        tile.yield %10 : f32
      }
      %8 = tile.reduce  sum %7 axis 0 : <[2, BM, 8], f32> -> <[BM, 8], f32>
      %9 = tile.view %arg3[%c4, %c8] : !tile.view<4x8xf32>
      tile.store %8, %9[%0, %c0] axes [0, 1] : <[BM, 8], f32>, <4x8xf32>
      tile.return
    }
    func.func @main(%arg0: tensor<256x8xf32>) -> tensor<4x8xf32> {
      %0:3 = tile.launch @k_parts(%arg0) scalars [] : (tensor<256x8xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4x8xf32>)
      %1 = tile.launch @k_merge(%0#0, %0#1, %0#2) scalars [] : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4x8xf32>) -> tensor<4x8xf32>
      return %1 : tensor<4x8xf32>
    }
    ```

    Requires: form-kernels.
    Ensures:  as above, for kernels with a loop that is `tile.online_softmax`.
    Leaves:   kernels whose queries are not known to be few.
    Numerics: sums of parts are added in another order; each part has the maximum
              of its own rows until then.
    Source:   Dao et al. 2023, Flash-Decoding for long-context inference.
  }];
  let dependentDialects = ["tenon::graph::GraphDialect", "tenon::tile::TileDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect"];
}

def ChooseCudaSchedulePass : Pass<"choose-cuda-schedule", "::mlir::ModuleOp"> {
  let summary = "give each kernel numbers for its symbols, for a GPU";
  let description = [{
    A block of threads computes an instance. `warps` says how its warps stand
    along the rows and columns of all tiles, `stages` how many turns of a loop
    with products are copied or multiplied at a time:

    * a contraction has blocks of sums that fill the registers of four or eight
      warps, and as many turns at a time as there is shared memory for, four at
      most; one of a single row has eight warps for few sums;
    * attention has four warps below each other, or eight where there are many
      queries, so that no row of scores is spread over two; few queries have four
      warps beside each other, each with keys of its own, and one query has a warp;
    * products of floats of 16 bits and of integers of 8 are the matrix unit's
      (`unit = "mma"`), as those of tf32; where four warps can multiply together
      (`"wgmma"`), which takes tf32 as it lies in memory, unrounded, all but
      those have 64 rows for each group of them, and two blocks (`cluster`) may
      copy one right side for both;
    * rows that are reduced belong to a warp each, long ones to all of a block;
    * everything else takes some elements a thread.

    Before:

    ```mlir
    tile.kernel @k(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
      %c64 = arith.constant 64 : index
      %i = tile.grid [%c64 by BN]
      %xv = tile.view %x[%c64] : !tile.view<64xf32>
      %a = tile.load %xv[%i] axes [0] : <64xf32> -> <[BN], f32>
      %yv = tile.view %y[%c64] : !tile.view<64xf32>
      tile.store %a, %yv[%i] axes [0] : <[BN], f32>, <64xf32>
      tile.return
    }
    ```

    After:

    ```mlir
    tile.kernel @k(%arg0: !tile.buffer<f32>, %arg1: !tile.buffer<f32>) inputs 1 outputs 1 schedule {BN = 1024 : index, stages = 2 : index, warps = array<i64: 1, 8>} attributes {tenon.reason = "some elements for each of 256 threads"} {
      %c64 = arith.constant 64 : index
      %0 = tile.grid [%c64 by BN]
      %1 = tile.view %arg0[%c64] : !tile.view<64xf32>
      %2 = tile.load %1[%0] axes [0] : <64xf32> -> <[BN], f32>
      %3 = tile.view %arg1[%c64] : !tile.view<64xf32>
      tile.store %2, %3[%0] axes [0] : <[BN], f32>, <64xf32>
      tile.return
    }
    ```

    Requires: form-kernels.
    Ensures:  every kernel has a schedule, and the reason for it in words as
              `tenon.reason`, for the report.
    Leaves:   a kernel that has a schedule.
    Numerics: unchanged; a schedule never changes what is computed.
    Source:   CUDA C++ Programming Guide, technical specifications per compute
              capability (registers and shared memory of a block).
  }];
  let options = [
    Option<"sharedBytes", "shared-bytes", "int64_t", "163 << 10", "bytes of shared memory of a block">,
    Option<"warpgroups", "warpgroups", "bool", "false", "four warps multiply together">
  ];
  let dependentDialects = ["tenon::tile::TileDialect"];
}

def SumOneRowProductsPass : Pass<"sum-one-row-products", "::mlir::ModuleOp"> {
  let summary = "make products of one row multiplications and sums";
  let description = [{
    A GPU's threads multiply what they have read: no element of a product's right
    side is used twice, so it need not lie in shared memory, and a matrix unit would
    multiply it with 15 rows that there are not. Tiles of such a kernel, and of one
    with tiles of three axes, lose their axes of one element. A right side that lies
    along its contracted axis in memory is read so.

    Before:

    ```mlir
    tile.kernel @k(%x: !tile.buffer<f32>, %w: !tile.buffer<bf16>, %y: !tile.buffer<f32>) inputs 2 outputs 1 schedule {BM = 1 : index, warps = array<i64: 1, 1>} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %zero = arith.constant 0.0 : f32
      %i = tile.grid [%c1 by 1]
      %xv = tile.view %x[%c1, %c64] : !tile.view<1x64xf32>
      %a = tile.load %xv[%i, %c0] axes [0, 1] : <1x64xf32> -> <[1, 64], f32>
      %wv = tile.view %w[%c8, %c64] : !tile.view<8x64xbf16>
      %b = tile.load %wv[%c0, %c0] axes [1, 0] : <8x64xbf16> -> <[64, 8], bf16>
      %acc = tile.fill %zero : f32 -> <[1, 8], f32>
      %c = tile.mma %a, %b, %acc : <[1, 64], f32>, <[64, 8], bf16> -> <[1, 8], f32>
      %yv = tile.view %y[%c1, %c8] : !tile.view<1x8xf32>
      tile.store %c, %yv[%i, %c0] axes [0, 1] : <[1, 8], f32>, <1x8xf32>
      tile.return
    }
    ```

    After:

    ```mlir
    tile.kernel @k(%arg0: !tile.buffer<f32>, %arg1: !tile.buffer<bf16>, %arg2: !tile.buffer<f32>) inputs 2 outputs 1 schedule {BM = 1 : index, warps = array<i64: 1, 1>} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %0 = tile.grid [%c1 by 1]
      %1 = tile.view %arg0[%c1, %c64] : !tile.view<1x64xf32>
      %2 = tile.load %1[%0, %c0] axes [1] : <1x64xf32> -> <[64], f32>
      %3 = tile.view %arg1[%c8, %c64] : !tile.view<8x64xbf16>
      %4 = tile.load %3[%c0, %c0] axes [0, 1] : <8x64xbf16> -> <[8, 64], bf16>
      %5 = tile.map %2, %4 maps [[1], [0, 1]] : !tile.tile<[64], f32>, !tile.tile<[8, 64], bf16> -> <[8, 64], f32> {
      ^bb0(%arg3: f32, %arg4: bf16):
        %8 = arith.extf %arg4 : bf16 to f32
        %9 = arith.mulf %arg3, %8 : f32
        tile.yield %9 : f32
      }
      %6 = tile.reduce  sum %5 axis 1 : <[8, 64], f32> -> <[8], f32>
      %7 = tile.view %arg2[%c1, %c8] : !tile.view<1x8xf32>
      tile.store %6, %7[%0, %c0] axes [1] : <[8], f32>, <1x8xf32>
      tile.return
    }
    ```

    Requires: apply-schedule.
    Ensures:  no product of one row of floats is left in a kernel without a unit.
    Leaves:   kernels with a product of more rows, or of one element a side, and
              those whose axes of one element may stand outside their views.
    Numerics: sums in another order, each product unrounded.
    Source:   Volkov and Demmel 2008, doi:10.1109/SC.2008.5214359 (registers before
              shared memory).
  }];
  let dependentDialects = ["tenon::tile::TileDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def ApplySchedulePass : Pass<"apply-schedule", "::mlir::ModuleOp"> {
  let summary = "make algorithm-form kernels scheduled ones";
  let description = [{
    Symbols become their numbers in tile types, grids and loop steps, and loops of
    one turn disappear. The matrix that a contraction reads in columns is read from
    panels when every launch gives a constant for it (column by column where a
    GPU's matrix unit multiplies bytes): the launch then gives a `tile.pack` of that
    constant, evaluated when the artifact is written. Elements of 4 bits lie in words
    of eight rows there, and what the loops around a product read along the same
    columns (scales, zero points) lies in panels too. A kernel and its variants read
    one `tile.pack`, in the order that all of them need.

    Before:

    ```mlir
    tile.kernel @k(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 schedule {BN = 16 : index} {
      %c64 = arith.constant 64 : index
      %i = tile.grid [%c64 by BN]
      %xv = tile.view %x[%c64] : !tile.view<64xf32>
      %a = tile.load %xv[%i] axes [0] : <64xf32> -> <[BN], f32>
      %yv = tile.view %y[%c64] : !tile.view<64xf32>
      tile.store %a, %yv[%i] axes [0] : <[BN], f32>, <64xf32>
      tile.return
    }
    ```

    After:

    ```mlir
    tile.kernel @k(%arg0: !tile.buffer<f32>, %arg1: !tile.buffer<f32>) inputs 1 outputs 1 schedule {BN = 16 : index} {
      %c64 = arith.constant 64 : index
      %0 = tile.grid [%c64 by 16]
      %1 = tile.view %arg0[%c64] : !tile.view<64xf32>
      %2 = tile.load %1[%0] axes [0] : <64xf32> -> <[16], f32>
      %3 = tile.view %arg1[%c64] : !tile.view<64xf32>
      tile.store %2, %3[%0] axes [0] : <[16], f32>, <64xf32>
      tile.return
    }
    ```

    Requires: choose-schedule.
    Ensures:  every extent is a number.
    Leaves:   nothing; variants that need different orders of a constant are an error.
    Numerics: unchanged.
  }];
  let dependentDialects = ["tenon::tile::TileDialect", "::mlir::arith::ArithDialect"];
}

#endif // TENON_PASSES_SCHEDULE_PASSES_TD
