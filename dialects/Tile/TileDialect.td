#ifndef TENON_DIALECTS_TILE_TILEDIALECT_TD
#define TENON_DIALECTS_TILE_TILEDIALECT_TD

include "mlir/IR/OpBase.td"

def Tile_Dialect : Dialect {
  let name = "tile";
  let cppNamespace = "::tenon::tile";
  let summary = "kernels as programs over small dense blocks, for any machine";
  let description = [{
    A kernel is a grid of program instances, in any order; its values are tiles.
    There are no threads, registers, vector widths or pointers in it. README.md
    beside this file gives the reasons and four worked kernels.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
}

#endif // TENON_DIALECTS_TILE_TILEDIALECT_TD
