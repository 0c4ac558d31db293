//===- Interpreter.h - executes a function of graph ops -------------------===//
//
//   Interpreter interpreter(readWeight);
//   FailureOr<SmallVector<ReferenceTensor>> results =
//       interpreter.run(function, {tokens, mask});
//
// Ops say what they mean through ReferenceOpInterface. Ops that need more than
// their operands (a weight's bytes, another function, a kernel) have a handler,
// which whoever brings such an op adds, and anybody may replace:
//
//   interpreter.addHandler<tile::LaunchOp>(launchHandler(options));
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_INTERPRET_INTERPRETER_H
#define TENON_COMPILER_INTERPRET_INTERPRETER_H

#include "compiler/Interpret/Symbols.h"
#include "dialects/Interfaces/Reference.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <functional>

namespace tenon {

class Interpreter {
public:
  using Tensors = llvm::SmallVector<ReferenceTensor>;
  /// The elements of a weight of a static type. Emits one error when it fails.
  using WeightReader = std::function<llvm::FailureOr<ReferenceTensor>(
      graph::WeightAttr weight, mlir::RankedTensorType type,
      mlir::Location use)>;
  /// Values from around a body, and what they are.
  using Captures = llvm::SmallVector<std::pair<mlir::Value, ReferenceTensor>>;
  /// Executes one op and returns its results. `operands` are followed by the
  /// values that the op's bodies read from around it. Emits one error when it
  /// fails.
  using Handler = std::function<llvm::FailureOr<Tensors>(
      mlir::Operation *op, Tensors operands, const SymbolValues &symbols)>;

  /// Sees what each op computed, those inside of groups and calls included.
  using Observer =
      std::function<void(mlir::Operation *op, const Tensors &results)>;

  explicit Interpreter(WeightReader readWeight);

  void setObserver(Observer see) { observer = std::move(see); }

  template <typename OpT> void addHandler(Handler handler) {
    handlers[OpT::getOperationName()] = std::move(handler);
  }

  /// Executes `function` on `inputs`, one an argument. The symbols of its
  /// argument types are found from their shapes. Fails with one error at the op
  /// that failed, or at the function when the inputs do not fit it.
  llvm::FailureOr<Tensors> run(mlir::func::FuncOp function, Tensors inputs);

  /// Executes a block that ends in a terminator like `return`, whose operands
  /// are the results. `arguments` are the block's; `captures` what it reads
  /// from around it.
  llvm::FailureOr<Tensors> runBlock(mlir::Block &block, Tensors arguments,
                                    const SymbolValues &symbols,
                                    const Captures &captures = {});

private:
  llvm::FailureOr<Tensors> runOp(mlir::Operation *op, Tensors operands,
                                 const SymbolValues &symbols);

  llvm::StringMap<Handler> handlers; ///< by the op's name
  Observer observer;                 ///< or null
};

} // namespace tenon

#endif // TENON_COMPILER_INTERPRET_INTERPRETER_H
