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

// mapa.shared::cluster.u32 d, a, rank
bool Decoder::decodeMapa() {
  if (!take("shared::cluster") || !take("u32") || !checkAllTaken() ||
      !checkOperands(3, 3))
    return failUnknown();
  Instruction inst = begin(mapAddress, Pipe::Integer);
  inst.slot[1] = source(operand(1), {4, false});
  inst.slot[2] = source(operand(2), {4, false});
  inst.slot[0] = destination(operand(0), 4);
  if (!failure.message.empty())
    return false;
  emit(inst);
  return true;
}

// createpolicy.fractional.L2::priority{.L2::priority of the rest}.b64 d {,
// part}
bool Decoder::decodePolicy() {
  if (!take("fractional"))
    return failUnknown();
  std::string_view priority = takeNext();
  uint64_t policy = priority == "L2::evict_first"  ? kEvictFirst
                    : priority == "L2::evict_last" ? kEvictLast
                                                   : kEvictNormal;
  bool isKnown = policy != kEvictNormal || priority == "L2::evict_normal" ||
                 priority == "L2::evict_unchanged";
  if (!take("L2::evict_first"))
    take("L2::evict_unchanged");
  if (!isKnown || !take("b64") || !checkAllTaken() || !checkOperands(1, 2))
    return failUnknown();
  Instruction inst = begin(addWindow, Pipe::Move);
  inst.elementBytes = 8;
  inst.slot[1] = constant(policy, 8);
  inst.slot[0] = destination(operand(0), 8);
  if (!failure.message.empty())
    return false;
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
  if (take("commit_group")) {
    emit(begin(commitBulkCopies, Pipe::Async));
    return checkAllTaken();
  }
  if (take("wait_group")) {
    take("read");
    if (!checkOperands(1, 1) || !checkAllTaken())
      return false;
    Instruction inst = begin(waitForBulkCopies, Pipe::Async);
    inst.immediate = int64_t(operand(0).bits);
    emit(inst);
    return true;
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
       isGrouped = take("bulk_group"), isMulticast = take("multicast::cluster");
  bool isShared = take("shared::cta") || take("shared::cluster");
  if (!isRank || !isShared || !take("global") || counts == isGrouped ||
      (isMulticast && isGrouped) || !checkAllTaken())
    return failUnknown();
  // A mask of blocks and a cache policy may follow the mbarrier.
  size_t least = counts ? 3 : 2;
  if (!checkOperands(least + isMulticast, least + isMulticast + 1))
    return false;
  const Operand &map = operand(counts ? 1 : 0);
  if (map.kind != Operand::Address || map.elements.size() != 2)
    return fail("expected a tensor map and coordinates in ",
                rt::quoted(statement->opcode));
  uint32_t mapValue = addressValue(map);
  uint32_t barrier = counts ? addressValue(operand(2)) : kNoSlot;
  Instruction inst = begin(copyTensor, Pipe::Async);
  inst.flags = isGrouped | (isMulticast ? kMulticast : 0);
  inst.slot[2] = mapValue;
  if (isMulticast)
    inst.slot[3] = source(operand(3), {2, false});
  if (isGrouped && statement->operands.size() > least)
    inst.slot[3] = source(operand(least), {8, false});
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
  } else if (take("fence")) {
    inst.handler = fenceProducts;
  } else {
    return failUnknown();
  }
  if (!checkAllTaken())
    return false;
  emit(inst);
  return true;
}

// Of fences only those of the async proxy are followed: the device is
// sequentially consistent.
bool Decoder::decodeFence() {
  Instruction inst = begin(doNothing, Pipe::Control);
  bool isProxy = take("proxy"), isAsync = take("async") || take("async.global");
  bool isShared = take("shared::cta") || take("shared::cluster");
  bool isInit = take("mbarrier_init");
  isAsync |= take("async::generic");
  bool isOfGlobal = take("global") && !isShared;
  for (std::string_view part :
       {"release", "acquire", "cta", "cluster", "gpu", "sys", "alias",
        "tensormap::generic", "sc", "acq_rel", "sync_restrict::shared::cta",
        "sync_restrict::shared::cluster"})
    take(part);
  if (!checkAllTaken())
    return false;
  if (isInit || (isProxy && isAsync && !isOfGlobal)) {
    inst.handler = fenceProxy;
    inst.flags = !isInit;
  }
  emit(inst);
  return true;
}

bool Decoder::decodeSetRegisters() {
  bool takesMore = take("inc");
  if ((!takesMore && !take("dec")) || !checkAllTaken())
    return failUnknown();
  if (!checkOperands(1, 1))
    return false;
  Instruction inst = begin(setRegisters, Pipe::Control);
  inst.flow = Flow::Outcome;
  inst.flags = takesMore;
  inst.immediate = int64_t(operand(0).bits);
  emit(inst);
  return true;
}

/// m64nNkK and the types, which decide K.
const WgmmaForm *Decoder::takeWgmmaForm(unsigned &n) {
  std::string_view shape = takeNext();
  size_t k = shape.find('k');
  if (shape.substr(0, 4) != "m64n" || k == shape.npos || modifiers.size() != 3)
    return nullptr;
  unsigned depth = 0;
  std::from_chars(shape.data() + 4, shape.data() + k, n);
  std::from_chars(shape.data() + k + 1, shape.data() + shape.size(), depth);
  std::string types;
  for (std::string_view type : modifiers)
    types += (types.empty() ? "" : ".") + std::string(type);
  const WgmmaForm *form = findWgmma(types);
  bool isRight =
      form && form->depth == depth && n >= 8 && n <= 256 && n % 8 == 0;
  return isRight ? form : nullptr;
}

// {d}, A, B, scale-d, scale-a, scale-b [, trans-a, trans-b]: A is a descriptor
// or four registers, and then has no trans.
bool Decoder::decodeWgmmaProduct() {
  unsigned n = 0;
  const WgmmaForm *form = takeWgmmaForm(n);
  if (!form)
    return failUnknown();
  bool isInteger = form->type == MmaType::Int8;
  if (!checkOperands(isInteger ? 4 : 6, 8))
    return false;
  Instruction inst = begin(form->handler, Pipe::Tensor);
  inst.flow = Flow::Outcome;
  inst.immediate = n;
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
  // Integers have neither signs nor transposed sides.
  size_t numOperands = statement->operands.size();
  auto isMinusOne = [&](size_t i) {
    return numOperands > i && int32_t(operand(i).bits) == -1;
  };
  inst.flags |=
      (isMinusOne(4) ? kNegatedA : 0) | (isMinusOne(5) ? kNegatedB : 0);
  size_t numTrans = numOperands > 6 ? numOperands - 6 : 0;
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
