//===- InlineCalls.h - bodies of functions in place of their calls
//---------------===//
//
//   call.uni (retval0), square, (param0);
//
// becomes the statements of `square`. A kernel is one list of instructions
// then, so whatever the machine knows of branches holds for calls, and a report
// names the line of the function.
//
// Recursion, calls through a register and functions that the text has no body
// of are refused. `vprintf` and `__assertfail` stay calls: the decoder knows
// what they do.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_PTX_INLINECALLS_H
#define TENON_RUNTIME_VIRTUALGPU_PTX_INLINECALLS_H

#include "runtime/Core/Status.h"
#include "runtime/VirtualGpu/Ptx/Ast.h"

namespace tenon::vgpu::ptx {

/// Changes the kernels of the text that call something.
rt::Result<void> inlineCalls(Text &text, std::string_view moduleName);

/// Parameters of inlined calls become registers where each load is of what one
/// store wrote; the others stay in a thread's local memory.
void moveCallParametersToRegisters(Function &kernel);

} // namespace tenon::vgpu::ptx

#endif // TENON_RUNTIME_VIRTUALGPU_PTX_INLINECALLS_H
