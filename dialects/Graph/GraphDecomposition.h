//===- GraphDecomposition.h - short names for building graph ops ----------===//
//
//   Decomposition d(builder, op);
//   mlir::Value x = d.widen(input);                      // f32 at least
//   mlir::Value total = d.reduce(x, ReduceKind::Sum, 1);
//
//===----------------------------------------------------------------------===//

#ifndef TENON_DIALECTS_GRAPH_GRAPHDECOMPOSITION_H
#define TENON_DIALECTS_GRAPH_GRAPHDECOMPOSITION_H

#include "dialects/Graph/GraphDialect.h"

#include "mlir/IR/TypeUtilities.h"

namespace tenon::graph {

/// Short names for the ops of one decomposition.
class Decomposition {
public:
  Decomposition(mlir::OpBuilder &builder, mlir::Operation *op)
      : builder(builder), op(op) {}

  template <typename Op, typename... Args> mlir::Value make(Args &&...args) {
    return Op::create(builder, op->getLoc(), std::forward<Args>(args)...);
  }
  mlir::Value add(mlir::Value a, mlir::Value b) { return make<AddOp>(a, b); }
  mlir::Value sub(mlir::Value a, mlir::Value b) { return make<SubOp>(a, b); }
  mlir::Value mul(mlir::Value a, mlir::Value b) { return make<MulOp>(a, b); }

  static mlir::RankedTensorType typeOf(mlir::Value value) {
    return llvm::cast<mlir::RankedTensorType>(value.getType());
  }
  mlir::Type f32() { return builder.getF32Type(); }
  DimAttr number(int64_t value) {
    return DimAttr::getConstant(builder.getContext(), value);
  }

  /// Floats narrower than f32 as f32, all others as they are.
  mlir::Value widen(mlir::Value value) {
    mlir::Type type = getElementTypeOrSelf(value);
    bool isNarrow =
        llvm::isa<mlir::FloatType>(type) && type.getIntOrFloatBitWidth() < 32;
    return isNarrow ? castTo(value, f32()) : value;
  }
  mlir::Value castTo(mlir::Value value, mlir::Type elementType) {
    if (getElementTypeOrSelf(value) == elementType)
      return value;
    return make<CastOp>(value, mlir::TypeAttr::get(elementType));
  }
  /// A tensor of rank 0.
  mlir::Value scalar(mlir::Type elementType, double value) {
    mlir::Attribute attr = builder.getFloatAttr(elementType, value);
    auto type = mlir::RankedTensorType::get({}, elementType);
    return make<ConstantOp>(mlir::DenseElementsAttr::get(type, attr));
  }
  /// The same for an integer.
  mlir::Value constant(const llvm::APInt &value) {
    auto elementType = builder.getIntegerType(value.getBitWidth());
    auto type = mlir::RankedTensorType::get({}, elementType);
    return make<ConstantOp>(mlir::DenseElementsAttr::get(type, value));
  }
  /// Reduced to a dim of size 1.
  mlir::Value reduce(mlir::Value value, ReduceKind kind, int64_t axis) {
    return make<ReduceOp>(value, kind, llvm::ArrayRef<int64_t>{axis},
                          /*keep_dims=*/true);
  }
  /// With these dims, of which there are as many elements.
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<DimAttr> dims) {
    mlir::RankedTensorType type = tensorOf(dims, getElementTypeOrSelf(value));
    return type == value.getType() ? value : make<ReshapeOp>(type, value);
  }
  /// Every `step`-th of the elements from `start` on, `size` of them.
  mlir::Value slice(mlir::Value value, int64_t axis, int64_t start,
                    int64_t step, DimAttr size) {
    llvm::SmallVector<DimAttr> dims = getDims(typeOf(value));
    dims[axis] = size;
    mlir::RankedTensorType type = tensorOf(dims, getElementTypeOrSelf(value));
    return make<SliceOp>(type, value, axis, number(start), step);
  }
  /// Repeated to these dims.
  mlir::Value broadcast(mlir::Value value, llvm::ArrayRef<DimAttr> dims) {
    return make<BroadcastOp>(tensorOf(dims, getElementTypeOrSelf(value)),
                             value);
  }
  /// The last two dims exchanged.
  mlir::Value swapLast(mlir::Value value) {
    llvm::SmallVector<int64_t> order =
        llvm::to_vector(llvm::seq<int64_t>(0, typeOf(value).getRank()));
    std::swap(order.back(), order[order.size() - 2]);
    return make<TransposeOp>(value, order);
  }

private:
  mlir::OpBuilder &builder;
  mlir::Operation *op;
};

} // namespace tenon::graph

#endif // TENON_DIALECTS_GRAPH_GRAPHDECOMPOSITION_H
