// Reads the header, a Python dict literal, and brings the data into row-major
// little-endian order.
#include "runtime/Formats/Npy.h"

#include "runtime/Core/MappedFile.h"
#include "runtime/Formats/WriteFile.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <string_view>

namespace tenon::rt {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
/// The data begins at a multiple of this, so that it can be mapped and aligned.
constexpr size_t kHeaderAlignment = 64;
/// NumPy's own limit on dimensions; ours too, since nothing real has more.
constexpr size_t kMaxDims = 64;

/// NumPy's letter and size of each type that .npy can hold. Reading takes the
/// first that fits, so the stand-ins for types that NumPy lacks come last.
struct Descr {
  abi::DType dtype;
  std::string_view text;
};
constexpr Descr kDescrs[] = {
    {abi::DType::Bool, "b1"},   {abi::DType::I8, "i1"},
    {abi::DType::U8, "u1"},     {abi::DType::I16, "i2"},
    {abi::DType::U16, "u2"},    {abi::DType::I32, "i4"},
    {abi::DType::U32, "u4"},    {abi::DType::I64, "i8"},
    {abi::DType::U64, "u8"},    {abi::DType::F16, "f2"},
    {abi::DType::F32, "f4"},    {abi::DType::F64, "f8"},
    {abi::DType::BF16, "u2"},   {abi::DType::BF16, "V2"},
    {abi::DType::F8E4M3, "u1"}, {abi::DType::F8E5M2, "u1"},
};

Error bad(const std::string &origin, const std::string &message) {
  return {Code::BadInput, origin + ": " + message};
}

struct Header {
  std::string_view descr;
  bool isFortranOrder = false;
  std::vector<int64_t> dims;
};

/// Reads {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }. Each
/// member returns false where the text is not what it reads.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : rest(text) {}

  bool parse(Header &header) {
    bool hasDescr = false, hasOrder = false, hasShape = false;
    if (!take('{'))
      return false;
    while (!take('}')) {
      std::string_view key;
      if (!string(key) || !take(':'))
        return false;
      bool isRead = false;
      if (key == "descr" && !hasDescr)
        isRead = hasDescr = string(header.descr);
      else if (key == "fortran_order" && !hasOrder)
        isRead = hasOrder = boolean(header.isFortranOrder);
      else if (key == "shape" && !hasShape)
        isRead = hasShape = shape(header.dims);
      if (!isRead || (!take(',') && !isNext('}')))
        return false;
    }
    skipSpace();
    return rest.empty() && hasDescr && hasOrder && hasShape;
  }

private:
  void skipSpace() {
    while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\n'))
      rest.remove_prefix(1);
  }
  bool isNext(char wanted) {
    skipSpace();
    return !rest.empty() && rest[0] == wanted;
  }
  bool take(char wanted) {
    if (!isNext(wanted))
      return false;
    rest.remove_prefix(1);
    return true;
  }
  bool take(std::string_view wanted) {
    skipSpace();
    if (!rest.starts_with(wanted))
      return false;
    rest.remove_prefix(wanted.size());
    return true;
  }
  bool string(std::string_view &value) {
    char quote = isNext('"') ? '"' : '\'';
    if (!take(quote))
      return false;
    size_t end = rest.find(quote);
    if (end == std::string_view::npos)
      return false;
    value = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    return true;
  }
  bool boolean(bool &value) {
    value = take("True");
    return value || take("False");
  }
  bool integer(int64_t &value) {
    skipSpace();
    size_t digits = 0;
    value = 0;
    for (; digits < rest.size() && std::isdigit(uint8_t(rest[digits]));
         ++digits)
      if (__builtin_mul_overflow(value, 10, &value) ||
          __builtin_add_overflow(value, rest[digits] - '0', &value))
        return false;
    rest.remove_prefix(digits);
    take("L"); // as Python 2 wrote integers
    return digits > 0;
  }
  bool shape(std::vector<int64_t> &dims) {
    if (!take('('))
      return false;
    while (!take(')')) {
      int64_t dim;
      if (dims.size() == kMaxDims || !integer(dim))
        return false;
      dims.push_back(dim);
      if (!take(',') && !isNext(')'))
        return false;
    }
    return true;
  }

  std::string_view rest;
};

/// Splits the file after its header. The length is little-endian: 2 bytes in
/// version 1, 4 from version 2 on.
Result<std::string_view> takeHeader(std::string_view &file,
                                    const std::string &origin) {
  size_t start = kMagic.size() + 2;
  if (!file.starts_with(kMagic) || file.size() < start)
    return bad(origin, "is not an .npy file: it does not begin with the bytes "
                       "\\x93NUMPY and a version");
  unsigned version = static_cast<uint8_t>(file[kMagic.size()]);
  if (version < 1 || version > 3)
    return bad(origin, "is an .npy file of version " + std::to_string(version) +
                           "; 1 to 3 are read");
  size_t lengthBytes = version == 1 ? 2 : 4;
  if (file.size() < start + lengthBytes)
    return bad(origin, "ends at byte " + std::to_string(file.size()) +
                           ", inside the .npy header; it was cut short");
  uint32_t length = 0;
  std::memcpy(&length, file.data() + start, lengthBytes);
  start += lengthBytes;
  if (file.size() - start < length)
    return bad(origin, "has an .npy header that ends at byte " +
                           std::to_string(start + length) +
                           " but the file has " + std::to_string(file.size()) +
                           " bytes; it was cut short");
  std::string_view header = file.substr(start, length);
  file.remove_prefix(start + length);
  return header;
}

Result<abi::DType> dtypeOf(std::string_view descr, const std::string &origin) {
  if (descr.size() > 1 && std::strchr("<>|=", descr[0]))
    for (const Descr &known : kDescrs)
      if (known.text == descr.substr(1))
        return known.dtype;
  return bad(origin, "holds elements of NumPy type '" + std::string(descr) +
                         "', which is not a tensor's element type");
}

void reverseEachElement(std::span<std::byte> data, size_t elementBytes) {
  for (size_t at = 0; at < data.size(); at += elementBytes)
    std::reverse(data.begin() + at, data.begin() + at + elementBytes);
}

/// Walks the row-major order with an index in each dimension, and reads where
/// the same element lies when the first dimension is the fastest.
std::vector<std::byte> rowMajor(std::span<const std::byte> columnMajor,
                                std::span<const int64_t> dims,
                                size_t elementBytes) {
  std::vector<size_t> strides(dims.size()), index(dims.size());
  size_t stride = elementBytes;
  for (size_t d = 0; d < dims.size(); ++d) {
    strides[d] = stride;
    stride *= static_cast<size_t>(dims[d]);
  }
  std::vector<std::byte> result(columnMajor.size());
  size_t from = 0;
  for (size_t to = 0; to < result.size(); to += elementBytes) {
    std::memcpy(&result[to], &columnMajor[from], elementBytes);
    for (size_t d = dims.size(); d-- > 0;) {
      from += strides[d];
      if (++index[d] < static_cast<size_t>(dims[d]))
        break;
      from -= strides[d] * index[d];
      index[d] = 0;
    }
  }
  return result;
}

} // namespace

Result<HostTensor> parseNpy(std::span<const std::byte> bytes,
                            const std::string &origin) {
  std::string_view file(reinterpret_cast<const char *>(bytes.data()),
                        bytes.size());
  Result<std::string_view> text = takeHeader(file, origin);
  if (!text)
    return text.error();
  Header header;
  if (!HeaderParser(*text).parse(header))
    return bad(origin, "has an .npy header that is not a dict of descr, "
                       "fortran_order and shape");
  Result<abi::DType> dtype = dtypeOf(header.descr, origin);
  if (!dtype)
    return dtype.error();
  std::optional<int64_t> size = storageBytes(*dtype, header.dims);
  if (!size || static_cast<uint64_t>(*size) != file.size())
    return bad(origin,
               "holds " + std::to_string(file.size()) +
                   " bytes of data but its header says " +
                   describe(*dtype, header.dims) +
                   (size ? ", which is " + std::to_string(*size) + " bytes"
                         : ", which is more than memory can hold"));
  std::span<const std::byte> data = bytes.last(file.size());
  size_t elementBytes = abi::bitsOf(*dtype) / 8;
  HostTensor tensor{"", *dtype, std::move(header.dims), {}};
  if (header.isFortranOrder && tensor.dims.size() > 1)
    tensor.data = rowMajor(data, tensor.dims, elementBytes);
  else
    tensor.data.assign(data.begin(), data.end());
  if (header.descr[0] == '>' && elementBytes > 1)
    reverseEachElement(tensor.data, elementBytes);
  return tensor;
}

Result<HostTensor> readNpy(const std::string &path) {
  Result<MappedFile> file = MappedFile::open(path);
  if (!file)
    return file.error();
  return parseNpy(file->bytes(), path);
}

Result<std::vector<std::byte>> npyHeader(const HostTensor &tensor) {
  const Descr *descr = std::find_if(
      std::begin(kDescrs), std::end(kDescrs),
      [&](const Descr &known) { return known.dtype == tensor.dtype; });
  if (descr == std::end(kDescrs))
    return Error{Code::BadInput, "tensor '" + tensor.name + "' of type " +
                                     std::string(abi::nameOf(tensor.dtype)) +
                                     " cannot be written as .npy; convert it "
                                     "to a type of at least 8 bits"};
  if (tensor.dims.size() > kMaxDims)
    return Error{Code::BadInput,
                 "tensor '" + tensor.name + "' has " +
                     std::to_string(tensor.dims.size()) +
                     " dimensions; an .npy file holds at most " +
                     std::to_string(kMaxDims)};
  std::string text = "{'descr': '";
  text += abi::bitsOf(tensor.dtype) == 8 ? '|' : '<';
  text += std::string(descr->text) + "', 'fortran_order': False, 'shape': (";
  for (int64_t dim : tensor.dims)
    text += std::to_string(dim) + ", ";
  text += "), }";
  size_t prefixBytes = kMagic.size() + 4;
  while ((prefixBytes + text.size() + 1) % kHeaderAlignment)
    text += ' ';
  text += '\n';
  std::string header(kMagic);
  header += {'\x01', '\x00', static_cast<char>(text.size() & 0xff),
             static_cast<char>(text.size() >> 8)};
  header += text;
  const auto *start = reinterpret_cast<const std::byte *>(header.data());
  return std::vector<std::byte>(start, start + header.size());
}

Result<void> writeNpy(const std::string &path, const HostTensor &tensor) {
  Result<std::vector<std::byte>> header = npyHeader(tensor);
  if (!header)
    return header.error();
  std::span<const std::byte> parts[] = {*header, tensor.data};
  return writeFile(path, parts);
}

} // namespace tenon::rt
