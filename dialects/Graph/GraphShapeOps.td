#ifndef TENON_DIALECTS_GRAPH_GRAPHSHAPEOPS_TD
#define TENON_DIALECTS_GRAPH_GRAPHSHAPEOPS_TD

include "dialects/Graph/GraphBase.td"

//===----------------------------------------------------------------------===//
// Sources
//===----------------------------------------------------------------------===//

// A small constant, in the IR.
def Graph_ConstantOp : Graph_Op<"constant", [ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}
// A weight: a reference to bytes in a file. Static shape.
def Graph_WeightOp : Graph_Op<"weight"> {
  let arguments = (ins Graph_WeightAttr:$ref);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$ref attr-dict `:` type($result)";
  let hasVerifier = 1;
}
// 0, 1, 2 ... along `axis`, the same along the other dims.
def Graph_IotaOp : Graph_Op<"iota", [Graph_Tile]> {
  let arguments = (ins I64Attr:$axis);
  let results = (outs Graph_NumberTensor:$result);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Views: no arithmetic, only where elements are
//===----------------------------------------------------------------------===//

// Row-major elements in another shape; the result type says which.
def Graph_ReshapeOp : Graph_Op<"reshape", [Graph_Tile]> {
  let arguments = (ins Graph_Tensor:$input);
  let results = (outs Graph_Tensor:$result);
  let hasVerifier = 1;
  let hasFolder = 1;
}
// result dim i is input dim permutation[i]
def Graph_TransposeOp : Graph_InferredOp<"transpose", [Graph_Tile]> {
  let arguments = (ins Graph_Tensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Graph_Tensor:$result);
  let hasVerifier = 1;
  let hasFolder = 1;
}
// NumPy's broadcast_to: trailing dims aligned, extent 1 repeats.
def Graph_BroadcastOp : Graph_Op<"broadcast", [Graph_Tile]> {
  let arguments = (ins Graph_Tensor:$input);
  let results = (outs Graph_Tensor:$result);
  let hasVerifier = 1;
  let hasFolder = 1;
}
// Along `axis`: elements start, start+step, ... as many as the result has there.
// Start is a dim, so it may be symbolic: `start = #graph.dim<L>`.
def Graph_SliceOp : Graph_Op<"slice", [Graph_Tile]> {
  let arguments = (ins Graph_Tensor:$input, I64Attr:$axis, Graph_DimAttr:$start, I64Attr:$step);
  let results = (outs Graph_Tensor:$result);
  let hasVerifier = 1;
  let hasFolder = 1;
}
def Graph_ConcatOp : Graph_InferredOp<"concat", [Graph_Tile]> {
  let arguments = (ins Variadic<Graph_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Graph_Tensor:$result);
  let hasVerifier = 1;
  let hasFolder = 1;
}
// `low` and `high` elements of `value` before and after, one a dim.
def Graph_PadOp : Graph_Op<"pad", [Graph_Tile]> {
  let arguments = (ins Graph_Tensor:$input, Graph_Tensor:$value, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high);
  let results = (outs Graph_Tensor:$result);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// By index
//===----------------------------------------------------------------------===//

// ONNX Gather / NumPy take: result = data[.., indices, ..] along axis; negative
// indices count from the end. Embedding lookup is axis 0.
def Graph_GatherOp : Graph_InferredOp<"gather", [Graph_Tile]> {
  let arguments = (ins Graph_Tensor:$data, Graph_IntTensor:$indices, I64Attr:$axis);
  let results = (outs Graph_Tensor:$result);
  let hasVerifier = 1;
}
// ONNX GatherND with batch_dims.
def Graph_GatherNdOp : Graph_InferredOp<"gather_nd"> {
  let arguments = (ins Graph_Tensor:$data, Graph_IntTensor:$indices, I64Attr:$batch_dims);
  let results = (outs Graph_Tensor:$result);
  let hasVerifier = 1;
}
// NumPy put_along_axis (ONNX ScatterElements); reduction: none or add.
def Graph_ScatterOp : Graph_InferredOp<"scatter"> {
  let arguments = (ins Graph_Tensor:$data, Graph_IntTensor:$indices, Graph_Tensor:$updates,
                       I64Attr:$axis, BoolAttr:$accumulate);
  let results = (outs Graph_Tensor:$result);
  let hasVerifier = 1;
}

#endif // TENON_DIALECTS_GRAPH_GRAPHSHAPEOPS_TD
