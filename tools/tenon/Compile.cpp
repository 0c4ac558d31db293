//===- Compile.cpp - tenon compile: a model becomes an artifact -----------===//

#include "compiler/Compile.h"

#include "compiler/Emit/Cpu/EmitObject.h"
#include "compiler/Emit/Cuda/EmitCuda.h"
#include "compiler/SymbolBounds.h"
#include "compiler/Targets/Targets.h"
#include "runtime/Abi/PlanBytes.h"
#include "runtime/Core/Message.h"
#include "runtime/Device/Cpu/Pool.h"
#include "runtime/Formats/WriteFile.h"
#include "runtime/Program/Artifact.h"
#include "tools/tenon/Commands.h"
#include "tools/tenon/Describe.h"
#include "tools/tenon/Modules.h"
#include "tools/tenon/ProgramBytes.h"
#include "tools/tenon/Progress.h"
#include "tools/tenon/Shapes.h"
#include "tools/tenon/Tune.h"
#include "tools/tenon/Work.h"

#include <iostream>

using namespace mlir;

namespace tenon::tool {

using rt::badInput;
using rt::Result;

/// What the flags ask for.
struct Request {
  CompileOptions options;
  Stage after = Stage::Import;
  std::optional<Stage> until;
  std::optional<TextForm> emit;
  bool emitsCuda = false;
  bool printsKernels() const { return emit || emitsCuda; }
  std::string output; ///< empty: standard output
};

static Result<Stage> readStage(const Arguments &arguments,
                               std::string_view option) {
  std::string name = arguments.value(option);
  if (std::optional<Stage> stage = stageByName(name))
    return *stage;
  std::string names;
  for (int i = int(Stage::Import); i <= int(Stage::Lower); ++i)
    names += (i ? ", " : "") + nameOf(Stage(i)).str();
  return badInput("--", option, ": there is no stage ", rt::quoted(name),
                  "; expected one of ", names);
}

/// Schedules are measured between tile and schedule.
static Result<void> checkTune(const Arguments &arguments,
                              const Request &request) {
  if (!arguments.has("tune"))
    return arguments.has("tune-log")
               ? badInput("--tune-log keeps what --tune measures, which is "
                          "not asked for")
               : Result<void>();
  if (request.options.emulateUnits)
    return badInput("--tune measures the target's units, --emulate-units does "
                    "without them: they exclude each other");
  if (request.until && *request.until < Stage::Schedule)
    return badInput("--tune chooses schedules, which --until=",
                    arguments.value("until"), " comes before");
  if (request.after >= Stage::Schedule)
    return badInput("--tune chooses schedules, which a file from --from=",
                    arguments.value("from"), " has already");
  return {};
}

/// What is said of CPUs alone, and of GPUs alone.
static Result<void> checkTarget(const Arguments &arguments,
                                const Request &request) {
  bool isGpu = isGpuName(request.options.target);
  for (const char *option : {"tune", "emulate-units"})
    if (isGpu && arguments.has(option))
      return badInput("--", option, " is for CPUs; the target is ",
                      rt::quoted(request.options.target));
  if (!isGpu && arguments.has("cuda-path"))
    return badInput("--cuda-path says where code for a GPU is compiled; the "
                    "target is ",
                    rt::quoted(request.options.target));
  return {};
}

/// "native", or what --target says, joined where it is said more than once.
static std::string targetsOf(const Arguments &arguments) {
  std::string targets;
  for (const std::string &target : arguments.values("target"))
    targets += (targets.empty() ? "" : ",") + target;
  return targets.empty() ? "native" : targets;
}

static Result<Request> readRequest(const Arguments &arguments) {
  Request request;
  request.options.target = targetsOf(arguments);
  request.options.cudaPath = arguments.value("cuda-path");
  std::string dtype = arguments.value("dtype", "f32");
  bool isForGpu = isGpuName(request.options.target);
  request.options.useBf16 = dtype == "bf16";
  request.options.useTf32 = dtype == "tf32" && isForGpu;
  if (dtype != "f32" && !request.options.useBf16 && !request.options.useTf32)
    return badInput("--dtype: expected f32, bf16 or, for a GPU, tf32, got ",
                    rt::quoted(dtype), " for ",
                    rt::quoted(request.options.target));
  request.options.emulateUnits = arguments.has("emulate-units");
  request.options.verifyEachExec = arguments.has("verify-each-exec");
  request.output = arguments.value("o");
  if (arguments.has("from")) {
    Result<Stage> stage = readStage(arguments, "from");
    if (!stage)
      return stage.error();
    request.after = *stage;
  }
  if (arguments.has("until")) {
    Result<Stage> stage = readStage(arguments, "until");
    if (!stage)
      return stage.error();
    request.until = *stage;
  }
  std::string emit = arguments.value("emit");
  if (emit == "llvm")
    request.emit = TextForm::Llvm;
  else if (emit == "asm")
    request.emit = TextForm::Assembly;
  else if (emit == "cuda")
    request.emitsCuda = true;
  else if (arguments.has("emit"))
    return badInput("--emit: expected llvm, asm or cuda, got ",
                    rt::quoted(emit));
  if (request.printsKernels() &&
      request.emitsCuda != isGpuName(request.options.target))
    return badInput("--emit=", emit,
                    ": a GPU's kernels are printed as cuda, a "
                    "CPU's as llvm or asm; the target is ",
                    rt::quoted(request.options.target));
  if (request.printsKernels() && request.until)
    return badInput("--emit and --until exclude each other");
  if ((request.printsKernels() || request.until) &&
      request.options.target.find(',') != std::string::npos)
    return badInput("--until and --emit print what is for one target, got ",
                    rt::quoted(request.options.target));
  if (request.until && *request.until < request.after)
    return badInput("--until=", arguments.value("until"),
                    " comes before --from=", arguments.value("from"));
  bool printsText = request.printsKernels() || request.until;
  if (printsText && arguments.has("report"))
    return badInput("--report describes an artifact, --until and --emit print "
                    "text: they exclude each other");
  if (arguments.has("report-shape") && !arguments.has("report"))
    return badInput("--report-shape says what --report shows, which is not "
                    "asked for");
  if (!printsText && request.output.empty())
    return badInput("tenon compile needs -o FILE, --until or --emit");
  if (request.output == "-" && !printsText)
    return badInput("-o -: an artifact is a file that is mapped, expected its "
                    "name");
  if (request.output == "-")
    request.output.clear();
  if (auto valid = checkTarget(arguments, request); !valid)
    return valid.error();
  if (auto valid = checkTune(arguments, request); !valid)
    return valid.error();
  if (arguments.has("exe")) {
    if (printsText)
      return badInput("--exe makes a program, --until and --emit print text: "
                      "they exclude each other");
    request.options.program = programBytes();
  }
  return request;
}

static Result<void> writeText(const std::string &path, StringRef text) {
  if (path.empty()) {
    std::cout.write(text.data(), std::streamsize(text.size()));
    return {};
  }
  std::span<const std::byte> bytes =
      std::as_bytes(std::span(text.data(), text.size()));
  return rt::writeFile(path, {{bytes}});
}

static Result<std::string> cudaText(ModuleOp module, const Request &request,
                                    Workshop &workshop) {
  if (failed(
          runStages(module, request.options, request.after, Stage::Schedule)))
    return workshop.emittedError();
  FailureOr<std::string> text = cuda::emitCudaText(module);
  if (failed(text))
    return workshop.emittedError();
  return *text;
}

/// What the kernels became, for people.
static Result<std::string> kernelsText(ModuleOp module, const Request &request,
                                       Workshop &workshop) {
  if (request.emitsCuda)
    return cudaText(module, request, workshop);
  auto cpu = cpuByName(module.getLoc(), request.options.target);
  if (failed(cpu) ||
      failed(runStages(module, request.options, request.after, Stage::Lower)))
    return workshop.emittedError();
  FailureOr<std::string> text = emitText(module, *cpu, *request.emit);
  if (failed(text))
    return workshop.emittedError();
  return *text;
}

static Result<std::string> stageText(ModuleOp module, const Request &request,
                                     Workshop &workshop) {
  if (failed(runStages(module, request.options, request.after, *request.until)))
    return workshop.emittedError();
  std::string text;
  llvm::raw_string_ostream os(text);
  module->print(os);
  os << '\n';
  return text;
}

/// The model, with the names and bounds that the flags give to its sizes.
static Result<OwningOpRef<ModuleOp>> loadModel(const Arguments &arguments,
                                               Workshop &workshop) {
  Result<SymbolNumbers> limits = symbolNumbers(arguments, "max-dim");
  if (!limits)
    return limits.error();
  auto module = workshop.load(arguments.operand(), arguments.values("shape"));
  if (!module)
    return module;
  for (const auto &[name, max] : *limits)
    if (failed(limitSymbol(**module, name, max)))
      return workshop.emittedError();
  return module;
}

/// The page of --report: as the artifact would run on this machine's threads,
/// or on a GPU.
/// The artifact may be for another CPU, so it is read but not loaded.
static Result<void> report(const Arguments &arguments) {
  std::string path = arguments.value("o");
  auto artifact = rt::Artifact::open(path);
  if (!artifact)
    return artifact.error();
  Result<abi::Plan> plan = abi::readPlan(artifact->plan());
  if (!plan)
    return plan.error();
  Result<rt::Binding> binding = bindingOf(*plan, arguments, "report-shape");
  if (!binding)
    return binding.error();
  Result<rt::Tape> tape = rt::recordTape(*plan, *binding);
  if (!tape)
    return tape.error();
  Result<unsigned> numThreads = rt::chooseNumThreads(0);
  if (!numThreads)
    return numThreads.error();
  Result<Machine> machine = machineOf(*plan, *numThreads);
  if (!machine)
    return machine.error();
  return writeReport(arguments.value("report"),
                     {path, *plan, *binding, *tape, *machine});
}

static Result<void> compile(const Arguments &arguments) {
  Result<Request> request = readRequest(arguments);
  if (!request)
    return request.error();
  ProgressLine line(arguments.has("quiet"));
  request->options.progress = [&](StringRef work, uint64_t done,
                                  uint64_t total) {
    line.show(std::string_view(work), done, total);
  };
  line.show(std::string_view(nameOf(Stage::Import)));
  Workshop workshop;
  auto module = loadModel(arguments, workshop);
  if (!module)
    return module.error();
  // What the page is to show is known before anything is made.
  if (arguments.has("report") && request->after < Stage::Plan) {
    auto shown = bindingOf(symbolsOf(**module), arguments, "report-shape");
    if (!shown)
      return shown.error();
  }
  if (arguments.has("tune")) {
    if (failed(
            runStages(**module, request->options, request->after, Stage::Tile)))
      return workshop.emittedError();
    request->after = Stage::Tile;
    auto tuned = tune(**module, request->options, arguments, workshop,
                      [&](const std::string &text) {
                        line.clear();
                        std::cout << text << "\n";
                      });
    if (!tuned)
      return tuned;
  }
  if (!request->printsKernels() && !request->until) {
    if (failed(compileToArtifact(**module, request->options, request->output,
                                 request->after)))
      return workshop.emittedError();
    return arguments.has("report") ? report(arguments) : Result<void>();
  }
  Result<std::string> text = request->printsKernels()
                                 ? kernelsText(**module, *request, workshop)
                                 : stageText(**module, *request, workshop);
  if (!text)
    return text.error();
  line.clear();
  return writeText(request->output, *text);
}

static constexpr Option kOptions[] = {
    {"o", "FILE", "write here: the artifact, or what --until and --emit print"},
    {"exe", "",
     "write a program that needs libc and libstdc++ only; it runs\n"
     "as `tenon run` does, and --help says what it takes"},
    {"dtype", "TYPE",
     "bf16 multiplies and stores activations in bf16; tf32, for a\n"
     "GPU, multiplies with 10 bits of fraction; f32, the default,\n"
     "as the model says"},
    {"target", "NAME",
     "native, x86-64-v3, x86-64-v4, znver4 or sapphirerapids; or\n"
     "cuda: and one or more of sm_80, sm_86, sm_89, sm_90,\n"
     "sm_90a, sm_100, sm_120: \"cuda:sm_80,sm_90a\". Machine code\n"
     "for these, and compute_80 for all others from that on",
     true},
    {"cuda-path", "FOLDER",
     "NVRTC is below it (TENON_CUDA_PATH, /usr/local/cuda)"},
    {"shape", "INPUT=DIMS",
     "the dims of an input of an ONNX model: ids=Bx128 fixes\n"
     "the second one and calls the first one B, in all inputs\n"
     "that the model says have the same sizes",
     true},
    {"max-dim", "NAME=N,...",
     "the largest value of a symbol: memory is planned for it,\n"
     "and a run with more is refused",
     true},
    {"emulate-units", "",
     "arithmetic in place of the target's matrix units, so\n"
     "that CPUs without them run what is made for them"},
    {"until", "STAGE",
     "stop after this stage and print the module: import,\n"
     "simplify, fuse, tile, schedule, plan, lower"},
    {"from", "STAGE",
     "the .mlir file is what this stage left; go on behind it"},
    {"emit", "FORM",
     "print what the kernels became: llvm or asm, or cuda for a GPU"},
    {"report", "FILE.html",
     "write a page too: the fused graph, the memory of a run,\n"
     "each kernel with its limit, its schedule and the reason;\n"
     "tenon bench --report adds times"},
    {"report-shape", "S=N,...",
     "the symbols' values in the report, as in --shape of bench"},
    {"tune", "S=N,...",
     "measure schedules of the kernels with products on this\n"
     "machine, for these values of the symbols, as in --shape of\n"
     "bench, and keep the fastest",
     false, true},
    {"tune-log", "FILE.json",
     "keep what --tune measures here, and measure nothing again\n"
     "that is there"},
    {"quiet", "", "do not show on a terminal what is being done"},
    {"verify-each-exec", "",
     "execute the module before and after every pass, and\n"
     "name the pass that changes a result"},
};

const Command kCompile = {
    "compile",
    "MODEL.onnx",
    "compile a model to one native file",
    "The file may also be a module in .mlir. The artifact holds native code, "
    "the\n"
    "weights and the plan of a run; it appears whole or not at all.",
    kOptions,
    compile};

} // namespace tenon::tool
