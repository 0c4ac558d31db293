//===- WeightFiles.h - the interpreter's reader of weights in files -------===//

#ifndef TENON_COMPILER_INTERPRET_WEIGHTFILES_H
#define TENON_COMPILER_INTERPRET_WEIGHTFILES_H

#include "compiler/Interpret/Interpreter.h"

namespace tenon {

/// Reads weights from the files that they name; a relative name is looked up in
/// `folder`. Errors name the file and stand at the op that uses the weight.
Interpreter::WeightReader readWeightsFrom(std::string folder);

} // namespace tenon

#endif // TENON_COMPILER_INTERPRET_WEIGHTFILES_H
