//===- NodeBuilder.h - what the importer of one node reads and writes -----===//
//
//   LogicalResult importSoftplus(NodeBuilder &b) {   // log(1 + exp(x))
//     Value e = b.make<graph::ExpOp>(b.data(0));
//     return b.set(0, b.make<graph::LogOp>(b.make<graph::AddOp>(e, b.like(e,
//     1))));
//   }
//
// After the first failure all that makes a Value returns null and takes null,
// and `set` fails: importers need no checks in between. The error names the
// node.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_FRONTENDS_ONNX_NODEBUILDER_H
#define TENON_FRONTENDS_ONNX_NODEBUILDER_H

#include "frontends/Onnx/Importer.h"

namespace tenon::onnx {

class NodeBuilder {
public:
  NodeBuilder(Importer &importer, const Node &node, int64_t opset);

  Importer &importer;
  const Node &node;
  const int64_t opset; ///< version of the node's domain
  Symbols &symbols;
  mlir::OpBuilder &builder;
  const mlir::Location loc;

  //===--------------------------------------------------------------------===//
  // Inputs
  //===--------------------------------------------------------------------===//

  unsigned numInputs() const { return node.inputs.size(); }
  /// Whether the optional input is there.
  bool has(unsigned input) const;
  /// Inputs that the table requires, or that `has`.
  mlir::RankedTensorType type(unsigned input) const {
    return inputs[input]->type;
  }
  int64_t rank(unsigned input) const { return type(input).getRank(); }
  llvm::SmallVector<graph::DimAttr> dims(unsigned input) const {
    return graph::getDims(type(input));
  }
  mlir::Value data(unsigned input);
  /// The elements, where import knows them; null otherwise.
  const ShapeValue *shape(unsigned input);
  /// Elements that must be known, as polynomials or as numbers. `name` is
  /// ONNX's name of the input, for the error.
  mlir::FailureOr<ShapeValue> needShape(unsigned input, llvm::StringRef name);
  mlir::FailureOr<llvm::SmallVector<int64_t>> needNumbers(unsigned input,
                                                          llvm::StringRef name);
  mlir::FailureOr<int64_t> needNumber(unsigned input, llvm::StringRef name);

  //===--------------------------------------------------------------------===//
  // Attributes
  //===--------------------------------------------------------------------===//

  const NodeAttribute *attribute(llvm::StringRef name) const;
  int64_t integer(llvm::StringRef name, int64_t otherwise) const;
  double number(llvm::StringRef name, double otherwise) const;
  llvm::StringRef text(llvm::StringRef name, llvm::StringRef otherwise) const;
  /// A list that newer operator sets have as input `input`, older ones as an
  /// attribute; nothing when absent.
  mlir::FailureOr<std::optional<llvm::SmallVector<int64_t>>>
  list(llvm::StringRef name, unsigned input);
  /// An axis counted from the end when negative, as one in 0 to rank - 1.
  mlir::FailureOr<int64_t> axis(int64_t axis, int64_t rank);
  mlir::FailureOr<llvm::SmallVector<int64_t>> axes(llvm::ArrayRef<int64_t> axes,
                                                   int64_t rank);

  //===--------------------------------------------------------------------===//
  // Ops
  //===--------------------------------------------------------------------===//

  /// An op whose result types are inferred; null after a failure.
  template <typename OpTy, typename... Args>
  mlir::Operation *makeOp(unsigned numResults, Args &&...args) {
    if (broken)
      return nullptr;
    mlir::OperationState state(loc, OpTy::getOperationName());
    llvm::SmallVector<mlir::Type> placeholders(numResults,
                                               builder.getNoneType());
    OpTy::build(builder, state, mlir::TypeRange(placeholders),
                std::forward<Args>(args)...);
    return create(state, OpTy::inferReturnTypes);
  }
  /// The same for one result.
  template <typename OpTy, typename... Args> mlir::Value make(Args &&...args) {
    mlir::Operation *op = makeOp<OpTy>(1, std::forward<Args>(args)...);
    return op ? op->getResult(0) : mlir::Value();
  }
  /// An op of the type with these dims.
  template <typename OpTy, typename... Args>
  mlir::Value makeOf(llvm::ArrayRef<graph::DimAttr> dims,
                     mlir::Type elementType, Args &&...args) {
    if (broken)
      return nullptr;
    return OpTy::create(builder, loc, graph::tensorOf(dims, elementType),
                        std::forward<Args>(args)...);
  }
  mlir::Value reshape(mlir::Value input, llvm::ArrayRef<graph::DimAttr> dims);
  mlir::Value broadcast(mlir::Value input, llvm::ArrayRef<graph::DimAttr> dims);
  mlir::Value castTo(mlir::Value input, mlir::Type elementType);
  mlir::Value transpose(mlir::Value input, llvm::ArrayRef<int64_t> permutation);
  /// A number of the same element type as `input`, of rank 0.
  mlir::Value like(mlir::Value input, double number);
  /// A size as a number: i64 of rank 0.
  mlir::Value size(graph::DimAttr dim);
  /// With dimensions of 1 before the others, up to `rank`.
  mlir::Value raiseRank(mlir::Value input, int64_t rank);

  graph::DimAttr dim(int64_t value) const {
    return graph::DimAttr::getConstant(builder.getContext(), value);
  }

  /// Makes dims equal that a broadcast or a contraction needs equal.
  mlir::LogicalResult equate(graph::DimAttr a, graph::DimAttr b);
  /// The same for all dims of shapes that broadcast; their common shape.
  mlir::FailureOr<llvm::SmallVector<graph::DimAttr>>
  broadcastShapes(llvm::ArrayRef<llvm::SmallVector<graph::DimAttr>> shapes);
  mlir::LogicalResult broadcastTogether(mlir::ValueRange values);
  /// Makes equal what NumPy's matmul needs equal.
  mlir::LogicalResult equateMatmul(llvm::ArrayRef<graph::DimAttr> lhs,
                                   llvm::ArrayRef<graph::DimAttr> rhs);

  //===--------------------------------------------------------------------===//
  // Outputs
  //===--------------------------------------------------------------------===//

  bool isUsed(unsigned output) const {
    return output < node.outputs.size() && !node.outputs[output].empty();
  }
  mlir::LogicalResult set(unsigned output, mlir::Value value);
  mlir::LogicalResult setShape(unsigned output, ShapeValue shape,
                               mlir::Type elementType);
  /// Another name for what `input` is.
  mlir::LogicalResult forward(unsigned output, unsigned input);

  /// "node 'add_1' (Add): <message>"
  mlir::LogicalResult error(const llvm::Twine &message);
  bool hasFailed() const { return broken; }

private:
  using Infer = mlir::LogicalResult (*)(mlir::MLIRContext *,
                                        std::optional<mlir::Location>,
                                        mlir::ValueRange, mlir::DictionaryAttr,
                                        mlir::OpaqueProperties,
                                        mlir::RegionRange,
                                        llvm::SmallVectorImpl<mlir::Type> &);
  mlir::Operation *create(mlir::OperationState &state, Infer infer);
  mlir::LogicalResult define(unsigned output, Imported imported);

  llvm::SmallVector<Imported *> inputs; ///< null: absent
  bool broken = false;                  ///< after the first error
};

} // namespace tenon::onnx

#endif // TENON_FRONTENDS_ONNX_NODEBUILDER_H
