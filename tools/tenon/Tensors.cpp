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

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

namespace {
/// "ids=ids.npy"
struct NamedFile {
  std::string name, path;
};
} // namespace

static Result<NamedFile> parseNamed(std::string_view option,
                                    const std::string &text) {
  size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos)
    return badInput("--", option, ": expected NAME=FILE, got ",
                    rt::quoted(text));
  NamedFile file{text.substr(0, equals), text.substr(equals + 1)};
  if (!file.path.ends_with(".npy") && !file.path.ends_with(".pb"))
    return badInput(file.path, ": expected a .npy or .pb file");
  return file;
}

static Result<HostTensor> readNamed(std::string_view option,
                                    const std::string &text) {
  Result<NamedFile> file = parseNamed(option, text);
  if (!file)
    return file.error();
  Result<HostTensor> tensor = file->path.ends_with(".npy")
                                  ? rt::readNpy(file->path)
                                  : rt::readTensorProtoFile(file->path);
  if (tensor)
    tensor->name = file->name;
  return tensor;
}

/// `what` is what the tensor is to the user: "input".
static Result<void> addTensor(Tensors &tensors, HostTensor tensor,
                              std::string_view what) {
  if (findTensor(tensors, tensor.name))
    return badInput(what, " ", rt::quoted(tensor.name), " is given twice");
  tensors.push_back(std::move(tensor));
  return {};
}

/// Adds those of each value of `option`.
static Result<void> addNamed(Tensors &tensors, const Arguments &arguments,
                             std::string_view option, std::string_view what) {
  for (const std::string &text : arguments.values(option)) {
    Result<HostTensor> tensor = readNamed(option, text);
    if (!tensor)
      return tensor.error();
    if (auto added = addTensor(tensors, std::move(*tensor), what); !added)
      return added;
  }
  return {};
}

Result<Tensors> readInputs(const Arguments &arguments) {
  Tensors inputs;
  if (arguments.has("inputs")) {
    Result<Tensors> read = rt::readNpz(arguments.value("inputs"));
    if (!read)
      return read.error();
    inputs = std::move(*read);
  }
  if (auto added = addNamed(inputs, arguments, "input", "input"); !added)
    return added.error();
  return inputs;
}

Result<Tensors> readExpected(const Arguments &arguments) {
  Tensors expected;
  for (const std::string &text : arguments.values("expect")) {
    Result<Tensors> read = Tensors();
    if (text.ends_with(".npz")) {
      read = rt::readNpz(text);
    } else if (auto tensor = readNamed("expect", text)) {
      read->push_back(std::move(*tensor));
    } else {
      return tensor.error();
    }
    if (!read)
      return read.error();
    for (HostTensor &tensor : *read)
      if (auto added =
              addTensor(expected, std::move(tensor), "expected output");
          !added)
        return added.error();
  }
  return expected;
}

const HostTensor *findTensor(const Tensors &tensors, std::string_view name) {
  auto found = std::ranges::find(tensors, name, &HostTensor::name);
  return found == tensors.end() ? nullptr : &*found;
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

/// A model may name its outputs as it likes; a file in a folder may not hold a
/// slash.
static std::string fileName(std::string name) {
  std::ranges::replace(name, '/', '_');
  return name + ".npy";
}

static Result<void> writeNamed(const std::string &text,
                               const Tensors &outputs) {
  Result<NamedFile> file = parseNamed("output", text);
  if (!file)
    return file.error();
  const HostTensor *output = findTensor(outputs, file->name);
  if (!output)
    return badInput("--output: the model has no output ",
                    rt::quoted(file->name));
  return file->path.ends_with(".npy")
             ? rt::writeNpy(file->path, *output)
             : rt::writeTensorProtoFile(file->path, *output);
}

static Result<void> writeFolder(const std::string &folder,
                                const Tensors &outputs) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    return badInput(folder, ": cannot be made: ", error.message());
  for (const HostTensor &output : outputs) {
    std::string path = folder + "/" + fileName(output.name);
    if (auto done = rt::writeNpy(path, output); !done)
      return done;
  }
  return {};
}

Result<void> writeOutputs(const Arguments &arguments, const Tensors &outputs) {
  if (arguments.has("o"))
    if (auto done = rt::writeNpz(arguments.value("o"), outputs); !done)
      return done;
  for (const std::string &text : arguments.values("output"))
    if (auto done = writeNamed(text, outputs); !done)
      return done;
  if (arguments.has("output-dir"))
    return writeFolder(arguments.value("output-dir"), outputs);
  return {};
}

//===----------------------------------------------------------------------===//
// For people
//===----------------------------------------------------------------------===//

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
