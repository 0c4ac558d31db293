//===- GraphElementwiseBodies.cpp - elementwise ops as arith and math ops -===//
//
// Bodies are what compiled code computes. Scalars come as getScalarType says:
// f32 or f64, signless integers, i1. Whether an integer is unsigned is asked of
// the op's operand. No fast-math flags: NaN and infinity come out as they
// should.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/GraphElementwise.h"
#include "dialects/Tile/TileDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

#include <numbers>

using namespace mlir;

namespace tenon::graph {

Type getScalarType(Type elementType) {
  if (auto type = dyn_cast<IntegerType>(elementType))
    return IntegerType::get(type.getContext(), type.getWidth());
  return elementType.isF64() ? elementType
                             : Float32Type::get(elementType.getContext());
}

DimAttr countBodyFlops(Operation *op) {
  Block scratch;
  for (Value operand : op->getOperands())
    scratch.addArgument(getScalarType(getElementTypeOrSelf(operand)),
                        op->getLoc());
  OpBuilder builder(op->getContext());
  builder.setInsertionPointToStart(&scratch);
  cast<ElementwiseOpInterface>(op).buildBody(builder, scratch.getArguments());
  auto isWork = [](Operation &scalar) {
    return !isa<arith::ConstantOp>(scalar);
  };
  MLIRContext *context = op->getContext();
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  return numElements(context, getDims(type))
      .mul(DimAttr::getConstant(context, llvm::count_if(scratch, isWork)));
}

namespace {

/// Short names for the scalar ops of one body.
class Body {
public:
  Body(OpBuilder &builder, Operation *op, ValueRange scalars)
      : builder(builder), loc(op->getLoc()), scalars(scalars),
        elementType(
            getElementTypeOrSelf(op->getOperand(op->getNumOperands() - 1))) {}

  Value operator[](unsigned number) const { return scalars[number]; }
  bool isFloat() const { return isa<FloatType>(elementType); }
  bool isUnsigned() const {
    return elementType.isUnsignedInteger() || elementType.isInteger(1);
  }

  template <typename Op, typename... Args> Value make(Args &&...args) {
    return Op::create(builder, loc, std::forward<Args>(args)...);
  }
  /// `Signed`, or `Unsigned` for an unsigned element type.
  template <typename Signed, typename Unsigned> Value bySign(Value a, Value b) {
    return isUnsigned() ? make<Unsigned>(a, b) : make<Signed>(a, b);
  }
  /// The float op or the integer op, by the element type.
  template <typename OnFloats, typename OnInts, typename... Args>
  Value byKind(Args... args) {
    return isFloat() ? make<OnFloats>(args...) : make<OnInts>(args...);
  }

  Value constant(Type type, double value) {
    return make<arith::ConstantOp>(builder.getFloatAttr(type, value));
  }
  Value constant(Type type, const APInt &value) {
    return make<arith::ConstantOp>(builder.getIntegerAttr(type, value));
  }
  /// A small number in the type of `like`.
  Value constantLike(Value like, int64_t value) {
    Type type = like.getType();
    if (isa<FloatType>(type))
      return constant(type, static_cast<double>(value));
    return constant(type, APInt(type.getIntOrFloatBitWidth(), value,
                                /*isSigned=*/true,
                                /*implicitTrunc=*/true));
  }

  Value compare(arith::CmpFPredicate predicate, Value a, Value b) {
    return make<arith::CmpFOp>(predicate, a, b);
  }
  Value compare(arith::CmpIPredicate predicate, Value a, Value b) {
    return make<arith::CmpIOp>(predicate, a, b);
  }
  Value select(Value condition, Value then, Value otherwise) {
    return make<arith::SelectOp>(condition, then, otherwise);
  }

  /// 1 / (1 + exp(-x)): exp(-x) that overflows gives 0, as it should.
  Value sigmoid(Value x) {
    Value one = constantLike(x, 1);
    Value grown = make<math::ExpOp>(make<arith::NegFOp>(x));
    Value share = make<arith::DivFOp>(one, make<arith::AddFOp>(one, grown));
    for (Operation *op : {grown.getDefiningOp(), share.getDefiningOp()})
      op->setAttr(tile::kRelative, builder.getUnitAttr());
    return share;
  }
  Value silu(Value x) { return make<arith::MulFOp>(x, sigmoid(x)); }

  /// x / 2 (1 + erf(x / sqrt(2))) as max(x, 0) - |x| / 2 erfc(|x| / sqrt(2)),
  /// in which no digits cancel. Far out, what is subtracted is 10^-16; infinity
  /// times 0 would be NaN. The maximum is x / 2 + |x| / 2: NaN for -infinity.
  Value gelu(Value x) {
    auto number = [&](double value) { return constant(x.getType(), value); };
    Value half = number(0.5);
    Value size = make<arith::MulFOp>(make<math::AbsFOp>(x), half);
    Value most = make<math::FmaOp>(x, half, size);
    Value near = make<arith::MinimumFOp>(
        size, number(tile::kErfcLimit / std::numbers::sqrt2));
    Value tail = make<math::ErfcOp>(
        make<arith::MulFOp>(near, number(std::numbers::sqrt2)));
    for (StringRef name : {tile::kLimited, tile::kRelative})
      tail.getDefiningOp()->setAttr(name, builder.getUnitAttr());
    return make<math::FmaOp>(make<arith::NegFOp>(near), tail, most);
  }

private:
  OpBuilder &builder;
  Location loc;
  ValueRange scalars;
  Type elementType;
};

} // namespace

//===----------------------------------------------------------------------===//
// One math op, or two of them by element kind
//===----------------------------------------------------------------------===//

#define TENON_BODY(OP, EXPRESSION)                                             \
  Value OP::buildBody(OpBuilder &builder, ValueRange scalars) {                \
    Body body(builder, *this, scalars);                                        \
    return EXPRESSION;                                                         \
  }

TENON_BODY(ExpOp, body.make<math::ExpOp>(body[0]))
TENON_BODY(LogOp, body.make<math::LogOp>(body[0]))
TENON_BODY(SqrtOp, body.make<math::SqrtOp>(body[0]))
TENON_BODY(ErfOp, body.make<math::ErfOp>(body[0]))
TENON_BODY(TanhOp, body.make<math::TanhOp>(body[0]))
TENON_BODY(SinOp, body.make<math::SinOp>(body[0]))
TENON_BODY(CosOp, body.make<math::CosOp>(body[0]))
TENON_BODY(FloorOp, body.make<math::FloorOp>(body[0]))
TENON_BODY(CeilOp, body.make<math::CeilOp>(body[0]))
TENON_BODY(RoundOp, body.make<math::RoundEvenOp>(body[0]))
TENON_BODY(SigmoidOp, body.sigmoid(body[0]))
TENON_BODY(SiluOp, body.silu(body[0]))
TENON_BODY(FmaOp, body.make<math::FmaOp>(body[0], body[1], body[2]))
TENON_BODY(SwigluOp, body.make<arith::MulFOp>(body.silu(body[0]), body[1]))
TENON_BODY(PowOp, body.make<math::PowFOp>(body[0], body[1]))
TENON_BODY(IsNanOp, body.compare(arith::CmpFPredicate::UNO, body[0], body[0]))
TENON_BODY(NotOp,
           body.make<arith::XOrIOp>(body[0], body.constantLike(body[0], 1)))
TENON_BODY(AndOp, body.make<arith::AndIOp>(body[0], body[1]))
TENON_BODY(OrOp, body.make<arith::OrIOp>(body[0], body[1]))
TENON_BODY(XorOp, body.make<arith::XOrIOp>(body[0], body[1]))
TENON_BODY(WhereOp, body.select(body[0], body[1], body[2]))
TENON_BODY(AddOp, (body.byKind<arith::AddFOp, arith::AddIOp>(body[0], body[1])))
TENON_BODY(SubOp, (body.byKind<arith::SubFOp, arith::SubIOp>(body[0], body[1])))
TENON_BODY(MulOp, (body.byKind<arith::MulFOp, arith::MulIOp>(body[0], body[1])))

#undef TENON_BODY

Value RsqrtOp::buildBody(OpBuilder &builder, ValueRange scalars) {
  // Not math.rsqrt, which may become an approximation.
  Body body(builder, *this, scalars);
  Value root = body.make<math::SqrtOp>(body[0]);
  return body.make<arith::DivFOp>(body.constantLike(root, 1), root);
}

Value ReciprocalOp::buildBody(OpBuilder &builder, ValueRange scalars) {
  Body body(builder, *this, scalars);
  return body.make<arith::DivFOp>(body.constantLike(body[0], 1), body[0]);
}

Value GeluOp::buildBody(OpBuilder &builder, ValueRange scalars) {
  Body body(builder, *this, scalars);
  Value x = body[0];
  auto times = [&](Value a, Value b) { return body.make<arith::MulFOp>(a, b); };
  auto number = [&](double value) { return body.constant(x.getType(), value); };

  if (getForm() == GeluForm::Erf)
    return body.gelu(x);
  Value cube = times(times(x, x), x);
  Value inner = body.make<arith::AddFOp>(x, times(cube, number(0.044715)));
  double slope = std::numbers::sqrt2 * std::numbers::inv_sqrtpi; // sqrt(2 / pi)
  Value step = body.make<math::TanhOp>(times(inner, number(slope)));
  return times(times(x, number(0.5)),
               body.make<arith::AddFOp>(number(1), step));
}

//===----------------------------------------------------------------------===//
// Sign, order
//===----------------------------------------------------------------------===//

Value NegOp::buildBody(OpBuilder &builder, ValueRange scalars) {
  Body body(builder, *this, scalars);
  if (body.isFloat())
    return body.make<arith::NegFOp>(body[0]);
  return body.make<arith::SubIOp>(body.constantLike(body[0], 0), body[0]);
}

Value AbsOp::buildBody(OpBuilder &builder, ValueRange scalars) {
  Body body(builder, *this, scalars);
  if (body.isUnsigned())
    return body[0];
  return body.byKind<math::AbsFOp, math::AbsIOp>(body[0]);
}

Value SignOp::buildBody(OpBuilder &builder, ValueRange scalars) {
  Body body(builder, *this, scalars);
  Value x = body[0], zero = body.constantLike(x, 0);
  Value plus = body.constantLike(x, 1), minus = body.constantLike(x, -1);
  if (body.isFloat()) {
    // What is neither above nor below is zero, or NaN and stays NaN.
    Value isZero = body.compare(arith::CmpFPredicate::OEQ, x, zero);
    Value result = body.select(isZero, zero, x);
    result = body.select(body.compare(arith::CmpFPredicate::OGT, x, zero), plus,
                         result);
    return body.select(body.compare(arith::CmpFPredicate::OLT, x, zero), minus,
                       result);
  }
  Value isZero = body.compare(arith::CmpIPredicate::eq, x, zero);
  Value magnitude = body.select(isZero, zero, plus);
  if (body.isUnsigned())
    return magnitude;
  return body.select(body.compare(arith::CmpIPredicate::slt, x, zero), minus,
                     magnitude);
}

Value ReluOp::buildBody(OpBuilder &builder, ValueRange scalars) {
  Body body(builder, *this, scalars);
  if (body.isUnsigned())
    return body[0];
  return body.byKind<arith::MaximumFOp, arith::MaxSIOp>(
      body[0], body.constantLike(body[0], 0));
}

Value MaxOp::buildBody(OpBuilder &builder, ValueRange scalars) {
  Body body(builder, *this, scalars);
  if (body.isFloat())
    return body.make<arith::MaximumFOp>(body[0], body[1]);
  return body.bySign<arith::MaxSIOp, arith::MaxUIOp>(body[0], body[1]);
}

Value MinOp::buildBody(OpBuilder &builder, ValueRange scalars) {
  Body body(builder, *this, scalars);
  if (body.isFloat())
    return body.make<arith::MinimumFOp>(body[0], body[1]);
  return body.bySign<arith::MinSIOp, arith::MinUIOp>(body[0], body[1]);
}

static arith::CmpFPredicate getFloatPredicate(Predicate predicate) {
  // A comparison with NaN is false, except that NaN is not equal to anything.
  switch (predicate) {
  case Predicate::Eq:
    return arith::CmpFPredicate::OEQ;
  case Predicate::Ne:
    return arith::CmpFPredicate::UNE;
  case Predicate::Lt:
    return arith::CmpFPredicate::OLT;
  case Predicate::Le:
    return arith::CmpFPredicate::OLE;
  case Predicate::Gt:
    return arith::CmpFPredicate::OGT;
  case Predicate::Ge:
    return arith::CmpFPredicate::OGE;
  }
  llvm_unreachable("all predicates are handled");
}

static arith::CmpIPredicate getIntPredicate(Predicate predicate,
                                            bool isUnsigned) {
  using P = arith::CmpIPredicate;
  switch (predicate) {
  case Predicate::Eq:
    return P::eq;
  case Predicate::Ne:
    return P::ne;
  case Predicate::Lt:
    return isUnsigned ? P::ult : P::slt;
  case Predicate::Le:
    return isUnsigned ? P::ule : P::sle;
  case Predicate::Gt:
    return isUnsigned ? P::ugt : P::sgt;
  case Predicate::Ge:
    return isUnsigned ? P::uge : P::sge;
  }
  llvm_unreachable("all predicates are handled");
}

Value CompareOp::buildBody(OpBuilder &builder, ValueRange scalars) {
  Body body(builder, *this, scalars);
  if (body.isFloat())
    return body.compare(getFloatPredicate(getPredicate()), body[0], body[1]);
  return body.compare(getIntPredicate(getPredicate(), body.isUnsigned()),
                      body[0], body[1]);
}

//===----------------------------------------------------------------------===//
// Division
//===----------------------------------------------------------------------===//

/// A divisor that is defined for every dividend: 1 in place of 0, and in place
/// of -1 when the dividend is the lowest integer, where the quotient would
/// overflow.
static Value buildSafeDivisor(Body &body, Value isZero) {
  Value one = body.constantLike(body[1], 1);
  Value unsafe = isZero;
  if (!body.isUnsigned()) {
    Type type = body[0].getType();
    Value lowest = body.constant(
        type, APInt::getSignedMinValue(type.getIntOrFloatBitWidth()));
    Value isLowest = body.compare(arith::CmpIPredicate::eq, body[0], lowest);
    Value isMinusOne = body.compare(arith::CmpIPredicate::eq, body[1],
                                    body.constantLike(body[1], -1));
    Value overflows = body.make<arith::AndIOp>(isLowest, isMinusOne);
    unsafe = body.make<arith::OrIOp>(unsafe, overflows);
  }
  return body.select(unsafe, one, body[1]);
}

Value DivOp::buildBody(OpBuilder &builder, ValueRange scalars) {
  Body body(builder, *this, scalars);
  if (body.isFloat())
    return body.make<arith::DivFOp>(body[0], body[1]);
  Value zero = body.constantLike(body[1], 0);
  Value isZero = body.compare(arith::CmpIPredicate::eq, body[1], zero);
  Value divisor = buildSafeDivisor(body, isZero);
  Value quotient =
      body.bySign<arith::DivSIOp, arith::DivUIOp>(body[0], divisor);
  return body.select(isZero, zero, quotient);
}

Value ModOp::buildBody(OpBuilder &builder, ValueRange scalars) {
  Body body(builder, *this, scalars);
  if (body.isFloat())
    return body.make<arith::RemFOp>(body[0], body[1]);
  Value zero = body.constantLike(body[1], 0);
  Value isZero = body.compare(arith::CmpIPredicate::eq, body[1], zero);
  // Where the divisor is replaced by 1 the rest is 0, which is the answer
  // there.
  Value divisor = buildSafeDivisor(body, isZero);
  if (body.isUnsigned())
    return body.make<arith::RemUIOp>(body[0], divisor);
  Value rest = body.make<arith::RemSIOp>(body[0], divisor);
  // C's rest has the sign of the dividend; this one has that of the divisor.
  Value signsDiffer = body.compare(
      arith::CmpIPredicate::slt, body.make<arith::XOrIOp>(rest, divisor), zero);
  Value isInexact = body.compare(arith::CmpIPredicate::ne, rest, zero);
  Value needsShift = body.make<arith::AndIOp>(signsDiffer, isInexact);
  return body.select(needsShift, body.make<arith::AddIOp>(rest, divisor), rest);
}

//===----------------------------------------------------------------------===//
// Cast
//===----------------------------------------------------------------------===//

static Value castFloatToFloat(Body &body, Value x, Type to) {
  unsigned from = x.getType().getIntOrFloatBitWidth(),
           width = to.getIntOrFloatBitWidth();
  if (from == width)
    return x;
  return from < width ? body.make<arith::ExtFOp>(to, x)
                      : body.make<arith::TruncFOp>(to, x);
}

static Value castIntToFloat(Body &body, Value x, Type to) {
  // Half a byte is widened first: machines convert whole ones, of 32 bits best.
  if (x.getType().getIntOrFloatBitWidth() < 8) {
    Type i32 = IntegerType::get(to.getContext(), 32);
    x = body.isUnsigned() ? body.make<arith::ExtUIOp>(i32, x)
                          : body.make<arith::ExtSIOp>(i32, x);
    return body.make<arith::SIToFPOp>(to, x);
  }
  return body.isUnsigned() ? body.make<arith::UIToFPOp>(to, x)
                           : body.make<arith::SIToFPOp>(to, x);
}

static Value castIntToInt(Body &body, Value x, Type to) {
  unsigned from = x.getType().getIntOrFloatBitWidth(),
           width = to.getIntOrFloatBitWidth();
  if (from == width)
    return x;
  if (from > width)
    return body.make<arith::TruncIOp>(to, x);
  return body.isUnsigned() ? body.make<arith::ExtUIOp>(to, x)
                           : body.make<arith::ExtSIOp>(to, x);
}

/// Toward zero, saturating, NaN to 0. The conversion itself sees only values
/// that it is defined for.
static Value castFloatToInt(Body &body, Value x, IntegerType to) {
  unsigned width = to.getWidth();
  Type bits = getScalarType(to), type = x.getType();
  APInt lowest = to.isUnsigned() ? APInt::getMinValue(width)
                                 : APInt::getSignedMinValue(width);
  APInt highest = to.isUnsigned() ? APInt::getMaxValue(width)
                                  : APInt::getSignedMaxValue(width);
  // Powers of two, so exact in any float type.
  if (to.isUnsigned() && width <= 16) {
    Value zero = body.constantLike(x, 0);
    Value last = body.constantLike(x, (int64_t(1) << width) - 1);
    Value isAbove = body.compare(arith::CmpFPredicate::OGT, x, zero);
    x = body.select(isAbove, x, zero); // so is NaN
    Value isBelow = body.compare(arith::CmpFPredicate::OLT, x, last);
    return body.make<arith::FPToUIOp>(bits, body.select(isBelow, x, last));
  }
  Value begin =
      body.constant(type, to.isUnsigned() ? 0.0 : -std::ldexp(1.0, width - 1));
  Value end =
      body.constant(type, std::ldexp(1.0, to.isUnsigned() ? width : width - 1));

  Value isLow = body.compare(arith::CmpFPredicate::OLT, x, begin);
  Value isHigh = body.compare(arith::CmpFPredicate::OGE, x, end);
  Value isNan = body.compare(arith::CmpFPredicate::UNO, x, x);
  Value isOutside =
      body.make<arith::OrIOp>(body.make<arith::OrIOp>(isLow, isHigh), isNan);
  Value safe = body.select(isOutside, body.constantLike(x, 0), x);
  Value inside = to.isUnsigned() ? body.make<arith::FPToUIOp>(bits, safe)
                                 : body.make<arith::FPToSIOp>(bits, safe);
  Value result = body.select(isLow, body.constant(bits, lowest), inside);
  return body.select(isHigh, body.constant(bits, highest), result);
}

Value CastOp::buildBody(OpBuilder &builder, ValueRange scalars) {
  Body body(builder, *this, scalars);
  Value x = body[0];
  Type to = getScalarType(getTo());
  if (to.isInteger(1)) {
    Value zero = body.constantLike(x, 0);
    return body.isFloat() ? body.compare(arith::CmpFPredicate::UNE, x, zero)
                          : body.compare(arith::CmpIPredicate::ne, x, zero);
  }
  if (isa<FloatType>(to))
    return body.isFloat() ? castFloatToFloat(body, x, to)
                          : castIntToFloat(body, x, to);
  return body.isFloat() ? castFloatToInt(body, x, cast<IntegerType>(getTo()))
                        : castIntToInt(body, x, to);
}

} // namespace tenon::graph
