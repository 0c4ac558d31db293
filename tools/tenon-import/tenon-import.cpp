//===- tenon-import.cpp - prints the graph module of an ONNX file ---------===//
//
//   tenon-import model.onnx --dims=input_ids=Bx128 --remarks --locations
//
//===----------------------------------------------------------------------===//

#include "frontends/Onnx/Import.h"

#include "mlir/IR/Remarks.h"
#include "mlir/Remark/RemarkStreamer.h"
#include "llvm/Support/CommandLine.h"

using namespace mlir;
using namespace tenon;

static llvm::cl::opt<std::string> inputFile(llvm::cl::Positional,
                                            llvm::cl::Required,
                                            llvm::cl::desc("<ONNX file>"));
static llvm::cl::list<std::string>
    inputDims("dims", llvm::cl::desc("dims of an input instead of the model's"),
              llvm::cl::value_desc("input=BxLx384"));
static llvm::cl::opt<bool>
    printRemarks("remarks",
                 llvm::cl::desc("say what import assumes and recognises"));
static llvm::cl::opt<bool>
    printLocations("locations",
                   llvm::cl::desc("print the node that each op is of"));

/// "input_ids=Bx128"; false when it is not of that form.
static bool parseDims(StringRef text, onnx::ImportOptions &options) {
  auto [input, dims] = text.split('=');
  SmallVector<StringRef> parts;
  dims.split(parts, 'x');
  if (input.empty() || llvm::is_contained(parts, ""))
    return false;
  SmallVector<std::string> &list = options.inputDims[input];
  for (StringRef part : parts)
    list.push_back(part.str());
  return true;
}

/// "model.onnx: error: ...", with the node's name where that is all there is.
static LogicalResult printDiagnostic(Diagnostic &diagnostic) {
  static constexpr const char *kNames[] = {"note", "warning", "error",
                                           "remark"};
  Location loc = diagnostic.getLocation();
  if (auto file = loc->findInstanceOf<FileLineColLoc>())
    llvm::errs() << file.getFilename().getValue();
  else if (auto name = loc->findInstanceOf<NameLoc>())
    llvm::errs() << "node '" << name.getName().getValue() << "'";
  else
    llvm::errs() << loc;
  llvm::errs() << ": "
               << kNames[static_cast<unsigned>(diagnostic.getSeverity())]
               << ": " << diagnostic << '\n';
  return success();
}

int main(int argc, char **argv) {
  llvm::cl::ParseCommandLineOptions(argc, argv, "tenon ONNX importer\n");
  onnx::ImportOptions options;
  for (StringRef text : inputDims)
    if (!parseDims(text, options)) {
      llvm::errs() << "--dims: expected input=BxLx384, got '" << text << "'\n";
      return 1;
    }

  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.getDiagEngine().registerHandler(printDiagnostic);
  if (printRemarks) {
    remark::RemarkCategories categories;
    categories.passed = categories.analysis = "Import";
    auto policy = std::make_unique<remark::RemarkEmittingPolicyAll>();
    if (failed(remark::enableOptimizationRemarks(context, /*streamer=*/nullptr,
                                                 std::move(policy), categories,
                                                 /*printAsEmitRemarks=*/true)))
      return 2;
  }
  FailureOr<OwningOpRef<ModuleOp>> module =
      onnx::importOnnx(&context, inputFile, options);
  if (failed(module))
    return 1;
  OpPrintingFlags flags;
  if (printLocations)
    flags.enableDebugInfo(/*enable=*/true, /*prettyForm=*/true);
  (*module)->print(llvm::outs(), flags);
  return 0;
}
