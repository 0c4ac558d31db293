// Modules: text to kernels, and variables to memory.

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Decode/Decoder.h"
#include "runtime/VirtualGpu/Machine.h"
#include "runtime/VirtualGpu/Ptx/InlineCalls.h"

#include <charconv>
#include <cstring>

namespace tenon::vgpu {

using ptx::Space;
using rt::badInput;
using rt::Result;

Kernel::Kernel(std::unique_ptr<KernelProgram> program)
    : code(std::move(program)) {}
Kernel::~Kernel() = default;
const KernelInfo &Kernel::info() const { return code->info; }

Module::~Module() {
  // A variable is freed once: its address came from allocate.
  for (const GlobalVariable &variable : globalList)
    (void)memory->free(variable.address);
}

const Kernel *Module::kernel(std::string_view name) const {
  for (const std::unique_ptr<Kernel> &kernel : kernelList)
    if (kernel->info().name == name)
      return kernel.get();
  return nullptr;
}

const GlobalVariable *Module::global(std::string_view name) const {
  for (const GlobalVariable &variable : globalList)
    if (variable.name == name)
      return &variable;
  return nullptr;
}

static Result<void> placeVariables(Memory &memory, int device,
                                   const ptx::Text &text,
                                   std::string_view moduleName,
                                   Symbols &symbols,
                                   std::vector<GlobalVariable> &globals) {
  for (const ptx::Variable &variable : text.variables) {
    if (variable.space == Space::Shared)
      continue;
    if (variable.isExtern || variable.sizeBytes == 0)
      return badInput(moduleName, ":", variable.ptxLine, ": variable ",
                      rt::quoted(variable.name),
                      " is defined nowhere: modules are not linked");
    Result<Address> address = memory.allocate(
        device, variable.sizeBytes, std::max(variable.alignBytes, 16u),
        std::string(variable.name), variable.space == Space::Constant);
    if (!address)
      return address.error();
    globals.push_back(
        {std::string(variable.name), *address, variable.sizeBytes});
    symbols[std::string(variable.name)] = {variable.space, *address};
  }
  return {};
}

// What has no initialiser is zero, as in C.
static Result<void> initialise(Memory &memory, const ptx::Text &text,
                               std::string_view moduleName,
                               const Symbols &symbols) {
  for (const ptx::Variable &variable : text.variables) {
    if (variable.space == Space::Shared)
      continue;
    std::vector<uint8_t> bytes = variable.bytes;
    bytes.resize(variable.sizeBytes);
    for (const ptx::Initialiser &pointer : variable.addresses) {
      auto found = symbols.find(pointer.symbol);
      if (found == symbols.end() || pointer.offsetBytes + 8 > bytes.size())
        return badInput(moduleName, ":", variable.ptxLine, ": unknown name ",
                        rt::quoted(pointer.symbol), " in the values of ",
                        rt::quoted(variable.name));
      uint64_t value = 0;
      std::memcpy(&value, bytes.data() + pointer.offsetBytes, 8);
      value += found->second.address;
      std::memcpy(bytes.data() + pointer.offsetBytes, &value, 8);
    }
    Address address = symbols.at(std::string(variable.name)).address;
    Result<void> copied = memory.copyIn(address, bytes.data(), bytes.size());
    if (!copied)
      return copied;
  }
  return {};
}

/// The number behind `before`, if it stands in the line.
static std::optional<uint32_t> numberBehind(std::string_view line,
                                            std::string_view before) {
  size_t at = line.find(before);
  uint32_t number = 0;
  if (at == line.npos)
    return std::nullopt;
  const char *begin = line.data() + at + before.size();
  auto [end, error] = std::from_chars(begin, line.data() + line.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

// Whoever compiled the text to machine code too may say what came of it.
static void readPtxasComment(std::string_view ptx, KernelInfo &info) {
  std::string head = rt::message("// ptxas ", info.name, ": ");
  size_t at = ptx.find(head);
  if (at == ptx.npos)
    return;
  std::string_view line = ptx.substr(at, ptx.find('\n', at) - at);
  info.ptxasRegisters = numberBehind(line, head);
  info.ptxasSpillBytes = numberBehind(line, " registers, ");
}

Result<std::shared_ptr<const Module>> Machine::load(std::string_view ptx,
                                                    std::string_view name) {
  Result<ptx::Text> text = ptx::parse(ptx, name);
  if (!text)
    return text.error();
  std::shared_ptr<Module> module(new Module());
  Result<void> inlined = ptx::inlineCalls(*text, name);
  if (!inlined)
    return inlined.error();
  module->memory = deviceMemory;
  Symbols symbols;
  Result<void> placed = placeVariables(*deviceMemory, settings.device, *text,
                                       name, symbols, module->globalList);
  if (!placed)
    return placed.error();
  Result<void> initialised = initialise(*deviceMemory, *text, name, symbols);
  if (!initialised)
    return initialised.error();
  for (const ptx::Function &function : text->functions) {
    if (!function.isKernel || !function.hasBody)
      continue;
    Result<std::unique_ptr<KernelProgram>> program =
        Decoder(*text, function, symbols, name).decode();
    if (!program)
      return program.error();
    readPtxasComment(ptx, (*program)->info);
    module->kernelList.push_back(std::make_unique<Kernel>(std::move(*program)));
  }
  return std::shared_ptr<const Module>(std::move(module));
}

} // namespace tenon::vgpu
