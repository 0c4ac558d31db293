//===- Signature.h - what a model takes and gives, for people -------------===//

#ifndef TENON_TOOLS_TENON_SIGNATURE_H
#define TENON_TOOLS_TENON_SIGNATURE_H

#include "runtime/Program/Model.h"

#include <string>

namespace tenon::tool {

/// Who made it and for what, then a line for each input, output and symbol:
/// "input   x: f32 [B, 3]", "symbol  B from 1 to 8".
std::string signatureText(const rt::Model &model);

/// "cuda:sm_80, cuda:sm_90a": what the model has plans for.
std::string targetsText(const rt::Model &model);

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_SIGNATURE_H
