//===- Html.cpp - texts and numbers as they stand in the page -------------===//

#include "report/Html.h"

#include <iomanip>
#include <sstream>

namespace tenon::report {

std::string escape(std::string_view text) {
  std::string escaped;
  for (char letter : text)
    switch (letter) {
    case '&':
      escaped += "&amp;";
      break;
    case '<':
      escaped += "&lt;";
      break;
    case '>':
      escaped += "&gt;";
      break;
    case '"':
      escaped += "&quot;";
      break;
    case '\'':
      escaped += "&#39;";
      break;
    default:
      escaped += letter;
    }
  return escaped;
}

std::string fixed(double number, int digits) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(digits) << number;
  return text.str();
}

/// Three digits of a number below 1000.
static std::string threeDigits(double number) {
  return fixed(number, number >= 100 ? 0 : number >= 10 ? 1 : 2);
}

std::string bytesText(double bytes) {
  static constexpr const char *kUnits[] = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024)
    return fixed(bytes, 0) + " B";
  int unit = -1;
  for (; bytes >= 1024 && unit < 3; ++unit)
    bytes /= 1024;
  return threeDigits(bytes) + " " + kUnits[unit];
}

std::string countText(double count) {
  static constexpr const char *kPrefixes[] = {"k", "M", "G", "T", "P"};
  if (count < 1000)
    return fixed(count, 0);
  int prefix = -1;
  for (; count >= 1000 && prefix < 4; ++prefix)
    count /= 1000;
  return threeDigits(count) + " " + kPrefixes[prefix];
}

std::string secondsText(double seconds) {
  if (seconds >= 1)
    return threeDigits(seconds) + " s";
  if (seconds >= 1e-3)
    return threeDigits(seconds * 1e3) + " ms";
  return threeDigits(seconds * 1e6) + " us";
}

std::string colourOf(std::optional<size_t> kernel) {
  // Of equal lightness, and told apart also by those who see few colours.
  static constexpr const char *kColours[] = {"#4477aa", "#ee6677", "#228833",
                                             "#ccbb44", "#66ccee", "#aa3377",
                                             "#ee9944", "#888888"};
  return kernel ? kColours[*kernel % std::size(kColours)] : "#99a3ad";
}

} // namespace tenon::report
