// From counters to the work of units.

#include "runtime/VirtualGpu/Count/UnitWork.h"

#include <algorithm>

namespace tenon::vgpu {

const char *unitText(Unit unit) {
  constexpr const char *kTexts[kNumUnits] = {
      "issue",   "fma",     "half",   "double", "alu",
      "special", "convert", "shared", "tensor", "mma.sync"};
  return kTexts[unsigned(unit)];
}

/// In flops of 16-bit operands that take as long.
static double tensorWork(const uint64_t (&flops)[kNumMmaTypes]) {
  auto of = [&](MmaType type) { return double(flops[unsigned(type)]); };
  return of(MmaType::F16) + of(MmaType::Bf16) + 2 * of(MmaType::Tf32) +
         0.5 * (of(MmaType::Int8) + of(MmaType::Fp8));
}

UnitWork workOf(const Counters &counters) {
  UnitWork work = {};
  auto set = [&](Unit unit, double value) { work[unsigned(unit)] = value; };
  const Counters &c = counters;
  set(Unit::Issue, double(c.numInstructions - c.numMove));
  set(Unit::Fma, double(c.numFloat32 + c.numMultiply));
  set(Unit::Half, double(c.numHalf));
  set(Unit::Double, double(c.numFloat64));
  set(Unit::Alu, double(c.numInteger));
  set(Unit::Special, double(c.numSpecial));
  set(Unit::Convert, double(c.numConvert));
  set(Unit::Shared, double(c.sharedWavefronts + c.globalLines + c.numShuffles));
  set(Unit::Tensor, tensorWork(c.wgmmaFlops));
  set(Unit::MmaSync, tensorWork(c.mmaSyncFlops));
  return work;
}

void WorkSpread::add(const UnitWork &block) {
  if (numBlocks++ == 0)
    least = block;
  for (unsigned i = 0; i < kNumUnits; ++i) {
    total[i] += block[i];
    least[i] = std::min(least[i], block[i]);
    most[i] = std::max(most[i], block[i]);
  }
}

} // namespace tenon::vgpu
