//===- GridForms.h - how a kernel's grid may lie over its result ----------===//

#ifndef TENON_PASSES_FUSION_GRIDFORMS_H
#define TENON_PASSES_FUSION_GRIDFORMS_H

#include "dialects/Interfaces/OpInterfaces.h"
#include "dialects/Tile/KernelBuilder.h"

namespace tenon {

/// How long the tiles are along an axis.
enum class GridExtent {
  Rows,    ///< the symbol BM
  Columns, ///< the symbol BN
  Whole,   ///< the dim's size; not in the grid
  One,     ///< 1
};

/// One axis of the tiles over a value: dims taken as one.
struct GridAxis {
  llvm::SmallVector<unsigned, 2> dims;
  GridExtent extent;
};

/// Dims on no axis are points: one instance each.
using GridForm = llvm::SmallVector<GridAxis>;

/// The forms to try for a kernel over a value of this rank, best first.
llvm::SmallVector<GridForm> gridForms(KernelClass kernelClass, unsigned rank);

/// Whether every whole axis has a size that is a number.
bool isPossible(mlir::Value core, const GridForm &form);

/// Sizes of graph tensors, as the builder asks for them.
tile::TensorSizes graphSizes(mlir::MLIRContext *context);

/// Adds the grid and returns the window of one instance.
tile::Window buildGrid(tile::KernelBuilder &builder, mlir::Value core,
                       const GridForm &form);

} // namespace tenon

#endif // TENON_PASSES_FUSION_GRIDFORMS_H
