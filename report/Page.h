//===- Page.h - a compiled model as one page for people -------------------===//
//
//   Report report;
//   report.title = "bert.tenon";
//   report.kernels = {{.name = "matmul_add", .launches = 12, ...}};
//   std::string html = page(report); // write it to report.html
//
//===----------------------------------------------------------------------===//

#ifndef TENON_REPORT_PAGE_H
#define TENON_REPORT_PAGE_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tenon::report {

/// A kernel and what its launches in one run come to, together.
struct Kernel {
  std::string name;
  std::string source; ///< the ops that became it: "matmul, add"
  std::string schedule, reason;
  std::string blocks; ///< of a GPU's largest launch, and what one takes
  int64_t launches = 0;
  std::optional<int64_t> flops, bytes; ///< nothing: not known
  double limitSeconds = 0;             ///< what they take at least
  bool isLimitedByMemory = false;
  std::optional<double> seconds; ///< as measured
};

/// A step of the run: a launch of a kernel, or a copy.
struct Step {
  std::optional<size_t> kernel;         ///< of Report::kernels; nothing: a copy
  std::string value;                    ///< what it writes
  std::string shape;                    ///< "f32[1, 128, 384]"
  std::vector<size_t> reads;            ///< steps whose values it reads
  std::vector<std::string> readsOthers; ///< inputs and weights
};

/// A value in the arena, from the step that writes it to the last that reads
/// it.
struct Buffer {
  std::string name;
  uint64_t offset = 0, bytes = 0;
  size_t firstStep = 0, lastStep = 0;
};

struct Report {
  std::string title;
  std::string subtitle; ///< the shapes for which numbers hold
  /// A line each: "threads", "2".
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<Kernel> kernels;
  std::vector<Step> steps;
  std::vector<Buffer> buffers;
  uint64_t arenaBytes = 0;
};

/// One HTML document that needs nothing from elsewhere.
std::string page(const Report &report);

} // namespace tenon::report

#endif // TENON_REPORT_PAGE_H
