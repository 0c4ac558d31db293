// Asks the CPU with cpuid and the system with xgetbv.
// Source: Intel SDM volume 2 (CPUID), AMD APM volume 3 appendix E.

#include "runtime/Device/Cpu/Features.h"

#include <cpuid.h>
#include <cstdint>
#include <iterator>
#include <sys/syscall.h>
#include <unistd.h>

namespace tenon::rt {
namespace {

enum Register { Eax, Ebx, Ecx, Edx };

/// Which registers the system must save for the feature to be of use; the bits
/// are those of XCR0.
enum State : uint64_t { kNone = 0, kYmm = 0x6, kZmm = 0xe6, kTiles = 0x60000 };

struct Row {
  std::string_view name;
  uint32_t leaf, subleaf;
  Register reg;
  unsigned bit;
  State state;
};

constexpr uint32_t kExtended = 0x80000001;

constexpr Row kRows[] = {
    {"sse3", 1, 0, Ecx, 0, kNone},
    {"pclmul", 1, 0, Ecx, 1, kNone},
    {"ssse3", 1, 0, Ecx, 9, kNone},
    {"fma", 1, 0, Ecx, 12, kYmm},
    {"cx16", 1, 0, Ecx, 13, kNone},
    {"sse4.1", 1, 0, Ecx, 19, kNone},
    {"sse4.2", 1, 0, Ecx, 20, kNone},
    {"movbe", 1, 0, Ecx, 22, kNone},
    {"popcnt", 1, 0, Ecx, 23, kNone},
    {"aes", 1, 0, Ecx, 25, kNone},
    {"xsave", 1, 0, Ecx, 27, kNone}, // OSXSAVE: the system uses it
    {"avx", 1, 0, Ecx, 28, kYmm},
    {"f16c", 1, 0, Ecx, 29, kYmm},
    {"rdrnd", 1, 0, Ecx, 30, kNone},
    {"cmov", 1, 0, Edx, 15, kNone},
    {"mmx", 1, 0, Edx, 23, kNone},
    {"fxsr", 1, 0, Edx, 24, kNone},
    {"sse", 1, 0, Edx, 25, kNone},
    {"sse2", 1, 0, Edx, 26, kNone},
    {"fsgsbase", 7, 0, Ebx, 0, kNone},
    {"bmi", 7, 0, Ebx, 3, kNone},
    {"avx2", 7, 0, Ebx, 5, kYmm},
    {"bmi2", 7, 0, Ebx, 8, kNone},
    {"avx512f", 7, 0, Ebx, 16, kZmm},
    {"avx512dq", 7, 0, Ebx, 17, kZmm},
    {"rdseed", 7, 0, Ebx, 18, kNone},
    {"adx", 7, 0, Ebx, 19, kNone},
    {"avx512ifma", 7, 0, Ebx, 21, kZmm},
    {"clflushopt", 7, 0, Ebx, 23, kNone},
    {"clwb", 7, 0, Ebx, 24, kNone},
    {"avx512cd", 7, 0, Ebx, 28, kZmm},
    {"sha", 7, 0, Ebx, 29, kNone},
    {"avx512bw", 7, 0, Ebx, 30, kZmm},
    {"avx512vl", 7, 0, Ebx, 31, kZmm},
    {"avx512vbmi", 7, 0, Ecx, 1, kZmm},
    {"avx512vbmi2", 7, 0, Ecx, 6, kZmm},
    {"gfni", 7, 0, Ecx, 8, kNone},
    {"vaes", 7, 0, Ecx, 9, kYmm},
    {"vpclmulqdq", 7, 0, Ecx, 10, kYmm},
    {"avx512vnni", 7, 0, Ecx, 11, kZmm},
    {"avx512bitalg", 7, 0, Ecx, 12, kZmm},
    {"avx512vpopcntdq", 7, 0, Ecx, 14, kZmm},
    {"rdpid", 7, 0, Ecx, 22, kNone},
    {"amx-bf16", 7, 0, Edx, 22, kTiles},
    {"avx512fp16", 7, 0, Edx, 23, kZmm},
    {"amx-tile", 7, 0, Edx, 24, kTiles},
    {"amx-int8", 7, 0, Edx, 25, kTiles},
    {"avxvnni", 7, 1, Eax, 4, kYmm},
    {"avx512bf16", 7, 1, Eax, 5, kZmm},
    {"amx-fp16", 7, 1, Eax, 21, kTiles},
    {"sahf", kExtended, 0, Ecx, 0, kNone},
    {"lzcnt", kExtended, 0, Ecx, 5, kNone},
    {"sse4a", kExtended, 0, Ecx, 6, kNone},
    {"prfchw", kExtended, 0, Ecx, 8, kNone},
};

uint32_t readRegister(const Row &row) {
  uint32_t values[4] = {};
  if (!__get_cpuid_count(row.leaf, row.subleaf, &values[Eax], &values[Ebx],
                         &values[Ecx], &values[Edx]))
    return 0;
  return values[row.reg];
}

uint64_t savedState() {
  uint32_t eax, ebx, ecx = 0, edx;
  constexpr uint32_t kOsUsesXsave = 1u << 27;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & kOsUsesXsave))
    return 0;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

} // namespace

const CpuFeatures &CpuFeatures::host() {
  static_assert(std::size(kRows) <= 64, "present has one bit for each row");
  static const CpuFeatures features = [] {
    CpuFeatures found;
    uint64_t saved = savedState();
    for (size_t i = 0; i < std::size(kRows); ++i) {
      const Row &row = kRows[i];
      found.present[i] = (readRegister(row) >> row.bit & 1) &&
                         (saved & row.state) == row.state;
    }
    return found;
  }();
  return features;
}

bool CpuFeatures::has(std::string_view name) const {
  for (size_t i = 0; i < std::size(kRows); ++i)
    if (kRows[i].name == name)
      return present[i];
  return false;
}

CpuFeatures CpuFeatures::without(std::string_view name) const {
  CpuFeatures lesser = *this;
  for (size_t i = 0; i < std::size(kRows); ++i)
    if (kRows[i].name == name)
      lesser.present[i] = false;
  return lesser;
}

Result<void> requestTileRegisters() {
  // Linux: Documentation/arch/x86/xstate.rst
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  if (syscall(SYS_arch_prctl, kRequestPermission, kTileData) != 0)
    return Error{Code::NoKernel,
                 "the system does not give this process the AMX "
                 "tile registers"};
  return {};
}

} // namespace tenon::rt
