//===- KernelInterpreter.h - executes tile kernels, in both forms ---------===//
//
// A kernel in the scheduled form runs as it is. In the algorithm form its
// symbols are bound to numbers first: those of its schedule, else those given.
//
//   KernelOptions options;
//   options.extents["BM"] = 3;
//   FailureOr<SmallVector<ReferenceTensor>> results = interpretKernel(kernel,
//       {.inputs = {x}, .layouts = {nullptr}, .scalars = {7},
//        .results = {type}}, options);
//
// Instances run in an order drawn at random, so that a kernel whose result
// depends on it is found; KernelMemory.h says what else is checked.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_INTERPRET_KERNELINTERPRETER_H
#define TENON_COMPILER_INTERPRET_KERNELINTERPRETER_H

#include "compiler/Interpret/Interpreter.h"
#include "dialects/Tile/TileDialect.h"

namespace tenon {

struct KernelOptions {
  /// Numbers for the symbols that a kernel's own schedule does not give.
  llvm::StringMap<int64_t> extents;
  /// The number of every other symbol: small and odd, so that most blocks have
  /// an end that hangs over.
  int64_t otherExtent = 5;
  uint32_t orderSeed = 1; ///< of the order of instances
};

struct KernelArguments {
  llvm::SmallVector<ReferenceTensor> inputs;
  llvm::SmallVector<tile::LayoutAttr>
      layouts; ///< one an input; null: row-major
  llvm::SmallVector<int64_t> scalars;
  llvm::SmallVector<mlir::RankedTensorType> results; ///< static
};

/// Executes every instance of `kernel` and returns its outputs. Fails with one
/// error at the op that failed; it names the kernel.
llvm::FailureOr<llvm::SmallVector<ReferenceTensor>>
interpretKernel(tile::KernelOp kernel, KernelArguments arguments,
                const KernelOptions &options);

/// How an interpreter executes tile.launch. An interpreter has it already, with
/// the default options.
Interpreter::Handler launchHandler(KernelOptions options);

} // namespace tenon

#endif // TENON_COMPILER_INTERPRET_KERNELINTERPRETER_H
