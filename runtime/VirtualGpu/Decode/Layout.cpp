// Where a kernel's parameters, shared and local variables stand.

#include "runtime/VirtualGpu/Decode/Decoder.h"

#include <algorithm>
#include <set>

namespace tenon::vgpu {

using ptx::Space;

static uint64_t roundUp(uint64_t value, uint64_t align) {
  return (value + align - 1) / align * align;
}

/// What a TMA box or a swizzled tile asks of the memory that extern arrays
/// begin at.
static constexpr uint32_t kDynamicSharedAlign = 1024;
/// The architecture's limit for one thread.
static constexpr uint64_t kMostLocalBytes = 512 * 1024;
static constexpr uint64_t kMostSharedBytes = 227 * 1024;

void Decoder::layOutParameters() {
  KernelInfo &info = program->info;
  for (const ptx::Variable &parameter : function.parameters) {
    ParameterInfo where;
    where.offsetBytes = roundUp(info.parameterBytes, parameter.alignBytes);
    where.sizeBytes = parameter.sizeBytes;
    where.alignBytes = parameter.alignBytes;
    info.parameterBytes = where.offsetBytes + where.sizeBytes;
    info.parameters.push_back(where);
    locals[std::string(parameter.name)] = {Space::Parameter, where.offsetBytes};
  }
}

static void addNames(const ptx::Operand &operand,
                     std::set<std::string_view> &names) {
  if (operand.kind == ptx::Operand::Name)
    names.insert(operand.name);
  for (const ptx::Operand &element : operand.elements)
    addNames(element, names);
}

bool Decoder::layOutShared() {
  // A module's shared variables take room in the kernels that name them.
  std::set<std::string_view> names;
  for (const ptx::Statement &each : function.statements)
    for (const ptx::Operand &operand : each.operands)
      addNames(operand, names);
  KernelInfo &info = program->info;
  uint64_t end = 0;
  auto put = [&](const ptx::Variable &variable) {
    uint64_t at = roundUp(end, variable.alignBytes);
    locals[std::string(variable.name)] = {Space::Shared, at};
    end = at + variable.sizeBytes;
    return end <= kMostSharedBytes;
  };
  std::vector<const ptx::Variable *> dynamic;
  bool fits = true;
  for (const ptx::Variable &variable : text.variables) {
    if (variable.space != Space::Shared || !names.count(variable.name))
      continue;
    if (variable.isExtern)
      dynamic.push_back(&variable);
    else
      fits = fits && put(variable);
  }
  for (const ptx::Variable &variable : function.locals)
    if (variable.space == Space::Shared)
      fits = fits && put(variable);
  if (!fits)
    return fail("kernel ", rt::quoted(function.name), " needs ", end,
                " bytes of static shared memory, expected at most ",
                kMostSharedBytes);
  info.staticSharedBytes = end;
  info.usesDynamicShared = !dynamic.empty();
  uint32_t align = 16;
  for (const ptx::Variable *variable : dynamic)
    align = std::max(align, variable->alignBytes);
  program->dynamicSharedOffset =
      end ? roundUp(end, std::min(align, kDynamicSharedAlign)) : 0;
  for (const ptx::Variable *variable : dynamic)
    locals[std::string(variable->name)] = {Space::Shared,
                                           program->dynamicSharedOffset};
  return true;
}

void Decoder::layOutLocals() {
  uint64_t end = 0;
  for (const ptx::Variable &variable : function.locals) {
    if (variable.space == Space::Shared)
      continue;
    uint64_t at = roundUp(end, variable.alignBytes);
    locals[std::string(variable.name)] = {Space::Local, at};
    end = at + variable.sizeBytes;
  }
  program->info.localBytes = roundUp(end, 16);
}

bool Decoder::layOut() {
  KernelInfo &info = program->info;
  info.name = function.name;
  info.target = text.target;
  info.maxThreads = function.maxThreads;
  info.requiredThreads = function.requiredThreads;
  info.requiredCluster = function.requiredCluster;
  info.minBlocksPerSm = function.minBlocksPerSm;
  layOutParameters();
  layOutLocals();
  if (info.localBytes > kMostLocalBytes)
    return fail(
        "kernel ", rt::quoted(function.name), " needs ", info.localBytes,
        " bytes of local memory a thread, expected at most ", kMostLocalBytes);
  return layOutShared();
}

} // namespace tenon::vgpu
