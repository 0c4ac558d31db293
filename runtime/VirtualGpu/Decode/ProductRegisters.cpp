// Which registers wgmma has its sums and left sides in, and who touches them.

#include "runtime/VirtualGpu/Decode/Slots.h"

namespace tenon::vgpu {

namespace {

constexpr uint32_t kNone = ~0u;

bool isProduct(const KernelProgram &program, uint32_t id) {
  return program.opcodes[id].starts_with("wgmma.mma_async");
}
bool isMove(const Instruction &inst) {
  return inst.pipe == Pipe::Move && !inst.numListed;
}

/// Numbers for the registers, and for those that moves connect them with.
std::vector<uint32_t> numberRegisters(KernelProgram &program,
                                      const std::vector<Value> &values,
                                      const std::vector<ValueEffect> &effects) {
  std::vector<uint32_t> numbers(values.size(), kNone);
  auto add = [&](uint32_t value) {
    if (numbers[value] != kNone || values[value].isPinned ||
        values[value].sizeBytes != 4)
      return false;
    numbers[value] = program.numProductRegisters++;
    return true;
  };
  uint32_t list = 0;
  for (const Instruction &inst : program.code) {
    if (isProduct(program, inst.id))
      for (uint32_t value : program.lists[list])
        add(value);
    list += inst.numListed != 0;
  }
  for (bool isChanged = program.numProductRegisters != 0; isChanged;) {
    isChanged = false;
    for (const Instruction &inst : program.code) {
      const ValueEffect &effect = effects[inst.id];
      if (!isMove(inst) || effect.written.size() != 1 || effect.read.empty())
        continue;
      uint32_t to = effect.written[0], from = effect.read[0];
      if (numbers[to] != kNone)
        isChanged |= add(from);
      else if (numbers[from] != kNone)
        isChanged |= add(to);
    }
  }
  return numbers;
}

} // namespace

void findProductRegisters(KernelProgram &program,
                          const std::vector<Value> &values,
                          const std::vector<ValueEffect> &effects) {
  std::vector<uint32_t> numbers = numberRegisters(program, values, effects);
  if (program.numProductRegisters == 0)
    return;
  for (Instruction &inst : program.code) {
    std::vector<ProductTouch> touches;
    auto add = [&](const std::vector<uint32_t> &touched, bool isWrite) {
      for (uint32_t value : touched)
        if (numbers[value] != kNone)
          touches.push_back({numbers[value], isWrite});
    };
    add(effects[inst.id].read, false);
    add(effects[inst.id].written, true);
    inst.touchesProduct = !touches.empty();
    if (inst.touchesProduct)
      program.touches[inst.id] = std::move(touches);
  }
}

} // namespace tenon::vgpu
