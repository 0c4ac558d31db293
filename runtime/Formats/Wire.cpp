// Walks the tags and values of a protobuf message, each checked against its
// end.
#include "runtime/Formats/Wire.h"

#include <bit>

namespace tenon::rt::wire {
namespace {

constexpr unsigned kVarintBits = 7;
constexpr size_t kMaxVarintBytes = 10; // 64 bits, 7 to a byte
constexpr uint32_t kMaxFieldNumber = (1u << 29) - 1;

const char *nameOf(Type type) {
  switch (type) {
  case Type::Varint:
    return "a varint";
  case Type::Fixed64:
    return "8 bytes";
  case Type::Length:
    return "a string, message or packed list";
  case Type::Fixed32:
    return "4 bytes";
  }
  return "unknown";
}

float floatOf(uint64_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits));
}

} // namespace

void Document::fail(const char *at, const std::string &message) {
  if (!failure)
    failure = Error{Code::BadInput, origin + ": byte " +
                                        std::to_string(offsetOf(at)) + ": " +
                                        message};
}

void Message::fail(const std::string &what) {
  document->fail(fieldStart ? fieldStart : whole.data(),
                 "field " + std::to_string(number) + " of " +
                     std::string(name) + " " + what);
}

bool Message::readVarint(std::string_view &from, uint64_t &value) {
  value = 0;
  for (size_t i = 0; i < kMaxVarintBytes; ++i) {
    if (i == from.size()) {
      fail("is a varint that is cut short");
      return false;
    }
    uint64_t byte = static_cast<uint8_t>(from[i]);
    // Of the tenth byte's bits only the lowest has room in 64.
    if (i + 1 == kMaxVarintBytes && byte > 1)
      break;
    value |= (byte & 0x7f) << (kVarintBits * i);
    if (byte < 0x80) {
      from.remove_prefix(i + 1);
      return true;
    }
  }
  fail("is a varint of more than 64 bits");
  return false;
}

bool Message::readFixed(std::string_view &from, size_t sizeBytes,
                        uint64_t &value) {
  if (from.size() < sizeBytes) {
    fail("needs " + std::to_string(sizeBytes) + " bytes but only " +
         std::to_string(from.size()) + " are left");
    return false;
  }
  value = 0;
  for (size_t i = 0; i < sizeBytes; ++i)
    value |= uint64_t(static_cast<uint8_t>(from[i])) << (8 * i);
  from.remove_prefix(sizeBytes);
  return true;
}

bool Message::readValue() {
  scalar = 0;
  view = {};
  switch (wireType) {
  case Type::Varint:
    return readVarint(rest, scalar);
  case Type::Fixed64:
    return readFixed(rest, 8, scalar);
  case Type::Fixed32:
    return readFixed(rest, 4, scalar);
  case Type::Length:
    break;
  }
  uint64_t length;
  if (!readVarint(rest, length))
    return false;
  if (length > rest.size()) {
    fail("says it has " + std::to_string(length) + " bytes but only " +
         std::to_string(rest.size()) + " are left");
    return false;
  }
  view = rest.substr(0, length);
  rest.remove_prefix(length);
  return true;
}

bool Message::next() {
  if (document->failed() || rest.empty())
    return false;
  fieldStart = rest.data();
  number = 0;
  uint64_t tag;
  if (!readVarint(rest, tag))
    return false;
  uint64_t fieldNumber = tag >> 3;
  if (fieldNumber == 0 || fieldNumber > kMaxFieldNumber) {
    document->fail(fieldStart, std::string(name) + " has a field number " +
                                   std::to_string(fieldNumber) +
                                   ", which is not in 1 to 536870911");
    return false;
  }
  number = static_cast<uint32_t>(fieldNumber);
  unsigned written = tag & 7;
  if (written == 3 || written == 4 || written > 5) {
    fail("has wire type " + std::to_string(written) +
         (written > 5 ? ", which does not exist"
                      : ", a group, which is not supported"));
    return false;
  }
  wireType = static_cast<Type>(written);
  return readValue();
}

bool Message::expect(Type wanted) {
  if (document->failed())
    return false;
  if (wireType == wanted)
    return true;
  fail(std::string("should be ") + nameOf(wanted) + " but is " +
       nameOf(wireType));
  return false;
}

uint64_t Message::uint64() { return expect(Type::Varint) ? scalar : 0; }
int64_t Message::int64() { return static_cast<int64_t>(uint64()); }
int32_t Message::int32() { return static_cast<int32_t>(uint64()); }
bool Message::boolean() { return uint64() != 0; }

float Message::float32() {
  return expect(Type::Fixed32) ? floatOf(scalar) : 0.0f;
}

double Message::float64() {
  return expect(Type::Fixed64) ? std::bit_cast<double>(scalar) : 0.0;
}

std::string_view Message::bytes() {
  return expect(Type::Length) ? view : std::string_view();
}

Message Message::message(std::string_view childName) {
  std::string_view inside = bytes();
  if (depth == kMaxDepth && !document->failed())
    fail("is a message inside " + std::to_string(kMaxDepth) +
         " others; deeper nesting is not read");
  return {*document, inside, childName, depth + 1};
}

template <typename T, typename Read>
void Message::appendAs(std::vector<T> &values, Type single, Read read) {
  if (document->failed())
    return;
  // A packed list has the wire type of a string; a schema's `packed` option is
  // the writer's choice, so a reader takes both.
  if (wireType != Type::Length) {
    if (expect(single))
      values.push_back(read(scalar));
    return;
  }
  std::string_view list = view;
  while (!list.empty()) {
    uint64_t value;
    bool isRead = single == Type::Varint
                      ? readVarint(list, value)
                      : readFixed(list, single == Type::Fixed32 ? 4 : 8, value);
    if (!isRead)
      return;
    values.push_back(read(value));
  }
}

void Message::append(std::vector<int64_t> &values) {
  appendAs(values, Type::Varint,
           [](uint64_t value) { return static_cast<int64_t>(value); });
}

void Message::append(std::vector<uint64_t> &values) {
  appendAs(values, Type::Varint, [](uint64_t value) { return value; });
}

void Message::append(std::vector<int32_t> &values) {
  appendAs(values, Type::Varint,
           [](uint64_t value) { return static_cast<int32_t>(value); });
}

void Message::append(std::vector<float> &values) {
  appendAs(values, Type::Fixed32, floatOf);
}

void Message::append(std::vector<double> &values) {
  appendAs(values, Type::Fixed64,
           [](uint64_t value) { return std::bit_cast<double>(value); });
}

void Message::append(std::vector<std::string_view> &values) {
  if (expect(Type::Length))
    values.push_back(view);
}

} // namespace tenon::rt::wire
