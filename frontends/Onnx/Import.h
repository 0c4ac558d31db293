//===- Import.h - an ONNX file as a graph module --------------------------===//
//
//   FailureOr<OwningOpRef<ModuleOp>> module = importOnnx(&context,
//   "model.onnx");
//
// The module has one public function, @main. Its arguments and results are the
// model's inputs and outputs, named by the attribute `graph.name`; dynamic
// sizes are symbols, declared by `graph.symbols`. Weights stay in their files,
// which must be there until the artifact is written.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_FRONTENDS_ONNX_IMPORT_H
#define TENON_FRONTENDS_ONNX_IMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"

namespace tenon::onnx {

struct ImportOptions {
  /// Other dims for an input than the model states, by the input's name: a
  /// number, a name, or a sum of products of names; {"B", "128"} or {"1",
  /// "P+L"}. A name of the model that is replaced so is replaced in the other
  /// inputs too.
  llvm::StringMap<llvm::SmallVector<std::string>> inputDims;
};

/// Imports the model in the file `path`. On failure one error has been emitted,
/// at the file or at the node that it is about. What import assumes of the
/// symbols is said in `Import` remarks.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>
importOnnx(mlir::MLIRContext *context, llvm::StringRef path,
           const ImportOptions &options = {});

} // namespace tenon::onnx

#endif // TENON_FRONTENDS_ONNX_IMPORT_H
