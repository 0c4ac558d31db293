//===- TensorProto.h - tensors as ONNX files hold them --------------------===//
//
// A tensor by itself, as ONNX's test data (input_0.pb) has them:
//
//   Result<HostTensor> tensor = readTensorProtoFile("input_0.pb");
//   Result<void> isWritten = writeTensorProtoFile("output_0.pb", *tensor);
//
// One inside a model, whose bytes need not be copied:
//
//   case 5: // GraphProto.initializer
//     readTensorProto(graph.message("TensorProto"), tensor);
//
// Source: onnx/onnx.proto of ONNX 1.22, message TensorProto.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_FORMATS_TENSORPROTO_H
#define TENON_RUNTIME_FORMATS_TENSORPROTO_H

#include "runtime/Core/Status.h"
#include "runtime/Formats/HostTensor.h"
#include "runtime/Formats/Wire.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::rt {

/// The message as it lies in the file; views point into that. Only one of the
/// fields of data is used, and which one depends on the type.
struct TensorProto {
  std::string_view name;
  int32_t dataType = 0; ///< ONNX's number of the element type
  std::vector<int64_t> dims;

  std::optional<std::string_view> rawData; ///< little-endian, row-major
  std::vector<float> floatData;            ///< of f32
  std::vector<double> doubleData;          ///< of f64
  std::vector<int64_t> int64Data;          ///< of i64
  std::vector<uint64_t> uint64Data;        ///< of u64 and u32
  std::vector<int32_t> int32Data; ///< of the rest: values, or bits of floats

  /// Where the data is, when it is in a file of its own: "location", "offset"
  /// and "length".
  bool isExternal = false;
  std::vector<std::pair<std::string_view, std::string_view>> externalData;
  bool isSegment = false; ///< part of a larger tensor
};

/// Reads the fields of `message` into `tensor`. What is wrong with the message
/// fails its Document; what is wrong with the tensor, toHostTensor says.
void readTensorProto(wire::Message message, TensorProto &tensor);

/// The element type that ONNX numbers so; nothing for strings, complex numbers
/// and types that abi::DType lacks.
std::optional<abi::DType> dtypeOfOnnx(int32_t dataType);

/// For people: "FLOAT16", or "type 99" for a number that ONNX does not use.
std::string nameOfOnnxType(int32_t dataType);

/// Copies the data out. BadInput, opened by `origin`, when the type is not
/// supported, the data is elsewhere, or there is more or less of it than the
/// dims say, or a value does not fit the type.
Result<HostTensor> toHostTensor(const TensorProto &tensor,
                                const std::string &origin);

/// Reads a file that is one TensorProto.
Result<HostTensor> readTensorProtoFile(const std::string &path);

/// Writes the tensor as one TensorProto, with its name and its data as they
/// are. The file appears whole or not at all; BadInput when the system refuses.
Result<void> writeTensorProtoFile(const std::string &path,
                                  const HostTensor &tensor);

} // namespace tenon::rt

#endif // TENON_RUNTIME_FORMATS_TENSORPROTO_H
