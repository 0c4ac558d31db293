//===- TensorText.h - a reference tensor as a line of text ----------------===//
//
// One line, which tests compare: the type, then the elements, rows separated by
// `;` and outer dims by one more each: `tensor<2x1x2xf32> 0 1.5 ;; nan -2`.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_INTERPRET_TENSORTEXT_H
#define TENON_COMPILER_INTERPRET_TENSORTEXT_H

#include "dialects/Interfaces/Reference.h"

namespace tenon {

/// Writes the tensor without an end of line, floats with so many significant
/// digits; 17 lose nothing.
void printTensor(llvm::raw_ostream &os, const ReferenceTensor &tensor,
                 unsigned numDigits = 6);

} // namespace tenon

#endif // TENON_COMPILER_INTERPRET_TENSORTEXT_H
