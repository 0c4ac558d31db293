//===- LinkObject.cpp - objects become the loadable part of an artifact ---===//
//
// lld runs inside this process. It reads and writes files only, so objects and
// result pass through a temporary folder.
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/Cpu/LinkObject.h"

#include "lld/Common/Driver.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace mlir;

namespace tenon {
namespace {

constexpr const char *kLinkFlags[] = {
    "ld.lld",
    "-shared",
    "-zdefs",          // an undefined symbol is an error
    "-zseparate-code", // code shares no page with data: no page is both
    "-znorelro",       // writable is what is relocated, and the dynamic section
    "-znoexecstack",
    "--gc-sections",
    "--strip-all",
    "-O1",
    "--hash-style=gnu",
    "--build-id=none",
    "--no-eh-frame-hdr",
    "--no-dynamic-linker",
};

/// A folder that lives as long as this object.
class TemporaryFolder {
public:
  static FailureOr<TemporaryFolder> create(Location loc) {
    TemporaryFolder folder;
    if (std::error_code error =
            llvm::sys::fs::createUniqueDirectory("tenon-link", folder.path))
      return emitError(loc) << "cannot make a temporary folder for the linker: "
                            << error.message();
    return folder;
  }
  TemporaryFolder(TemporaryFolder &&other) noexcept {
    std::swap(path, other.path);
  }
  ~TemporaryFolder() {
    // A folder that stays costs a name in a temporary place, not a result.
    std::error_code ignored;
    if (!path.empty())
      ignored = llvm::sys::fs::remove_directories(path);
  }

  std::string file(const Twine &name) const {
    SmallString<128> full = path;
    llvm::sys::path::append(full, name);
    return full.str().str();
  }

private:
  TemporaryFolder() = default;
  SmallString<128> path;
};

LogicalResult writeFile(Location loc, StringRef path, ArrayRef<char> bytes) {
  std::error_code error;
  llvm::raw_fd_ostream stream(path, error);
  if (!error) {
    stream.write(bytes.data(), bytes.size());
    stream.close();
    error = stream.error();
    stream.clear_error();
  }
  if (error)
    return emitError(loc) << "cannot write " << path << ": " << error.message();
  return success();
}

FailureOr<Bytes> readFile(Location loc, StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return emitError(loc) << "cannot read " << path << ": "
                          << buffer.getError().message();
  return Bytes((*buffer)->getBufferStart(), (*buffer)->getBufferEnd());
}

/// What lld's text says, as one error.
InFlightDiagnostic linkError(Location loc, StringRef text) {
  constexpr StringLiteral kUndefined = "undefined symbol: ";
  llvm::SetVector<StringRef> undefined;
  for (StringRef line : llvm::split(text, '\n'))
    if (size_t at = line.find(kUndefined); at != StringRef::npos)
      undefined.insert(line.drop_front(at + kUndefined.size()));
  if (undefined.empty())
    return emitError(loc) << "the linker failed: " << text.trim();
  return emitError(loc) << "kernels call no library: expected every symbol to "
                           "be defined, got undefined "
                        << llvm::join(undefined, ", ");
}

} // namespace

FailureOr<Bytes> linkSharedObject(Location loc, ArrayRef<Bytes> objects) {
  FailureOr<TemporaryFolder> folder = TemporaryFolder::create(loc);
  if (failed(folder))
    return failure();
  std::vector<std::string> inputs;
  for (auto [index, object] : llvm::enumerate(objects)) {
    inputs.push_back(folder->file(Twine(index) + ".o"));
    if (failed(writeFile(loc, inputs.back(), object)))
      return failure();
  }
  std::string output = folder->file("kernels.so");
  std::vector<const char *> arguments(std::begin(kLinkFlags),
                                      std::end(kLinkFlags));
  arguments.insert(arguments.end(), {"-o", output.c_str()});
  for (const std::string &input : inputs)
    arguments.push_back(input.c_str());

  std::string text;
  llvm::raw_string_ostream messages(text);
  static std::mutex oneAtATime; // lld keeps its state in globals
  std::lock_guard<std::mutex> lock(oneAtATime);
  lld::Result result = lld::lldMain(arguments, messages, messages,
                                    {{lld::Gnu, &lld::elf::link}});
  if (result.retCode != 0)
    return linkError(loc, text);
  return readFile(loc, output);
}

FailureOr<uint64_t> symbolAddress(Location loc, ArrayRef<char> sharedObject,
                                  StringRef name) {
  llvm::MemoryBufferRef buffer(
      StringRef(sharedObject.data(), sharedObject.size()), "kernels");
  auto object = llvm::object::ELF64LEObjectFile::create(buffer);
  if (!object)
    return emitError(loc) << "not a linked object: "
                          << llvm::toString(object.takeError());
  for (llvm::object::ELFSymbolRef symbol :
       object->getDynamicSymbolIterators()) {
    llvm::Expected<StringRef> symbolName = symbol.getName();
    llvm::Expected<uint64_t> value = symbol.getValue();
    if (symbolName && value && *symbolName == name)
      return *value;
    llvm::consumeError(symbolName.takeError());
    llvm::consumeError(value.takeError());
  }
  return emitError(loc) << "the linked kernels export no symbol '" << name
                        << "'";
}

} // namespace tenon
