// Sums of more than one register: add.cc, addc, sub.cc, subc, mad.cc, madc.

#include "runtime/VirtualGpu/Exec/Handlers.h"
#include "runtime/VirtualGpu/Exec/Lanes.h"

namespace tenon::vgpu {

namespace {

__extension__ using Wide = unsigned __int128;
__extension__ using SignedWide = __int128;

struct Sum {
  uint64_t bits = 0;
  bool carries = false;
};

/// `carry` is a borrow for differences, as the carry that they leave is.
template <typename T>
Sum carrySum(CarryOp op, bool isSigned, T a, T b, T c, bool carry) {
  using S = std::make_signed_t<T>;
  constexpr unsigned kBits = 8 * sizeof(T);
  if (op == CarryOp::Subtract) {
    Wide whole = Wide(a) - Wide(b) - Wide(carry);
    return {T(whole), (whole >> kBits & 1) != 0};
  }
  T left = a, right = b;
  if (op != CarryOp::Add) {
    Wide product = isSigned ? Wide(SignedWide(S(a)) * SignedWide(S(b)))
                            : Wide(a) * Wide(b);
    left = T(op == CarryOp::MultiplyHigh ? product >> kBits : product);
    right = c;
  }
  Wide whole = Wide(left) + Wide(right) + Wide(carry);
  return {T(whole), (whole >> kBits & 1) != 0};
}

template <typename T>
void run(Warp &warp, const Instruction &inst, uint32_t mask) {
  const T *a = warp.lanes<T>(inst.slot[1]), *b = warp.lanes<T>(inst.slot[2]);
  const T *c = inst.slot[3] == kNoSlot ? b : warp.lanes<T>(inst.slot[3]);
  uint32_t in = inst.flags & kTakesCarry ? warp.mask(inst.slot[4]) : 0, out = 0;
  T result[kWarpSize];
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    Sum sum = carrySum(CarryOp(inst.flags & 0xff), inst.flags & kSignedCarry,
                       a[lane], b[lane], c[lane], hasLane(in, lane));
    result[lane] = T(sum.bits);
    out |= uint32_t(sum.carries) << lane;
  }
  storeLanes(warp.lanes<T>(inst.slot[0]), result, mask);
  if (inst.slot[5] == kNoSlot)
    return;
  uint32_t &carry = warp.mask(inst.slot[5]);
  carry = (carry & ~mask) | (out & mask);
}

} // namespace

void carryLanes(Warp &warp, const Instruction &inst, uint32_t mask) {
  inst.elementBytes == 8 ? run<uint64_t>(warp, inst, mask)
                         : run<uint32_t>(warp, inst, mask);
}

} // namespace tenon::vgpu
