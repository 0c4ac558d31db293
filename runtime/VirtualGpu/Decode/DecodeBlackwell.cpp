// Tensor memory and products into it.

#include "runtime/VirtualGpu/Decode/Decoder.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"

#include <bit>
#include <charconv>

namespace tenon::vgpu {

using ptx::Operand;
using ptx::Space;

/// "sm_100a", "sm_103f", "sm_110a".
static bool hasTensorMemory(std::string_view target) {
  bool isFamily = target.starts_with("sm_10") || target.starts_with("sm_11");
  return isFamily && (target.ends_with("a") || target.ends_with("f"));
}

bool Decoder::decodeTensorMemory() {
  if (!hasTensorMemory(text.target))
    return fail(rt::quoted(statement->opcode),
                " needs a target with tensor memory, such as sm_100a, found ",
                text.target);
  program->usesTensorMemory = true;
  if (take("ld"))
    return decodeTensorAccess(true);
  if (take("st"))
    return decodeTensorAccess(false);
  if (take("mma"))
    return decodeTensorProduct();
  if (take("commit"))
    return decodeTensorCommit();
  if (take("alloc"))
    return decodeTensorAllocation();
  Instruction inst = begin(doNothing, Pipe::Async);
  if (take("dealloc"))
    return decodeTensorRelease();
  inst.flow = Flow::Outcome;
  if (take("wait::ld")) {
    inst.handler = waitForTensorLoads;
  } else if (take("wait::st")) {
    inst.handler = waitForTensorStores;
  } else if (take("relinquish_alloc_permit") && take("cta_group::1")) {
    inst.handler = relinquishTensor;
  } else if (take("fence::before_thread_sync") ||
             take("fence::after_thread_sync")) {
    // The device is sequentially consistent.
    inst.flow = Flow::Next;
  } else {
    return failUnknown();
  }
  if (!checkAllTaken() || !checkOperands(0, 0))
    return false;
  emit(inst);
  return true;
}

// tcgen05.alloc.cta_group::1.sync.aligned{.shared::cta}.b32 [to], columns
bool Decoder::decodeTensorAllocation() {
  Instruction inst = begin(allocateTensor, Pipe::Async);
  inst.flow = Flow::Outcome;
  if (take("shared::cta"))
    inst.space = Space::Shared;
  if (!take("cta_group::1") || !take("b32"))
    return failUnknown();
  if (!checkAllTaken() || !checkOperands(2, 2) || !setAddress(inst, operand(0)))
    return false;
  inst.slot[2] = source(operand(1), {4, false});
  if (!failure.message.empty())
    return false;
  emit(inst);
  return true;
}

// tcgen05.dealloc.cta_group::1.sync.aligned.b32 address, columns
bool Decoder::decodeTensorRelease() {
  Instruction inst = begin(releaseTensor, Pipe::Async);
  inst.flow = Flow::Outcome;
  if (!take("cta_group::1") || !take("b32"))
    return failUnknown();
  if (!checkAllTaken() || !checkOperands(2, 2))
    return false;
  inst.slot[1] = source(operand(0), {4, false});
  inst.slot[2] = source(operand(1), {4, false});
  if (!failure.message.empty())
    return false;
  emit(inst);
  return true;
}

/// Of "x16": 16, a power of two up to 128; 0 for anything else.
static unsigned repeatsOf(std::string_view modifier) {
  constexpr unsigned kMost = 128;
  unsigned count = 0;
  if (!modifier.starts_with("x"))
    return 0;
  modifier.remove_prefix(1);
  auto [end, error] = std::from_chars(modifier.data(),
                                      modifier.data() + modifier.size(), count);
  bool isNumber =
      error == std::errc() && end == modifier.data() + modifier.size();
  return isNumber && std::has_single_bit(count) && count <= kMost ? count : 0;
}

/// Fills slot 1, immediate: an address of tensor memory.
bool Decoder::setTensorAddress(Instruction &inst, const Operand &address) {
  if (!setAddress(inst, address))
    return false;
  return inst.addressBytes == 4 ||
         fail("an address of tensor memory has 4 bytes, in ",
              rt::quoted(statement->opcode));
}

// tcgen05.ld.sync.aligned.SHAPE.xN.b32 {registers}, [address]{, split}
// tcgen05.st.sync.aligned.SHAPE.xN.b32 [address], {split,} {registers}
bool Decoder::decodeTensorAccess(bool isLoad) {
  constexpr unsigned kMostRegisters = 128;
  std::string_view name = takeNext();
  unsigned repeats = repeatsOf(takeNext()), shape = 0;
  std::span<const TensorShape> shapes = tensorShapes();
  while (shape < shapes.size() && shapes[shape].name != name)
    ++shape;
  if (shape == shapes.size() || !repeats || !take("b32") ||
      repeats * shapes[shape].numRegisters > kMostRegisters)
    return failUnknown();
  bool isSplit = name.ends_with("x2");
  if (!checkAllTaken() || !checkOperands(2 + isSplit, 2 + isSplit))
    return false;
  Instruction inst = begin(isLoad ? loadTensor : storeTensor, Pipe::Async);
  inst.flow = Flow::Outcome;
  inst.flags = uint16_t(shape);
  const Operand &data = operand(isLoad ? 0 : 1 + isSplit);
  std::vector<uint32_t> listed;
  for (const Operand &each : data.elements)
    listed.push_back(isLoad ? destination(each, 4) : source(each, {4, false}));
  if (listed.size() != repeats * shapes[shape].numRegisters)
    return fail(rt::quoted(statement->opcode), " needs ",
                repeats * shapes[shape].numRegisters, " registers, found ",
                listed.size());
  if (isSplit)
    inst.slot[2] = source(operand(isLoad ? 2 : 1), {4, false});
  if (!setTensorAddress(inst, operand(isLoad ? 1 : 0)) ||
      !failure.message.empty())
    return false;
  size_t numWritten = isLoad ? listed.size() : 0;
  emit(inst, std::move(listed), numWritten);
  return true;
}

static std::optional<TensorKind> kindOf(std::string_view name) {
  constexpr std::pair<std::string_view, TensorKind> kKinds[] = {
      {"kind::f16", TensorKind::F16},
      {"kind::tf32", TensorKind::Tf32},
      {"kind::i8", TensorKind::I8},
      {"kind::f8f6f4", TensorKind::F8f6f4}};
  for (auto [text, kind] : kKinds)
    if (text == name)
      return kind;
  return std::nullopt;
}

// tcgen05.mma.cta_group::1.kind::K [d], a, b, instruction descriptor,
// {masks of lanes,} adds-to-d: a is a descriptor, or an address of tensor
// memory.
bool Decoder::decodeTensorProduct() {
  if (takeNext() != "cta_group::1")
    return failUnknown();
  std::optional<TensorKind> kind = kindOf(takeNext());
  if (!kind)
    return failUnknown();
  bool isMasked = statement->operands.size() > 5;
  if (!checkAllTaken() || !checkOperands(5 + isMasked, 5 + isMasked))
    return false;
  bool isInTensorMemory = operand(1).kind == Operand::Address;
  Instruction inst = begin(multiplyTensor, Pipe::Tensor);
  if (isInTensorMemory && !setTensorAddress(inst, operand(1)))
    return false;
  uint32_t left = isInTensorMemory ? addressValue(operand(1))
                                   : source(operand(1), {8, false});
  inst.flags = uint16_t(*kind) | (isInTensorMemory ? kTensorLeft : 0);
  inst.slot[0] = source(operand(4 + isMasked), {0, false});
  inst.slot[2] = left;
  inst.slot[3] = source(operand(2), {8, false});
  inst.slot[4] = source(operand(3), {4, false});
  std::vector<uint32_t> masks;
  if (isMasked)
    for (const Operand &each : operand(4).elements)
      masks.push_back(source(each, {4, false}));
  if (isMasked && masks.size() != kTensorMasks)
    return fail(rt::quoted(statement->opcode), " needs ", kTensorMasks,
                " masks of lanes before its last operand, found ",
                masks.size());
  if (!setTensorAddress(inst, operand(0)) || !failure.message.empty())
    return false;
  emit(inst, std::move(masks), 0, true);
  return true;
}

// tcgen05.commit.cta_group::1.mbarrier::arrive::one{.shared::cluster}
// {.multicast::cluster}.b64 [mbarrier]{, mask of blocks}
bool Decoder::decodeTensorCommit() {
  Instruction inst = begin(commitTensor, Pipe::Async);
  if (take("shared::cluster"))
    inst.space = Space::Shared;
  if (!take("cta_group::1") || !take("mbarrier::arrive::one") || !take("b64"))
    return failUnknown();
  bool isMulticast = take("multicast::cluster");
  size_t count = 1 + isMulticast;
  if (!checkAllTaken() || !checkOperands(count, count) ||
      !setAddress(inst, operand(0)))
    return false;
  if (isMulticast)
    inst.slot[2] = source(operand(1), {2, false});
  if (!failure.message.empty())
    return false;
  emit(inst);
  return true;
}

} // namespace tenon::vgpu
