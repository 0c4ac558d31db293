// Lines of text and of JSON.

#include "runtime/VirtualGpu/Driver/Findings.h"

#include "runtime/Core/Message.h"

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

std::string jsonString(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    char escaped[8];
    if (c == '"' || c == '\\')
      out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      std::snprintf(escaped, sizeof(escaped), "\\u%04x", unsigned(c));
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string jsonTriple(Dim3 at) {
  return message("[", at.x, ",", at.y, ",", at.z, "]");
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

std::string countersJson(const KernelCommand &command, int device,
                         const Counters &counters) {
  const std::pair<const char *, uint64_t> numbers[] = {
      {"instructions", counters.numInstructions},
      {"threadInstructions", counters.numThreadInstructions},
      {"mmaFlops", counters.mmaFlops},
      {"globalLoadBytes", counters.globalLoadBytes},
      {"globalStoreBytes", counters.globalStoreBytes},
      {"globalSectors", counters.globalSectors},
      {"globalSectorsIdeal", counters.globalSectorsIdeal},
      {"sharedWavefronts", counters.sharedWavefronts},
      {"sharedWavefrontsIdeal", counters.sharedWavefrontsIdeal},
      {"globalAtomics", counters.numGlobalAtomics},
      {"sharedAtomics", counters.numSharedAtomics},
      {"barriers", counters.numBarriers},
      {"branches", counters.numBranches},
      {"divergentBranches", counters.numDivergentBranches}};
  std::string line =
      message("{\"kernel\":", jsonString(command.kernel->info().name),
              ",\"device\":", device, ",\"grid\":", jsonTriple(command.grid),
              ",\"block\":", jsonTriple(command.block));
  for (auto [name, number] : numbers)
    line += message(",\"", std::string_view(name), "\":", number);
  return line + "}\n";
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
    writeLine(settings.countersFile,
              countersJson(command, device, result.counters), "a");
  return settings.failsOnReport && !result.reports.empty();
}

} // namespace tenon::vgpu
