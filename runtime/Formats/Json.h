//===- Json.h - a JSON text as a tree of values ---------------------------===//
//
//   Result<json::Value> root = json::parse(file.text(), file.path());
//   if (!root)
//     return root.error();
//   if (const json::Value *model = root->find("model"))
//     if (std::optional<int64_t> size = model->find("size")->integer()) ...
//
// Strict, as RFC 8259 states it: no comments, no trailing commas, no NaN, no
// name twice in an object, strings in well-formed UTF-8 and without lone
// surrogates.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_FORMATS_JSON_H
#define TENON_RUNTIME_FORMATS_JSON_H

#include "runtime/Core/Status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tenon::rt::json {

/// Arrays and objects inside each other; the reader needs stack for each.
inline constexpr unsigned kMaxDepth = 100;

struct Member;
class Value;
using Array = std::vector<Value>;
using Object = std::vector<Member>; ///< in the text's order

/// A number keeps both readings: numbers without fraction and exponent that fit
/// are exact integers.
struct Number {
  double real;
  std::optional<int64_t> integer;
};

class Value {
public:
  using Variant =
      std::variant<std::nullptr_t, bool, Number, std::string, Array, Object>;

  Value(); ///< null
  Value(Variant value, size_t offset);

  bool isNull() const { return value.index() == 0; }
  /// Each is null or nothing when the value is of another kind.
  std::optional<bool> boolean() const;
  std::optional<int64_t> integer() const;
  std::optional<double> number() const;
  const std::string *string() const { return std::get_if<std::string>(&value); }
  const Array *array() const { return std::get_if<Array>(&value); }
  const Object *object() const { return std::get_if<Object>(&value); }

  /// The member `name` of an object; null when there is none, or no object.
  /// Linear in the object's size.
  const Value *find(std::string_view name) const;

  /// For errors: "an object", "a string" ...
  std::string_view kind() const;
  /// Where the value begins in the text, in bytes.
  size_t offset() const { return textOffset; }

private:
  Variant value;
  size_t textOffset = 0;
};

struct Member {
  std::string name;
  Value value;
};

// Here, where Member is complete.
inline Value::Value() = default;
inline Value::Value(Variant value, size_t offset)
    : value(std::move(value)), textOffset(offset) {}

/// The value that `text` is. BadInput, with line and column counted from 1 in
/// bytes, when it is none: "t.json:3:14: expected ',' or '}' in an object".
/// `origin` opens the error.
Result<Value> parse(std::string_view text, const std::string &origin);

/// `text`, which is UTF-8, as a JSON string with its quotes.
std::string quote(std::string_view text);

} // namespace tenon::rt::json

#endif // TENON_RUNTIME_FORMATS_JSON_H
