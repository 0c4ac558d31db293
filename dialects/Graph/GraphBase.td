#ifndef TENON_DIALECTS_GRAPH_GRAPHBASE_TD
#define TENON_DIALECTS_GRAPH_GRAPHBASE_TD

include "dialects/Graph/GraphAttrs.td"
include "dialects/Interfaces/OpInterfaces.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

def Graph_Float : AnyTypeOf<[F64, F32, F16, BF16, F8E4M3FN, F8E5M2], "a float">;
def Graph_Int : AnyTypeOf<[I64, I32, I16, I8, UI64, UI32, UI16, UI8, I<4>, UI<4>], "an integer">;
def Graph_Bool : I<1>;
def Graph_Element : AnyTypeOf<[Graph_Float, Graph_Int, Graph_Bool]>;
def Graph_Tensor : RankedTensorOf<[Graph_Element]>;
def Graph_FloatTensor : RankedTensorOf<[Graph_Float]>;
def Graph_NumberTensor : RankedTensorOf<[Graph_Float, Graph_Int]>;
def Graph_IntTensor : RankedTensorOf<[Graph_Int]>;
def Graph_BoolTensor : RankedTensorOf<[Graph_Bool]>;

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

def Graph_Reference : DeclareOpInterfaceMethods<ReferenceOpInterface>;
def Graph_Decomposable : DeclareOpInterfaceMethods<DecomposableOpInterface>;
def Graph_Cost : DeclareOpInterfaceMethods<CostOpInterface>;
def Graph_Tile : DeclareOpInterfaceMethods<TileOpInterface>;
// Results follow from operands and attributes; unknown dims are compatible.
def Graph_Infer : DeclareOpInterfaceMethods<InferTypeOpInterface>;

// Every op is pure and has a reference meaning.
class Graph_Op<string mnemonic, list<Trait> traits = []>
    : Op<Graph_Dialect, mnemonic, traits # [Pure, Graph_Reference]> {
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

// An op whose result types are inferred.
class Graph_InferredOp<string mnemonic, list<Trait> traits = []>
    : Graph_Op<mnemonic, traits # [Graph_Infer]> {
  let extraClassDeclaration = [{
    static bool isCompatibleReturnTypes(::mlir::TypeRange inferred,
                                        ::mlir::TypeRange written) {
      return ::tenon::graph::areCompatible(inferred, written);
    }
  }];
}

#endif // TENON_DIALECTS_GRAPH_GRAPHBASE_TD
