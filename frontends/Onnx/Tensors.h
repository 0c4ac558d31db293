//===- Tensors.h - a model's tensors as types, weights and constants ------===//

#ifndef TENON_FRONTENDS_ONNX_TENSORS_H
#define TENON_FRONTENDS_ONNX_TENSORS_H

#include "dialects/Graph/GraphDialect.h"
#include "frontends/Onnx/Model.h"

namespace tenon::onnx {

/// The element type; null for one that graph has none for (strings, complex).
mlir::Type toElementType(mlir::MLIRContext *context, DataType type);
/// ONNX's name of it, "float16", or "data type 99".
std::string nameOf(DataType type);

/// A tensor of the model that was checked against the file it lies in.
class Tensor {
public:
  /// Checks everything that is not an element: type, dims, where the bytes are
  /// and how many. An external file must lie in the model's folder. BadInput
  /// with a message that begins with what is wrong: "has ...".
  static rt::Result<Tensor> check(const TensorRef &ref, llvm::StringRef name,
                                  const Model &model,
                                  mlir::MLIRContext *context);

  mlir::RankedTensorType type() const { return tensorType; }
  /// The same bytes as a tensor of a type that takes as many of them.
  Tensor reinterpreted(mlir::RankedTensorType type) const;
  /// Where the bytes are, when there are too many for a constant and the file
  /// has them as they are in memory.
  graph::WeightAttr weight() const { return reference; }
  /// The elements, copied.
  rt::Result<mlir::DenseElementsAttr> elements() const;
  /// Shows the bytes, as raw data has them, to `use`; they live as long as the
  /// call. BadInput, without a call, when they can no longer be read.
  rt::Result<void>
  withBytes(llvm::function_ref<void(std::string_view)> use) const;

private:
  Tensor(const TensorRef &ref, mlir::RankedTensorType type)
      : ref(&ref), tensorType(type) {}

  const TensorRef *ref;
  mlir::RankedTensorType tensorType;
  graph::WeightAttr reference;
  std::string externalPath;
};

} // namespace tenon::onnx

#endif // TENON_FRONTENDS_ONNX_TENSORS_H
