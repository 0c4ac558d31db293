// Arithmetic, comparisons, conversions, moves.

#include "runtime/VirtualGpu/Decode/Decoder.h"
#include "runtime/VirtualGpu/Exec/Convert.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"
#include "runtime/VirtualGpu/Exec/Warp.h"

#include <array>
#include <bit>

namespace tenon::vgpu {

using ptx::Operand;
using ptx::Space;

/// The pipe of a form is that of its type; for some it depends on what is done.
static Pipe pipeOf(const Form &form, std::string_view base) {
  if (form.pipe == Pipe::Integer && (base == "add" || base == "sub"))
    return Pipe::Add;
  if (form.pipe == Pipe::Integer &&
      (base.substr(0, 3) == "mul" || base.substr(0, 3) == "mad"))
    return Pipe::Multiply;
  bool compares = base == "min" || base == "max";
  return form.pipe == Pipe::Float32 && compares ? Pipe::Integer : form.pipe;
}

// The key of the table of forms: the opcode less its ignored modifiers.
bool Decoder::decodeForm() {
  bool takesCarry = base == "addc" || base == "subc" || base == "madc";
  if (takesCarry ||
      (!modifiers.empty() && (modifiers[0] == "cc" ||
                              (modifiers.size() > 1 && modifiers[1] == "cc"))))
    return decodeCarry();
  std::string key(base);
  for (std::string_view modifier : modifiers)
    key += "." + std::string(modifier);
  const Form *form = forms().find(key);
  if (!form)
    return failUnknown();
  // Since sm_100 the least and greatest of three: of two, and then of the
  // third.
  bool isOfThree = (base == "min" || base == "max") &&
                   form->operands.size() == 3 &&
                   statement->operands.size() == 4;
  if (!checkOperands(form->operands.size() + isOfThree,
                     form->operands.size() + isOfThree))
    return false;
  Instruction inst = begin(form->handler, pipeOf(*form, base));
  inst.flags = base == "selp" ? kSelects : 0;
  for (size_t i = 1; i < form->operands.size(); ++i) {
    inst.slot[i] = source(operand(i), form->operands[i]);
    if (inst.slot[i] == kNoSlot)
      return false;
  }
  if (isOfThree) {
    Instruction first = inst;
    first.slot[0] = temporary(form->operands[0].sizeBytes);
    emit(first);
    inst.slot[1] = first.slot[0];
    inst.slot[2] = source(operand(3), form->operands[2]);
  }
  inst.slot[0] = destination(operand(0), form->operands[0].sizeBytes);
  if (inst.slot[0] == kNoSlot || (isOfThree && inst.slot[2] == kNoSlot))
    return false;
  emit(inst);
  return true;
}

// Of 32 and 64 bits. The flag is a predicate that no register names.
bool Decoder::decodeCarry() {
  bool givesCarry = take("cc"), takesCarry = base.back() == 'c';
  bool isHigh = take("hi"), isLow = take("lo"),
       isMultiply = base.starts_with("mad");
  std::string_view type = takeType();
  bool isRight =
      type == "u32" || type == "s32" || type == "u64" || type == "s64";
  if (!isRight || isMultiply != (isHigh || isLow) || !checkAllTaken())
    return failUnknown();
  if (!checkOperands(isMultiply ? 4 : 3, isMultiply ? 4 : 3))
    return false;
  if (!carry)
    carry = temporary(0);
  Instruction inst = begin(carryLanes, isMultiply ? Pipe::Multiply : Pipe::Add);
  CarryOp op = isHigh                    ? CarryOp::MultiplyHigh
               : isLow                   ? CarryOp::MultiplyLow
               : base.starts_with("sub") ? CarryOp::Subtract
                                         : CarryOp::Add;
  inst.flags = uint16_t(op) | (takesCarry ? kTakesCarry : 0) |
               (type[0] == 's' ? kSignedCarry : 0);
  inst.elementBytes = *ptx::typeBytes(type);
  for (size_t i = 1; i < statement->operands.size(); ++i)
    inst.slot[i] = source(operand(i), {inst.elementBytes, false});
  if (takesCarry)
    inst.slot[4] = *carry;
  inst.slot[0] = destination(operand(0), inst.elementBytes);
  if (givesCarry)
    inst.slot[5] = *carry;
  if (!failure.message.empty())
    return false;
  emit(inst);
  return true;
}

// p|q: q is the opposite of p. With a third operand the combination would
// differ, and no compiler prints it.
bool Decoder::decodeSetp() {
  if (!decodeForm())
    return false;
  if (operand(0).second.empty())
    return true;
  if (statement->operands.size() > 3)
    return fail("setp with two results and a third operand is not supported");
  Instruction inst = begin(forms().find("not.pred")->handler, Pipe::Integer);
  inst.slot[1] = operand(0).index;
  inst.slot[0] = destination(operand(0).second[0], 0);
  if (inst.slot[0] == kNoSlot)
    return false;
  emit(inst);
  return true;
}

bool Decoder::decodeConvert() {
  if (!checkOperands(2, 4))
    return false;
  std::string key(base);
  for (std::string_view modifier : modifiers)
    key += "." + std::string(modifier);
  const Form *form = forms().find(key);
  bool fits = form && form->operands.size() == statement->operands.size() &&
              sizeOf(operand(0)) == form->operands[0].sizeBytes;
  for (size_t i = 1; fits && i < form->operands.size(); ++i)
    fits = operand(i).kind != Operand::Register ||
           sizeOf(operand(i)) == form->operands[i].sizeBytes;
  if (fits)
    return decodeForm();

  Conversion how;
  for (char mode : {'n', 'z', 'm', 'p'}) {
    std::string rounding = std::string("r") + mode;
    if (take(rounding + "i")) {
      how.rounding = mode;
      how.toInteger = true;
    } else if (take(rounding)) {
      how.rounding = mode;
    }
  }
  how.flushes = take("ftz");
  how.saturates = take("sat");
  how.isRelu = take("relu");
  std::optional<NumberType> to = numberType(takeNext()),
                            from = numberType(takeNext());
  if (!to || !from || !modifiers.empty() || statement->operands.size() != 2)
    return failUnknown();
  how.to = *to;
  how.from = *from;
  Instruction inst = begin(convert, Pipe::Convert);
  inst.elementBytes = sizeOf(operand(0));
  inst.addressBytes = operand(1).kind == Operand::Register
                          ? sizeOf(operand(1))
                          : numberBytes(how.from);
  if (inst.elementBytes < numberBytes(how.to) ||
      inst.addressBytes < numberBytes(how.from))
    return fail("a register of ", rt::quoted(statement->opcode),
                " is narrower than its type");
  inst.immediate = std::bit_cast<int64_t>(how);
  inst.slot[1] =
      source(operand(1), {inst.addressBytes, how.from >= NumberType::F32});
  inst.slot[0] = destination(operand(0), inst.elementBytes);
  if (inst.slot[0] == kNoSlot || inst.slot[1] == kNoSlot)
    return false;
  emit(inst);
  return true;
}

bool Decoder::decodeUnpack(uint8_t sizeBytes) {
  const std::vector<Operand> &parts = operand(0).elements;
  Instruction inst = begin(unpackLanes, Pipe::Move);
  inst.numElements = parts.size();
  inst.elementBytes = sizeBytes / std::max<size_t>(parts.size(), 1);
  inst.slot[1] = source(operand(1), {sizeBytes, false});
  std::vector<uint32_t> listed;
  for (const Operand &part : parts)
    listed.push_back(part.kind == Operand::Sink
                         ? kNoSlot
                         : destination(part, inst.elementBytes));
  if (inst.slot[1] == kNoSlot || !failure.message.empty())
    return false;
  emit(inst, listed, listed.size());
  return true;
}

bool Decoder::decodePack(uint8_t sizeBytes) {
  const std::vector<Operand> &parts = operand(1).elements;
  Instruction inst = begin(packLanes, Pipe::Move);
  inst.numElements = parts.size();
  inst.elementBytes = sizeBytes / std::max<size_t>(parts.size(), 1);
  inst.slot[0] = destination(operand(0), sizeBytes);
  std::vector<uint32_t> listed;
  for (const Operand &part : parts)
    listed.push_back(source(part, {inst.elementBytes, false}));
  if (!failure.message.empty())
    return false;
  emit(inst, listed);
  return true;
}

bool Decoder::decodeMove() {
  if (!checkOperands(2, 2))
    return false;
  if (modifiers.size() == 1 && operand(0).kind == Operand::List)
    return decodeUnpack(ptx::typeBytes(modifiers[0]).value_or(0));
  if (modifiers.size() == 1 && operand(1).kind == Operand::List)
    return decodePack(ptx::typeBytes(modifiers[0]).value_or(0));
  std::string_view name =
      operand(1).kind == Operand::Name ? operand(1).name : "";
  if (name == "%clock" || name == "%clock64" || name == "%globaltimer" ||
      name == "%clock_hi" || name == "%globaltimer_lo") {
    Instruction inst = begin(readClock, Pipe::Move);
    inst.elementBytes = sizeOf(operand(0));
    inst.slot[0] = destination(operand(0), inst.elementBytes);
    emit(inst);
    return true;
  }
  return decodeForm();
}

bool Decoder::decodeLop3() {
  if (!take("b32") || !checkAllTaken() || !checkOperands(5, 5))
    return modifiers.empty() ? false : failUnknown();
  Instruction inst = begin(lop3, Pipe::Integer);
  for (unsigned i = 1; i < 4; ++i)
    inst.slot[i] = source(operand(i), {4, false});
  inst.slot[0] = destination(operand(0), 4);
  inst.immediate = operand(4).bits & 0xff;
  if (!failure.message.empty())
    return false;
  emit(inst);
  return true;
}

struct SpaceWindow {
  std::string_view name;
  Space space;
  Address window;
};
static constexpr std::array<SpaceWindow, 8> kWindows = {
    {{"global", Space::Global, 0},
     {"const", Space::Constant, 0},
     {"shared", Space::Shared, kSharedWindow},
     {"shared::cta", Space::Shared, kSharedWindow},
     {"shared::cluster", Space::Shared, kSharedWindow},
     {"local", Space::Local, kLocalWindow},
     {"param", Space::Parameter, kParameterWindow},
     {"param::entry", Space::Parameter, kParameterWindow}}};

bool Decoder::decodeCvta() {
  bool isBack = take("to");
  std::string_view type = takeType(), name = takeNext();
  if ((type != "u64" && type != "u32") || !checkAllTaken() ||
      !checkOperands(2, 2))
    return failUnknown();
  for (const SpaceWindow &each : kWindows) {
    if (each.name != name)
      continue;
    Instruction inst = begin(addWindow, Pipe::Add);
    inst.elementBytes = *ptx::typeBytes(type);
    inst.immediate = isBack ? -int64_t(each.window) : int64_t(each.window);
    inst.slot[1] = source(operand(1), {inst.elementBytes, false});
    inst.slot[0] = destination(operand(0), inst.elementBytes);
    if (!failure.message.empty())
      return false;
    emit(inst);
    return true;
  }
  return failUnknown();
}

bool Decoder::decodeIsSpace() {
  std::string_view name = takeNext();
  if (!checkAllTaken() || !checkOperands(2, 2))
    return false;
  for (const SpaceWindow &each : kWindows) {
    if (each.name != name)
      continue;
    Instruction inst = begin(isOfSpace, Pipe::Integer);
    inst.space = each.space;
    inst.slot[1] = source(operand(1), {8, false});
    inst.slot[0] = destination(operand(0), 0);
    if (!failure.message.empty())
      return false;
    emit(inst);
    return true;
  }
  return failUnknown();
}

bool Decoder::decodeNothing() {
  if (!checkAllTaken())
    return false;
  emit(begin(doNothing, Pipe::Control));
  return true;
}

//===--- Special registers
//---------------------------------------------------===//

struct SpecialName {
  std::string_view name;
  SpecialRegister which;
};
static constexpr SpecialName kSpecialNames[] = {
    {"%tid.x", SpecialRegister::TidX},
    {"%tid.y", SpecialRegister::TidY},
    {"%tid.z", SpecialRegister::TidZ},
    {"%ntid.x", SpecialRegister::NtidX},
    {"%ntid.y", SpecialRegister::NtidY},
    {"%ntid.z", SpecialRegister::NtidZ},
    {"%ctaid.x", SpecialRegister::CtaidX},
    {"%ctaid.y", SpecialRegister::CtaidY},
    {"%ctaid.z", SpecialRegister::CtaidZ},
    {"%nctaid.x", SpecialRegister::NctaidX},
    {"%nctaid.y", SpecialRegister::NctaidY},
    {"%nctaid.z", SpecialRegister::NctaidZ},
    {"%laneid", SpecialRegister::LaneId},
    {"%warpid", SpecialRegister::WarpId},
    {"%nwarpid", SpecialRegister::NumWarps},
    {"%lanemask_eq", SpecialRegister::LaneMaskEq},
    {"%lanemask_le", SpecialRegister::LaneMaskLe},
    {"%lanemask_lt", SpecialRegister::LaneMaskLt},
    {"%lanemask_ge", SpecialRegister::LaneMaskGe},
    {"%lanemask_gt", SpecialRegister::LaneMaskGt},
    {"%smid", SpecialRegister::SmId},
    {"%nsmid", SpecialRegister::NumSms},
    {"%dynamic_smem_size", SpecialRegister::DynamicSharedBytes},
    {"%total_smem_size", SpecialRegister::TotalSharedBytes},
    {"%clusterid.x", SpecialRegister::ClusterIdX},
    {"%clusterid.y", SpecialRegister::ClusterIdY},
    {"%clusterid.z", SpecialRegister::ClusterIdZ},
    {"%nclusterid.x", SpecialRegister::NclusterIdX},
    {"%nclusterid.y", SpecialRegister::NclusterIdY},
    {"%nclusterid.z", SpecialRegister::NclusterIdZ},
    {"%cluster_ctaid.x", SpecialRegister::ClusterCtaidX},
    {"%cluster_ctaid.y", SpecialRegister::ClusterCtaidY},
    {"%cluster_ctaid.z", SpecialRegister::ClusterCtaidZ},
    {"%cluster_nctaid.x", SpecialRegister::ClusterNctaidX},
    {"%cluster_nctaid.y", SpecialRegister::ClusterNctaidY},
    {"%cluster_nctaid.z", SpecialRegister::ClusterNctaidZ},
    {"%cluster_ctarank", SpecialRegister::ClusterCtarank},
    {"%cluster_nctarank", SpecialRegister::ClusterNctarank},
};

bool Decoder::isSpecial(std::string_view name) const {
  for (const SpecialName &each : kSpecialNames)
    if (each.name == name)
      return true;
  return false;
}

uint32_t Decoder::special(std::string_view name) {
  auto [at, isNew] = specials.try_emplace(name, values.size());
  if (!isNew)
    return at->second;
  SpecialRegister which = SpecialRegister::TidX;
  for (const SpecialName &each : kSpecialNames)
    if (each.name == name)
      which = each.which;
  values.push_back({4, true, 0});
  program->specials.push_back({which, at->second});
  return at->second;
}

} // namespace tenon::vgpu
