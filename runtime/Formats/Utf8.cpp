// Decodes by the table of well-formed byte sequences, Unicode 15.0 table 3-7.
#include "runtime/Formats/Utf8.h"

namespace tenon::rt {
namespace {

/// What may follow a first byte: how many bytes in all, and the range of the
/// second; every later byte is 80 to BF.
struct Lead {
  unsigned sizeBytes;
  unsigned char low, high;
};

Lead leadOf(unsigned char first) {
  if (first < 0xc2)
    return {0, 0, 0}; // a later byte, or an overlong form
  if (first < 0xe0)
    return {2, 0x80, 0xbf};
  if (first < 0xf0) // E0: no overlong form; ED: no surrogate
    return {3, static_cast<unsigned char>(first == 0xe0 ? 0xa0 : 0x80),
            static_cast<unsigned char>(first == 0xed ? 0x9f : 0xbf)};
  if (first < 0xf5) // F0: no overlong form; F4: at most U+10FFFF
    return {4, static_cast<unsigned char>(first == 0xf0 ? 0x90 : 0x80),
            static_cast<unsigned char>(first == 0xf4 ? 0x8f : 0xbf)};
  return {0, 0, 0};
}

} // namespace

Decoded decodeUtf8(std::string_view text) {
  auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80)
    return {first, 1, true};
  Lead lead = leadOf(first);
  if (lead.sizeBytes == 0)
    return {kReplacement, 1, false};
  char32_t codePoint = first & (0x7fu >> lead.sizeBytes);
  for (unsigned i = 1; i < lead.sizeBytes; ++i) {
    unsigned char byte = i < text.size() ? text[i] : 0;
    if (byte < (i == 1 ? lead.low : 0x80) || byte > (i == 1 ? lead.high : 0xbf))
      return {kReplacement, i, false};
    codePoint = codePoint << 6 | (byte & 0x3f);
  }
  return {codePoint, lead.sizeBytes, true};
}

bool isUtf8(std::string_view text) {
  while (!text.empty()) {
    Decoded next = decodeUtf8(text);
    if (!next.isValid)
      return false;
    text.remove_prefix(next.sizeBytes);
  }
  return true;
}

void appendUtf8(std::string &text, char32_t codePoint) {
  auto later = [&](unsigned shift) {
    text += static_cast<char>(0x80 | (codePoint >> shift & 0x3f));
  };
  if (codePoint < 0x80) {
    text += static_cast<char>(codePoint);
  } else if (codePoint < 0x800) {
    text += static_cast<char>(0xc0 | codePoint >> 6);
    later(0);
  } else if (codePoint < 0x10000) {
    text += static_cast<char>(0xe0 | codePoint >> 12);
    later(6);
    later(0);
  } else {
    text += static_cast<char>(0xf0 | codePoint >> 18);
    later(12);
    later(6);
    later(0);
  }
}

} // namespace tenon::rt
