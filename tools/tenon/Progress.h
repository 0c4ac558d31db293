//===- Progress.h - says on a terminal what long work is doing ------------===//
//
//   ProgressLine line(/*quiet=*/false);
//   line.show("fuse");
//   line.show("writing weights", 45'000'000, 90'000'000);
//   // "writing weights: 45 of 90 MB"; gone when `line` is
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TOOLS_TENON_PROGRESS_H
#define TENON_TOOLS_TENON_PROGRESS_H

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace tenon::tool {

/// One line on standard error, rewritten in place, when that is a terminal.
/// Elsewhere, and when quiet, it shows nothing.
class ProgressLine {
public:
  explicit ProgressLine(bool quiet);
  ProgressLine(const ProgressLine &) = delete;
  ~ProgressLine();

  /// Bytes are shown when there is a megabyte of them.
  void show(std::string_view work, uint64_t doneBytes = 0,
            uint64_t totalBytes = 0);

  /// Takes the line away, before something else is written to the terminal.
  void clear();

private:
  using Clock = std::chrono::steady_clock;

  bool isShown;
  std::string latest; ///< the work of the line that stands there; may be empty
  Clock::time_point written;
};

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_PROGRESS_H
