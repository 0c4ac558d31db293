//===- corrupt.cpp - imports a model cut short and with bytes altered -----===//
//
//   onnx-corrupt altered.onnx model.onnx ...
//
// Writes each altered form of the models to the first file and imports that:
// cut off at every length, and with every byte changed in several ways. An
// import succeeds or says one error.
//
//===----------------------------------------------------------------------===//

#include "frontends/Onnx/Import.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tenon;

static void writeFile(StringRef path, StringRef bytes) {
  // A new file each time: one that is overwritten is flushed to the disk.
  std::error_code error = llvm::sys::fs::remove(path);
  llvm::raw_fd_ostream stream(path, error);
  if (error)
    llvm::report_fatal_error("cannot write the altered file");
  stream << bytes;
}

namespace {
/// Imports bytes and counts what becomes of them.
class Importing {
public:
  explicit Importing(StringRef path) : path(path) {
    context.getDiagEngine().registerHandler([&](Diagnostic &diagnostic) {
      numErrors += diagnostic.getSeverity() == DiagnosticSeverity::Error;
      return success();
    });
  }

  /// False when a failure does not say exactly one error, or a success says
  /// any.
  bool import(StringRef bytes) {
    writeFile(path, bytes);
    numErrors = 0;
    bool isGood = succeeded(onnx::importOnnx(&context, path));
    ++(isGood ? numImported : numRefused);
    return numErrors == (isGood ? 0u : 1u);
  }

  unsigned numImported = 0, numRefused = 0, numErrors = 0;

private:
  std::string path;
  MLIRContext context{MLIRContext::Threading::DISABLED};
};
} // namespace

/// Imports every altered form of the bytes; how many were wrong.
static unsigned importAltered(Importing &importing, StringRef bytes,
                              StringRef name) {
  unsigned numWrong = 0;
  auto check = [&](StringRef altered, const Twine &how) {
    if (importing.import(altered))
      return;
    ++numWrong;
    llvm::outs() << name << ' ' << how << " says " << importing.numErrors
                 << " errors\n";
  };
  for (size_t length = 0; length < bytes.size(); ++length)
    check(bytes.take_front(length), "cut off at " + Twine(length));
  for (size_t at = 0; at < bytes.size(); ++at)
    for (char change : {'\xff', '\x01', '\x80', '\x07'}) {
      std::string altered = bytes.str();
      altered[at] ^= change;
      check(altered, "with byte " + Twine(at) + " xor " +
                         Twine(static_cast<int>(change)));
    }
  return numWrong;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    llvm::errs() << "usage: onnx-corrupt <altered file to write> <model> ...\n";
    return 1;
  }
  Importing importing(argv[1]);
  unsigned numWrong = 0;
  for (StringRef path : ArrayRef(argv, argc).drop_front(2)) {
    auto file = llvm::MemoryBuffer::getFile(path);
    if (!file || !importing.import((*file)->getBuffer()) ||
        importing.numErrors != 0) {
      llvm::outs() << path << " is not imported\n";
      return 1;
    }
    numWrong += importAltered(importing, (*file)->getBuffer(), path);
  }
  llvm::outs() << importing.numImported << " imported, " << importing.numRefused
               << " refused, " << numWrong << " wrong\n";
  return numWrong != 0;
}
