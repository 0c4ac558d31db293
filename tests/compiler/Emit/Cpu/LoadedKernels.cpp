//===- LoadedKernels.cpp - textual MLIR, compiled and loaded into a test --===//

#include "tests/compiler/Emit/Cpu/LoadedKernels.h"

#include "compiler/Emit/Cpu/LinkObject.h"
#include "compiler/Targets/Targets.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Parser/Parser.h"

#include <dlfcn.h>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace mlir;

namespace tenon {

void loadKernelDialects(MLIRContext &context) {
  context.loadDialect<arith::ArithDialect, cf::ControlFlowDialect,
                      func::FuncDialect, LLVM::LLVMDialect, math::MathDialect,
                      scf::SCFDialect, vector::VectorDialect>();
}

/// dlopen needs a file; the name may go once the object is mapped.
static void *load(const Bytes &library) {
  char path[] = "/tmp/tenon-kernels-XXXXXX";
  int file = mkstemp(path);
  EXPECT_GE(file, 0);
  std::ofstream(path, std::ios::binary).write(library.data(), library.size());
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  EXPECT_NE(handle, nullptr) << dlerror();
  close(file);
  unlink(path);
  return handle;
}

LoadedKernels LoadedKernels::compile(MLIRContext &context, StringRef text,
                                     StringRef target) {
  loadKernelDialects(context);
  LoadedKernels result;
  Location loc = UnknownLoc::get(&context);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  FailureOr<target::CpuAttr> cpu = cpuByName(loc, target);
  EXPECT_TRUE(module && succeeded(cpu));
  if (!module || failed(cpu))
    return result;
  FailureOr<std::vector<Bytes>> objects = emitObjects(*module, *cpu);
  EXPECT_TRUE(succeeded(objects));
  if (failed(objects))
    return result;
  FailureOr<Bytes> library = linkSharedObject(loc, *objects);
  EXPECT_TRUE(succeeded(library));
  if (succeeded(library))
    result.handle = load(*library);
  return result;
}

LoadedKernels::~LoadedKernels() {
  if (handle)
    dlclose(handle);
}

KernelFn LoadedKernels::function(const std::string &name) const {
  void *address = handle ? dlsym(handle, name.c_str()) : nullptr;
  EXPECT_NE(address, nullptr) << "no kernel " << name;
  return reinterpret_cast<KernelFn>(address);
}

} // namespace tenon
