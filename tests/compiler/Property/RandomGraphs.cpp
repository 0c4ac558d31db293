//===- RandomGraphs.cpp - small graphs of the kinds that models have ------===//

#include "tests/compiler/Property/RandomGraphs.h"

#include "dialects/Graph/GraphDialect.h"

using namespace mlir;

namespace tenon {
namespace {

using graph::DimAttr;
using Dims = SmallVector<DimAttr>;

/// Sizes on both sides of vectors of 8 and 16 lanes and of small blocks. Zero
/// is as rare as it can be without being forgotten.
constexpr int64_t kSizes[] = {1,  1,  2,  3,  4,  5,  7,  8,  8,  9,
                              15, 16, 16, 17, 20, 24, 31, 32, 33, 40,
                              47, 48, 49, 50, 63, 64, 65, 70};
constexpr double kZeroProbability = 0.01;
/// A constant of more elements is an input instead: its text would drown the
/// rest.
constexpr int64_t kLargestConstant = 2500;

class GraphDrawer {
public:
  GraphDrawer(MLIRContext &context, uint32_t seed)
      : context(context), random(seed), b(&context),
        loc(UnknownLoc::get(&context)) {}

  RandomGraph draw();

private:
  //===--- chance ---------------------------------------------------------===//
  bool chance(double probability) {
    return std::bernoulli_distribution(probability)(random);
  }
  int64_t number(int64_t first, int64_t last) {
    return std::uniform_int_distribution<int64_t>(first, last)(random);
  }
  template <typename T> T oneOf(ArrayRef<T> list) {
    return list[number(0, static_cast<int64_t>(list.size()) - 1)];
  }
  template <typename T> T oneOf(std::initializer_list<T> list) {
    return oneOf(ArrayRef<T>(list.begin(), list.end()));
  }

  //===--- dims and operands ----------------------------------------------===//
  DimAttr fixed(int64_t size) { return DimAttr::getConstant(&context, size); }
  DimAttr dim();
  DimAttr fixedDim() { return fixed(oneOf(ArrayRef(kSizes))); }
  Dims dims(int64_t rank);
  /// The number that a dim stands for.
  double sizeOf(DimAttr dim) {
    return static_cast<double>(*dim.evaluate(symbols));
  }
  Value input(const Dims &dims, Type type, double deviation = 1);
  /// A constant or an input.
  Value operand(const Dims &dims, Type type, double deviation = 1);
  Value operand(const Dims &dims, double deviation = 1) {
    return operand(dims, b.getF32Type(), deviation);
  }
  /// An earlier value of this type, else an operand.
  Value residualFor(Value value);
  /// An operand that broadcasts to the dims of `value`.
  Value broadcastOperand(Value value);
  static RankedTensorType typeOf(Value value) {
    return cast<RankedTensorType>(value.getType());
  }
  static Dims dimsOf(Value value) {
    return Dims(graph::getDims(typeOf(value)));
  }

  //===--- kinds of work --------------------------------------------------===//
  Value unary(Value x);
  Value binary(Value x, Value y);
  Value elementwise(Value x, int64_t maxOps);
  Value product(Value x, DimAttr columns);
  Value products(Value x);
  Value norm(Value x);
  Value softmax(Value x);
  Value attention();
  Value reduction(Value x);
  Value view(Value x);
  Value rows();
  Value work(Value x);
  Value start();

  MLIRContext &context;
  std::mt19937 random;
  OpBuilder b;
  Location loc;
  Block *body = nullptr;
  SmallVector<double> deviations; ///< of the arguments
  SmallVector<Value> earlier;     ///< values after each kind of work
  llvm::StringMap<int64_t> symbols;
};

//===----------------------------------------------------------------------===//
// Dims and operands
//===----------------------------------------------------------------------===//

/// A number, an old symbol, or a new one.
DimAttr GraphDrawer::dim() {
  if (chance(0.5))
    return chance(kZeroProbability) ? fixed(0) : fixedDim();
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
// Kinds of work
//===----------------------------------------------------------------------===//

Value GraphDrawer::unary(Value x) {
  if (!typeOf(x).getElementType().isF32())
    return graph::NegOp::create(b, loc, x);
  switch (number(0, 7)) {
  case 0:
    return graph::GeluOp::create(
        b, loc, x, oneOf({graph::GeluForm::Erf, graph::GeluForm::Tanh}));
  case 1:
    return graph::ReluOp::create(b, loc, x);
  case 2:
    return graph::TanhOp::create(b, loc, x);
  case 3:
    return graph::SigmoidOp::create(b, loc, x);
  case 4:
    return graph::SiluOp::create(b, loc, x);
  case 5:
    return graph::NegOp::create(b, loc, x);
  case 6:
    return graph::AbsOp::create(b, loc, x);
  default:
    return graph::SinOp::create(b, loc, x);
  }
}

Value GraphDrawer::binary(Value x, Value y) {
  switch (number(0, 4)) {
  case 0:
    return graph::SubOp::create(b, loc, x, y);
  case 1:
    return graph::MulOp::create(b, loc, x, y);
  case 2:
    return graph::MaxOp::create(b, loc, x, y);
  case 3: {
    Value condition = input(dimsOf(y), b.getI1Type());
    return graph::WhereOp::create(b, loc, condition, x, y);
  }
  default:
    return graph::AddOp::create(b, loc, x, y);
  }
}

Value GraphDrawer::elementwise(Value x, int64_t maxOps) {
  for (int64_t left = number(0, maxOps); left > 0; --left)
    switch (number(0, 3)) {
    case 0:
      x = unary(x);
      break;
    case 1: // a residual
      x = binary(x, residualFor(x));
      break;
    case 2:
      x = binary(broadcastOperand(x), x);
      break;
    default:
      x = binary(x, broadcastOperand(x));
      break;
    }
  return x;
}

/// x times a matrix: a weight, one that lies transposed, or one for each of the
/// leading dims.
Value GraphDrawer::product(Value x, DimAttr columns) {
  Dims left = dimsOf(x), right;
  if (chance(0.3))
    right.assign(left.begin(), left.end() - 2);
  bool isTransposed = chance(0.3);
  right.push_back(isTransposed ? columns : left.back());
  right.push_back(isTransposed ? left.back() : columns);
  double depth = std::max(sizeOf(left.back()), 1.0);
  Value w = operand(right, 1 / std::sqrt(depth));
  if (isTransposed) {
    auto order = llvm::to_vector(llvm::seq<int64_t>(0, right.size()));
    std::swap(order[order.size() - 1], order[order.size() - 2]);
    w = graph::TransposeOp::create(b, loc, w, order);
  }
  return graph::MatmulOp::create(b, loc, x, w);
}

/// One product, or two of the same value, of which one gates the other.
Value GraphDrawer::products(Value x) {
  if (typeOf(x).getRank() < 2)
    return x;
  DimAttr columns = dim();
  Value first = product(x, columns);
  if (chance(0.7))
    return first;
  return graph::MulOp::create(b, loc, unary(first), product(x, columns));
}

/// Along the last dim, which is a number (a kernel holds a row whole). With a
/// residual, without which the variance of a row could be all rounding.
Value GraphDrawer::norm(Value x) {
  x = graph::AddOp::create(b, loc, x, input(dimsOf(x), b.getF32Type()));
  Dims size{dimsOf(x).back()};
  auto epsilon = b.getF64FloatAttr(1e-5);
  if (chance(0.3))
    return graph::RmsNormOp::create(b, loc, x, operand(size), epsilon);
  Value bias = chance(0.7) ? operand(size) : Value();
  return graph::LayerNormOp::create(b, loc, x, operand(size), bias, epsilon);
}

Value GraphDrawer::softmax(Value x) {
  return graph::SoftmaxOp::create(b, loc, x, typeOf(x).getRank() - 1);
}

/// Heads share keys or not; masks and biases of every shape that repeats.
Value GraphDrawer::attention() {
  int64_t kvHeads = number(1, 2), group = number(1, 3);
  DimAttr batch = fixed(number(1, 2)), heads = fixed(kvHeads * group),
          queries = dim(), keys = chance(0.5) ? queries : dim(),
          depth = fixed(oneOf<int64_t>({1, 4, 8, 16, 20, 32, 48, 64}));
  Value q = operand({batch, heads, queries, depth});
  Value k = operand({batch, fixed(kvHeads), keys, depth});
  Value v = operand({batch, fixed(kvHeads), keys, depth});
  auto scores = [&](Type type) {
    Dims dims{batch, heads, queries, keys};
    for (unsigned d = 0; d < 3; ++d)
      if (chance(0.5))
        dims[d] = fixed(1);
    return input(Dims(ArrayRef(dims).drop_front(number(0, 2))), type);
  };
  Value mask = chance(0.5) ? scores(b.getI1Type()) : Value();
  Value bias = chance(0.4) ? scores(b.getF32Type()) : Value();
  auto flag = [&](double probability) {
    return chance(probability) ? b.getUnitAttr() : UnitAttr();
  };
  UnitAttr causal = flag(0.3), nanToZero = flag(0.5);
  return graph::AttentionOp::create(b, loc, q, k, v, mask, bias,
                                    b.getF64FloatAttr(0.25), causal, nanToZero);
}

Value GraphDrawer::reduction(Value x) {
  int64_t rank = typeOf(x).getRank(), first = number(0, rank - 1),
          last = number(first, rank - 1);
  auto axes = llvm::to_vector(llvm::seq<int64_t>(first, last + 1));
  auto kind = oneOf({graph::ReduceKind::Sum, graph::ReduceKind::Max,
                     graph::ReduceKind::Min, graph::ReduceKind::Mean,
                     graph::ReduceKind::SumSquare});
  if (!typeOf(x).getElementType().isF32())
    kind = oneOf({graph::ReduceKind::Sum, graph::ReduceKind::Max,
                  graph::ReduceKind::Min});
  double numTerms = 1;
  for (int64_t axis : axes)
    numTerms *= std::max(sizeOf(dimsOf(x)[axis]), 1.0);
  Value sum = graph::ReduceOp::create(b, loc, x, kind, axes, chance(0.5));
  if (kind != graph::ReduceKind::Sum && kind != graph::ReduceKind::SumSquare)
    return sum;
  // Of the size of its terms again, as far as their type allows.
  Type type = typeOf(x).getElementType();
  auto factor = DenseElementsAttr::get(
      RankedTensorType::get({}, type),
      type.isF32() ? Attribute(b.getF32FloatAttr(
                         static_cast<float>(1 / std::sqrt(numTerms))))
                   : Attribute(b.getIntegerAttr(type, 1)));
  return graph::MulOp::create(b, loc, sum,
                              graph::ConstantOp::create(b, loc, factor));
}

Value GraphDrawer::view(Value x) {
  Dims dims = dimsOf(x);
  int64_t rank = static_cast<int64_t>(dims.size());
  switch (number(0, 3)) {
  case 0: {
    auto order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    std::shuffle(order.begin(), order.end(), random);
    return graph::TransposeOp::create(b, loc, x, order);
  }
  case 1: { // two neighbouring dims become one
    if (rank < 2)
      return x;
    int64_t at = number(0, rank - 2);
    dims[at] = dims[at].mul(dims[at + 1]);
    dims.erase(dims.begin() + at + 1);
    break;
  }
  case 2: { // a dim becomes two, as heads do
    int64_t at = number(0, rank - 1);
    std::optional<int64_t> size = dims[at].getConstantValue();
    int64_t factor = size && *size > 0 && *size % 4 == 0 ? 4 : 1;
    if (!size)
      return x;
    dims[at] = fixed(*size / factor);
    dims.insert(dims.begin() + at + 1, fixed(factor));
    break;
  }
  default: {
    int64_t axis = number(0, rank - 1);
    std::optional<int64_t> size = dims[axis].getConstantValue();
    if (!size || *size < 3)
      return x;
    int64_t start = number(0, *size - 2);
    dims[axis] = fixed(number(1, *size - start));
    auto type = graph::tensorOf(dims, typeOf(x).getElementType());
    return graph::SliceOp::create(b, loc, type, x, axis, fixed(start), 1);
  }
  }
  auto type = graph::tensorOf(dims, typeOf(x).getElementType());
  return graph::ReshapeOp::create(b, loc, type, x);
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

Value GraphDrawer::work(Value x) {
  RankedTensorType type = typeOf(x);
  if (type.getRank() == 0)
    return elementwise(x, 3);
  bool isF32 = type.getElementType().isF32();
  switch (number(0, 6)) {
  case 0:
  case 1:
    return isF32 ? products(x) : x;
  case 2:
    return isF32 && !type.isDynamicDim(type.getRank() - 1) ? norm(x) : x;
  case 3:
    return isF32 && !type.isDynamicDim(type.getRank() - 1) ? softmax(x) : x;
  case 4:
    return reduction(x);
  case 5:
    return view(x);
  default:
    return elementwise(x, 3);
  }
}

/// Rows of a table, chosen by integers that drawInputs draws from -4 to 4.
Value GraphDrawer::rows() {
  Value table = operand({fixed(number(5, 9)), dim()});
  Value indices = input(dims(number(1, 2)), b.getI64Type());
  return graph::GatherOp::create(b, loc, table, indices, 0);
}

Value GraphDrawer::start() {
  if (chance(0.2))
    return attention();
  if (chance(0.1))
    return rows();
  Type type = chance(0.1) ? Type(b.getI64Type()) : Type(b.getF32Type());
  return input(dims(number(1, 4)), type);
}

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

} // namespace

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
