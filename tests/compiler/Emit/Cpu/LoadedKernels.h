//===- LoadedKernels.h - textual MLIR, compiled and loaded into a test ----===//
//
//   LoadedKernels kernels = LoadedKernels::compile(context, text);
//   kernels.function("add")(buffers, scalars, 0, n, scratch);
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TESTS_COMPILER_EMIT_CPU_LOADEDKERNELS_H
#define TENON_TESTS_COMPILER_EMIT_CPU_LOADEDKERNELS_H

#include "compiler/Emit/Cpu/EmitObject.h"

#include "mlir/IR/OwningOpRef.h"

#include <string>

namespace tenon {

using KernelFn = void (*)(void *const *, const int64_t *, int64_t, int64_t,
                          void *);

/// The dialects that kernels are printed in, and nothing else.
void loadKernelDialects(mlir::MLIRContext &context);

/// The kernels of one module as code in this process.
class LoadedKernels {
public:
  /// Compiles for `target`, which this machine must have. Fails the test and
  /// holds nothing if any step fails.
  static LoadedKernels compile(mlir::MLIRContext &context, llvm::StringRef text,
                               llvm::StringRef target = "native");

  LoadedKernels(LoadedKernels &&other) noexcept : handle(other.handle) {
    other.handle = nullptr;
  }
  ~LoadedKernels();

  /// Null, and a failed test, if there is none of that name.
  KernelFn function(const std::string &name) const;

private:
  LoadedKernels() = default;
  void *handle = nullptr; ///< of dlopen
};

} // namespace tenon

#endif // TENON_TESTS_COMPILER_EMIT_CPU_LOADEDKERNELS_H
