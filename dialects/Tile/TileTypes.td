#ifndef TENON_DIALECTS_TILE_TILETYPES_TD
#define TENON_DIALECTS_TILE_TILETYPES_TD

include "dialects/Tile/TileDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinTypeInterfaces.td"

class Tile_Type<string name, string mnemonic_, list<Trait> traits = []>
    : TypeDef<Tile_Dialect, name, traits> {
  let mnemonic = mnemonic_;
}

def Tile_LayoutAttr : AttrDef<Tile_Dialect, "Layout"> {
  let mnemonic = "layout";
  let summary = "the order of elements in memory, as digits of the coordinates";
  let description = [{
    Memory order from the slowest to the fastest digit. A digit is a coordinate
    divided by `stride`, modulo `extent` (no extent: the rest of the coordinate).
    Row-major of rank 2 is `<0, 1>`. Weight panels of 48 columns,
    `[N/48][K][48]`, are `<1/48, 0, 1%48>`; the same with pairs of rows side by
    side, for bf16 dot products, are `<1/48, 0/2, 1%48, 0%2>`. A dimension that its
    digits do not divide is padded with zeros.
  }];
  // (dim, stride, extent) a digit, flat; extent 0: the rest.
  let parameters = (ins ArrayRefParameter<"int64_t">:$digits);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    struct Digit { unsigned dim; int64_t stride, extent; };
    ::llvm::SmallVector<Digit> getDigitList() const;
    /// Sizes of the digits for a tensor of these dims, slowest first.
    ::llvm::SmallVector<int64_t> getDigitSizes(::llvm::ArrayRef<int64_t> dims) const;
    /// Elements with padding.
    int64_t getNumElements(::llvm::ArrayRef<int64_t> dims) const;
    /// Position in memory of the element at `index`.
    int64_t getOffset(::llvm::ArrayRef<int64_t> dims, ::llvm::ArrayRef<int64_t> index) const;
    /// [N/width][K][width] of a KxN matrix, or [N/width][K/rowGroup][width][rowGroup];
    /// the dims before K of a stack of them, `rank` in all, stand before K.
    static LayoutAttr getPanels(::mlir::MLIRContext *context, int64_t width, int64_t rowGroup = 1,
                                int64_t rank = 2);
    /// A matrix column after column; the dims before them of a stack stay where they are.
    static LayoutAttr getColumns(::mlir::MLIRContext *context, int64_t rank = 2);
    /// The dims, slowest first, where each digit is one of them; empty for other orders.
    ::llvm::SmallVector<int64_t> getDimOrder() const;
  }];
}

def Tile_VariantAttr : AttrDef<Tile_Dialect, "Variant"> {
  let mnemonic = "variant";
  let summary = "a kernel that runs in place of another where there is little";
  let description = [{
    `#tile.variant<@k_16, axis 1 at most 16>`: `kernel` computes the same and runs
    where axis `axis` of the grid has at most `most` elements.
  }];
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$kernel, "int64_t":$axis, "int64_t":$most);
  let assemblyFormat = "`<` $kernel `,` `axis` $axis `at` `most` $most `>`";
}

def Tile_BufferType : Tile_Type<"Buffer", "buffer"> {
  let summary = "memory that a kernel gets as an argument";
  let description = [{`!tile.buffer<f32>`: elements, without a shape; `tile.view` gives one.}];
  let parameters = (ins "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $elementType `>`";
}

def Tile_ViewType : Tile_Type<"View", "view"> {
  let summary = "a buffer with a shape and a layout";
  let description = [{
    `!tile.view<?x384xf32>` is row-major and contiguous;
    `!tile.view<384x1536xf32, <1/48, 0, 1%48>>` lies in panels.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType,
                        "::tenon::tile::LayoutAttr":$layout);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    unsigned getRank() const { return getShape().size(); }
  }];
}

def Tile_TileType : Tile_Type<"Tile", "tile"> {
  let summary = "a small dense block of elements, a value";
  let description = [{
    `!tile.tile<[BM, 384], f32>`: extents are numbers or symbols of the schedule.
    In the scheduled form all are numbers. Rank 0 is a scalar.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::Attribute">:$extents, "::mlir::Type":$elementType);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    unsigned getRank() const { return getExtents().size(); }
    bool isScheduled() const;
    /// The extent of an axis; only in the scheduled form.
    int64_t getExtent(unsigned axis) const;
    ::llvm::SmallVector<int64_t> getShape() const;
    TileType withElementType(::mlir::Type type) const {
      return get(getContext(), getExtents(), type);
    }
  }];
}

#endif // TENON_DIALECTS_TILE_TILETYPES_TD
