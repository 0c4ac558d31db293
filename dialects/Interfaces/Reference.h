//===- Reference.h - the tensor that reference kernels compute with -------===//
//
// Elements are kept as f64 (float types) or i64 (integers and bool) and rounded
// to the element type when a result is finished: readable, not fast.
//
//   ReferenceTensor t(f32, {2, 3});
//   t.setFloat(t.offset({1, 2}), 0.1);
//   t.round();             // 0.1 as f32 sees it
//
//===----------------------------------------------------------------------===//

#ifndef TENON_DIALECTS_INTERFACES_REFERENCE_H
#define TENON_DIALECTS_INTERFACES_REFERENCE_H

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SmallVector.h"

#include <vector>

namespace tenon {

class ReferenceTensor {
public:
  ReferenceTensor() = default;
  /// Zeros of the given element type and shape.
  ReferenceTensor(mlir::Type elementType, llvm::ArrayRef<int64_t> dims);

  mlir::Type elementType() const { return type; }
  llvm::ArrayRef<int64_t> dims() const { return shape; }
  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
  int64_t numElements() const;
  bool isFloat() const { return hasFloats; }

  /// The element at a row-major position, converted where the kind differs.
  double getFloat(int64_t position) const;
  int64_t getInt(int64_t position) const;
  void setFloat(int64_t position, double value);
  void setInt(int64_t position, int64_t value);

  /// Row-major position of an index, one entry a dim.
  int64_t offset(llvm::ArrayRef<int64_t> index) const;
  /// The same where extent-1 dims and missing leading dims repeat: the element
  /// that this tensor, broadcast to the index's shape, has at `index`.
  int64_t broadcastOffset(llvm::ArrayRef<int64_t> index) const;

  /// Rounds every element to the element type: to nearest even for floats,
  /// modulo 2^bits for integers, to 0 or 1 for bool.
  void round();

private:
  mlir::Type type;
  llvm::SmallVector<int64_t> shape;
  bool hasFloats = false;
  std::vector<double> floats; ///< used when isFloat()
  std::vector<int64_t> ints;  ///< used otherwise
};

/// Advances a row-major index within `dims`; false after the last one.
bool nextIndex(llvm::MutableArrayRef<int64_t> index,
               llvm::ArrayRef<int64_t> dims);

/// `value` rounded to `type` and widened again.
double roundToType(double value, mlir::FloatType type);

} // namespace tenon

#endif // TENON_DIALECTS_INTERFACES_REFERENCE_H
