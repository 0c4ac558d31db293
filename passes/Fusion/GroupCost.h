//===- GroupCost.h - what the kernel of a group must do and move ----------===//

#ifndef TENON_PASSES_FUSION_GROUPCOST_H
#define TENON_PASSES_FUSION_GROUPCOST_H

#include "dialects/Graph/GraphDialect.h"

namespace tenon {

/// The operations of the group's ops, each op counted once however often its
/// kernel computes it. Unknown when a dim is.
graph::DimAttr countFlops(graph::GroupOp group);

/// Bytes that any kernel of the group reads and writes: its inputs, of which
/// slices and gathers take only a part, and its results.
graph::DimAttr countBytes(graph::GroupOp group);

} // namespace tenon

#endif // TENON_PASSES_FUSION_GROUPCOST_H
