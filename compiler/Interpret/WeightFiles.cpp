//===- WeightFiles.cpp - the interpreter's reader of weights in files -----===//

#include "compiler/Interpret/WeightFiles.h"

#include "compiler/Interpret/TensorBytes.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace tenon;

static FailureOr<ReferenceTensor> readWeight(StringRef folder,
                                             graph::WeightAttr weight,
                                             RankedTensorType type,
                                             Location use) {
  SmallString<128> path(weight.getStore().getValue());
  if (llvm::sys::path::is_relative(path)) {
    path = folder;
    llvm::sys::path::append(path, weight.getStore().getValue());
  }
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
  if (!file)
    return emitError(use) << "weight " << weight.getName()
                          << " is not readable: '" << path
                          << "': " << file.getError().message();
  StringRef bytes = (*file)->getBuffer();
  uint64_t offset = weight.getOffset(), size = weight.getBytes();
  if (offset > bytes.size() || size > bytes.size() - offset)
    return emitError(use) << "weight " << weight.getName() << " ends at byte "
                          << offset + size << " but '" << path << "' has "
                          << bytes.size() << " bytes";
  StringRef own = bytes.substr(offset, size);
  return tensorFromBytes(ArrayRef(own.data(), own.size()), type,
                         [&] { return emitError(use); });
}

Interpreter::WeightReader tenon::readWeightsFrom(std::string folder) {
  return [folder = std::move(folder)](graph::WeightAttr weight,
                                      RankedTensorType type, Location use) {
    return readWeight(folder, weight, type, use);
  };
}
