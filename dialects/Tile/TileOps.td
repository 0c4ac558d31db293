#ifndef TENON_DIALECTS_TILE_TILEOPS_TD
#define TENON_DIALECTS_TILE_TILEOPS_TD

include "dialects/Interfaces/OpInterfaces.td"
include "dialects/Tile/TileTypes.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Tile_Op<string mnemonic, list<Trait> traits = []>
    : Op<Tile_Dialect, mnemonic, traits>;

//===----------------------------------------------------------------------===//
// The kernel, its grid and its memory
//===----------------------------------------------------------------------===//

def Tile_KernelOp : Tile_Op<"kernel", [IsolatedFromAbove, Symbol, SingleBlock,
                                       DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a function over a grid of program instances";
  let description = [{
    Arguments: input buffers, output buffers, then index scalars (sizes that are
    not constants). `schedule` gives numbers to the symbols of the algorithm form;
    `source` names the graph ops that the kernel computes. `variants` are kernels
    that compute the same: a launch runs the first of them whose bound holds, and
    this kernel where none does.

    * (C1) arguments are `numInputs` + `numOutputs` buffers, then indices.
    * (C2) the body has exactly one `tile.grid`, in its entry block.
    * (C3) a variant is of an axis of the grid.
    * (C4) a variant is another kernel, with the same arguments and number of axes.

    Example:

    ```mlir
    tile.kernel @double(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
      %i = tile.grid [%n by BN]
      %xv = tile.view %x[%n] : !tile.view<?xf32>
      %yv = tile.view %y[%n] : !tile.view<?xf32>
      %a = tile.load %xv[%i] axes [0] : !tile.view<?xf32> -> !tile.tile<[BN], f32>
      %b = tile.map %a, %a maps [[0], [0]] : !tile.tile<[BN], f32>, !tile.tile<[BN], f32> -> !tile.tile<[BN], f32> {
      ^bb0(%p: f32, %q: f32):
        %s = arith.addf %p, %q : f32
        tile.yield %s : f32
      }
      tile.store %b, %yv[%i] axes [0] : !tile.tile<[BN], f32>, !tile.view<?xf32>
      tile.return
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$numInputs, I64Attr:$numOutputs,
                       OptionalAttr<DictionaryAttr>:$schedule, OptionalAttr<StrAttr>:$source,
                       OptionalAttr<TypedArrayAttrBase<Tile_VariantAttr, "variants">>:$variants);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Block &getEntry() { return getBody().front(); }
    ::llvm::ArrayRef<::mlir::BlockArgument> getInputs() {
      return getEntry().getArguments().take_front(getNumInputs());
    }
    ::llvm::ArrayRef<::mlir::BlockArgument> getOutputs() {
      return getEntry().getArguments().slice(getNumInputs(), getNumOutputs());
    }
    ::llvm::ArrayRef<::mlir::BlockArgument> getScalars() {
      return getEntry().getArguments().drop_front(getNumInputs() + getNumOutputs());
    }
    /// The only grid of the body.
    ::tenon::tile::GridOp getGrid();
    ::llvm::SmallVector<::tenon::tile::VariantAttr> getVariantList();
  }];
}

def Tile_ReturnOp : Tile_Op<"return", [Terminator, HasParent<"KernelOp">]> {
  let summary = "ends a kernel";
  let description = [{Example: `tile.return`}];
  let assemblyFormat = "attr-dict";
}

// Not pure: a kernel of one instance has a grid without results, which is not dead.
def Tile_GridOp : Tile_Op<"grid"> {
  let summary = "the instances of a kernel and where each begins";
  let description = [{
    One axis an operand: `sizes[a]` elements in blocks of `blocks[a]` (a number or
    a symbol), so `ceildiv(size, block)` instances. The results are the first
    element of this instance along each axis. Instances run in any order and
    write disjoint elements.

    * (C1) one block a size.

    Example: `%i, %j = tile.grid [%m by BM, %n by 48]`
  }];
  let arguments = (ins Variadic<Index>:$sizes, ArrayAttr:$blocks);
  let results = (outs Variadic<Index>:$offsets);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def Tile_ExtentOp : Tile_Op<"extent", [Pure]> {
  let summary = "a symbol of the schedule as an index";
  let description = [{
    Loop steps of the algorithm form; `apply-schedule` replaces them by constants.

    Example: `%bk = tile.extent BK`
  }];
  let arguments = (ins StrAttr:$symbol);
  let results = (outs Index:$result);
  let hasCustomAssemblyFormat = 1;
}

def Tile_ViewOp : Tile_Op<"view", [Pure]> {
  let summary = "gives a buffer a shape";
  let description = [{
    One size an dimension; static dimensions of the type are constants among them.
    Several views of one buffer are allowed.

    * (C1) one size a dimension.
    * (C2) a size that is a constant is the one of the type.

    Example: `%v = tile.view %x[%m, %c384] : !tile.view<?x384xf32>`
  }];
  let arguments = (ins Tile_BufferType:$buffer, Variadic<Index>:$sizes);
  let results = (outs Tile_ViewType:$result);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Memory and tiles
//===----------------------------------------------------------------------===//

def Tile_LoadOp : Tile_Op<"load", [Pure]> {
  let summary = "a tile of a view; outside the view it is zero";
  let description = [{
    The tile's axis `a` runs along view dimension `axes[a]` from `offsets` there;
    the other dimensions stand at their offset. A transposed tile is a matter of
    `axes`. Along an axis the tile may begin before the view and end behind it;
    dimensions without an axis stand inside.

    * (C1) one offset a view dimension.
    * (C2) one axis a tile axis, all different.
    * (C3) the element types are equal.

    Example: `%a = tile.load %v[%i, %k] axes [0, 1] : !tile.view<?x384xf32> -> !tile.tile<[BM, BK], f32>`
  }];
  let arguments = (ins Tile_ViewType:$view, Variadic<Index>:$offsets, DenseI64ArrayAttr:$axes);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = "$view `[` $offsets `]` `axes` $axes attr-dict `:` type($view) `->` type($result)";
  let hasVerifier = 1;
}

def Tile_StoreOp : Tile_Op<"store"> {
  let summary = "writes a tile to a view; nothing is written outside it";
  let description = [{
    As `tile.load`, the other way.

    * (C1) one offset a view dimension.
    * (C2) one axis a tile axis, all different.
    * (C3) the element types are equal.

    Example: `tile.store %c, %v[%i, %j] axes [0, 1] : !tile.tile<[BM, BN], f32>, !tile.view<?x1536xf32>`
  }];
  let arguments = (ins Tile_TileType:$tile, Tile_ViewType:$view, Variadic<Index>:$offsets, DenseI64ArrayAttr:$axes);
  let assemblyFormat = "$tile `,` $view `[` $offsets `]` `axes` $axes attr-dict `:` type($tile) `,` type($view)";
  let hasVerifier = 1;
}

def Tile_GatherOp : Tile_Op<"gather", [Pure]> {
  let summary = "rows of a view chosen by an index tile";
  let description = [{
    Along view dimension `dim` the element is `indices[..]` instead of an offset
    (the offset given there is added; negative indices count from the end, indices
    outside read zero). The result has the axes of `indices` first, then one for
    each of `axes`.

    * (C1) the indices are integers.
    * (C2) one offset a view dimension, one axis a remaining tile axis.
    * (C3) `dim` is not an axis.

    Example: `%r = tile.gather %table, %ids [%z, %z] dim 0 axes [1] : !tile.view<30522x384xf32>, !tile.tile<[BM], i64> -> !tile.tile<[BM, 384], f32>`
  }];
  let arguments = (ins Tile_ViewType:$view, Tile_TileType:$indices, Variadic<Index>:$offsets,
                       I64Attr:$dim, DenseI64ArrayAttr:$axes);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = [{
    $view `,` $indices `[` $offsets `]` `dim` $dim `axes` $axes attr-dict
    `:` type($view) `,` type($indices) `->` type($result)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

def Tile_FillOp : Tile_Op<"fill", [Pure]> {
  let summary = "a tile of one value";
  let description = [{Example: `%z = tile.fill %c0 : f32 -> !tile.tile<[BM, BN], f32>`}];
  let arguments = (ins AnyType:$value);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = "$value attr-dict `:` type($value) `->` type($result)";
}

def Tile_IndexOp : Tile_Op<"index", [Pure]> {
  let summary = "offset, offset + 1, ... along the only axis";
  let description = [{Example: `%j = tile.index %j0 : !tile.tile<[BN], i64>`}];
  let arguments = (ins Index:$offset);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = "$offset attr-dict `:` type($result)";
}

def Tile_MapOp : Tile_Op<"map", [RecursivelySpeculatable, RecursiveMemoryEffects, SingleBlock]> {
  let summary = "a scalar function of elements";
  let description = [{
    Axis `a` of input `n` is axis `maps[n][a]` of the result; axes that an input
    lacks repeat it. The body is arith and math ops on scalars.

    * (C1) one map an input.
    * (C2) one number an axis of the input.
    * (C3) extents agree.
    * (C4) the body has one argument of the element type an input.
    * (C5) the body yields the result's element type.

    Example:

    ```mlir
    %y = tile.map %acc, %bias maps [[0, 1], [1]] : !tile.tile<[BM, BN], f32>, !tile.tile<[BN], f32> -> !tile.tile<[BM, BN], f32> {
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      tile.yield %s : f32
    }
    ```
  }];
  let arguments = (ins Variadic<Tile_TileType>:$inputs, ArrayAttr:$maps);
  let results = (outs Tile_TileType:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$inputs `maps` $maps attr-dict `:` type($inputs) `->` type($result) $body";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The result axis of each axis of input `n`.
    ::llvm::SmallVector<unsigned> getMap(unsigned n);
  }];
}

def Tile_YieldOp : Tile_Op<"yield", [Pure, Terminator, HasParent<"MapOp">]> {
  let summary = "the value of a map's body";
  let description = [{Example: `tile.yield %s : f32`}];
  let arguments = (ins AnyType:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

def Tile_Combine : I32EnumAttr<"Combine", "how a reduction combines two elements",
    [I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Max", 1, "max">,
     I32EnumAttrCase<"Min", 2, "min">, I32EnumAttrCase<"Prod", 3, "prod">,
     I32EnumAttrCase<"MaxNumber", 4, "max_number">]> {
  let cppNamespace = "::tenon::tile";
  let genSpecializedAttr = 0;
}
def Tile_CombineAttr : EnumAttr<Tile_Dialect, Tile_Combine, "combine"> {
  let assemblyFormat = "$value";
}

def Tile_ReduceOp : Tile_Op<"reduce", [Pure]> {
  let summary = "combines the elements along one axis";
  let description = [{
    The result lacks `axis`. Any order within the tile; max and min propagate NaN.
    `max_number`, of floats, leaves NaN out: one instruction where `max` takes three.
    Elements at `limit`, which is not negative, and behind it do not count: where a
    tensor ends within a tile, nothing says what these are.

    * (C1) the input has the axis.
    * (C2) the result is the input without it.

    Example: `%m = tile.reduce max %s axis 1 below %n : !tile.tile<[BM, BN], f32> -> !tile.tile<[BM], f32>`
  }];
  let arguments = (ins Tile_CombineAttr:$kind, Tile_TileType:$input, I64Attr:$axis,
                       Optional<Index>:$limit);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = "$kind $input `axis` $axis (`below` $limit^)? attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def Tile_MmaOp : Tile_Op<"mma", [Pure, AllTypesMatch<["accumulator", "result"]>]> {
  let summary = "accumulator + lhs x rhs";
  let description = [{
    lhs MxK, rhs KxN, accumulator and result MxN. Products and sums in the
    accumulator's type (operands are widened exactly).

    * (C1) all three have rank 2 and the extents agree.

    Example: `%c1 = tile.mma %a, %b, %c0 : !tile.tile<[BM, BK], f32>, !tile.tile<[BK, BN], f32> -> !tile.tile<[BM, BN], f32>`
  }];
  let arguments = (ins Tile_TileType:$lhs, Tile_TileType:$rhs, Tile_TileType:$accumulator);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = "$lhs `,` $rhs `,` $accumulator attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Use
//===----------------------------------------------------------------------===//

def Tile_LaunchOp : Tile_Op<"launch", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a kernel on tensors";
  let description = [{
    Value semantics: the results are new tensors. `scalars` give the kernel's index
    arguments, as dims of the graph (opaque here). Which memory a result gets is
    decided by the plan stage. `flops` and `bytes`, where they are known, say how
    many operations the launch is, a multiply-add being two, and what it must at
    least move; they are dims too.

    * (C1) the kernel exists.
    * (C2) inputs, results and scalars are as many as the kernel has.

    Example: `%y = tile.launch @k(%x, %w) scalars [#graph.dim<B*L>] : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>`
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyRankedTensor>:$inputs, ArrayAttr:$scalars,
                       OptionalAttr<AnyAttr>:$flops, OptionalAttr<AnyAttr>:$bytes);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = "$kernel `(` $inputs `)` `scalars` $scalars attr-dict `:` functional-type($inputs, $results)";
}

def Tile_PackOp : Tile_Op<"pack", [Pure, AllTypesMatch<["input", "result"]>,
                                    DeclareOpInterfaceMethods<ReferenceOpInterface>]> {
  let summary = "the same tensor in another order of memory";
  let description = [{
    The value does not change; whoever reads the result's memory finds the layout.
    On a constant it is evaluated when the artifact is written.

    Example: `%p = tile.pack %w, <1/48, 0, 1 mod 48> : tensor<384x1536xf32>`
  }];
  let arguments = (ins AnyRankedTensor:$input, Tile_LayoutAttr:$layout);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `,` $layout attr-dict `:` type($input)";
}

#endif // TENON_DIALECTS_TILE_TILEOPS_TD
