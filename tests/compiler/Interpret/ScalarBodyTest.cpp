//===- ScalarBodyTest.cpp - bodies of arith and math ops are executed
//------===//
//
// What each op computes is tested with the bodies of graph ops
// (tests/dialects/Graph/ElementwiseBodiesTest.cpp); here: rounding, widths,
// undefined operands, and what is refused.
//
//===----------------------------------------------------------------------===//

#include "compiler/Interpret/ScalarBody.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace tenon;

namespace {

class ScalarBodyTest : public testing::Test {
protected:
  ScalarBodyTest() {
    context
        .loadDialect<arith::ArithDialect, math::MathDialect, scf::SCFDialect>();
    builder.setInsertionPointToStart(&block);
  }

  Value argument(Type type) { return block.addArgument(type, loc); }

  /// The body that computes `result` from all arguments so far.
  FailureOr<ScalarBody> prepare(Value result) {
    SmallVector<Operation *> ops;
    for (Operation &op : block)
      ops.push_back(&op);
    return ScalarBody::prepare(block.getArguments(), ops, result);
  }

  MLIRContext context;
  Location loc = UnknownLoc::get(&context);
  Block block;
  OpBuilder builder{&context};
};

// 2^24 + 1 is not an f32: the sum is rounded before the subtraction.
TEST_F(ScalarBodyTest, RoundsAfterEachOp) {
  Value x = argument(builder.getF32Type()), y = argument(builder.getF32Type());
  Value sum = arith::AddFOp::create(builder, loc, x, y);
  Value back = arith::SubFOp::create(builder, loc, sum, x);
  FailureOr<ScalarBody> body = prepare(back);
  ASSERT_TRUE(succeeded(body));
  EXPECT_EQ(body->run({{.number = 16777216}, {.number = 1}})->front().number,
            0);
  EXPECT_EQ(body->run({{.number = 16777214}, {.number = 1}})->front().number,
            1);
}

TEST_F(ScalarBodyTest, IntegersWrapAtTheirWidth) {
  Value x = argument(builder.getI8Type());
  Value one =
      arith::ConstantOp::create(builder, loc, builder.getI8IntegerAttr(1));
  Value next = arith::AddIOp::create(builder, loc, x, one);
  Value wide = arith::ExtSIOp::create(builder, loc, builder.getI32Type(), next);
  FailureOr<ScalarBody> body = prepare(wide);
  ASSERT_TRUE(succeeded(body));
  EXPECT_EQ(body->run({{.bits = 0xff}})->front().bits, 0u);
  EXPECT_EQ(body->run({{.bits = 0x7f}})->front().bits, 0xffffff80u);
}

// A body must never divide by zero, or the lowest integer by -1, or convert
// what does not fit: it is noticed.
TEST_F(ScalarBodyTest, UndefinedOperandsAreSeen) {
  Value a = argument(builder.getI32Type()), b = argument(builder.getI32Type());
  Value quotient = arith::DivSIOp::create(builder, loc, a, b);
  FailureOr<ScalarBody> body = prepare(quotient);
  ASSERT_TRUE(succeeded(body));
  EXPECT_EQ(body->run({{.bits = 7}, {.bits = 2}})->front().bits, 3u);
  EXPECT_FALSE(body->run({{.bits = 7}, {.bits = 0}}));
  EXPECT_FALSE(body->run({{.bits = 0x80000000}, {.bits = 0xffffffff}}));
}

TEST_F(ScalarBodyTest, ConversionsOutOfRangeAreSeen) {
  Value x = argument(builder.getF32Type());
  FailureOr<ScalarBody> body =
      prepare(arith::FPToSIOp::create(builder, loc, builder.getI8Type(), x));
  ASSERT_TRUE(succeeded(body));
  EXPECT_EQ(body->run({{.number = -128.9}})->front().bits, 0x80u);
  EXPECT_FALSE(body->run({{.number = -129}}));
  EXPECT_FALSE(body->run({{.number = 128}}));
  EXPECT_FALSE(body->run({{.number = std::nan("")}}));
}

TEST_F(ScalarBodyTest, OtherOpsAreRefused) {
  Value x = argument(builder.getF32Type());
  Value atan = math::AtanOp::create(builder, loc, x);
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message = diagnostic.str();
    return success();
  });
  EXPECT_TRUE(failed(prepare(atan)));
  EXPECT_EQ(message,
            "'math.atan' op is not a scalar op that can be executed: expected "
            "arith or math on scalars");
}

} // namespace
