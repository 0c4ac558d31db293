//===- Equation.h - Einsum's equations in graph.contract's form -----------===//

#ifndef TENON_FRONTENDS_ONNX_EQUATION_H
#define TENON_FRONTENDS_ONNX_EQUATION_H

#include "mlir/Support/LLVM.h"

#include <string>

namespace tenon::onnx {

/// One letter a dimension.
struct Equation {
  llvm::SmallVector<std::string> inputs;
  std::string result;

  /// "bhqd,bhkd->bhqk"
  std::string str() const;
};

/// Writes out what einsum lets an equation leave to be understood, for inputs
/// of these ranks: "..." stands for dims that get letters of their own, and
/// without
/// "->" the result has the letters that stand once, in alphabetical order.
/// Fails when the letters do not fit the ranks.
///
///   expandEquation("...ij, ...jk", {3, 3}) == "Aij,Ajk->Aik"
llvm::FailureOr<Equation> expandEquation(llvm::StringRef equation,
                                         llvm::ArrayRef<int64_t> ranks);

} // namespace tenon::onnx

#endif // TENON_FRONTENDS_ONNX_EQUATION_H
