//===- RaiseIntegerMatmul.cpp - products of quantized numbers in integers -===//
//
// A quantized number is (q - z) * s: an integer of 8 bits, its zero point and
// its scale. With activations x and weights w:
//
// 1. Read both operands of a matmul as such numbers.
// 2. Turn q and z of x into unsigned, those of w into signed integers, which is
//    what the dot products of CPUs take.
// 3. Multiply the integers alone, and correct by sums that are known early:
//
//      sum (x - zx)(w - zw) = sum x w - zx sum (w - zw) - zw sum x
//
//    For weights the second term is known when the artifact is written, but for
//    zx; the third is 0 for zero points of 0.
// 4. Scale the sums.
//
// Where nobody knows how many products a sum of activations has, 32 bits might
// not hold it. There the differences q - z are the factors: bf16 has them all,
// and their products are exact in f32, which sums them as it would have summed
// those of the scaled numbers.
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/KnownValues.h"
#include "passes/Raise/Passes.h"
#include "passes/Raise/Raising.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_RAISEINTEGERMATMULPASS
#include "passes/Raise/Passes.h.inc"

namespace {

using graph::DimAttr;

constexpr auto kRemark =
    remark::RemarkOpts::name("raise-integer-matmul").category("Raise");

/// Half of the range of 8 bits: between signed and unsigned integers.
constexpr int64_t kHalfRange = 128;

/// So many products of differences of 8-bit integers add up below 2^31.
constexpr int64_t kLongestSum = (int64_t(1) << 31) / (255 * 255);

/// (integers - zero) * scale; no zero is 0, no scale is 1. `centered` is the
/// difference in the type of the product.
struct Quantized {
  Value integers, zero, scale, centered;
};

/// Whether every element is a whole number of the 8-bit types.
bool areSmallIntegers(const ReferenceTensor &numbers) {
  for (int64_t i = 0; i < numbers.numElements(); ++i) {
    double number = numbers.isFloat() ? numbers.getFloat(i)
                                      : static_cast<double>(numbers.getInt(i));
    if (!(number >= -kHalfRange && number < 2 * kHalfRange &&
          number == std::floor(number)))
      return false;
  }
  return true;
}

/// The 8-bit integers that a cast widened to `value`; null when it is none.
Value narrowIntegers(Value value) {
  auto cast = value.getDefiningOp<graph::CastOp>();
  if (!cast || typeOf(value).getElementTypeBitWidth() <= 8)
    return nullptr;
  Type from = typeOf(cast.getInput()).getElementType();
  return from.isSignlessInteger(8) || from.isUnsignedInteger(8)
             ? cast.getInput()
             : Value();
}

bool isZeroPoint(Value value) {
  if (narrowIntegers(value))
    return true;
  std::optional<ReferenceTensor> numbers = getConstantElements(value);
  return numbers && areSmallIntegers(*numbers);
}

/// q or q - z, widened; nothing when it is neither.
std::optional<Quantized> readCentered(Value value) {
  if (Value integers = narrowIntegers(value))
    return Quantized{integers, nullptr, nullptr, value};
  auto difference = value.getDefiningOp<graph::SubOp>();
  Value integers = difference ? narrowIntegers(difference.getLhs()) : Value();
  if (!integers || typeOf(integers).getShape() != typeOf(value).getShape() ||
      !isZeroPoint(difference.getRhs()))
    return std::nullopt;
  return Quantized{integers, difference.getRhs(), nullptr, value};
}

std::optional<Quantized> readScaled(Value value) {
  auto product = value.getDefiningOp<graph::MulOp>();
  if (!product)
    return readCentered(value);
  for (unsigned i : {0u, 1u}) {
    Value factor = product->getOperand(i);
    std::optional<Quantized> read =
        typeOf(factor).getShape() == typeOf(value).getShape()
            ? readCentered(factor)
            : std::nullopt;
    if (!read)
      continue;
    read->scale = product->getOperand(1 - i);
    return read;
  }
  return std::nullopt;
}

class IntegerMatmul {
public:
  IntegerMatmul(graph::MatmulOp matmul, PatternRewriter &rewriter)
      : matmul(matmul), b(rewriter), loc(matmul.getLoc()) {}

  /// Why it stays as it is; null when it was replaced. An empty reason is not
  /// worth a remark.
  const char *run();

private:
  std::optional<Quantized> read(Value operand);
  const char *check();
  void toUnsigned(Quantized &number);
  void toSigned(Quantized &number);
  Value correctedProduct();
  Value differencesOf(const Quantized &number);
  Value productInFloats();
  Value productInIntegers();
  Value transposed(Value value, graph::TransposeOp transpose);
  bool isAlong(Value value, unsigned fromEnd);

  Value cast(Value value, Type type) {
    return typeOf(value).getElementType() == type
               ? value
               : graph::CastOp::create(b, loc, value, type).getResult();
  }
  Value i32(Value value) {
    Value narrow = narrowIntegers(value);
    return cast(narrow ? narrow : value, b.getI32Type());
  }
  Value constant(Type type, int64_t number) {
    return makeConstant(b, loc, b.getIntegerAttr(type, number));
  }
  template <typename Op> Value make(Value x, Value y) {
    return Op::create(b, loc, x, y);
  }
  Value sum(Value value, unsigned fromEnd) {
    int64_t axis = typeOf(value).getRank() - fromEnd;
    return graph::ReduceOp::create(b, loc, value, graph::ReduceKind::Sum,
                                   ArrayRef<int64_t>{axis},
                                   /*keep_dims=*/true);
  }

  graph::MatmulOp matmul;
  PatternRewriter &b;
  Location loc;
  Type ui8 = b.getIntegerType(8, /*isSigned=*/false), i8 = b.getI8Type();
  Quantized x, w;
  bool areSumsLong = false; ///< too long for 32 bits, or nobody knows
};

/// A parameter of a transposed operand where the transpose was before it.
Value IntegerMatmul::transposed(Value value, graph::TransposeOp transpose) {
  if (!value || typeOf(value).getNumElements() == 1)
    return value;
  SmallVector<DimAttr> dims = graph::getDims(typeOf(value));
  size_t rank = transpose.getPermutation().size();
  dims.insert(dims.begin(), rank - dims.size(),
              DimAttr::getConstant(b.getContext(), 1));
  auto type = graph::tensorOf(dims, typeOf(value).getElementType());
  if (type != value.getType())
    value = graph::ReshapeOp::create(b, loc, type, value);
  return graph::TransposeOp::create(b, loc, value, transpose.getPermutation());
}

std::optional<Quantized> IntegerMatmul::read(Value operand) {
  auto transpose = operand.getDefiningOp<graph::TransposeOp>();
  if (!transpose)
    return readScaled(operand);
  std::optional<Quantized> number = readScaled(transpose.getInput());
  if (number)
    for (Value *part :
         {&number->integers, &number->zero, &number->scale, &number->centered})
      *part = transposed(*part, transpose);
  return number;
}

/// Whether the value changes along the dim that many places from the last one.
bool IntegerMatmul::isAlong(Value value, unsigned fromEnd) {
  if (!value || typeOf(value).getRank() < fromEnd)
    return false;
  return typeOf(value).getDimSize(typeOf(value).getRank() - fromEnd) != 1;
}

const char *IntegerMatmul::check() {
  Value lhs = matmul.getLhs(), rhs = matmul.getRhs();
  Type type = matmul.getType().getElementType();
  if ((!type.isF32() && !type.isInteger(32)) || typeOf(lhs).getRank() < 2 ||
      typeOf(rhs).getRank() < 2)
    return "";
  std::optional<Quantized> left = read(lhs), right = read(rhs);
  if (!left || !right)
    return "";
  x = *left;
  w = *right;
  bool isDone = type.isInteger(32) && !x.zero && !w.zero &&
                typeOf(x.integers).getElementType() == ui8 &&
                typeOf(w.integers).getElementType() == i8;
  if (isDone || (type.isInteger(32) && (x.scale || w.scale)))
    return "";
  if (isAlong(x.zero, 1) || isAlong(x.scale, 1) || isAlong(w.zero, 2) ||
      isAlong(w.scale, 2))
    return "a zero point or scale differs along the contracted dim";
  int64_t depth = typeOf(lhs).getShape().back();
  areSumsLong =
      type.isF32() && (ShapedType::isDynamic(depth) || depth > kLongestSum);
  if (areSumsLong &&
      (isWeightExpression(x.integers) || isWeightExpression(w.integers)))
    return "its sums may not fit in 32 bits";
  if (areSumsLong)
    return nullptr;
  if (ShapedType::isDynamic(depth) && !isWeightExpression(w.integers))
    return "the contracted dim has no known size, by which zero points count";
  return nullptr;
}

/// The same numbers with integers from 0 to 255. Sums of 8 bits wrap, which is
/// what turns one range into the other.
void IntegerMatmul::toUnsigned(Quantized &number) {
  if (typeOf(number.integers).getElementType() == ui8)
    return;
  number.integers =
      make<graph::AddOp>(cast(number.integers, ui8), constant(ui8, kHalfRange));
  Value half = constant(b.getI32Type(), kHalfRange);
  number.zero = number.zero ? make<graph::AddOp>(i32(number.zero), half) : half;
}

/// The same numbers with integers from -128 to 127.
void IntegerMatmul::toSigned(Quantized &number) {
  if (typeOf(number.integers).getElementType() == i8)
    return;
  number.integers =
      cast(make<graph::SubOp>(number.integers, constant(ui8, kHalfRange)), i8);
  Value half = constant(b.getI32Type(), kHalfRange);
  number.zero = number.zero ? make<graph::SubOp>(i32(number.zero), half)
                            : constant(b.getI32Type(), -kHalfRange);
}

Value IntegerMatmul::correctedProduct() {
  Value product = make<graph::MatmulOp>(i32(x.integers), i32(w.integers));
  if (x.zero) {
    // A weight's sum lies in the artifact: widened apart from the product's own
    // operand, which is widened where it is multiplied.
    Value columns = isWeightExpression(w.integers)
                        ? i32(sum(cast(w.integers, b.getI64Type()), 2))
                        : sum(i32(w.integers), 2);
    if (w.zero) {
      Value depth =
          constant(b.getI32Type(), typeOf(w.integers).getShape().end()[-2]);
      columns =
          make<graph::SubOp>(columns, make<graph::MulOp>(depth, i32(w.zero)));
    }
    product =
        make<graph::SubOp>(product, make<graph::MulOp>(i32(x.zero), columns));
  }
  if (w.zero)
    product = make<graph::SubOp>(
        product, make<graph::MulOp>(i32(w.zero), sum(i32(x.integers), 1)));
  return product;
}

/// The differences, whole numbers below 2^8, in bf16; computed before a
/// transpose, which the product reads through.
Value IntegerMatmul::differencesOf(const Quantized &number) {
  Type bf16 = b.getBF16Type();
  auto transpose = number.integers.getDefiningOp<graph::TransposeOp>();
  bool isOfOneZero = !number.zero || typeOf(number.zero).getRank() == 0;
  if (!transpose || !isOfOneZero)
    return cast(number.centered, bf16);
  Value centered = cast(transpose.getInput(), b.getF32Type());
  if (number.zero)
    centered = make<graph::SubOp>(centered, number.zero);
  return graph::TransposeOp::create(b, loc, cast(centered, bf16),
                                    transpose.getPermutation());
}

Value IntegerMatmul::productInFloats() {
  Value left = cast(differencesOf(x), b.getF32Type());
  Value right = cast(differencesOf(w), b.getF32Type());
  return make<graph::MatmulOp>(left, right);
}

Value IntegerMatmul::productInIntegers() {
  toUnsigned(x);
  toSigned(w);
  return correctedProduct();
}

const char *IntegerMatmul::run() {
  if (const char *reason = check())
    return reason;
  Value result = areSumsLong ? productInFloats() : productInIntegers();
  if (matmul.getType().getElementType().isF32()) {
    result = cast(result, b.getF32Type());
    Value scale = x.scale && w.scale ? make<graph::MulOp>(x.scale, w.scale)
                  : x.scale          ? x.scale
                                     : w.scale;
    if (scale)
      result = make<graph::MulOp>(result, scale);
  }
  b.replaceOp(matmul, result);
  return nullptr;
}

struct RaiseMatmul final : OpRewritePattern<graph::MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::MatmulOp matmul,
                                PatternRewriter &rewriter) const override {
    Location loc = matmul.getLoc();
    const char *reason = IntegerMatmul(matmul, rewriter).run();
    if (!reason) {
      remark::passed(loc, kRemark) << "a product of integers of 8 bits, scaled";
      return success();
    }
    if (*reason)
      remark::missed(loc, kRemark)
          << (Twine("not multiplied in integers: ") + reason).str();
    return rewriter.notifyMatchFailure(matmul, "no quantized operands");
  }
};

struct RaiseIntegerMatmul final
    : impl::RaiseIntegerMatmulPassBase<RaiseIntegerMatmul> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RaiseMatmul>(&getContext());
    raise(getOperation(), std::move(patterns));
  }
};

} // namespace
} // namespace tenon
