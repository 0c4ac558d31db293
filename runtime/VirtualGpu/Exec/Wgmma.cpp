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
#include "runtime/VirtualGpu/Exec/MatrixOperands.h"

#include <algorithm>

namespace tenon::vgpu {

namespace {

using namespace element;

constexpr unsigned kRows = 16, kWarpsOfGroup = 4;

/// What a warp of the group multiplies.
template <typename T> struct Product {
  using Number = typename T::Number;
  static constexpr unsigned kK = kDepth<T>;
  Number a[kRows][kK];
  Number b[kK][kMostN];
  Number c[kRows][kMostN];
};

/// Reads a product's sides.
template <typename A, typename B> class Operands {
public:
  using Number = typename A::Number;
  static constexpr unsigned kElementBytes = sizeof(typename A::Element);

  Operands(Warp &warp, const Instruction &inst) : warp(warp), inst(inst) {
    access.space = ptx::Space::Shared;
  }

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
  /// A run at a place in shared memory; null after a report.
  const uint8_t *read(uint32_t offset);
  bool readLeft(Product<A> &product);
  void readRegisters(Product<A> &product) const;
  bool readRight(Product<A> &product, unsigned n);

  Warp &warp;
  const Instruction &inst;
  Instruction access = inst; ///< as one of shared memory
};

template <typename A, typename B>
const uint8_t *Operands<A, B>::read(uint32_t offset) {
  LaneBytes at =
      resolve(warp, access, 0, offset, kRunBytes, AccessKind::AsyncRead);
  if (!at.bytes)
    return nullptr;
  if (SharedClocks *clocks = warp.block->clocks.get()) {
    clocks->startRead(warp.clock, offset, kRunBytes);
    warp.products.reads.push_back(
        {warp.products.numGroups, offset, kRunBytes, 0, inst.id});
  }
  isUndefined |= at.defined && !allDefined(at.defined, kRunBytes);
  return at.bytes;
}

template <typename A, typename B>
bool Operands<A, B>::readLeft(Product<A> &product) {
  return readSide<A>(
      MatrixDescriptor(warp.lanes<uint64_t>(inst.slot[1])[0]),
      warp.id % kWarpsOfGroup * kRows, kRows, inst.flags & kTransposedA,
      [&](uint32_t offset) { return read(offset); },
      [&](unsigned row, unsigned k, Number a) { product.a[row][k] = a; });
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
  return readSide<B>(
      MatrixDescriptor(warp.lanes<uint64_t>(inst.slot[2])[0]), 0, n,
      inst.flags & kTransposedB, [&](uint32_t offset) { return read(offset); },
      [&](unsigned column, unsigned k, Number b) { product.b[k][column] = b; });
}

/// Register i of a lane: two columns of two rows, over and over.
std::pair<unsigned, unsigned> placeOf(unsigned i, unsigned lane) {
  return {lane / 4 + 8 * (i / 2 % 2), i / 4 * 8 + lane % 4 * 2 + i % 2};
}

template <typename T>
TENON_VGPU_INLINE void multiplyRows(Product<T> &product, unsigned n) {
  for (unsigned row = 0; row < kRows; ++row)
    addProducts(product.c[row], product.a[row], product.b, n);
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
