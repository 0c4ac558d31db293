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

def ChooseCudaSchedulePass : Pass<"choose-cuda-schedule", "::mlir::ModuleOp"> {
  let summary = "give each kernel numbers for its symbols, for a GPU";
  let description = [{
    A block of threads computes an instance. `warps` says how its warps stand
    along the rows and columns of all tiles, `stages` how many turns of a loop
    with products are copied or multiplied at a time:

    * a contraction has blocks of sums that fill the registers of four or eight
      warps, and as many turns at a time as there is shared memory for, four at
      most;
    * attention has four warps below each other, or eight where there are many
      queries, so that no row of scores is spread over two;
    * products of floats of 16 bits and of integers of 8 are the matrix unit's
      (`unit = "mma"`); where four warps can multiply together (`"wgmma"`), those
      of floats have 64 rows for each group of them, and two blocks (`cluster`)
      may copy one right side for both;
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
