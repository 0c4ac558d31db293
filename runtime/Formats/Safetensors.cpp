// The file is 8 bytes with the header's length, the header as JSON, and then
// the tensors' bytes, to which the header's offsets count.
#include "runtime/Formats/Safetensors.h"

#include "runtime/Formats/Json.h"
#include "runtime/Formats/LittleEndian.h"
#include "runtime/Formats/Utf8.h"
#include "runtime/Formats/WriteFile.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace tenon::rt {
namespace {

constexpr size_t kLengthBytes = 8;
/// The format's own limit on the header.
constexpr uint64_t kMaxHeaderBytes = 100'000'000;
/// The data begins at a multiple of this, so that the widest type is aligned.
constexpr size_t kAlignment = 8;
constexpr std::string_view kMetadata = "__metadata__";

struct TypeName {
  abi::DType dtype;
  std::string_view name;
};
constexpr TypeName kTypeNames[] = {
    {abi::DType::Bool, "BOOL"},      {abi::DType::I8, "I8"},
    {abi::DType::U8, "U8"},          {abi::DType::I16, "I16"},
    {abi::DType::U16, "U16"},        {abi::DType::I32, "I32"},
    {abi::DType::U32, "U32"},        {abi::DType::I64, "I64"},
    {abi::DType::U64, "U64"},        {abi::DType::F16, "F16"},
    {abi::DType::BF16, "BF16"},      {abi::DType::F32, "F32"},
    {abi::DType::F64, "F64"},        {abi::DType::F8E4M3, "F8_E4M3"},
    {abi::DType::F8E5M2, "F8_E5M2"},
};

Error bad(const std::string &origin, const std::string &message) {
  return {Code::BadInput, origin + ": " + message};
}

/// The header's JSON, and what lies behind it.
struct Sections {
  std::string_view header;
  std::span<const std::byte> data;
};

Result<Sections> split(const MappedFile &file) {
  std::span<const std::byte> bytes = file.bytes();
  const std::string &path = file.path();
  if (bytes.size() < kLengthBytes)
    return bad(path, "has " + std::to_string(bytes.size()) +
                         " bytes, too few for a safetensors file");
  uint64_t length = loadLittle<uint64_t>(bytes, 0);
  if (length > kMaxHeaderBytes)
    return bad(path, "is not a safetensors file: it says that its header has " +
                         std::to_string(length) + " bytes, and at most " +
                         std::to_string(kMaxHeaderBytes) + " are allowed");
  if (length > bytes.size() - kLengthBytes)
    return bad(path, "has a header that ends at byte " +
                         std::to_string(kLengthBytes + length) +
                         " but the file has " + std::to_string(bytes.size()) +
                         " bytes; it was cut short");
  return Sections{file.text().substr(kLengthBytes, length),
                  bytes.subspan(kLengthBytes + length)};
}

/// Non-negative integers, all of an array.
std::optional<std::vector<int64_t>> integers(const json::Value *value) {
  if (!value || !value->array())
    return std::nullopt;
  std::vector<int64_t> result;
  for (const json::Value &element : *value->array()) {
    std::optional<int64_t> integer = element.integer();
    if (!integer || *integer < 0)
      return std::nullopt;
    result.push_back(*integer);
  }
  return result;
}

/// {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
Result<Safetensors::Tensor> readTensor(const json::Member &member,
                                       std::span<const std::byte> data,
                                       const std::string &path) {
  std::string who = "tensor '" + member.name + "' ";
  const json::Value *type = member.value.find("dtype");
  std::optional<std::vector<int64_t>> dims =
      integers(member.value.find("shape"));
  std::optional<std::vector<int64_t>> offsets =
      integers(member.value.find("data_offsets"));
  if (!type || !type->string() || !dims || !offsets || offsets->size() != 2)
    return bad(path, who + "should be an object with dtype (a string), shape "
                           "and data_offsets (integers of at least 0)");
  const TypeName *known = std::find_if(
      std::begin(kTypeNames), std::end(kTypeNames),
      [&](const TypeName &entry) { return entry.name == *type->string(); });
  if (known == std::end(kTypeNames))
    return bad(path, who + "has type '" + *type->string() +
                         "', which is not supported");
  auto size = static_cast<int64_t>(data.size());
  int64_t first = (*offsets)[0], last = (*offsets)[1];
  std::string where = "bytes " + std::to_string(first) + " to " +
                      std::to_string(last) + " of the data";
  if (first > last || last > size)
    return bad(path, who + "has " + where + ", which has " +
                         std::to_string(size) + " bytes");
  std::optional<int64_t> needed = storageBytes(known->dtype, *dims);
  if (!needed || *needed != last - first)
    return bad(path, who + "has " + where + " but is " +
                         describe(known->dtype, *dims) +
                         (needed ? ", which needs " + std::to_string(*needed)
                                 : ", which is more than memory can hold"));
  return Safetensors::Tensor{member.name, known->dtype, std::move(*dims),
                             data.subspan(first, *needed)};
}

Result<Safetensors::Metadata> readMetadata(const json::Value &value,
                                           const std::string &path) {
  Safetensors::Metadata metadata;
  bool isSound = value.object();
  for (const json::Member &member : isSound ? *value.object() : json::Object())
    if (const std::string *text = member.value.string())
      metadata.emplace(member.name, *text);
    else
      isSound = false;
  if (!isSound)
    return bad(path, "__metadata__ should be an object of strings");
  return metadata;
}

/// The tensors, sorted by place, must fill the data: no two share bytes and no
/// byte is nobody's, where something could be hidden.
Result<void> checkCover(const std::vector<Safetensors::Tensor> &tensors,
                        std::span<const std::byte> data,
                        const std::string &path) {
  const std::byte *end = data.data();
  auto at = [&](const std::byte *place) {
    return std::to_string(place - data.data());
  };
  for (const Safetensors::Tensor &tensor : tensors) {
    if (tensor.data.data() != end)
      return bad(path, "tensor '" + tensor.name + "' begins at byte " +
                           at(tensor.data.data()) +
                           " of the data, but the one before it ends at byte " +
                           at(end));
    end += tensor.data.size();
  }
  if (end != data.data() + data.size())
    return bad(path, "has " + std::to_string(data.size()) +
                         " bytes of data but its tensors end at byte " +
                         at(end));
  return {};
}

const TypeName *typeNameOf(abi::DType dtype) {
  for (const TypeName &entry : kTypeNames)
    if (entry.dtype == dtype)
      return &entry;
  return nullptr;
}

/// The order in which tensors are written: widest elements first.
std::vector<size_t> widestFirst(std::span<const HostTensor> tensors) {
  std::vector<size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    unsigned bitsA = abi::bitsOf(tensors[a].dtype);
    unsigned bitsB = abi::bitsOf(tensors[b].dtype);
    return bitsA != bitsB ? bitsA > bitsB : a < b;
  });
  return order;
}

/// Appends one member of the header: "name":{"dtype":...}
void appendMember(std::string &header, const HostTensor &tensor,
                  const TypeName &type, size_t offset) {
  header += json::quote(tensor.name);
  header += ":{\"dtype\":\"";
  header += type.name;
  header += "\",\"shape\":[";
  for (size_t i = 0; i < tensor.dims.size(); ++i) {
    header += i ? "," : "";
    header += std::to_string(tensor.dims[i]);
  }
  header += "],\"data_offsets\":[";
  header += std::to_string(offset);
  header += ',';
  header += std::to_string(offset + tensor.data.size());
  header += "]}";
}

void appendMetadata(std::string &header,
                    const Safetensors::Metadata &metadata) {
  header += json::quote(kMetadata);
  header += ":{";
  for (const auto &[name, value] : metadata) {
    header += header.back() == '{' ? "" : ",";
    header += json::quote(name);
    header += ':';
    header += json::quote(value);
  }
  header += '}';
}

} // namespace

Result<Safetensors> Safetensors::open(const std::string &path) {
  Result<MappedFile> mapped = MappedFile::open(path);
  if (!mapped)
    return mapped.error();
  Result<Sections> sections = split(*mapped);
  if (!sections)
    return sections.error();
  Result<json::Value> header = json::parse(sections->header, path + "(header)");
  if (!header)
    return header.error();
  if (!header->object())
    return bad(path, "has a header that is " + std::string(header->kind()) +
                         " and not an object");
  Safetensors result(std::move(*mapped));
  for (const json::Member &member : *header->object()) {
    if (member.name == kMetadata) {
      Result<Metadata> metadata = readMetadata(member.value, path);
      if (!metadata)
        return metadata.error();
      result.notes = std::move(*metadata);
      continue;
    }
    Result<Tensor> tensor = readTensor(member, sections->data, path);
    if (!tensor)
      return tensor.error();
    result.list.push_back(std::move(*tensor));
  }
  // Empty tensors share their place with the tensor behind them.
  std::sort(result.list.begin(), result.list.end(),
            [](const Tensor &a, const Tensor &b) {
              return std::pair(a.data.data(), a.data.size()) <
                     std::pair(b.data.data(), b.data.size());
            });
  Result<void> isCovered = checkCover(result.list, sections->data, path);
  if (!isCovered)
    return isCovered.error();
  for (size_t i = 0; i < result.list.size(); ++i)
    result.indices.emplace(result.list[i].name, i);
  return result;
}

const Safetensors::Tensor *Safetensors::find(std::string_view name) const {
  auto found = indices.find(name);
  return found == indices.end() ? nullptr : &list[found->second];
}

Result<void> writeSafetensors(const std::string &path,
                              std::span<const HostTensor> tensors,
                              const Safetensors::Metadata &metadata) {
  std::string header = "{";
  if (!metadata.empty())
    appendMetadata(header, metadata);
  std::vector<std::span<const std::byte>> parts(2); // length and header
  std::set<std::string_view> names;
  size_t offset = 0;
  for (size_t i : widestFirst(tensors)) {
    const HostTensor &tensor = tensors[i];
    const TypeName *type = typeNameOf(tensor.dtype);
    if (!type)
      return bad(path, "tensor '" + tensor.name + "' has type " +
                           std::string(abi::nameOf(tensor.dtype)) +
                           ", which a safetensors file cannot hold");
    if (!isUtf8(tensor.name) || tensor.name == kMetadata)
      return bad(path, "'" + tensor.name +
                           "' cannot be the name of a tensor in a safetensors "
                           "file");
    if (!names.insert(tensor.name).second)
      return bad(path, "two tensors have the name '" + tensor.name + "'");
    header += header.size() > 1 ? "," : "";
    appendMember(header, tensor, *type, offset);
    parts.emplace_back(tensor.data);
    offset += tensor.data.size();
  }
  header += '}';
  header.resize((header.size() + kAlignment - 1) / kAlignment * kAlignment,
                ' ');
  uint64_t length = header.size();
  parts[0] = std::as_bytes(std::span(&length, 1));
  parts[1] = std::as_bytes(std::span(header));
  return writeFile(path, parts);
}

} // namespace tenon::rt
