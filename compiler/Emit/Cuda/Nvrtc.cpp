//===- Nvrtc.cpp - NVIDIA's run-time compiler, loaded when it is needed ---===//

#include "compiler/Emit/Cuda/Nvrtc.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Regex.h"

#include <cstdlib>
#include <dlfcn.h>
#include <mutex>

using namespace mlir;

namespace tenon::cuda {

//===----------------------------------------------------------------------===//
// The library
//===----------------------------------------------------------------------===//

// From its documentation; no header of the toolkit is needed to build.
using Program = struct OpaqueProgram *;
struct Nvrtc::Functions {
  int (*version)(int *, int *);
  int (*create)(Program *, const char *text, const char *name, int,
                const char *const *, const char *const *);
  int (*destroy)(Program *);
  int (*compile)(Program, int, const char *const *);
  int (*ptxSize)(Program, size_t *);
  int (*ptx)(Program, char *);
  int (*cubinSize)(Program, size_t *);
  int (*cubin)(Program, char *);
  int (*logSize)(Program, size_t *);
  int (*log)(Program, char *);
};

static constexpr const char *kLibrary = "libnvrtc.so.13";

/// The library below a folder; empty where it is not.
static std::string libraryBelow(StringRef root) {
  for (StringRef folder : {"lib64", "lib", "targets/x86_64-linux/lib"}) {
    llvm::SmallString<128> path = root;
    llvm::sys::path::append(path, folder, kLibrary);
    if (llvm::sys::fs::exists(path))
      return path.str().str();
  }
  return "";
}

/// What it loads itself, by its bare name: where it lies in a folder that the
/// loader does not know, it must be there before.
static void loadBuiltins(StringRef library) {
  if (!library.contains('/'))
    return;
  std::error_code error;
  StringRef folder = llvm::sys::path::parent_path(library);
  for (llvm::sys::fs::directory_iterator it(folder, error), end;
       it != end && !error; it.increment(error))
    if (llvm::sys::path::filename(it->path())
            .starts_with("libnvrtc-builtins.so"))
      dlopen(it->path().c_str(), RTLD_NOW | RTLD_GLOBAL);
}

static FailureOr<std::string> findLibrary(Location loc, StringRef path) {
  constexpr const char *kToolkit = "/usr/local/cuda";
  const char *variable = std::getenv("TENON_CUDA_PATH");
  // A folder that somebody names must have it.
  for (auto [root, name] :
       {std::pair<StringRef, StringRef>(path, "--cuda-path"),
        {variable ? variable : "", "TENON_CUDA_PATH"}}) {
    if (root.empty())
      continue;
    std::string found = libraryBelow(root);
    if (found.empty())
      return emitError(loc) << name << ": no " << kLibrary << " below '" << root
                            << "', neither in lib64 nor in lib";
    return found;
  }
  std::string found = libraryBelow(kToolkit);
  return found.empty() ? std::string(kLibrary) : found;
}

FailureOr<const Nvrtc *> Nvrtc::load(Location loc, StringRef path) {
  static std::mutex mutex;
  static llvm::StringMap<std::unique_ptr<Nvrtc>> loaded;
  FailureOr<std::string> library = findLibrary(loc, path);
  if (failed(library))
    return failure();
  std::lock_guard lock(mutex);
  std::unique_ptr<Nvrtc> &known = loaded[*library];
  if (known)
    return known.get();
  loadBuiltins(*library);
  void *handle = dlopen(library->c_str(), RTLD_NOW);
  if (!handle)
    return emitError(loc) << "code for a GPU is compiled by NVRTC, which is "
                             "not here: expected "
                          << kLibrary
                          << " below --cuda-path, TENON_CUDA_PATH or "
                             "/usr/local/cuda, or where "
                             "the loader looks; "
                          << dlerror();
  static Functions functions; // the same names in any of them
  std::string missing;
  auto fill = [&](const char *name, auto &function) {
    void *symbol = dlsym(handle, name);
    if (!symbol)
      missing = name;
    function =
        reinterpret_cast<std::remove_reference_t<decltype(function)>>(symbol);
  };
  fill("nvrtcVersion", functions.version);
  fill("nvrtcCreateProgram", functions.create);
  fill("nvrtcDestroyProgram", functions.destroy);
  fill("nvrtcCompileProgram", functions.compile);
  fill("nvrtcGetPTXSize", functions.ptxSize);
  fill("nvrtcGetPTX", functions.ptx);
  fill("nvrtcGetCUBINSize", functions.cubinSize);
  fill("nvrtcGetCUBIN", functions.cubin);
  fill("nvrtcGetProgramLogSize", functions.logSize);
  fill("nvrtcGetProgramLog", functions.log);
  if (!missing.empty())
    return emitError(loc) << *library << " has no " << missing
                          << ": expected NVRTC 13";
  int major = 0, minor = 0;
  functions.version(&major, &minor);
  known.reset(new Nvrtc(functions,
                        std::to_string(major) + "." + std::to_string(minor)));
  return known.get();
}

//===----------------------------------------------------------------------===//
// A compilation
//===----------------------------------------------------------------------===//

ArrayRef<const char *> nvrtcOptions() {
  // What the kernel says is what is computed: multiply-adds are printed as
  // such.
  static constexpr const char *kOptions[] = {
      "--std=c++20", "--fmad=false",       "-default-device",
      "-lineinfo",   "--ptxas-options=-v", "--diag-suppress=177"};
  return kOptions;
}

/// The number before the words in ptxas' report; 0 where they are not.
static int64_t numberBefore(StringRef log, StringRef words) {
  SmallVector<StringRef> matches;
  int64_t number = 0;
  if (llvm::Regex(("([0-9]+) " + words).str()).match(log, &matches))
    matches[1].getAsInteger(10, number);
  return number;
}

/// The first lines, which say what and where.
static std::string firstLines(StringRef log) {
  constexpr size_t kLines = 12;
  SmallVector<StringRef> lines;
  log.split(lines, '\n', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  lines.truncate(std::min(lines.size(), kLines));
  return llvm::join(lines, "\n");
}

FailureOr<DeviceBinary> Nvrtc::compile(Location loc, const Unit &unit) const {
  std::string file = unit.name + ".cu";
  Program program = nullptr;
  if (functions.create(&program, unit.text.c_str(), file.c_str(), 0, nullptr,
                       nullptr))
    return emitError(loc) << "NVRTC makes no program of kernel '" << unit.name
                          << "'";
  SmallVector<const char *> options(nvrtcOptions());
  std::string arch = "--gpu-architecture=" + unit.arch;
  options.push_back(arch.c_str());
  int error = functions.compile(program, options.size(), options.data());
  auto textOf = [&](auto size, auto get) {
    size_t bytes = 0;
    size(program, &bytes);
    std::string text(bytes, '\0');
    get(program, text.data());
    return text;
  };
  auto withoutZeros = [](std::string text) {
    text.resize(text.find_last_not_of('\0') + 1);
    return text;
  };
  std::string log = withoutZeros(textOf(functions.logSize, functions.log));
  DeviceBinary binary;
  if (!error) {
    binary.ptx = withoutZeros(textOf(functions.ptxSize, functions.ptx));
    binary.cubin = textOf(functions.cubinSize, functions.cubin);
  }
  functions.destroy(&program);
  if (error)
    return emitError(loc) << "NVRTC " << versionText << " refuses kernel '"
                          << unit.name << "' for " << unit.arch << ":\n"
                          << firstLines(log);
  binary.registers = numberBefore(log, "registers");
  binary.spillBytes = numberBefore(log, "bytes spill stores");
  binary.stackBytes = numberBefore(log, "bytes stack frame");
  binary.staticBytes = numberBefore(log, "bytes smem");
  // Who reads the PTX alone, as the virtual GPU does, learns it too.
  SmallVector<StringRef> entry;
  if (llvm::Regex("entry function '([^']+)'").match(log, &entry))
    binary.ptx +=
        llvm::formatv("// ptxas {0}: {1} registers, {2} bytes spilled\n",
                      entry[1], binary.registers, binary.spillBytes);
  return binary;
}

} // namespace tenon::cuda
