// Reads the environment.

#include "runtime/VirtualGpu/Driver/Settings.h"

#include "runtime/Core/Message.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <thread>

namespace tenon::vgpu {

using rt::badInput;
using rt::quoted;
using rt::Result;

namespace {

using LookUp = std::function<const char *(const char *)>;

std::optional<uint64_t> numberIn(std::string_view text) {
  uint64_t number = 0;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

/// Reads one variable after another; the first that is wrong is the error.
class Reader {
public:
  explicit Reader(const LookUp &lookUp) : lookUp(lookUp) {}

  void number(const char *name, uint64_t least, uint64_t most,
              const std::function<void(uint64_t)> &set) {
    const char *text = valueOf(name);
    if (!text)
      return;
    auto value = numberIn(text);
    if (!value || *value < least || *value > most)
      return refuse(name, text, rt::message(least, " to ", most));
    set(*value);
  }

  void choice(const char *name, std::initializer_list<const char *> words,
              const std::function<void(size_t)> &set) {
    const char *text = valueOf(name);
    if (!text)
      return;
    std::string known;
    size_t index = 0;
    for (const char *word : words) {
      if (std::string_view(word) == text)
        return set(index);
      known += (index++ ? ", " : "") + std::string(word);
    }
    refuse(name, text, known);
  }

  void text(const char *name, const std::function<bool(std::string_view)> &take,
            const std::string &expected) {
    const char *value = valueOf(name);
    if (value && !take(value))
      refuse(name, value, expected);
  }

  std::optional<rt::Error> failure;

private:
  /// An empty variable is as good as none.
  const char *valueOf(const char *name) {
    const char *text = failure ? nullptr : lookUp(name);
    return text && *text ? text : nullptr;
  }
  void refuse(const char *name, const char *text, const std::string &expected) {
    failure = badInput(name, " is ", quoted(text), ", expected ", expected);
  }

  const LookUp &lookUp;
};

bool takeArch(std::string_view text, MachineOptions &machine) {
  if (text.starts_with("sm_"))
    text.remove_prefix(3);
  if (text.ends_with("a"))
    text.remove_suffix(1);
  auto number = numberIn(text);
  if (!number || *number > 1000 || !archLimits(int(*number)))
    return false;
  machine.arch = int(*number);
  return true;
}

/// name:call=result
bool takeFailure(std::string_view text, Settings &settings) {
  size_t colon = text.find(':'), equals = text.find('=');
  if (colon == text.npos || equals == text.npos || equals < colon)
    return false;
  auto call = numberIn(text.substr(colon + 1, equals - colon - 1));
  auto result = numberIn(text.substr(equals + 1));
  if (!call || !result || !*call || !*result)
    return false;
  settings.failingFunction = text.substr(0, colon);
  settings.failingCall = *call;
  settings.failingResult = uint32_t(*result);
  return true;
}

} // namespace

Result<Settings> readSettings(const LookUp &lookUp) {
  Settings settings;
  MachineOptions &machine = settings.machine;
  machine.arch = 90;
  machine.numWorkers = int(std::max(1u, std::thread::hardware_concurrency()));
  Reader read(lookUp);
  read.number("TENON_VGPU_DEVICES", 0, 64,
              [&](uint64_t value) { settings.numDevices = int(value); });
  read.text(
      "TENON_VGPU_ARCH",
      [&](std::string_view text) { return takeArch(text, machine); },
      "sm_80, sm_86, sm_89, sm_90, sm_100, sm_103 or sm_120");
  read.number("TENON_VGPU_MEMORY_MIB", 1, uint64_t(1) << 30,
              [&](uint64_t value) { machine.memoryBytes = value << 20; });
  read.choice("TENON_VGPU_CHECKS", {"fail", "report", "off"},
              [&](size_t which) {
                settings.failsOnReport = which == 0;
                machine.checks = which != 2;
              });
  read.choice("TENON_VGPU_SCHEDULE", {"in-order", "random", "adversarial"},
              [&](size_t which) { machine.schedule = Schedule(which); });
  read.choice(
      "TENON_VGPU_STREAMS", {"late", "eager", "random"},
      [&](size_t which) { settings.streams = Settings::Streams(which); });
  read.number("TENON_VGPU_SEED", 0, UINT64_MAX,
              [&](uint64_t value) { machine.seed = value; });
  read.number("TENON_VGPU_THREADS", 1, 1024,
              [&](uint64_t value) { machine.numWorkers = int(value); });
  auto takeText = [](std::string &to) {
    return [&to](std::string_view text) {
      to = text;
      return true;
    };
  };
  read.text("TENON_VGPU_REPORT", takeText(settings.reportFile), "a file");
  read.text("TENON_VGPU_COUNTERS", takeText(settings.countersFile), "a file");
  machine.measures = !settings.countersFile.empty();
  read.text("TENON_VGPU_PTX", takeText(settings.ptxFolder), "a folder");
  read.text(
      "TENON_VGPU_FAIL",
      [&](std::string_view text) { return takeFailure(text, settings); },
      "a function, the number of a call and an error, as in "
      "cuMemAlloc_v2:3=2");
  if (read.failure)
    return *read.failure;
  return settings;
}

} // namespace tenon::vgpu
