//===- Progress.cpp - says on a terminal what long work is doing ----------===//

#include "tools/tenon/Progress.h"

#include <iostream>
#include <unistd.h>

namespace tenon::tool {

/// Back to the line's begin, and clears it.
static constexpr std::string_view kClear = "\r\033[K";

ProgressLine::ProgressLine(bool quiet)
    : isShown(!quiet && ::isatty(STDERR_FILENO)) {}

ProgressLine::~ProgressLine() { clear(); }

void ProgressLine::clear() {
  if (!latest.empty())
    std::cerr << kClear << std::flush;
  latest.clear();
}

void ProgressLine::show(std::string_view work, uint64_t doneBytes,
                        uint64_t totalBytes) {
  // Nobody reads faster, and a terminal can be slower than the work.
  constexpr std::chrono::milliseconds kBetweenLines(100);
  Clock::time_point now = Clock::now();
  if (!isShown || (work == latest && now - written < kBetweenLines))
    return;
  latest = work;
  written = now;
  std::cerr << kClear << work;
  constexpr uint64_t kMegabyte = 1'000'000;
  if (totalBytes >= kMegabyte)
    std::cerr << ": " << doneBytes / kMegabyte << " of "
              << totalBytes / kMegabyte << " MB";
  std::cerr << std::flush;
}

} // namespace tenon::tool
