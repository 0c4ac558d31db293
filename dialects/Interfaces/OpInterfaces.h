//===- OpInterfaces.h - what passes may ask of an op ----------------------===//
//
// The interfaces are described in OpInterfaces.td. The builder of the Tile room
// is only declared here: who implements TileOpInterface includes it.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_DIALECTS_INTERFACES_OPINTERFACES_H
#define TENON_DIALECTS_INTERFACES_OPINTERFACES_H

#include "dialects/Interfaces/Reference.h"
#include "dialects/Interfaces/Window.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"

namespace tenon {

/// The kinds of kernel that an op can anchor, from the weakest claim on the
/// grid to the strongest.
enum class KernelClass {
  View,        ///< moves no data: reshape, transpose, broadcast, slice
  Elementwise, ///< any grid
  Gather,      ///< any grid; reads rows by index
  Reduction,   ///< whole rows along some dims
  Contraction, ///< blocks of rows and columns, a loop along the contracted dim
  Attention,   ///< blocks of query rows, a loop over keys
  None,        ///< no kernel: constants and weights
};

namespace tile {
class KernelBuilder;
} // namespace tile

} // namespace tenon

#include "dialects/Interfaces/OpInterfaces.h.inc"

#endif // TENON_DIALECTS_INTERFACES_OPINTERFACES_H
