//===- Specialize.h - an op with numbers in place of symbols --------------===//
//
// A reference kernel reads shapes and attributes of its op, so it is given a
// copy of the op in which every dim is a number. The copy passes the op's
// verifier: shapes that disagree only for these numbers are found here, with
// the op's words.
//
//   FailureOr<SpecializedOp> copy = SpecializedOp::create(op, operandTypes,
//   symbols); cast<ReferenceOpInterface>(copy->get()).evaluate(...);
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_INTERPRET_SPECIALIZE_H
#define TENON_COMPILER_INTERPRET_SPECIALIZE_H

#include "compiler/Interpret/Symbols.h"

namespace tenon {

class SpecializedOp {
public:
  /// Copies `op`, an op without regions. `operandTypes` are static tensor
  /// types, one an operand. Fails with one error at the op.
  static llvm::FailureOr<SpecializedOp> create(mlir::Operation *op,
                                               mlir::TypeRange operandTypes,
                                               const SymbolValues &symbols);

  /// The copy; all its types are static. Lives as long as this object.
  mlir::Operation *get() const { return &block->back(); }

private:
  std::unique_ptr<mlir::Block> block; ///< its arguments are the operands
};

} // namespace tenon

#endif // TENON_COMPILER_INTERPRET_SPECIALIZE_H
