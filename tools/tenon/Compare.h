//===- Compare.h - do outputs equal a reference, and where not first? -----===//

#ifndef TENON_TOOLS_TENON_COMPARE_H
#define TENON_TOOLS_TENON_COMPARE_H

#include "tools/tenon/Tensors.h"

namespace tenon::tool {

/// A number x equals the expected e when |x - e| <= absolute + relative * |e|,
/// when both are NaN, and when both are the same infinity.
struct Tolerance {
  double relative = 1e-5, absolute = 1e-6;
};

/// Compares each tensor of `expected` with the output of its name. BadInput
/// says which output differs, where first, and how much.
rt::Result<void> compare(const Tensors &outputs, const Tensors &expected,
                         Tolerance tolerance);

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_COMPARE_H
