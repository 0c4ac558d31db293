//===- LinkObject.h - objects become the loadable part of an artifact -----===//

#ifndef TENON_COMPILER_EMIT_CPU_LINKOBJECT_H
#define TENON_COMPILER_EMIT_CPU_LINKOBJECT_H

#include "compiler/Emit/Cpu/EmitObject.h"

#include "llvm/ADT/ArrayRef.h"

namespace tenon {

/// Links `objects` to one shared object that needs nothing: no library, no
/// undefined symbol, no constructors, relocations only of its own addresses.
/// The same objects give the same bytes. Errors at `loc`, naming every
/// undefined symbol.
mlir::FailureOr<Bytes> linkSharedObject(mlir::Location loc,
                                        llvm::ArrayRef<Bytes> objects);

/// The virtual address of the function or datum that `sharedObject` exports as
/// `name`. Errors at `loc` if there is none.
mlir::FailureOr<uint64_t> symbolAddress(mlir::Location loc,
                                        llvm::ArrayRef<char> sharedObject,
                                        llvm::StringRef name);

} // namespace tenon

#endif // TENON_COMPILER_EMIT_CPU_LINKOBJECT_H
