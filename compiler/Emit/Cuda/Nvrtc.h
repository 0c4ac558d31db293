//===- Nvrtc.h - NVIDIA's run-time compiler, loaded when it is needed -----===//
//
//   FailureOr<const Nvrtc *> nvrtc = Nvrtc::load(loc, "");
//   FailureOr<DeviceBinary> binary =
//       (*nvrtc)->compile(loc, {"layer_norm", text, "sm_90a"});
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_EMIT_CUDA_NVRTC_H
#define TENON_COMPILER_EMIT_CUDA_NVRTC_H

#include "mlir/IR/Location.h"
#include "mlir/Support/LLVM.h"

#include <string>

namespace tenon::cuda {

/// A translation unit.
struct Unit {
  std::string name; ///< of the kernel, for messages and line tables
  std::string text;
  std::string arch; ///< "sm_90a"
};

/// What one compilation gives.
struct DeviceBinary {
  std::string ptx, cubin;
  /// Of a thread, and of a block's static shared memory, as ptxas says.
  int64_t registers = 0, spillBytes = 0, stackBytes = 0, staticBytes = 0;
};

class Nvrtc {
public:
  /// The library of the process. Looked for below `path`, below
  /// TENON_CUDA_PATH, below /usr/local/cuda, by the loader: the first that is
  /// there decides. Errors at `loc` say where it was looked for.
  static mlir::FailureOr<const Nvrtc *> load(mlir::Location loc,
                                             llvm::StringRef path);

  /// Errors at `loc` have the compiler's first messages.
  mlir::FailureOr<DeviceBinary> compile(mlir::Location loc,
                                        const Unit &unit) const;

  /// "13.0", of the library.
  const std::string &version() const { return versionText; }

private:
  struct Functions;
  Nvrtc(const Functions &functions, std::string version)
      : functions(functions), versionText(std::move(version)) {}

  const Functions &functions;
  std::string versionText;
};

/// What all units are compiled with, beside their architecture.
llvm::ArrayRef<const char *> nvrtcOptions();

} // namespace tenon::cuda

#endif // TENON_COMPILER_EMIT_CUDA_NVRTC_H
