//===- Message.h - error messages put together from text and numbers ------===//
//
//   return badInput("input ", quoted(name), " has rank ", got, ", expected ",
//   want);
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_CORE_MESSAGE_H
#define TENON_RUNTIME_CORE_MESSAGE_H

#include "runtime/Core/Status.h"

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tenon::rt {

/// `name` in single quotes. What a file says may hold anything: bytes that do
/// not print become \xNN, and a long name is cut.
std::string quoted(std::string_view name);

/// "8x128x384"; "scalar" for rank 0.
std::string shapeText(std::span<const int64_t> dims);

/// "0x1f40", for addresses.
std::string hexText(uint64_t value);

inline void append(std::string &text, std::string_view piece) { text += piece; }
template <std::integral T> void append(std::string &text, T number) {
  text += std::to_string(number);
}

template <typename... Pieces> std::string message(const Pieces &...pieces) {
  std::string text;
  (append(text, pieces), ...);
  return text;
}

template <typename... Pieces> Error badArtifact(const Pieces &...pieces) {
  return {Code::BadArtifact, message(pieces...)};
}
template <typename... Pieces> Error badInput(const Pieces &...pieces) {
  return {Code::BadInput, message(pieces...)};
}

} // namespace tenon::rt

#endif // TENON_RUNTIME_CORE_MESSAGE_H
