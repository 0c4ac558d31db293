//===- ExactRounding.cpp - roundings that change no value -----------------===//
//
// A float of p bits holds every whole number up to 2^p: bf16 those up to 256.
// Weights of few bits, less their zero points, are such numbers; they follow
// from integers by widenings, additions and subtractions alone.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tile/ExactRounding.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace tenon::tile;

namespace {
/// All elements are whole numbers between these.
struct WholeNumbers {
  int64_t low, high;
};
} // namespace

static std::optional<WholeNumbers> wholeNumbersOf(Value element);

/// Those of a map's result.
static std::optional<WholeNumbers> wholeNumbersOf(MapOp map) {
  return wholeNumbersOf(map.getBody().front().getTerminator()->getOperand(0));
}

/// The tile that a scalar of a map's body is an element of.
static Value tileOf(Value element) {
  auto argument = dyn_cast<BlockArgument>(element);
  auto map =
      argument ? dyn_cast<MapOp>(argument.getOwner()->getParentOp()) : MapOp();
  return map ? map.getInputs()[argument.getArgNumber()] : Value();
}

/// What widening makes of an integer of a few bits.
static std::optional<WholeNumbers> ofWidened(Value narrow, bool isUnsigned) {
  if (std::optional<WholeNumbers> known = wholeNumbersOf(narrow))
    return known;
  constexpr unsigned kMostBits = 16;
  auto type = dyn_cast<IntegerType>(narrow.getType());
  if (!type || type.getWidth() > kMostBits)
    return std::nullopt;
  int64_t count = int64_t(1) << type.getWidth();
  return isUnsigned ? WholeNumbers{0, count - 1}
                    : WholeNumbers{-count / 2, count / 2 - 1};
}

static std::optional<WholeNumbers> ofConstant(Value constant) {
  FloatAttr number;
  if (!matchPattern(constant, m_Constant(&number)))
    return std::nullopt;
  constexpr double kMost = 1 << 16;
  double value = number.getValueAsDouble();
  if (!(std::abs(value) <= kMost) || value != std::floor(value))
    return std::nullopt;
  auto whole = static_cast<int64_t>(value);
  return WholeNumbers{whole, whole};
}

static std::optional<WholeNumbers> wholeNumbersOf(Value element) {
  if (Value tile = tileOf(element)) {
    if (auto map = tile.getDefiningOp<MapOp>())
      return wholeNumbersOf(map);
    auto fill = tile.getDefiningOp<FillOp>();
    return fill ? ofConstant(fill.getValue()) : std::nullopt;
  }
  auto ofOperands = [&](Operation *op) {
    return std::pair(wholeNumbersOf(op->getOperand(0)),
                     wholeNumbersOf(op->getOperand(1)));
  };
  using Result = std::optional<WholeNumbers>;
  return llvm::TypeSwitch<Operation *, Result>(element.getDefiningOp())
      .Case<arith::ExtUIOp, arith::UIToFPOp>(
          [](auto op) { return ofWidened(op.getIn(), /*isUnsigned=*/true); })
      .Case<arith::ExtSIOp, arith::SIToFPOp>(
          [](auto op) { return ofWidened(op.getIn(), /*isUnsigned=*/false); })
      .Case([&](arith::AddFOp op) -> Result {
        auto [x, y] = ofOperands(op);
        return x && y ? Result({x->low + y->low, x->high + y->high})
                      : std::nullopt;
      })
      .Case([&](arith::SubFOp op) -> Result {
        auto [x, y] = ofOperands(op);
        return x && y ? Result({x->low - y->high, x->high - y->low})
                      : std::nullopt;
      })
      .Case([](arith::ConstantOp op) { return ofConstant(op.getResult()); })
      .Default([](Operation *) { return std::nullopt; });
}

Value tenon::tile::withoutExactRounding(Value tile) {
  auto rounding = tile.getDefiningOp<MapOp>();
  if (!rounding || rounding.getInputs().size() != 1)
    return tile;
  Block &body = rounding.getBody().front();
  auto op =
      body.getTerminator()->getOperand(0).getDefiningOp<arith::TruncFOp>();
  auto made = rounding.getInputs()[0].getDefiningOp<MapOp>();
  if (!op || op.getIn() != body.getArgument(0) || !made)
    return tile;
  std::optional<WholeNumbers> numbers = wholeNumbersOf(made);
  auto narrow = cast<FloatType>(op.getType());
  int64_t most = int64_t(1) << narrow.getFPMantissaWidth();
  bool isExact = numbers && -most <= numbers->low && numbers->high <= most;
  return isExact ? rounding.getInputs()[0] : tile;
}
