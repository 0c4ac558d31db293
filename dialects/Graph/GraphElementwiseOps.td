#ifndef TENON_DIALECTS_GRAPH_GRAPHELEMENTWISEOPS_TD
#define TENON_DIALECTS_GRAPH_GRAPHELEMENTWISEOPS_TD

include "dialects/Graph/GraphBase.td"

// One scalar function applied to elements, operands broadcast together. What ops
// differ in is given as C++ expressions:
//   elementType  of the result, from `adaptor`
//   typed        the operands whose element types must agree
//   variant      which kernel of the op, by its attribute
class Graph_ElementwiseOp<string mnemonic, list<Trait> traits = [],
                          string elementType = "getElementTypeOrSelf(operands[0])",
                          string typed = "operands", string variant = [{""}]>
    : Graph_InferredOp<mnemonic, traits # [
        DeclareOpInterfaceMethods<ElementwiseOpInterface>, Graph_Tile, Graph_Cost]> {
  let hasVerifier = 1;
  let hasFolder = 1;
  let extraClassDefinition = [{
    OpFoldResult $cppClass::fold(FoldAdaptor adaptor) {
      return foldElementwise(*this, adaptor.getOperands());
    }
    LogicalResult $cppClass::inferReturnTypes(
        MLIRContext *, std::optional<Location> location, ValueRange operands,
        DictionaryAttr attributes, OpaqueProperties properties, RegionRange regions,
        SmallVectorImpl<Type> &inferred) {
      [[maybe_unused]] Adaptor adaptor(operands, attributes, properties, regions);
      return inferElementwise(getOperationName(), location, operands,
                              }] # typed # ", " # elementType # [{, inferred);
    }
    LogicalResult $cppClass::verify() { return verifyInferred(*this); }
    LogicalResult $cppClass::evaluate(ArrayRef<ReferenceTensor> operands,
                                      MutableArrayRef<ReferenceTensor> results) {
      return evaluateElementwise(*this, }] # variant # [{, operands, results);
    }
    int64_t $cppClass::countFlops(ArrayRef<SmallVector<int64_t>>,
                                  ArrayRef<SmallVector<int64_t>> resultDims) {
      return countBodyFlops(*this, llvm::product_of(resultDims[0]));
    }
  }];
}
defvar Graph_BoolResult = "IntegerType::get(operands[0].getContext(), 1)";

//===----------------------------------------------------------------------===//
// One operand
//===----------------------------------------------------------------------===//

class Graph_UnaryOp<string mnemonic, list<Trait> traits = []>
    : Graph_ElementwiseOp<mnemonic, traits> {
  let arguments = (ins Graph_NumberTensor:$input);
  let results = (outs Graph_NumberTensor:$result);
}
class Graph_FloatUnaryOp<string mnemonic> : Graph_ElementwiseOp<mnemonic> {
  let arguments = (ins Graph_FloatTensor:$input);
  let results = (outs Graph_FloatTensor:$result);
}

def Graph_NegOp : Graph_UnaryOp<"neg">;
def Graph_AbsOp : Graph_UnaryOp<"abs">;
def Graph_SignOp : Graph_UnaryOp<"sign">;
def Graph_ExpOp : Graph_FloatUnaryOp<"exp">;
def Graph_LogOp : Graph_FloatUnaryOp<"log">;
def Graph_SqrtOp : Graph_FloatUnaryOp<"sqrt">;
def Graph_RsqrtOp : Graph_FloatUnaryOp<"rsqrt">;
def Graph_ReciprocalOp : Graph_FloatUnaryOp<"reciprocal">;
def Graph_ErfOp : Graph_FloatUnaryOp<"erf">;
def Graph_TanhOp : Graph_FloatUnaryOp<"tanh">;
def Graph_SinOp : Graph_FloatUnaryOp<"sin">;
def Graph_CosOp : Graph_FloatUnaryOp<"cos">;
def Graph_SigmoidOp : Graph_FloatUnaryOp<"sigmoid">;
def Graph_SiluOp : Graph_FloatUnaryOp<"silu">;
def Graph_ReluOp : Graph_UnaryOp<"relu">;
def Graph_FloorOp : Graph_FloatUnaryOp<"floor">;
def Graph_CeilOp : Graph_FloatUnaryOp<"ceil">;
def Graph_RoundOp : Graph_FloatUnaryOp<"round">; // half to even

def Graph_GeluForm : I32EnumAttr<"GeluForm", "which formula of gelu",
    [I32EnumAttrCase<"Erf", 0, "erf">, I32EnumAttrCase<"Tanh", 1, "tanh">]> {
  let cppNamespace = "::tenon::graph";
  let genSpecializedAttr = 0;
}
def Graph_GeluFormAttr : EnumAttr<Graph_Dialect, Graph_GeluForm, "gelu_form">;
def Graph_GeluOp : Graph_ElementwiseOp<"gelu", [],
    "getElementTypeOrSelf(operands[0])", "operands", "stringifyGeluForm(getForm())"> {
  let arguments = (ins Graph_FloatTensor:$input, Graph_GeluFormAttr:$form);
  let results = (outs Graph_FloatTensor:$result);
}

def Graph_IsNanOp : Graph_ElementwiseOp<"is_nan", [], Graph_BoolResult> {
  let arguments = (ins Graph_FloatTensor:$input);
  let results = (outs Graph_BoolTensor:$result);
}
def Graph_NotOp : Graph_ElementwiseOp<"not"> {
  let arguments = (ins Graph_BoolTensor:$input);
  let results = (outs Graph_BoolTensor:$result);
}
// Float to integer truncates toward zero and saturates; to bool is "not zero".
def Graph_CastOp : Graph_ElementwiseOp<"cast", [], "adaptor.getTo()"> {
  let arguments = (ins Graph_Tensor:$input, TypeAttr:$to);
  let results = (outs Graph_Tensor:$result);
}

//===----------------------------------------------------------------------===//
// Two and three operands
//===----------------------------------------------------------------------===//

class Graph_BinaryOp<string mnemonic, list<Trait> traits = []>
    : Graph_ElementwiseOp<mnemonic, traits> {
  let arguments = (ins Graph_NumberTensor:$lhs, Graph_NumberTensor:$rhs);
  let results = (outs Graph_NumberTensor:$result);
}
def Graph_AddOp : Graph_BinaryOp<"add", [Commutative]>;
def Graph_SubOp : Graph_BinaryOp<"sub">;
def Graph_MulOp : Graph_BinaryOp<"mul", [Commutative]>;
def Graph_DivOp : Graph_BinaryOp<"div">; // integers truncate; by zero: 0
def Graph_ModOp : Graph_BinaryOp<"mod">; // sign of the divisor for integers, fmod for floats
def Graph_MaxOp : Graph_BinaryOp<"max", [Commutative]>; // NaN wins
def Graph_MinOp : Graph_BinaryOp<"min", [Commutative]>; // NaN wins

class Graph_FloatBinaryOp<string mnemonic> : Graph_ElementwiseOp<mnemonic> {
  let arguments = (ins Graph_FloatTensor:$lhs, Graph_FloatTensor:$rhs);
  let results = (outs Graph_FloatTensor:$result);
}
def Graph_PowOp : Graph_FloatBinaryOp<"pow">;
def Graph_SwigluOp : Graph_FloatBinaryOp<"swiglu">;

class Graph_LogicalOp<string mnemonic> : Graph_ElementwiseOp<mnemonic, [Commutative]> {
  let arguments = (ins Graph_BoolTensor:$lhs, Graph_BoolTensor:$rhs);
  let results = (outs Graph_BoolTensor:$result);
}
def Graph_AndOp : Graph_LogicalOp<"and">;
def Graph_OrOp : Graph_LogicalOp<"or">;
def Graph_XorOp : Graph_LogicalOp<"xor">;

def Graph_Predicate : I32EnumAttr<"Predicate", "a comparison",
    [I32EnumAttrCase<"Eq", 0, "eq">, I32EnumAttrCase<"Ne", 1, "ne">,
     I32EnumAttrCase<"Lt", 2, "lt">, I32EnumAttrCase<"Le", 3, "le">,
     I32EnumAttrCase<"Gt", 4, "gt">, I32EnumAttrCase<"Ge", 5, "ge">]> {
  let cppNamespace = "::tenon::graph";
  let genSpecializedAttr = 0;
}
def Graph_PredicateAttr : EnumAttr<Graph_Dialect, Graph_Predicate, "predicate">;
def Graph_CompareOp : Graph_ElementwiseOp<"compare", [], Graph_BoolResult,
    "operands", "stringifyPredicate(getPredicate())"> {
  let arguments = (ins Graph_Tensor:$lhs, Graph_Tensor:$rhs, Graph_PredicateAttr:$predicate);
  let results = (outs Graph_BoolTensor:$result);
}
def Graph_WhereOp : Graph_ElementwiseOp<"where", [],
    "getElementTypeOrSelf(operands[1])", "operands.drop_front()"> {
  let arguments = (ins Graph_BoolTensor:$condition, Graph_Tensor:$then, Graph_Tensor:$otherwise);
  let results = (outs Graph_Tensor:$result);
}

#endif // TENON_DIALECTS_GRAPH_GRAPHELEMENTWISEOPS_TD
