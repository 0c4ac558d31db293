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
static std::optional<Positions> moveReshape(graph::ReshapeOp reshape,
                                            const Positions &input) {
  SmallVector<DimAttr> from = graph::getDims(typeOf(reshape.getInput()));
  SmallVector<DimAttr> to = graph::getDims(typeOf(reshape));
  Positions result{SmallVector<int64_t>(to.size(), 0), input.offset};
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
    result.strides[target] = input.strides[d++];
  }
  skipUnits();
  return d == from.size() ? std::optional(result) : std::nullopt;
}

static std::optional<Positions> moveBroadcast(graph::BroadcastOp broadcast,
                                              const Positions &input) {
  RankedTensorType from = typeOf(broadcast.getInput());
  unsigned lead = typeOf(broadcast).getRank() - from.getRank();
  Positions result{SmallVector<int64_t>(lead, 0), input.offset};
  for (auto [d, stride] : llvm::enumerate(input.strides)) {
    bool repeats = from.getDimSize(d) == 1;
    if (from.isDynamicDim(d) && stride != 0 &&
        !graph::areEqual(graph::getDim(from, d),
                         graph::getDim(typeOf(broadcast), lead + d)))
      return std::nullopt;
    result.strides.push_back(repeats ? 0 : stride);
  }
  return result;
}

static std::optional<Positions> moveTranspose(graph::TransposeOp transpose,
                                              const Positions &input) {
  Positions result{{}, input.offset};
  for (int64_t from : transpose.getPermutation())
    result.strides.push_back(input.strides[from]);
  return result;
}

static Positions moveSlice(graph::SliceOp slice, const Positions &input) {
  Positions result = input;
  int64_t &stride = result.strides[slice.getAxis()];
  result.offset = result.offset.add(
      slice.getStart().mul(number(slice.getContext(), stride)));
  stride *= slice.getStep();
  return result;
}

std::optional<Positions> moveThrough(Operation *view, const Positions &input) {
  return llvm::TypeSwitch<Operation *, std::optional<Positions>>(view)
      .Case([&](graph::ReshapeOp op) { return moveReshape(op, input); })
      .Case([&](graph::BroadcastOp op) { return moveBroadcast(op, input); })
      .Case([&](graph::TransposeOp op) { return moveTranspose(op, input); })
      .Case([&](graph::SliceOp op) { return moveSlice(op, input); })
      .Default([](Operation *) { return std::nullopt; });
}

/// Wide enough that no position is changed by the cast.
static bool holdsPositions(Type type) {
  return type.isF32() || type.isF64() || type.isInteger(32) ||
         type.isInteger(64);
}

/// A bool is the position 0 or 1.
static std::optional<Positions> readCast(graph::CastOp cast) {
  Type from = typeOf(cast.getInput()).getElementType();
  if (!holdsPositions(cast.getTo()) ||
      (!holdsPositions(from) && !from.isInteger(1)))
    return std::nullopt;
  return readPositions(cast.getInput());
}

/// The same along every dim, and so not more than a number.
static bool isUniform(const Positions &positions) {
  return llvm::all_of(positions.strides, [](int64_t s) { return s == 0; });
}

static std::optional<Positions> readNot(graph::NotOp negation) {
  std::optional<Positions> input = readPositions(negation.getInput());
  if (!input || !isUniform(*input) || !input->offset.getConstantValue())
    return std::nullopt;
  input->offset = number(negation.getContext(), 1).sub(input->offset);
  return input;
}

/// The sums of one number are its multiples.
static std::optional<Positions> readCumsum(graph::CumsumOp cumsum) {
  std::optional<Positions> input = readPositions(cumsum.getInput());
  std::optional<int64_t> step =
      input ? input->offset.getConstantValue() : std::nullopt;
  if (!step || !isUniform(*input) || cumsum.getReverse())
    return std::nullopt;
  input->strides[cumsum.getAxis()] = *step;
  if (cumsum.getExclusive())
    input->offset = number(cumsum.getContext(), 0);
  return input;
}

/// Inputs that go on where the one before ends: -1 before 0, 1, 2 ...
static std::optional<Positions> readConcat(graph::ConcatOp concat) {
  int64_t axis = concat.getAxis();
  auto extentOf = [&](Value input) {
    return graph::getDim(typeOf(input), axis);
  };
  SmallVector<Positions> parts;
  std::optional<int64_t> stride;
  for (Value input : concat.getInputs()) {
    std::optional<Positions> part = readPositions(input);
    if (!part)
      return std::nullopt;
    // A single element has any stride.
    if (extentOf(input).getConstantValue() != 1) {
      if (stride && *stride != part->strides[axis])
        return std::nullopt;
      stride = part->strides[axis];
    }
    parts.push_back(*part);
  }
  if (!stride)
    return std::nullopt;
  DimAttr next = parts.front().offset;
  for (auto [part, input] : llvm::zip_equal(parts, concat.getInputs())) {
    part.strides[axis] = *stride;
    if (part.offset != next || part.strides != parts.front().strides)
      return std::nullopt;
    next = next.add(extentOf(input).mul(number(concat.getContext(), *stride)));
  }
  return parts.front();
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
      .Case<graph::ReshapeOp, graph::BroadcastOp, graph::TransposeOp,
            graph::SliceOp>([](Operation *op) -> std::optional<Positions> {
        std::optional<Positions> input = readPositions(op->getOperand(0));
        return input ? moveThrough(op, *input) : std::nullopt;
      })
      .Case([](graph::CastOp op) { return readCast(op); })
      .Case([](graph::NotOp op) { return readNot(op); })
      .Case([](graph::CumsumOp op) { return readCumsum(op); })
      .Case([](graph::ConcatOp op) { return readConcat(op); })
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
