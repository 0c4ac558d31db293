// Formulas: values, refusals, and how they print.

#include "runtime/Abi/Expr.h"

#include <gtest/gtest.h>

using namespace tenon::abi;

namespace {

const std::vector<std::string> kNames = {"B", "L"};
const Expr B = symbol(0), L = symbol(1);

int64_t valueOf(const Expr &expr, std::vector<int64_t> symbols) {
  auto value = evaluate(expr, symbols);
  EXPECT_TRUE(value) << value.error().message;
  return value ? *value : INT64_MIN;
}

std::string errorOf(const Expr &expr, std::vector<int64_t> symbols) {
  auto value = evaluate(expr, symbols);
  return value ? "no error" : value.error().message;
}

TEST(Expr, TheExampleOfTheHeader) {
  Expr grid = ceilDiv(mul(B, L), constant(8));
  EXPECT_EQ(print(grid, kNames), "ceildiv(B*L, 8)");
  EXPECT_EQ(valueOf(grid, {2, 100}), 25);
  EXPECT_EQ(valueOf(grid, {2, 101}), 26);
}

TEST(Expr, DivisionRoundsDownUpAndLeavesWhatIsNotNegative) {
  for (int64_t a = -9; a <= 9; ++a)
    for (int64_t b = 1; b <= 4; ++b) {
      int64_t down = valueOf(floorDiv(B, L), {a, b});
      int64_t up = valueOf(ceilDiv(B, L), {a, b});
      int64_t rest = valueOf(mod(B, L), {a, b});
      EXPECT_TRUE(down * b <= a && a < (down + 1) * b) << a << " / " << b;
      EXPECT_TRUE((up - 1) * b < a && a <= up * b) << a << " / " << b;
      EXPECT_EQ(down * b + rest, a);
    }
}

TEST(Expr, MinimumAndMaximum) {
  EXPECT_EQ(valueOf(min(B, L), {3, -4}), -4);
  EXPECT_EQ(valueOf(max(B, L), {3, -4}), 3);
}

TEST(Expr, BuildersFoldConstantsAndUnits) {
  EXPECT_EQ(asConstant(mul(constant(6), constant(7))), 42);
  EXPECT_EQ(asSymbol(add(constant(0), B)), 0u);
  EXPECT_EQ(asSymbol(mul(L, constant(1))), 1u);
  EXPECT_EQ(asSymbol(sub(L, constant(0))), 1u);
  EXPECT_EQ(asSymbol(ceilDiv(L, constant(1))), 1u);
  EXPECT_EQ(sub(constant(0), B).size(), 3u) << "0 - B is not B";
  EXPECT_EQ(floorDiv(constant(1), constant(0)).size(), 3u)
      << "kept to fail later";
}

TEST(Expr, PrintsParenthesesWhereTheyMatter) {
  EXPECT_EQ(print(mul(add(B, constant(1)), L), kNames), "(B + 1)*L");
  EXPECT_EQ(print(add(mul(B, L), constant(1)), kNames), "B*L + 1");
  EXPECT_EQ(print(sub(B, add(L, constant(1))), kNames), "B - (L + 1)");
  EXPECT_EQ(print(max(mod(B, L), floorDiv(B, constant(2))), kNames),
            "max(mod(B, L), floordiv(B, 2))");
  EXPECT_EQ(print(min(symbol(2), B), kNames), "min(s2, B)");
  EXPECT_EQ(print({}, kNames), "?");
}

TEST(Expr, OverflowIsAnError) {
  EXPECT_EQ(
      errorOf(mul(B, B), {INT64_MAX}),
      "formula s0*s0 overflows or divides by less than 1: its operands are "
      "9223372036854775807 and 9223372036854775807");
  EXPECT_EQ(errorOf(sub(B, constant(1)), {INT64_MIN}).substr(0, 27),
            "formula s0 - 1 overflows or");
  EXPECT_EQ(errorOf(add(B, constant(1)), {INT64_MAX}).substr(0, 27),
            "formula s0 + 1 overflows or");
}

TEST(Expr, DivisorsBelowOneAreAnError) {
  for (auto divide : {floorDiv, ceilDiv, mod})
    for (int64_t divisor : {0, -1})
      EXPECT_NE(errorOf(divide(B, L), {7, divisor}), "no error");
  // The one quotient that does not fit would need a divisor of -1.
  EXPECT_EQ(valueOf(floorDiv(B, L), {INT64_MIN, 1}), INT64_MIN);
  EXPECT_EQ(valueOf(ceilDiv(B, L), {INT64_MAX, 1}), INT64_MAX);
}

TEST(Expr, MalformedCodeIsAnError) {
  EXPECT_EQ(errorOf({}, {}), "a formula is empty");
  EXPECT_EQ(errorOf({{ExprOp::Add}}, {}), "a formula lacks an operand");
  EXPECT_EQ(errorOf({{ExprOp::Constant, 1}, {ExprOp::Constant, 2}}, {}),
            "a formula leaves 2 values, expected 1");
  EXPECT_EQ(errorOf(symbol(2), {1, 2}), "a formula uses symbol 2 of 2");
  EXPECT_EQ(errorOf({{ExprOp::Symbol, -1}}, {1}),
            "a formula uses symbol -1 of 1");
  EXPECT_EQ(errorOf({{ExprOp(99)}}, {}), "a formula has unknown operation 99");
  EXPECT_EQ(errorOf(Expr(65, {ExprOp::Constant, 1}), {}),
            "a formula needs a stack deeper than 64");
  EXPECT_EQ(errorOf(Expr(1025, {ExprOp::Constant, 1}), {}),
            "a formula has 1025 instructions, the limit is 1024");
}

} // namespace
