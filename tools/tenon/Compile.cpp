//===- Compile.cpp - tenon compile: a model becomes an artifact -----------===//

#include "compiler/Compile.h"

#include "compiler/Emit/Cpu/EmitObject.h"
#include "compiler/Targets/Targets.h"
#include "runtime/Core/Message.h"
#include "runtime/Formats/WriteFile.h"
#include "tools/tenon/Commands.h"
#include "tools/tenon/Modules.h"

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

static Result<Request> readRequest(const Arguments &arguments) {
  Request request;
  request.options.target = arguments.value("target", "native");
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
  else if (arguments.has("emit"))
    return badInput("--emit: expected llvm or asm, got ", rt::quoted(emit));
  if (request.emit && request.until)
    return badInput("--emit and --until exclude each other");
  if (request.until && *request.until < request.after)
    return badInput("--until=", arguments.value("until"),
                    " comes before --from=", arguments.value("from"));
  if (!request.emit && !request.until && request.output.empty())
    return badInput("tenon compile needs -o FILE.tenon, --until or --emit");
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

/// What the kernels became, for people.
static Result<void> emitKernels(ModuleOp module, const Request &request,
                                Workshop &workshop) {
  auto cpu = cpuByName(module.getLoc(), request.options.target);
  if (failed(cpu) ||
      failed(runStages(module, request.options, request.after, Stage::Lower)))
    return workshop.emittedError();
  FailureOr<std::string> text = emitText(module, *cpu, *request.emit);
  if (failed(text))
    return workshop.emittedError();
  return writeText(request.output, *text);
}

static Result<void> printStage(ModuleOp module, const Request &request,
                               Workshop &workshop) {
  if (failed(runStages(module, request.options, request.after, *request.until)))
    return workshop.emittedError();
  std::string text;
  llvm::raw_string_ostream os(text);
  module->print(os);
  os << '\n';
  return writeText(request.output, text);
}

static Result<void> compile(const Arguments &arguments) {
  Result<Request> request = readRequest(arguments);
  if (!request)
    return request.error();
  Workshop workshop;
  auto module = workshop.load(arguments.operand(), arguments.values("dims"));
  if (!module)
    return module.error();
  if (request->emit)
    return emitKernels(**module, *request, workshop);
  if (request->until)
    return printStage(**module, *request, workshop);
  if (failed(compileToArtifact(**module, request->options, request->output,
                               request->after)))
    return workshop.emittedError();
  return {};
}

static constexpr Option kOptions[] = {
    {"o", "FILE", "write here: the artifact, or what --until and --emit print"},
    {"target", "CPU", "native, x86-64-v3, x86-64-v4, znver4 or sapphirerapids"},
    {"dims", "INPUT=DIMS",
     "other dims for an input of an ONNX model: ids=Bx128", true},
    {"until", "STAGE",
     "stop after this stage and print the module: import,\n"
     "simplify, fuse, tile, schedule, plan, lower"},
    {"from", "STAGE",
     "the .mlir file is what this stage left; go on behind it"},
    {"emit", "FORM", "print what the kernels became: llvm or asm"},
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
