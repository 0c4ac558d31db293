//===- KernelMemory.h - the buffers that an interpreted kernel sees -------===//
//
// Inputs are read and outputs are written element by element, and each access
// is checked: reads behind a view's end are zero, writes there do nothing, and
// two instances that write one element are an error, as is reading an element
// of an output that this instance has not written.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_INTERPRET_KERNELMEMORY_H
#define TENON_COMPILER_INTERPRET_KERNELMEMORY_H

#include "dialects/Interfaces/Reference.h"
#include "dialects/Tile/TileDialect.h"

namespace tenon {

/// Begins an error at an op of a kernel; it names the kernel.
mlir::InFlightDiagnostic emitKernelError(mlir::Operation *op);

/// A buffer with a shape, as tile.view gives it one.
struct KernelView {
  unsigned buffer = 0; ///< number of the kernel's argument
  llvm::SmallVector<int64_t> sizes;
  tile::LayoutAttr layout; ///< null: row-major
};

class KernelMemory {
public:
  /// `layouts` are those that the inputs lie in, one an input (null:
  /// row-major). `outputs` have their final shapes.
  KernelMemory(llvm::ArrayRef<ReferenceTensor> inputs,
               llvm::ArrayRef<tile::LayoutAttr> layouts,
               llvm::SmallVector<ReferenceTensor> outputs);

  /// Begins the work of instance `number` of the grid.
  void beginInstance(int64_t number) { instance = number; }

  /// Checks that the buffer has the view's elements, in its layout. Emits an
  /// error at `op`.
  mlir::LogicalResult checkView(mlir::Operation *op,
                                const KernelView &view) const;

  /// Copies the view's element at `index` to `position` of a tile; nothing
  /// where it is outside. Emits an error at `op`.
  mlir::LogicalResult read(mlir::Operation *op, const KernelView &view,
                           llvm::ArrayRef<int64_t> index, ReferenceTensor &tile,
                           int64_t position) const;

  /// The other way. Emits an error at `op`.
  mlir::LogicalResult write(mlir::Operation *op, const KernelView &view,
                            llvm::ArrayRef<int64_t> index,
                            const ReferenceTensor &tile, int64_t position);

  /// Hands out the outputs. Fails with an error at `kernel` when an element has
  /// not been written.
  llvm::FailureOr<llvm::SmallVector<ReferenceTensor>>
  takeOutputs(tile::KernelOp kernel);

private:
  struct Buffer {
    ReferenceTensor elements; ///< of rank 1, in memory's order, for inputs
    tile::LayoutAttr layout;
    std::vector<int64_t> writers; ///< instances, one an element of an output
  };
  bool isOutput(unsigned buffer) const { return buffer >= numInputs; }

  std::vector<Buffer> buffers;
  unsigned numInputs;
  int64_t instance = 0;
};

} // namespace tenon

#endif // TENON_COMPILER_INTERPRET_KERNELMEMORY_H
