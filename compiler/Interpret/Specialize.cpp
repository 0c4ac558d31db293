//===- Specialize.cpp - an op with numbers in place of symbols ------------===//

#include "compiler/Interpret/Specialize.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::graph;

/// The number of a dim; the dim itself when a symbol of it has none.
static DimAttr toNumber(DimAttr dim, const SymbolValues &symbols) {
  std::optional<int64_t> value = dim.evaluate(symbols);
  return value ? DimAttr::getConstant(dim.getContext(), *value) : dim;
}

static void replaceSymbols(Operation *op, const SymbolValues &symbols) {
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](DimAttr dim) -> std::optional<Attribute> {
    return toNumber(dim, symbols);
  });
  // The encoding and the shape of a type change together.
  replacer.addReplacement(
      [&](RankedTensorType type) -> std::optional<std::pair<Type, WalkResult>> {
        SmallVector<DimAttr> dims = getDims(type);
        for (DimAttr &dim : dims)
          dim = toNumber(dim, symbols);
        return std::pair(Type(tensorOf(dims, type.getElementType())),
                         WalkResult::skip());
      });
  replacer.replaceElementsIn(op, /*replaceAttrs=*/true, /*replaceLocs=*/false,
                             /*replaceTypes=*/true);
}

/// Asks the op for the dims of its results that are still unknown.
static void inferUnknownDims(Operation *op) {
  auto infer = dyn_cast<InferTypeOpInterface>(op);
  SmallVector<Type> types;
  if (!infer || failed(infer.inferReturnTypes(
                    op->getContext(), op->getLoc(), op->getOperands(),
                    op->getRawDictionaryAttrs(), op->getPropertiesStorage(),
                    op->getRegions(), types)))
    return;
  for (auto [result, type] : llvm::zip_equal(op->getResults(), types))
    result.setType(type);
}

static LogicalResult checkIsStatic(Operation *op) {
  for (Type type : op->getResultTypes())
    if (!cast<RankedTensorType>(type).hasStaticShape())
      return op->emitOpError()
             << "has a result whose size is unknown: expected dims that follow "
                "from the inputs, got "
             << type;
  return success();
}

FailureOr<SpecializedOp> SpecializedOp::create(Operation *op,
                                               TypeRange operandTypes,
                                               const SymbolValues &symbols) {
  SpecializedOp copy;
  copy.block = std::make_unique<Block>();
  IRMapping mapping;
  for (auto [operand, type] : llvm::zip_equal(op->getOperands(), operandTypes))
    mapping.map(operand, copy.block->addArgument(type, operand.getLoc()));
  copy.block->push_back(op->clone(mapping));
  replaceSymbols(copy.get(), symbols);
  if (failed(verify(copy.get())))
    return failure();
  inferUnknownDims(copy.get());
  if (failed(checkIsStatic(copy.get())))
    return failure();
  return copy;
}
