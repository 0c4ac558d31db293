#ifndef TENON_DIALECTS_GRAPH_GRAPHELEMENTWISEOPS_TD
#define TENON_DIALECTS_GRAPH_GRAPHELEMENTWISEOPS_TD

include "dialects/Graph/GraphBase.td"

// One scalar function applied to elements, operands broadcast together. What ops
// differ in is given as C++ expressions:
//   elementType  of the result; may read `operands` and `adaptor`
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
    Attribute $cppClass::countFlops() { return countBodyFlops(*this); }
  }];
}
defvar Graph_BoolResult = "IntegerType::get(operands[0].getContext(), 1)";

//===----------------------------------------------------------------------===//
// One operand
//===----------------------------------------------------------------------===//

// The page of an op of one operand: its formula, what is special, an example.
class Graph_UnaryPage<string mnemonic, string formula, string remarks> {
  string text = "        result = " # formula # "\n\n" # remarks # [{

    The result has the shape and the element type of `x`.

    Example:

    ```mlir
    %y = graph.}] # mnemonic # [{ %x : (tensor<?x384xf32, #graph.dims<L, 384>>)
        -> tensor<?x384xf32, #graph.dims<L, 384>>
    ```
  }];
}

class Graph_NumberUnaryOp<string mnemonic, string what, string formula, string remarks = "">
    : Graph_ElementwiseOp<mnemonic> {
  let summary = what;
  let description = Graph_UnaryPage<mnemonic, formula, remarks>.text;
  let arguments = (ins Graph_NumberTensor:$input);
  let results = (outs Graph_NumberTensor:$result);
}

class Graph_FloatUnaryOp<string mnemonic, string what, string formula, string remarks = "">
    : Graph_ElementwiseOp<mnemonic> {
  let summary = what;
  let description = Graph_UnaryPage<mnemonic, formula, remarks>.text;
  let arguments = (ins Graph_FloatTensor:$input);
  let results = (outs Graph_FloatTensor:$result);
}

def Graph_NegOp : Graph_NumberUnaryOp<"neg", "the number with the other sign", "-x",
  "    Integers wrap: the lowest signed integer is its own negative.">;
def Graph_AbsOp : Graph_NumberUnaryOp<"abs", "distance from zero", "|x|",
  "    Integers wrap: the lowest signed integer is its own distance.">;
def Graph_SignOp : Graph_NumberUnaryOp<"sign", "-1, 0 or 1", "-1 if x < 0, 1 if x > 0, else 0",
  "    NaN stays NaN; the sign of a zero is 0.">;
def Graph_ReluOp : Graph_NumberUnaryOp<"relu", "the number, or zero when it is negative",
  "max(x, 0)", "    NaN stays NaN.">;

def Graph_ExpOp : Graph_FloatUnaryOp<"exp", "e to the power of x", "e^x">;
def Graph_LogOp : Graph_FloatUnaryOp<"log", "natural logarithm", "ln(x)",
  "    -inf for 0, NaN for negative numbers.">;
def Graph_SqrtOp : Graph_FloatUnaryOp<"sqrt", "square root", "x^(1/2)",
  "    NaN for negative numbers; -0 stays -0.">;
def Graph_RsqrtOp : Graph_FloatUnaryOp<"rsqrt", "one over the square root", "1 / x^(1/2)",
  "    inf for 0; never an approximation.">;
def Graph_ReciprocalOp : Graph_FloatUnaryOp<"reciprocal", "one over x", "1 / x">;
def Graph_ErfOp : Graph_FloatUnaryOp<"erf", "the error function",
  "2 / sqrt(pi) * integral of exp(-t^2) for t from 0 to x">;
def Graph_TanhOp : Graph_FloatUnaryOp<"tanh", "hyperbolic tangent",
  "(e^x - e^-x) / (e^x + e^-x)">;
def Graph_SinOp : Graph_FloatUnaryOp<"sin", "sine", "sin(x)", "    `x` is in radians.">;
def Graph_CosOp : Graph_FloatUnaryOp<"cos", "cosine", "cos(x)", "    `x` is in radians.">;
def Graph_SigmoidOp : Graph_FloatUnaryOp<"sigmoid", "the logistic function",
  "1 / (1 + e^-x)", "    0 for -inf and 1 for inf; nothing overflows between.">;
def Graph_SiluOp : Graph_FloatUnaryOp<"silu", "x times its logistic function",
  "x / (1 + e^-x)", [{    The formula is taken at its word: NaN for -inf.

    Source: Elfwing et al. 2017, arXiv:1702.03118, equation 3.}]>;
def Graph_FloorOp : Graph_FloatUnaryOp<"floor", "the next whole number below",
  "the largest whole number that is at most x">;
def Graph_CeilOp : Graph_FloatUnaryOp<"ceil", "the next whole number above",
  "the smallest whole number that is at least x">;
def Graph_RoundOp : Graph_FloatUnaryOp<"round", "the nearest whole number",
  "the whole number nearest to x; of two, the even one">;

def Graph_GeluForm : I32EnumAttr<"GeluForm", "which formula of gelu",
    [I32EnumAttrCase<"Erf", 0, "erf">, I32EnumAttrCase<"Tanh", 1, "tanh">]> {
  let cppNamespace = "::tenon::graph";
  let genSpecializedAttr = 0;
}
def Graph_GeluFormAttr : EnumAttr<Graph_Dialect, Graph_GeluForm, "gelu_form">;
def Graph_GeluOp : Graph_ElementwiseOp<"gelu", [], "getElementTypeOrSelf(operands[0])",
                                       "operands", "stringifyGeluForm(getForm())"> {
  let summary = "x times the normal distribution function of x";
  let description = [{
        erf:  result = x / 2 * (1 + erf(x / sqrt(2)))
        tanh: result = x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))

    The formula is taken at its word: NaN for -inf. The second form approximates
    the first to 5e-4; models are trained with either, so both are kept.

    Example:

    ```mlir
    %y = graph.gelu %x {form = #graph<gelu_form erf>} : (tensor<8x1536xf32>) -> tensor<8x1536xf32>
    ```

    Source: Hendrycks and Gimpel 2016, arXiv:1606.08415, section 2.
  }];
  let arguments = (ins Graph_FloatTensor:$input, Graph_GeluFormAttr:$form);
  let results = (outs Graph_FloatTensor:$result);
}

def Graph_IsNanOp : Graph_ElementwiseOp<"is_nan", [], Graph_BoolResult> {
  let summary = "whether it is not a number";
  let description = [{
        result = x != x

    Example:

    ```mlir
    %lost = graph.is_nan %x : (tensor<8x128xf32>) -> tensor<8x128xi1>
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$input);
  let results = (outs Graph_BoolTensor:$result);
}

def Graph_NotOp : Graph_ElementwiseOp<"not"> {
  let summary = "the other truth value";
  let description = [{
        result = not x

    Example:

    ```mlir
    %padding = graph.not %tokens : (tensor<8x128xi1>) -> tensor<8x128xi1>
    ```
  }];
  let arguments = (ins Graph_BoolTensor:$input);
  let results = (outs Graph_BoolTensor:$result);
}

def Graph_CastOp : Graph_ElementwiseOp<"cast", [], "adaptor.getTo()"> {
  let summary = "the same number in another element type";
  let description = [{
    | from          | to      | the result                                         |
    |---------------|---------|----------------------------------------------------|
    | float         | float   | the nearest; of two, the even one; too large is inf |
    | float         | integer | truncated toward zero; too large is the largest, too small the smallest; NaN is 0 |
    | integer       | integer | modulo 2^bits                                      |
    | integer, bool | float   | the nearest                                        |
    | any           | bool    | false for 0, true for all others and NaN           |
    | bool          | any     | 0 or 1                                             |

    Compiled code goes to floats narrower than f32 through f32, and so rounds an
    f64 or a wide integer twice.

    Example:

    ```mlir
    %wide = graph.cast %q {to = f32} : (tensor<384x384xi8>) -> tensor<384x384xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$input, TypeAttr:$to);
  let results = (outs Graph_Tensor:$result);
}

//===----------------------------------------------------------------------===//
// Two and three operands
//===----------------------------------------------------------------------===//

// The page of an op of two operands.
class Graph_BinaryPage<string mnemonic, string formula, string remarks, string type> {
  string text = "        result = " # formula # "\n\n" # remarks # [{

    | value        | shape        | unit | meaning                           |
    |--------------|--------------|------|-----------------------------------|
    | `lhs`, `rhs` | any          | -    | a and b                           |
    | `result`     | broadcast    | -    | trailing dims aligned, 1 repeats  |

    * (C1) The operands have one element type.
    * (C2) Their shapes broadcast.

    Example:

    ```mlir
    %c = graph.}] # mnemonic # " %a, %b : (tensor<?x384x" # type
    # ", #graph.dims<L, 384>>, tensor<384x" # type # ">)\n        -> tensor<?x384x"
    # type # ", #graph.dims<L, 384>>\n    ```\n";
}

class Graph_BinaryOp<string mnemonic, string what, string formula, string remarks = "",
                     list<Trait> traits = []> : Graph_ElementwiseOp<mnemonic, traits> {
  let summary = what;
  let description = Graph_BinaryPage<mnemonic, formula, remarks, "f32">.text;
  let arguments = (ins Graph_NumberTensor:$lhs, Graph_NumberTensor:$rhs);
  let results = (outs Graph_NumberTensor:$result);
}

defvar Graph_Wraps = "    Integers wrap, modulo 2^bits.";
defvar Graph_NanWins = "    NaN when a or b is.";

def Graph_AddOp : Graph_BinaryOp<"add", "sum", "a + b", Graph_Wraps, [Commutative]>;
def Graph_SubOp : Graph_BinaryOp<"sub", "difference", "a - b", Graph_Wraps>;
def Graph_MulOp : Graph_BinaryOp<"mul", "product", "a * b", Graph_Wraps, [Commutative]>;
def Graph_DivOp : Graph_BinaryOp<"div", "quotient", "a / b",
  "    Integers truncate toward zero; by zero is 0, and the lowest by -1 wraps to itself.">;
def Graph_ModOp : Graph_BinaryOp<"mod", "rest of a division",
  "a - b * floor(a / b) for integers, a - b * trunc(a / b) for floats",
  "    So integers have the sign of b, floats that of a. By zero: 0, for floats NaN.">;
def Graph_MaxOp : Graph_BinaryOp<"max", "the larger one", "max(a, b)", Graph_NanWins,
  [Commutative]>;
def Graph_MinOp : Graph_BinaryOp<"min", "the smaller one", "min(a, b)", Graph_NanWins,
  [Commutative]>;

class Graph_FloatBinaryOp<string mnemonic, string what, string formula, string remarks = "">
    : Graph_ElementwiseOp<mnemonic> {
  let summary = what;
  let description = Graph_BinaryPage<mnemonic, formula, remarks, "f32">.text;
  let arguments = (ins Graph_FloatTensor:$lhs, Graph_FloatTensor:$rhs);
  let results = (outs Graph_FloatTensor:$result);
}
def Graph_PowOp : Graph_FloatBinaryOp<"pow", "a to the power of b", "a^b",
  "    As C's pow: 1 when b is 0, NaN when a is negative and b not whole. For integers, cast.">;
def Graph_SwigluOp : Graph_FloatBinaryOp<"swiglu", "a gate times a value",
  "silu(a) * b = a / (1 + e^-a) * b",
  "    Source: Shazeer 2020, arXiv:2002.05202, equation 6.">;

def Graph_FmaOp : Graph_ElementwiseOp<"fma"> {
  let summary = "product and sum, rounded once";
  let description = [{
        result = a * b + c

    Rounded once, where `mul` and `add` round twice. No pass makes one of the two ops:
    it is for formulas that need the digits a product would lose.

    | value          | shape     | unit | meaning                          |
    |----------------|-----------|------|----------------------------------|
    | `a`, `b`, `c`  | any       | -    | factors and summand              |
    | `result`       | broadcast | -    | trailing dims aligned, 1 repeats |

    * (C1) The operands have one element type.
    * (C2) Their shapes broadcast.

    Example:

    ```mlir
    %rest = graph.fma %minus_quotient, %divisor, %dividend
        : (tensor<8x128xf32>, tensor<f32>, tensor<8x128xf32>) -> tensor<8x128xf32>
    ```
    Source: IEEE 754-2019, fusedMultiplyAdd.
  }];
  let arguments = (ins Graph_FloatTensor:$a, Graph_FloatTensor:$b, Graph_FloatTensor:$c);
  let results = (outs Graph_FloatTensor:$result);
}

class Graph_LogicalOp<string mnemonic, string what, string formula>
    : Graph_ElementwiseOp<mnemonic, [Commutative]> {
  let summary = what;
  let description = [{
        result = }] # formula # [{

    * (C1) The shapes of the operands broadcast.

    Example:

    ```mlir
    %c = graph.}] # mnemonic # [{ %a, %b : (tensor<8x128xi1>, tensor<128xi1>) -> tensor<8x128xi1>
    ```
  }];
  let arguments = (ins Graph_BoolTensor:$lhs, Graph_BoolTensor:$rhs);
  let results = (outs Graph_BoolTensor:$result);
}
def Graph_AndOp : Graph_LogicalOp<"and", "whether both are true", "a and b">;
def Graph_OrOp : Graph_LogicalOp<"or", "whether one is true", "a or b">;
def Graph_XorOp : Graph_LogicalOp<"xor", "whether just one is true", "a != b">;

def Graph_Predicate : I32EnumAttr<"Predicate", "a comparison",
    [I32EnumAttrCase<"Eq", 0, "eq">, I32EnumAttrCase<"Ne", 1, "ne">,
     I32EnumAttrCase<"Lt", 2, "lt">, I32EnumAttrCase<"Le", 3, "le">,
     I32EnumAttrCase<"Gt", 4, "gt">, I32EnumAttrCase<"Ge", 5, "ge">]> {
  let cppNamespace = "::tenon::graph";
  let genSpecializedAttr = 0;
}
def Graph_PredicateAttr : EnumAttr<Graph_Dialect, Graph_Predicate, "predicate">;
def Graph_CompareOp : Graph_ElementwiseOp<"compare", [], Graph_BoolResult, "operands",
                                          "stringifyPredicate(getPredicate())"> {
  let summary = "whether a is equal to, less or greater than b";
  let description = [{
        result = a == b, a != b, a < b, a <= b, a > b, a >= b    by `predicate`

    A comparison with NaN is false, except `ne`, which is true. False is less than
    true.

    * (C1) The operands have one element type.
    * (C2) Their shapes broadcast.

    Example:

    ```mlir
    %seen = graph.compare %key, %query {predicate = #graph<predicate le>}
        : (tensor<128xi64>, tensor<128x1xi64>) -> tensor<128x128xi1>
    ```
  }];
  let arguments = (ins Graph_Tensor:$lhs, Graph_Tensor:$rhs, Graph_PredicateAttr:$predicate);
  let results = (outs Graph_BoolTensor:$result);
}

def Graph_WhereOp : Graph_ElementwiseOp<"where", [], "getElementTypeOrSelf(operands[1])",
                                        "operands.drop_front()"> {
  let summary = "one of two values, by a condition";
  let description = [{
        result = then if condition, else otherwise

    The value that is not chosen has no effect, be it NaN.

    | value       | shape     | unit | meaning                          |
    |-------------|-----------|------|----------------------------------|
    | `condition` | any       | -    | which one                        |
    | `then`      | any       | -    | chosen where it is true          |
    | `otherwise` | any       | -    | chosen where it is false         |
    | `result`    | broadcast | -    | trailing dims aligned, 1 repeats |

    * (C1) `then` and `otherwise` have one element type.
    * (C2) All shapes broadcast.

    Example:

    ```mlir
    %kept = graph.where %mask, %scores, %low
        : (tensor<8x1x1x128xi1>, tensor<8x12x128x128xf32>, tensor<f32>) -> tensor<8x12x128x128xf32>
    ```
  }];
  let arguments = (ins Graph_BoolTensor:$condition, Graph_Tensor:$then, Graph_Tensor:$otherwise);
  let results = (outs Graph_Tensor:$result);
}

#endif // TENON_DIALECTS_GRAPH_GRAPHELEMENTWISEOPS_TD
