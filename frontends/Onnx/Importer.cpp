//===- Importer.cpp - inputs, weights, nodes and outputs of a model -------===//

#include "frontends/Onnx/Importer.h"

#include "frontends/Onnx/InputDims.h"
#include "frontends/Onnx/NodeTable.h"
#include "frontends/Onnx/Tables.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;
using graph::DimAttr;

Importer::Importer(const Model &model, const ImportOptions &options,
                   Symbols &symbols, MLIRContext *context)
    : builder(context), symbols(symbols), model(model), options(options),
      context(context),
      fileLoc(FileLineColLoc::get(context, model.file.path(), 0, 0)) {}

LogicalResult Importer::fail(Location loc, const Twine &message) {
  // Where a name is all there is, the file says of what.
  if (auto name = dyn_cast<NameLoc>(loc))
    loc = NameLoc::get(name.getName(), fileLoc);
  if (!firstError)
    firstError = ImportError{loc, message.str()};
  return failure();
}

Location Importer::locationOf(StringRef name) const {
  return NameLoc::get(
      StringAttr::get(context, name.empty() ? "unnamed" : name));
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

Imported *Importer::find(StringRef name) {
  auto found = values.find(name);
  return found == values.end() ? nullptr : &found->second;
}

bool Importer::insert(StringRef name, Imported imported) {
  imported.depth = scopes.size();
  if (!values.try_emplace(name, std::move(imported)).second)
    return false;
  if (!scopes.empty())
    scopes.back().names.push_back(name.str());
  return true;
}

LogicalResult Importer::define(StringRef name, Imported imported,
                               const Node &node) {
  if (insert(name, std::move(imported)))
    return success();
  return fail(locationOf(displayName(node)), describe(node) + ": makes '" +
                                                 name +
                                                 "', which is defined already");
}

LogicalResult Importer::addTensor(const TensorRef &ref, StringRef name,
                                  Location loc) {
  rt::Result<Tensor> tensor = Tensor::check(ref, name, model, context);
  if (!tensor)
    return fail(loc, "tensor '" + name + "' " + tensor.error().message);
  Imported imported{tensor->type(), loc, {}, {}, *tensor, {}};
  if (!tensor->weight()) {
    rt::Result<DenseElementsAttr> elements = tensor->elements();
    if (!elements)
      return fail(loc, "tensor '" + name + "' " + elements.error().message);
    imported.elements = *elements;
  }
  if (!insert(name, std::move(imported)))
    return fail(loc, "tensor '" + name + "' is defined twice");
  return success();
}

//===----------------------------------------------------------------------===//
// Data and shapes
//===----------------------------------------------------------------------===//

/// Whether elements of this type may be sizes or decide about sizes.
static bool isShapeType(Type elementType) {
  return elementType.isSignlessInteger(64) ||
         elementType.isSignlessInteger(32) || elementType.isSignlessInteger(1);
}

const ShapeValue *Importer::shapeOf(Imported &imported) {
  if (imported.shape)
    return &*imported.shape;
  if (!imported.tensor || !isShapeType(imported.type.getElementType()) ||
      imported.type.getNumElements() > ShapeValue::kMaxElements)
    return nullptr;
  if (!imported.elements) {
    rt::Result<DenseElementsAttr> elements = imported.tensor->elements();
    if (!elements)
      return nullptr;
    imported.elements = *elements;
  }
  bool isBool = imported.type.getElementType().isInteger(1);
  ShapeValue shape{SmallVector<int64_t>(imported.type.getShape()), {}};
  for (const APInt &element : imported.elements.getValues<APInt>())
    shape.elements.push_back(DimAttr::getConstant(
        context, isBool ? element.getZExtValue() : element.getSExtValue()));
  imported.shape = std::move(shape);
  return &*imported.shape;
}

Value Importer::materialize(Imported &imported) {
  if (imported.value)
    return imported.value;
  // What is known around a body may be asked for again around it.
  OpBuilder::InsertionGuard guard(builder);
  if (imported.depth < scopes.size())
    builder.restoreInsertionPoint(scopes[imported.depth].around);
  imported.value =
      imported.tensor
          ? materializeTensor(imported)
          : materializeShape(*imported.shape, imported.type.getElementType(),
                             imported.loc);
  return imported.value;
}

Value Importer::materializeTensor(const Imported &imported) {
  TableFormula formula =
      buildTableFormula(builder, imported.loc, *imported.tensor);
  if (formula.value) {
    allNotes.push_back({imported.loc, "the tensor is " + formula.meaning +
                                          ", and is computed instead"});
    return formula.value;
  }
  if (graph::WeightAttr weight = imported.tensor->weight())
    return graph::WeightOp::create(builder, imported.loc, imported.type,
                                   weight);
  return graph::ConstantOp::create(builder, imported.loc, imported.elements);
}

Value Importer::integers(ArrayRef<int64_t> values, ArrayRef<int64_t> shape,
                         Location loc) {
  auto type = RankedTensorType::get(shape, builder.getI64Type());
  return graph::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(type, values));
}

Value Importer::materializeShape(const ShapeValue &shape, Type elementType,
                                 Location loc) {
  Value value;
  if (std::optional<SmallVector<int64_t>> numbers = shape.numbers()) {
    value = integers(*numbers, shape.shape, loc);
  } else {
    SmallVector<Value> elements;
    for (DimAttr element : shape.elements)
      elements.push_back(materializeDim(element, loc));
    auto list = RankedTensorType::get(static_cast<int64_t>(elements.size()),
                                      builder.getI64Type());
    value = elements.front();
    if (elements.size() > 1)
      value = graph::ConcatOp::create(builder, loc, list, elements, /*axis=*/0);
    auto type = RankedTensorType::get(shape.shape, builder.getI64Type());
    if (type != list)
      value = graph::ReshapeOp::create(builder, loc, type, value);
  }
  auto type = RankedTensorType::get(shape.shape, elementType);
  if (type != value.getType())
    value = graph::CastOp::create(builder, loc, type, value, elementType);
  return value;
}

/// A tensor of one i64. Negative terms are made apart and subtracted.
Value Importer::materializeDim(DimAttr dim, Location loc) {
  SmallVector<graph::TermAttr> negative;
  for (graph::TermAttr term : dim.getTerms())
    if (term.getCoefficient() < 0)
      negative.push_back(graph::TermAttr::get(context, -term.getCoefficient(),
                                              term.getSymbols()));
  DimAttr less = DimAttr::get(context, negative);
  Value value = materializeNotNegative(dim.add(less), loc);
  if (negative.empty())
    return value;
  return graph::SubOp::create(builder, loc, value.getType(), value,
                              materializeNotNegative(less, loc));
}

/// A size as data: element n of 0, 1 ... n.
Value Importer::materializeNotNegative(DimAttr dim, Location loc) {
  if (std::optional<int64_t> number = dim.getConstantValue())
    return integers({*number}, {1}, loc);
  Type i64 = builder.getI64Type();
  auto type = graph::tensorOf({dim.add(DimAttr::getConstant(context, 1))}, i64);
  Value numbers = graph::IotaOp::create(builder, loc, type, /*axis=*/0);
  return graph::SliceOp::create(builder, loc, RankedTensorType::get({1}, i64),
                                numbers,
                                /*axis=*/0, dim, /*step=*/1);
}

//===----------------------------------------------------------------------===//
// Inputs and outputs
//===----------------------------------------------------------------------===//

static bool isInitializer(const Graph &graph, StringRef name) {
  return llvm::any_of(graph.initializers, [&](const TensorRef &t) {
    return StringRef(t.name) == name;
  });
}

FailureOr<SmallVector<std::string>>
Importer::inputDims(const ValueInfo &input) {
  auto dims = dimsOfInput(model.graph, options, input);
  if (!dims)
    return fail(fileLoc, dims.error().message);
  return *dims;
}

FailureOr<RankedTensorType> Importer::inputType(const ValueInfo &input) {
  Type elementType = toElementType(context, input.type);
  if (!input.isTensor || !elementType)
    return fail(
        fileLoc,
        "input '" + StringRef(input.name) + "' is not supported: expected a " +
            "tensor of numbers or bool, got " +
            (input.isTensor ? "a tensor of " + nameOf(input.type)
                            : std::string("a sequence, map or optional")));
  FailureOr<SmallVector<std::string>> texts = inputDims(input);
  if (failed(texts))
    return failure();
  SmallVector<DimAttr> dims;
  for (StringRef text : *texts) {
    int64_t number;
    dims.push_back(text.getAsInteger(10, number)
                       ? symbols.declare(text)
                       : DimAttr::getConstant(context, number));
  }
  return graph::tensorOf(dims, elementType);
}

LogicalResult Importer::addInputs(func::FuncOp function) {
  Block *block = function.addEntryBlock();
  builder.setInsertionPointToStart(block);
  auto inputs =
      llvm::make_filter_range(model.graph.inputs, [&](const ValueInfo &input) {
        return !isInitializer(model.graph, input.name);
      });
  // Names first: an expression may stand before the input that names its parts.
  for (const ValueInfo &input : inputs)
    if (FailureOr<SmallVector<std::string>> dims = inputDims(input);
        succeeded(dims))
      llvm::for_each(*dims, [&](StringRef name) { symbols.announce(name); });
  for (const ValueInfo &input : inputs) {
    FailureOr<RankedTensorType> type = inputType(input);
    if (failed(type))
      return failure();
    Location loc = locationOf(input.name);
    Value argument = block->addArgument(*type, loc);
    if (!insert(input.name, Imported{*type, loc, argument, {}, {}, {}}))
      return fail(fileLoc,
                  "input '" + StringRef(input.name) + "' is there twice");
  }
  return success();
}

LogicalResult Importer::addOutputs(func::FuncOp function) {
  SmallVector<Value> results;
  for (const ValueInfo &output : model.graph.outputs) {
    Imported *imported = find(output.name);
    if (!imported)
      return fail(fileLoc,
                  "output '" + StringRef(output.name) + "' is made by no node");
    results.push_back(materialize(*imported));
  }
  func::ReturnOp::create(builder, fileLoc, results);
  function.setType(
      builder.getFunctionType(function.getBody().front().getArgumentTypes(),
                              ValueRange(results).getTypes()));
  unsigned argument = 0;
  for (const ValueInfo &input : model.graph.inputs)
    if (!isInitializer(model.graph, input.name))
      function.setArgAttr(argument++, "graph.name",
                          builder.getStringAttr(input.name));
  for (auto [number, output] : llvm::enumerate(model.graph.outputs))
    function.setResultAttr(number, "graph.name",
                           builder.getStringAttr(output.name));
  return success();
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

LogicalResult Importer::importGraph(const Graph &graph) {
  if (graph.hasSparseInitializers)
    return fail(fileLoc, "sparse initializers are not supported");
  for (const TensorRef &tensor : graph.initializers)
    if (failed(addTensor(tensor, tensor.name, locationOf(tensor.name))))
      return failure();
  for (const Node &node : graph.nodes)
    if (failed(importNode(node)))
      return failure();
  return success();
}

LogicalResult Importer::importBody(const Graph &graph, Block &block,
                                   function_ref<LogicalResult()> begin,
                                   function_ref<LogicalResult()> end) {
  OpBuilder::InsertionGuard guard(builder);
  scopes.push_back({builder.saveInsertionPoint(), {}});
  builder.setInsertionPointToStart(&block);
  bool succeeds =
      succeeded(begin()) && succeeded(importGraph(graph)) && succeeded(end());
  for (const std::string &name : scopes.pop_back_val().names)
    values.erase(name);
  return success(succeeds);
}

static bool isMadeIn(const Graph &graph, std::string_view name) {
  return llvm::any_of(graph.nodes, [&](const Node &node) {
    return llvm::is_contained(node.outputs, name);
  });
}

LogicalResult Importer::importNode(const Node &node) {
  for (std::string_view input : node.inputs)
    if (!input.empty() && !find(input))
      return fail(
          locationOf(displayName(node)),
          describe(node) + ": reads '" + StringRef(input) + "', which " +
              (isMadeIn(model.graph, input) ? "a later node makes; nodes must "
                                              "be in order, without cycles"
                                            : "nothing makes"));
  return importByRule(*this, node);
}

/// Shape arithmetic whose result was also asked for as data, and the like.
static void eraseDead(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    if (isOpTriviallyDead(&op)) {
      op.erase();
      continue;
    }
    for (Region &body : op.getRegions())
      eraseDead(body.front());
  }
}

OwningOpRef<ModuleOp> Importer::run() {
  if (failed(checkSupported(*this)))
    return nullptr;
  OwningOpRef<ModuleOp> module = ModuleOp::create(fileLoc);
  builder.setInsertionPointToEnd(module->getBody());
  auto function = func::FuncOp::create(builder, fileLoc, "main",
                                       builder.getFunctionType({}, {}));
  if (failed(addInputs(function)) || failed(importGraph(model.graph)) ||
      failed(addOutputs(function)))
    return nullptr;
  eraseDead(function.getBody().front());
  function->setAttr("graph.symbols", symbols.declarations());
  return module;
}
