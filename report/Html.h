//===- Html.h - texts and numbers as they stand in the page ---------------===//

#ifndef TENON_REPORT_HTML_H
#define TENON_REPORT_HTML_H

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tenon::report {

/// `text` in HTML, in an element or an attribute in quotes: names of a model
/// may hold any characters.
std::string escape(std::string_view text);

std::string fixed(double number, int digits);

/// "1.50 MiB", "384 B"
std::string bytesText(double bytes);

/// "12.3 G", "384": three digits and a decimal prefix.
std::string countText(double count);

/// "12.3 us", "4.56 ms"
std::string secondsText(double seconds);

/// One of the page's eight colours, the same for each mention of a kernel; the
/// faint one for what is no kernel.
std::string colourOf(std::optional<size_t> kernel);

} // namespace tenon::report

#endif // TENON_REPORT_HTML_H
