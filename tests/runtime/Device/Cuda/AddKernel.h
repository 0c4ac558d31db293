//===- AddKernel.h - one kernel as PTX ------------------------------------===//

#ifndef TENON_TESTS_RUNTIME_DEVICE_CUDA_ADDKERNEL_H
#define TENON_TESTS_RUNTIME_DEVICE_CUDA_ADDKERNEL_H

#include <string_view>

namespace tenon::test {

/// add(p, n, value): p[i] += value for i < n, one element for each thread.
inline constexpr std::string_view kAddPtx = R"(
.version 8.0
.target sm_80
.address_size 64

.visible .entry add(.param .u64 p, .param .u64 n, .param .u32 value)
{
  .reg .pred %q;
  .reg .b32 %r<8>;
  .reg .b64 %d<8>;
  ld.param.u64 %d1, [p];
  ld.param.u64 %d2, [n];
  ld.param.u32 %r5, [value];
  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %ntid.x;
  mov.u32 %r3, %tid.x;
  mad.lo.s32 %r4, %r1, %r2, %r3;
  cvt.u64.u32 %d3, %r4;
  setp.ge.u64 %q, %d3, %d2;
  @%q bra done;
  cvta.to.global.u64 %d1, %d1;
  shl.b64 %d3, %d3, 2;
  add.s64 %d1, %d1, %d3;
  ld.global.u32 %r6, [%d1];
  add.s32 %r6, %r6, %r5;
  st.global.u32 [%d1], %r6;
done:
  ret;
}
)";

} // namespace tenon::test

#endif // TENON_TESTS_RUNTIME_DEVICE_CUDA_ADDKERNEL_H
