// Writes the probes as PTX.

#include "tests/gpu/Probes.h"

namespace tenon::test {

static constexpr const char kHead[] = R"(.version 7.0
.target sm_80
.address_size 64

.visible .entry nothing()
{
  ret;
}

.visible .entry read(.param .u64 from, .param .u64 n, .param .u64 to)
{
  .reg .pred %q;
  .reg .b32 %r<12>;
  .reg .b64 %d<10>;
  ld.param.u64 %d1, [from];
  ld.param.u64 %d2, [n];
  ld.param.u64 %d3, [to];
  cvta.to.global.u64 %d1, %d1;
  cvta.to.global.u64 %d3, %d3;
  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %ntid.x;
  mov.u32 %r3, %tid.x;
  mad.lo.u32 %r4, %r1, %r2, %r3;
  mov.u32 %r5, %nctaid.x;
  mul.lo.u32 %r5, %r5, %r2;
  cvt.u64.u32 %d4, %r4;
  cvt.u64.u32 %d5, %r5;
  mov.u32 %r6, 0;
turn:
  setp.ge.u64 %q, %d4, %d2;
  @%q bra done;
  shl.b64 %d6, %d4, 4;
  add.u64 %d6, %d6, %d1;
  ld.global.v4.u32 {%r7, %r8, %r9, %r10}, [%d6];
  xor.b32 %r7, %r7, %r8;
  xor.b32 %r9, %r9, %r10;
  xor.b32 %r6, %r6, %r7;
  xor.b32 %r6, %r6, %r9;
  add.u64 %d4, %d4, %d5;
  bra turn;
done:
  mul.wide.u32 %d7, %r4, 4;
  add.u64 %d7, %d7, %d3;
  st.global.u32 [%d7], %r6;
  ret;
}

.visible .entry multiply(.param .u64 n, .param .u64 to)
{
  .reg .pred %q;
  .reg .b32 %r<8>;
  .reg .b64 %d<4>;
  .reg .f32 %f<64>;
  ld.param.u64 %d1, [n];
  ld.param.u64 %d2, [to];
  cvta.to.global.u64 %d2, %d2;
  cvt.u32.u64 %r1, %d1;
  mov.u32 %r2, 0x3f803f80;
)";

static constexpr const char kTail[] = R"(  sub.u32 %r1, %r1, 1;
  setp.gt.u32 %q, %r1, 0;
  @%q bra turn;
)";

static constexpr const char kEnd[] = R"(  mov.u32 %r3, %ctaid.x;
  mov.u32 %r4, %ntid.x;
  mov.u32 %r5, %tid.x;
  mad.lo.u32 %r6, %r3, %r4, %r5;
  mul.wide.u32 %d3, %r6, 4;
  add.u64 %d3, %d3, %d2;
  st.global.f32 [%d3], %f0;
  ret;
}
)";

/// "{%f4, %f5, %f6, %f7}" of the first product but one.
static std::string sums(unsigned product) {
  std::string text;
  for (unsigned i = 0; i < 4; ++i)
    text += (i ? ", %f" : "{%f") + std::to_string(4 * product + i);
  return text + "}";
}

std::string probesPtx() {
  std::string text = kHead;
  for (unsigned i = 0; i < 4 * kProductsInFlight; ++i)
    text += "  mov.f32 %f" + std::to_string(i) + ", 0f00000000;\n";
  text += "turn:\n";
  for (unsigned i = 0; i < kProductsInFlight; ++i)
    text += "  mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 " + sums(i) +
            ", {%r2, %r2, %r2, %r2}, {%r2, %r2}, " + sums(i) + ";\n";
  text += kTail;
  // All of them are results, so that none is left out: the largest of equals.
  for (unsigned i = 1; i < 4 * kProductsInFlight; ++i)
    text += "  max.f32 %f0, %f0, %f" + std::to_string(i) + ";\n";
  return text + kEnd;
}

} // namespace tenon::test
