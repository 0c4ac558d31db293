// Lines of text and of JSON.

#include "runtime/VirtualGpu/Driver/Findings.h"

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Driver/JsonText.h"

#include <cstdio>
#include <mutex>

namespace tenon::vgpu {

using rt::message;

namespace {

std::mutex mutex; ///< of the files, and of one line after another
Settings settings;

/// Each line is opened and closed by itself: the process may end at any time.
void writeLine(const std::string &file, const std::string &line,
               const char *mode) {
  std::FILE *out = std::fopen(file.c_str(), mode);
  if (!out)
    return say(message("cannot write ", rt::quoted(file)));
  std::fputs(line.c_str(), out);
  std::fclose(out);
}

} // namespace

void say(const std::string &text) {
  std::fprintf(stderr, "tenon vgpu: %s\n", text.c_str());
}

void beginFindings(const Settings &chosen) {
  settings = chosen;
  for (const std::string &file : {settings.reportFile, settings.countersFile})
    if (!file.empty())
      writeLine(file, "", "w");
}

std::string reportJson(const Report &report, int device) {
  return message(
      "{\"kind\":", jsonString(kindText(report.kind)), ",\"device\":", device,
      ",\"kernel\":", jsonString(report.kernel),
      ",\"file\":", jsonString(report.file), ",\"line\":", report.line,
      ",\"ptxLine\":", report.ptxLine, ",\"block\":", jsonTriple(report.block),
      ",\"thread\":", jsonTriple(report.thread), ",\"lane\":", report.lane,
      ",\"count\":", report.count, ",\"what\":", jsonString(report.what),
      "}\n");
}

bool noteLaunch(const KernelCommand &command, int device,
                const LaunchResult &result) {
  std::lock_guard lock(mutex);
  for (const Report &report : result.reports) {
    say(reportText(report));
    if (!settings.reportFile.empty())
      writeLine(settings.reportFile, reportJson(report, device), "a");
  }
  if (!settings.countersFile.empty())
    writeLine(settings.countersFile, countersJson(command, device, result),
              "a");
  return settings.failsOnReport && !result.reports.empty();
}

} // namespace tenon::vgpu
