// Compares names of architectures with a device.

#include "runtime/Program/DeviceCodes.h"

#include <algorithm>
#include <charconv>
#include <climits>
#include <optional>
#include <vector>

namespace tenon::rt {

using abi::CodeForm;
using abi::DeviceCode;

namespace {
/// "sm_90a" and "compute_90a" are 90 and 'a'; plain ones have no letter.
struct Arch {
  int capability = 0;
  char letter = 0;
};
} // namespace

/// What is no name of an architecture is none that a device has.
static Arch archOf(std::string_view name) {
  std::string_view digits = name;
  digits.remove_prefix(digits.find('_') + 1);
  Arch arch;
  std::from_chars(digits.data(), digits.data() + digits.size(),
                  arch.capability);
  if (digits.ends_with('a') || digits.ends_with('f'))
    arch.letter = digits.back();
  return arch;
}

int capabilityOf(std::string_view arch) { return archOf(arch).capability; }

/// Code with features of one architecture runs there only, code with those of a
/// family on its later members.
static bool runsOn(const DeviceCode &code, const DeviceProperties &device) {
  Arch arch = archOf(code.arch);
  int capability = device.capability();
  if (code.form == CodeForm::Cubin)
    return arch.capability == capability && !device.isVirtual;
  if (arch.letter == 'a')
    return arch.capability == capability;
  if (arch.letter == 'f' && arch.capability / 10 != capability / 10)
    return false;
  return arch.capability > 0 && arch.capability <= capability;
}

/// Larger is better: machine code first, then what is nearest to the device.
static int rankOf(const DeviceCode &code) {
  Arch arch = archOf(code.arch);
  int letter = arch.letter == 'a' ? 2 : arch.letter == 'f' ? 1 : 0;
  int nearness = 4 * arch.capability + letter; // below 4 * 1000
  return code.form == CodeForm::Cubin ? 4000 + nearness : nearness;
}

const DeviceCode *chooseCode(const abi::Kernel &kernel,
                             const DeviceProperties &device) {
  const DeviceCode *best = nullptr;
  for (const DeviceCode &code : kernel.codes)
    if (runsOn(code, device) && (!best || rankOf(code) > rankOf(*best)))
      best = &code;
  return best;
}

/// Below the rank of any that fits: loading it says which kernel does not.
static constexpr int kDoesNotFit = -10000;

/// That of the kernel that is farthest from the device; nothing where one has
/// no code for it.
static std::optional<int> rankOf(const abi::Plan &plan,
                                 const DeviceProperties &device) {
  std::optional<int> rank;
  for (const abi::Kernel &kernel : plan.kernels) {
    const DeviceCode *code = chooseCode(kernel, device);
    if (!code)
      return std::nullopt;
    bool fits = kernel.sharedBytes <= device.sharedOptInBytes;
    rank = std::min(rank.value_or(INT_MAX), fits ? rankOf(*code) : kDoesNotFit);
  }
  return rank.value_or(0);
}

const abi::Plan *choosePlan(std::span<const abi::Plan> plans,
                            const DeviceProperties &device) {
  const abi::Plan *best = nullptr;
  std::optional<int> bestRank;
  for (const abi::Plan &plan : plans)
    if (std::optional<int> rank = rankOf(plan, device); rank > bestRank) {
      best = &plan;
      bestRank = rank;
    }
  return best;
}

std::string codesText(std::span<const abi::Plan> plans) {
  std::vector<std::string> texts;
  for (const abi::Plan &plan : plans)
    for (const abi::Kernel &kernel : plan.kernels)
      for (const DeviceCode &code : kernel.codes) {
        std::string text =
            (code.form == CodeForm::Ptx ? "PTX of " : "") + code.arch;
        if (std::ranges::find(texts, text) == texts.end())
          texts.push_back(text);
      }
  std::string joined;
  for (const std::string &text : texts)
    joined += (joined.empty() ? "" : ", ") + text;
  return joined;
}

} // namespace tenon::rt
