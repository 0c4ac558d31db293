#ifndef TENON_PASSES_FUSION_PASSES_TD
#define TENON_PASSES_FUSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def FuseGroupsPass : Pass<"fuse-groups", "::mlir::func::FuncOp"> {
  let summary = "put ops that become one kernel into one graph.group";
  let description = [{
    A kernel that computes a chain keeps the values between its ops in registers.
    Each op asks its neighbours through interfaces only: what kind of kernel it
    makes, and how large its operands are.

    * An elementwise op joins the group that makes one of its operands, as its
      last step, when the shapes are equal and nothing else reads that operand, or
      only what is itself computed for this op alone. But a quantized value, of 8
      bits, that only a reduction's kernel goes on with is stored as it is.
    * A group of elementwise ops and gathers joins its only reader as a first
      step, unless the reader would compute it again and again: into a contraction
      it goes only when it reads fewer bytes than it makes (a widened weight).
    * Views of what a group reads are cloned into it; transposes and reshapes of
      what it makes join it when its last value has no other reader. Where columns
      of bytes become rows, the readers do that: a store would write single bytes.

    Before:

    ```mlir
    func.func @f(%x: tensor<4x8xf32>, %w: tensor<8x8xf32>, %b: tensor<8xf32>) -> tensor<4x8xf32> {
      %0 = graph.matmul %x, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
      %1 = graph.add %0, %b : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
      return %1 : tensor<4x8xf32>
    }
    ```

    After:

    ```mlir
    func.func @f(%arg0: tensor<4x8xf32>, %arg1: tensor<8x8xf32>, %arg2: tensor<8xf32>) -> tensor<4x8xf32> {
      %0 = graph.group (%arg3 = %arg0 : tensor<4x8xf32>, %arg4 = %arg1 : tensor<8x8xf32>, %arg5 = %arg2 : tensor<8xf32>) -> tensor<4x8xf32> {
        %1 = graph.matmul %arg3, %arg4 : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
        %2 = graph.add %1, %arg5 : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
        graph.yield %2 : tensor<4x8xf32>
      }
      return %0 : tensor<4x8xf32>
    }
    ```

    Requires: composite ops that no kernel computes whole are decomposed.
    Ensures:  every op that computes at run time is in a group, here with one result.
    Leaves:   constants, weights, and what is computed from them alone without
              growing: those are evaluated when the artifact is written.
    Numerics: f32 exact; in f16 and bf16 the roundings between fused ops disappear.
  }];
  let dependentDialects = ["tenon::graph::GraphDialect"];
}

def MergeGroupsPass : Pass<"merge-groups", "::mlir::func::FuncOp"> {
  let summary = "let a reduction's kernel store the elementwise values that it reads";
  let description = [{
    A residual stream is normalized and goes on: what one kernel writes the next one
    reads, and later ones, too. The kernel of the norm can compute and write it, with
    one result more.

    Before:

    ```mlir
    func.func @f(%x: tensor<4x8xf32>, %r: tensor<4x8xf32>, %w: tensor<8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
      %0 = graph.group (%a = %x : tensor<4x8xf32>, %b = %r : tensor<4x8xf32>) -> tensor<4x8xf32> {
        %sum = graph.add %a, %b : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
        graph.yield %sum : tensor<4x8xf32>
      }
      %1 = graph.group (%a = %0 : tensor<4x8xf32>, %b = %w : tensor<8xf32>) -> tensor<4x8xf32> {
        %norm = graph.rms_norm %a, %b {epsilon = 1.0e-5 : f64} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
        graph.yield %norm : tensor<4x8xf32>
      }
      return %0, %1 : tensor<4x8xf32>, tensor<4x8xf32>
    }
    ```

    After:

    ```mlir
    func.func @f(%arg0: tensor<4x8xf32>, %arg1: tensor<4x8xf32>, %arg2: tensor<8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
      %0:2 = graph.group (%arg3 = %arg0 : tensor<4x8xf32>, %arg4 = %arg1 : tensor<4x8xf32>, %arg5 = %arg2 : tensor<8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
        %1 = graph.add %arg3, %arg4 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
        %2 = graph.rms_norm %1, %arg5 {epsilon = 1.000000e-05 : f64} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
        graph.yield %2, %1 : tensor<4x8xf32>, tensor<4x8xf32>
      }
      return %0#1, %0#0 : tensor<4x8xf32>, tensor<4x8xf32>
    }
    ```

    Requires: fuse-groups.
    Ensures:  as above, where both results have one shape and all that else reads
              the elementwise one stands behind the reduction.
    Leaves:   what is computed for a reduction alone, which fuse-groups takes.
    Numerics: in f16 and bf16 the reduction reads the value before it is rounded.
  }];
  let dependentDialects = ["tenon::graph::GraphDialect"];
}

def FormKernelsPass : Pass<"form-kernels", "::mlir::ModuleOp"> {
  let summary = "make a tile kernel of each graph.group";
  let description = [{
    The group's strongest op (contraction, attention, reduction, gather, none)
    says which grids suit it; the first one for which every op of the group can
    give its tile is taken. The kernel is in algorithm form: extents are symbols.
    A tile is computed anew by each map that reads it, so maps between which it would
    be are merged.
    Groups that become the same text share one kernel.

    Before:

    ```mlir
    func.func @f(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %0 = graph.group (%a0 = %x : tensor<4x8xf32>) -> tensor<4x8xf32> {
        %1 = graph.neg %a0 : (tensor<4x8xf32>) -> tensor<4x8xf32>
        graph.yield %1 : tensor<4x8xf32>
      }
      return %0 : tensor<4x8xf32>
    }
    ```

    After:

    ```mlir
    tile.kernel @neg(%arg0: !tile.buffer<f32>, %arg1: !tile.buffer<f32>) inputs 1 outputs 1 source "neg" {
      %c32 = arith.constant 32 : index
      %0 = tile.grid [%c32 by BN]
      %1 = tile.view %arg0[%c32] : !tile.view<32xf32>
      %2 = tile.load %1[%0] axes [0] : <32xf32> -> <[BN], f32>
      %3 = tile.map %2 maps [[0]] : !tile.tile<[BN], f32> -> <[BN], f32> {
      ^bb0(%arg2: f32):
        %5 = arith.negf %arg2 : f32
        tile.yield %5 : f32
      }
      %4 = tile.view %arg1[%c32] : !tile.view<32xf32>
      tile.store %3, %4[%0] axes [0] : <[BN], f32>, <32xf32>
      tile.return
    }
    func.func @f(%arg0: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %0 = tile.launch @neg(%arg0) scalars [] {bytes = #graph.dim<256>, flops = #graph.dim<32>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
      return %0 : tensor<4x8xf32>
    }
    ```

    Requires: fuse-groups.
    Ensures:  no graph.group is left.
    Leaves:   nothing. A group for which no grid suits every op becomes several
              kernels; an op that has none is an error.
    Numerics: as the ops' own tiles say; sums are reassociated.
  }];
  let dependentDialects = ["tenon::tile::TileDialect", "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect", "::mlir::scf::SCFDialect"];
}

def MergeMapsPass : Pass<"merge-maps", "::mlir::ModuleOp"> {
  let summary = "make one map of maps that follow each other";
  let description = [{
    A map takes in those whose results it alone reads, place by place: a kernel that
    is printed says then in one line what happens to an element. What a product or a
    loop asks its maps for (a widened factor, a sum that is carried on) stays apart.

    Before:

    ```mlir
    tile.kernel @k(%x: !tile.buffer<bf16>, %y: !tile.buffer<bf16>) inputs 1 outputs 1 {
      %c32 = arith.constant 32 : index
      %i = tile.grid [%c32 by 32]
      %xv = tile.view %x[%c32] : !tile.view<32xbf16>
      %a = tile.load %xv[%i] axes [0] : <32xbf16> -> <[32], bf16>
      %b = tile.map %a maps [[0]] : !tile.tile<[32], bf16> -> <[32], f32> {
      ^bb0(%e: bf16):
        %0 = arith.extf %e : bf16 to f32
        tile.yield %0 : f32
      }
      %c = tile.map %b maps [[0]] : !tile.tile<[32], f32> -> <[32], bf16> {
      ^bb0(%e: f32):
        %0 = math.exp2 %e : f32
        %1 = arith.truncf %0 : f32 to bf16
        tile.yield %1 : bf16
      }
      %yv = tile.view %y[%c32] : !tile.view<32xbf16>
      tile.store %c, %yv[%i] axes [0] : <[32], bf16>, <32xbf16>
      tile.return
    }
    ```

    After:

    ```mlir
    tile.kernel @k(%arg0: !tile.buffer<bf16>, %arg1: !tile.buffer<bf16>) inputs 1 outputs 1 {
      %c32 = arith.constant 32 : index
      %0 = tile.grid [%c32 by 32]
      %1 = tile.view %arg0[%c32] : !tile.view<32xbf16>
      %2 = tile.load %1[%0] axes [0] : <32xbf16> -> <[32], bf16>
      %3 = tile.map %2 maps [[0]] : !tile.tile<[32], bf16> -> <[32], bf16> {
      ^bb0(%arg2: bf16):
        %5 = arith.extf %arg2 : bf16 to f32
        %6 = math.exp2 %5 : f32
        %7 = arith.truncf %6 : f32 to bf16
        tile.yield %7 : bf16
      }
      %4 = tile.view %arg1[%c32] : !tile.view<32xbf16>
      tile.store %3, %4[%0] axes [0] : <[32], bf16>, <32xbf16>
      tile.return
    }
    ```

    Requires: apply-schedule.
    Ensures:  no map reads, place by place, a map that nothing else reads.
    Leaves:   maps on the way to a product or to a loop's next turn.
    Numerics: exact.
  }];
  let dependentDialects = ["tenon::tile::TileDialect"];
}

#endif // TENON_PASSES_FUSION_PASSES_TD
