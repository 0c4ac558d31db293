//===- Tensors.cpp - checking and reading a model's tensors ---------------===//

#include "frontends/Onnx/Tensors.h"

#include "llvm/Support/MathExtras.h"

#include <filesystem>

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;

namespace fs = std::filesystem;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

Type onnx::toElementType(MLIRContext *context, DataType type) {
  auto integer = [&](unsigned bits,
                     IntegerType::SignednessSemantics signedness =
                         IntegerType::Signless) {
    return IntegerType::get(context, bits, signedness);
  };
  switch (type) {
  case DataType::Float:
    return Float32Type::get(context);
  case DataType::Double:
    return Float64Type::get(context);
  case DataType::Float16:
    return Float16Type::get(context);
  case DataType::BFloat16:
    return BFloat16Type::get(context);
  case DataType::Float8E4M3FN:
    return Float8E4M3FNType::get(context);
  case DataType::Float8E5M2:
    return Float8E5M2Type::get(context);
  case DataType::Bool:
    return integer(1);
  case DataType::Int4:
    return integer(4);
  case DataType::Int8:
    return integer(8);
  case DataType::Int16:
    return integer(16);
  case DataType::Int32:
    return integer(32);
  case DataType::Int64:
    return integer(64);
  case DataType::UInt4:
    return integer(4, IntegerType::Unsigned);
  case DataType::UInt8:
    return integer(8, IntegerType::Unsigned);
  case DataType::UInt16:
    return integer(16, IntegerType::Unsigned);
  case DataType::UInt32:
    return integer(32, IntegerType::Unsigned);
  case DataType::UInt64:
    return integer(64, IntegerType::Unsigned);
  case DataType::Undefined:
  case DataType::String:
    return nullptr;
  }
  return nullptr;
}

std::string onnx::nameOf(DataType type) {
  static constexpr const char *kNames[] = {
      "undefined",      "float",        "uint8",          "int8",
      "uint16",         "int16",        "int32",          "int64",
      "string",         "bool",         "float16",        "double",
      "uint32",         "uint64",       "complex64",      "complex128",
      "bfloat16",       "float8e4m3fn", "float8e4m3fnuz", "float8e5m2",
      "float8e5m2fnuz", "uint4",        "int4",           "float4e2m1"};
  auto number = static_cast<int32_t>(type);
  if (number >= 0 && number < static_cast<int32_t>(std::size(kNames)))
    return kNames[number];
  return "data type " + std::to_string(number);
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

static rt::Error badInput(const Twine &message) {
  return {rt::Code::BadInput, message.str()};
}

/// Bits that an element takes in a file: a bool is a byte.
static int64_t fileBits(Type elementType) {
  return elementType.isInteger(1) ? 8 : elementType.getIntOrFloatBitWidth();
}

static rt::Result<RankedTensorType> checkType(const TensorRef &ref,
                                              MLIRContext *context) {
  Type elementType = toElementType(context, ref.type);
  if (!elementType)
    return badInput("has elements of type " + nameOf(ref.type) +
                    ", which is not supported");
  int64_t bits = fileBits(elementType);
  for (int64_t dim : ref.dims)
    if (dim < 0 || llvm::MulOverflow(bits, dim, bits))
      return badInput("has a dimension of " + Twine(dim) +
                      ", which is no size");
  return RankedTensorType::get(ref.dims, elementType);
}

static int64_t fileBytes(RankedTensorType type) {
  return llvm::divideCeil(
      type.getNumElements() * fileBits(type.getElementType()), 8);
}

/// The path of an external file, which must lie in the model's folder, links
/// followed: a model says what is read, and must not read what is not its own.
static rt::Result<std::string> checkLocation(const TensorRef &ref,
                                             const Model &model) {
  fs::path location{ref.location};
  auto refuse = [&](const char *why) {
    return badInput("has its data at '" + Twine(ref.location) + "', " + why);
  };
  if (location.empty() || location.is_absolute())
    return refuse("which is no path relative to the model");
  if (llvm::is_contained(location, ".."))
    return refuse("which leaves the model's folder");
  fs::path folder = fs::path(model.file.path()).parent_path();
  std::error_code error;
  fs::path root = fs::canonical(folder.empty() ? "." : folder, error);
  fs::path file = error ? fs::path() : fs::canonical(root / location, error);
  if (error || !fs::is_regular_file(file, error))
    return refuse("which is no file");
  if (std::mismatch(root.begin(), root.end(), file.begin(), file.end()).first !=
      root.end())
    return refuse("a link that leaves the model's folder");
  return (folder / location).string();
}

static rt::Result<std::string>
checkExternal(const TensorRef &ref, const Model &model, uint64_t bytes) {
  rt::Result<std::string> path = checkLocation(ref, model);
  if (!path)
    return path;
  if (ref.length && *ref.length != bytes)
    return badInput("has " + Twine(*ref.length) + " bytes of data: expected " +
                    Twine(bytes) + " for its type and dimensions");
  std::error_code error;
  uint64_t size = fs::file_size(*path, error);
  if (error || ref.offset > size || bytes > size - ref.offset)
    return badInput("ends at byte " + Twine(ref.offset) + " + " + Twine(bytes) +
                    " of '" + *path + "', which has " + Twine(size) + " bytes");
  return path;
}

/// Calls `function` with the list that holds elements of the tensor's type.
template <typename Function>
static auto withTypedList(const TensorRef &ref, Function function) {
  switch (ref.type) {
  case DataType::Float:
    return function(ref.floats);
  case DataType::Double:
    return function(ref.doubles);
  case DataType::Int64:
    return function(ref.ints64);
  case DataType::UInt32:
  case DataType::UInt64:
    return function(ref.uints64);
  default:
    return function(ref.ints32);
  }
}

static bool isPacked(Type elementType) { return fileBits(elementType) < 8; }

static rt::Result<void> checkRaw(const TensorRef &ref, uint64_t bytes) {
  if (ref.raw->size() == bytes)
    return {};
  return badInput("has " + Twine(ref.raw->size()) +
                  " bytes of data: expected " + Twine(bytes) +
                  " for its type and dimensions");
}

static rt::Result<void> checkTyped(const TensorRef &ref,
                                   RankedTensorType type) {
  int64_t count =
      isPacked(type.getElementType()) ? fileBytes(type) : type.getNumElements();
  auto found = static_cast<int64_t>(
      withTypedList(ref, [](const auto &values) { return values.size(); }));
  if (found == count)
    return {};
  return badInput("has " + Twine(found) + " elements: expected " +
                  Twine(count) + " for its dimensions");
}

/// What is larger stays in the file and out of the IR. Constants are the
/// numbers that steer a graph, which passes must see: positions, sizes and
/// masks are of types that quantized weights do not have, so 32 KiB of them
/// (4096 positions) cost nothing; the largest list of floats that means
/// something is that of rope's frequencies, 256 of them for heads of 512.
static int64_t maxConstantBytes(Type elementType) {
  bool isIndexOrMask = elementType.isInteger(64) || elementType.isInteger(32) ||
                       elementType.isInteger(1);
  if (isIndexOrMask)
    return 32 << 10;
  return isa<FloatType>(elementType) ? 1 << 10 : 64;
}

rt::Result<Tensor> Tensor::check(const TensorRef &ref, StringRef name,
                                 const Model &model, MLIRContext *context) {
  rt::Result<RankedTensorType> type = checkType(ref, context);
  if (!type)
    return type.error();
  Tensor tensor(ref, *type);
  int64_t bytes = fileBytes(*type);
  std::string store = model.file.path();
  uint64_t offset = ref.offset;
  if (ref.isExternal) {
    rt::Result<std::string> path = checkExternal(ref, model, bytes);
    if (!path)
      return path.error();
    store = tensor.externalPath = *path;
  } else {
    rt::Result<void> checked =
        ref.raw ? checkRaw(ref, bytes) : checkTyped(ref, *type);
    if (!checked)
      return checked.error();
    offset = ref.raw ? ref.raw->data() - model.file.text().data() : 0;
  }
  if (bytes > maxConstantBytes(type->getElementType()) &&
      (ref.isExternal || ref.raw))
    tensor.reference =
        graph::WeightAttr::get(context, StringAttr::get(context, store),
                               StringAttr::get(context, name), offset, bytes);
  return tensor;
}

Tensor Tensor::reinterpreted(RankedTensorType type) const {
  assert(fileBytes(type) == fileBytes(tensorType) && "other bytes");
  Tensor other = *this;
  other.tensorType = type;
  return other;
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

/// The low bytes of each value, as raw data would have them.
static std::string typedBytes(const TensorRef &ref, size_t sizeBytes) {
  std::string bytes;
  withTypedList(ref, [&](const auto &values) {
    for (const auto &value : values)
      bytes.append(reinterpret_cast<const char *>(&value),
                   std::min(sizeBytes, sizeof(value)));
  });
  return bytes;
}

/// 4-bit elements, the low half of a byte first, as a byte each.
static std::string unpack(std::string_view packed, int64_t count) {
  std::string bytes;
  for (int64_t i = 0; i < count; ++i)
    bytes.push_back(packed[i / 2] >> (4 * (i % 2)) & 0xf);
  return bytes;
}

rt::Result<void>
Tensor::withBytes(llvm::function_ref<void(std::string_view)> use) const {
  if (ref->raw) {
    use(*ref->raw);
    return {};
  }
  if (!ref->isExternal) {
    Type elementType = tensorType.getElementType();
    use(typedBytes(*ref, llvm::divideCeil(fileBits(elementType), 8)));
    return {};
  }
  rt::Result<rt::MappedFile> file = rt::MappedFile::open(externalPath);
  if (!file)
    return file.error();
  uint64_t bytes = fileBytes(tensorType);
  if (ref->offset > file->sizeBytes() ||
      bytes > file->sizeBytes() - ref->offset)
    return badInput("was cut short in its file while it was read");
  use(file->text().substr(ref->offset, bytes));
  return {};
}

/// Elements from bytes as a file has them.
static DenseElementsAttr toElements(RankedTensorType type,
                                    std::string_view bytes) {
  std::string unpacked;
  if (isPacked(type.getElementType()))
    bytes = unpacked = unpack(bytes, type.getNumElements());
  if (type.getElementType().isInteger(1)) {
    SmallVector<bool> bools(
        llvm::map_range(bytes, [](char byte) { return byte != 0; }));
    return DenseElementsAttr::get(type, ArrayRef<bool>(bools));
  }
  if (type.getNumElements() == 0)
    return DenseElementsAttr::get(type, ArrayRef<Attribute>());
  return DenseElementsAttr::getFromRawBuffer(
      type, ArrayRef(bytes.data(), bytes.size()));
}

rt::Result<DenseElementsAttr> Tensor::elements() const {
  DenseElementsAttr elements;
  rt::Result<void> read = withBytes([&](std::string_view bytes) {
    elements = toElements(tensorType, bytes);
  });
  if (!read)
    return read.error();
  return elements;
}
