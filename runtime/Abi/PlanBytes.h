//===- PlanBytes.h - a Plan as bytes, and back ----------------------------===//
//
// The members of each struct one after another, in the order of Plan.h, little-
// endian, without padding: numbers at their full width, an enum as one byte, a
// string or a list as a 32-bit count and its elements, a step as one byte that
// tells which and its members. Two plans that differ only in numbers have
// equally many bytes: weight offsets and checksums can be filled in later.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_ABI_PLANBYTES_H
#define TENON_RUNTIME_ABI_PLANBYTES_H

#include "runtime/Abi/Plan.h"
#include "runtime/Core/Status.h"

#include <cstddef>
#include <span>
#include <vector>

namespace tenon::abi {

std::vector<std::byte> writePlan(const Plan &plan);

/// Reads exactly `bytes`. BadArtifact when they end early or late, a count is
/// larger than what can follow, or an enum has an unknown value. What the plan
/// then says may still be nonsense: checkPlan (PlanCheck.h) comes next.
rt::Result<Plan> readPlan(std::span<const std::byte> bytes);

} // namespace tenon::abi

#endif // TENON_RUNTIME_ABI_PLANBYTES_H
