#ifndef TENON_DIALECTS_INTERFACES_OPINTERFACES_TD
#define TENON_DIALECTS_INTERFACES_OPINTERFACES_TD

// What passes ask of an op. All that is known about an op stands with the op,
// behind one of these; no pass switches on op kinds.
// Shapes are inferred through MLIR's InferTypeOpInterface.

include "mlir/IR/OpBase.td"

def ReferenceOpInterface : OpInterface<"ReferenceOpInterface"> {
  let description = [{
    What the op means: a plain, slow kernel written to be read. Floats are
    computed in f64 and rounded once to the result's type, integers in i64.
  }];
  let cppNamespace = "::tenon";
  let methods = [InterfaceMethod<
    /*desc=*/[{
      Computes the results from the operands (an absent optional operand is not
      in the list; ask the op which are there). `results` come with their type
      and dims set and data zeroed. Fails with one error at the op.
    }],
    "::llvm::LogicalResult", "evaluate",
    (ins "::llvm::ArrayRef<::tenon::ReferenceTensor>":$operands,
         "::llvm::MutableArrayRef<::tenon::ReferenceTensor>":$results)>];
}

def DecomposableOpInterface : OpInterface<"DecomposableOpInterface"> {
  let description = [{A composite op, such as softmax, in terms of simpler ops.}];
  let cppNamespace = "::tenon";
  let methods = [InterfaceMethod<
    "Builds the same value from simpler ops before the op; returns one value a result.",
    "::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>", "decompose",
    (ins "::mlir::OpBuilder &":$builder)>];
}

def CostOpInterface : OpInterface<"CostOpInterface"> {
  let description = [{
    Operations of the op, one multiply-add counted as two; bytes follow from the
    types.
  }];
  let cppNamespace = "::tenon";
  let methods = [InterfaceMethod<
    [{The operations as a dim of the graph (opaque here): a polynomial over the
      symbols of the op's types, unknown when one of its dims is.}],
    "::mlir::Attribute", "countFlops">];
}

def TileOpInterface : OpInterface<"TileOpInterface"> {
  let description = [{
    How the op becomes tiles: which grid suits it when it anchors a kernel, and
    which tile ops make a tile of its result from tiles of its operands.
  }];
  let cppNamespace = "::tenon";
  let methods = [
    InterfaceMethod<
      "What kind of kernel the op makes; fusion and grids follow from it.",
      "::tenon::KernelClass", "getKernelClass">,
    InterfaceMethod<
      [{Builds the tile of result `number` over `region` with the builder, asking it
        for tiles of the operands. Fails without an error when this region cannot
        be made inside one kernel: the caller then cuts the group.}],
      "::mlir::FailureOr<::tenon::tile::AxisTile>", "buildTile",
      (ins "::tenon::tile::KernelBuilder &":$builder, "unsigned":$number,
           "const ::tenon::tile::Window &":$region)>];
}

def ElementwiseOpInterface : OpInterface<"ElementwiseOpInterface"> {
  let description = [{
    An op that applies one scalar function to elements of operands that are
    broadcast together (trailing dims aligned, extent 1 repeats).
  }];
  let cppNamespace = "::tenon";
  let methods = [
    InterfaceMethod<
      [{The scalar function as arith and math ops. Scalars have the operands'
        element types, f16 and bf16 widened to f32; so has the result.}],
      "::mlir::Value", "buildBody",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$scalars)>];
}

#endif // TENON_DIALECTS_INTERFACES_OPINTERFACES_TD
