//===- Tensors.cpp - tensors in files, named as a model names them --------===//

#include "tools/tenon/Tensors.h"

#include "runtime/Core/Message.h"
#include "runtime/Formats/NarrowFloats.h"
#include "runtime/Formats/Npy.h"
#include "runtime/Formats/Npz.h"
#include "runtime/Formats/TensorProto.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <sstream>

namespace tenon::tool {

using rt::badInput;
using rt::HostTensor;
using rt::Result;

static Result<HostTensor> readTensor(const std::string &path) {
  if (path.ends_with(".npy"))
    return rt::readNpy(path);
  if (path.ends_with(".pb"))
    return rt::readTensorProtoFile(path);
  return badInput(path, ": expected a .npy or .pb file");
}

/// "ids=ids.npy"
static Result<HostTensor> readNamed(const std::string &text) {
  size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos)
    return badInput("--input: expected NAME=FILE, got ", rt::quoted(text));
  Result<HostTensor> tensor = readTensor(text.substr(equals + 1));
  if (tensor)
    tensor->name = text.substr(0, equals);
  return tensor;
}

Result<Tensors> readInputs(const Arguments &arguments) {
  Tensors inputs;
  if (arguments.has("inputs")) {
    Result<Tensors> read = rt::readNpz(arguments.value("inputs"));
    if (!read)
      return read.error();
    inputs = std::move(*read);
  }
  for (const std::string &text : arguments.values("input")) {
    Result<HostTensor> tensor = readNamed(text);
    if (!tensor)
      return tensor.error();
    if (findTensor(inputs, tensor->name))
      return badInput("input ", rt::quoted(tensor->name), " is given twice");
    inputs.push_back(std::move(*tensor));
  }
  return inputs;
}

const HostTensor *findTensor(const Tensors &tensors, std::string_view name) {
  auto found = std::ranges::find(tensors, name, &HostTensor::name);
  return found == tensors.end() ? nullptr : &*found;
}

/// A model may name its outputs as it likes; a file in a folder may not hold a
/// slash.
static std::string fileName(std::string name) {
  std::ranges::replace(name, '/', '_');
  return name + ".npy";
}

Result<void> writeOutputs(const Arguments &arguments, const Tensors &outputs) {
  if (arguments.has("o"))
    if (auto done = rt::writeNpz(arguments.value("o"), outputs); !done)
      return done.error();
  if (!arguments.has("output-dir"))
    return {};
  std::string folder = arguments.value("output-dir");
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    return badInput(folder, ": cannot be made: ", error.message());
  for (const HostTensor &output : outputs) {
    std::string path = folder + "/" + fileName(output.name);
    if (auto done = rt::writeNpy(path, output); !done)
      return done.error();
  }
  return {};
}

template <typename T>
static T valueAt(const HostTensor &tensor, int64_t position) {
  T value;
  std::memcpy(&value, tensor.data.data() + position * sizeof(T), sizeof(T));
  return value;
}

template <typename T>
static double numberAt(const HostTensor &tensor, int64_t position) {
  return static_cast<double>(valueAt<T>(tensor, position));
}

double elementAt(const HostTensor &tensor, int64_t position) {
  switch (tensor.dtype) {
  case abi::DType::I8:
    return numberAt<int8_t>(tensor, position);
  case abi::DType::Bool:
  case abi::DType::U8:
    return numberAt<uint8_t>(tensor, position);
  case abi::DType::I16:
    return numberAt<int16_t>(tensor, position);
  case abi::DType::U16:
    return numberAt<uint16_t>(tensor, position);
  case abi::DType::I32:
    return numberAt<int32_t>(tensor, position);
  case abi::DType::U32:
    return numberAt<uint32_t>(tensor, position);
  case abi::DType::I64:
    return numberAt<int64_t>(tensor, position);
  case abi::DType::U64:
    return numberAt<uint64_t>(tensor, position);
  case abi::DType::F32:
    return numberAt<float>(tensor, position);
  case abi::DType::F64:
    return numberAt<double>(tensor, position);
  case abi::DType::F16:
    return rt::decodeF16(valueAt<uint16_t>(tensor, position));
  case abi::DType::BF16:
    return rt::decodeBF16(valueAt<uint16_t>(tensor, position));
  case abi::DType::F8E4M3:
    return rt::decodeF8E4M3(valueAt<uint8_t>(tensor, position));
  case abi::DType::F8E5M2:
    return rt::decodeF8E5M2(valueAt<uint8_t>(tensor, position));
  case abi::DType::I4:
  case abi::DType::U4:
    break;
  }
  return 0;
}

std::string summary(const HostTensor &tensor) {
  std::ostringstream text;
  text << tensor.name << ": " << rt::describe(tensor.dtype, tensor.dims);
  int64_t numElements = *rt::numElements(tensor.dims);
  if (numElements == 0)
    return text.str();
  double least = elementAt(tensor, 0), most = least;
  for (int64_t i = 1; i < numElements; ++i) {
    least = std::min(least, elementAt(tensor, i));
    most = std::max(most, elementAt(tensor, i));
  }
  text << " from " << least << " to " << most;
  return text.str();
}

} // namespace tenon::tool
