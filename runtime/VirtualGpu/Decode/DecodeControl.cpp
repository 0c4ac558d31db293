// Branches, barriers, and what the lanes of a warp do together.

#include "runtime/VirtualGpu/Decode/Decoder.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"
#include "runtime/VirtualGpu/Exec/Warp.h"

namespace tenon::vgpu {

using ptx::Operand;

bool Decoder::decodeBranch() {
  if (!checkAllTaken() || !checkOperands(1, 1))
    return false;
  uint32_t target = 0;
  if (!findLabel(operand(0).name, statement->scope, target))
    return false;
  Instruction inst = begin(doNothing, Pipe::Control);
  inst.flow = Flow::Branch;
  branches.emplace_back(program->code.size(), target);
  emit(inst);
  return true;
}

bool Decoder::decodeBranchTable() {
  if (!take("idx") || !checkAllTaken() || !checkOperands(2, 2))
    return false;
  const std::vector<std::string_view> *names = nullptr;
  for (uint32_t scope = statement->scope; !names;) {
    auto found = function.scopes[scope].branchTables.find(operand(1).name);
    if (found != function.scopes[scope].branchTables.end())
      names = &found->second;
    else if (function.scopes[scope].parent == scope)
      return fail("unknown table of branches ", rt::quoted(operand(1).name));
    else
      scope = function.scopes[scope].parent;
  }
  std::vector<uint32_t> table;
  for (std::string_view name : *names)
    if (!findLabel(name, statement->scope, table.emplace_back()))
      return false;
  Instruction inst = begin(doNothing, Pipe::Control);
  inst.flow = Flow::BranchTable;
  inst.target = program->branchTables.size();
  inst.slot[1] = source(operand(0), {4, false});
  if (inst.slot[1] == kNoSlot)
    return false;
  program->branchTables.push_back(std::move(table));
  emit(inst);
  return true;
}

bool Decoder::decodeExit() {
  if (!checkAllTaken() || !checkOperands(0, 0))
    return false;
  Instruction inst = begin(doNothing, Pipe::Control);
  inst.flow = Flow::Exit;
  emit(inst);
  return true;
}

bool Decoder::decodeTrap() {
  if (!checkAllTaken())
    return false;
  emit(begin(executeTrap, Pipe::Control));
  return true;
}

bool Decoder::decodeSleep() {
  if (!checkAllTaken() || !checkOperands(1, 1))
    return false;
  Instruction inst = begin(yieldWarp, Pipe::Control);
  inst.flow = Flow::Outcome;
  emit(inst);
  return true;
}

// call (result), name, (parameters) of the two functions that have no body and
// are known all the same: those of other functions are inlined by now.
bool Decoder::decodeCall() {
  if (!checkAllTaken())
    return false;
  std::string_view callee;
  std::vector<uint32_t> parameters;
  for (const Operand &each : statement->operands) {
    if (each.kind == Operand::Name)
      callee = each.name;
    if (each.kind == Operand::List && !callee.empty())
      for (const Operand &parameter : each.elements)
        if (const Symbol *found = symbol(parameter.name))
          parameters.push_back(constant(found->address, 8));
  }
  if (callee == "vprintf") {
    // What a kernel prints is not kept.
    emit(begin(doNothing, Pipe::Control));
    return true;
  }
  if (callee != "__assertfail" || parameters.size() < 3)
    return fail("calls ", rt::quoted(callee), " with ", parameters.size(),
                " variables of .param space, expected 5");
  Instruction inst = begin(failAssertion, Pipe::Control);
  for (unsigned i = 0; i < 3; ++i)
    inst.slot[1 + i] = parameters[i];
  emit(inst);
  return true;
}

bool Decoder::decodeWarpBarrier() {
  if (!take("sync") || !checkAllTaken() || !checkOperands(1, 1))
    return false;
  Instruction inst = begin(warpBarrier, Pipe::Collective);
  inst.flow = Flow::Outcome;
  inst.slot[1] = source(operand(0), {4, false});
  if (inst.slot[1] == kNoSlot)
    return false;
  emit(inst);
  return true;
}

// All threads of the cluster meet at the wait. That orders more than the
// arrival does: what stands between the two is taken for ordered.
bool Decoder::decodeClusterBarrier() {
  for (std::string_view order : {"acquire", "release", "relaxed"})
    take(order);
  Instruction inst = begin(doNothing, Pipe::Collective);
  inst.immediate = take("aligned");
  bool isWait = take("wait");
  if (!isWait && !take("arrive"))
    return failUnknown();
  if (!checkAllTaken() || !checkOperands(0, 0))
    return false;
  if (isWait) {
    inst.handler = blockBarrier;
    inst.flow = Flow::Outcome;
    inst.flags = uint16_t(BarrierOp::Sync);
    inst.elementBytes = 1; // not one that the kernel numbers
    inst.slot[1] = constant(kClusterBarrier, 4);
  }
  emit(inst);
  return true;
}

bool Decoder::decodeBarrier() {
  if (take("warp"))
    return decodeWarpBarrier();
  if (take("cluster"))
    return decodeClusterBarrier();
  take("cta");
  Instruction inst = begin(blockBarrier, Pipe::Collective);
  inst.flow = Flow::Outcome;
  bool isAligned = take("aligned");
  inst.immediate = base == "bar" || isAligned;
  size_t at = 0;
  BarrierOp op = BarrierOp::Sync;
  bool isReduction = take("red");
  if (isReduction) {
    std::string_view name = takeNext();
    op = name == "popc"  ? BarrierOp::ReducePopc
         : name == "and" ? BarrierOp::ReduceAnd
                         : BarrierOp::ReduceOr;
    std::string_view type = takeNext();
    bool isCount = op == BarrierOp::ReducePopc;
    if ((name != "popc" && name != "and" && name != "or") ||
        type != (isCount ? "u32" : "pred"))
      return failUnknown();
    if (!checkOperands(3, 4))
      return false;
    inst.slot[0] = destination(operand(at++), isCount ? 4 : 0);
  } else if (take("arrive")) {
    op = BarrierOp::Arrive;
  } else if (!take("sync")) {
    return failUnknown();
  }
  if (!checkAllTaken())
    return false;
  if (!isReduction && !checkOperands(op == BarrierOp::Arrive ? 2 : 1, 2))
    return false;
  size_t numLeft = statement->operands.size() - at - isReduction;
  inst.slot[1] = source(operand(at++), {4, false});
  if (numLeft > 1)
    inst.slot[2] = source(operand(at++), {4, false});
  if (isReduction)
    inst.slot[3] = source(operand(at), {0, false});
  if (!failure.message.empty())
    return false;
  inst.flags = uint16_t(op);
  emit(inst);
  return true;
}

bool Decoder::decodeShuffle() {
  static constexpr std::string_view kModes[] = {"up", "down", "bfly", "idx"};
  std::string_view mode = takeNext();
  Instruction inst = begin(shuffle, Pipe::Collective);
  inst.flow = Flow::Outcome;
  inst.flags = 4;
  for (unsigned i = 0; i < 4; ++i)
    if (kModes[i] == mode)
      inst.flags = i;
  if (inst.flags == 4 || !checkAllTaken())
    return failUnknown();
  if (!checkOperands(5, 5))
    return false;
  inst.slot[0] = destination(operand(0), 4);
  for (unsigned i = 1; i < 5; ++i)
    inst.slot[i] = source(operand(i), {4, false});
  if (!operand(0).second.empty())
    inst.slot[5] = destination(operand(0).second[0], 0);
  if (!failure.message.empty())
    return false;
  emit(inst);
  return true;
}

bool Decoder::decodeVote() {
  static constexpr std::string_view kModes[] = {"all", "any", "uni", "ballot"};
  std::string_view mode = takeNext(), type = takeNext();
  Instruction inst = begin(vote, Pipe::Collective);
  inst.flow = Flow::Outcome;
  inst.flags = 4;
  for (unsigned i = 0; i < 4; ++i)
    if (kModes[i] == mode)
      inst.flags = i;
  bool isBallot = VoteMode(inst.flags) == VoteMode::Ballot;
  if (inst.flags == 4 || type != (isBallot ? "b32" : "pred") ||
      !checkAllTaken())
    return failUnknown();
  if (!checkOperands(3, 3))
    return false;
  inst.slot[0] = destination(operand(0), isBallot ? 4 : 0);
  inst.slot[1] = source(operand(1), {0, false});
  inst.slot[4] = source(operand(2), {4, false});
  if (!failure.message.empty())
    return false;
  emit(inst);
  return true;
}

bool Decoder::decodeMatch() {
  bool isAll = take("all");
  if (!isAll && !take("any"))
    return failUnknown();
  std::string_view type = takeType();
  if ((type != "b32" && type != "b64") || !checkAllTaken())
    return failUnknown();
  if (!checkOperands(3, 3))
    return false;
  Instruction inst = begin(match, Pipe::Collective);
  inst.flow = Flow::Outcome;
  inst.flags = isAll;
  inst.elementBytes = *ptx::typeBytes(type);
  inst.slot[0] = destination(operand(0), 4);
  inst.slot[1] = source(operand(1), {inst.elementBytes, false});
  inst.slot[4] = source(operand(2), {4, false});
  if (!operand(0).second.empty())
    inst.slot[5] = destination(operand(0).second[0], 0);
  if (!failure.message.empty())
    return false;
  emit(inst);
  return true;
}

bool Decoder::decodeRedux() {
  static constexpr std::string_view kOps[] = {"add", "min", "max",
                                              "and", "or",  "xor"};
  bool isAbsolute = take("abs"), keepsNan = take("NaN");
  std::string_view name = takeNext(), type = takeNext();
  bool isFloat = type == "f32" && (name == "min" || name == "max");
  if ((isAbsolute || keepsNan) && !isFloat)
    return failUnknown();
  Instruction inst = begin(isFloat ? reduxFloat : redux, Pipe::Collective);
  inst.flow = Flow::Outcome;
  inst.flags = 6;
  for (unsigned i = 0; i < 6; ++i)
    if (kOps[i] == name)
      inst.flags = i;
  bool isInteger = type == "u32" || type == "s32" || type == "b32";
  if (inst.flags == 6 || !(isInteger || isFloat) || !checkAllTaken())
    return failUnknown();
  if (!checkOperands(3, 3))
    return false;
  inst.immediate =
      isFloat ? (isAbsolute ? kReduxAbsolute : 0) | (keepsNan ? kReduxNan : 0)
              : type == "s32";
  inst.slot[0] = destination(operand(0), 4);
  inst.slot[1] = source(operand(1), {4, false});
  inst.slot[4] = source(operand(2), {4, false});
  if (!failure.message.empty())
    return false;
  emit(inst);
  return true;
}

bool Decoder::decodeActiveMask() {
  if (!checkAllTaken() || !checkOperands(1, 1))
    return false;
  Instruction inst = begin(activeMask, Pipe::Collective);
  inst.slot[0] = destination(operand(0), 4);
  if (inst.slot[0] == kNoSlot)
    return false;
  emit(inst);
  return true;
}

bool Decoder::decodeElect() {
  if (!checkAllTaken() || !checkOperands(2, 2))
    return false;
  Instruction inst = begin(elect, Pipe::Collective);
  inst.flow = Flow::Outcome;
  inst.slot[0] = destination(operand(0), 4);
  inst.slot[4] = source(operand(1), {4, false});
  if (!operand(0).second.empty())
    inst.slot[5] = destination(operand(0).second[0], 0);
  if (!failure.message.empty())
    return false;
  emit(inst);
  return true;
}

} // namespace tenon::vgpu
