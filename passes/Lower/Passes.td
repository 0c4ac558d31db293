#ifndef TENON_PASSES_LOWER_PASSES_TD
#define TENON_PASSES_LOWER_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandMathPass : Pass<"expand-math"> {
  let summary = "write elementary functions as arithmetic";
  let description = [{
    A kernel may call no library, and a vector of exponentials must cost a dozen
    instructions, not sixteen calls. `math` ops on f32, scalar or vector, become
    polynomials in `arith` and `math.fma`; f16 and bf16 are computed in f32.
    `arith.maximumf` and its kin become a compare and a select where one operand
    is a constant, which x86 has as one instruction. Of two unknowns `maximumf`
    and `minimumf` are left to the code generator, without an order of zeros.
    An exponential with the attribute `tile.not_positive` is of what is never
    above 0, and takes two instructions less; one with `tile.rounded_to_bf16` takes
    three less, for what becomes of it is rounded to bf16 or to 8 bits, and erfc
    with it eight; a reciprocal with it has 14 bits. erfc with `tile.limited` is of a
    number from 0 to 6. 32 floats are rounded to bf16 by the instruction that the code
    generator does not choose.

    Before:

    ```mlir
    func.func @norm(%x: vector<16xf32>) -> vector<16xf32> {
      %0 = math.rsqrt %x : vector<16xf32>
      return %0 : vector<16xf32>
    }
    ```

    After:

    ```mlir
    func.func @norm(%x: vector<16xf32>) -> vector<16xf32> {
      %0 = math.sqrt %x : vector<16xf32>
      %cst = arith.constant dense<1.000000e+00> : vector<16xf32>
      %1 = arith.divf %cst, %0 : vector<16xf32>
      return %1 : vector<16xf32>
    }
    ```

    Requires: nothing.
    Ensures:  no `math` op is left but absf, sqrt, floor, ceil, round, roundeven,
              trunc, fma and copysign, each an instruction of the targets.
    Leaves:   an op it has no formula for, with an error: nothing below can
              compile it.
    Numerics: see `MathExpansions.h` for the error of each function in ulp. Of two
              zeros of different sign, minimum and maximum may return either.
    Source:   Cody and Waite 1980, "Software Manual for the Elementary
              Functions"; the coefficients are fitted by fit_polynomials.py.
  }];
  let options = [
    Option<"expandBf16", "expand-bf16", "bool", "false",
           "round to bf16 in integers: x86 without its instructions would call a library">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect", "mlir::vector::VectorDialect",
                           "mlir::LLVM::LLVMDialect"];
}

def LowerToCpuPass : Pass<"lower-to-cpu", "::mlir::ModuleOp"> {
  let summary = "make each scheduled tile kernel a function over vectors";
  let description = [{
    Tiles are evaluated where they are needed, a vector at a time; matrix products
    in blocks of registers, with the elementwise ops that follow them applied
    before the store. Only results of reductions, tiles carried by loops and what
    is costly to compute again are put into scratch memory.

    Before:

    ```mlir
    tile.kernel @fill(%y: !tile.buffer<f32>) inputs 0 outputs 1 {
      %c16 = arith.constant 16 : index
      %cst = arith.constant 1.0 : f32
      %i = tile.grid [%c16 by 16]
      %v = tile.view %y[%c16] : !tile.view<16xf32>
      %t = tile.fill %cst : f32 -> <[16], f32>
      tile.store %t, %v[%i] axes [0] : <[16], f32>, <16xf32>
      tile.return
    }
    ```

    After:

    ```mlir
    func.func @fill(%arg0: !llvm.ptr, %arg1: !llvm.ptr, %arg2: i64, %arg3: i64, %arg4: !llvm.ptr {llvm.noalias}) attributes {tenon.scratch_bytes = 0 : i64} {
      %c0_i64 = arith.constant 0 : i64
      %0 = llvm.getelementptr %arg0[%c0_i64] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.ptr
      %1 = llvm.load %0 : !llvm.ptr -> !llvm.ptr
      %2 = arith.index_cast %arg2 : i64 to index
      %3 = arith.index_cast %arg3 : i64 to index
      %c1 = arith.constant 1 : index
      %c16 = arith.constant 16 : index
      %cst = arith.constant 1.000000e+00 : f32
      scf.for %arg5 = %2 to %3 step %c1 {
        %c16_0 = arith.constant 16 : index
        %c1_1 = arith.constant 1 : index
        %c16_2 = arith.constant 16 : index
        %4 = arith.muli %arg5, %c16_2 : index
        %c0 = arith.constant 0 : index
        %c1_3 = arith.constant 1 : index
        %c16_4 = arith.constant 16 : index
        %c0_5 = arith.constant 0 : index
        %5 = arith.index_cast %4 : index to i64
        %6 = llvm.getelementptr %1[%5] : (!llvm.ptr, i64) -> !llvm.ptr, f32
        %c512 = arith.constant 512 : index
        %7 = arith.index_cast %c512 : index to i64
        %8 = llvm.getelementptr %6[%7] : (!llvm.ptr, i64) -> !llvm.ptr, i8
        "llvm.intr.prefetch"(%8) <{cache = 1 : i32, hint = 3 : i32, rw = 1 : i32}> : (!llvm.ptr) -> ()
        %9 = vector.broadcast %cst : f32 to vector<16xf32>
        %c1_6 = arith.constant 1 : index
        %c16_7 = arith.constant 16 : index
        %c0_8 = arith.constant 0 : index
        %10 = arith.index_cast %4 : index to i64
        %11 = llvm.getelementptr %1[%10] : (!llvm.ptr, i64) -> !llvm.ptr, f32
        llvm.store %9, %11 {alignment = 4 : i64} : vector<16xf32>, !llvm.ptr
      }
      return
    }
    ```

    Requires: apply-schedule.
    Ensures:  no tile op is left.
    Leaves:   nothing.
    Numerics: sums are reassociated over lanes and chains, in a fixed order, and a
              product that is summed is not rounded first; f32 products in parts
              leave out what is below 2^-23 of each product.
  }];
  let options = [
    Option<"vectorBytes", "vector-bytes", "int64_t", "64", "bytes of a vector register">,
    Option<"numVectors", "vectors", "int64_t", "32", "vector registers">,
    Option<"emulateUnits", "emulate-units", "bool", "false",
           "arithmetic in place of the instructions of matrix units, for CPUs that lack them">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect", "::mlir::LLVM::LLVMDialect", "::mlir::func::FuncDialect"];
}

#endif // TENON_PASSES_LOWER_PASSES_TD
