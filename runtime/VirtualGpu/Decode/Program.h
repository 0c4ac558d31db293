//===- Program.h - a kernel, decoded ---------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_DECODE_PROGRAM_H
#define TENON_RUNTIME_VIRTUALGPU_DECODE_PROGRAM_H

#include "runtime/VirtualGpu/Machine.h"

namespace tenon::vgpu {

struct KernelProgram {
  KernelInfo info;
};

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_DECODE_PROGRAM_H
