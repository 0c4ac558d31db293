//===- ArtifactRun.cpp - a module compiled, loaded and run in this process ===//

#include "tests/compiler/ArtifactRun.h"

#include "compiler/Interpret/TensorBytes.h"

#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"

#include <filesystem>

using namespace mlir;

namespace tenon {

std::optional<ArtifactRun> ArtifactRun::compile(ModuleOp module,
                                                const CompileOptions &options,
                                                Stage after,
                                                std::string *loadError) {
  llvm::SmallString<128> folder;
  EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("tenon", folder));
  std::string path = (folder + "/model.tenon").str();
  ArtifactRun result;
  if (succeeded(compileToArtifact(module, options, path, after))) {
    auto model = rt::Model::load(path);
    if (!model && loadError)
      *loadError = model.error().message;
    else
      EXPECT_TRUE(bool(model)) << model.error().message;
    if (model) {
      rt::ContextOptions how;
      how.numThreads = 2;
      how.pin = false;
      if ((*model)->isForGpu())
        how.device = "vgpu";
      auto context = rt::Context::create(*model, how);
      EXPECT_TRUE(bool(context)) << context.error().message;
      if (context)
        result.context = std::move(*context);
    }
  }
  std::filesystem::remove_all(folder.c_str()); // the file stays mapped
  if (!result.context)
    return std::nullopt;
  return result;
}

std::optional<Interpreter::Tensors>
ArtifactRun::run(ArrayRef<ReferenceTensor> inputs,
                 ArrayRef<ReferenceTensor> like) {
  std::vector<std::vector<char>> bytes;
  for (auto [number, input] : llvm::enumerate(inputs)) {
    bytes.push_back(toBytes(input));
    rt::Shape shape(input.dims().begin(), input.dims().end());
    auto bound =
        context->bindInput(number, {plan().inputs[number].dtype, shape,
                                    bytes.back().data(), bytes.back().size()});
    EXPECT_TRUE(bool(bound)) << bound.error().message;
    if (!bound)
      return std::nullopt;
  }
  auto ran = context->run();
  EXPECT_TRUE(bool(ran)) << ran.error().message;
  if (!ran)
    return std::nullopt;
  Interpreter::Tensors results;
  for (auto [number, tensor] : llvm::enumerate(like)) {
    auto view = context->output(number);
    EXPECT_TRUE(bool(view)) << view.error().message;
    auto type = RankedTensorType::get(
        ArrayRef(view->shape.data(), view->shape.size()), tensor.elementType());
    Location loc = UnknownLoc::get(type.getContext());
    auto result = tensorFromBytes(
        ArrayRef(static_cast<const char *>(view->data), view->bytes), type,
        [&] { return mlir::emitError(loc); });
    if (failed(result))
      return std::nullopt;
    results.push_back(std::move(*result));
  }
  return results;
}

} // namespace tenon
