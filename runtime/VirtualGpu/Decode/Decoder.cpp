// The decoder's frame: rows of the table, operands, labels.

#include "runtime/VirtualGpu/Decode/Decoder.h"

#include "runtime/VirtualGpu/Exec/Handlers.h"
#include "runtime/VirtualGpu/Exec/Warp.h"

#include <algorithm>
#include <bit>

namespace tenon::vgpu {

using ptx::Operand;
using ptx::Statement;

struct Decoder::Row {
  OpcodeInfo info;
  Method method;
};

const Decoder::Row *Decoder::findRow(std::string_view name) {
  static const std::unordered_map<std::string_view, Row> kRows = {
#define TENON_PTX_OPCODE(name, decoder, ignored, meaning)                      \
  {#name, {{#name, ignored, meaning}, &Decoder::decoder}},
#include "runtime/VirtualGpu/Decode/Opcodes.def"
#undef TENON_PTX_OPCODE
  };
  auto found = kRows.find(name);
  return found == kRows.end() ? nullptr : &found->second;
}

const std::vector<OpcodeInfo> &opcodes() {
  static const std::vector<OpcodeInfo> kOpcodes = {
#define TENON_PTX_OPCODE(name, decoder, ignored, meaning)                      \
  {#name, ignored, meaning},
#include "runtime/VirtualGpu/Decode/Opcodes.def"
#undef TENON_PTX_OPCODE
  };
  return kOpcodes;
}

Decoder::Decoder(const ptx::Text &text, const ptx::Function &function,
                 const Symbols &globals, std::string_view moduleName)
    : text(text), function(function), globals(globals), moduleName(moduleName) {
  for (const ptx::Register &each : function.registers)
    values.push_back({each.sizeBytes, false, 0});
}

rt::Result<std::unique_ptr<KernelProgram>> Decoder::decode() {
  if (!layOut())
    return failure;
  program->files = text.files;
  for (const Statement &each : function.statements)
    if (!decodeStatement(each))
      return failure;
  codeOfStatement.push_back(program->code.size());
  emit([&] {
    Instruction end = begin(doNothing, Pipe::Control);
    end.flow = Flow::Exit;
    end.predicate = kNoSlot;
    return end;
  }());
  if (!resolveLabels())
    return failure;
  findProductRegisters(*program, values, effects);
  assignSlots(*program, values, effects);
  for (uint32_t i = 0, list = 0; i < program->code.size(); ++i) {
    Instruction &inst = program->code[i];
    if (inst.numListed)
      inst.list = program->lists[list++].data();
  }
  return std::move(program);
}

static std::vector<std::string_view> split(std::string_view text,
                                           char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    size_t end = std::min(text.find(separator), text.size());
    if (end)
      parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

void Decoder::splitOpcode(std::string_view opcode) {
  std::vector<std::string_view> parts = split(opcode, '.');
  base = parts.empty() ? opcode : parts[0];
  modifiers.assign(parts.begin() + (parts.empty() ? 0 : 1), parts.end());
}

bool Decoder::failUnknown() {
  return fail("unknown opcode ", rt::quoted(statement->opcode));
}

bool Decoder::decodeStatement(const Statement &each) {
  statement = &each;
  codeOfStatement.push_back(program->code.size());
  splitOpcode(each.opcode);
  const Row *row = findRow(base);
  if (!row)
    return failUnknown();
  for (std::string_view ignored : split(row->info.ignoredModifiers, ' '))
    while (take(ignored)) {
    }
  return (this->*row->method)();
}

bool Decoder::take(std::string_view modifier) {
  auto found = std::find(modifiers.begin(), modifiers.end(), modifier);
  if (found == modifiers.end())
    return false;
  modifiers.erase(found);
  return true;
}

std::string_view Decoder::takeNext() {
  if (modifiers.empty())
    return {};
  std::string_view next = modifiers.front();
  modifiers.erase(modifiers.begin());
  return next;
}

std::string_view Decoder::takeType() {
  for (std::string_view modifier : modifiers)
    if (ptx::typeBytes(modifier)) {
      take(modifier);
      return modifier;
    }
  return {};
}

bool Decoder::checkAllTaken() {
  if (modifiers.empty())
    return true;
  return fail("unknown modifier '.", modifiers.front(), "' of ",
              rt::quoted(statement->opcode));
}

bool Decoder::checkOperands(size_t least, size_t most) {
  size_t count = statement->operands.size();
  if (count >= least && count <= most)
    return true;
  return fail(rt::quoted(statement->opcode), " needs ", least,
              " operands, found ", count);
}

const Symbol *Decoder::symbol(std::string_view name) const {
  std::string key(name);
  auto local = locals.find(key);
  if (local != locals.end())
    return &local->second;
  auto global = globals.find(key);
  return global == globals.end() ? nullptr : &global->second;
}

uint8_t Decoder::sizeOf(const Operand &operand) const {
  return operand.kind == Operand::Register
             ? function.registers[operand.index].sizeBytes
             : 0;
}

uint32_t Decoder::constant(uint64_t bits, uint8_t sizeBytes) {
  if (sizeBytes && sizeBytes < 8)
    bits &= (uint64_t(1) << (8 * sizeBytes)) - 1;
  auto [at, isNew] = constants.try_emplace({bits, sizeBytes}, values.size());
  if (isNew)
    values.push_back({sizeBytes, true, bits});
  return at->second;
}

uint32_t Decoder::temporary(uint8_t sizeBytes) {
  values.push_back({sizeBytes, false, 0});
  return values.size() - 1;
}

uint32_t Decoder::negated(uint32_t predicate) {
  Instruction inst = begin(forms().find("not.pred")->handler, Pipe::Integer);
  inst.slot[0] = temporary(0);
  inst.slot[1] = predicate;
  // All lanes: the value is read by this statement only.
  inst.predicate = kNoSlot;
  emit(inst);
  return inst.slot[0];
}

uint32_t Decoder::registerValue(const Operand &operand, uint8_t sizeBytes) {
  uint8_t found = function.registers[operand.index].sizeBytes;
  if (found != sizeBytes) {
    fail("register ", rt::quoted(operand.name), " has ", unsigned(found),
         " bytes, expected ", unsigned(sizeBytes), " in ",
         rt::quoted(statement->opcode));
    return kNoSlot;
  }
  return operand.index;
}

uint32_t Decoder::source(const Operand &operand, OperandType type) {
  switch (operand.kind) {
  case Operand::Register: {
    uint32_t value = registerValue(operand, type.sizeBytes);
    return operand.isNegated && value != kNoSlot ? negated(value) : value;
  }
  case Operand::Integer:
    if (type.isFloat && type.sizeBytes == 8)
      return constant(std::bit_cast<uint64_t>(double(int64_t(operand.bits))),
                      8);
    if (type.isFloat)
      return constant(std::bit_cast<uint32_t>(float(int64_t(operand.bits))), 4);
    return constant(operand.bits, type.sizeBytes);
  case Operand::Float32:
    return constant(operand.bits, type.sizeBytes);
  case Operand::Float64:
    if (type.sizeBytes == 4)
      return constant(
          std::bit_cast<uint32_t>(float(std::bit_cast<double>(operand.bits))),
          4);
    return constant(operand.bits, type.sizeBytes);
  case Operand::Name:
    if (isSpecial(operand.name)) {
      if (type.sizeBytes == 4)
        return special(operand.name);
      fail("special register ", rt::quoted(operand.name),
           " has 4 bytes, expected ", unsigned(type.sizeBytes));
      return kNoSlot;
    }
    if (const Symbol *found = symbol(operand.name))
      return constant(found->address, type.sizeBytes);
    if (operand.name == "WARP_SZ")
      return constant(kWarpSize, type.sizeBytes);
    fail("unknown name ", rt::quoted(operand.name));
    return kNoSlot;
  default:
    fail("expected a value as operand of ", rt::quoted(statement->opcode));
    return kNoSlot;
  }
}

uint32_t Decoder::destination(const Operand &operand, uint8_t sizeBytes) {
  if (operand.kind == Operand::Sink)
    return temporary(sizeBytes);
  if (operand.kind == Operand::Register)
    return registerValue(operand, sizeBytes);
  fail("expected a register as destination of ", rt::quoted(statement->opcode));
  return kNoSlot;
}

bool Decoder::setAddress(Instruction &inst, const Operand &address) {
  if (address.kind != Operand::Address || address.elements.empty())
    return fail("expected an address as operand of ",
                rt::quoted(statement->opcode));
  const Operand &at = address.elements[0];
  inst.immediate = address.offsetBytes;
  if (at.kind == Operand::Register) {
    inst.addressBytes = sizeOf(at);
    if (inst.addressBytes != 4 && inst.addressBytes != 8)
      return fail("register ", rt::quoted(at.name), " cannot hold an address");
    inst.slot[1] = at.index;
    return true;
  }
  inst.addressBytes = 8;
  inst.slot[1] = constant(0, 8);
  if (at.kind == Operand::Integer) {
    inst.immediate += at.bits;
    return true;
  }
  const Symbol *found = at.kind == Operand::Name ? symbol(at.name) : nullptr;
  if (!found)
    return fail("unknown name ", rt::quoted(at.name), " in an address");
  inst.immediate += found->address;
  inst.space = found->space;
  return true;
}

Instruction Decoder::begin(Handler handler, Pipe pipe) {
  Instruction inst;
  inst.handler = handler;
  inst.pipe = pipe;
  if (statement && statement->predicate) {
    inst.predicate = *statement->predicate;
    inst.isPredicateNegated = statement->isPredicateNegated;
  }
  return inst;
}

void Decoder::emit(Instruction inst, std::vector<uint32_t> listed,
                   size_t numWritten, bool readsFirst) {
  inst.id = program->code.size();
  inst.numListed = listed.size();
  ValueEffect effect;
  auto put = [](std::vector<uint32_t> &to, uint32_t value) {
    if (value != kNoSlot)
      to.push_back(value);
  };
  put(readsFirst ? effect.read : effect.written, inst.slot[0]);
  for (unsigned i = 1; i < 5; ++i)
    put(effect.read, inst.slot[i]);
  put(effect.written, inst.slot[5]);
  for (size_t i = 0; i < listed.size(); ++i)
    put(i < numWritten ? effect.written : effect.read, listed[i]);
  put(effect.read, inst.predicate);
  effects.push_back(std::move(effect));
  if (!listed.empty())
    program->lists.push_back(std::move(listed));
  if (inst.flow == Flow::Branch || inst.flow == Flow::BranchTable ||
      inst.flow == Flow::Exit)
    inst.endsBlock = true;
  program->code.push_back(inst);
  program->places.push_back(
      statement ? Place{statement->ptxLine, statement->file, statement->line}
                : Place());
  program->opcodes.emplace_back(statement ? statement->opcode : "exit");
}

bool Decoder::findLabel(std::string_view name, uint32_t scope,
                        uint32_t &target) {
  for (;; scope = function.scopes[scope].parent) {
    auto found = function.scopes[scope].labels.find(name);
    if (found != function.scopes[scope].labels.end()) {
      target = found->second;
      return true;
    }
    if (function.scopes[scope].parent == scope)
      return fail("unknown label ", rt::quoted(name));
  }
}

bool Decoder::resolveLabels() {
  auto startBlock = [&](uint32_t at) {
    if (at > 0)
      program->code[at - 1].endsBlock = true;
  };
  for (auto [at, target] : branches) {
    program->code[at].target = codeOfStatement[target];
    startBlock(codeOfStatement[target]);
  }
  for (std::vector<uint32_t> &table : program->branchTables)
    for (uint32_t &target : table) {
      target = codeOfStatement[target];
      startBlock(target);
    }
  return true;
}

} // namespace tenon::vgpu
