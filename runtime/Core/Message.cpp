// How names, shapes and addresses are written in error messages.

#include "runtime/Core/Message.h"

namespace tenon::rt {

static constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string quoted(std::string_view name) {
  constexpr size_t kLongestName = 96;
  std::string text = "'";
  for (unsigned char byte : name.substr(0, kLongestName)) {
    bool prints = byte >= 0x20 && byte < 0x7f;
    if (prints)
      text += char(byte);
    else
      text += {'\\', 'x', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
  }
  return text + (name.size() > kLongestName ? "...'" : "'");
}

std::string shapeText(std::span<const int64_t> dims) {
  if (dims.empty())
    return "scalar";
  std::string text;
  for (int64_t dim : dims)
    text += message(text.empty() ? "" : "x", dim);
  return text;
}

std::string hexText(uint64_t value) {
  std::string digits;
  do {
    digits.insert(digits.begin(), kHexDigits[value & 15]);
    value >>= 4;
  } while (value);
  return "0x" + digits;
}

} // namespace tenon::rt
