//===- SymbolsTest.cpp - finding the numbers of symbolic dims -------------===//

#include "compiler/Interpret/Symbols.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace tenon;
using namespace tenon::graph;

namespace {

class SymbolsTest : public testing::Test {
protected:
  DimAttr number(int64_t value) {
    return DimAttr::getConstant(&context, value);
  }
  DimAttr symbol(StringRef name) { return DimAttr::getSymbol(&context, name); }
  Type typeOf(ArrayRef<DimAttr> dims) {
    return tensorOf(dims, Float32Type::get(&context));
  }

  /// Binds and keeps the text of the error, if any.
  FailureOr<SymbolValues> bind(TypeRange types,
                               ArrayRef<SmallVector<int64_t>> dims,
                               ArrayAttr declared = nullptr) {
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      error += diagnostic.str();
      return success();
    });
    return bindSymbols(types, dims, declared,
                       [&] { return emitError(UnknownLoc::get(&context)); });
  }

  MLIRContext context;
  GraphDialect *dialect =
      context.getOrLoadDialect<GraphDialect>(); // before any dim
  DimAttr b = symbol("B"), l = symbol("L");
  std::string error;
};

TEST_F(SymbolsTest, SymbolsAreTheirDims) {
  FailureOr<SymbolValues> symbols =
      bind({typeOf({b, l}), typeOf({l})}, {{2, 7}, {7}});
  ASSERT_TRUE(succeeded(symbols)) << error;
  EXPECT_EQ(symbols->lookup("B"), 2);
  EXPECT_EQ(symbols->lookup("L"), 7);
}

// 2*B*L + 1 = 13 gives L only after B is known, from a later argument.
TEST_F(SymbolsTest, SymbolsFollowFromPolynomials) {
  DimAttr dim = b.mul(l).mul(number(2)).add(number(1));
  FailureOr<SymbolValues> symbols =
      bind({typeOf({dim}), typeOf({b})}, {{13}, {3}});
  ASSERT_TRUE(succeeded(symbols)) << error;
  EXPECT_EQ(symbols->lookup("L"), 2);
}

TEST_F(SymbolsTest, UnknownDimsBindNothing) {
  FailureOr<SymbolValues> symbols =
      bind({typeOf({DimAttr::getUnknown(&context), l})}, {{5, 7}});
  ASSERT_TRUE(succeeded(symbols)) << error;
  EXPECT_EQ(symbols->size(), 1u);
}

TEST_F(SymbolsTest, OneSymbolIsOneNumber) {
  EXPECT_TRUE(
      failed(bind({typeOf({l}), typeOf({l, number(4)})}, {{7}, {8, 4}})));
  EXPECT_EQ(error,
            "dimension 0 of argument 1 does not fit: expected 7 (L), got 8");
}

TEST_F(SymbolsTest, NumbersAreChecked) {
  EXPECT_TRUE(failed(bind({typeOf({number(4)})}, {{5}})));
  EXPECT_EQ(error, "dimension 0 of argument 0 does not fit: expected 4, got 5");
}

TEST_F(SymbolsTest, PolynomialsWithoutASolutionAreChecked) {
  EXPECT_TRUE(failed(bind({typeOf({l.mul(number(2))})}, {{7}})));
  EXPECT_EQ(error,
            "dimension 0 of argument 0 does not fit: expected 6 (2*L), got 7");
}

TEST_F(SymbolsTest, SymbolsWithoutADimAreReported) {
  EXPECT_TRUE(failed(bind({typeOf({b.mul(l)})}, {{6}})));
  EXPECT_EQ(error, "dimension 0 of argument 0 is B*L, and no argument "
                   "determines its symbols");
}

TEST_F(SymbolsTest, SquaresAreNotSolved) {
  EXPECT_TRUE(failed(bind({typeOf({l.mul(l)})}, {{9}})));
  EXPECT_EQ(error, "dimension 0 of argument 0 is L*L, and no argument "
                   "determines its symbols");
}

TEST_F(SymbolsTest, NegativeSizesAreRefused) {
  EXPECT_TRUE(failed(bind({typeOf({l.add(number(4))})}, {{3}})));
  EXPECT_EQ(error, "symbol \"L\" is out of bounds: expected 0 or more, got -1");
}

TEST_F(SymbolsTest, DeclaredBoundsAreChecked) {
  auto name = StringAttr::get(&context, "L");
  Builder builder(&context);
  ArrayAttr declared =
      builder.getArrayAttr(SymbolAttr::get(&context, name, 8, 64, 8));
  EXPECT_TRUE(succeeded(bind({typeOf({l})}, {{64}}, declared))) << error;
  EXPECT_TRUE(failed(bind({typeOf({l})}, {{72}}, declared)));
  EXPECT_EQ(error, "symbol \"L\" is out of bounds: expected 8 to 64, got 72");
  error.clear();
  EXPECT_TRUE(failed(bind({typeOf({l})}, {{12}}, declared)));
  EXPECT_EQ(error,
            "symbol \"L\" is not divisible: expected a multiple of 8, got 12");
}

} // namespace
