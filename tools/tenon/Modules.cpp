//===- Modules.cpp - ONNX and MLIR files as modules; errors as results ----===//

#include "tools/tenon/Modules.h"

#include "dialects/Exec/ExecDialect.h"
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Target/TargetDialect.h"
#include "dialects/Tile/TileDialect.h"
#include "runtime/Core/Message.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;

namespace tenon::tool {

using rt::badInput;
using rt::Result;

static DialectRegistry allDialects() {
  DialectRegistry registry;
  registry
      .insert<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
              LLVM::LLVMDialect, math::MathDialect, scf::SCFDialect,
              vector::VectorDialect, exec::ExecDialect, graph::GraphDialect,
              target::TargetDialect, tile::TileDialect>();
  return registry;
}

Workshop::Workshop() : mlir(allDialects()) {
  mlir.getDiagEngine().registerHandler(
      [this](Diagnostic &diagnostic) { return keep(diagnostic); });
}

/// "model.mlir:3:5: " or "node 'matmul_1': "; empty for an unknown place.
static std::string placeText(Location location) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (auto file = location->findInstanceOf<FileLineColLoc>()) {
    os << file.getFilename().getValue();
    if (file.getLine())
      os << ':' << file.getLine() << ':' << file.getColumn();
    os << ": ";
  } else if (auto name = dyn_cast<NameLoc>(location)) {
    os << "node '" << name.getName().getValue() << "': ";
  }
  return text;
}

LogicalResult Workshop::keep(Diagnostic &diagnostic) {
  if (diagnostic.getSeverity() != DiagnosticSeverity::Error) {
    llvm::errs() << placeText(diagnostic.getLocation()) << diagnostic << '\n';
    return success();
  }
  if (!errors.empty())
    errors += "\nerror: ";
  errors += placeText(diagnostic.getLocation()) + diagnostic.str();
  for (Diagnostic &note : diagnostic.getNotes())
    errors += "\nnote: " + placeText(note.getLocation()) + note.str();
  return success();
}

rt::Error Workshop::emittedError() const {
  if (errors.empty())
    return {rt::Code::Internal, "a stage failed without saying why"};
  return {rt::Code::BadInput, errors};
}

/// "input_ids=Bx128"
static Result<void> parseDims(StringRef text, onnx::ImportOptions &options) {
  auto [input, dims] = text.split('=');
  SmallVector<StringRef> parts;
  dims.split(parts, 'x');
  if (input.empty() || llvm::is_contained(parts, ""))
    return badInput("--dims: expected INPUT=BxLx384, got ",
                    rt::quoted({text.data(), text.size()}));
  SmallVector<std::string> &list = options.inputDims[input];
  for (StringRef part : parts)
    list.push_back(part.str());
  return {};
}

Result<OwningOpRef<ModuleOp>>
Workshop::load(const std::string &path, std::span<const std::string> dims) {
  onnx::ImportOptions options;
  for (const std::string &text : dims)
    if (auto parsed = parseDims(text, options); !parsed)
      return parsed.error();
  if (!llvm::sys::fs::is_regular_file(path))
    return badInput(path, ": there is no such file");
  if (StringRef(path).ends_with(".onnx")) {
    auto module = onnx::importOnnx(&mlir, path, options);
    if (failed(module))
      return emittedError();
    return std::move(*module);
  }
  if (!StringRef(path).ends_with(".mlir"))
    return badInput(path, ": expected a .onnx or .mlir file");
  if (!dims.empty())
    return badInput("--dims: a .mlir file states its dims itself");
  auto module = parseSourceFile<ModuleOp>(path, &mlir);
  if (!module)
    return emittedError();
  return std::move(module);
}

} // namespace tenon::tool
