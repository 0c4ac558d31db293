//===- EmitObject.h - kernels become native code --------------------------===//
//
//   FailureOr<std::vector<Bytes>> objects = emitObjects(kernels, cpu);
//   FailureOr<Bytes> library = linkSharedObject(loc, *objects);
//   FailureOr<uint64_t> address = symbolAddress(loc, *library, "layer_norm");
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_EMIT_CPU_EMITOBJECT_H
#define TENON_COMPILER_EMIT_CPU_EMITOBJECT_H

#include "dialects/Target/TargetDialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"

#include <string>
#include <vector>

namespace tenon {

using Bytes = std::vector<char>;

/// Compiles every public function of `kernels` for `cpu`: one
/// position-independent ELF object each, in the order of the functions,
/// compiled in parallel on the context's threads. The module, in the ops that
/// lowerToLlvm takes, is left as it is. The same module gives the same bytes.
mlir::FailureOr<std::vector<Bytes>> emitObjects(mlir::ModuleOp kernels,
                                                target::CpuAttr cpu);

/// Bytes that a shared object is to export.
struct NamedData {
  std::string name;
  llvm::StringRef bytes;
};
/// An object that has them, each aligned to 64 bytes, and no code.
mlir::FailureOr<Bytes> emitData(mlir::Location loc,
                                llvm::ArrayRef<NamedData> data);

enum class TextForm { Llvm, Assembly };

/// What each kernel became, one after another: optimised LLVM IR, or assembly.
mlir::FailureOr<std::string> emitText(mlir::ModuleOp kernels,
                                      target::CpuAttr cpu, TextForm form);

} // namespace tenon

#endif // TENON_COMPILER_EMIT_CPU_EMITOBJECT_H
