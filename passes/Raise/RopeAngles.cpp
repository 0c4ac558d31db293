//===- RopeAngles.cpp - the factors of rotary embedding as exported -------===//

#include "passes/Raise/RopeAngles.h"

#include "passes/Analysis/KnownValues.h"
#include "passes/Analysis/Positions.h"

#include <cmath>

using namespace mlir;

namespace tenon {
namespace {

using graph::DimAttr;
using graph::RopePairing;

/// Frequencies pass through f32 powers in the exporter; base is found from one
/// of them and must explain the others this well, relatively.
constexpr double kFrequencyTolerance = 1.0e-4;

/// The value before casts, and before reshapes and broadcasts that keep the
/// order of its elements.
Value stripMoves(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<graph::ReshapeOp, graph::BroadcastOp, graph::CastOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

//===----------------------------------------------------------------------===//
// Factors
//===----------------------------------------------------------------------===//

/// x, when the value is x and x again along the last dim.
Value readTwice(Value value) {
  auto concat = value.getDefiningOp<graph::ConcatOp>();
  bool isTwice =
      concat && concat.getInputs().size() == 2 &&
      concat.getInputs()[0] == concat.getInputs()[1] &&
      static_cast<int64_t>(concat.getAxis()) == typeOf(concat).getRank() - 1;
  return isTwice ? concat.getInputs()[0] : Value();
}

/// x, when each element of x stands twice: .. x N x 1 repeated to .. x N x 2,
/// and that reshaped to .. x 2N.
Value readEachTwice(graph::ReshapeOp reshape) {
  RankedTensorType apart = typeOf(reshape.getInput());
  int64_t rank = apart.getRank();
  if (rank < 2 || apart.getDimSize(rank - 1) != 2 ||
      apart.isDynamicDim(rank - 2) ||
      typeOf(reshape).getShape().back() != 2 * apart.getDimSize(rank - 2))
    return nullptr;
  Value input = readTwice(reshape.getInput());
  if (auto repeat = reshape.getInput().getDefiningOp<graph::BroadcastOp>())
    input = repeat.getInput();
  bool isSingle = input && typeOf(input).getShape().back() == 1;
  return isSingle ? input : Value();
}

/// One step from the factor to the angles: what `op` is computed from, when it
/// doubles, looks up or is the curve, which is noted in the reader.
class FactorReader {
public:
  std::optional<RopeFactor> read(Value value) {
    while (Value before = step(value))
      value = before;
    if (!isSine || !pairing)
      return std::nullopt;
    return RopeFactor{value, *pairing, *isSine, lookup};
  }

private:
  Value step(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return nullptr;
    if (Value once = pairing ? Value() : stepBehindDoubling(op))
      return once;
    if (isa<graph::CastOp, graph::ReshapeOp, graph::BroadcastOp>(op))
      return op->getOperand(0);
    if (!isSine && isa<graph::CosOp, graph::SinOp>(op)) {
      isSine = isa<graph::SinOp>(op);
      return op->getOperand(0);
    }
    if (!isLookup(op))
      return nullptr;
    // The first rows of a table are the same rows of it.
    if (!lookup)
      lookup = op;
    else if (!isa<graph::SliceOp>(op) ||
             cast<graph::SliceOp>(op).getStart().getConstantValue() != 0)
      return nullptr;
    return op->getOperand(0);
  }

  Value stepBehindDoubling(Operation *op) {
    if (Value once = readTwice(op->getResult(0))) {
      pairing = RopePairing::Halves;
      return once;
    }
    auto reshape = dyn_cast<graph::ReshapeOp>(op);
    Value once = reshape ? readEachTwice(reshape) : Value();
    if (once)
      pairing = RopePairing::Interleaved;
    return once;
  }

  /// Rows of a table: all dims but the last two are 1.
  static bool isLookup(Operation *op) {
    if (auto gather = dyn_cast<graph::GatherOp>(op))
      return typeOf(gather.getData()).getRank() == 2 && gather.getAxis() == 0;
    auto slice = dyn_cast<graph::SliceOp>(op);
    if (!slice || slice.getStep() != 1)
      return false;
    RankedTensorType type = typeOf(slice);
    int64_t rows = type.getRank() - 2;
    return static_cast<int64_t>(slice.getAxis()) == rows &&
           llvm::all_of(type.getShape().take_front(rows),
                        [](int64_t size) { return size == 1; });
  }

  std::optional<RopePairing> pairing;
  std::optional<bool> isSine;
  Operation *lookup = nullptr;
};

//===----------------------------------------------------------------------===//
// Frequencies
//===----------------------------------------------------------------------===//

/// A small constant vector behind reshapes and broadcasts.
std::optional<SmallVector<double>> readFrequencies(Value value, int64_t count) {
  std::optional<ReferenceTensor> elements =
      getConstantElements(stripMoves(value));
  if (!elements || !elements->isFloat() || elements->numElements() != count)
    return std::nullopt;
  SmallVector<double> frequencies;
  for (int64_t j = 0; j < count; ++j)
    frequencies.push_back(elements->getFloat(j));
  return frequencies;
}

/// The base of which the frequencies are powers.
std::optional<double> findBase(ArrayRef<double> frequencies) {
  double count = frequencies.size();
  if (frequencies.size() < 2 || frequencies[1] <= 0.0)
    return std::nullopt;
  // The last frequency is the furthest from 1, so it tells the base best.
  double base = std::pow(frequencies.back(), -count / (count - 1.0));
  for (auto [j, frequency] : llvm::enumerate(frequencies)) {
    double expected = std::pow(base, -static_cast<double>(j) / count);
    if (std::abs(frequency - expected) > kFrequencyTolerance * expected)
      return std::nullopt;
  }
  // Exporters mean round numbers: 10000, 500000.
  double rounded = std::round(base);
  return std::abs(base - rounded) <= kFrequencyTolerance * base ? rounded
                                                                : base;
}

//===----------------------------------------------------------------------===//
// Positions
//===----------------------------------------------------------------------===//

/// The two operands of an outer product, whichever op makes it.
std::optional<std::pair<Value, Value>> readOuterProduct(Value f) {
  if (auto transpose = f.getDefiningOp<graph::TransposeOp>())
    f = transpose.getInput();
  Operation *op = f.getDefiningOp();
  if (!isa_and_nonnull<graph::MatmulOp, graph::MulOp>(op))
    return std::nullopt;
  auto matmul = dyn_cast<graph::MatmulOp>(op);
  if (matmul && typeOf(matmul.getLhs()).getShape().back() != 1)
    return std::nullopt;
  return std::pair(op->getOperand(0), op->getOperand(1));
}

/// The numbers that the frequencies are multiplied with.
std::optional<RopeAngles> readProduct(Value f) {
  auto operands = readOuterProduct(f);
  if (!operands)
    return std::nullopt;
  int64_t half = typeOf(f).getShape().back();
  for (auto [a, b] :
       {*operands, std::pair(operands->second, operands->first)}) {
    std::optional<SmallVector<double>> frequencies = readFrequencies(a, half);
    std::optional<double> base =
        frequencies ? findBase(*frequencies) : std::nullopt;
    if (base)
      return RopeAngles{stripMoves(b), nullptr, *base};
  }
  return std::nullopt;
}

/// Whether row p of a table has the angles of position p.
bool countsFromZero(Value numbers) {
  std::optional<Positions> positions = readPositions(numbers);
  return positions && positions->getOnlyDim() &&
         positions->offset.getConstantValue() == 0;
}

/// L or BxL integers.
bool arePositions(Value positions, DimAttr length) {
  RankedTensorType type = typeOf(positions);
  bool areIntegers = type.getElementType().isInteger(32) ||
                     type.getElementType().isInteger(64);
  return areIntegers && type.getRank() >= 1 && type.getRank() <= 2 &&
         graph::areEqual(graph::getDim(type, type.getRank() - 1), length);
}

} // namespace

std::optional<RopeFactor> readRopeFactor(Value factor) {
  return FactorReader().read(factor);
}

bool areSame(RopeAngles a, RopeAngles b) {
  if (a.base != b.base || a.positions != b.positions || !a.rows != !b.rows)
    return false;
  return !a.rows || (a.rows.getStart() == b.rows.getStart() &&
                     a.rows.getType() == b.rows.getType());
}

std::optional<RopeAngles> readRopeAngles(const RopeFactor &factor,
                                         DimAttr length) {
  std::optional<RopeAngles> angles = readProduct(factor.angles);
  if (!angles)
    return std::nullopt;
  if (!factor.lookup)
    return arePositions(angles->positions, length) ? angles : std::nullopt;
  if (!countsFromZero(angles->positions))
    return std::nullopt;
  angles->positions = nullptr;
  angles->rows = dyn_cast<graph::SliceOp>(factor.lookup);
  if (auto gather = dyn_cast<graph::GatherOp>(factor.lookup))
    angles->positions = gather.getIndices();
  if (angles->positions && !arePositions(angles->positions, length))
    return std::nullopt;
  return angles;
}

Value buildPositions(OpBuilder &builder, const RopeAngles &angles) {
  if (angles.positions)
    return angles.positions;
  graph::SliceOp slice = angles.rows;
  Type i64 = builder.getI64Type();
  DimAttr start = slice.getStart();
  DimAttr length = graph::getDim(typeOf(slice), slice.getAxis());
  Value counters = graph::IotaOp::create(
      builder, slice.getLoc(), graph::tensorOf({start.add(length)}, i64),
      /*axis=*/0);
  if (start.getConstantValue() == 0)
    return counters;
  return graph::SliceOp::create(builder, slice.getLoc(),
                                graph::tensorOf({length}, i64), counters,
                                /*axis=*/0, start, /*step=*/1);
}

} // namespace tenon
