//===- TileDialect.h - kernels as programs over tiles ---------------------===//

#ifndef TENON_DIALECTS_TILE_TILEDIALECT_H
#define TENON_DIALECTS_TILE_TILEDIALECT_H

#include "dialects/Interfaces/OpInterfaces.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Tile/TileDialect.h.inc"
#include "dialects/Tile/TileEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Tile/TileAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/Tile/TileTypes.h.inc"
namespace tenon::tile {
class GridOp;

/// Attribute of an exponential in a map's body: its argument is never above 0,
/// as a difference to a maximum is.
inline constexpr llvm::StringLiteral kNotPositive = "tile.not_positive";
/// Attribute of erfc: its argument is from 0 to this, or NaN.
inline constexpr llvm::StringLiteral kLimited = "tile.limited";
inline constexpr double kErfcLimit = 6;
/// Attribute of an exponential, erfc or division: the body's result is no less
/// accurate, relative to itself, than what this computes.
inline constexpr llvm::StringLiteral kRelative = "tile.relative";
/// Another: what becomes of it is rounded to bf16 or to 8 bits, and it need not
/// be much more accurate than that.
inline constexpr llvm::StringLiteral kRoundedToBf16 = "tile.rounded_to_bf16";
/// Attribute of a loop that carries, for rows, the maximum m so far, in base 2,
/// the sum of exp2(x - m), and the values weighted by these.
inline constexpr llvm::StringLiteral kOnlineSoftmax = "tile.online_softmax";
} // namespace tenon::tile
#define GET_OP_CLASSES
#include "dialects/Tile/TileOps.h.inc"

#endif // TENON_DIALECTS_TILE_TILEDIALECT_H
