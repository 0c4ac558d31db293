//===- tenon-interpret.cpp - executes functions of a file, for tests ------===//
//
// Runs every function whose arguments all have an example, and prints `@name`
// and a line for each result, in the order of the file:
//
//   func.func @twice(%x: tensor<?xf32, #graph.dims<L>>
//                        {graph.example = dense<[1.0, 2.0]> : tensor<2xf32>})
//                        -> ...
//
//   @twice
//   tensor<2xf32> 2 4
//
// The module may be of any stage up to schedule. Kernels in the algorithm form
// get the numbers of their schedules, else those of --extents, else small ones:
//
//   tenon-interpret model.tile.mlir --extents=BM=3,BN=7
//
//===----------------------------------------------------------------------===//

#include "compiler/Interpret/KernelInterpreter.h"
#include "compiler/Interpret/TensorText.h"
#include "compiler/Interpret/WeightFiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;
using namespace tenon;

static llvm::cl::opt<std::string> inputFile(llvm::cl::Positional,
                                            llvm::cl::init("-"),
                                            llvm::cl::desc("<MLIR file>"));
static llvm::cl::opt<std::string>
    functionName("function", llvm::cl::desc("execute this function only"));
static llvm::cl::opt<unsigned>
    numDigits("digits", llvm::cl::init(6),
              llvm::cl::desc("significant digits of floats"));
static llvm::cl::list<std::string>
    extents("extents", llvm::cl::CommaSeparated,
            llvm::cl::desc("numbers for symbols of kernels"),
            llvm::cl::value_desc("BM=3,BN=7"));
static llvm::cl::opt<uint32_t>
    orderSeed("order-seed", llvm::cl::init(1),
              llvm::cl::desc("draws the order of a kernel's instances"));

/// The elements of an attribute, by the meaning of graph.constant.
static FailureOr<ReferenceTensor> toTensor(ElementsAttr elements,
                                           Location location) {
  OpBuilder builder(elements.getContext());
  OwningOpRef<graph::ConstantOp> constant =
      graph::ConstantOp::create(builder, location, elements);
  auto type = cast<RankedTensorType>(elements.getShapedType());
  ReferenceTensor tensor(type.getElementType(), type.getShape());
  if (failed(constant->evaluate({}, tensor)))
    return failure();
  return tensor;
}

static bool hasExamples(func::FuncOp function) {
  return llvm::all_of(function.getArguments(), [&](BlockArgument argument) {
    return function.getArgAttrOfType<ElementsAttr>(argument.getArgNumber(),
                                                   "graph.example");
  });
}

static LogicalResult execute(Interpreter &interpreter, func::FuncOp function) {
  Interpreter::Tensors inputs;
  for (BlockArgument argument : function.getArguments()) {
    auto example = function.getArgAttrOfType<ElementsAttr>(
        argument.getArgNumber(), "graph.example");
    FailureOr<ReferenceTensor> input = toTensor(example, argument.getLoc());
    if (failed(input))
      return failure();
    inputs.push_back(std::move(*input));
  }
  FailureOr<Interpreter::Tensors> results =
      interpreter.run(function, std::move(inputs));
  if (failed(results))
    return failure();
  llvm::outs() << '@' << function.getName() << '\n';
  for (const ReferenceTensor &result : *results) {
    printTensor(llvm::outs(), result, numDigits);
    llvm::outs() << '\n';
  }
  return success();
}

/// The functions to execute; an error when the one that was asked for cannot
/// be.
static FailureOr<SmallVector<func::FuncOp>> selectFunctions(ModuleOp module) {
  SmallVector<func::FuncOp> selected;
  for (auto function : module.getOps<func::FuncOp>())
    if (hasExamples(function) && !function.isDeclaration() &&
        (functionName.empty() || function.getName() == functionName))
      selected.push_back(function);
  if (selected.empty())
    return module.emitError()
           << "nothing to execute: expected a function"
           << (functionName.empty() ? "" : " '" + functionName + "'")
           << " whose arguments all have a 'graph.example'";
  return selected;
}

/// "BM=3"; an error at the module when an entry is not of that form.
static FailureOr<KernelOptions> readKernelOptions(ModuleOp module) {
  KernelOptions options;
  options.orderSeed = orderSeed;
  for (StringRef text : extents) {
    auto [symbol, digits] = text.split('=');
    int64_t number;
    if (symbol.empty() || digits.getAsInteger(10, number) || number < 1)
      return module.emitError()
             << "--extents: expected symbols and numbers of 1 or more like "
                "BM=3, got '"
             << text << "'";
    options.extents[symbol] = number;
  }
  return options;
}

static LogicalResult executeFile(llvm::SourceMgr &sources,
                                 MLIRContext &context) {
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, &context);
  if (!module)
    return failure();
  FailureOr<SmallVector<func::FuncOp>> functions = selectFunctions(*module);
  FailureOr<KernelOptions> options = readKernelOptions(*module);
  if (failed(functions) || failed(options))
    return failure();
  Interpreter interpreter(
      readWeightsFrom(llvm::sys::path::parent_path(inputFile).str()));
  interpreter.addHandler<tile::LaunchOp>(launchHandler(*options));
  LogicalResult status = success();
  for (func::FuncOp function : *functions)
    if (failed(execute(interpreter, function)))
      status = failure();
  return status;
}

int main(int argc, char **argv) {
  llvm::cl::ParseCommandLineOptions(argc, argv,
                                    "tenon reference interpreter\n");
  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> file = openInputFile(inputFile, &error);
  if (!file) {
    llvm::errs() << error << '\n';
    return 1;
  }
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(file), SMLoc());

  DialectRegistry registry;
  registry.insert<arith::ArithDialect, func::FuncDialect, graph::GraphDialect,
                  math::MathDialect, scf::SCFDialect, tile::TileDialect>();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  SourceMgrDiagnosticHandler handler(sources, &context);
  return failed(executeFile(sources, context));
}
