//===- Passes.h - where values lie ----------------------------------------===//

#ifndef TENON_PASSES_MEMORY_PASSES_H
#define TENON_PASSES_MEMORY_PASSES_H

#include "mlir/Pass/Pass.h"

namespace tenon {
#define GEN_PASS_DECL
#include "passes/Memory/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/Memory/Passes.h.inc"
} // namespace tenon

#endif // TENON_PASSES_MEMORY_PASSES_H
