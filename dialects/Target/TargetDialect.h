//===- TargetDialect.h - machines as attributes ---------------------------===//

#ifndef TENON_DIALECTS_TARGET_TARGETDIALECT_H
#define TENON_DIALECTS_TARGET_TARGETDIALECT_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"

#include <optional>

#include "dialects/Target/TargetDialect.h.inc"
#include "dialects/Target/TargetEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Target/TargetAttrs.h.inc"

namespace tenon::target {

/// Every feature that compiler and runtime know by name, in LLVM's spelling and
/// in the order in which machines gained them.
inline constexpr llvm::StringLiteral kFeatureNames[] = {
    "avx2",       "fma",        "f16c",     "bmi",        "bmi2",
    "lzcnt",      "movbe",      "avx512f",  "avx512bw",   "avx512cd",
    "avx512dq",   "avx512vl",   "prfchw",   "avx512vbmi", "avx512vbmi2",
    "avx512vnni", "avx512bf16", "amx-tile", "amx-bf16",   "amx-int8"};

} // namespace tenon::target

#endif // TENON_DIALECTS_TARGET_TARGETDIALECT_H
