//===- Passes.h - sizes and orders of tile kernels ------------------------===//

#ifndef TENON_PASSES_QUANT_PASSES_H
#define TENON_PASSES_QUANT_PASSES_H

#include "mlir/Pass/Pass.h"

namespace tenon {
#define GEN_PASS_DECL
#include "passes/Quant/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/Quant/Passes.h.inc"
} // namespace tenon

#endif // TENON_PASSES_QUANT_PASSES_H
