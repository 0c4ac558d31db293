//===- RandomGraphs.cpp - small graphs of the kinds that models have ------===//

#include "tests/compiler/Property/RandomGraphs.h"

#include "tests/compiler/Property/GraphDrawer.h"

namespace tenon {

/// Sizes on both sides of vectors of 8 and 16 lanes and of small blocks. Zero
/// is as rare as it can be without being forgotten.
static constexpr int64_t kSizes[] = {1,  1,  2,  3,  4,  5,  7,  8,  8,  9,
                                     15, 16, 16, 17, 20, 24, 31, 32, 33, 40,
                                     47, 48, 49, 50, 63, 64, 65, 70};
static constexpr double kZeroProbability = 0.01;
/// A constant of more elements is an input instead: its text would drown the
/// rest.
static constexpr int64_t kLargestConstant = 2500;

//===----------------------------------------------------------------------===//
// Dims and operands
//===----------------------------------------------------------------------===//

/// A number, an old symbol, or a new one.
DimAttr GraphDrawer::dim() {
  if (chance(0.5))
    return fixed(chance(kZeroProbability) ? 0 : oneOf(ArrayRef(kSizes)));
  if (!symbols.empty() && chance(0.3))
    return DimAttr::getSymbol(&context, symbols.begin()->getKey());
  std::string name(1, static_cast<char>('A' + symbols.size()));
  symbols[name] = chance(kZeroProbability) ? 0 : oneOf(ArrayRef(kSizes));
  return DimAttr::getSymbol(&context, name);
}

/// The leading dims are small, so that a tensor stays small.
Dims GraphDrawer::dims(int64_t rank) {
  Dims result;
  for (int64_t d = 0; d < rank; ++d)
    result.push_back(d + 2 < rank ? fixed(number(1, 3)) : dim());
  return result;
}

Value GraphDrawer::input(const Dims &dims, Type type, double deviation) {
  deviations.push_back(deviation);
  return body->addArgument(graph::tensorOf(dims, type), loc);
}

Value GraphDrawer::operand(const Dims &dims, Type type, double deviation) {
  auto tensor = cast<RankedTensorType>(graph::tensorOf(dims, type));
  if (!type.isF32() || !tensor.hasStaticShape() ||
      tensor.getNumElements() > kLargestConstant || chance(0.4))
    return input(dims, type, deviation);
  std::normal_distribution<float> normal(0.0f, static_cast<float>(deviation));
  std::vector<float> elements(tensor.getNumElements());
  for (float &element : elements)
    element = normal(random);
  return graph::ConstantOp::create(
      b, loc, DenseElementsAttr::get(tensor, ArrayRef(elements)));
}

Value GraphDrawer::residualFor(Value value) {
  for (Value old : earlier)
    if (old != value && old.getType() == value.getType() && chance(0.7))
      return old;
  return operand(dimsOf(value), typeOf(value).getElementType());
}

Value GraphDrawer::broadcastOperand(Value value) {
  Dims result = dimsOf(value);
  if (!result.empty())
    result.erase(result.begin(),
                 result.begin() +
                     number(0, static_cast<int64_t>(result.size())));
  for (DimAttr &dim : result)
    if (chance(0.2))
      dim = fixed(1);
  return operand(result, typeOf(value).getElementType());
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

RandomGraph GraphDrawer::draw() {
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  b.setInsertionPointToEnd(module->getBody());
  auto function =
      func::FuncOp::create(b, loc, "main", b.getFunctionType({}, {}));
  body = function.addEntryBlock();
  b.setInsertionPointToEnd(body);

  earlier.push_back(elementwise(start(), 2));
  for (int64_t left = number(1, 3); left > 0; --left)
    earlier.push_back(elementwise(work(earlier.back()), 2));
  SmallVector<Value> results{earlier.back()};
  if (chance(0.2))
    results.push_back(earlier.front());
  func::ReturnOp::create(b, loc, results);

  function.setFunctionType(b.getFunctionType(body->getArgumentTypes(),
                                             TypeRange(ValueRange(results))));
  SmallVector<Attribute> declared;
  for (StringRef name : symbols.keys())
    declared.push_back(
        graph::SymbolAttr::get(&context, b.getStringAttr(name), 0, -1, 1));
  function->setAttr("graph.symbols", b.getArrayAttr(declared));
  return {std::move(module), symbols, deviations};
}

RandomGraph drawGraph(MLIRContext &context, uint32_t seed) {
  return GraphDrawer(context, seed).draw();
}

Interpreter::Tensors drawTensors(const RandomGraph &graph, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal(0.0, 1.0);
  std::uniform_int_distribution<int64_t> integer(-4, 4);
  std::bernoulli_distribution isTrue(0.7);
  auto function = *graph.module.get().getOps<func::FuncOp>().begin();
  Interpreter::Tensors tensors;
  for (auto [type, deviation] :
       llvm::zip_equal(function.getArgumentTypes(), graph.deviations)) {
    SmallVector<int64_t> shape;
    for (DimAttr dim : graph::getDims(cast<RankedTensorType>(type)))
      shape.push_back(*dim.evaluate(graph.symbols));
    Type element = getElementTypeOrSelf(type);
    ReferenceTensor &tensor = tensors.emplace_back(element, shape);
    for (int64_t i = 0; i < tensor.numElements(); ++i)
      if (tensor.isFloat())
        tensor.setFloat(i, deviation * normal(random));
      else
        tensor.setInt(i,
                      element.isInteger(1) ? isTrue(random) : integer(random));
    tensor.round();
  }
  return tensors;
}

} // namespace tenon
