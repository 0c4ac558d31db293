//===- KnownValues.cpp - what is known of a value before the program runs -===//

#include "passes/Analysis/KnownValues.h"

#include "dialects/Graph/GraphDialect.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/MapVector.h"

#include <cmath>

using namespace mlir;

namespace tenon {

/// Weights pass through a handful of ops (cast, scale, transpose); a longer
/// chain is not an exporter's.
constexpr unsigned kDeepestWeightExpression = 8;

static bool isView(Operation *op) {
  auto tiled = dyn_cast<TileOpInterface>(op);
  return tiled && tiled.getKernelClass() == KernelClass::View;
}

TypedAttr getUniformElement(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return nullptr;
  if (isView(op) &&
      getElementTypeOrSelf(op->getOperand(0)) == getElementTypeOrSelf(value))
    return getUniformElement(op->getOperand(0));
  auto constant = dyn_cast<graph::ConstantOp>(op);
  if (!constant || constant.getValue().getNumElements() == 0)
    return nullptr;
  auto elements = dyn_cast<DenseElementsAttr>(constant.getValue());
  if (!elements || !elements.isSplat())
    return nullptr;
  return elements.getSplatValue<TypedAttr>();
}

static std::optional<double> toNumber(TypedAttr element) {
  if (auto number = dyn_cast_or_null<FloatAttr>(element))
    return number.getValueAsDouble();
  auto number = dyn_cast_or_null<IntegerAttr>(element);
  if (!number)
    return std::nullopt;
  bool isUnsigned =
      number.getType().isUnsignedInteger() || number.getType().isInteger(1);
  APInt bits = number.getValue();
  return isUnsigned ? bits.roundToDouble(false) : bits.roundToDouble(true);
}

std::optional<double> getUniformNumber(Value value) {
  if (auto cast = value.getDefiningOp<graph::CastOp>())
    return getUniformNumber(cast.getInput());
  if (Operation *op = value.getDefiningOp(); op && isView(op))
    return getUniformNumber(op->getOperand(0));
  return toNumber(getUniformElement(value));
}

double roundingOf(Type elementType) {
  auto type = dyn_cast<FloatType>(elementType);
  unsigned precision = type ? std::min(type.getFPMantissaWidth(), 24u) : 24;
  return std::ldexp(4.0, -static_cast<int>(precision));
}

bool isUniformly(Value value, double number) {
  std::optional<double> found = getUniformNumber(value);
  double tolerance =
      roundingOf(cast<RankedTensorType>(value.getType()).getElementType());
  return found && std::abs(*found - number) <= tolerance * std::abs(number);
}

std::optional<ReferenceTensor> getConstantElements(Value value) {
  auto constant = value.getDefiningOp<graph::ConstantOp>();
  if (!constant)
    return std::nullopt;
  RankedTensorType type = constant.getType();
  ReferenceTensor result(type.getElementType(), type.getShape());
  if (failed(constant.evaluate({}, result)))
    return std::nullopt;
  return result;
}

std::optional<double> getConstantNumber(Value value) {
  std::optional<ReferenceTensor> elements =
      cast<RankedTensorType>(value.getType()).getRank() == 0
          ? getConstantElements(value)
          : std::nullopt;
  return elements ? std::optional(elements->getFloat(0)) : std::nullopt;
}

static bool isWeightExpression(Value value, unsigned depth) {
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0)
    return false;
  if (isa<graph::WeightOp, graph::ConstantOp>(op))
    return true;
  bool movesOrMaps =
      isView(op) || isa<ElementwiseOpInterface, graph::ConcatOp>(op);
  return movesOrMaps && llvm::all_of(op->getOperands(), [&](Value operand) {
           return isWeightExpression(operand, depth - 1);
         });
}

bool isWeightExpression(Value value) {
  return isWeightExpression(value, kDeepestWeightExpression);
}

static KernelClass classOf(Operation *op) {
  auto tiled = dyn_cast<TileOpInterface>(op);
  return tiled ? tiled.getKernelClass() : KernelClass::None;
}

bool isFree(Operation *op) {
  SplatElementsAttr splat;
  return op && (matchPattern(op, m_Constant(&splat)) ||
                (op->getNumOperands() == 0 &&
                 classOf(op) == KernelClass::Elementwise));
}

/// Elements times bits; nothing where a dim is no number.
static std::optional<int64_t> countBits(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.hasStaticShape())
    return std::nullopt;
  return type.getNumElements() * type.getElementTypeBitWidth();
}

namespace {
/// 1. Find what follows from constants alone, and what of it makes no more bits
///    than the stored values behind it have.
/// 2. What is needed by such values alone is never made when the program runs,
///    so it may be larger.
/// 3. What is needed by others too is made then; begin again without it.
class StoredExpressions {
public:
  explicit StoredExpressions(Block &block) : block(block) {}

  DenseSet<Operation *> find() {
    do
      collect();
    while (!completes());
    return std::move(stored);
  }

private:
  void collect();
  bool completes();
  int64_t bitsBehind(Value value) const {
    Operation *op = value.getDefiningOp();
    return stored.contains(op) ? countBits(value).value_or(0)
                               : bitsRead.lookup(op);
  }

  Block &block;
  DenseSet<Operation *> stored, computed;
  /// Of what follows from constants: the bits of the stored values behind it.
  llvm::MapVector<Operation *, int64_t> bitsRead;
};
} // namespace

void StoredExpressions::collect() {
  stored.clear();
  bitsRead.clear();
  for (Operation &op : block) {
    if (!isa<ReferenceOpInterface>(op) || op.getNumResults() != 1 ||
        computed.contains(&op))
      continue;
    if (op.getNumOperands() == 0) {
      if (classOf(&op) == KernelClass::None) {
        stored.insert(&op);
        bitsRead[&op] = 0;
      }
      continue;
    }
    if (!llvm::all_of(op.getOperands(), [&](Value operand) {
          return bitsRead.contains(operand.getDefiningOp());
        }))
      continue;
    int64_t behind = 0;
    for (Value operand : op.getOperands())
      behind += bitsBehind(operand);
    bitsRead[&op] = behind;
    std::optional<int64_t> bits = countBits(op.getResult(0));
    if (bits && *bits <= behind)
      stored.insert(&op);
  }
}

bool StoredExpressions::completes() {
  auto isStored = [&](Operation *user) { return stored.contains(user); };
  for (Operation *op : llvm::reverse(llvm::make_first_range(bitsRead))) {
    if (stored.contains(op) || llvm::none_of(op->getUsers(), isStored))
      continue;
    if (!llvm::all_of(op->getUsers(), isStored)) {
      computed.insert(op);
      return false;
    }
    stored.insert(op);
  }
  return true;
}

DenseSet<Operation *> getStoredExpressions(Block &block) {
  return StoredExpressions(block).find();
}

DenseElementsAttr toElements(const ReferenceTensor &tensor) {
  auto type = RankedTensorType::get(tensor.dims(), tensor.elementType());
  SmallVector<Attribute> elements;
  Builder builder(type.getContext());
  for (int64_t i = 0; i < tensor.numElements(); ++i)
    elements.push_back(
        tensor.isFloat()
            ? Attribute(builder.getFloatAttr(tensor.elementType(),
                                             tensor.getFloat(i)))
            : builder.getIntegerAttr(tensor.elementType(), tensor.getInt(i)));
  return DenseElementsAttr::get(type, elements);
}

Value makeConstant(OpBuilder &builder, Location loc, TypedAttr element) {
  auto type = RankedTensorType::get({}, element.getType());
  return graph::ConstantOp::create(
      builder, loc, type, DenseElementsAttr::get(type, Attribute(element)));
}

Value makeFilled(OpBuilder &builder, Location loc, RankedTensorType type,
                 double number) {
  Type elementType = type.getElementType();
  TypedAttr element =
      isa<FloatType>(elementType)
          ? TypedAttr(builder.getFloatAttr(elementType, number))
          : builder.getIntegerAttr(elementType, static_cast<int64_t>(number));
  return graph::ConstantOp::create(
      builder, loc, type, DenseElementsAttr::get(type, Attribute(element)));
}

} // namespace tenon
