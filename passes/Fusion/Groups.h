//===- Groups.h - groups of ops that become one kernel --------------------===//

#ifndef TENON_PASSES_FUSION_GROUPS_H
#define TENON_PASSES_FUSION_GROUPS_H

#include "dialects/Graph/GraphDialect.h"

namespace tenon {

/// The kind of kernel that the op makes; None for what makes none, or null.
KernelClass classOf(mlir::Operation *op);

/// The kind of the kernel that the group makes.
KernelClass strongestClass(graph::GroupOp group);

/// A group, at the builder, that computes `root` with clones of `members` (in
/// order). They read `inside`, which is `outside` where the group stands.
graph::GroupOp makeGroup(mlir::OpBuilder &builder, mlir::Value root,
                         mlir::ArrayRef<mlir::Operation *> members,
                         mlir::ValueRange inside, mlir::ValueRange outside);

} // namespace tenon

#endif // TENON_PASSES_FUSION_GROUPS_H
