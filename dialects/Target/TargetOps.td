#ifndef TENON_DIALECTS_TARGET_TARGETOPS_TD
#define TENON_DIALECTS_TARGET_TARGETOPS_TD

// The dialect has no ops; this is the file that a dialect's build begins from.
include "dialects/Target/TargetAttrs.td"

#endif // TENON_DIALECTS_TARGET_TARGETOPS_TD
