// Formulas as postfix code: building, checking, evaluating, printing.

#include "runtime/Abi/Expr.h"

#include "runtime/Core/Message.h"

#include <algorithm>
#include <array>

namespace tenon::abi {

using rt::badArtifact;

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

Expr constant(int64_t value) { return {{ExprOp::Constant, value}}; }
Expr symbol(uint32_t index) { return {{ExprOp::Symbol, index}}; }

std::optional<int64_t> asConstant(const Expr &expr) {
  if (expr.size() == 1 && expr[0].op == ExprOp::Constant)
    return expr[0].value;
  return std::nullopt;
}

std::optional<uint32_t> asSymbol(const Expr &expr) {
  if (expr.size() == 1 && expr[0].op == ExprOp::Symbol)
    return uint32_t(expr[0].value);
  return std::nullopt;
}

static Expr binary(ExprOp op, const Expr &a, const Expr &b) {
  Expr result = a;
  result.insert(result.end(), b.begin(), b.end());
  result.push_back({op});
  if (asConstant(a) && asConstant(b))
    if (auto value = evaluate(result, {})) // else left to fail where it is used
      return constant(*value);
  return result;
}

static Expr binaryWithUnit(ExprOp op, const Expr &a, const Expr &b,
                           int64_t unit, bool commutes) {
  if (asConstant(b) == unit)
    return a;
  if (commutes && asConstant(a) == unit)
    return b;
  return binary(op, a, b);
}

Expr add(const Expr &a, const Expr &b) {
  return binaryWithUnit(ExprOp::Add, a, b, 0, true);
}
Expr sub(const Expr &a, const Expr &b) {
  return binaryWithUnit(ExprOp::Sub, a, b, 0, false);
}
Expr mul(const Expr &a, const Expr &b) {
  return binaryWithUnit(ExprOp::Mul, a, b, 1, true);
}
Expr floorDiv(const Expr &a, const Expr &b) {
  return binaryWithUnit(ExprOp::FloorDiv, a, b, 1, false);
}
Expr ceilDiv(const Expr &a, const Expr &b) {
  return binaryWithUnit(ExprOp::CeilDiv, a, b, 1, false);
}
Expr mod(const Expr &a, const Expr &b) { return binary(ExprOp::Mod, a, b); }
Expr min(const Expr &a, const Expr &b) { return binary(ExprOp::Min, a, b); }
Expr max(const Expr &a, const Expr &b) { return binary(ExprOp::Max, a, b); }

//===----------------------------------------------------------------------===//
// Checking and evaluating
//===----------------------------------------------------------------------===//

static bool isLeaf(ExprOp op) {
  return op == ExprOp::Constant || op == ExprOp::Symbol;
}

rt::Result<void> checkExpr(const Expr &expr, size_t numSymbols) {
  if (expr.empty())
    return badArtifact("a formula is empty");
  if (expr.size() > kMaxExprLength)
    return badArtifact("a formula has ", expr.size(),
                       " instructions, the limit is ", kMaxExprLength);
  size_t depth = 0;
  for (const ExprInstr &instr : expr) {
    if (instr.op > ExprOp::Max)
      return badArtifact("a formula has unknown operation ",
                         unsigned(instr.op));
    if (instr.op == ExprOp::Symbol && uint64_t(instr.value) >= numSymbols)
      return badArtifact("a formula uses symbol ", instr.value, " of ",
                         numSymbols);
    if (!isLeaf(instr.op) && depth < 2)
      return badArtifact("a formula lacks an operand");
    depth = isLeaf(instr.op) ? depth + 1 : depth - 1;
    if (depth > kMaxExprDepth)
      return badArtifact("a formula needs a stack deeper than ", kMaxExprDepth);
  }
  if (depth != 1)
    return badArtifact("a formula leaves ", depth, " values, expected 1");
  return {};
}

/// a op b, or nothing if it overflows or divides by less than 1.
static std::optional<int64_t> apply(ExprOp op, int64_t a, int64_t b) {
  int64_t result = 0;
  bool overflows = false;
  switch (op) {
  case ExprOp::Add:
    overflows = __builtin_add_overflow(a, b, &result);
    break;
  case ExprOp::Sub:
    overflows = __builtin_sub_overflow(a, b, &result);
    break;
  case ExprOp::Mul:
    overflows = __builtin_mul_overflow(a, b, &result);
    break;
  case ExprOp::Min:
    return std::min(a, b);
  case ExprOp::Max:
    return std::max(a, b);
  default: {
    if (b < 1)
      return std::nullopt;
    int64_t quotient = a / b, rest = a % b; // rounds toward zero
    if (op == ExprOp::FloorDiv)
      return quotient - (rest < 0);
    if (op == ExprOp::CeilDiv)
      return quotient + (rest > 0);
    return rest < 0 ? rest + b : rest;
  }
  }
  return overflows ? std::nullopt : std::optional(result);
}

rt::Result<int64_t> evaluate(const Expr &expr,
                             std::span<const int64_t> symbols) {
  if (auto valid = checkExpr(expr, symbols.size()); !valid)
    return valid.error();
  std::array<int64_t, kMaxExprDepth> stack;
  size_t depth = 0;
  for (const ExprInstr &instr : expr) {
    if (isLeaf(instr.op)) {
      stack[depth++] = instr.op == ExprOp::Constant
                           ? instr.value
                           : symbols[size_t(instr.value)];
      continue;
    }
    int64_t b = stack[--depth], &a = stack[depth - 1];
    std::optional<int64_t> value = apply(instr.op, a, b);
    if (!value)
      return badArtifact("formula ", print(expr, {}),
                         " overflows or divides by ",
                         "less than 1: its operands are ", a, " and ", b);
    a = *value;
  }
  return stack[0];
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

namespace {
/// Text with the strength of its outermost operation: 0 sum, 1 product, 2 atom.
struct Printed {
  std::string text;
  int strength = 2;
};
} // namespace

static std::string inParentheses(const Printed &part, int neededStrength) {
  return part.strength < neededStrength ? "(" + part.text + ")" : part.text;
}

static Printed printBinary(ExprOp op, const Printed &a, const Printed &b) {
  auto call = [&](const char *name) {
    return Printed{name + ("(" + a.text + ", " + b.text + ")")};
  };
  switch (op) {
  case ExprOp::Add:
    return {a.text + " + " + b.text, 0};
  case ExprOp::Sub:
    return {a.text + " - " + inParentheses(b, 1), 0};
  case ExprOp::Mul:
    return {inParentheses(a, 1) + "*" + inParentheses(b, 1), 1};
  case ExprOp::FloorDiv:
    return call("floordiv");
  case ExprOp::CeilDiv:
    return call("ceildiv");
  case ExprOp::Mod:
    return call("mod");
  case ExprOp::Min:
    return call("min");
  default:
    return call("max");
  }
}

std::string print(const Expr &expr, std::span<const std::string> names) {
  std::vector<Printed> stack;
  for (const ExprInstr &instr : expr) {
    if (instr.op == ExprOp::Constant) {
      stack.push_back({std::to_string(instr.value)});
    } else if (instr.op == ExprOp::Symbol) {
      bool isNamed = uint64_t(instr.value) < names.size();
      stack.push_back({isNamed ? names[size_t(instr.value)]
                               : "s" + std::to_string(instr.value)});
    } else if (stack.size() >= 2) {
      Printed b = std::move(stack.back());
      stack.pop_back();
      stack.back() = printBinary(instr.op, stack.back(), b);
    }
  }
  return stack.empty() ? "?" : stack.back().text;
}

} // namespace tenon::abi
