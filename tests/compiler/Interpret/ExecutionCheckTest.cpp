//===- ExecutionCheckTest.cpp - the pass that changes numbers is named ----===//

#include "compiler/Interpret/ExecutionCheck.h"

#include "compiler/Interpret/FirstDifference.h"
#include "compiler/Interpret/RandomInputs.h"
#include "compiler/Interpret/WeightFiles.h"
#include "dialects/Tile/TileDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"
#include "gtest/gtest.h"

using namespace mlir;

namespace tenon {
namespace {

/// A test pass made of a function.
template <typename OpT>
class TestPass : public PassWrapper<TestPass<OpT>, OperationPass<OpT>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestPass)

  TestPass(StringRef name, std::function<void(OpT)> change)
      : name(name), change(std::move(change)) {}
  StringRef getArgument() const override { return name; }
  void runOnOperation() override { change(this->getOperation()); }

private:
  StringRef name;
  std::function<void(OpT)> change;
};

constexpr const char *kLayer = R"(
  func.func @main(%x: tensor<?x3xf32, #graph.dims<B, 3>>, %w: tensor<3x2xf32>, %b: tensor<2xf32>)
      -> (tensor<?x2xf32, #graph.dims<B, 2>> {graph.name = "y"}) {
    %0 = graph.matmul %x, %w : (tensor<?x3xf32, #graph.dims<B, 3>>, tensor<3x2xf32>) -> tensor<?x2xf32, #graph.dims<B, 2>>
    %1 = graph.add %0, %b : (tensor<?x2xf32, #graph.dims<B, 2>>, tensor<2xf32>) -> tensor<?x2xf32, #graph.dims<B, 2>>
    %2 = graph.tanh %1 : (tensor<?x2xf32, #graph.dims<B, 2>>) -> tensor<?x2xf32, #graph.dims<B, 2>>
    return %2 : tensor<?x2xf32, #graph.dims<B, 2>>
  })";

class Checked : public testing::Test {
protected:
  Checked() {
    context.loadDialect<arith::ArithDialect, func::FuncDialect,
                        graph::GraphDialect, math::MathDialect, scf::SCFDialect,
                        tile::TileDialect>();
  }

  /// Parses the text and runs the passes under the check; returns the errors.
  template <typename... Passes>
  std::string run(const char *text, Passes &&...list) {
    module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module);
    std::string errors;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      errors += diagnostic.str() + "\n";
      return success();
    });
    ExecutionCheck check(readWeightsFrom(""));
    PassManager passes(&context);
    (add(passes, std::forward<Passes>(list)), ...);
    check.watch(passes);
    EXPECT_TRUE(succeeded(passes.run(*module)));
    EXPECT_EQ(check.hasFailed(), !errors.empty());
    return errors;
  }

  MLIRContext context{MLIRContext::Threading::DISABLED};
  OwningOpRef<ModuleOp> module;

private:
  static void add(PassManager &passes, TestPass<ModuleOp> pass) {
    passes.addPass(std::make_unique<TestPass<ModuleOp>>(pass));
  }
  static void add(PassManager &passes, TestPass<func::FuncOp> pass) {
    passes.addNestedPass<func::FuncOp>(
        std::make_unique<TestPass<func::FuncOp>>(pass));
  }
};

TestPass<ModuleOp> idle() {
  return {"test-idle", [](ModuleOp) {}};
}

/// Adds the bias twice.
TestPass<func::FuncOp> wrongBias() {
  return {"test-wrong-bias", [](func::FuncOp function) {
            function.walk([](graph::AddOp add) {
              OpBuilder b(add->getContext());
              b.setInsertionPointAfter(add);
              auto again =
                  graph::AddOp::create(b, add.getLoc(), add, add.getRhs());
              add.getResult().replaceAllUsesExcept(again, again);
            });
          }};
}

TEST_F(Checked, PassesThatKeepTheNumbersPass) {
  auto commute =
      TestPass<func::FuncOp>("test-commute", [](func::FuncOp function) {
        function.walk([](graph::AddOp add) {
          Value left = add.getLhs();
          add.setOperand(0, add.getRhs());
          add.setOperand(1, left);
        });
      });
  EXPECT_EQ(run(kLayer, idle(), commute, idle()), "");
}

TEST_F(Checked, NamesThePassTheOpAndTheResult) {
  std::string errors = run(kLayer, idle(), wrongBias(), idle());
  EXPECT_TRUE(StringRef(errors).starts_with(
      "pass 'test-wrong-bias' changes result 0 ('y') of function 'main': "
      "expected "))
      << errors;
  EXPECT_TRUE(StringRef(errors).ends_with(
      "; the first op whose value is new is 'graph.add'\n"))
      << errors;
}

// An op that is new but right is not to blame, nor is what reads the wrong one.
TEST_F(Checked, BlamesNoOpWithoutFault) {
  auto both = TestPass<ModuleOp>("test-relu", [](ModuleOp module) {
    module.walk([](graph::TanhOp tanh) {
      OpBuilder b(tanh);
      Location loc = tanh.getLoc();
      Value there = graph::NegOp::create(b, loc, tanh.getInput());
      Value back = graph::NegOp::create(b, loc, there);
      Value wrong = graph::ReluOp::create(b, loc, back);
      Value after = graph::AbsOp::create(b, loc, wrong);
      tanh.replaceAllUsesWith(after);
      tanh.erase();
    });
  });
  EXPECT_TRUE(StringRef(run(kLayer, both))
                  .ends_with("the first op whose value is new is "
                             "'graph.relu'\n"));
}

TEST_F(Checked, NamesTheKernel) {
  const char *text = R"(
    tile.kernel @negate(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
      %c4 = arith.constant 4 : index
      %i = tile.grid [%c4 by BN]
      %xv = tile.view %x[%c4] : !tile.view<4xf32>
      %yv = tile.view %y[%c4] : !tile.view<4xf32>
      %t = tile.load %xv[%i] axes [0] : <4xf32> -> <[BN], f32>
      %m = tile.map %t maps [[0]] : !tile.tile<[BN], f32> -> <[BN], f32> {
      ^bb0(%e: f32):
        %n = arith.negf %e : f32
        tile.yield %n : f32
      }
      tile.store %m, %yv[%i] axes [0] : <[BN], f32>, <4xf32>
      tile.return
    }
    func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
      %0 = tile.launch @negate(%x) scalars [] : (tensor<4xf32>) -> tensor<4xf32>
      %1 = graph.tanh %0 : (tensor<4xf32>) -> tensor<4xf32>
      return %1 : tensor<4xf32>
    })";
  auto wrongKernel = TestPass<ModuleOp>("test-wrong-kernel", [](ModuleOp m) {
    m.walk([](arith::NegFOp op) {
      op.replaceAllUsesWith(op.getOperand());
      op.erase();
    });
  });
  EXPECT_TRUE(StringRef(run(text, wrongKernel))
                  .ends_with("the first op whose value is new is "
                             "'tile.launch' of kernel 'negate'\n"));
}

TEST_F(Checked, LooksIntoGroups) {
  const char *text = R"(
    func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
      %0 = graph.group (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
        %1 = graph.neg %a : (tensor<4xf32>) -> tensor<4xf32>
        %2 = graph.tanh %1 : (tensor<4xf32>) -> tensor<4xf32>
        graph.yield %2 : tensor<4xf32>
      }
      return %0 : tensor<4xf32>
    })";
  auto wrong = TestPass<func::FuncOp>("test-abs", [](func::FuncOp function) {
    function.walk([](graph::TanhOp tanh) {
      OpBuilder b(tanh);
      Value abs = graph::AbsOp::create(b, tanh.getLoc(), tanh.getInput());
      tanh.replaceAllUsesWith(abs);
      tanh.erase();
    });
  });
  EXPECT_TRUE(StringRef(run(text, wrong))
                  .ends_with("the first op whose value is new is "
                             "'graph.abs'\n"));
}

TEST_F(Checked, AResultThatIsAnotherOpsHasNoCulprit) {
  auto skip = TestPass<ModuleOp>("test-skip", [](ModuleOp m) {
    m.walk([](graph::TanhOp tanh) {
      tanh.replaceAllUsesWith(tanh.getInput());
      tanh.erase();
    });
  });
  std::string errors = run(kLayer, skip);
  EXPECT_TRUE(StringRef(errors).starts_with("pass 'test-skip' changes result"));
  EXPECT_FALSE(StringRef(errors).contains("first op"));
}

TEST_F(Checked, AFunctionMustStay) {
  auto drop = TestPass<ModuleOp>("test-drop", [](ModuleOp m) {
    m.lookupSymbol<func::FuncOp>("main").erase();
  });
  EXPECT_EQ(run(kLayer, drop), "pass 'test-drop' leaves no function 'main'\n");
}

constexpr const char *kPair = R"(
  func.func @main(%x: tensor<2xf32>, %y: tensor<3xf32>) -> (tensor<2xf32>, tensor<3xf32>) {
    return %x, %y : tensor<2xf32>, tensor<3xf32>
  })";

TEST_F(Checked, AFunctionMustStayExecutable) {
  auto exchange = TestPass<func::FuncOp>("test-inputs", [](func::FuncOp f) {
    auto type = cast<RankedTensorType>(f.getArgumentTypes()[1]);
    f.getArgument(0).setType(type);
    f.setFunctionType(
        FunctionType::get(f.getContext(), {type, type}, {type, type}));
  });
  EXPECT_EQ(run(kPair, exchange),
            "'func.func' op 'main' dimension 0 of argument 0 does not fit: "
            "expected 3, got 2\n"
            "pass 'test-inputs' leaves a function 'main' that cannot be "
            "executed\n");
}

TEST_F(Checked, ResultsKeepTheirShapes) {
  auto exchange = TestPass<func::FuncOp>("test-results", [](func::FuncOp f) {
    Operation *end = f.getBody().front().getTerminator();
    end->setOperands({f.getArgument(1), f.getArgument(0)});
    f.setFunctionType(FunctionType::get(f.getContext(), f.getArgumentTypes(),
                                        end->getOperandTypes()));
  });
  EXPECT_EQ(run(kPair, exchange),
            "pass 'test-results' changes the types of the results of function "
            "'main': expected 2xf32, 3xf32, got 3xf32, 2xf32\n");
}

TEST_F(Checked, SymbolsAreSmallAndAllowed) {
  module = parseSourceString<ModuleOp>(R"(
    func.func @main(%x: tensor<?x?x?xi1, #graph.dims<B, 2*L, M>>, %y: tensor<?xf32>) -> tensor<?x?x?xi1, #graph.dims<B, 2*L, M>>
        attributes {graph.symbols = [#graph.symbol<"L" in 1 to 64 by 8>, #graph.symbol<"M" in 1 to 1 by 1>]} {
      return %x : tensor<?x?x?xi1, #graph.dims<B, 2*L, M>>
    })",
                                       &context);
  ASSERT_TRUE(module);
  auto inputs = drawInputs(module->lookupSymbol<func::FuncOp>("main"));
  EXPECT_EQ(inputs[0].dims(), ArrayRef<int64_t>({2, 16, 1}));
  for (int64_t i = 0; i < 32; ++i) // every row begins with a 1
    EXPECT_EQ(inputs[0].getInt(i), 1);
  EXPECT_EQ(inputs[1].dims(), ArrayRef<int64_t>({2}));
}

TEST_F(Checked, NarrowTypesMayDifferMore) {
  Builder b(&context);
  for (auto [type, isSame] : {std::pair<Type, bool>{b.getF32Type(), false},
                              {b.getF64Type(), false},
                              {b.getBF16Type(), true},
                              {b.getI64Type(), false}}) {
    ReferenceTensor x(type, {2}), y(type, {2});
    x.setFloat(0, 100);
    y.setFloat(0, 101);
    EXPECT_EQ(!firstDifference(x, y, 0), isSame);
    EXPECT_EQ(!firstDifference(x, y, 0.02), !type.isInteger(64));
  }
}

} // namespace
} // namespace tenon
