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

#endif // TENON_PASSES_QUANT_PASSES_TD
