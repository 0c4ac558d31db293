// atom and red: lane after lane. Kernels with atomics on global memory run on
// one worker, so that results do not depend on threads of the host.

#include "runtime/VirtualGpu/Exec/Access.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"
#include "runtime/VirtualGpu/Exec/NarrowFloat.h"

#include <cstring>

namespace tenon::vgpu {
namespace {

template <typename T> T integerResult(AtomicOp op, T old, T a, T b) {
  using U = std::make_unsigned_t<T>;
  switch (op) {
  case AtomicOp::Add:
    return T(U(old) + U(a));
  case AtomicOp::Inc:
    return old >= a ? T(0) : T(old + 1);
  case AtomicOp::Dec:
    return old == 0 || old > a ? a : T(old - 1);
  case AtomicOp::Min:
    return a < old ? a : old;
  case AtomicOp::Max:
    return old < a ? a : old;
  case AtomicOp::And:
    return old & a;
  case AtomicOp::Or:
    return old | a;
  case AtomicOp::Xor:
    return old ^ a;
  case AtomicOp::Exch:
    return a;
  case AtomicOp::Cas:
    return old == a ? b : old;
  }
  return old;
}

template <typename T> T floatResult(AtomicOp op, T old, T a) {
  switch (op) {
  case AtomicOp::Min:
    return std::fmin(old, a);
  case AtomicOp::Max:
    return std::fmax(old, a);
  case AtomicOp::Exch:
    return a;
  default:
    return old + a;
  }
}

template <typename Widen, typename Narrow>
uint16_t halfResult(AtomicOp op, uint16_t old, uint16_t a, Widen widen,
                    Narrow narrow) {
  return narrow(floatResult(op, widen(old), widen(a)));
}

uint16_t narrowResult(AtomicOp op, AtomicType type, uint16_t old, uint16_t a) {
  bool isF16 = type == AtomicType::F16 || type == AtomicType::F16x2;
  return isF16
             ? halfResult(op, old, a, fromF16, [](float x) { return toF16(x); })
             : halfResult(op, old, a, fromBf16,
                          [](float x) { return toBf16(x); });
}

template <typename T> T cast(uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}
template <typename T> uint64_t bitsOf(T value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  return bits;
}

template <typename T>
uint64_t integerBits(AtomicOp op, uint64_t old, uint64_t a, uint64_t b) {
  return bitsOf(integerResult<T>(op, cast<T>(old), cast<T>(a), cast<T>(b)));
}

uint64_t resultBits(AtomicOp op, AtomicType type, uint64_t old, uint64_t a,
                    uint64_t b) {
  switch (type) {
  case AtomicType::U16:
    return integerBits<uint16_t>(op, old, a, b);
  case AtomicType::U32:
    return integerBits<uint32_t>(op, old, a, b);
  case AtomicType::S32:
    return integerBits<int32_t>(op, old, a, b);
  case AtomicType::U64:
    return integerBits<uint64_t>(op, old, a, b);
  case AtomicType::S64:
    return integerBits<int64_t>(op, old, a, b);
  case AtomicType::F32:
    return bitsOf(floatResult(op, cast<float>(old), cast<float>(a)));
  case AtomicType::F64:
    return bitsOf(floatResult(op, cast<double>(old), cast<double>(a)));
  case AtomicType::F16:
  case AtomicType::BF16:
    return narrowResult(op, type, uint16_t(old), uint16_t(a));
  case AtomicType::F16x2:
  case AtomicType::BF16x2:
    return narrowResult(op, type, uint16_t(old), uint16_t(a)) |
           uint64_t(
               narrowResult(op, type, uint16_t(old >> 16), uint16_t(a >> 16)))
               << 16;
  }
  return old;
}

uint64_t readLane(const Warp &warp, uint32_t slot, unsigned lane,
                  unsigned sizeBytes) {
  uint64_t bits = 0;
  if (slot != kNoSlot)
    std::memcpy(&bits, warp.registers + slot + lane * sizeBytes, sizeBytes);
  return bits;
}

} // namespace

void atomic(Warp &warp, const Instruction &inst, uint32_t mask) {
  AtomicOp op = AtomicOp(inst.flags & 0xff);
  AtomicType type = AtomicType(inst.flags >> 8);
  unsigned size = inst.elementBytes;
  ++warp.block->progress;
  Address addresses[kWarpSize];
  uint32_t global = 0;
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = firstLane(rest);
    addresses[lane] = laneAddress(warp, inst, lane);
    LaneBytes at =
        resolve(warp, inst, lane, addresses[lane], size, AccessKind::Atomic);
    if (!at.bytes)
      return;
    Counters &counters = warp.worker->counters;
    ++(at.space == ptx::Space::Shared ? counters.numSharedAtomics
                                      : counters.numGlobalAtomics);
    global |= uint32_t(at.space == ptx::Space::Global) << lane;
    if (at.space == ptx::Space::Shared)
      checkSharedWrite(warp, inst, lane, at.offset, size, nullptr, true);
    if (at.defined && !allDefined(at.defined, size))
      report(warp, inst, lane, ReportKind::Uninitialised,
             "updates bytes never written");
    uint64_t old = 0;
    std::memcpy(&old, at.bytes, size);
    uint64_t result =
        resultBits(op, type, old, readLane(warp, inst.slot[2], lane, size),
                   readLane(warp, inst.slot[3], lane, size));
    std::memcpy(at.bytes, &result, size);
    if (at.defined)
      std::memset(at.defined, 1, size);
    if (inst.slot[0] != kNoSlot)
      std::memcpy(warp.registers + inst.slot[0] + lane * size, &old, size);
  }
  if (global)
    countGlobalAccess(warp, addresses, global, size, Trace::Atomic);
}

} // namespace tenon::vgpu
