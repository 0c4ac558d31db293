// wgmma.mma_async with f16 or bf16 operands and f32 sums.
//
// A warp computes its sixteen rows when it issues the product. That its
// operands stay as they are until the wait is the kernel's duty; so that a warp
// that lags behind does not read what the others already gave up, a wait holds
// until all four warps have issued the group.

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Exec/Access.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"
#include "runtime/VirtualGpu/Exec/Lanes.h"
#include "runtime/VirtualGpu/Exec/NarrowFloat.h"
#include "runtime/VirtualGpu/TensorMap.h"

#include <algorithm>

namespace tenon::vgpu {

namespace {

constexpr unsigned kK = 16, kRows = 16, kMostN = 256, kWarpsOfGroup = 4;

/// A matrix in shared memory, as its descriptor says; offsets in bytes.
struct Descriptor {
  uint32_t start, leading, stride;
  TensorMap::Swizzle swizzle;

  explicit Descriptor(uint64_t bits)
      : start(uint32_t(bits & 0x3fff) << 4),
        leading(uint32_t(bits >> 16 & 0x3fff) << 4),
        stride(uint32_t(bits >> 32 & 0x3fff) << 4) {
    constexpr TensorMap::Swizzle kModes[] = {
        TensorMap::None, TensorMap::Swizzle128, TensorMap::Swizzle64,
        TensorMap::Swizzle32};
    swizzle = kModes[bits >> 62];
  }
  uint32_t rowBytes() const {
    constexpr uint32_t kBytes[] = {16, 32, 64, 128};
    return kBytes[swizzle];
  }
  /// Where eight elements along k of a row stand: k is a multiple of eight.
  uint32_t alongK(uint32_t row, uint32_t k) const {
    uint32_t at = start + row / 8 * stride + row % 8 * rowBytes();
    at += swizzle == TensorMap::None ? k / 8 * leading : 2 * k;
    return swizzled(at, swizzle);
  }
  /// Where eight rows (or columns) of one k stand, for a transposed matrix:
  /// atoms as wide as the swizzle's row, `leading` apart, and `stride` between
  /// eights of k.
  uint32_t alongRows(uint32_t row, uint32_t k) const {
    uint32_t atom = rowBytes() / 2;
    uint32_t at = start + row / atom * leading + k / 8 * stride +
                  k % 8 * rowBytes() + row % atom * 2;
    return swizzled(at, swizzle);
  }
};

/// What a warp of the group multiplies.
struct Product {
  float a[kRows][kK];
  float b[kK][kMostN];
  float c[kRows][kMostN];
};

class Operands {
public:
  Operands(Warp &warp, const Instruction &inst) : warp(warp), inst(inst) {}

  /// Eight elements at a place in shared memory; false after a report.
  bool read(uint32_t offset, float *to) {
    Instruction access = inst;
    access.space = ptx::Space::Shared;
    LaneBytes at = resolve(warp, access, 0, offset, 16, AccessKind::Read);
    if (!at.bytes)
      return false;
    isUndefined |= at.defined && !allDefined(at.defined, 16);
    for (unsigned i = 0; i < 8; ++i) {
      uint16_t bits;
      std::memcpy(&bits, at.bytes + 2 * i, 2);
      to[i] = widen(bits);
    }
    return true;
  }
  float widen(uint16_t bits) const {
    return inst.flags & kWgmmaF16 ? fromF16(bits) : fromBf16(bits);
  }
  bool readA(Product &product);
  void readRegistersA(Product &product) const;
  bool readB(Product &product, unsigned n);

  bool isUndefined = false;

private:
  Warp &warp;
  const Instruction &inst;
};

bool Operands::readA(Product &product) {
  Descriptor at(warp.lanes<uint64_t>(inst.slot[1])[0]);
  unsigned first = warp.id % kWarpsOfGroup * kRows;
  for (unsigned row = 0; row < kRows; row += inst.flags & kTransposedA ? 8 : 1)
    for (unsigned k = 0; k < kK; k += inst.flags & kTransposedA ? 1 : 8) {
      float eight[8];
      bool isTransposed = inst.flags & kTransposedA;
      if (!read(isTransposed ? at.alongRows(first + row, k)
                             : at.alongK(first + row, k),
                eight))
        return false;
      for (unsigned i = 0; i < 8; ++i)
        product.a[row + (isTransposed ? i : 0)][k + (isTransposed ? 0 : i)] =
            eight[i];
    }
  return true;
}

// As the A fragment of mma.m16n8k16.
void Operands::readRegistersA(Product &product) const {
  const uint32_t *registers = inst.list + inst.immediate / 2;
  for (unsigned r = 0; r < 4; ++r)
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      for (unsigned i = 0; i < 2; ++i)
        product.a[lane / 4 + 8 * (r % 2)][r / 2 * 8 + lane % 4 * 2 + i] = widen(
            uint16_t(warp.lanes<uint32_t>(registers[r])[lane] >> (16 * i)));
}

bool Operands::readB(Product &product, unsigned n) {
  Descriptor at(warp.lanes<uint64_t>(inst.slot[2])[0]);
  bool isTransposed = inst.flags & kTransposedB;
  for (unsigned column = 0; column < n; column += isTransposed ? 8 : 1)
    for (unsigned k = 0; k < kK; k += isTransposed ? 1 : 8) {
      float eight[8];
      if (!read(isTransposed ? at.alongRows(column, k) : at.alongK(column, k),
                eight))
        return false;
      for (unsigned i = 0; i < 8; ++i)
        product.b[k + (isTransposed ? 0 : i)][column + (isTransposed ? i : 0)] =
            eight[i];
    }
  return true;
}

/// Register i of a lane: two columns of two rows, over and over.
std::pair<unsigned, unsigned> placeOf(unsigned i, unsigned lane) {
  return {lane / 4 + 8 * (i / 2 % 2), i / 4 * 8 + lane % 4 * 2 + i % 2};
}

TENON_VGPU_INLINE void multiplyRows(Product &product, unsigned n) {
  for (unsigned row = 0; row < kRows; ++row)
    for (unsigned k = 0; k < kK; ++k) {
      float a = product.a[row][k];
      for (unsigned column = 0; column < n; ++column)
        product.c[row][column] += a * product.b[k][column];
    }
}
/// A warp's share: its rows of A, and for one warp of the group B, which the
/// four read together.
void countProduct(Warp &warp, const Instruction &inst) {
  constexpr uint64_t kElementBytes = 2;
  uint64_t n = inst.immediate, flops = 2 * kRows * n * kK;
  Counters &counters = warp.worker->counters;
  counters.mmaFlops += flops;
  MmaType type = inst.flags & kWgmmaF16 ? MmaType::F16 : MmaType::Bf16;
  counters.wgmmaFlops[unsigned(type)] += flops;
  if (inst.slot[1] != kNoSlot)
    countSharedBytes(*warp.worker, kRows * kK * kElementBytes);
  if (warp.id % kWarpsOfGroup == 0)
    countSharedBytes(*warp.worker, n * kK * kElementBytes);
}

void multiplyBase(Product &product, unsigned n) { multiplyRows(product, n); }
TENON_VGPU_WIDE void multiplyWide(Product &product, unsigned n) {
  multiplyRows(product, n);
}

} // namespace

void wgmma(Warp &warp, const Instruction &inst, uint32_t mask) {
  if (!isWholeWarp(warp, inst, mask))
    return;
  warp.outcome = Outcome::Next;
  unsigned n = inst.immediate, numD = n / 2;
  auto product = std::make_unique<Product>();
  Operands operands(warp, inst);
  if (inst.slot[1] == kNoSlot)
    operands.readRegistersA(*product);
  else if (!operands.readA(*product))
    return;
  if (!operands.readB(*product, n))
    return;
  bool addsToD = warp.mask(inst.slot[3]) & 1;
  float sign =
      bool(inst.flags & kNegatedA) != bool(inst.flags & kNegatedB) ? -1 : 1;
  for (auto &row : product->a)
    for (float &element : row)
      element *= sign;
  for (unsigned i = 0; i < numD; ++i)
    for (unsigned lane = 0; lane < kWarpSize; ++lane) {
      auto [row, column] = placeOf(i, lane);
      product->c[row][column] =
          addsToD ? warp.lanes<float>(inst.list[i])[lane] : 0;
    }
  hostIsWide() ? multiplyWide(*product, n) : multiplyBase(*product, n);
  for (unsigned i = 0; i < numD; ++i)
    for (unsigned lane = 0; lane < kWarpSize; ++lane) {
      auto [row, column] = placeOf(i, lane);
      warp.lanes<float>(inst.list[i])[lane] = product->c[row][column];
    }
  if (operands.isUndefined)
    for (unsigned i = 0; i < numD; ++i)
      markUndefined(warp, inst.list[i], kFullMask);
  countProduct(warp, inst);
}

void commitWgmma(Warp &warp, const Instruction &, uint32_t) {
  ++warp.numWgmmaGroups;
  if (warp.block->clocks)
    warp.block->clocks->release(warp.id, warp.wgmmaReleased);
  ++warp.block->progress;
}

void waitForWgmma(Warp &warp, const Instruction &inst, uint32_t) {
  std::vector<Warp> &warps = warp.block->warps;
  size_t first = warp.id / kWarpsOfGroup * kWarpsOfGroup;
  size_t last = std::min(first + kWarpsOfGroup, warps.size());
  for (size_t i = first; i < last; ++i)
    if (warps[i].alive &&
        warps[i].numWgmmaGroups + inst.immediate < warp.numWgmmaGroups) {
      warp.outcome = Outcome::Retry;
      return;
    }
  // The product is one of the warpgroup: when it is done, all have read.
  if (warp.block->clocks)
    for (size_t i = first; i < last; ++i)
      warp.block->clocks->acquire(warp.id, warps[i].wgmmaReleased);
  warp.outcome = Outcome::Next;
}

} // namespace tenon::vgpu
