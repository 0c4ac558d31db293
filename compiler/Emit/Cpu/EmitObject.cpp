//===- EmitObject.cpp - kernels become native code ------------------------===//
//
// 1. Split the module into one module for each kernel.
// 2. Lower each to the LLVM dialect.
// 3. For each, in an LLVMContext of its own: translate, optimise, make code.
// Steps 2 and 3 run on the context's threads.
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/Cpu/EmitObject.h"

#include "compiler/Emit/Cpu/LowerToLlvm.h"

#include "mlir/IR/Threading.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"

#include <mutex>

using namespace mlir;

namespace tenon {
namespace {

enum class Form { Object, Assembly, Llvm };

const llvm::Target *findTarget(const llvm::Triple &triple, std::string &error) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
  });
  return llvm::TargetRegistry::lookupTarget(triple, error);
}

FailureOr<std::unique_ptr<llvm::TargetMachine>>
createTargetMachine(Location loc, StringRef cpu, StringRef features) {
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  std::string error;
  const llvm::Target *target = findTarget(triple, error);
  if (!target)
    return emitError(loc)
           << "LLVM was built without the target of the kernels: " << error;
  llvm::TargetOptions options;
  options.FunctionSections = true; // the linker drops what nobody calls
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, cpu, features, options, llvm::Reloc::PIC_, llvm::CodeModel::Small,
      llvm::CodeGenOptLevel::Default));
}

/// The kernel stays visible by its name; what it calls becomes internal.
void setAttributes(llvm::Module &module, StringRef kernelName,
                   target::CpuAttr cpu) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.setDSOLocal(true);
    if (function.getName() != kernelName)
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
    function.setDoesNotThrow();
    function.addFnAttr("target-cpu", cpu.getLlvmCpu());
    function.addFnAttr("target-features", cpu.llvmFeatures());
    function.addFnAttr("tune-cpu", cpu.getLlvmTune());
    // Some CPUs' tuning prefers vectors half as wide as those we count on.
    function.addFnAttr("prefer-vector-width",
                       std::to_string(cpu.getVectorBytes() * 8));
    function.addFnAttr("frame-pointer", "none");
    // A loop that copies must not become a call of memcpy.
    function.addFnAttr("no-builtins");
  }
}

void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::TargetLibraryInfoImpl noLibrary(machine.getTargetTriple());
  noLibrary.disableAllFunctions();
  functions.registerPass(
      [&] { return llvm::TargetLibraryAnalysis(noLibrary); });

  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2)
      .run(module, modules);
}

/// The one public function of a module that splitKernels made.
StringRef kernelName(ModuleOp part) {
  return cast<SymbolOpInterface>(part.getBody()->front()).getName();
}

/// The module as a file, or an error about what it is for.
FailureOr<Bytes> write(Location loc, llvm::Module &module,
                       llvm::TargetMachine &machine,
                       llvm::CodeGenFileType fileType) {
  SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager codegen;
  if (machine.addPassesToEmitFile(codegen, stream, nullptr, fileType))
    return emitError(loc) << "LLVM cannot write this kind of file for "
                          << machine.getTargetCPU();
  codegen.run(module);
  return Bytes(bytes.begin(), bytes.end());
}

FailureOr<Bytes> compile(ModuleOp part, target::CpuAttr cpu, Form form) {
  FailureOr<std::unique_ptr<llvm::TargetMachine>> machine =
      createTargetMachine(part.getLoc(), cpu.getLlvmCpu(), cpu.llvmFeatures());
  if (failed(machine))
    return failure();
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module =
      translateModuleToLLVMIR(part, context, kernelName(part));
  if (!module)
    return failure();
  module->setTargetTriple((*machine)->getTargetTriple());
  module->setDataLayout((*machine)->createDataLayout());
  module->setPICLevel(llvm::PICLevel::BigPIC);
  setAttributes(*module, kernelName(part), cpu);
  optimize(*module, **machine);

  if (form == Form::Llvm) {
    std::string text;
    llvm::raw_string_ostream(text) << *module;
    return Bytes(text.begin(), text.end());
  }
  return write(part.getLoc(), *module, **machine,
               form == Form::Object ? llvm::CodeGenFileType::ObjectFile
                                    : llvm::CodeGenFileType::AssemblyFile);
}

/// Indices of `parts`, the one with most ops first, so that no long one is left
/// to the end when all other threads are idle.
SmallVector<size_t> longestFirst(ArrayRef<ModuleOp> parts) {
  SmallVector<std::pair<size_t, size_t>> numOpsAndIndex;
  for (auto [index, part] : llvm::enumerate(parts)) {
    size_t numOps = 0;
    part->walk([&](Operation *) { ++numOps; });
    numOpsAndIndex.push_back({numOps, index});
  }
  llvm::sort(numOpsAndIndex, std::greater<>());
  return llvm::map_to_vector(numOpsAndIndex,
                             [](auto pair) { return pair.second; });
}

FailureOr<std::vector<Bytes>> emit(ModuleOp kernels, target::CpuAttr cpu,
                                   Form form) {
  MLIRContext *context = kernels.getContext();
  registerBuiltinDialectTranslation(*context);
  registerLLVMDialectTranslation(*context);
  FailureOr<OwningOpRef<ModuleOp>> split = splitKernels(kernels);
  if (failed(split) || failed(lowerToLlvm(**split, cpu)))
    return failure();

  auto parts = llvm::to_vector((*split)->getOps<ModuleOp>());
  std::vector<Bytes> results(parts.size());
  SmallVector<size_t> order = longestFirst(parts);
  if (failed(failableParallelForEach(
          context, order, [&](size_t index) -> LogicalResult {
            FailureOr<Bytes> result = compile(parts[index], cpu, form);
            if (succeeded(result))
              results[index] = std::move(*result);
            return result;
          })))
    return failure();
  return results;
}

} // namespace

FailureOr<std::vector<Bytes>> emitObjects(ModuleOp kernels,
                                          target::CpuAttr cpu) {
  return emit(kernels, cpu, Form::Object);
}

FailureOr<Bytes> emitData(Location loc, ArrayRef<NamedData> data) {
  constexpr StringLiteral kAnyCpu = "x86-64";
  const llvm::Align kAlignment(64);
  FailureOr<std::unique_ptr<llvm::TargetMachine>> machine =
      createTargetMachine(loc, kAnyCpu, "");
  if (failed(machine))
    return failure();
  llvm::LLVMContext context;
  llvm::Module module("data", context);
  module.setTargetTriple((*machine)->getTargetTriple());
  module.setDataLayout((*machine)->createDataLayout());
  for (const NamedData &datum : data) {
    llvm::Constant *bytes = llvm::ConstantDataArray::getString(
        context, datum.bytes, /*AddNull=*/false);
    auto *global = new llvm::GlobalVariable(
        module, bytes->getType(), /*isConstant=*/true,
        llvm::GlobalValue::ExternalLinkage, bytes, datum.name);
    global->setAlignment(kAlignment);
  }
  return write(loc, module, **machine, llvm::CodeGenFileType::ObjectFile);
}

FailureOr<std::string> emitText(ModuleOp kernels, target::CpuAttr cpu,
                                TextForm form) {
  FailureOr<std::vector<Bytes>> texts =
      emit(kernels, cpu, form == TextForm::Llvm ? Form::Llvm : Form::Assembly);
  if (failed(texts))
    return failure();
  std::string all;
  for (const Bytes &text : *texts)
    all.append(text.begin(), text.end());
  return all;
}

} // namespace tenon
