//===- MemorySection.cpp - the arena over the steps of a run --------------===//

#include "report/Html.h"
#include "report/Sections.h"

#include <algorithm>

namespace tenon::report {

namespace {
// Of the drawing, in pixels.
constexpr double kWidth = 1100, kHeight = 360, kLeft = 70, kBottom = 24;
} // namespace

/// The bytes that live values take at each step.
static std::vector<uint64_t> liveBytes(const Report &report) {
  std::vector<uint64_t> live(report.steps.size());
  for (const Buffer &buffer : report.buffers)
    for (size_t step = buffer.firstStep; step <= buffer.lastStep; ++step)
      live[step] += buffer.bytes;
  return live;
}

static std::string rectangle(const Report &report, const Buffer &buffer) {
  double column = kWidth / double(report.steps.size());
  double row = kHeight / double(std::max<uint64_t>(1, report.arenaBytes));
  double x = kLeft + double(buffer.firstStep) * column;
  double y = kHeight - double(buffer.offset + buffer.bytes) * row;
  double width = double(buffer.lastStep - buffer.firstStep + 1) * column;
  const Step &writer = report.steps[buffer.firstStep];
  return "<rect class=\"buffer\" data-step=\"" +
         std::to_string(buffer.firstStep) + "\" x=\"" + fixed(x, 1) +
         "\" y=\"" + fixed(y, 1) + "\" width=\"" + fixed(width, 1) +
         "\" height=\"" + fixed(std::max(1.0, double(buffer.bytes) * row), 1) +
         "\" fill=\"" + colourOf(writer.kernel) + "\"><title>" +
         escape(buffer.name) + ": " + bytesText(double(buffer.bytes)) + " at " +
         std::to_string(buffer.offset) + ", steps " +
         std::to_string(buffer.firstStep) + " to " +
         std::to_string(buffer.lastStep) + "</title></rect>\n";
}

static std::string axes(const Report &report) {
  constexpr int kMarks = 4;
  std::string text;
  auto append = [&](std::initializer_list<std::string_view> parts) {
    for (std::string_view part : parts)
      text += part;
  };
  for (int i = 0; i <= kMarks; ++i) {
    std::string y = fixed(kHeight * (1 - double(i) / kMarks), 1);
    append({"<line class=\"grid\" x1=\"", fixed(kLeft, 0), "\" x2=\"",
            fixed(kLeft + kWidth, 0), "\" y1=\"", y, "\" y2=\"", y,
            "\"/><text class=\"mark\" text-anchor=\"end\" x=\"",
            fixed(kLeft - 6, 0), "\" y=\"", y, "\" dy=\"4\">",
            bytesText(double(report.arenaBytes) * i / kMarks), "</text>\n"});
    size_t step = report.steps.size() * size_t(i) / kMarks;
    append({"<text class=\"mark\" text-anchor=\"middle\" x=\"",
            fixed(kLeft + kWidth * i / kMarks, 0), "\" y=\"",
            fixed(kHeight + kBottom - 6, 0), "\">step ", std::to_string(step),
            "</text>\n"});
  }
  return text;
}

std::string memorySection(const Report &report) {
  std::string text = "<section id=\"memory\"><h2>Memory</h2>\n";
  if (report.buffers.empty())
    return text + "<p>No value lies in the arena.</p></section>\n";
  std::vector<uint64_t> live = liveBytes(report);
  auto peak = std::max_element(live.begin(), live.end());
  text += "<p>The arena of " + bytesText(double(report.arenaBytes)) +
          ": a rectangle is a value, from the step that writes it to the last "
          "that reads it. Step " +
          std::to_string(peak - live.begin()) + " has the most alive, " +
          bytesText(double(*peak)) + ".</p>\n<svg viewBox=\"-10 -10 " +
          fixed(kLeft + kWidth + 40, 0) + " " +
          fixed(kHeight + kBottom + 20, 0) + "\">\n" + axes(report);
  for (const Buffer &buffer : report.buffers)
    text += rectangle(report, buffer);
  return text + "</svg></section>\n";
}

} // namespace tenon::report
