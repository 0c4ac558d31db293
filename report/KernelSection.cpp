//===- KernelSection.cpp - how each kernel is made and how fast it is -----===//

#include "report/Html.h"
#include "report/Sections.h"

namespace tenon::report {

/// A cell that shows `text` and sorts by `key`.
static std::string numberCell(double key, const std::string &text) {
  return "<td class=\"number\" data-key=\"" + fixed(key, 9) + "\">" + text +
         "</td>";
}

static std::string figureCell(std::optional<int64_t> figure,
                              std::string (*text)(double)) {
  return figure ? numberCell(double(*figure), text(double(*figure)))
                : numberCell(-1, "-");
}

/// The measured time as a bar of the whole, and the limit as a part of it.
static std::string timeCells(const Kernel &kernel, double totalSeconds) {
  std::string limit =
      numberCell(kernel.limitSeconds,
                 secondsText(kernel.limitSeconds) +
                     (kernel.isLimitedByMemory ? " <small>memory</small>"
                                               : " <small>arithmetic</small>"));
  if (!kernel.seconds)
    return limit;
  double seconds = *kernel.seconds;
  double share = totalSeconds > 0 ? 100 * seconds / totalSeconds : 0;
  double reached = seconds > 0 ? 100 * kernel.limitSeconds / seconds : 0;
  return limit + numberCell(seconds, secondsText(seconds)) +
         numberCell(share,
                    "<div class=\"bar\"><i style=\"width:" + fixed(share, 1) +
                        "%\"></i></div> " + fixed(share, 1) + " %") +
         numberCell(reached, fixed(reached, 0) + " %");
}

static std::string row(const Report &report, size_t number,
                       double totalSeconds) {
  const Kernel &kernel = report.kernels[number];
  return "<tr class=\"kernel\" data-kernel=\"" + std::to_string(number) +
         "\"><td><span class=\"dot\" style=\"background:" + colourOf(number) +
         "\"></span><b>" + escape(kernel.name) + "</b><br><small>" +
         escape(kernel.source) + "</small></td>" +
         numberCell(double(kernel.launches), std::to_string(kernel.launches)) +
         figureCell(kernel.flops, countText) +
         figureCell(kernel.bytes, bytesText) + timeCells(kernel, totalSeconds) +
         "<td class=\"why\"><code>" + escape(kernel.schedule) + "</code><br>" +
         escape(kernel.reason) +
         (kernel.blocks.empty() ? "" : "<br>" + escape(kernel.blocks)) +
         "</td></tr>\n";
}

std::string kernelSection(const Report &report) {
  bool isMeasured = false;
  double total = 0;
  for (const Kernel &kernel : report.kernels) {
    isMeasured |= kernel.seconds.has_value();
    total += kernel.seconds.value_or(0);
  }
  std::string text =
      "<section id=\"kernels\"><h2>Kernels</h2>\n<p>What each kernel's "
      "launches come to in one run. The limit is the longer one of its "
      "operations, at the machine's rate for what it multiplies, and its bytes "
      "at memory's: f32 in parts of bf16, or what lies in a cache, can be "
      "faster. Click a heading to "
      "sort.</p>\n<table><thead><tr><th>kernel</th><th>launches</th>"
      "<th>flops</th><th>bytes</th><th>limit</th>";
  if (isMeasured)
    text += "<th>time</th><th>share</th><th>reached</th>";
  text += "<th>schedule and reason</th></tr></thead><tbody>\n";
  for (size_t i = 0; i < report.kernels.size(); ++i)
    text += row(report, i, total);
  return text + "</tbody></table></section>\n";
}

} // namespace tenon::report
