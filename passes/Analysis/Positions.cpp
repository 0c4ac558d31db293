//===- Positions.cpp - values that follow from where an element stands ----===//

#include "passes/Analysis/Positions.h"

#include "passes/Analysis/KnownValues.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tenon {

using graph::DimAttr;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static DimAttr number(MLIRContext *context, int64_t value) {
  return DimAttr::getConstant(context, value);
}

std::optional<unsigned> Positions::getOnlyDim() const {
  std::optional<unsigned> only;
  for (auto [d, stride] : llvm::enumerate(strides)) {
    if (stride == 0)
      continue;
    if (stride != 1 || only)
      return std::nullopt;
    only = d;
  }
  return only;
}

//===----------------------------------------------------------------------===//
// Sources
//===----------------------------------------------------------------------===//

static std::optional<Positions> readIota(graph::IotaOp iota) {
  Positions result{SmallVector<int64_t>(typeOf(iota).getRank(), 0),
                   number(iota.getContext(), 0)};
  result.strides[iota.getAxis()] = 1;
  return result;
}

/// One number everywhere, or an arithmetic sequence along the only dim that is
/// not 1: a table of position ids.
static std::optional<Positions> readConstant(graph::ConstantOp constant) {
  RankedTensorType type = constant.getType();
  std::optional<ReferenceTensor> elements = getConstantElements(constant);
  if (!elements || elements->isFloat() || elements->numElements() == 0)
    return std::nullopt;
  Positions result{SmallVector<int64_t>(type.getRank(), 0),
                   number(constant.getContext(), elements->getInt(0))};
  int64_t numElements = elements->numElements();
  if (numElements == 1)
    return result;
  int64_t step = elements->getInt(1) - elements->getInt(0);
  for (int64_t i = 1; i < numElements; ++i)
    if (elements->getInt(i) - elements->getInt(i - 1) != step)
      return std::nullopt;
  auto *longDim = llvm::find(type.getShape(), numElements);
  if (step != 0 && longDim == type.getShape().end())
    return std::nullopt;
  if (step != 0)
    result.strides[longDim - type.getShape().begin()] = step;
  return result;
}

//===----------------------------------------------------------------------===//
// Moves and arithmetic
//===----------------------------------------------------------------------===//

/// A reshape that only adds or removes dims of extent 1.
static std::optional<Positions> readReshape(graph::ReshapeOp reshape) {
  std::optional<Positions> input = readPositions(reshape.getInput());
  if (!input)
    return std::nullopt;
  SmallVector<DimAttr> from = graph::getDims(typeOf(reshape.getInput()));
  SmallVector<DimAttr> to = graph::getDims(typeOf(reshape));
  Positions result{SmallVector<int64_t>(to.size(), 0), input->offset};
  unsigned d = 0;
  auto skipUnits = [&] {
    while (d < from.size() && from[d].getConstantValue() == 1)
      ++d;
  };
  for (auto [target, dim] : llvm::enumerate(to)) {
    if (dim.getConstantValue() == 1)
      continue;
    skipUnits();
    if (d == from.size() || !graph::areEqual(from[d], dim))
      return std::nullopt;
    result.strides[target] = input->strides[d++];
  }
  skipUnits();
  return d == from.size() ? std::optional(result) : std::nullopt;
}

static std::optional<Positions> readBroadcast(graph::BroadcastOp broadcast) {
  std::optional<Positions> input = readPositions(broadcast.getInput());
  if (!input)
    return std::nullopt;
  RankedTensorType from = typeOf(broadcast.getInput());
  unsigned lead = typeOf(broadcast).getRank() - from.getRank();
  Positions result{SmallVector<int64_t>(lead, 0), input->offset};
  for (auto [d, stride] : llvm::enumerate(input->strides)) {
    bool repeats = from.getDimSize(d) == 1;
    if (from.isDynamicDim(d) && stride != 0 &&
        !graph::areEqual(graph::getDim(from, d),
                         graph::getDim(typeOf(broadcast), lead + d)))
      return std::nullopt;
    result.strides.push_back(repeats ? 0 : stride);
  }
  return result;
}

static std::optional<Positions> readTranspose(graph::TransposeOp transpose) {
  std::optional<Positions> input = readPositions(transpose.getInput());
  if (!input)
    return std::nullopt;
  Positions result{{}, input->offset};
  for (int64_t from : transpose.getPermutation())
    result.strides.push_back(input->strides[from]);
  return result;
}

static std::optional<Positions> readSlice(graph::SliceOp slice) {
  std::optional<Positions> result = readPositions(slice.getInput());
  if (!result)
    return std::nullopt;
  int64_t &stride = result->strides[slice.getAxis()];
  result->offset = result->offset.add(
      slice.getStart().mul(number(slice.getContext(), stride)));
  stride *= slice.getStep();
  return result;
}

/// Wide enough that no position is changed by the cast.
static bool holdsPositions(Type type) {
  return type.isF32() || type.isF64() || type.isInteger(32) ||
         type.isInteger(64);
}

static std::optional<Positions> readCast(graph::CastOp cast) {
  if (!holdsPositions(cast.getTo()) ||
      !holdsPositions(typeOf(cast.getInput()).getElementType()))
    return std::nullopt;
  return readPositions(cast.getInput());
}

static SmallVector<int64_t> alignedStrides(const Positions &positions,
                                           unsigned rank) {
  SmallVector<int64_t> strides(rank - positions.strides.size(), 0);
  llvm::append_range(strides, positions.strides);
  return strides;
}

static Positions addScaled(const Positions &a, const Positions &b,
                           int64_t scale, unsigned rank) {
  Positions result{alignedStrides(a, rank), a.offset};
  for (auto [d, stride] : llvm::enumerate(alignedStrides(b, rank)))
    result.strides[d] += scale * stride;
  result.offset =
      a.offset.add(b.offset.mul(number(a.offset.getContext(), scale)));
  return result;
}

Positions subtract(const Positions &a, const Positions &b, unsigned rank) {
  return addScaled(a, b, -1, rank);
}

static std::optional<Positions> readSum(Value a, Value b, int64_t scale,
                                        unsigned rank) {
  std::optional<Positions> left = readPositions(a), right = readPositions(b);
  if (!left || !right)
    return std::nullopt;
  return addScaled(*left, *right, scale, rank);
}

std::optional<Positions> readPositions(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return std::nullopt;
  unsigned rank = typeOf(value).getRank();
  return llvm::TypeSwitch<Operation *, std::optional<Positions>>(op)
      .Case([](graph::IotaOp op) { return readIota(op); })
      .Case([](graph::ConstantOp op) { return readConstant(op); })
      .Case([](graph::ReshapeOp op) { return readReshape(op); })
      .Case([](graph::BroadcastOp op) { return readBroadcast(op); })
      .Case([](graph::TransposeOp op) { return readTranspose(op); })
      .Case([](graph::SliceOp op) { return readSlice(op); })
      .Case([](graph::CastOp op) { return readCast(op); })
      .Case([&](graph::AddOp op) {
        return readSum(op.getLhs(), op.getRhs(), 1, rank);
      })
      .Case([&](graph::SubOp op) {
        return readSum(op.getLhs(), op.getRhs(), -1, rank);
      })
      .Default([](Operation *) { return std::nullopt; });
}

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

/// The offset plus the last index times the stride, along dims whose stride has
/// this sign.
static DimAttr extremeOf(const Positions &positions, ArrayRef<DimAttr> dims,
                         bool wantsPositive) {
  MLIRContext *context = positions.offset.getContext();
  DimAttr result = positions.offset;
  for (auto [stride, dim] : llvm::zip_equal(positions.strides, dims))
    if (stride != 0 && (stride > 0) == wantsPositive)
      result =
          result.add(dim.sub(number(context, 1)).mul(number(context, stride)));
  return result;
}

DimAttr leastOf(const Positions &positions, ArrayRef<DimAttr> dims) {
  return extremeOf(positions, dims, /*wantsPositive=*/false);
}

DimAttr greatestOf(const Positions &positions, ArrayRef<DimAttr> dims) {
  return extremeOf(positions, dims, /*wantsPositive=*/true);
}

bool isNeverNegative(DimAttr dim) {
  return !dim.isUnknown() &&
         llvm::all_of(dim.getTerms(), [](graph::TermAttr term) {
           return term.getCoefficient() >= 0;
         });
}

} // namespace tenon
