//===- CompileGpu.cpp - from a graph module to an artifact for GPUs -------===//
//
// 1. The stages up to tile, which know no target, run once.
// 2. For each target a copy of the module is scheduled, planned and printed.
// 3. NVRTC compiles what is printed.
// 4. All forms of all kernels become data of one shared object.
//
//===----------------------------------------------------------------------===//

#include "compiler/CompileGpu.h"

#include "compiler/Emit/Cpu/EmitObject.h"
#include "compiler/Emit/Cpu/LinkObject.h"
#include "compiler/Emit/Cuda/CompileCuda.h"
#include "compiler/Package.h"
#include "compiler/Targets/Targets.h"

using namespace mlir;

namespace tenon {
namespace {

/// The model as one architecture runs it.
struct GpuProgram {
  target::GpuAttr gpu;
  OwningOpRef<ModuleOp> module; ///< planned
  std::vector<cuda::CudaKernel> kernels;
  std::vector<cuda::DeviceBinary> binaries; ///< of the kernels
};

} // namespace

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

static CompileOptions optionsFor(target::GpuAttr gpu,
                                 const CompileOptions &options) {
  CompileOptions one = options;
  one.target = ("cuda:" + gpu.getName()).str();
  return one;
}

static FailureOr<GpuProgram> makeProgram(ModuleOp tiled, target::GpuAttr gpu,
                                         const CompileOptions &options,
                                         Stage after) {
  GpuProgram program{gpu, cast<ModuleOp>(tiled->clone()), {}, {}};
  if (failed(runStages(*program.module, optionsFor(gpu, options), after,
                       Stage::Plan)))
    return failure();
  FailureOr<std::vector<cuda::CudaKernel>> kernels =
      cuda::emitCuda(*program.module);
  if (failed(kernels))
    return failure();
  program.kernels = std::move(*kernels);
  return program;
}

/// Whether PTX of the one is PTX of the other.
static bool haveSameText(const GpuProgram &x, const GpuProgram &y) {
  return x.gpu.getCompute() == y.gpu.getCompute() &&
         llvm::equal(x.kernels, y.kernels,
                     [](const cuda::CudaKernel &a, const cuda::CudaKernel &b) {
                       return a.name == b.name && a.form.text == b.form.text;
                     });
}

/// One for each target, and the portable one where it is none of them.
static FailureOr<std::vector<GpuProgram>>
makePrograms(ModuleOp module, ArrayRef<target::GpuAttr> gpus,
             const CompileOptions &options, Stage after) {
  std::vector<GpuProgram> programs;
  for (target::GpuAttr gpu : gpus) {
    FailureOr<GpuProgram> program = makeProgram(module, gpu, options, after);
    if (failed(program))
      return failure();
    programs.push_back(std::move(*program));
  }
  target::GpuAttr portable = portableGpu(module.getContext());
  bool isScheduled = after >= Stage::Schedule;
  if (isScheduled || llvm::is_contained(gpus, portable))
    return programs;
  FailureOr<GpuProgram> program = makeProgram(module, portable, options, after);
  if (failed(program))
    return failure();
  bool isThere = llvm::any_of(programs, [&](const GpuProgram &other) {
    return haveSameText(other, *program);
  });
  if (!isThere && !program->kernels.empty())
    programs.push_back(std::move(*program));
  return programs;
}

//===----------------------------------------------------------------------===//
// Their code
//===----------------------------------------------------------------------===//

static std::string symbolOf(const GpuProgram &program,
                            const cuda::CudaKernel &kernel,
                            abi::CodeForm form) {
  return kernel.name + "." + program.gpu.getName().str() +
         (form == abi::CodeForm::Ptx ? ".ptx" : ".cubin");
}

namespace {
struct CodeBytes {
  abi::CodeForm form;
  StringRef bytes;
};
} // namespace

/// A portable binary has no machine code.
static SmallVector<CodeBytes, 2> formsOf(const cuda::DeviceBinary &binary) {
  SmallVector<CodeBytes, 2> forms;
  if (!binary.cubin.empty())
    forms.push_back({abi::CodeForm::Cubin, binary.cubin});
  forms.push_back({abi::CodeForm::Ptx, binary.ptx});
  return forms;
}

static FailureOr<Bytes> linkDeviceCode(Location loc,
                                       ArrayRef<GpuProgram> programs) {
  std::vector<NamedData> data;
  for (const GpuProgram &program : programs)
    for (auto [kernel, binary] :
         llvm::zip_equal(program.kernels, program.binaries))
      for (const CodeBytes &code : formsOf(binary))
        data.push_back({symbolOf(program, kernel, code.form), code.bytes});
  FailureOr<Bytes> object = emitData(loc, data);
  if (failed(object))
    return failure();
  return linkSharedObject(loc, {*object});
}

/// Where the forms lie in `code`, and what a launch must know.
static FailureOr<DeviceForm> deviceFormOf(Location loc,
                                          const GpuProgram &program,
                                          size_t number, ArrayRef<char> code) {
  const cuda::CudaKernel &kernel = program.kernels[number];
  const cuda::DeviceBinary &binary = program.binaries[number];
  DeviceForm form{kernel.form.numThreads,
                  kernel.form.sharedBytes,
                  {},
                  kernel.form.tensorMaps};
  for (const CodeBytes &bytes : formsOf(binary)) {
    FailureOr<uint64_t> address =
        symbolAddress(loc, code, symbolOf(program, kernel, bytes.form));
    if (failed(address))
      return failure();
    form.codes.push_back({program.gpu.getName().str(), bytes.form, *address,
                          bytes.bytes.size(),
                          static_cast<uint32_t>(binary.registers),
                          static_cast<uint64_t>(binary.spillBytes)});
  }
  return form;
}

static FailureOr<CompiledKernels>
compiledKernels(Location loc, const GpuProgram &program, ArrayRef<char> code) {
  CompiledKernels compiled{code};
  for (size_t i = 0; i < program.kernels.size(); ++i) {
    FailureOr<DeviceForm> form = deviceFormOf(loc, program, i, code);
    if (failed(form))
      return failure();
    compiled.deviceForms[program.kernels[i].name] = std::move(*form);
  }
  return compiled;
}

//===----------------------------------------------------------------------===//
// The artifact
//===----------------------------------------------------------------------===//

static LogicalResult package(Location loc, ArrayRef<GpuProgram> programs,
                             const CompileOptions &options, StringRef path) {
  FailureOr<Bytes> code = linkDeviceCode(loc, programs);
  if (failed(code))
    return failure();
  std::vector<TargetProgram> targets;
  for (const GpuProgram &program : programs) {
    FailureOr<CompiledKernels> compiled = compiledKernels(loc, program, *code);
    if (failed(compiled))
      return failure();
    targets.push_back({*program.module, program.gpu, std::move(*compiled)});
  }
  return writeArtifact(targets, options, path);
}

LogicalResult compileForGpus(ModuleOp module, const CompileOptions &options,
                             StringRef path, Stage after) {
  Location loc = module.getLoc();
  FailureOr<SmallVector<target::GpuAttr>> gpus =
      gpusByName(loc, options.target);
  if (failed(gpus))
    return failure();
  if (after >= Stage::Schedule && gpus->size() > 1)
    return emitError(loc) << "what is scheduled is for one architecture, got '"
                          << options.target << "'";
  if (after < Stage::Tile) {
    if (failed(runStages(module, optionsFor(gpus->front(), options), after,
                         Stage::Tile)))
      return failure();
    after = Stage::Tile;
  }
  auto programs = makePrograms(module, *gpus, options, after);
  if (failed(programs))
    return failure();
  options.progress("emit", 0, 0);
  for (GpuProgram &program : *programs) {
    auto binaries = cuda::compileCuda(
        module, program.kernels, program.gpu.getName(), {options.cudaPath, ""});
    if (failed(binaries))
      return failure();
    program.binaries = std::move(*binaries);
  }
  return package(loc, *programs, options, path);
}

} // namespace tenon
