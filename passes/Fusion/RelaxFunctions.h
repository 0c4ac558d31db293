//===- RelaxFunctions.h - functions of what is rounded anyway -------------===//

#ifndef TENON_PASSES_FUSION_RELAXFUNCTIONS_H
#define TENON_PASSES_FUSION_RELAXFUNCTIONS_H

#include "dialects/Tile/TileDialect.h"

namespace tenon {

/// Marks the functions whose results come to nothing but numbers of bf16 or of
/// 8 bits: those with tile::kRelative in a map that is scaled at most before it
/// is rounded, or divided by a sum of exponentials. They get
/// tile::kRoundedToBf16.
void relaxFunctions(tile::KernelOp kernel);

} // namespace tenon

#endif // TENON_PASSES_FUSION_RELAXFUNCTIONS_H
