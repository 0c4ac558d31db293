//===- ExecutionCheck.cpp - does a pass change what a module computes? ----===//

#include "compiler/Interpret/ExecutionCheck.h"

#include "compiler/Interpret/FirstDifference.h"
#include "compiler/Interpret/RandomInputs.h"
#include "dialects/Tile/TileDialect.h"

#include "mlir/Pass/PassInstrumentation.h"

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------===//
// When
//===----------------------------------------------------------------------===//

namespace {
class Watch : public PassInstrumentation {
public:
  explicit Watch(ExecutionCheck &check) : check(check) {}

  void runBeforePass(Pass *pass, Operation *op) override {
    if (ModuleOp module = moduleOf(pass, op))
      check.beforePass(module);
  }
  void runAfterPass(Pass *pass, Operation *op) override {
    if (ModuleOp module = moduleOf(pass, op))
      check.afterPass(pass->getArgument(), module);
  }

private:
  /// Null for what only runs other passes, which has no name.
  static ModuleOp moduleOf(Pass *pass, Operation *op) {
    if (pass->getArgument().empty())
      return nullptr;
    auto module = dyn_cast<ModuleOp>(op);
    return module ? module : op->getParentOfType<ModuleOp>();
  }

  ExecutionCheck &check;
};
} // namespace

void ExecutionCheck::watch(PassManager &passes) {
  passes.addInstrumentation(std::make_unique<Watch>(*this));
}

//===----------------------------------------------------------------------===//
// What
//===----------------------------------------------------------------------===//

static auto publicFunctions(ModuleOp module) {
  return llvm::make_filter_range(
      module.getOps<func::FuncOp>(), [](func::FuncOp function) {
        return function.isPublic() && !function.isDeclaration();
      });
}

FailureOr<Interpreter::Tensors> ExecutionCheck::execute(func::FuncOp function) {
  StringRef name = function.getName();
  if (!inputs.contains(name))
    inputs[name] = drawInputs(function);
  return Interpreter(readWeight).run(function, inputs[name]);
}

void ExecutionCheck::beforePass(ModuleOp module) {
  if (failed)
    return;
  original = module.clone();
  for (func::FuncOp function : publicFunctions(module)) {
    if (expected.contains(function.getName()))
      continue;
    FailureOr<Tensors> results = execute(function);
    failed |= llvm::failed(results);
    if (failed)
      return;
    expected[function.getName()] = std::move(*results);
  }
}

void ExecutionCheck::afterPass(StringRef pass, ModuleOp module) {
  if (failed)
    return;
  for (func::FuncOp function : publicFunctions(*original)) {
    auto changed = module.lookupSymbol<func::FuncOp>(function.getName());
    if (changed) {
      compare(pass, changed);
    } else {
      module.emitError() << "pass '" << pass << "' leaves no function '"
                         << function.getName() << "'";
      failed = true;
    }
    if (failed)
      return;
  }
}

//===----------------------------------------------------------------------===//
// What is wrong
//===----------------------------------------------------------------------===//

std::optional<ExecutionCheck::Change>
ExecutionCheck::findChange(ArrayRef<ReferenceTensor> expected,
                           ArrayRef<ReferenceTensor> got) const {
  for (auto [number, e, g] : llvm::enumerate(expected, got))
    if (std::optional<int64_t> at = firstDifference(e, g, tolerance))
      return Change{static_cast<unsigned>(number), *at, e.getFloat(*at),
                    g.getFloat(*at)};
  return std::nullopt;
}

/// "2x3xf32, i64"
static std::string describeTypes(ArrayRef<ReferenceTensor> tensors) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(tensors, os, [&](const ReferenceTensor &tensor) {
    for (int64_t dim : tensor.dims())
      os << dim << 'x';
    os << tensor.elementType();
  });
  return text;
}

/// "'tile.launch' of kernel 'matmul_add'"
static std::string describe(Operation *op) {
  std::string text = "'" + op->getName().getStringRef().str() + "'";
  if (auto launch = dyn_cast<tile::LaunchOp>(op))
    text += " of kernel '" + launch.getKernel().str() + "'";
  return text;
}

/// "result 0 ('logits')"
static std::string describe(func::FuncOp function, unsigned result) {
  std::string text = "result " + std::to_string(result);
  if (auto name =
          function.getResultAttrOfType<StringAttr>(result, "graph.name"))
    text += " ('" + name.str() + "')";
  return text;
}

void ExecutionCheck::compare(StringRef pass, func::FuncOp function) {
  FailureOr<Tensors> got = execute(function);
  if (llvm::failed(got)) {
    function.emitError() << "pass '" << pass << "' leaves a function '"
                         << function.getName() << "' that cannot be executed";
    failed = true;
    return;
  }
  Tensors &known = expected[function.getName()];
  if (describeTypes(known) != describeTypes(*got)) {
    function.emitError() << "pass '" << pass
                         << "' changes the types of the results of function '"
                         << function.getName() << "': expected "
                         << describeTypes(known) << ", got "
                         << describeTypes(*got);
    failed = true;
    return;
  }
  std::optional<Change> change = findChange(known, *got);
  if (!change) {
    known = std::move(*got);
    return;
  }
  failed = true;
  explain(pass, function, *change);
}

void ExecutionCheck::explain(StringRef pass, func::FuncOp function,
                             const Change &change) {
  // Once more, to see what each op computes.
  Trace before, after;
  auto trace = [&](Trace &into, func::FuncOp traced) {
    Interpreter interpreter(readWeight);
    into.record(interpreter);
    (void)interpreter.run(traced, inputs[function.getName()]);
  };
  trace(before, original->lookupSymbol<func::FuncOp>(function.getName()));
  trace(after, function);
  Operation *terminator = function.getBody().front().getTerminator();
  Operation *culprit = firstNewOp(terminator->getOperand(change.result), before,
                                  after, tolerance);
  InFlightDiagnostic error =
      mlir::emitError(culprit ? culprit->getLoc() : terminator->getLoc());
  error << "pass '" << pass << "' changes " << describe(function, change.result)
        << " of function '" << function.getName() << "': expected "
        << change.expected << " at element " << change.element << ", got "
        << change.got;
  if (culprit)
    error << "; the first op whose value is new is " << describe(culprit);
}
