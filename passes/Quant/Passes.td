#ifndef TENON_PASSES_QUANT_PASSES_TD
#define TENON_PASSES_QUANT_PASSES_TD

include "mlir/Pass/PassBase.td"

def NarrowFloatsPass : Pass<"narrow-floats", "::mlir::func::FuncOp"> {
  let summary = "multiply and store activations in bf16";
  let description = [{
    Why: matrix units multiply bf16 at twice to sixteen times the rate of f32, and
    half the bytes move. What needs the range or the digits of f32 keeps them: sums
    inside products, softmax, norms, and whatever is computed from positions and
    masks alone.

    * Contractions and attention take bf16 and give bf16 (their sums are f32);
      tables that are looked up are bf16.
    * What is computed from those, the activations, is computed in f32 as before and
      narrowed where it ends. Inside a kernel that is nothing: a chain of ops rounds
      once, where it is stored.
    * Inputs and outputs of the function keep their types.

    Before:

    ```mlir
    func.func @f(%x: tensor<4x8xf32>, %w: tensor<8x8xf32>) -> tensor<4x8xf32> {
      %0 = graph.matmul %x, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
      %1 = graph.relu %0 : (tensor<4x8xf32>) -> tensor<4x8xf32>
      return %1 : tensor<4x8xf32>
    }
    ```

    After:

    ```mlir
    func.func @f(%arg0: tensor<4x8xf32>, %arg1: tensor<8x8xf32>) -> tensor<4x8xf32> {
      %0 = graph.cast %arg1 {to = bf16} : (tensor<8x8xf32>) -> tensor<8x8xbf16>
      %1 = graph.cast %arg0 {to = bf16} : (tensor<4x8xf32>) -> tensor<4x8xbf16>
      %2 = graph.matmul %1, %0 : (tensor<4x8xbf16>, tensor<8x8xbf16>) -> tensor<4x8xbf16>
      %3 = graph.cast %2 {to = f32} : (tensor<4x8xbf16>) -> tensor<4x8xf32>
      %4 = graph.relu %3 : (tensor<4x8xf32>) -> tensor<4x8xf32>
      return %4 : tensor<4x8xf32>
    }
    ```

    Requires: composite ops that no kernel computes whole are decomposed.
    Ensures:  every contraction and attention of f32 operands has bf16 operands; no
              activation that is stored is f32, but outputs.
    Leaves:   f64, integers, and what depends on no product and no lookup.
    Numerics: each narrowing is off by at most 2^-9 of the value. Embeddings of the
              MiniLM models stay within a cosine of 0.999 of f32's.
    Source:   Kalamkar et al. 2019, arXiv:1905.12322 (bf16 with f32 sums).
  }];
  let dependentDialects = ["tenon::graph::GraphDialect"];
}

def NarrowFactorsPass : Pass<"narrow-factors", "::mlir::ModuleOp"> {
  let summary = "products of f32 multiply tf32";
  let description = [{
    Why: GPUs' matrix units multiply no f32. tf32 has its range and 10 bits of
    fraction, and is kept in the same four bytes: a kernel rounds its factors where
    it multiplies them, nothing else becomes narrower.

    Before:

    ```mlir
    tile.kernel @k(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
      %c8 = arith.constant 8 : index
      %zero = arith.constant 0.0 : f32
      %i = tile.grid [%c8 by 8]
      %xv = tile.view %x[%c8, %c8] : !tile.view<8x8xf32>
      %a = tile.load %xv[%i, %i] axes [0, 1] : <8x8xf32> -> <[8, 8], f32>
      %sum = tile.fill %zero : f32 -> <[8, 8], f32>
      %b = tile.mma %a, %a, %sum : !tile.tile<[8, 8], f32>, !tile.tile<[8, 8], f32> -> !tile.tile<[8, 8], f32>
      %yv = tile.view %y[%c8, %c8] : !tile.view<8x8xf32>
      tile.store %b, %yv[%i, %i] axes [0, 1] : <[8, 8], f32>, <8x8xf32>
      tile.return
    }
    ```

    After:

    ```mlir
    tile.kernel @k(%arg0: !tile.buffer<f32>, %arg1: !tile.buffer<f32>) inputs 1 outputs 1 {
      %c8 = arith.constant 8 : index
      %cst = arith.constant 0.000000e+00 : f32
      %0 = tile.grid [%c8 by 8]
      %1 = tile.view %arg0[%c8, %c8] : !tile.view<8x8xf32>
      %2 = tile.load %1[%0, %0] axes [0, 1] : <8x8xf32> -> <[8, 8], f32>
      %3 = tile.fill %cst : f32 -> <[8, 8], f32>
      %4 = tile.map %2 maps [[0, 1]] : !tile.tile<[8, 8], f32> -> <[8, 8], tf32> {
      ^bb0(%arg2: f32):
        %10 = arith.truncf %arg2 : f32 to tf32
        tile.yield %10 : tf32
      }
      %5 = tile.map %4 maps [[0, 1]] : !tile.tile<[8, 8], tf32> -> <[8, 8], f32> {
      ^bb0(%arg2: tf32):
        %10 = arith.extf %arg2 : tf32 to f32
        tile.yield %10 : f32
      }
      %6 = tile.map %2 maps [[0, 1]] : !tile.tile<[8, 8], f32> -> <[8, 8], tf32> {
      ^bb0(%arg2: f32):
        %10 = arith.truncf %arg2 : f32 to tf32
        tile.yield %10 : tf32
      }
      %7 = tile.map %6 maps [[0, 1]] : !tile.tile<[8, 8], tf32> -> <[8, 8], f32> {
      ^bb0(%arg2: tf32):
        %10 = arith.extf %arg2 : tf32 to f32
        tile.yield %10 : f32
      }
      %8 = tile.mma %5, %7, %3 : <[8, 8], f32>, <[8, 8], f32> -> <[8, 8], f32>
      %9 = tile.view %arg1[%c8, %c8] : !tile.view<8x8xf32>
      tile.store %8, %9[%0, %0] axes [0, 1] : <[8, 8], f32>, <8x8xf32>
      tile.return
    }
    ```

    Requires: form-kernels.
    Ensures:  every product of f32, but those of attention, has factors that were
              rounded to tf32.
    Leaves:   attention, whose weights stay f32, and all other types.
    Numerics: each factor is off by at most 2^-11 of itself: the nearest, of two
              equally near ones either.
    Source:   NVIDIA, A100 Tensor Core GPU Architecture, 2020 (TF32).
  }];
  let dependentDialects = ["tenon::tile::TileDialect", "::mlir::arith::ArithDialect"];
}

#endif // TENON_PASSES_QUANT_PASSES_TD
