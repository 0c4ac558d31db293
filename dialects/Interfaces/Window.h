//===- Window.h - which part of a tensor a tile is ------------------------===//
//
// A kernel is built by asking for tiles: "rows i*BM .. of this value, columns
// j*BN ..". An op answers by asking for tiles of its operands over the regions
// that it needs of them (TileOpInterface).
//
// Example: tensor BxLx384, region {axes: [{dims 0,1; offset i*BM; extent "BM"},
// {dims 2; offset 0; extent 384}]}: BM whole rows, B and L taken as one dim.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_DIALECTS_INTERFACES_WINDOW_H
#define TENON_DIALECTS_INTERFACES_WINDOW_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace tenon::tile {

/// One axis of a tile. It runs along one dim of the value, or along several
/// neighbouring dims taken as one, row-major.
struct Axis {
  llvm::SmallVector<unsigned, 2> dims;
  mlir::Value offset; ///< index; null is 0
  mlir::Attribute
      extent; ///< IntegerAttr, or StringAttr: a symbol of the schedule
};

/// A part of a value: some dims run along axes, the others stand at a point.
struct Window {
  llvm::SmallVector<Axis> axes; ///< of the tile, outermost first
  llvm::SmallVector<mlir::Value>
      points; ///< one a dim: its index; null is 0 or covered by an axis

  unsigned rank() const { return points.size(); }
  /// The axis that runs along `dim`, alone or with others.
  std::optional<unsigned> axisOf(unsigned dim) const {
    for (auto [number, axis] : llvm::enumerate(axes))
      if (llvm::is_contained(axis.dims, dim))
        return number;
    return std::nullopt;
  }
};

/// A tile made for a region. It may lack axes along which it does not change
/// (a bias has no rows): `axes` numbers those of the region that it has,
/// rising.
struct AxisTile {
  mlir::Value tile;
  llvm::SmallVector<unsigned> axes;
};

} // namespace tenon::tile

#endif // TENON_DIALECTS_INTERFACES_WINDOW_H
