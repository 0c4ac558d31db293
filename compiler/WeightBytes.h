//===- WeightBytes.h - the bytes of what is computed from constants -------===//
//
//   WeightBytes weights;
//   FailureOr<HostBytes> panels = weights.evaluate(weightFunction);
//
// What moves elements (concat, transpose, slice, an order of memory ...) moves
// bytes; what computes is evaluated by its reference meaning.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_WEIGHTBYTES_H
#define TENON_COMPILER_WEIGHTBYTES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <mutex>
#include <vector>

namespace tenon {

/// Bytes that are shared by whoever holds them: a part of a mapped file, which
/// lives as long as its WeightBytes, or memory of their own.
class HostBytes {
public:
  HostBytes() = default;
  explicit HostBytes(llvm::ArrayRef<char> mapped) : view(mapped) {}
  explicit HostBytes(std::vector<char> own)
      : memory(std::make_shared<std::vector<char>>(std::move(own))),
        view(*memory) {}

  llvm::ArrayRef<char> get() const { return view; }

private:
  std::shared_ptr<std::vector<char>> memory;
  llvm::ArrayRef<char> view;
};

class WeightBytes {
public:
  /// The result of `value`, a function without arguments, row-major or as its
  /// tile.pack says. Memory holds the operands and the result of one op at a
  /// time. Emits one error when it fails. May run on several threads.
  mlir::FailureOr<HostBytes> evaluate(mlir::func::FuncOp value);

  /// The size of that result.
  static int64_t countBytes(mlir::func::FuncOp value);

private:
  mlir::FailureOr<HostBytes> evaluateOp(mlir::Operation *op,
                                        llvm::ArrayRef<HostBytes> operands);
  mlir::FailureOr<HostBytes> read(mlir::Operation *op);
  /// The file at a path, which is mapped once.
  llvm::ErrorOr<llvm::StringRef> map(llvm::StringRef path);

  std::mutex mutex;                                            ///< of stores
  llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>> stores; ///< by path
};

} // namespace tenon

#endif // TENON_COMPILER_WEIGHTBYTES_H
