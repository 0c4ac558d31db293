#ifndef TENON_PASSES_MEMORY_PASSES_TD
#define TENON_PASSES_MEMORY_PASSES_TD

include "mlir/Pass/PassBase.td"

def PlanMemoryPass : Pass<"plan-memory", "::mlir::ModuleOp"> {
  let summary = "turn graph functions of launches into host programs over buffers";
  let description = [{
    Each value gets a place: a result of the function lies in its output, what is
    computed from constants alone is a weight, and every other result of a launch
    gets a slot of the arena. A slot is free again after the last launch that reads
    its value. A new value takes the smallest free slot that holds it (the symbols
    at their maximum, or 128 where they have none), or enlarges the largest. No
    launch writes what it reads. A private function with arguments is a layer: it is
    planned by itself, and a call of it is a step like a launch. Variants of a kernel
    become those of its launches, each with its own blocks.

    Before:

    ```mlir
    tile.kernel @k(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
      %c64 = arith.constant 64 : index
      %i = tile.grid [%c64 by 16]
      %xv = tile.view %x[%c64] : !tile.view<64xf32>
      %a = tile.load %xv[%i] axes [0] : <64xf32> -> <[16], f32>
      %yv = tile.view %y[%c64] : !tile.view<64xf32>
      tile.store %a, %yv[%i] axes [0] : <[16], f32>, <64xf32>
      tile.return
    }
    func.func @main(%x: tensor<64xf32> {graph.name = "x"}) -> (tensor<64xf32> {graph.name = "y"}) {
      %0 = tile.launch @k(%x) scalars [] : (tensor<64xf32>) -> tensor<64xf32>
      %1 = tile.launch @k(%0) scalars [] : (tensor<64xf32>) -> tensor<64xf32>
      return %1 : tensor<64xf32>
    }
    ```

    After:

    ```mlir
    tile.kernel @k(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
      %c64 = arith.constant 64 : index
      %i = tile.grid [%c64 by 16]
      %xv = tile.view %x[%c64] : !tile.view<64xf32>
      %a = tile.load %xv[%i] axes [0] : <64xf32> -> <[16], f32>
      %yv = tile.view %y[%c64] : !tile.view<64xf32>
      tile.store %a, %yv[%i] axes [0] : <[16], f32>, <64xf32>
      tile.return
    }
    exec.program @main inputs ["x"] outputs ["y"] symbols [] : (tensor<64xf32>) -> tensor<64xf32> {
      %0 = exec.input 0
      %1 = exec.slot [#graph.dim<256>]
      exec.launch @k(%0, %1) scalars [] grid [#graph.dim<64>] by [16] {tensor_types = [tensor<64xf32>]}
      %2 = exec.output 0
      exec.launch @k(%1, %2) scalars [] grid [#graph.dim<64>] by [16] {tensor_types = [tensor<64xf32>]}
    }
    ```

    Requires: apply-schedule.
    Ensures:  every public function is an exec.program, every layer an exec.function;
              weights are private functions without arguments.
    Leaves:   an op that is neither a launch nor a call nor computed from constants
              alone is an error.
    Numerics: unchanged.
  }];
  let dependentDialects = ["tenon::exec::ExecDialect", "::mlir::func::FuncDialect"];
}

#endif // TENON_PASSES_MEMORY_PASSES_TD
