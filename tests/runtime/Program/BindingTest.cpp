// Symbols get their values from shapes or names, within their bounds.

#include "runtime/Program/Binding.h"
#include "runtime/Abi/Expr.h"
#include "runtime/Core/Message.h"

#include <gtest/gtest.h>

namespace tenon {

using namespace rt;
using abi::constant;
using abi::DType;
using abi::symbol;

namespace {

/// The example of Binding.h, with a past of P tokens and a constant dim.
abi::Plan examplePlan() {
  const abi::Expr B = symbol(0), L = symbol(1), P = symbol(2);
  abi::Plan plan;
  plan.symbols = {{"B", 1, 8, 1}, {"L", 2, INT64_MAX, 2}, {"P", 0, 63, 4}};
  plan.inputs = {{"ids", DType::I64, {B, L}},
                 {"mask", DType::I64, {B, L}},
                 {"past", DType::F32, {B, P, constant(64)}},
                 {"bias", DType::F32, {add(P, L)}}};
  plan.outputs = {{"scores", DType::F32, {B, mul(constant(2), L)}},
                  {"rest", DType::F32, {sub(L, P)}}};
  return plan;
}

/// The symbols' values, or the error.
std::string bound(std::vector<Shape> shapes) {
  auto binding = bindShapes(examplePlan(), shapes);
  return binding ? shapeText(binding->symbols) : binding.error().message;
}

TEST(Binding, SymbolsComeFromShapes) {
  EXPECT_EQ(bound({{2, 16}, {2, 16}, {2, 4, 64}, {20}}), "2x16x4");
}

TEST(Binding, InputsAgree) {
  EXPECT_EQ(
      bound({{2, 16}, {2, 18}, {2, 4, 64}, {20}}),
      "input 'mask' has shape 2x18, but its dim 1 is L, which is 16 in input "
      "'ids'");
  EXPECT_EQ(bound({{2, 16}, {2, 16}, {2, 4, 64}, {21}}),
            "input 'bias' has shape 21, expected 20: [P + L]");
}

TEST(Binding, RankAndConstants) {
  EXPECT_EQ(bound({{2}, {2, 16}, {2, 4, 64}, {20}}),
            "input 'ids' has shape 2, expected rank 2: [B, L]");
  EXPECT_EQ(bound({{}, {2, 16}, {2, 4, 64}, {20}}),
            "input 'ids' has shape scalar, expected rank 2: [B, L]");
  EXPECT_EQ(
      bound({{2, 16}, {2, 16}, {2, 4, 65}, {20}}),
      "input 'past' has shape 2x4x65, expected dim 2 to be 64: [B, P, 64]");
}

TEST(Binding, Bounds) {
  EXPECT_EQ(
      bound({{9, 16}, {9, 16}, {9, 4, 64}, {20}}),
      "input 'ids' has shape 9x16, but dim 0 is B, which must be at most 8");
  EXPECT_EQ(
      bound({{2, 0}, {2, 0}, {2, 4, 64}, {4}}),
      "input 'ids' has shape 2x0, but dim 1 is L, which must be at least 2");
  EXPECT_EQ(
      bound({{2, 15}, {2, 15}, {2, 4, 64}, {19}}),
      "input 'ids' has shape 2x15, but dim 1 is L, which must be a multiple of "
      "2");
  EXPECT_EQ(bound({{2, 16}, {2, 16}, {2, 4, 64}, {-20}}),
            "input 'bias' has shape -20, but dim 0 is negative");
}

/// The same from names.
std::string named(const std::map<std::string, int64_t> &values) {
  auto binding = bindSymbols(examplePlan(), values);
  return binding ? shapeText(binding->symbols) : binding.error().message;
}

TEST(Binding, NamesOrMaxima) {
  EXPECT_EQ(named({{"L", 16}}), "8x16x60")
      << "60 is the largest P that 4 divides";
  EXPECT_EQ(named({{"L", 16}, {"B", 1}, {"P", 0}}), "1x16x0");
  EXPECT_EQ(named({}), "dim 'L' has no maximum: give it a value");
  EXPECT_EQ(named({{"L", 16}, {"B", 9}}),
            "dim 'B' is 9, but must be at most 8");
  EXPECT_EQ(named({{"L", 16}, {"K", 9}}),
            "no dim of the model is named 'K'; it has 'B', 'L', 'P'");
}

TEST(Binding, OutputShapes) {
  abi::Plan plan = examplePlan();
  EXPECT_EQ(*shapeOf(plan, plan.outputs[0], {{2, 16, 4}}), (Shape{2, 32}));
  EXPECT_EQ(shapeOf(plan, plan.outputs[1], {{2, 4, 8}}).error().message,
            "a dim of 'rest' is L - P = -4");
}

TEST(Binding, Describe) {
  abi::Plan plan = examplePlan();
  EXPECT_EQ(describe(plan, plan.outputs[0]), "scores: f32 [B, 2*L]");
}

} // namespace
} // namespace tenon
