//===- ShapeValue.h - the elements of an integer tensor, as polynomials ---===//
//
// Graph has no ops on shapes: what ONNX computes with Shape, Gather, Concat and
// arithmetic on small integer tensors is computed here, at import.
//
//   Shape(input_ids)       = {shape [2], elements [B, L]}
//   Gather(that, 1)        = {shape [],  elements [L]}
//
//===----------------------------------------------------------------------===//

#ifndef TENON_FRONTENDS_ONNX_SHAPEVALUE_H
#define TENON_FRONTENDS_ONNX_SHAPEVALUE_H

#include "dialects/Graph/GraphDialect.h"

namespace tenon::onnx {

/// Elements in row-major order, each known as a polynomial. A bool is 0 or 1.
struct ShapeValue {
  llvm::SmallVector<int64_t> shape;
  llvm::SmallVector<graph::DimAttr> elements;

  /// What has more elements is data, not a shape.
  static constexpr int64_t kMaxElements = 256;

  static ShapeValue scalar(graph::DimAttr element) { return {{}, {element}}; }
  static ShapeValue list(llvm::ArrayRef<graph::DimAttr> elements) {
    return {{static_cast<int64_t>(elements.size())},
            llvm::SmallVector<graph::DimAttr>(elements)};
  }
  int64_t rank() const { return static_cast<int64_t>(shape.size()); }

  /// The elements when all are numbers.
  std::optional<llvm::SmallVector<int64_t>> numbers() const;
};

/// The value of an elementwise function of operands that broadcast. Nothing
/// when the function returns null for an element, or the result is too large.
std::optional<ShapeValue>
mapElements(llvm::ArrayRef<const ShapeValue *> operands,
            llvm::function_ref<graph::DimAttr(llvm::ArrayRef<graph::DimAttr>)>
                function);

/// Picks elements: result[i] = value[positions(i)] for each index i of `shape`.
ShapeValue
pickElements(const ShapeValue &value, llvm::ArrayRef<int64_t> shape,
             llvm::function_ref<int64_t(llvm::ArrayRef<int64_t>)> position);

/// Row-major position of an index.
int64_t positionOf(llvm::ArrayRef<int64_t> index,
                   llvm::ArrayRef<int64_t> shape);
int64_t countElements(llvm::ArrayRef<int64_t> shape);

} // namespace tenon::onnx

#endif // TENON_FRONTENDS_ONNX_SHAPEVALUE_H
