// Loads, stores, atomics, copies, matrices.

#include "runtime/VirtualGpu/Decode/Decoder.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"

#include <array>

namespace tenon::vgpu {

using ptx::Operand;
using ptx::Space;

bool Decoder::takeSpace(Instruction &inst) {
  static constexpr std::array<std::pair<std::string_view, Space>, 9> kSpaces = {
      {{"global", Space::Global},
       {"shared", Space::Shared},
       {"shared::cta", Space::Shared},
       {"shared::cluster", Space::Shared},
       {"local", Space::Local},
       {"const", Space::Constant},
       {"param", Space::Parameter},
       {"param::entry", Space::Parameter},
       {"param::func", Space::Parameter}}};
  for (auto [name, space] : kSpaces)
    if (take(name)) {
      inst.space = space;
      return true;
    }
  return false;
}

static unsigned takeVector(std::string_view modifier) {
  return modifier == "v2" ? 2 : modifier == "v4" ? 4 : modifier == "v8" ? 8 : 0;
}

/// The elements of {a, b}, or the operand itself.
static std::vector<const Operand *> elementsOf(const Operand &operand) {
  std::vector<const Operand *> elements;
  if (operand.kind != Operand::List)
    return {&operand};
  for (const Operand &element : operand.elements)
    elements.push_back(&element);
  return elements;
}

bool Decoder::decodeLoad() {
  // A cache policy follows the address and changes nothing.
  if (!checkOperands(2, 3))
    return false;
  Instruction inst = begin(loadMemory, Pipe::Memory);
  // What another block may write meanwhile has an order among blocks.
  for (std::string_view part : {".volatile", ".acquire", ".relaxed"})
    if (statement->opcode.find(part) != std::string_view::npos)
      program->blocksMeet = true;
  takeSpace(inst);
  unsigned vector = 1;
  for (std::string_view name : {"v2", "v4", "v8"})
    if (take(name))
      vector = takeVector(name);
  std::string_view type = takeType();
  if (type.empty() || !checkAllTaken())
    return type.empty() ? failUnknown() : false;
  inst.elementBytes = *ptx::typeBytes(type);
  inst.numElements = vector;
  if (!setAddress(inst, operand(1)))
    return false;
  std::vector<const Operand *> elements = elementsOf(operand(0));
  if (elements.size() != vector || inst.elementBytes == 0 ||
      inst.elementBytes > 8)
    return failUnknown();
  uint8_t registerBytes = 0;
  for (const Operand *element : elements)
    registerBytes = std::max(registerBytes, sizeOf(*element));
  if (registerBytes < inst.elementBytes)
    return fail("a register of ", rt::quoted(statement->opcode),
                " is narrower than its type");
  std::vector<uint32_t> listed;
  for (const Operand *element : elements)
    listed.push_back(destination(*element, registerBytes));
  if (!failure.message.empty())
    return false;
  inst.flags = registerBytes | (type[0] == 's' ? kSignedLoad : 0);
  if (inst.space == Space::Parameter)
    inst.handler = loadParameter;
  emit(inst, listed, listed.size());
  return true;
}

bool Decoder::decodeStore() {
  if (!checkOperands(2, 3))
    return false;
  Instruction inst = begin(storeMemory, Pipe::Memory);
  for (std::string_view part : {".volatile", ".release", ".relaxed"})
    if (statement->opcode.find(part) != std::string_view::npos)
      program->blocksMeet = true;
  takeSpace(inst);
  unsigned vector = 1;
  for (std::string_view name : {"v2", "v4", "v8"})
    if (take(name))
      vector = takeVector(name);
  std::string_view type = takeType();
  if (type.empty() || !checkAllTaken())
    return type.empty() ? failUnknown() : false;
  inst.elementBytes = *ptx::typeBytes(type);
  inst.numElements = vector;
  if (!setAddress(inst, operand(0)))
    return false;
  std::vector<const Operand *> elements = elementsOf(operand(1));
  if (elements.size() != vector || inst.elementBytes == 0 ||
      inst.elementBytes > 8)
    return failUnknown();
  uint8_t registerBytes = inst.elementBytes;
  for (const Operand *element : elements)
    registerBytes = std::max(registerBytes, sizeOf(*element));
  std::vector<uint32_t> listed;
  for (const Operand *element : elements)
    listed.push_back(source(*element, {registerBytes, type[0] == 'f'}));
  if (!failure.message.empty())
    return false;
  if (inst.space == Space::Parameter)
    return fail("a kernel cannot write its parameters: ",
                rt::quoted(statement->opcode));
  bool isStreamed = statement->opcode.find(".cs") != std::string_view::npos;
  inst.flags = registerBytes | (isStreamed ? kStreamedStore : 0);
  emit(inst, listed, 0);
  return true;
}

static std::optional<AtomicOp> atomicOp(std::string_view name) {
  static constexpr std::string_view kNames[] = {
      "add", "inc", "dec", "min", "max", "and", "or", "xor", "exch", "cas"};
  for (unsigned i = 0; i < std::size(kNames); ++i)
    if (kNames[i] == name)
      return AtomicOp(i);
  return std::nullopt;
}

static std::optional<AtomicType> atomicType(std::string_view name) {
  static constexpr std::string_view kNames[] = {
      "u32", "s32",  "u64",   "s64",    "f32", "f64",
      "f16", "bf16", "f16x2", "bf16x2", "u16"};
  for (unsigned i = 0; i < std::size(kNames); ++i)
    if (kNames[i] == name)
      return AtomicType(i);
  if (name == "b16" || name == "b32" || name == "b64")
    return name == "b16"   ? AtomicType::U16
           : name == "b32" ? AtomicType::U32
                           : AtomicType::U64;
  return std::nullopt;
}

bool Decoder::decodeAtomic() {
  Instruction inst = begin(atomic, Pipe::Memory);
  takeSpace(inst);
  if (inst.space != Space::Shared)
    program->blocksMeet = true;
  std::optional<AtomicOp> op = atomicOp(takeNext());
  std::optional<AtomicType> type =
      atomicType(modifiers.empty() ? "" : modifiers[0]);
  if (!op || !type)
    return failUnknown();
  inst.elementBytes = *ptx::typeBytes(takeNext());
  bool isRed = base == "red";
  size_t first = isRed ? 1 : 2, count = *op == AtomicOp::Cas ? 2 : 1;
  if (!checkAllTaken() || !checkOperands(first + count, first + count))
    return false;
  inst.flags = uint16_t(*op) | uint16_t(uint16_t(*type) << 8);
  if (!setAddress(inst, operand(first - 1)))
    return false;
  bool isFloat = *type == AtomicType::F32 || *type == AtomicType::F64;
  for (size_t i = 0; i < count; ++i)
    inst.slot[2 + i] = source(operand(first + i), {inst.elementBytes, isFloat});
  if (!isRed)
    inst.slot[0] = destination(operand(0), inst.elementBytes);
  if (!failure.message.empty())
    return false;
  emit(inst);
  return true;
}

bool Decoder::decodeCopy() {
  if (!take("async"))
    return failUnknown();
  if (take("mbarrier"))
    return decodeCopyArrival();
  if (take("bulk"))
    return decodeBulkCopy();
  if (take("commit_group")) {
    emit(begin(commitCopies, Pipe::Async));
    return checkAllTaken();
  }
  bool waitsForAll = take("wait_all");
  if (waitsForAll || take("wait_group")) {
    Instruction inst = begin(waitForCopies, Pipe::Async);
    if (!checkOperands(!waitsForAll, !waitsForAll) || !checkAllTaken())
      return false;
    inst.immediate = waitsForAll ? -1 : int64_t(operand(0).bits);
    emit(inst);
    return true;
  }
  bool isShared = take("shared") || take("shared::cta");
  if (!isShared || !take("global") || !checkAllTaken())
    return failUnknown();
  if (!checkOperands(3, 5))
    return false;
  Instruction inst = begin(copyAsync, Pipe::Async), from = inst;
  if (!setAddress(inst, operand(0)) || !setAddress(from, operand(1)))
    return false;
  uint64_t bytes = operand(2).bits;
  if (operand(2).kind != Operand::Integer ||
      (bytes != 4 && bytes != 8 && bytes != 16))
    return fail("cp.async copies 4, 8 or 16 bytes, found ", bytes);
  if (from.addressBytes != 8)
    return fail("the source of cp.async needs an address of 8 bytes");
  inst.elementBytes = bytes;
  inst.slot[2] = from.slot[1];
  inst.space = Space::Shared;
  // The source's offset travels as a constant of its own.
  inst.slot[4] = constant(from.immediate, 8);
  inst.slot[3] = constant(bytes, 4);
  if (statement->operands.size() > 3 && sizeOf(operand(3)) != 8) {
    if (operand(3).kind == Operand::Register && sizeOf(operand(3)) == 0)
      return fail("cp.async with ignore-src is not supported");
    inst.slot[3] = source(operand(3), {4, false});
  }
  if (!failure.message.empty())
    return false;
  emit(inst);
  return true;
}

bool Decoder::decodeMatrixAccess(Handler handler, bool isLoad) {
  Instruction inst = begin(handler, Pipe::Memory);
  bool isB16 = take("m8n8") && take("b16");
  if (!takeSpace(inst))
    inst.space = Space::Generic;
  inst.numElements = take("x4") ? 4 : take("x2") ? 2 : take("x1") ? 1 : 0;
  inst.flags = take("trans") ? kTransposed : 0;
  if (!isB16 || !inst.numElements)
    return failUnknown();
  if (!checkAllTaken() || !checkOperands(2, 2))
    return false;
  if (!setAddress(inst, operand(isLoad ? 1 : 0)))
    return false;
  std::vector<uint32_t> listed;
  for (const Operand *element : elementsOf(operand(isLoad ? 0 : 1)))
    listed.push_back(isLoad ? destination(*element, 4)
                            : source(*element, {4, false}));
  if (!failure.message.empty())
    return false;
  if (listed.size() != inst.numElements)
    return fail(rt::quoted(statement->opcode), " needs ",
                unsigned(inst.numElements), " registers, found ",
                listed.size());
  inst.flow = Flow::Outcome;
  emit(inst, listed, isLoad ? listed.size() : 0);
  return true;
}

bool Decoder::decodeLoadMatrix() {
  return decodeMatrixAccess(loadMatrix, true);
}
bool Decoder::decodeStoreMatrix() {
  return decodeMatrixAccess(storeMatrix, false);
}

bool Decoder::decodeMma() {
  if (!checkOperands(4, 4))
    return false;
  std::string_view shape = takeNext();
  std::string types;
  while (!modifiers.empty())
    types += (types.empty() ? "" : ".") + std::string(takeNext());
  const MmaForm *form = findMma(shape, types);
  if (!form)
    return failUnknown();
  Instruction inst = begin(form->handler, Pipe::Tensor);
  inst.flow = Flow::Outcome;
  inst.immediate = form->flops;
  std::vector<uint32_t> listed;
  const uint8_t counts[] = {form->numD, form->numA, form->numB, form->numC};
  for (unsigned part = 0; part < 4; ++part) {
    std::vector<const Operand *> elements = elementsOf(operand(part));
    if (elements.size() != counts[part])
      return fail(rt::quoted(statement->opcode), " needs ",
                  unsigned(counts[part]), " registers as operand ", part,
                  ", found ", elements.size());
    for (const Operand *element : elements)
      listed.push_back(part == 0 ? destination(*element, 4)
                                 : source(*element, {4, true}));
  }
  if (!failure.message.empty())
    return false;
  emit(inst, listed, form->numD);
  return true;
}

} // namespace tenon::vgpu
