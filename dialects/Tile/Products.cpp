//===- Products.cpp - which units can compute a product -------------------===//

#include "dialects/Tile/Products.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tenon::tile;

static constexpr ProductUnit kUnits[] = {
    {"avx512bf16", "avx512bf16", 2, "bf16", false},
    {"avx512vnni", "avx512vnni", 4, "8-bit integers", false},
    {"amx-bf16", "amx-bf16", 2, "bf16", true},
    {"amx-int8", "amx-int8", 4, "8-bit integers", true},
    {"amx-bf16x3", "amx-bf16", 1, "f32", true, 3},
};

ArrayRef<ProductUnit> tenon::tile::productUnits() { return kUnits; }

const ProductUnit *tenon::tile::productUnit(StringRef name) {
  const auto *found = llvm::find_if(
      kUnits, [&](const ProductUnit &unit) { return unit.name == name; });
  return found == std::end(kUnits) ? nullptr : found;
}

const ProductUnit *tenon::tile::unitOf(KernelOp kernel) {
  DictionaryAttr schedule = kernel.getScheduleAttr();
  auto name = schedule ? schedule.getAs<StringAttr>("unit") : StringAttr();
  return name ? productUnit(name.getValue()) : nullptr;
}

bool tenon::tile::computes(const ProductUnit &unit, MmaOp product) {
  bool isOfF32 = llvm::all_of(
      ValueRange{product.getLhs(), product.getRhs(), product.getResult()},
      [](Value tile) {
        return cast<TileType>(tile.getType()).getElementType().isF32();
      });
  return unit.numParts > 1 ? isOfF32 : unit.dotLength == dotLength(product);
}

/// The input of a map of one input that keeps every place and whose body is one
/// op of this kind; null of other tiles.
template <typename Op> static Value inputOfMap(Value tile) {
  auto map = tile.getDefiningOp<MapOp>();
  if (!map || map.getInputs().size() != 1 ||
      !llvm::equal(map.getMap(0),
                   llvm::seq<unsigned>(0, map.getType().getRank())))
    return nullptr;
  Block &body = map.getBody().front();
  auto op = body.getTerminator()->getOperand(0).getDefiningOp<Op>();
  return op && op->getOperand(0) == body.getArgument(0) ? map.getInputs()[0]
                                                        : Value();
}

Value tenon::tile::withoutRoundTrip(Value tile) {
  Value wide = inputOfMap<arith::TruncFOp>(tile);
  Value source = wide ? inputOfMap<arith::ExtFOp>(wide) : Value();
  return source && source.getType() == tile.getType() ? source : tile;
}

NarrowOperand tenon::tile::narrowOperand(Value tile) {
  if (Value source = inputOfMap<arith::ExtUIOp>(tile))
    return {source, true};
  if (Value source = inputOfMap<arith::ExtSIOp>(tile))
    return {source};
  Value source = inputOfMap<arith::ExtFOp>(tile);
  return {source ? source : tile};
}

bool tenon::tile::hasProduct(KernelOp kernel) {
  return kernel.walk([](MmaOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

NarrowOperand tenon::tile::unitOperand(Value side) {
  NarrowOperand narrow = narrowOperand(side);
  if (narrow.elementType().isTF32())
    return {inputOfMap<arith::TruncFOp>(narrow.tile)};
  return narrow;
}

static int64_t unitBytes(MmaOp mma) {
  Type left = narrowOperand(mma.getLhs()).elementType(),
       right = narrowOperand(mma.getRhs()).elementType(),
       sum = mma.getType().getElementType();
  if (left.isInteger(8) && right.isInteger(8) && sum.isInteger(32))
    return 1;
  if (left.isTF32() && right.isTF32() && sum.isF32())
    return 4;
  left = mma.getLhs().getType().getElementType();
  bool isHalf = isa<FloatType>(left) && left.getIntOrFloatBitWidth() == 16 &&
                left == mma.getRhs().getType().getElementType();
  return isHalf && sum.isF32() ? 2 : 0;
}

int64_t tenon::tile::unitBytes(KernelOp kernel) {
  std::optional<int64_t> bytes;
  kernel.walk([&](MmaOp mma) {
    int64_t ofThis = ::unitBytes(mma);
    bytes = bytes.value_or(ofThis) == ofThis ? ofThis : 0;
  });
  return bytes.value_or(0);
}

bool tenon::tile::isZeroFill(Value tile) {
  auto fill = tile.getDefiningOp<FillOp>();
  return fill && (matchPattern(fill.getValue(), m_AnyZeroFloat()) ||
                  matchPattern(fill.getValue(), m_Zero()));
}

LoadOp tenon::tile::loadBehind(Value tile) {
  if (auto load = tile.getDefiningOp<LoadOp>())
    return load;
  auto map = tile.getDefiningOp<MapOp>();
  if (!map)
    return nullptr;
  auto all = llvm::to_vector(llvm::seq<unsigned>(0, map.getType().getRank()));
  Value inPlace;
  for (auto [n, input] : llvm::enumerate(map.getInputs())) {
    if (cast<TileType>(input.getType()).getRank() != all.size())
      continue;
    if (inPlace || map.getMap(n) != all)
      return nullptr;
    inPlace = input;
  }
  return inPlace ? loadBehind(inPlace) : LoadOp();
}

bool tenon::tile::liesDeep(MmaOp product) {
  LoadOp load = loadBehind(product.getRhs());
  if (!load || load.getType().getRank() != 2)
    return false;
  ViewType view = load.getView().getType();
  int64_t last = view.getRank() - 1;
  if (LayoutAttr layout = view.getLayout()) {
    SmallVector<int64_t> order = layout.getDimOrder();
    last = order.empty() ? -1 : order.back();
  }
  return load.getAxes()[0] == last;
}

int64_t tenon::tile::bitsOfWidened(MmaOp product) {
  LoadOp load = loadBehind(product.getRhs());
  Type stored = load ? load.getType().getElementType() : Type();
  bool isWidened = stored && isa<IntegerType>(stored) &&
                   isa<FloatType>(product.getType().getElementType());
  return isWidened ? stored.getIntOrFloatBitWidth() : 0;
}

int64_t tenon::tile::rowsOfWord(LoadOp load) {
  ViewType view = load.getView().getType();
  if (!view.getLayout() || view.getRank() < 2)
    return 1;
  LayoutAttr::Digit last = view.getLayout().getDigitList().back();
  bool isWord = last.dim == view.getRank() - 2 && last.stride == 1 &&
                last.extent == wordLengthOf(view.getElementType());
  return isWord ? last.extent : 1;
}

int64_t tenon::tile::wordLengthOf(Type elementType) {
  constexpr int64_t kWordBits = 32;
  int64_t bits = elementType.getIntOrFloatBitWidth();
  return bits > 1 && bits < 8 ? kWordBits / bits : 1;
}

int64_t tenon::tile::dotLength(MmaOp product) {
  NarrowOperand lhs = narrowOperand(product.getLhs()),
                rhs = narrowOperand(product.getRhs());
  Type sum = product.getType().getElementType();
  if (sum.isF32() && lhs.elementType().isBF16() && rhs.elementType().isBF16())
    return 2;
  bool isUnsignedBySigned = lhs.isUnsigned && lhs.elementType().isInteger(8) &&
                            !rhs.isUnsigned && rhs.elementType().isInteger(8);
  return sum.isInteger(32) && isUnsignedBySigned ? 4 : 1;
}
