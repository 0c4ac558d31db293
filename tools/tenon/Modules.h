//===- Modules.h - ONNX and MLIR files as modules; errors as results ------===//

#ifndef TENON_TOOLS_TENON_MODULES_H
#define TENON_TOOLS_TENON_MODULES_H

#include "frontends/Onnx/Import.h"
#include "runtime/Abi/Plan.h"
#include "runtime/Core/Status.h"

#include "mlir/IR/MLIRContext.h"

#include <span>
#include <string>

namespace tenon::tool {

/// A context with the dialects of every stage. It keeps the errors that are
/// emitted in it, so that a command can return the first one as its own.
class Workshop {
public:
  Workshop();

  mlir::MLIRContext &context() { return mlir; }

  /// The file as a module: .onnx is imported, .mlir is parsed. `shapes` are
  /// other dims for inputs of an ONNX model: "ids=Bx128".
  rt::Result<mlir::OwningOpRef<mlir::ModuleOp>>
  load(const std::string &path, std::span<const std::string> shapes = {});

  /// The error that has been emitted, with its place and its notes; where there
  /// is none, that is a defect of ours.
  rt::Error emittedError() const;

private:
  mlir::LogicalResult keep(mlir::Diagnostic &diagnostic);

  mlir::MLIRContext mlir;
  std::string errors;
};

/// A plan that has the symbols of the module and nothing else.
abi::Plan symbolsOf(mlir::ModuleOp module);

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_MODULES_H
