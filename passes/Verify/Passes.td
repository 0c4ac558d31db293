#ifndef TENON_PASSES_VERIFY_PASSES_TD
#define TENON_PASSES_VERIFY_PASSES_TD

include "mlir/Pass/PassBase.td"

def VerifyImportPass : Pass<"verify-import", "::mlir::ModuleOp"> {
  let summary = "check what stage import leaves true";
  let description = [{
    * A public function is the model.
    * It is written in ops of graph.
    * Every size is a number or an expression of symbols.

    Accepts:

    ```mlir
    func.func @main(%x: tensor<?xf32, #graph.dims<L>>) -> tensor<?xf32, #graph.dims<L>> {
      %0 = graph.neg %x : (tensor<?xf32, #graph.dims<L>>) -> tensor<?xf32, #graph.dims<L>>
      return %0 : tensor<?xf32, #graph.dims<L>>
    }
    ```

    Refuses:

    ```mlir
    func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
      %0 = graph.neg %x : (tensor<?xf32>) -> tensor<?xf32>
      return %0 : tensor<?xf32>
    }
    ```

    Requires: nothing.
    Ensures:  the promises above, or one error at the first op that breaks one.
    Leaves:   the module as it is.
  }];
  // Reading sizes makes attributes, also in a module without an op of graph.
  let dependentDialects = ["tenon::graph::GraphDialect"];
}

def VerifySimplifyPass : Pass<"verify-simplify", "::mlir::ModuleOp"> {
  let summary = "check what stage simplify leaves true";
  let description = [{
    * Ops that no kernel computes whole are decomposed, and no op has bodies.
    * No code is dead.

    Accepts:

    ```mlir
    func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
      %0 = graph.silu %x : (tensor<4xf32>) -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    ```

    Refuses:

    ```mlir
    func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
      %0 = graph.silu %x : (tensor<4xf32>) -> tensor<4xf32>
      return %x : tensor<4xf32>
    }
    ```

    Requires: nothing.
    Ensures:  the promises above, or one error at the first op that breaks one.
    Leaves:   the module as it is.
  }];
}

def VerifyFusePass : Pass<"verify-fuse", "::mlir::ModuleOp"> {
  let summary = "check what stage fuse leaves true";
  let description = [{
    * What computes at run time is in a group, or a call of a function of which that is
      true; weights, constants and what follows from them alone stand outside.
    * A group has results of one shape.

    Accepts:

    ```mlir
    func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
      %0 = graph.group (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
        %1 = graph.neg %a : (tensor<4xf32>) -> tensor<4xf32>
        graph.yield %1 : tensor<4xf32>
      }
      return %0 : tensor<4xf32>
    }
    ```

    Refuses:

    ```mlir
    func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
      %0 = graph.neg %x : (tensor<4xf32>) -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    ```

    Requires: nothing.
    Ensures:  the promises above, or one error at the first op that breaks one.
    Leaves:   the module as it is.
  }];
}

def VerifyTilePass : Pass<"verify-tile", "::mlir::ModuleOp"> {
  let summary = "check what stage tile leaves true";
  let description = [{
    * What computes at run time is a launch of a kernel, or a call of a function of which
      that is true; no group is left.
    * Equal programs are one kernel.

    Accepts:

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
    func.func @main(%x: tensor<64xf32>) -> tensor<64xf32> {
      %0 = tile.launch @k(%x) scalars [] : (tensor<64xf32>) -> tensor<64xf32>
      return %0 : tensor<64xf32>
    }
    ```

    Refuses:

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
    tile.kernel @k_1(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
      %c64 = arith.constant 64 : index
      %i = tile.grid [%c64 by BN]
      %xv = tile.view %x[%c64] : !tile.view<64xf32>
      %a = tile.load %xv[%i] axes [0] : <64xf32> -> <[BN], f32>
      %yv = tile.view %y[%c64] : !tile.view<64xf32>
      tile.store %a, %yv[%i] axes [0] : <[BN], f32>, <64xf32>
      tile.return
    }
    func.func @main(%x: tensor<64xf32>) -> tensor<64xf32> {
      %0 = tile.launch @k(%x) scalars [] : (tensor<64xf32>) -> tensor<64xf32>
      return %0 : tensor<64xf32>
    }
    ```

    Requires: nothing.
    Ensures:  the promises above, or one error at the first op that breaks one.
    Leaves:   the module as it is.
  }];
}

def VerifySchedulePass : Pass<"verify-schedule", "::mlir::ModuleOp"> {
  let summary = "check what stage schedule leaves true";
  let description = [{
    * Every extent is a number: in tiles, in grids and in steps of loops.

    Accepts:

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
    func.func @main(%x: tensor<64xf32>) -> tensor<64xf32> {
      %0 = tile.launch @k(%x) scalars [] : (tensor<64xf32>) -> tensor<64xf32>
      return %0 : tensor<64xf32>
    }
    ```

    Refuses:

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
    func.func @main(%x: tensor<64xf32>) -> tensor<64xf32> {
      %0 = tile.launch @k(%x) scalars [] : (tensor<64xf32>) -> tensor<64xf32>
      return %0 : tensor<64xf32>
    }
    ```

    Requires: nothing.
    Ensures:  the promises above, or one error at the first op that breaks one.
    Leaves:   the module as it is.
  }];
}

def VerifyPlanPass : Pass<"verify-plan", "::mlir::ModuleOp"> {
  let summary = "check what stage plan leaves true";
  let description = [{
    * Every public function is an exec.program, every layer that it calls an exec.function.
    * Every private function that is left is a weight: it has no arguments, and computes at no run time.

    Accepts:

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
      %1 = exec.output 0
      exec.launch @k(%0, %1) scalars [] grid [#graph.dim<64>] by [16]
    }
    ```

    Refuses:

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
      %1 = exec.output 0
      exec.launch @k(%0, %1) scalars [] grid [#graph.dim<64>] by [16]
    }
    func.func private @weight(%x: tensor<4xf32>) -> tensor<4xf32> {
      return %x : tensor<4xf32>
    }
    ```

    Requires: nothing.
    Ensures:  the promises above, or one error at the first op that breaks one.
    Leaves:   the module as it is.
  }];
}

def VerifyLowerPass : Pass<"verify-lower", "::mlir::ModuleOp"> {
  let summary = "check what stage lower leaves true";
  let description = [{
    * Every kernel is a function in arith, math, scf, vector and llvm.
    * What a program launches is such a function.

    Accepts:

    ```mlir
    func.func @k(%arrays: !llvm.ptr, %scalars: !llvm.ptr, %first: i64, %last: i64, %scratch: !llvm.ptr) {
      return
    }
    exec.program @main inputs ["x"] outputs ["y"] symbols [] : (tensor<64xf32>) -> tensor<64xf32> {
      %0 = exec.input 0
      %1 = exec.output 0
      exec.launch @k(%0, %1) scalars [] grid [#graph.dim<64>] by [16]
    }
    ```

    Refuses:

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
      %1 = exec.output 0
      exec.launch @k(%0, %1) scalars [] grid [#graph.dim<64>] by [16]
    }
    ```

    Requires: nothing.
    Ensures:  the promises above, or one error at the first op that breaks one.
    Leaves:   the module as it is.
  }];
}

#endif // TENON_PASSES_VERIFY_PASSES_TD
