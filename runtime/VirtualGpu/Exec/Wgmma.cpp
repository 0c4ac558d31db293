// wgmma.mma_async.
//
// A warp computes its sixteen rows when it issues the product. That its
// operands stay as they are until the wait is the kernel's duty, and followed:
// the words of shared memory count as read until then, the registers as the
// unit's. So that a warp that lags behind does not read what the others already
// gave up, a wait holds until all four warps have issued the group.

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Exec/Access.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"
#include "runtime/VirtualGpu/Exec/Lanes.h"
#include "runtime/VirtualGpu/Exec/NarrowFloat.h"
#include "runtime/VirtualGpu/TensorMap.h"

#include <algorithm>

namespace tenon::vgpu {

namespace {

constexpr unsigned kRows = 16, kMostN = 256, kWarpsOfGroup = 4;
/// What one read of shared memory takes: consecutive elements of a row.
constexpr unsigned kRunBytes = 16;
/// A side's elements contracted by one instruction are two runs.
constexpr unsigned kDepthBytes = 2 * kRunBytes;

// Operand types: how an element stands in memory, and what number it is.
struct F16 {
  using Element = uint16_t;
  using Number = float;
  static constexpr MmaType kType = MmaType::F16;
  static Number widen(Element bits) { return fromF16(bits); }
};
struct Bf16 {
  using Element = uint16_t;
  using Number = float;
  static constexpr MmaType kType = MmaType::Bf16;
  static Number widen(Element bits) { return fromBf16(bits); }
};
struct Tf32 {
  using Element = uint32_t;
  using Number = float;
  static constexpr MmaType kType = MmaType::Tf32;
  // The machine ignores the lower bits.
  static Number widen(Element bits) { return bitsFloat(bits & ~0x1fffu); }
};
struct S8 {
  using Element = int8_t;
  using Number = int32_t;
  static constexpr MmaType kType = MmaType::Int8;
  static Number widen(Element bits) { return bits; }
};
struct U8 {
  using Element = uint8_t;
  using Number = int32_t;
  static constexpr MmaType kType = MmaType::Int8;
  static Number widen(Element bits) { return bits; }
};
struct E4m3 {
  using Element = uint8_t;
  using Number = float;
  static constexpr MmaType kType = MmaType::Fp8;
  static Number widen(Element bits) { return fromE4m3(bits); }
};
struct E5m2 {
  using Element = uint8_t;
  using Number = float;
  static constexpr MmaType kType = MmaType::Fp8;
  static Number widen(Element bits) { return fromE5m2(bits); }
};

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
  /// Where a run along k stands, `bytes` from the first of its row.
  uint32_t alongK(uint32_t row, uint32_t bytes) const {
    uint32_t at = start + row / 8 * stride + row % 8 * rowBytes();
    at += swizzle == TensorMap::None ? bytes / kRunBytes * leading : bytes;
    return swizzled(at, swizzle);
  }
  /// Where eight rows (or columns) of one k stand, for a transposed matrix of
  /// 16-bit elements: atoms as wide as the swizzle's row, `leading` apart, and
  /// `stride` between eights of k.
  uint32_t alongRows(uint32_t row, uint32_t k) const {
    uint32_t atom = rowBytes() / 2;
    uint32_t at = start + row / atom * leading + k / 8 * stride +
                  k % 8 * rowBytes() + row % atom * 2;
    return swizzled(at, swizzle);
  }
};

/// What a warp of the group multiplies.
template <typename T> struct Product {
  using Number = typename T::Number;
  static constexpr unsigned kK = kDepthBytes / sizeof(typename T::Element);
  Number a[kRows][kK];
  Number b[kK][kMostN];
  Number c[kRows][kMostN];
};

/// Reads a product's sides.
template <typename A, typename B> class Operands {
public:
  using Number = typename A::Number;
  static constexpr unsigned kElementBytes = sizeof(typename A::Element),
                            kRun = kRunBytes / kElementBytes,
                            kK = Product<A>::kK;

  Operands(Warp &warp, const Instruction &inst) : warp(warp), inst(inst) {}

  /// False after a report.
  bool readSides(Product<A> &product, unsigned n) {
    if (inst.slot[1] == kNoSlot)
      readRegisters(product);
    else if (!readLeft(product))
      return false;
    return readRight(product, n);
  }

  bool isUndefined = false;

private:
  /// A run at a place in shared memory.
  template <typename T> bool read(uint32_t offset, Number *to);
  bool readLeft(Product<A> &product);
  void readRegisters(Product<A> &product) const;
  bool readRight(Product<A> &product, unsigned n);

  Warp &warp;
  const Instruction &inst;
};

template <typename A, typename B>
template <typename T>
bool Operands<A, B>::read(uint32_t offset, Number *to) {
  Instruction access = inst;
  access.space = ptx::Space::Shared;
  LaneBytes at =
      resolve(warp, access, 0, offset, kRunBytes, AccessKind::AsyncRead);
  if (!at.bytes)
    return false;
  if (SharedClocks *clocks = warp.block->clocks.get()) {
    clocks->startRead(warp.clock, offset, kRunBytes);
    warp.products.reads.push_back(
        {warp.products.numGroups, offset, kRunBytes, 0, inst.id});
  }
  isUndefined |= at.defined && !allDefined(at.defined, kRunBytes);
  for (unsigned i = 0; i < kRun; ++i) {
    typename T::Element bits;
    std::memcpy(&bits, at.bytes + i * sizeof(bits), sizeof(bits));
    to[i] = T::widen(bits);
  }
  return true;
}

template <typename A, typename B>
bool Operands<A, B>::readLeft(Product<A> &product) {
  Descriptor at(warp.lanes<uint64_t>(inst.slot[1])[0]);
  unsigned first = warp.id % kWarpsOfGroup * kRows;
  bool isTransposed = inst.flags & kTransposedA;
  for (unsigned row = 0; row < kRows; row += isTransposed ? kRun : 1)
    for (unsigned k = 0; k < kK; k += isTransposed ? 1 : kRun) {
      Number run[kRun];
      if (!read<A>(isTransposed ? at.alongRows(first + row, k)
                                : at.alongK(first + row, k * kElementBytes),
                   run))
        return false;
      for (unsigned i = 0; i < kRun; ++i)
        product.a[row + (isTransposed ? i : 0)][k + (isTransposed ? 0 : i)] =
            run[i];
    }
  return true;
}

// As the A fragment of mma.sync's 16 rows.
template <typename A, typename B>
void Operands<A, B>::readRegisters(Product<A> &product) const {
  constexpr unsigned kPerRegister = 4 / kElementBytes;
  const uint32_t *registers = inst.list + inst.immediate / 2;
  for (unsigned r = 0; r < 4; ++r)
    for (unsigned lane = 0; lane < kWarpSize; ++lane) {
      const auto *elements = reinterpret_cast<const typename A::Element *>(
          warp.lanes<uint32_t>(registers[r]) + lane);
      unsigned row = lane / 4 + 8 * (r % 2),
               k = (r / 2 * 4 + lane % 4) * kPerRegister;
      for (unsigned i = 0; i < kPerRegister; ++i)
        product.a[row][k + i] = A::widen(elements[i]);
    }
}

template <typename A, typename B>
bool Operands<A, B>::readRight(Product<A> &product, unsigned n) {
  Descriptor at(warp.lanes<uint64_t>(inst.slot[2])[0]);
  bool isTransposed = inst.flags & kTransposedB;
  for (unsigned column = 0; column < n; column += isTransposed ? kRun : 1)
    for (unsigned k = 0; k < kK; k += isTransposed ? 1 : kRun) {
      Number run[kRun];
      if (!read<B>(isTransposed ? at.alongRows(column, k)
                                : at.alongK(column, k * kElementBytes),
                   run))
        return false;
      for (unsigned i = 0; i < kRun; ++i)
        product.b[k + (isTransposed ? 0 : i)][column + (isTransposed ? i : 0)] =
            run[i];
    }
  return true;
}

/// Register i of a lane: two columns of two rows, over and over.
std::pair<unsigned, unsigned> placeOf(unsigned i, unsigned lane) {
  return {lane / 4 + 8 * (i / 2 % 2), i / 4 * 8 + lane % 4 * 2 + i % 2};
}

template <typename T>
TENON_VGPU_INLINE void multiplyRows(Product<T> &product, unsigned n) {
  for (unsigned row = 0; row < kRows; ++row)
    for (unsigned k = 0; k < Product<T>::kK; ++k) {
      typename T::Number a = product.a[row][k];
      for (unsigned column = 0; column < n; ++column)
        product.c[row][column] += a * product.b[k][column];
    }
}
template <typename T> void multiplyBase(Product<T> &product, unsigned n) {
  multiplyRows(product, n);
}
template <typename T>
TENON_VGPU_WIDE void multiplyWide(Product<T> &product, unsigned n) {
  multiplyRows(product, n);
}

/// A warp's share: its rows of A, and for one warp of the group B, which the
/// four read together.
void countProduct(Warp &warp, const Instruction &inst, MmaType type,
                  unsigned depth) {
  uint64_t n = inst.immediate, flops = 2 * kRows * n * depth;
  Counters &counters = warp.worker->counters;
  counters.mmaFlops += flops;
  counters.wgmmaFlops[unsigned(type)] += flops;
  if (inst.slot[1] != kNoSlot)
    countSharedBytes(*warp.worker, kRows * kDepthBytes);
  if (warp.id % kWarpsOfGroup == 0)
    countSharedBytes(*warp.worker, n * kDepthBytes);
}

template <typename T>
void loadSums(const Warp &warp, const Instruction &inst, Product<T> &product) {
  using Number = typename T::Number;
  bool addsToD = warp.mask(inst.slot[3]) & 1;
  for (unsigned i = 0; i < inst.immediate / 2; ++i)
    for (unsigned lane = 0; lane < kWarpSize; ++lane) {
      auto [row, column] = placeOf(i, lane);
      product.c[row][column] =
          addsToD ? warp.lanes<Number>(inst.list[i])[lane] : Number(0);
    }
}

template <typename T>
void storeSums(Warp &warp, const Instruction &inst, const Product<T> &product) {
  for (unsigned i = 0; i < inst.immediate / 2; ++i)
    for (unsigned lane = 0; lane < kWarpSize; ++lane) {
      auto [row, column] = placeOf(i, lane);
      warp.lanes<typename T::Number>(inst.list[i])[lane] =
          product.c[row][column];
    }
}

template <typename A, typename B>
void wgmma(Warp &warp, const Instruction &inst, uint32_t mask) {
  if (!isWholeWarp(warp, inst, mask))
    return;
  warp.outcome = Outcome::Next;
  unsigned n = inst.immediate;
  auto product = std::make_unique<Product<A>>();
  Operands<A, B> operands(warp, inst);
  if (!operands.readSides(*product, n))
    return;
  if (bool(inst.flags & kNegatedA) != bool(inst.flags & kNegatedB))
    for (auto &row : product->a)
      for (auto &element : row)
        element = -element;
  loadSums(warp, inst, *product);
  hostIsWide() ? multiplyWide<A>(*product, n) : multiplyBase<A>(*product, n);
  storeSums(warp, inst, *product);
  if (operands.isUndefined)
    for (unsigned i = 0; i < n / 2; ++i)
      markUndefined(warp, inst.list[i], kFullMask);
  countProduct(warp, inst, A::kType, Product<A>::kK);
}

template <typename A, typename B> WgmmaForm form(std::string_view types) {
  return {types, Product<A>::kK, A::kType, wgmma<A, B>};
}

} // namespace

const WgmmaForm *findWgmma(std::string_view types) {
  static const WgmmaForm kForms[] = {
      form<F16, F16>("f32.f16.f16"),     form<Bf16, Bf16>("f32.bf16.bf16"),
      form<Tf32, Tf32>("f32.tf32.tf32"), form<S8, S8>("s32.s8.s8"),
      form<S8, U8>("s32.s8.u8"),         form<U8, S8>("s32.u8.s8"),
      form<U8, U8>("s32.u8.u8"),         form<E4m3, E4m3>("f32.e4m3.e4m3"),
      form<E4m3, E5m2>("f32.e4m3.e5m2"), form<E5m2, E4m3>("f32.e5m2.e4m3"),
      form<E5m2, E5m2>("f32.e5m2.e5m2")};
  for (const WgmmaForm &each : kForms)
    if (each.types == types)
      return &each;
  return nullptr;
}

void commitWgmma(Warp &warp, const Instruction &, uint32_t) {
  ++warp.products.numGroups;
  if (warp.block->clocks)
    warp.block->clocks->release(warp.clock, warp.products.released);
  ++warp.block->progress;
}

/// What the groups before `numDone` read is read, for whoever learns of it from
/// this warp.
static void finishReads(Warp &waiter, Warp &warp, uint64_t numDone) {
  std::erase_if(warp.products.reads, [&](const AsyncRead &read) {
    if (read.group >= numDone)
      return false;
    waiter.block->clocks->finishRead(waiter.clock, read.offset, read.sizeBytes);
    return true;
  });
}

void waitForWgmma(Warp &warp, const Instruction &inst, uint32_t) {
  std::vector<Warp> &warps = warp.block->warps;
  size_t first = warp.id / kWarpsOfGroup * kWarpsOfGroup;
  size_t last = std::min(first + kWarpsOfGroup, warps.size());
  uint64_t numGroups = warp.products.numGroups, left = inst.immediate;
  for (size_t i = first; i < last; ++i)
    if (warps[i].alive && warps[i].products.numGroups + left < numGroups) {
      warp.outcome = Outcome::Retry;
      return;
    }
  warp.outcome = Outcome::Next;
  uint64_t numDone = numGroups > left ? numGroups - left : 0;
  warp.products.numDone = std::max(warp.products.numDone, numDone);
  // The product is one of the warpgroup: when it is done, all have read.
  if (warp.block->clocks)
    for (size_t i = first; i < last; ++i) {
      warp.block->clocks->acquire(warp.clock, warps[i].products.released);
      finishReads(warp, warps[i], numDone);
    }
  // Who waits later finds nothing left, and must know of this all the same.
  if (warp.block->clocks)
    warp.block->clocks->release(warp.clock, warp.products.released);
}

} // namespace tenon::vgpu
