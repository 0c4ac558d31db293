//===- DimsTest.cpp - arithmetic on symbolic dims -------------------------===//

#include "dialects/Graph/GraphDialect.h"

#include <gtest/gtest.h>

#include <limits>

using namespace mlir;
using namespace tenon::graph;

namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

class DimsTest : public testing::Test {
protected:
  DimAttr number(int64_t value) {
    return DimAttr::getConstant(&context, value);
  }
  DimAttr symbol(StringRef name) { return DimAttr::getSymbol(&context, name); }

  MLIRContext context;
  GraphDialect *dialect =
      context.getOrLoadDialect<GraphDialect>(); // before any dim
  DimAttr unknown = DimAttr::getUnknown(&context);
  DimAttr b = symbol("B"), l = symbol("L"), p = symbol("P");
};

TEST_F(DimsTest, SumsOfEqualTermsAreOneTerm) {
  EXPECT_EQ(l.add(b).add(l), b.add(l).add(l));
  EXPECT_EQ(l.add(b).add(l).str(), "B + 2*L");
  EXPECT_EQ(l.add(number(3)).sub(l), number(3));
  EXPECT_EQ(l.sub(l), number(0));
  EXPECT_EQ(l.sub(l).str(), "0");
}

TEST_F(DimsTest, ProductsDistribute) {
  DimAttr product = b.add(number(1)).mul(l.sub(number(2)));
  EXPECT_EQ(product.str(), "B*L + -2*B + L + -2");
  EXPECT_EQ(l.mul(b), b.mul(l));
  EXPECT_EQ(l.mul(number(0)), number(0));
}

TEST_F(DimsTest, OnlyNumbersHaveAConstantValue) {
  EXPECT_EQ(number(0).getConstantValue(), 0);
  EXPECT_EQ(number(-7).getConstantValue(), -7);
  EXPECT_EQ(l.getConstantValue(), std::nullopt);
  EXPECT_EQ(unknown.getConstantValue(), std::nullopt);
}

TEST_F(DimsTest, DivisionFindsTheQuotient) {
  EXPECT_EQ(number(12).divideExactly(number(4)), number(3));
  EXPECT_EQ(b.mul(l).mul(number(6)).divideExactly(l.mul(number(2))),
            b.mul(number(3)));
  DimAttr sum = b.add(l).add(number(1)), factor = l.sub(b);
  EXPECT_EQ(sum.mul(factor).divideExactly(factor), sum);
  EXPECT_EQ(sum.mul(factor).divideExactly(sum), factor);
}

// Ordered by names alone, B*L*P would come before B*P and the quotient be
// missed.
TEST_F(DimsTest, DivisionByTermsOfDifferentDegree) {
  DimAttr divisor = b.add(b.mul(l));
  EXPECT_EQ(divisor.mul(p).divideExactly(divisor), p);
  EXPECT_EQ(divisor.mul(p.add(l)).divideExactly(divisor), p.add(l));
}

TEST_F(DimsTest, DivisionWithARemainderIsNull) {
  EXPECT_EQ(number(7).divideExactly(number(2)), nullptr);
  EXPECT_EQ(l.divideExactly(b), nullptr);
  EXPECT_EQ(l.add(number(1)).divideExactly(l), nullptr);
  EXPECT_EQ(l.divideExactly(number(0)), nullptr);
  EXPECT_EQ(number(kLeast).divideExactly(number(-1)), nullptr);
}

TEST_F(DimsTest, EvaluationNeedsEverySymbol) {
  llvm::StringMap<int64_t> symbols = {{"B", 3}, {"L", 5}};
  EXPECT_EQ(b.mul(l).add(l.mul(number(2))).sub(number(1)).evaluate(symbols),
            24);
  EXPECT_EQ(number(4).evaluate({}), 4);
  EXPECT_EQ(number(0).evaluate({}), 0);
  EXPECT_EQ(l.add(p).evaluate(symbols), std::nullopt);
  EXPECT_EQ(unknown.evaluate(symbols), std::nullopt);
}

TEST_F(DimsTest, EvaluationThatOverflowsHasNoValue) {
  llvm::StringMap<int64_t> symbols = {{"B", kMost}, {"L", 2}};
  EXPECT_EQ(b.evaluate(symbols), kMost);
  EXPECT_EQ(b.mul(l).evaluate(symbols), std::nullopt);
  EXPECT_EQ(b.add(l).evaluate(symbols), std::nullopt);
}

TEST_F(DimsTest, CoefficientsThatOverflowAreUnknown) {
  EXPECT_TRUE(number(kMost).add(number(1)).isUnknown());
  EXPECT_TRUE(number(kLeast).sub(number(1)).isUnknown());
  EXPECT_TRUE(l.mul(number(kMost)).mul(number(2)).isUnknown());
  EXPECT_TRUE(number(0).sub(number(kLeast)).isUnknown());
}

TEST_F(DimsTest, WhatIsMadeOfUnknownIsUnknown) {
  EXPECT_TRUE(unknown.add(l).isUnknown());
  EXPECT_TRUE(l.mul(unknown).isUnknown());
  EXPECT_TRUE(unknown.sub(unknown).isUnknown());
  EXPECT_EQ(unknown.str(), "?");
}

TEST_F(DimsTest, EqualityOfUnknownDimsIsNotKnown) {
  EXPECT_TRUE(areEqual(l, symbol("L")));
  EXPECT_FALSE(areEqual(l, b));
  EXPECT_FALSE(areEqual(unknown, unknown));
}

TEST_F(DimsTest, DimsThatNeverAgree) {
  EXPECT_TRUE(mayBeEqual(l, b));
  EXPECT_TRUE(mayBeEqual(l, number(4)));
  EXPECT_TRUE(mayBeEqual(unknown, number(4)));
  EXPECT_FALSE(mayBeEqual(number(3), number(4)));
  EXPECT_FALSE(mayBeEqual(l, l.add(number(1))));
}

TEST_F(DimsTest, BroadcastAlignsTheLastDims) {
  FailureOr<SmallVector<DimAttr>> dims =
      broadcastDims({l, number(1)}, {b, number(1), number(8)});
  ASSERT_TRUE(succeeded(dims));
  EXPECT_EQ(*dims, (SmallVector<DimAttr>{b, l, number(8)}));
  EXPECT_TRUE(failed(broadcastDims({number(3)}, {number(4)})));
  EXPECT_TRUE(failed(broadcastDims({l}, {l.add(number(1))})));
}

TEST_F(DimsTest, TypesAreStaticWhereDimsAreNumbers) {
  Type f32 = Float32Type::get(&context);
  EXPECT_EQ(tensorOf({number(2), number(3)}, f32),
            RankedTensorType::get({2, 3}, f32));
  RankedTensorType type = tensorOf({b, number(3), unknown}, f32);
  EXPECT_EQ(type.getShape(),
            (ArrayRef<int64_t>{ShapedType::kDynamic, 3, ShapedType::kDynamic}));
  EXPECT_EQ(getDims(type), (SmallVector<DimAttr>{b, number(3), unknown}));
  EXPECT_EQ(numElements(&context, {b, number(3), l}), b.mul(l).mul(number(3)));
}

} // namespace
