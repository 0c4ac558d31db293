//===- ExecDialect.cpp - registration and verifiers -----------------------===//

#include "dialects/Exec/ExecDialect.h"

#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tenon::exec;

#include "dialects/Exec/ExecDialect.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Exec/ExecAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/Exec/ExecTypes.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/Exec/ExecOps.cpp.inc"

void ExecDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Exec/ExecAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Exec/ExecTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Exec/ExecOps.cpp.inc"
      >();
}

LogicalResult ProgramOp::verify() {
  // program_c1
  if (getInputNames().size() != getFunctionType().getNumInputs())
    return emitOpError() << "needs one name an input: expected "
                         << getFunctionType().getNumInputs() << ", got "
                         << getInputNames().size();
  // program_c2
  if (getOutputNames().size() != getFunctionType().getNumResults())
    return emitOpError() << "needs one name an output: expected "
                         << getFunctionType().getNumResults() << ", got "
                         << getOutputNames().size();
  return success();
}

LogicalResult FunctionOp::verify() {
  // function_c1
  if (static_cast<int64_t>(getNumParameters()) < 0)
    return emitOpError() << "has " << static_cast<int64_t>(getNumParameters())
                         << " parameters: expected 0 or more";
  return success();
}

static LogicalResult verifyNumber(Operation *op, int64_t number, int64_t count,
                                  StringRef what) {
  if (number >= 0 && number < count)
    return success();
  return op->emitOpError() << "is not " << what << ": expected less than "
                           << count << ", got " << number;
}

LogicalResult InputOp::verify() {
  // input_c1
  auto program = (*this)->getParentOfType<ProgramOp>();
  return verifyNumber(*this, getNumber(), program.getInputNames().size(),
                      "an input of the program");
}

LogicalResult OutputOp::verify() {
  // output_c1
  auto program = (*this)->getParentOfType<ProgramOp>();
  return verifyNumber(*this, getNumber(), program.getOutputNames().size(),
                      "an output of the program");
}

LogicalResult ParameterOp::verify() {
  // parameter_c1
  auto function = (*this)->getParentOfType<FunctionOp>();
  return verifyNumber(*this, getNumber(), function.getNumParameters(),
                      "a parameter of the function");
}

LogicalResult WeightOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // weight_c1
  auto function = symbols.lookupNearestSymbolFrom<FunctionOpInterface>(
      (*this)->getParentOp(), getValueAttr());
  if (!function || function.getNumArguments() != 0 ||
      function.getNumResults() != 1)
    return emitOpError() << "'" << getValue()
                         << "' is not a function without arguments and with "
                            "one result";
  return success();
}

LogicalResult SlotOp::verify() {
  // slot_c1
  if (getSizes().empty())
    return emitOpError() << "has no size";
  return success();
}

SmallVector<VariantAttr> LaunchOp::getVariantList() {
  ArrayAttr variants = getVariantsAttr();
  return variants ? llvm::to_vector(variants.getAsRange<VariantAttr>())
                  : SmallVector<VariantAttr>();
}

static LogicalResult verifyBlocks(LaunchOp launch, ArrayRef<int64_t> blocks) {
  if (launch.getGrid().size() != blocks.size())
    return launch.emitOpError()
           << "needs one block an axis of the grid: expected "
           << launch.getGrid().size() << ", got " << blocks.size();
  for (int64_t block : blocks)
    if (block < 1)
      return launch.emitOpError()
             << "has a block of " << block << " elements: expected 1 or more";
  return success();
}

LogicalResult LaunchOp::verify() {
  // launch_c1
  if (failed(verifyBlocks(*this, getBlocks())))
    return failure();
  // launch_c3
  int64_t numAxes = getGrid().size();
  for (VariantAttr variant : getVariantList()) {
    if (failed(verifyBlocks(*this, variant.getBlocks())))
      return failure();
    if (variant.getAxis() < 0 || variant.getAxis() >= numAxes)
      return emitOpError() << "has a variant of an axis that its grid has not: "
                              "expected less than "
                           << numAxes << ", got " << variant.getAxis();
  }
  return success();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // launch_c2
  SmallVector<FlatSymbolRefAttr> kernels = {getKernelAttr()};
  for (VariantAttr variant : getVariantList())
    kernels.push_back(variant.getKernel());
  for (FlatSymbolRefAttr kernel : kernels)
    if (!symbols.lookupNearestSymbolFrom((*this)->getParentOp(), kernel))
      return emitOpError() << "there is no kernel '" << kernel.getValue()
                           << "'";
  return success();
}

LogicalResult CallOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // call_c1
  auto callee = symbols.lookupNearestSymbolFrom<FunctionOp>(
      (*this)->getParentOp(), getCalleeAttr());
  if (!callee)
    return emitOpError() << "there is no exec.function '" << getCallee() << "'";
  // call_c2
  if (callee.getNumParameters() != getBuffers().size())
    return emitOpError() << "needs one buffer a parameter of '" << getCallee()
                         << "': expected " << callee.getNumParameters()
                         << ", got " << getBuffers().size();
  return success();
}

LogicalResult CopyOp::verify() {
  // copy_c1
  if (!isa_and_nonnull<OutputOp, SlotOp, ParameterOp>(getTo().getDefiningOp()))
    return emitOpError() << "writes to what is read only: expected an "
                            "exec.output, an exec.slot or an exec.parameter, "
                            "got "
                         << getTo().getDefiningOp()->getName();
  return success();
}
