// mbarriers, bulk and tensor copies, products of warpgroups.

#include "runtime/VirtualGpu/Decode/Decoder.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"

#include <charconv>

namespace tenon::vgpu {

using ptx::Operand;
using ptx::Space;

bool Decoder::decodeMbarrier() {
  Instruction inst = begin(mbarrier, Pipe::Async);
  inst.space = Space::Shared;
  bool expects = take("expect_tx");
  MbarrierOp op = expects ? MbarrierOp::Expect : MbarrierOp::Init;
  size_t address = 0;
  if (take("init")) {
    if (!checkOperands(2, 2))
      return false;
    inst.slot[2] = source(operand(1), {4, false});
  } else if (take("inval")) {
    op = MbarrierOp::Invalidate;
    if (!checkOperands(1, 1))
      return false;
  } else if (take("arrive")) {
    op = expects ? MbarrierOp::ArriveExpect : MbarrierOp::Arrive;
    // The state may be left out for a barrier of the cluster.
    address = operand(0).kind == Operand::Address ? 0 : 1;
    size_t least = address + 1 + expects;
    if (!checkOperands(least, address + 2))
      return false;
    if (address == 1 && operand(0).kind != Operand::Sink)
      inst.slot[0] = destination(operand(0), 8);
    if (statement->operands.size() > address + 1)
      inst.slot[expects ? 3 : 2] = source(operand(address + 1), {4, false});
  } else if (take("try_wait") || take("test_wait")) {
    bool isParity = take("parity");
    op = isParity ? MbarrierOp::WaitParity : MbarrierOp::Wait;
    if (!checkOperands(3, 4))
      return false;
    address = 1;
    inst.flow = Flow::Outcome;
    inst.slot[0] = destination(operand(0), 0);
    inst.slot[4] = source(operand(2), {uint8_t(isParity ? 4 : 8), false});
  } else if (!expects) {
    return failUnknown();
  } else {
    if (!checkOperands(2, 2))
      return false;
    inst.slot[3] = source(operand(1), {4, false});
  }
  if (!checkAllTaken() || !setAddress(inst, operand(address)) ||
      !failure.message.empty())
    return false;
  inst.flags = uint16_t(op);
  emit(inst);
  return true;
}

// cp.async.mbarrier.arrive{.noinc}.shared.b64 [barrier]
bool Decoder::decodeCopyArrival() {
  Instruction inst = begin(mbarrier, Pipe::Async);
  inst.space = Space::Shared;
  bool isArrival = take("arrive"), countsAlready = take("noinc");
  bool isShared = take("shared") || take("shared::cta");
  if (!isArrival || !isShared || !take("b64"))
    return failUnknown();
  if (!checkAllTaken() || !checkOperands(1, 1) || !setAddress(inst, operand(0)))
    return false;
  inst.flags =
      uint16_t(MbarrierOp::CopiesArrive) | uint16_t(countsAlready << 8);
  emit(inst);
  return true;
}

/// The address as one value, its offset added.
uint32_t Decoder::addressValue(const Operand &address) {
  Instruction inst = begin(addWindow, Pipe::Add);
  if (!setAddress(inst, address))
    return kNoSlot;
  if (inst.immediate == 0)
    return inst.slot[1];
  inst.elementBytes = inst.addressBytes;
  inst.slot[0] = temporary(inst.addressBytes);
  inst.predicate = kNoSlot;
  emit(inst);
  return inst.slot[0];
}

bool Decoder::decodeBulkCopy() {
  if (take("commit_group") || take("wait_group")) {
    take("read");
    emit(begin(doNothing, Pipe::Async));
    return checkAllTaken();
  }
  if (take("prefetch")) {
    modifiers.clear();
    emit(begin(doNothing, Pipe::Async));
    return true;
  }
  if (take("tensor"))
    return decodeTensorCopy();
  bool counts = take("mbarrier::complete_tx::bytes"),
       isGrouped = take("bulk_group");
  bool isShared = take("shared::cta") || take("shared::cluster");
  if (!isShared || !take("global") || counts == isGrouped || !checkAllTaken())
    return failUnknown();
  if (!checkOperands(counts ? 4 : 3, counts ? 5 : 4))
    return false;
  uint32_t global = addressValue(operand(counts ? 1 : 0));
  uint32_t barrier = counts ? addressValue(operand(3)) : kNoSlot;
  Instruction inst = begin(copyBulk, Pipe::Async);
  inst.flags = isGrouped;
  inst.slot[2] = global;
  inst.slot[3] = source(operand(2), {4, false});
  inst.slot[4] = barrier;
  if (!setAddress(inst, operand(counts ? 0 : 1)) || !failure.message.empty())
    return false;
  emit(inst);
  return true;
}

bool Decoder::decodeTensorCopy() {
  std::string_view rank = takeNext();
  bool isRank =
      rank.size() == 2 && rank[0] >= '1' && rank[0] <= '5' && rank[1] == 'd';
  take("tile");
  bool counts = take("mbarrier::complete_tx::bytes"),
       isGrouped = take("bulk_group");
  bool isShared = take("shared::cta") || take("shared::cluster");
  if (!isRank || !isShared || !take("global") || counts == isGrouped ||
      !checkAllTaken())
    return failUnknown();
  if (!checkOperands(counts ? 3 : 2, counts ? 4 : 3))
    return false;
  const Operand &map = operand(counts ? 1 : 0);
  if (map.kind != Operand::Address || map.elements.size() != 2)
    return fail("expected a tensor map and coordinates in ",
                rt::quoted(statement->opcode));
  uint32_t mapValue = addressValue(map);
  uint32_t barrier = counts ? addressValue(operand(2)) : kNoSlot;
  Instruction inst = begin(copyTensor, Pipe::Async);
  inst.flags = isGrouped;
  inst.slot[2] = mapValue;
  inst.slot[4] = barrier;
  std::vector<uint32_t> coordinates;
  for (const Operand &each : map.elements[1].elements)
    coordinates.push_back(source(each, {4, false}));
  if (!setAddress(inst, operand(counts ? 0 : 1)) || !failure.message.empty())
    return false;
  if (coordinates.size() != size_t(rank[0] - '0'))
    return fail(rt::quoted(statement->opcode),
                " needs as many coordinates, found ", coordinates.size());
  emit(inst, coordinates);
  return true;
}

bool Decoder::decodeWgmma() {
  if (take("mma_async"))
    return decodeWgmmaProduct();
  Instruction inst = begin(doNothing, Pipe::Tensor);
  if (take("commit_group")) {
    inst.handler = commitWgmma;
  } else if (take("wait_group")) {
    if (!checkOperands(1, 1))
      return false;
    inst.handler = waitForWgmma;
    inst.immediate = int64_t(operand(0).bits);
    inst.flow = Flow::Outcome;
  } else if (!take("fence")) {
    return failUnknown();
  }
  if (!checkAllTaken())
    return false;
  emit(inst);
  return true;
}

// {d}, A, B, scale-d, scale-a, scale-b [, trans-a, trans-b]: A is a descriptor
// or four registers, and then has no trans.
bool Decoder::decodeWgmmaProduct() {
  std::string_view shape = takeNext();
  unsigned n = 0;
  bool isShape = shape.substr(0, 4) == "m64n" && shape.size() > 7 &&
                 shape.substr(shape.size() - 3) == "k16";
  if (isShape)
    std::from_chars(shape.data() + 4, shape.data() + shape.size() - 3, n);
  bool isF32 = take("f32"), isF16 = take("f16");
  bool isRight = isF16 ? take("f16") : take("bf16") && take("bf16");
  if (!isF32 || !isRight || n < 8 || n > 256 || n % 8 || !checkAllTaken())
    return failUnknown();
  if (!checkOperands(6, 8))
    return false;
  Instruction inst = begin(wgmma, Pipe::Tensor);
  inst.flow = Flow::Outcome;
  inst.immediate = n;
  inst.flags = isF16 ? kWgmmaF16 : 0;
  std::vector<uint32_t> listed;
  for (const Operand &each : operand(0).elements)
    listed.push_back(destination(each, 4));
  if (listed.size() != n / 2)
    return fail(rt::quoted(statement->opcode), " needs ", n / 2,
                " registers, found ", listed.size());
  size_t numD = listed.size();
  bool isInRegisters = operand(1).kind == Operand::List;
  if (isInRegisters) {
    for (const Operand &each : operand(1).elements)
      listed.push_back(source(each, {4, false}));
    if (listed.size() != numD + 4)
      return fail(rt::quoted(statement->opcode),
                  " needs 4 registers of A, found ", listed.size() - numD);
  } else {
    inst.slot[1] = source(operand(1), {8, false});
  }
  // The sums are read too.
  for (size_t i = 0; i < numD; ++i)
    listed.push_back(listed[i]);
  inst.slot[2] = source(operand(2), {8, false});
  inst.slot[3] = source(operand(3), {0, false});
  auto isMinusOne = [&](size_t i) { return int32_t(operand(i).bits) == -1; };
  inst.flags |=
      (isMinusOne(4) ? kNegatedA : 0) | (isMinusOne(5) ? kNegatedB : 0);
  size_t numTrans = statement->operands.size() - 6;
  if (numTrans == 2 && operand(6).bits)
    inst.flags |= kTransposedA;
  if (numTrans && operand(5 + numTrans).bits)
    inst.flags |= kTransposedB;
  if (!failure.message.empty())
    return false;
  emit(inst, listed, numD);
  return true;
}

} // namespace tenon::vgpu
