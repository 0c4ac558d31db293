//===- Model.h - an ONNX file as plain structs ----------------------------===//
//
//   rt::Result<Model> model = readModel("model.onnx");
//   if (!model)
//     return model.error();
//   for (const Node &node : model->graph.nodes)
//     ... node.opType, node.inputs
//
// Nothing of the file is copied but numbers: names and weights are views into
// the mapped file, which the Model owns. Field numbers are those of onnx.proto.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_FRONTENDS_ONNX_MODEL_H
#define TENON_FRONTENDS_ONNX_MODEL_H

#include "runtime/Core/MappedFile.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::onnx {

/// Element types by their numbers in TensorProto.DataType.
enum class DataType : int32_t {
  Undefined = 0,
  Float = 1,
  UInt8 = 2,
  Int8 = 3,
  UInt16 = 4,
  Int16 = 5,
  Int32 = 6,
  Int64 = 7,
  String = 8,
  Bool = 9,
  Float16 = 10,
  Double = 11,
  UInt32 = 12,
  UInt64 = 13,
  BFloat16 = 16,
  Float8E4M3FN = 17,
  Float8E5M2 = 19,
  UInt4 = 21,
  Int4 = 22,
};

/// A tensor whose elements stay where they are: in the model's file, in another
/// one, or (tensors written as typed lists) in one of the vectors.
struct TensorRef {
  std::string_view name;
  DataType type = DataType::Undefined;
  std::vector<int64_t> dims;

  std::optional<std::string_view> raw; ///< little-endian, row-major

  bool isExternal = false;
  std::string_view
      location; ///< of an external tensor: a path from the model's folder
  uint64_t offset = 0; ///< bytes
  std::optional<uint64_t>
      length; ///< bytes; absent: what the type and dims need

  std::vector<float> floats;
  std::vector<double> doubles;
  std::vector<int32_t>
      ints32; ///< also 8- and 16-bit integers, bool and the bits of f16
  std::vector<int64_t> ints64;
  std::vector<uint64_t> uints64;
};

struct Dim {
  std::optional<int64_t> value;
  std::string_view symbol; ///< dim_param; empty: neither a number nor a name
};

/// A graph's input or output.
struct ValueInfo {
  std::string_view name;
  bool isTensor =
      false; ///< otherwise a sequence, map, optional or sparse tensor
  DataType type = DataType::Undefined;
  bool hasShape = false;
  std::vector<Dim> dims;
};

struct Graph;

struct NodeAttribute {
  std::string_view name;
  float number = 0;
  int64_t integer = 0;
  std::string_view text;
  std::vector<float> numbers;
  std::vector<int64_t> integers;
  std::vector<TensorRef> tensors; ///< one when the attribute is a tensor
  std::vector<Graph> graphs;      ///< one when the attribute is a graph
};

struct Node {
  std::vector<std::string_view> inputs; ///< an empty name is an absent input
  std::vector<std::string_view> outputs;
  std::string_view name;
  std::string_view opType;
  std::string_view domain; ///< empty: ONNX's own
  std::vector<NodeAttribute> attributes;
};

struct Graph {
  std::string_view name;
  std::vector<Node> nodes;
  std::vector<TensorRef> initializers;
  std::vector<ValueInfo> inputs;
  std::vector<ValueInfo> outputs;
  bool hasSparseInitializers = false;
};

struct OpsetImport {
  std::string_view domain;
  int64_t version = 0;
};

struct Model {
  explicit Model(rt::MappedFile file) : file(std::move(file)) {}

  rt::MappedFile file;
  int64_t irVersion = 0;
  std::vector<OpsetImport> opsets;
  bool hasGraph = false;
  Graph graph;

  /// The version of an operator set; nothing when the model does not import it.
  std::optional<int64_t> opsetOf(std::string_view domain) const;
};

/// Reads the file `path`. BadInput with one error when it cannot be read, is
/// cut short, is no protobuf message, or holds no ONNX graph.
rt::Result<Model> readModel(const std::string &path);

/// Whether a domain is ONNX's own, which has two names.
bool isOnnxDomain(std::string_view domain);

/// A node's name, or its first output's where it has none.
std::string_view displayName(const Node &node);
/// "node 'add_1' (Add)", for errors.
std::string describe(const Node &node);

} // namespace tenon::onnx

#endif // TENON_FRONTENDS_ONNX_MODEL_H
