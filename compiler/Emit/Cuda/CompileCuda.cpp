//===- CompileCuda.cpp - printed kernels become device code ---------------===//

#include "compiler/Emit/Cuda/CompileCuda.h"

#include "mlir/IR/Threading.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace mlir;

namespace tenon::cuda {

std::string unitText(const CudaKernel &kernel) {
  return ("#line 1 \"tenon.cuh\"\n" + deviceLibrary() +
          "using namespace tenon;\n#line 1 \"" + kernel.name + ".cu\"\n" +
          kernel.form.text)
      .str();
}

//===----------------------------------------------------------------------===//
// Binaries that are kept
//===----------------------------------------------------------------------===//

// A file holds four numbers and the sizes of both texts in a line, then these.

static std::string cacheFolder(const CudaOptions &options) {
  if (!options.cacheFolder.empty())
    return options.cacheFolder;
  if (const char *named = std::getenv("TENON_CACHE_DIR"))
    return named;
  llvm::SmallString<128> folder;
  if (!llvm::sys::path::cache_directory(folder))
    return "";
  llvm::sys::path::append(folder, "tenon");
  return folder.str().str();
}

/// Of all that the binary follows from.
static std::string keyOf(const Unit &unit, StringRef version) {
  llvm::SHA256 hash;
  for (StringRef part : {StringRef("2"), version, StringRef(unit.arch),
                         StringRef(unit.name), StringRef(unit.text)}) {
    hash.update(part);
    hash.update(ArrayRef<uint8_t>(0));
  }
  for (const char *option : nvrtcOptions())
    hash.update(option);
  return llvm::toHex(hash.final(), /*LowerCase=*/true);
}

static std::optional<DeviceBinary> readBinary(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return std::nullopt;
  auto [head, rest] = (*buffer)->getBuffer().split('\n');
  SmallVector<StringRef> words;
  head.split(words, ' ');
  uint64_t numbers[6];
  if (words.size() != std::size(numbers))
    return std::nullopt;
  for (auto [word, number] : llvm::zip(words, numbers))
    if (word.getAsInteger(10, number))
      return std::nullopt;
  if (numbers[4] > rest.size() || numbers[4] + numbers[5] != rest.size())
    return std::nullopt;
  DeviceBinary binary;
  binary.registers = numbers[0];
  binary.spillBytes = numbers[1];
  binary.stackBytes = numbers[2];
  binary.staticBytes = numbers[3];
  binary.ptx = rest.take_front(numbers[4]).str();
  binary.cubin = rest.drop_front(numbers[4]).str();
  return binary;
}

/// A cache that cannot be written is none.
static void writeBinary(StringRef path, const DeviceBinary &binary) {
  StringRef folder = llvm::sys::path::parent_path(path);
  if (llvm::sys::fs::create_directories(folder))
    return;
  llvm::consumeError(llvm::writeToOutput(path, [&](raw_ostream &os) {
    os << binary.registers << ' ' << binary.spillBytes << ' '
       << binary.stackBytes << ' ' << binary.staticBytes << ' '
       << binary.ptx.size() << ' ' << binary.cubin.size() << '\n'
       << binary.ptx << binary.cubin;
    return llvm::Error::success();
  }));
}

static FailureOr<DeviceBinary> compileOrFind(Location loc, const Nvrtc &nvrtc,
                                             const Unit &unit,
                                             StringRef folder) {
  llvm::SmallString<128> path = folder;
  if (!folder.empty()) {
    llvm::sys::path::append(path, keyOf(unit, nvrtc.version()));
    if (std::optional<DeviceBinary> kept = readBinary(path))
      return *kept;
  }
  FailureOr<DeviceBinary> binary = nvrtc.compile(loc, unit);
  if (succeeded(binary) && !folder.empty())
    writeBinary(path, *binary);
  return binary;
}

FailureOr<std::vector<DeviceBinary>> compileCuda(ModuleOp module,
                                                 ArrayRef<CudaKernel> kernels,
                                                 StringRef arch,
                                                 const CudaOptions &options) {
  Location loc = module.getLoc();
  FailureOr<const Nvrtc *> nvrtc = Nvrtc::load(loc, options.cudaPath);
  if (failed(nvrtc))
    return failure();
  std::string folder = cacheFolder(options);
  std::vector<DeviceBinary> binaries(kernels.size());
  LogicalResult compiled = failableParallelForEachN(
      module.getContext(), 0, kernels.size(), [&](size_t n) -> LogicalResult {
        FailureOr<DeviceBinary> binary = compileOrFind(
            loc, **nvrtc, {kernels[n].name, unitText(kernels[n]), arch.str()},
            folder);
        if (failed(binary))
          return failure();
        binaries[n] = std::move(*binary);
        return success();
      });
  if (failed(compiled))
    return failure();
  return binaries;
}

} // namespace tenon::cuda
