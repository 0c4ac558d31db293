//===- Model.cpp - reading onnx.proto's messages field by field -----------===//

#include "frontends/Onnx/Model.h"

#include "runtime/Formats/Wire.h"

#include <charconv>

using namespace tenon;
using namespace tenon::onnx;
using rt::wire::Message;

/// An unsigned number that external_data writes as text.
static uint64_t readCount(Message &entry, std::string_view text) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.begin(), text.end(), value);
  if (error != std::errc() || end != text.end())
    entry.fail("should be a number of bytes but is '" + std::string(text) +
               "'");
  return value;
}

// StringStringEntryProto
static void readExternalEntry(Message entry, Message &owner,
                              TensorRef &tensor) {
  std::string_view key, value;
  while (entry.next())
    switch (entry.field()) {
    case 1:
      key = entry.bytes();
      break;
    case 2:
      value = entry.bytes();
      break;
    }
  if (key == "location")
    tensor.location = value;
  else if (key == "offset")
    tensor.offset = readCount(owner, value);
  else if (key == "length")
    tensor.length = readCount(owner, value);
}

static void readTensor(Message message, TensorRef &tensor) {
  while (message.next())
    switch (message.field()) {
    case 1:
      message.append(tensor.dims);
      break;
    case 2:
      tensor.type = DataType(message.int32());
      break;
    case 3:
      message.fail("splits a tensor into segments, which is not supported");
      break;
    case 4:
      message.append(tensor.floats);
      break;
    case 5:
      message.append(tensor.ints32);
      break;
    case 7:
      message.append(tensor.ints64);
      break;
    case 8:
      tensor.name = message.bytes();
      break;
    case 9:
      tensor.raw = message.bytes();
      break;
    case 10:
      message.append(tensor.doubles);
      break;
    case 11:
      message.append(tensor.uints64);
      break;
    case 13:
      readExternalEntry(message.message("StringStringEntryProto"), message,
                        tensor);
      break;
    case 14:
      tensor.isExternal = message.int32() == 1;
      break;
    }
}

static void readDim(Message message, Dim &dim) {
  while (message.next())
    switch (message.field()) {
    case 1:
      dim.value = message.int64();
      break;
    case 2:
      dim.symbol = message.bytes();
      break;
    }
}

static void readShape(Message message, std::vector<Dim> &dims) {
  while (message.next())
    if (message.field() == 1)
      readDim(message.message("Dimension"), dims.emplace_back());
}

// TypeProto.Tensor
static void readTensorType(Message message, ValueInfo &info) {
  while (message.next())
    switch (message.field()) {
    case 1:
      info.type = DataType(message.int32());
      break;
    case 2:
      info.hasShape = true;
      readShape(message.message("TensorShapeProto"), info.dims);
      break;
    }
}

static void readType(Message message, ValueInfo &info) {
  while (message.next())
    if (message.field() == 1) {
      info.isTensor = true;
      readTensorType(message.message("TypeProto.Tensor"), info);
    }
}

static void readValueInfo(Message message, ValueInfo &info) {
  while (message.next())
    switch (message.field()) {
    case 1:
      info.name = message.bytes();
      break;
    case 2:
      readType(message.message("TypeProto"), info);
      break;
    }
}

static void readGraph(Message message, Graph &graph);

static void readAttribute(Message message, NodeAttribute &attribute) {
  while (message.next())
    switch (message.field()) {
    case 1:
      attribute.name = message.bytes();
      break;
    case 2:
      attribute.number = message.float32();
      break;
    case 3:
      attribute.integer = message.int64();
      break;
    case 4:
      attribute.text = message.bytes();
      break;
    case 5:
    case 10:
      readTensor(message.message("TensorProto"),
                 attribute.tensors.emplace_back());
      break;
    case 6:
    case 11:
      readGraph(message.message("GraphProto"), attribute.graphs.emplace_back());
      break;
    case 7:
      message.append(attribute.numbers);
      break;
    case 8:
      message.append(attribute.integers);
      break;
    }
}

static void readNode(Message message, Node &node) {
  while (message.next())
    switch (message.field()) {
    case 1:
      node.inputs.push_back(message.bytes());
      break;
    case 2:
      node.outputs.push_back(message.bytes());
      break;
    case 3:
      node.name = message.bytes();
      break;
    case 4:
      node.opType = message.bytes();
      break;
    case 5:
      readAttribute(message.message("AttributeProto"),
                    node.attributes.emplace_back());
      break;
    case 7:
      node.domain = message.bytes();
      break;
    }
}

static void readGraph(Message message, Graph &graph) {
  while (message.next())
    switch (message.field()) {
    case 1:
      readNode(message.message("NodeProto"), graph.nodes.emplace_back());
      break;
    case 2:
      graph.name = message.bytes();
      break;
    case 5:
      readTensor(message.message("TensorProto"),
                 graph.initializers.emplace_back());
      break;
    case 11:
      readValueInfo(message.message("ValueInfoProto"),
                    graph.inputs.emplace_back());
      break;
    case 12:
      readValueInfo(message.message("ValueInfoProto"),
                    graph.outputs.emplace_back());
      break;
    case 15:
      graph.hasSparseInitializers = true;
      break;
    }
}

// OperatorSetIdProto
static void readOpset(Message message, OpsetImport &opset) {
  while (message.next())
    switch (message.field()) {
    case 1:
      opset.domain = message.bytes();
      break;
    case 2:
      opset.version = message.int64();
      break;
    }
}

static void readFields(Message message, Model &model) {
  while (message.next())
    switch (message.field()) {
    case 1:
      model.irVersion = message.int64();
      break;
    case 7:
      model.hasGraph = true;
      readGraph(message.message("GraphProto"), model.graph);
      break;
    case 8:
      readOpset(message.message("OperatorSetIdProto"),
                model.opsets.emplace_back());
      break;
    }
}

rt::Result<Model> onnx::readModel(const std::string &path) {
  rt::Result<rt::MappedFile> file = rt::MappedFile::open(path);
  if (!file)
    return file.error();
  Model model(std::move(*file));
  rt::wire::Document document(model.file.text(), path);
  readFields(document.root("ModelProto"), model);
  if (document.failed())
    return document.error();
  if (!model.hasGraph || model.opsets.empty())
    return rt::Error{
        rt::Code::BadInput,
        path +
            ": is no ONNX model: expected a graph and an operator set, got " +
            (model.hasGraph ? "no operator set" : "no graph")};
  return model;
}

bool onnx::isOnnxDomain(std::string_view domain) {
  return domain.empty() || domain == "ai.onnx";
}

std::optional<int64_t> Model::opsetOf(std::string_view domain) const {
  for (const OpsetImport &opset : opsets)
    if (opset.domain == domain ||
        (isOnnxDomain(opset.domain) && isOnnxDomain(domain)))
      return opset.version;
  return std::nullopt;
}

std::string_view onnx::displayName(const Node &node) {
  return node.name.empty() && !node.outputs.empty() ? node.outputs.front()
                                                    : node.name;
}

std::string onnx::describe(const Node &node) {
  return "node '" + std::string(displayName(node)) + "' (" +
         std::string(node.opType) + ")";
}
