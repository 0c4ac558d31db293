//===- KernelBuilder.h - builds a kernel by asking for tiles --------------===//
//
// One builder a kernel. It starts from the regions of the stored values and
// asks each op, through TileOpInterface, for the tile of its result; the op
// asks back for tiles of its operands, until values from outside the kernel are
// loaded. Tiles of f16 and bf16 values are widened to f32 on the way (an mma
// may ask for the narrow form), so a chain of ops rounds once, when it is
// stored.
//
//   AxisTile x = *builder.tileOf(op.getInput(), region);
//   AxisTile y = builder.map({x}, f32, [&](OpBuilder &b, ValueRange v) {
//     return math::ExpOp::create(b, loc, v[0]); });
//
//===----------------------------------------------------------------------===//

#ifndef TENON_DIALECTS_TILE_KERNELBUILDER_H
#define TENON_DIALECTS_TILE_KERNELBUILDER_H

#include "dialects/Interfaces/Window.h"
#include "dialects/Tile/TileDialect.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

#include <functional>

namespace tenon::tile {

/// What the builder must know of tensors, given by whoever knows their types:
/// the size of dimension `d` as an attribute (equal sizes are equal attributes)
/// and, where it is a number, that number.
struct TensorSizes {
  std::function<mlir::Attribute(mlir::Value, unsigned d)> sizeOf;
  std::function<mlir::Attribute(mlir::ArrayRef<mlir::Attribute>)> productOf;
  std::function<std::optional<int64_t>(mlir::Attribute)> constantOf;
};

/// The type of a tensor's elements inside kernels: integers lose their sign, as
/// in `arith`, where the ops know it.
mlir::Type kernelTypeOf(mlir::Type elementType);

class KernelBuilder {
public:
  using BodyFn =
      llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::ValueRange)>;

  /// `builder` stands in the kernel's entry block, before its terminator.
  /// `inputs` and `outputs` are the values whose buffers the first arguments
  /// are.
  KernelBuilder(KernelOp kernel, TensorSizes sizes, mlir::ValueRange inputs);

  mlir::OpBuilder &builder() { return b; }
  mlir::Location loc() const { return location; }
  mlir::MLIRContext *context() { return b.getContext(); }

  //===--------------------------------------------------------------------===//
  // Tiles of tensors
  //===--------------------------------------------------------------------===//

  /// The tile of `value` over `region`, floats narrower than f32 widened.
  mlir::FailureOr<AxisTile> tileOf(mlir::Value value, const Window &region);
  /// The same in the value's own element type.
  mlir::FailureOr<AxisTile> narrowTileOf(mlir::Value value,
                                         const Window &region);
  /// Whether the value comes from outside the kernel.
  bool isInput(mlir::Value value) const { return inputBuffers.contains(value); }
  /// A load of input `storage`, whose memory is taken to have the shape of
  /// `shaped` (itself, or a reshape of it).
  AxisTile load(mlir::Value storage, mlir::Value shaped, const Window &region);
  /// The tile with floats narrower than f32 widened.
  AxisTile widened(const Window &region, AxisTile tile);
  /// Rows of an input chosen along `dim`, its memory taken to have the shape
  /// `dims`; `region` describes the other dims (a point at `dim`). The result
  /// has the axes of `indices`, then the region's.
  mlir::Value gather(mlir::Value input, mlir::ArrayRef<mlir::Attribute> dims,
                     mlir::Value indices, unsigned dim, const Window &region);
  /// Writes the tile of `value` over `region` to output `number`.
  void store(mlir::Value value, unsigned number, AxisTile tile,
             const Window &region);

  //===--------------------------------------------------------------------===//
  // Arithmetic
  //===--------------------------------------------------------------------===//

  /// A scalar function of tiles over the same region; the result has every axis
  /// that an input has.
  AxisTile map(const Window &region, mlir::ArrayRef<AxisTile> inputs,
               mlir::Type elementType, BodyFn body);
  /// The tile with all axes of the region.
  AxisTile expand(const Window &region, AxisTile tile);
  /// `limit`: the elements that count, if not all do.
  AxisTile reduce(Combine kind, AxisTile tile, unsigned axis,
                  mlir::Value limit = nullptr);
  AxisTile fill(const Window &region, mlir::TypedAttr value);
  /// Coordinates along one axis of the region, i64: its offset, offset + 1, ...
  AxisTile index(const Window &region, unsigned axis);
  /// Coordinates along a dim of the region, i64, on an axis or at a point.
  /// Fails where several dims share the axis.
  mlir::FailureOr<AxisTile> coordinates(const Window &region, unsigned dim);
  /// One index value, i64, along no axis; null is 0.
  AxisTile scalar(mlir::Value index);

  //===--------------------------------------------------------------------===//
  // Sizes and loops
  //===--------------------------------------------------------------------===//

  mlir::Value constantIndex(int64_t value);
  /// The size of a dimension: a constant, or an argument of the kernel.
  mlir::Value sizeOf(mlir::Value tensor, unsigned d);
  mlir::Value sizeValue(mlir::Attribute size);
  std::optional<int64_t> constantSizeOf(mlir::Value tensor, unsigned d) const;
  mlir::Attribute sizeAttrOf(mlir::Value tensor, unsigned d) const {
    return sizes.sizeOf(tensor, d);
  }
  llvm::SmallVector<mlir::Attribute> sizeAttrsOf(mlir::Value tensor) const;
  const TensorSizes &tensorSizes() const { return sizes; }
  mlir::Attribute symbol(llvm::StringRef name) { return b.getStringAttr(name); }
  mlir::Attribute number(int64_t extent) { return b.getIndexAttr(extent); }
  /// The extent as an index value.
  mlir::Value extentValue(mlir::Attribute extent);
  /// for (k = 0; k < bound; k += extent) over carried tiles.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>>
  loop(mlir::Value bound, mlir::Attribute extent, mlir::ValueRange carried,
       llvm::function_ref<mlir::FailureOr<llvm::SmallVector<mlir::Value>>(
           mlir::Value k, mlir::ValueRange)>
           body);
  /// Index arithmetic; null stands for 0.
  mlir::Value addIndex(mlir::Value a, mlir::Value b);
  mlir::Value subIndex(mlir::Value a, mlir::Value b);
  mlir::Value mulIndex(mlir::Value a, int64_t factor);

  /// The sizes behind the kernel's index arguments, in their order.
  llvm::ArrayRef<mlir::Attribute> scalars() const {
    return scalarSizes.getArrayRef();
  }

private:
  AxisTile convert(const Window &region, AxisTile tile, mlir::Type elementType);
  mlir::Value viewOf(mlir::Value buffer, mlir::ArrayRef<mlir::Attribute> dims,
                     mlir::Type elementType);
  /// How a region of a tensor appears as offsets and axes of a view.
  struct Access {
    llvm::SmallVector<mlir::Attribute> dims;
    llvm::SmallVector<mlir::Value> offsets;
    llvm::SmallVector<int64_t> axes;
  };
  Access accessOf(mlir::ArrayRef<mlir::Attribute> dims, const Window &region);

  KernelOp kernel;
  TensorSizes sizes;
  mlir::OpBuilder b;
  mlir::Location location;
  llvm::DenseMap<mlir::Value, mlir::Value> inputBuffers;
  llvm::SetVector<mlir::Attribute> scalarSizes;
};

} // namespace tenon::tile

#endif // TENON_DIALECTS_TILE_KERNELBUILDER_H
