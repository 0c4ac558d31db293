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
    is a constant, which x86 has as one instruction, and two of each otherwise.

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
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect"];
}

#endif // TENON_PASSES_LOWER_PASSES_TD
