//===- Wire.h - reading protobuf messages without generated code ----------===//
//
//   wire::Document document(file.text(), file.path());
//   for (wire::Message model = document.root("ModelProto"); model.next();)
//     switch (model.field()) {
//     case 1: irVersion = model.int64(); break;
//     case 2: producer = model.bytes(); break;         // a view, not a copy
//     case 7: readGraph(model.message("GraphProto"), graph); break;
//     }                                    // other fields are passed over
//   if (document.failed())
//     return document.error();
//
// One error per document, kept by it: the first. After it `next` of each of the
// document's messages is false and each value is zero or empty, so loops end
// and code in between needs no checks. What was read before a failure must not
// be used: ask `failed` first.
//
// Nothing is copied: views point into the bytes given to the Document, which
// must outlive them. Every length is checked against the message it lies in and
// nesting is limited, so no input reads outside the bytes or ends the stack.
//
// As in protobuf, a scalar field that comes twice has its last value, and a
// message field that comes twice is the two merged: read each into the same
// struct. Fields of group type, which no schema has used for long, are errors.
//
// Source: protobuf.dev/programming-guides/encoding.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_FORMATS_WIRE_H
#define TENON_RUNTIME_FORMATS_WIRE_H

#include "runtime/Core/Status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::rt::wire {

/// Messages inside messages; protobuf's own readers stop at the same depth.
inline constexpr unsigned kMaxDepth = 100;

/// How a field's value is written. 3 and 4, groups, are not read.
enum class Type : uint8_t { Varint = 0, Fixed64 = 1, Length = 2, Fixed32 = 5 };

class Document;

/// A place in one message: a field at a time, in the file's order. Cheap to
/// copy; must not outlive its Document. Values are of the field that the last
/// `next` reached; reading one as what it is not fails the document.
class Message {
public:
  /// Moves to the next field. False at the end, and when the document failed.
  bool next();

  /// The number of the current field, at least 1, and how it is written.
  uint32_t field() const { return number; }
  Type type() const { return wireType; }

  /// Integers and enums. A 32-bit value keeps the low half, as protobuf does.
  int64_t int64();
  uint64_t uint64();
  int32_t int32();
  bool boolean();
  float float32();
  double float64();

  /// Strings and bytes alike; whether a string is UTF-8 is not checked.
  std::string_view bytes();

  /// The message that is the current field. `name` is its type in the schema,
  /// for errors, and must outlive the Message; a literal is meant.
  Message message(std::string_view name);

  /// Appends the current field's values to `values`, packed or not.
  void append(std::vector<int64_t> &values);
  void append(std::vector<uint64_t> &values);
  void append(std::vector<int32_t> &values);
  void append(std::vector<float> &values);
  void append(std::vector<double> &values);
  void append(std::vector<std::string_view> &values);

  /// Fails the document about the current field: "<what>", put into the frame
  /// of file, byte, message and field. For rules that the schema states.
  void fail(const std::string &what);

  /// How many bytes the message has.
  size_t sizeBytes() const { return whole.size(); }

private:
  friend class Document;
  Message(Document &document, std::string_view bytes, std::string_view name,
          unsigned depth)
      : document(&document), whole(bytes), rest(bytes), name(name),
        depth(depth) {}

  bool readVarint(std::string_view &from, uint64_t &value);
  bool readFixed(std::string_view &from, size_t sizeBytes, uint64_t &value);
  bool readValue();
  bool expect(Type wanted);
  template <typename T, typename Read>
  void appendAs(std::vector<T> &values, Type single, Read read);

  Document *document;
  std::string_view whole; ///< the message
  std::string_view rest;  ///< what `next` has not reached yet
  std::string_view name;
  unsigned depth;
  const char *fieldStart = nullptr; ///< the current field's tag
  uint32_t number = 0;
  Type wireType = Type::Varint;
  uint64_t scalar = 0;   ///< of a Varint, Fixed32 or Fixed64
  std::string_view view; ///< of a Length
};

/// The bytes of one file and what went wrong with them. It stays where it is,
/// since its messages point to it.
class Document {
public:
  /// `bytes` is the outermost message; `origin`, mostly a path, opens errors.
  Document(std::string_view bytes, std::string origin)
      : bytes(bytes), origin(std::move(origin)) {}
  Document(const Document &) = delete;
  Document &operator=(const Document &) = delete;

  /// The outermost message, whose type is `name` in the schema.
  Message root(std::string_view name) { return {*this, bytes, name, 1}; }

  bool failed() const { return failure.has_value(); }
  /// The first failure: BadInput. Only when `failed`.
  const Error &error() const { return *failure; }

private:
  friend class Message;
  void fail(const char *at, const std::string &message);
  size_t offsetOf(const char *at) const { return at - bytes.data(); }

  std::string_view bytes;
  std::string origin;
  std::optional<Error> failure;
};

} // namespace tenon::rt::wire

#endif // TENON_RUNTIME_FORMATS_WIRE_H
