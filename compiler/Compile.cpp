//===- Compile.cpp - from a graph module to an artifact -------------------===//

#include "compiler/Compile.h"

#include "compiler/Emit/Cpu/EmitObject.h"
#include "compiler/Emit/Cpu/LinkObject.h"
#include "compiler/Emit/Cuda/CompileCuda.h"
#include "compiler/Package.h"
#include "compiler/Targets/Targets.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace tenon {

/// An artifact has code, so a model that only copies gets an empty function.
static void addCodeIfThereIsNone(ModuleOp module) {
  if (llvm::any_of(module.getOps<func::FuncOp>(),
                   [](func::FuncOp function) { return function.isPublic(); }))
    return;
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  auto function = func::FuncOp::create(b, module.getLoc(), "no_kernels",
                                       b.getFunctionType({}, {}));
  b.setInsertionPointToStart(function.addEntryBlock());
  func::ReturnOp::create(b, module.getLoc());
}

//===----------------------------------------------------------------------===//
// For a GPU
//===----------------------------------------------------------------------===//

static std::string symbolOf(const cuda::CudaKernel &kernel,
                            abi::CodeForm form) {
  return kernel.name + (form == abi::CodeForm::Ptx ? ".ptx" : ".cubin");
}

/// All forms of all kernels, as data of a shared object.
static FailureOr<Bytes> linkDeviceCode(Location loc,
                                       ArrayRef<cuda::CudaKernel> kernels,
                                       ArrayRef<cuda::DeviceBinary> binaries) {
  std::vector<NamedData> data;
  for (auto [kernel, binary] : llvm::zip_equal(kernels, binaries)) {
    data.push_back({symbolOf(kernel, abi::CodeForm::Cubin), binary.cubin});
    data.push_back({symbolOf(kernel, abi::CodeForm::Ptx), binary.ptx});
  }
  FailureOr<Bytes> object = emitData(loc, data);
  if (failed(object))
    return failure();
  return linkSharedObject(loc, {*object});
}

/// Where the forms lie in it, and what a launch must know.
static FailureOr<DeviceForm> deviceFormOf(Location loc,
                                          const cuda::CudaKernel &kernel,
                                          const cuda::DeviceBinary &binary,
                                          StringRef arch, ArrayRef<char> code) {
  DeviceForm form{kernel.form.numThreads,
                  kernel.form.sharedBytes,
                  {},
                  kernel.form.tensorMaps};
  for (auto [codeForm, size] :
       {std::pair(abi::CodeForm::Cubin, binary.cubin.size()),
        std::pair(abi::CodeForm::Ptx, binary.ptx.size())}) {
    FailureOr<uint64_t> address =
        symbolAddress(loc, code, symbolOf(kernel, codeForm));
    if (failed(address))
      return failure();
    form.codes.push_back({arch.str(), codeForm, *address, size,
                          static_cast<uint32_t>(binary.registers),
                          static_cast<uint64_t>(binary.spillBytes)});
  }
  return form;
}

static LogicalResult compileForGpu(ModuleOp module,
                                   const CompileOptions &options,
                                   StringRef path, Stage after) {
  Location loc = module.getLoc();
  FailureOr<target::GpuAttr> gpu = gpuByName(loc, options.target);
  if (failed(gpu) || failed(runStages(module, options, after, Stage::Plan)))
    return failure();
  options.progress("emit", 0, 0);
  FailureOr<std::vector<cuda::CudaKernel>> kernels = cuda::emitCuda(module);
  if (failed(kernels))
    return failure();
  FailureOr<std::vector<cuda::DeviceBinary>> binaries = cuda::compileCuda(
      module, *kernels, gpu->getName(), {options.cudaPath, ""});
  if (failed(binaries))
    return failure();
  FailureOr<Bytes> code = linkDeviceCode(loc, *kernels, *binaries);
  if (failed(code))
    return failure();
  CompiledKernels compiled{*code};
  for (auto [kernel, binary] : llvm::zip_equal(*kernels, *binaries)) {
    FailureOr<DeviceForm> form =
        deviceFormOf(loc, kernel, binary, gpu->getName(), *code);
    if (failed(form))
      return failure();
    compiled.deviceForms[kernel.name] = std::move(*form);
  }
  return writeArtifact(module, *gpu, compiled, options, path);
}

LogicalResult compileToArtifact(ModuleOp module, const CompileOptions &options,
                                StringRef path, Stage after) {
  if (isGpuName(options.target))
    return compileForGpu(module, options, path, after);
  FailureOr<target::CpuAttr> cpu = cpuByName(module.getLoc(), options.target);
  if (failed(cpu) || failed(runStages(module, options, after, Stage::Lower)))
    return failure();
  if (options.emulateUnits)
    cpu = withoutUnits(*cpu);
  options.progress("emit", 0, 0);
  addCodeIfThereIsNone(module);
  FailureOr<std::vector<Bytes>> objects = emitObjects(module, *cpu);
  if (failed(objects))
    return failure();
  FailureOr<Bytes> code = linkSharedObject(module.getLoc(), *objects);
  if (failed(code))
    return failure();
  return writeArtifact(module, *cpu, {*code}, options, path);
}

} // namespace tenon
