//===- Products.h - which units can compute a product ---------------------===//

#ifndef TENON_DIALECTS_TILE_PRODUCTS_H
#define TENON_DIALECTS_TILE_PRODUCTS_H

#include "dialects/Tile/TileDialect.h"

namespace tenon::tile {

/// An operand of a product as it was before a map widened its elements; others
/// are themselves.
struct NarrowOperand {
  mlir::Value tile;
  bool isUnsigned = false;

  mlir::Type elementType() const {
    return llvm::cast<TileType>(tile.getType()).getElementType();
  }
};
NarrowOperand narrowOperand(mlir::Value tile);
/// The tile that maps widened and then narrowed again to its own type; others
/// are themselves.
mlir::Value withoutRoundTrip(mlir::Value tile);

/// The load at the end of maps that keep every place; what else they read (a
/// zero point, a scale) has fewer axes. Null where there is none.
LoadOp loadBehind(mlir::Value tile);
/// Whether the memory of which a right side is made has neighbours along the
/// contracted axis.
bool liesDeep(MmaOp product);
/// Bits of the stored integers of which a product of floats makes its right
/// side; 0 where there are none.
int64_t bitsOfWidened(MmaOp product);
/// How many neighbours along the contracted axis of a right side, a matrix or a
/// stack of them, lie together in a word of 32 bits of its packed memory; 1
/// where it does not lie so.
int64_t rowsOfWord(LoadOp load);
/// How many should: those of elements that have no address of their own.
int64_t wordLengthOf(mlir::Type elementType);

/// How many neighbours along the contracted axis a unit multiplies and adds up
/// in one lane of 32 bits: 2 of bf16; 4 of integers of 8 bits, unsigned on the
/// left and signed on the right; 1 where there is no such unit.
int64_t dotLength(MmaOp product);

/// So few rows are not worth the split of a product's operands into parts:
/// vectors multiply them, and pass weights in chunks. Measured on Sapphire
/// Rapids.
inline constexpr int64_t kMostUnsplitRows = 48;

bool hasProduct(KernelOp kernel);
/// Bytes of the factors that a GPU's matrix unit can multiply in all products
/// of the kernel: 4 of f32 that was rounded to tf32 and 2 of floats, both sides
/// of one type, with sums of f32; 1 of integers, of either sign, with sums of
/// i32; 0 where there is no such unit.
int64_t unitBytes(KernelOp kernel);
/// What such a unit reads of a side: itself, or what was widened; of tf32 the
/// f32 before it is rounded.
NarrowOperand unitOperand(mlir::Value side);
/// Whether all elements of the tile are a constant 0, of either sign.
bool isZeroFill(mlir::Value tile);

/// A unit that a schedule may name.
struct ProductUnit {
  llvm::StringRef name;
  llvm::StringRef device; ///< the target's unit that it runs on
  int64_t dotLength;      ///< of the products that it computes
  llvm::StringRef factor; ///< what it multiplies, for people
  bool isOfTiles;         ///< 16 x 16 sums at once, not a vector of them
  /// How many numbers of the device's type a factor is the sum of.
  int64_t numParts = 1;
};
llvm::ArrayRef<ProductUnit> productUnits();
/// Null where the name is no unit's.
const ProductUnit *productUnit(llvm::StringRef name);
/// The unit that the kernel's schedule names, or null.
const ProductUnit *unitOf(KernelOp kernel);
/// Whether the unit computes such products.
bool computes(const ProductUnit &unit, MmaOp product);

} // namespace tenon::tile

#endif // TENON_DIALECTS_TILE_PRODUCTS_H
