// The device as its users see it: modules and launches.

#include "runtime/VirtualGpu/Machine.h"

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Decode/Program.h"

namespace tenon::vgpu {

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

Machine::Machine(std::shared_ptr<Memory> memory, MachineOptions options)
    : deviceMemory(std::move(memory)), settings(options) {}
Machine::~Machine() = default;

void Machine::setOptions(const MachineOptions &options) {
  std::lock_guard lock(mutex);
  settings = options;
}

const ArchLimits &Machine::limits() const {
  const ArchLimits *limits = archLimits(settings.arch);
  return limits ? *limits : *archLimits(80);
}

Result<std::shared_ptr<const Module>> Machine::load(std::string_view,
                                                    std::string_view name) {
  return badInput(name, ":1: this version of the device reads no PTX");
}

Result<LaunchResult> Machine::launch(const LaunchConfig &) {
  return badInput("this version of the device launches nothing");
}

} // namespace tenon::vgpu
