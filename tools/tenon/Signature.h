//===- Signature.h - what a model takes and gives, for people -------------===//

#ifndef TENON_TOOLS_TENON_SIGNATURE_H
#define TENON_TOOLS_TENON_SIGNATURE_H

#include "runtime/Abi/Plan.h"

#include <string>

namespace tenon::tool {

/// Who made it and for which CPU, then a line for each input, output and
/// symbol: "input   x: f32 [B, 3]", "symbol  B from 1 to 8".
std::string signatureText(const abi::Plan &plan);

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_SIGNATURE_H
