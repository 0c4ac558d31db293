// The table of arithmetic forms, and the choice of the host's vectors.

#include "runtime/VirtualGpu/Exec/Forms.h"

#include "runtime/VirtualGpu/Exec/Lanes.h"

#include <cstdlib>

namespace tenon::vgpu {

bool hostIsWide() {
#if defined(__x86_64__)
  // TENON_VGPU_BASELINE=1 takes the other half of the handlers: for tests.
  static const bool isWide =
      !std::getenv("TENON_VGPU_BASELINE") && __builtin_cpu_supports("avx2") &&
      __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  return isWide;
#else
  return false;
#endif
}

const Forms &forms() {
  static const Forms table = [] {
    Forms made;
    addIntegerForms(made);
    addBitForms(made);
    addFloatForms(made);
    addSpecialForms(made);
    addHalfForms(made);
    addCompareForms(made);
    addConvertForms(made);
    return made;
  }();
  return table;
}

} // namespace tenon::vgpu
