// The process' virtual devices, made as the environment says.

#include "runtime/VirtualGpu/Driver/State.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>

namespace tenon::vgpu {
namespace {

std::unique_ptr<State> state;
std::mutex mutex;

const char *variable(const char *name) {
  const char *value = std::getenv(name);
  return value && *value ? value : nullptr;
}

/// The number at the variable's end: "sm_90a" is 90. Empty where there is none.
template <typename Number> std::optional<Number> numberIn(const char *name) {
  const char *text = variable(name);
  if (!text)
    return std::nullopt;
  const char *end = text + std::strlen(text);
  const char *digits = text;
  while (digits != end && (*digits < '0' || *digits > '9'))
    ++digits;
  Number number = 0;
  if (std::from_chars(digits, end, number).ec == std::errc())
    return number;
  complain(std::string(name) + ": expected a number, got '" + text + "'");
  return std::nullopt;
}

Schedule scheduleIn(const char *name) {
  const char *text = variable(name);
  if (!text || !std::strcmp(text, "in-order"))
    return Schedule::InOrder;
  if (!std::strcmp(text, "random"))
    return Schedule::Random;
  if (!std::strcmp(text, "adversarial"))
    return Schedule::Adversarial;
  complain(std::string(name) +
           ": expected in-order, random or adversarial, got '" + text + "'");
  return Schedule::InOrder;
}

Settings settingsOfEnvironment() {
  Settings settings;
  settings.numDevices = numberIn<int>("TENON_VGPU_DEVICES").value_or(1);
  MachineOptions &machine = settings.machine;
  machine.arch = numberIn<int>("TENON_VGPU_ARCH").value_or(machine.arch);
  machine.seed = numberIn<uint64_t>("TENON_VGPU_SEED").value_or(0);
  machine.schedule = scheduleIn("TENON_VGPU_SCHEDULE");
  machine.checks = numberIn<int>("TENON_VGPU_CHECKS").value_or(1) != 0;
  machine.numWorkers = numberIn<int>("TENON_VGPU_WORKERS").value_or(2);
  if (const char *file = variable("TENON_VGPU_REPORT"))
    settings.reportFile = file;
  return settings;
}

} // namespace

void complain(const std::string &text) {
  std::fprintf(stderr, "virtual GPU: %s\n", text.c_str());
}

State *State::get() { return state.get(); }

CUresult State::init() {
  std::lock_guard lock(mutex);
  if (state)
    return kSuccess;
  auto made = std::make_unique<State>();
  made->settings = settingsOfEnvironment();
  if (!archLimits(made->settings.machine.arch)) {
    complain("there is no architecture sm_" +
             std::to_string(made->settings.machine.arch));
    return kInvalidDevice;
  }
  auto memory = Memory::create();
  if (!memory) {
    complain(memory.error().message);
    return kOutOfMemory;
  }
  made->memory = *memory;
  for (int number = 0; number < made->settings.numDevices; ++number) {
    MachineOptions options = made->settings.machine;
    options.device = number;
    auto device = std::make_unique<CUctx_st>();
    device->ordinal = number;
    device->machine = std::make_unique<Machine>(made->memory, options);
    made->devices.push_back(std::move(device));
  }
  state = std::move(made);
  return kSuccess;
}

CUctx_st *&currentContext() {
  thread_local CUctx_st *current = nullptr;
  return current;
}

CUresult ready() {
  State *state = State::get();
  if (!state)
    return kNotInitialized;
  if (state->sticky != kSuccess)
    return state->sticky;
  return currentContext() ? kSuccess : kInvalidContext;
}

} // namespace tenon::vgpu
