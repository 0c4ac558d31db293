//===- RandomInputs.h - small inputs for a function, drawn at random ------===//
//
//   SmallVector<ReferenceTensor> inputs = drawInputs(function);
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_INTERPRET_RANDOMINPUTS_H
#define TENON_COMPILER_INTERPRET_RANDOMINPUTS_H

#include "compiler/Interpret/Interpreter.h"

namespace tenon {

/// One tensor an argument, the same ones at each call. Symbols are 2, 3, ... in
/// the order of their first use, or the next number that their declaration
/// allows; unknown dims are 2. Floats are normal; integers and booleans are 0
/// and 1, so that they are indices of any table and masks, and each row begins
/// with a 1, so that no mask hides all of it.
Interpreter::Tensors drawInputs(mlir::func::FuncOp function);

} // namespace tenon

#endif // TENON_COMPILER_INTERPRET_RANDOMINPUTS_H
