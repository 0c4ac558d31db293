//===- Import.cpp - walks over a model until nothing new is learned -------===//

#include "frontends/Onnx/Import.h"

#include "frontends/Onnx/Importer.h"
#include "frontends/Onnx/InputDims.h"

#include "mlir/IR/Remarks.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;

static constexpr auto kRemark =
    remark::RemarkOpts::name("import-onnx").category("Import");

/// Says what was assumed of sizes that the model leaves open.
static void remarkOnSymbols(const Symbols &symbols, Location loc) {
  for (const std::string &equality : symbols.equalities())
    remark::analysis(loc, kRemark) << "sizes that meet are equal: " + equality;
}

FailureOr<OwningOpRef<ModuleOp>>
onnx::importOnnx(MLIRContext *context, StringRef path,
                 const ImportOptions &options) {
  context->loadDialect<func::FuncDialect, graph::GraphDialect>();
  Location loc = FileLineColLoc::get(context, path, 0, 0);
  rt::Result<Model> model = readModel(path.str());
  if (!model) {
    // The location says which file.
    StringRef message = model.error().message;
    message.consume_front((path + ": ").str());
    return emitError(loc) << message;
  }
  if (auto valid = checkInputDims(model->graph, options); !valid)
    return emitError(loc) << valid.error().message;

  Symbols symbols(context);
  while (true) {
    size_t numKnown = symbols.equalities().size();
    Importer importer(*model, options, symbols, context);
    OwningOpRef<ModuleOp> module = importer.run();
    // Each equality removes a symbol, so this ends.
    if (symbols.equalities().size() != numKnown)
      continue;
    if (!module)
      return emitError(importer.error().loc) << importer.error().message;
    remarkOnSymbols(symbols, loc);
    for (const Importer::Note &note : importer.notes())
      remark::passed(note.loc, kRemark) << note.text;
    if (failed(verify(*module)))
      return failure();
    return module;
  }
}
