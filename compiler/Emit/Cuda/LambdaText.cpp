//===- LambdaText.cpp - a map's body as a function of the device ----------===//

#include "compiler/Emit/Cuda/LambdaText.h"

#include "compiler/Emit/Cuda/ScalarText.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace tenon::cuda {

//===----------------------------------------------------------------------===//
// Positions
//===----------------------------------------------------------------------===//

/// Numbers from which sums do not leave 64 bits.
static bool isSmall(Value number) {
  APInt constant;
  constexpr unsigned kBits = 32;
  return !matchPattern(number, m_ConstantInt(&constant)) ||
         constant.isSignedIntN(kBits);
}

SmallVector<bool> positionsAmong(tile::MapOp map) {
  bool counts = llvm::any_of(map.getInputs(), [](Value input) {
    return input.getDefiningOp<tile::IndexOp>();
  });
  return llvm::map_to_vector(map.getInputs(), [&](Value input) {
    auto fill = input.getDefiningOp<tile::FillOp>();
    bool isSame = fill && fill.getType().getElementType().isInteger(64) &&
                  isSmall(fill.getValue());
    return counts && (isSame || input.getDefiningOp<tile::IndexOp>());
  });
}

llvm::DenseSet<Value> positionsIn(tile::MapOp map) {
  llvm::DenseSet<Value> positions;
  Block &body = map.getBody().front();
  for (auto [argument, isPosition] :
       llvm::zip_equal(body.getArguments(), positionsAmong(map)))
    if (isPosition)
      positions.insert(argument);
  for (Operation &op : body)
    if (isa<arith::AddIOp, arith::SubIOp>(op) &&
        llvm::all_of(op.getOperands(),
                     [&](Value x) { return positions.contains(x); }))
      positions.insert(op.getResult(0));
  return positions;
}

/// Whether the op compares positions by order: it holds at all places between
/// any at which it does.
static bool ordersPositions(Operation &op,
                            const llvm::DenseSet<Value> &positions) {
  using P = arith::CmpIPredicate;
  auto compare = dyn_cast<arith::CmpIOp>(op);
  return compare && positions.contains(compare.getLhs()) &&
         positions.contains(compare.getRhs()) &&
         llvm::is_contained({P::slt, P::sle, P::sgt, P::sge},
                            compare.getPredicate());
}

bool comparesPositions(tile::MapOp map) {
  llvm::DenseSet<Value> positions = positionsIn(map);
  return llvm::any_of(map.getBody().front(), [&](Operation &op) {
    return ordersPositions(op, positions);
  });
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

namespace {
/// Prints a body: what is used once within what uses it, the rest by names.
class LambdaPrinter {
public:
  LambdaPrinter(tile::MapOp map, const LambdaForm &form,
                function_ref<std::string(Value)> outerText)
      : body(map.getBody().front()), form(form), outerText(outerText) {}

  FailureOr<std::string> print();

private:
  std::string typeOf(Value value) const {
    return form.positions.contains(value) ? "Position"
                                          : scalarType(value.getType());
  }
  std::string textOf(Value value) const {
    auto found = texts.find(value);
    return found == texts.end() ? outerText(value) : found->second;
  }
  std::string parameters();
  LogicalResult print(Operation &op);
  std::string resultText() const;

  Block &body;
  const LambdaForm &form;
  function_ref<std::string(Value)> outerText;
  llvm::DenseMap<Value, std::string> texts;
  SmallVector<std::string> statements;
};
} // namespace

std::string LambdaPrinter::parameters() {
  SmallVector<std::string> all;
  if (form.asksWhere)
    all.push_back("auto where");
  for (BlockArgument argument : body.getArguments()) {
    std::string name = "x" + std::to_string(argument.getArgNumber());
    texts[argument] = name;
    all.push_back(typeOf(argument) + " " + name);
  }
  return llvm::join(all, ", ");
}

LogicalResult LambdaPrinter::print(Operation &op) {
  Value result = op.getResult(0);
  std::string text =
      scalarText(op, [&](Value operand) { return textOf(operand); });
  std::string type = typeOf(result);
  if (text.empty() || type.empty())
    return op.emitOpError(
        "cannot be printed for a GPU: no text is known for it");
  if (form.asksWhere && ordersPositions(op, form.positions))
    text.insert(0, "where");
  if (isa<arith::ConstantOp>(op)) {
    texts[result] = text;
  } else if (isPartOfUser(result, text)) {
    texts[result] = typedText(op, text);
  } else {
    std::string &name = texts[result] = "t" + std::to_string(statements.size());
    statements.push_back(
        formatv("const {0} {1} = {2};", type, name, withoutParentheses(text)));
  }
  return success();
}

/// A result that is left to its user to multiply.
static arith::MulFOp leftProduct(const LambdaForm &form, Block &body) {
  Value result = cast<tile::YieldOp>(body.getTerminator()).getValue();
  auto product = result.getDefiningOp<arith::MulFOp>();
  return form.leavesProduct && product && product->hasOneUse()
             ? product
             : arith::MulFOp();
}

std::string LambdaPrinter::resultText() const {
  if (arith::MulFOp product = leftProduct(form, body))
    return formatv("Product{{{0}, {1}}",
                   withoutParentheses(textOf(product.getLhs())),
                   withoutParentheses(textOf(product.getRhs())));
  Value result = cast<tile::YieldOp>(body.getTerminator()).getValue();
  std::string text = withoutParentheses(textOf(result));
  // A literal's type is not the element's, and a position is no element.
  bool isOther = result.getParentBlock() != &body ||
                 result.getDefiningOp<arith::ConstantOp>() ||
                 form.positions.contains(result);
  return isOther ? scalarType(result.getType()) + "(" + text + ")" : text;
}

FailureOr<std::string> LambdaPrinter::print() {
  std::string head = "[=](" + parameters() + ") {";
  Operation *left = leftProduct(form, body);
  for (Operation &op : body.without_terminator())
    if (&op != left && failed(print(op)))
      return failure();
  std::string last = "return " + resultText() + ";";
  constexpr size_t kLongestLine = 110;
  if (statements.empty() && head.size() + last.size() < kLongestLine)
    return head + " " + last + " }";
  statements.push_back(last);
  std::string indent(form.indent, ' '), text = head + "\n";
  for (const std::string &statement : statements)
    text += formatv("{0}  {1}\n", indent, statement);
  return text + indent + "}";
}

FailureOr<std::string> lambdaText(tile::MapOp map, const LambdaForm &form,
                                  function_ref<std::string(Value)> outerText) {
  return LambdaPrinter(map, form, outerText).print();
}

} // namespace tenon::cuda
