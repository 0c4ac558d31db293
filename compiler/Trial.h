//===- Trial.h - programs that run one kernel in several schedules --------===//
//
//   FailureOr<Trials> trials = Trials::create(module, {{"B", 8}});
//   OwningOpRef<ModuleOp> program = trials->make(kernel, {first, second});
//
// The program is a module of stage tile and launches the kernel once in each
// schedule, in their order, as the model launches it: the sizes are those that
// follow from the symbols, what is constant in the model is a constant of that
// type, and the other operands are the program's inputs.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_TRIAL_H
#define TENON_COMPILER_TRIAL_H

#include "compiler/Interpret/Symbols.h"
#include "dialects/Tile/TileDialect.h"

#include "mlir/IR/BuiltinOps.h"

namespace tenon {

/// A launch whose sizes are numbers.
struct TrialLaunch {
  mlir::SmallVector<mlir::Type> inputs, results; ///< static tensor types
  mlir::SmallVector<int64_t> scalars;
  llvm::BitVector isConstant;   ///< of the inputs
  int64_t flops = 0, bytes = 0; ///< 0 where the launch does not say
};

class Trials {
public:
  /// `module` is of stage tile and outlives the trials; `symbols` has a number
  /// for each symbol of its public function. Fails with one error.
  static mlir::FailureOr<Trials> create(mlir::ModuleOp module,
                                        const SymbolValues &symbols);

  /// The launch of the kernel that has the most operations; null when the
  /// symbols do not say how large it is, and when there is none.
  const TrialLaunch *launchOf(tile::KernelOp kernel) const;

  /// `kernel` has such a launch.
  mlir::OwningOpRef<mlir::ModuleOp>
  make(tile::KernelOp kernel,
       mlir::ArrayRef<mlir::DictionaryAttr> schedules) const;

private:
  llvm::DenseMap<mlir::StringAttr, TrialLaunch> launches; ///< by kernel
};

} // namespace tenon

#endif // TENON_COMPILER_TRIAL_H
