//===- ScalarText.cpp - scalar ops as C++ for the device ------------------===//

#include "compiler/Emit/Cuda/ScalarText.h"

#include "dialects/Tile/TileDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace tenon::cuda {

std::string scalarType(Type type) {
  return TypeSwitch<Type, std::string>(type)
      .Case<IndexType>([](auto) { return "i64"; })
      .Case<Float64Type>([](auto) { return "double"; })
      .Case<Float32Type, FloatTF32Type>([](auto) { return "float"; })
      .Case<BFloat16Type>([](auto) { return "bf16"; })
      .Case<Float16Type>([](auto) { return "f16"; })
      .Case([](IntegerType integer) -> std::string {
        switch (integer.getWidth()) {
        case 1:
          return "bool";
        case 4: // in registers only
        case 8:
          return "i8";
        case 16:
          return "i16";
        case 32:
          return "int";
        case 64:
          return "i64";
        default:
          return "";
        }
      })
      .Default([](Type) { return ""; });
}

std::string withoutParentheses(const std::string &text) {
  if (!StringRef(text).starts_with("("))
    return text;
  int depth = 0;
  for (auto [n, c] : llvm::enumerate(text)) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (depth == 0 && n + 1 < text.size()) // of a part of it
      return text;
  }
  return text.substr(1, text.size() - 2);
}

static std::string floatText(const APFloat &value, Type type) {
  if (value.isNaN())
    return scalarType(type) + "(__int_as_float(0x7fc00000))";
  if (value.isInfinity())
    return (value.isNegative() ? "-infinity<" : "infinity<") +
           scalarType(type) + ">()";
  if (type.isF64())
    return formatv("{0:e17}", value.convertToDouble());
  // Nine digits tell all f32 apart.
  double number = value.convertToDouble();
  std::string digits;
  llvm::raw_string_ostream(digits) << llvm::format("%.9g", number);
  if (digits.find_first_of(".e") == std::string::npos)
    digits += ".0";
  digits += "f";
  return type.isF32() ? digits : scalarType(type) + "(" + digits + ")";
}

std::string constantText(TypedAttr value) {
  if (auto number = dyn_cast<FloatAttr>(value))
    return floatText(number.getValue(), number.getType());
  auto number = cast<IntegerAttr>(value);
  if (number.getType().isInteger(1))
    return number.getValue().isZero() ? "false" : "true";
  int64_t n = number.getValue().getSExtValue();
  // The least numbers have no literal.
  if (n == INT64_MIN)
    return "Limits<i64>::kMin";
  if (n == INT32_MIN && number.getType().isInteger(32))
    return "Limits<int>::kMin";
  std::string text = std::to_string(n);
  bool isWide =
      n > INT32_MAX || n < INT32_MIN || number.getType().isInteger(64);
  return isWide ? text + "LL" : text;
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

static StringRef comparison(arith::CmpIPredicate predicate) {
  using P = arith::CmpIPredicate;
  switch (predicate) {
  case P::eq:
    return "==";
  case P::ne:
    return "!=";
  case P::slt:
  case P::ult:
    return "<";
  case P::sle:
  case P::ule:
    return "<=";
  case P::sgt:
  case P::ugt:
    return ">";
  case P::sge:
  case P::uge:
    return ">=";
  }
  llvm_unreachable("there is no other comparison");
}

static bool isUnsigned(arith::CmpIPredicate predicate) {
  return predicate >= arith::CmpIPredicate::ult;
}

/// Unordered comparisons are true with NaN: the opposite is false then.
static std::string compareFloats(arith::CmpFPredicate predicate, StringRef x,
                                 StringRef y) {
  using P = arith::CmpFPredicate;
  auto is = [&](StringRef sign) {
    return formatv("({0} {1} {2})", x, sign, y).str();
  };
  auto isNot = [&](StringRef sign) {
    return formatv("!({0} {1} {2})", x, sign, y).str();
  };
  std::string areNumbers = formatv("({0} == {0} && {1} == {1})", x, y);
  switch (predicate) {
  case P::AlwaysFalse:
    return "false";
  case P::OEQ:
    return is("==");
  case P::OGT:
    return is(">");
  case P::OGE:
    return is(">=");
  case P::OLT:
    return is("<");
  case P::OLE:
    return is("<=");
  case P::ONE:
    return formatv("({0} < {1} || {0} > {1})", x, y);
  case P::ORD:
    return areNumbers;
  case P::UEQ:
    return formatv("!({0} < {1} || {0} > {1})", x, y);
  case P::UGT:
    return isNot("<=");
  case P::UGE:
    return isNot("<");
  case P::ULT:
    return isNot(">=");
  case P::ULE:
    return isNot(">");
  case P::UNE:
    return is("!=");
  case P::UNO:
    return "!" + areNumbers;
  case P::AlwaysTrue:
    return "true";
  }
  llvm_unreachable("there is no other comparison");
}

/// A function of the device, of f32; that of f64 lacks the f at the end.
static StringRef functionOf(Operation &op) {
  return llvm::StringSwitch<StringRef>(op.getName().getStringRef())
      .Case("math.absf", "fabsf")
      .Case("math.acos", "acosf")
      .Case("math.acosh", "acoshf")
      .Case("math.asin", "asinf")
      .Case("math.asinh", "asinhf")
      .Case("math.atan", "atanf")
      .Case("math.atan2", "atan2f")
      .Case("math.atanh", "atanhf")
      .Case("math.ceil", "ceilf")
      .Case("math.copysign", "copysignf")
      .Case("math.cos", "cosf")
      .Case("math.cosh", "coshf")
      .Case("math.erf", "erff")
      .Case("math.erfc", "erfcf")
      .Case("math.exp", "expf")
      .Case("math.exp2", "power2")
      .Case("math.expm1", "expm1f")
      .Case("math.floor", "floorf")
      .Case("math.fma", "fmaf")
      .Case("math.log", "logf")
      .Case("math.log10", "log10f")
      .Case("math.log1p", "log1pf")
      .Case("math.log2", "log2f")
      .Case("math.powf", "powf")
      .Case("math.round", "roundf")
      .Case("math.roundeven", "rintf")
      .Case("math.rsqrt", "rsqrtf")
      .Case("math.sin", "sinf")
      .Case("math.sinh", "sinhf")
      .Case("math.sqrt", "sqrtf")
      .Case("math.tan", "tanf")
      .Case("math.tanh", "tanhf")
      .Case("math.trunc", "truncf")
      .Case("arith.maxnumf", "fmaxf")
      .Case("arith.minnumf", "fminf")
      .Case("arith.remf", "fmodf")
      .Case("arith.maximumf", "largest")
      .Case("arith.minimumf", "smallest")
      .Case("arith.maxsi", "largest")
      .Case("arith.minsi", "smallest")
      .Default("");
}

/// What stands between two operands.
static StringRef infixOf(Operation &op) {
  return llvm::StringSwitch<StringRef>(op.getName().getStringRef())
      .Cases({"arith.addf", "arith.addi"}, "+")
      .Cases({"arith.subf", "arith.subi"}, "-")
      .Cases({"arith.mulf", "arith.muli"}, "*")
      .Cases({"arith.divf", "arith.divsi"}, "/")
      .Case("arith.remsi", "%")
      .Case("arith.andi", "&")
      .Case("arith.ori", "|")
      .Case("arith.xori", "^")
      .Case("arith.shli", "<<")
      .Case("arith.shrsi", ">>")
      .Default("");
}

/// The same of numbers without a sign; those of kernels' indices have none to
/// lose.
static StringRef unsignedInfixOf(Operation &op) {
  return llvm::StringSwitch<StringRef>(op.getName().getStringRef())
      .Case("arith.divui", "/")
      .Case("arith.remui", "%")
      .Case("arith.shrui", ">>")
      .Default("");
}

static std::string unsignedType(Type type) {
  std::string name = scalarType(type);
  return name == "bool" ? name : name == "int" ? "u32" : "u" + name.substr(1);
}

/// A number in another type.
static std::string castText(Operation &op, const std::string &operand) {
  std::string x = withoutParentheses(operand);
  Type from = op.getOperand(0).getType(), to = op.getResult(0).getType();
  std::string target = scalarType(to);
  if (to.isTF32())
    return "roundedToTf32(" + x + ")";
  if (isa<arith::ExtUIOp, arith::UIToFPOp, arith::IndexCastUIOp>(op))
    return formatv(from.isInteger(4) ? "{0}({1}({2} & 15))" : "{0}({1}({2}))",
                   target, unsignedType(from), x);
  if (isa<arith::FPToUIOp>(op)) { // by the signed type with room for it
    unsigned bits = to.getIntOrFloatBitWidth();
    StringRef wide = bits < 32 ? "int" : bits < 64 ? "i64" : "u64";
    return formatv("{0}({1}({2}))", target, wide, x);
  }
  if (isa<arith::ExtFOp, arith::TruncFOp, arith::ExtSIOp, arith::TruncIOp,
          arith::SIToFPOp, arith::FPToSIOp, arith::IndexCastOp>(op))
    return target + "(" + x + ")";
  return "";
}

std::string scalarText(Operation &op,
                       function_ref<std::string(Value)> operandText) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return constantText(constant.getValue());
  SmallVector<std::string> x =
      llvm::map_to_vector(op.getOperands(), operandText);
  Type type = op.getResult(0).getType();
  bool isChosen = isa<arith::SelectOp>(op);
  // Arithmetic would have to be cut to four bits; what comes from floats fits.
  bool fits = isChosen || isa<arith::FPToSIOp, arith::FPToUIOp>(op);
  if (type.isInteger(4) && !fits)
    return "";
  if (StringRef sign = infixOf(op); !sign.empty())
    return formatv("({0} {1} {2})", x[0], sign, x[1]);
  if (StringRef sign = unsignedInfixOf(op); !sign.empty()) {
    std::string wide = unsignedType(type);
    return formatv("{0}({1}({2}) {3} {1}({4}))", scalarType(type), wide, x[0],
                   sign, x[1]);
  }
  if (StringRef name = functionOf(op); !name.empty()) {
    for (std::string &argument : x)
      argument = withoutParentheses(argument);
    if (name == "largest" || name == "smallest") // a literal has a type, too
      return formatv("{0}<{1}>({2})", name, scalarType(type),
                     llvm::join(x, ", "));
    if (type.isF64() && name.ends_with("f"))
      name = name.drop_back();
    return formatv("{0}({1})", name, llvm::join(x, ", "));
  }
  if (isa<arith::NegFOp>(op))
    return "(-" + x[0] + ")";
  if (isa<math::AbsIOp>(op))
    return formatv("({0} < 0 ? -{0} : {0})", x[0]);
  if (isChosen)
    return formatv(type.isInteger(64) ? "({0} ? i64({1}) : i64({2}))"
                                      : "({0} ? {1} : {2})",
                   x[0], x[1], x[2]);
  if (auto compare = dyn_cast<arith::CmpFOp>(op))
    return compareFloats(compare.getPredicate(), x[0], x[1]);
  if (auto compare = dyn_cast<arith::CmpIOp>(op)) {
    StringRef sign = comparison(compare.getPredicate());
    if (!isUnsigned(compare.getPredicate()))
      return formatv("({0} {1} {2})", x[0], sign, x[1]);
    std::string wide = unsignedType(op.getOperand(0).getType());
    return formatv("({0}({1}) {2} {0}({3}))", wide, x[0], sign, x[1]);
  }
  return x.size() == 1 ? castText(op, x[0]) : "";
}

/// Whether C++ gives the op's text the type of its result.
static bool hasItsType(Operation &op) {
  Type type = op.getResult(0).getType();
  constexpr unsigned kLeastBits = 32; // that C++ computes in
  if (!type.isIntOrFloat() || type.getIntOrFloatBitWidth() >= kLeastBits ||
      type.isTF32())
    return true;
  if (isa<arith::CmpIOp, arith::CmpFOp>(op))
    return true;
  // What is 0 or 1 is a condition as it stands, but no result.
  bool isResult = llvm::any_of(
      op.getUsers(), [](Operation *user) { return isa<tile::YieldOp>(user); });
  if (type.isInteger(1) &&
      (isa<arith::SelectOp>(op) ||
       (!isResult && isa<arith::AndIOp, arith::OrIOp, arith::XOrIOp>(op))))
    return true;
  return op.getNumOperands() == 1 && !castText(op, "").empty();
}

std::string typedText(Operation &op, const std::string &text) {
  if (hasItsType(op))
    return text;
  return scalarType(op.getResult(0).getType()) + "(" +
         withoutParentheses(text) + ")";
}

/// Whether an operand stands more than once in the op's text.
static bool repeatsOperands(Operation &op) {
  using P = arith::CmpFPredicate;
  auto compare = dyn_cast<arith::CmpFOp>(op);
  return isa<math::AbsIOp>(op) ||
         (compare && llvm::is_contained({P::ONE, P::UEQ, P::ORD, P::UNO},
                                        compare.getPredicate()));
}

bool isPartOfUser(Value value, StringRef text) {
  constexpr size_t kLongest = 60;
  if (!value.hasOneUse())
    return false;
  Operation &user = **value.user_begin();
  if (user.getBlock() != value.getParentBlock())
    return false;
  if (isa<tile::YieldOp>(user))
    return true;
  bool isPrinted =
      isa<arith::ArithDialect, math::MathDialect>(user.getDialect());
  return isPrinted && text.size() <= kLongest && !repeatsOperands(user);
}

} // namespace tenon::cuda
