//===- GraphSection.cpp - the fused graph, a row a step -------------------===//

#include "report/Html.h"
#include "report/Sections.h"

#include <algorithm>

namespace tenon::report {

namespace {
// Of the drawing, in pixels: rows are as high as those of the list beside it.
constexpr double kRow = 26, kArcs = 160;
} // namespace

static double middle(size_t step) { return (double(step) + 0.5) * kRow; }

/// An arc from the row that writes a value to one that reads it, the wider the
/// further they are apart.
static std::string arc(const Report &report, size_t from, size_t to) {
  double reach = std::min(kArcs - 8, 10 + 12 * double(to - from));
  std::string y1 = fixed(middle(from), 0), y2 = fixed(middle(to), 0);
  std::string x = fixed(kArcs - 4, 0), far = fixed(kArcs - 4 - reach, 0);
  return "<path data-step=\"" + std::to_string(from) + "\" d=\"M" + x + " " +
         y1 + "C" + far + " " + y1 + " " + far + " " + y2 + " " + x + " " + y2 +
         "\" stroke=\"" + colourOf(report.steps[from].kernel) + "\"/>\n";
}

static std::string stepRow(const Report &report, size_t number) {
  const Step &step = report.steps[number];
  std::string name = "copy", source;
  if (step.kernel) {
    name = report.kernels[*step.kernel].name;
    source = report.kernels[*step.kernel].source;
  }
  std::string others;
  for (const std::string &other : step.readsOthers)
    others += (others.empty() ? "reads " : ", ") + other;
  return "<li class=\"step\" data-step=\"" + std::to_string(number) +
         "\" title=\"" + escape(others) + "\"><span class=\"number\">" +
         std::to_string(number) +
         "</span><span class=\"dot\" "
         "style=\"background:" +
         colourOf(step.kernel) + "\"></span><b>" + escape(step.value) +
         "</b><span class=\"shape\">" + escape(step.shape) +
         "</span><span class=\"ops\">" +
         escape(source.empty() ? name : source) + "</span></li>\n";
}

std::string graphSection(const Report &report) {
  double height = double(report.steps.size()) * kRow;
  std::string text =
      "<section id=\"graph\"><h2>Fused graph</h2>\n<p>A row is a step of the "
      "run: the value that it writes, its shape, and the ops that became the "
      "one kernel. Arcs go from a value to the steps that read it.</p>\n"
      "<div class=\"graph\"><svg width=\"" +
      fixed(kArcs, 0) + "\" height=\"" + fixed(height, 0) + "\">\n";
  for (size_t step = 0; step < report.steps.size(); ++step)
    for (size_t from : report.steps[step].reads)
      text += arc(report, from, step);
  text += "</svg><ol>\n";
  for (size_t step = 0; step < report.steps.size(); ++step)
    text += stepRow(report, step);
  return text + "</ol></div></section>\n";
}

} // namespace tenon::report
