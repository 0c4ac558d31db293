// Finds the one field that has the data and copies it in the element's width.
#include "runtime/Formats/TensorProto.h"

#include "runtime/Core/MappedFile.h"
#include "runtime/Formats/LittleEndian.h"
#include "runtime/Formats/WriteFile.h"

#include <algorithm>
#include <iterator>
#include <type_traits>

namespace tenon::rt {
namespace {

/// ONNX's types in the order of their numbers.
struct OnnxType {
  const char *name;
  std::optional<abi::DType> dtype;
};
constexpr OnnxType kTypes[] = {
    {"UNDEFINED", std::nullopt},      {"FLOAT", abi::DType::F32},
    {"UINT8", abi::DType::U8},        {"INT8", abi::DType::I8},
    {"UINT16", abi::DType::U16},      {"INT16", abi::DType::I16},
    {"INT32", abi::DType::I32},       {"INT64", abi::DType::I64},
    {"STRING", std::nullopt},         {"BOOL", abi::DType::Bool},
    {"FLOAT16", abi::DType::F16},     {"DOUBLE", abi::DType::F64},
    {"UINT32", abi::DType::U32},      {"UINT64", abi::DType::U64},
    {"COMPLEX64", std::nullopt},      {"COMPLEX128", std::nullopt},
    {"BFLOAT16", abi::DType::BF16},   {"FLOAT8E4M3FN", abi::DType::F8E4M3},
    {"FLOAT8E4M3FNUZ", std::nullopt}, {"FLOAT8E5M2", abi::DType::F8E5M2},
    {"FLOAT8E5M2FNUZ", std::nullopt}, {"UINT4", abi::DType::U4},
    {"INT4", abi::DType::I4},         {"FLOAT4E2M1", std::nullopt},
    {"FLOAT8E8M0", std::nullopt},     {"UINT2", std::nullopt},
    {"INT2", std::nullopt},
};

const OnnxType *find(int32_t dataType) {
  bool isKnown = dataType >= 0 && dataType < int32_t(std::size(kTypes));
  return isKnown ? &kTypes[dataType] : nullptr;
}

/// StringStringEntryProto
std::pair<std::string_view, std::string_view> readEntry(wire::Message message) {
  std::pair<std::string_view, std::string_view> entry;
  while (message.next())
    if (message.field() == 1)
      entry.first = message.bytes();
    else if (message.field() == 2)
      entry.second = message.bytes();
  return entry;
}

/// Copies the data of one tensor; `who` opens its errors.
class Copier {
public:
  Copier(const TensorProto &from, HostTensor &to, std::string who)
      : from(from), to(to), who(std::move(who)) {}

  Result<void> copy() {
    if (from.rawData) {
      std::span<const char> raw = *from.rawData;
      to.data.resize(raw.size());
      if (!raw.empty()) // memcpy takes no null, not even for 0 bytes
        std::memcpy(to.data.data(), raw.data(), raw.size());
      return {};
    }
    switch (to.dtype) {
    case abi::DType::F32:
      return append<float>(from.floatData, "float_data");
    case abi::DType::F64:
      return append<double>(from.doubleData, "double_data");
    case abi::DType::I64:
      return append<int64_t>(from.int64Data, "int64_data");
    case abi::DType::U64:
      return append<uint64_t>(from.uint64Data, "uint64_data");
    case abi::DType::U32:
      return append<uint32_t>(from.uint64Data, "uint64_data");
    case abi::DType::I32:
      return append<int32_t>(from.int32Data, kInt32Data);
    case abi::DType::I16:
      return append<int16_t>(from.int32Data, kInt32Data);
    case abi::DType::I8:
      return append<int8_t>(from.int32Data, kInt32Data);
    case abi::DType::U16:
    case abi::DType::F16:
    case abi::DType::BF16: // the bits
      return append<uint16_t>(from.int32Data, kInt32Data);
    case abi::DType::Bool:
    case abi::DType::U8:
    case abi::DType::F8E4M3:
    case abi::DType::F8E5M2: // the bits
    case abi::DType::I4:
    case abi::DType::U4: // bytes of two values
      return append<uint8_t>(from.int32Data, kInt32Data);
    }
    return Error{Code::Internal, who + "has a type without a case"};
  }

private:
  static constexpr const char *kInt32Data = "int32_data";

  template <typename To, typename From>
  Result<void> append(const std::vector<From> &values, const char *field) {
    to.data.reserve(values.size() * sizeof(To));
    for (From value : values) {
      To narrowed = static_cast<To>(value);
      // Of floats the types are the same, and NaN is no other value.
      if constexpr (!std::is_same_v<From, To>)
        if (static_cast<From>(narrowed) != value)
          return Error{Code::BadInput, who + "has " + std::to_string(value) +
                                           " in " + field +
                                           ", which does not fit " +
                                           std::string(abi::nameOf(to.dtype))};
      appendLittle(to.data, narrowed);
    }
    return {};
  }

  const TensorProto &from;
  HostTensor &to;
  std::string who;
};

} // namespace

void readTensorProto(wire::Message message, TensorProto &tensor) {
  while (message.next())
    switch (message.field()) {
    case 1:
      message.append(tensor.dims);
      break;
    case 2:
      tensor.dataType = message.int32();
      break;
    case 3:
      tensor.isSegment = true;
      break;
    case 4:
      message.append(tensor.floatData);
      break;
    case 5:
      message.append(tensor.int32Data);
      break;
    case 7:
      message.append(tensor.int64Data);
      break;
    case 8:
      tensor.name = message.bytes();
      break;
    case 9:
      tensor.rawData = message.bytes();
      break;
    case 10:
      message.append(tensor.doubleData);
      break;
    case 11:
      message.append(tensor.uint64Data);
      break;
    case 13:
      tensor.externalData.push_back(
          readEntry(message.message("StringStringEntryProto")));
      break;
    case 14:
      tensor.isExternal = message.int32() == 1; // DataLocation.EXTERNAL
      break;
    default: // what has no meaning for the data
      break;
    }
}

std::optional<abi::DType> dtypeOfOnnx(int32_t dataType) {
  const OnnxType *type = find(dataType);
  return type ? type->dtype : std::nullopt;
}

std::string nameOfOnnxType(int32_t dataType) {
  const OnnxType *type = find(dataType);
  return type ? type->name : "type " + std::to_string(dataType);
}

Result<HostTensor> toHostTensor(const TensorProto &tensor,
                                const std::string &origin) {
  std::string who = origin + ": tensor '" + std::string(tensor.name) + "' ";
  auto bad = [&](const std::string &message) {
    return Error{Code::BadInput, who + message};
  };
  std::optional<abi::DType> dtype = dtypeOfOnnx(tensor.dataType);
  if (!dtype)
    return bad("has elements of " + nameOfOnnxType(tensor.dataType) +
               ", which is not supported");
  if (tensor.isExternal)
    return bad("has its data in another file, which is not read here");
  if (tensor.isSegment)
    return bad("is a segment of a larger tensor, which is not supported");
  HostTensor host{std::string(tensor.name), *dtype, tensor.dims, {}};
  std::optional<int64_t> needed = storageBytes(*dtype, host.dims);
  if (!needed)
    return bad("is " + describe(*dtype, host.dims) +
               ", which is no size that memory can hold");
  Result<void> isCopied = Copier(tensor, host, who).copy();
  if (!isCopied)
    return isCopied.error();
  if (static_cast<uint64_t>(*needed) != host.data.size())
    return bad("has " + std::to_string(host.data.size()) +
               " bytes of data but is " + describe(*dtype, host.dims) +
               ", which needs " + std::to_string(*needed));
  return host;
}

Result<HostTensor> readTensorProtoFile(const std::string &path) {
  Result<MappedFile> file = MappedFile::open(path);
  if (!file)
    return file.error();
  wire::Document document(file->text(), path);
  TensorProto tensor;
  readTensorProto(document.root("TensorProto"), tensor);
  if (document.failed())
    return document.error();
  return toHostTensor(tensor, path);
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

namespace {

void appendVarint(std::vector<std::byte> &to, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    to.push_back(std::byte(value | 0x80));
  to.push_back(std::byte(value));
}

void appendTag(std::vector<std::byte> &to, uint32_t field, wire::Type type) {
  appendVarint(to, field << 3 | uint32_t(type));
}

/// ONNX's number of the type; each of ours has one.
uint64_t numberOf(abi::DType dtype) {
  return uint64_t(std::ranges::find(kTypes, dtype, &OnnxType::dtype) - kTypes);
}

/// The message but for the bytes of raw_data, which end it.
std::vector<std::byte> headerOf(const HostTensor &tensor) {
  std::vector<std::byte> header;
  for (int64_t dim : tensor.dims) {
    appendTag(header, 1, wire::Type::Varint);
    appendVarint(header, uint64_t(dim));
  }
  appendTag(header, 2, wire::Type::Varint);
  appendVarint(header, numberOf(tensor.dtype));
  appendTag(header, 8, wire::Type::Length);
  appendVarint(header, tensor.name.size());
  auto name = std::as_bytes(std::span(tensor.name));
  header.insert(header.end(), name.begin(), name.end());
  appendTag(header, 9, wire::Type::Length);
  appendVarint(header, tensor.data.size());
  return header;
}

} // namespace

Result<void> writeTensorProtoFile(const std::string &path,
                                  const HostTensor &tensor) {
  std::vector<std::byte> header = headerOf(tensor);
  std::span<const std::byte> parts[] = {header, tensor.data};
  return writeFile(path, parts);
}

} // namespace tenon::rt
