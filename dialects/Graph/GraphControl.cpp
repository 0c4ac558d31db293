//===- GraphControl.cpp - what if and loop yield, and their constraints ---===//

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/GraphInference.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::graph;

/// The end of a body; null when it has another one.
static YieldOp yieldOf(Region &body) {
  if (body.empty() || body.front().empty())
    return nullptr;
  return dyn_cast<YieldOp>(body.front().back());
}

template <typename Op>
static LogicalResult refuseEnd(std::optional<Location> location, Region &body) {
  StringRef found = "an empty body";
  if (!body.empty() && !body.front().empty())
    found = body.front().back().getName().getStringRef();
  return refuse<Op>(location,
                    "needs results: expected a body that ends in "
                    "'graph.yield', got '",
                    found, "'");
}

//===----------------------------------------------------------------------===//
// If
//===----------------------------------------------------------------------===//

LogicalResult IfOp::inferReturnTypes(MLIRContext *,
                                     std::optional<Location> location,
                                     ValueRange, DictionaryAttr,
                                     OpaqueProperties, RegionRange regions,
                                     SmallVectorImpl<Type> &inferred) {
  // if_c1
  for (Region *body : regions)
    if (!yieldOf(*body))
      return refuseEnd<IfOp>(location, *body);
  TypeRange then = yieldOf(*regions[0]).getOperandTypes();
  TypeRange otherwise = yieldOf(*regions[1]).getOperandTypes();
  // if_c2
  if (!areCompatible(then, otherwise))
    return refuse<IfOp>(location,
                        "needs bodies that yield the same types: "
                        "expected (",
                        then, ") as the first one yields, got (", otherwise,
                        ")");
  llvm::append_range(inferred, then);
  return success();
}

LogicalResult IfOp::verify() { return verifyInferred(*this); }

//===----------------------------------------------------------------------===//
// Loop
//===----------------------------------------------------------------------===//

/// The state's types, and those of the rows, of a loop whose body is legal.
static FailureOr<SmallVector<Type>> inferRows(std::optional<Location> location,
                                              LoopOp::Adaptor loop) {
  SmallVector<Type> yielded(yieldOf(loop.getBody()).getOperandTypes());
  SmallVector<Type> state(loop.getInits().getTypes());
  size_t numConditions = loop.getCondition() ? 1 : 0;
  auto condition = RankedTensorType::get(
      {}, IntegerType::get(loop.getBody().getContext(), 1));
  // loop_c2
  if (yielded.size() < numConditions + state.size() ||
      (numConditions && yielded.front() != condition))
    return refuse<LoopOp>(
        location, "yields ", numConditions ? "its condition and " : "",
        "its state: expected ", numConditions ? "'tensor<i1>' and " : "",
        state.size(), " values or more, got (", TypeRange(yielded), ")");
  ArrayRef<Type> rest = ArrayRef(yielded).drop_front(numConditions);
  // loop_c3
  if (!areCompatible(state, TypeRange(rest.take_front(state.size()))))
    return refuse<LoopOp>(location, "keeps the types of its state: expected (",
                          TypeRange(state), "), got (",
                          TypeRange(rest.take_front(state.size())), ")");
  return SmallVector<Type>(rest.drop_front(state.size()));
}

LogicalResult
LoopOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                         ValueRange operands, DictionaryAttr attributes,
                         OpaqueProperties properties, RegionRange regions,
                         SmallVectorImpl<Type> &inferred) {
  Adaptor loop(operands, attributes, properties, regions);
  // loop_c5
  if (!loop.getCount() && !loop.getLimit() && !loop.getCondition())
    return refuse<LoopOp>(location,
                          "needs an end: expected a count, a limit or "
                          "a condition, got none");
  // loop_c1
  SmallVector<Type> arguments = {
      RankedTensorType::get({}, IntegerType::get(context, 64))};
  llvm::append_range(arguments, loop.getInits().getTypes());
  TypeRange found = loop.getBody().getArgumentTypes();
  if (TypeRange(arguments) != found)
    return refuse<LoopOp>(location,
                          "needs a body of the turn and the state: "
                          "expected (",
                          TypeRange(arguments), "), got (", found, ")");
  // loop_c2
  if (!yieldOf(loop.getBody()))
    return refuseEnd<LoopOp>(location, loop.getBody());
  FailureOr<SmallVector<Type>> rows = inferRows(location, loop);
  if (failed(rows))
    return failure();
  // loop_c4
  if (!rows->empty() &&
      (!loop.getCount() || loop.getLimit() || loop.getCondition()))
    return refuse<LoopOp>(location, "has rows of an unknown number of turns: "
                                    "expected a count and no other end");
  llvm::append_range(inferred, loop.getInits().getTypes());
  for (Type row : *rows) {
    auto type = cast<RankedTensorType>(row);
    SmallVector<DimAttr> dims = getDims(type);
    dims.insert(dims.begin(), *loop.getCount());
    inferred.push_back(tensorOf(dims, type.getElementType()));
  }
  return success();
}

LogicalResult LoopOp::verify() { return verifyInferred(*this); }
