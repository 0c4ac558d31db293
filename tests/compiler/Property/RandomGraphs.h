//===- RandomGraphs.h - small graphs of the kinds that models have --------===//
//
//   RandomGraph graph = drawGraph(context, seed);
//   graph.module    // one function, main
//   graph.symbols   // {"A": 17, "B": 1}: what its symbolic dims stand for
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TESTS_COMPILER_PROPERTY_RANDOMGRAPHS_H
#define TENON_TESTS_COMPILER_PROPERTY_RANDOMGRAPHS_H

#include "compiler/Interpret/Interpreter.h"

#include "mlir/IR/OwningOpRef.h"

#include <random>

namespace tenon {

struct RandomGraph {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  llvm::StringMap<int64_t> symbols;
  llvm::SmallVector<double> deviations; ///< of the arguments' floats
};

/// A chain of up to four of: a product with what stands before and after it, a
/// norm or softmax, attention, rows of a table, a reduction, elementwise work,
/// views, what joins tensors, what searches them. Dims are
/// ragged, 0 and 1 among them, and numbers or symbols. The same seed gives the
/// same graph.
RandomGraph drawGraph(mlir::MLIRContext &context, uint32_t seed);

/// Normal numbers, small integers, and booleans of which most are true, one
/// tensor an argument. Sums of products stay near 1, so that an error cannot
/// hide behind rounding.
Interpreter::Tensors drawTensors(const RandomGraph &graph, uint32_t seed);

} // namespace tenon

#endif // TENON_TESTS_COMPILER_PROPERTY_RANDOMGRAPHS_H
