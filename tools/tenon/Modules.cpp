//===- Modules.cpp - ONNX and MLIR files as modules; errors as results ----===//

#include "tools/tenon/Modules.h"

#include "dialects/Exec/ExecDialect.h"
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Target/TargetDialect.h"
#include "dialects/Tile/TileDialect.h"
#include "runtime/Core/Message.h"
#include "tools/tenon/Arguments.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
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
  // Sizes are its attributes, also in a module that has none of its ops.
  mlir.loadDialect<graph::GraphDialect>();
  // An op is a kernel's whole program: an error says where it is.
  mlir.printOpOnDiagnostic(false);
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
  } else if (auto name = location->findInstanceOf<NameLoc>()) {
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

/// A number from 1 on, or names, numbers and operators as in "past+1".
static bool isDim(StringRef text) {
  if (text.empty())
    return false;
  if (llvm::isDigit(text.front()))
    return positiveNumber(std::string_view(text)).has_value();
  return llvm::isAlpha(text.front()) && llvm::all_of(text, [](char c) {
           return llvm::isAlnum(c) || StringRef("_+-*").contains(c);
         });
}

/// "ids=Bx128"
static Result<void> parseShape(StringRef text, onnx::ImportOptions &options) {
  auto [input, shape] = text.rsplit('=');
  SmallVector<StringRef> dims;
  shape.split(dims, 'x');
  if (input.empty() || !llvm::all_of(dims, isDim))
    return badInput("--shape: expected INPUT=BxLx384, got ",
                    rt::quoted(std::string_view(text)));
  auto [given, isNew] = options.inputDims.try_emplace(input);
  if (!isNew)
    return badInput("--shape: input ", rt::quoted(std::string_view(input)),
                    " is given twice");
  for (StringRef dim : dims)
    given->second.push_back(dim.str());
  return {};
}

Result<OwningOpRef<ModuleOp>>
Workshop::load(const std::string &path, std::span<const std::string> shapes) {
  onnx::ImportOptions options;
  for (const std::string &text : shapes)
    if (auto parsed = parseShape(text, options); !parsed)
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
  if (!shapes.empty())
    return badInput("--shape: a .mlir file states its shapes itself");
  auto module = parseSourceFile<ModuleOp>(path, &mlir);
  if (!module)
    return emittedError();
  return module;
}

abi::Plan symbolsOf(ModuleOp module) {
  abi::Plan plan;
  for (auto function : module.getOps<func::FuncOp>())
    if (auto declared = function->getAttrOfType<ArrayAttr>("graph.symbols");
        declared && function.isPublic())
      for (auto symbol : declared.getAsRange<graph::SymbolAttr>())
        plan.symbols.push_back(
            {symbol.getName().getValue().str(), symbol.getMin(),
             symbol.getMax() < 0 ? INT64_MAX : symbol.getMax(),
             symbol.getDivisor()});
  return plan;
}

} // namespace tenon::tool
