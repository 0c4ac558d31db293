//===- Handlers.h - what is no arithmetic: memory, barriers, lanes, matrices
//--===//

#ifndef TENON_RUNTIME_VIRTUALGPU_EXEC_HANDLERS_H
#define TENON_RUNTIME_VIRTUALGPU_EXEC_HANDLERS_H

#include "runtime/VirtualGpu/Decode/Program.h"

#include <span>

namespace tenon::vgpu {

//===--- Moves.cpp
//---------------------------------------------------------===//

/// List: numElements parts of elementBytes; slot 0 (pack) or 1 (unpack) is the
/// whole.
void packLanes(Warp &warp, const Instruction &inst, uint32_t mask);
void unpackLanes(Warp &warp, const Instruction &inst, uint32_t mask);
/// immediate: the truth table.
void lop3(Warp &warp, const Instruction &inst, uint32_t mask);
/// Adds the immediate to an address of elementBytes.
void addWindow(Warp &warp, const Instruction &inst, uint32_t mask);
/// mapa: a shared address in the block of that rank. Slots: to, address, rank.
void mapAddress(Warp &warp, const Instruction &inst, uint32_t mask);
void isOfSpace(Warp &warp, const Instruction &inst, uint32_t mask);
/// %clock and %clock64: instructions of the warp so far.
void readClock(Warp &warp, const Instruction &inst, uint32_t mask);
void doNothing(Warp &warp, const Instruction &inst, uint32_t mask);

//===--- Carries.cpp
//-------------------------------------------------------===//

enum class CarryOp : uint8_t { Add, Subtract, MultiplyLow, MultiplyHigh };
/// flags: op, and kTakesCarry when slot 4 is added (or borrowed). Slots:
/// result, a, b, c of a multiply-add, carry in, and in 5 the carry out;
/// elementBytes: 4 or 8.
constexpr uint16_t kTakesCarry = 0x100, kSignedCarry = 0x200;
void carryLanes(Warp &warp, const Instruction &inst, uint32_t mask);

//===--- LoadStore.cpp
//-----------------------------------------------------===//

/// Set in the flags of selp, whose result is one of two.
constexpr uint16_t kSelects = 0x8000;

/// flags: bytes of the registers, and kSignedLoad or kStreamedStore.
constexpr uint16_t kSignedLoad = 0x100, kStreamedStore = 0x100;
void loadMemory(Warp &warp, const Instruction &inst, uint32_t mask);
void storeMemory(Warp &warp, const Instruction &inst, uint32_t mask);
void loadParameter(Warp &warp, const Instruction &inst, uint32_t mask);

//===--- Atomics.cpp
//---------------------------------------------------------===//

enum class AtomicOp : uint8_t {
  Add,
  Inc,
  Dec,
  Min,
  Max,
  And,
  Or,
  Xor,
  Exch,
  Cas
};
enum class AtomicType : uint8_t {
  U32,
  S32,
  U64,
  S64,
  F32,
  F64,
  F16,
  BF16,
  F16x2,
  BF16x2,
  U16
};
/// flags: op, and the type in the upper byte. Slots: old value, address,
/// operands.
void atomic(Warp &warp, const Instruction &inst, uint32_t mask);

//===--- AsyncCopy.cpp
//-------------------------------------------------------===//

/// Slots: -, shared address, global address, bytes to read; elementBytes: to
/// write.
void copyAsync(Warp &warp, const Instruction &inst, uint32_t mask);
void commitCopies(Warp &warp, const Instruction &inst, uint32_t mask);
/// immediate: groups that may stay pending; -1 waits for uncommitted copies
/// too.
void waitForCopies(Warp &warp, const Instruction &inst, uint32_t mask);

//===--- Barriers.cpp
//--------------------------------------------------------===//

enum class BarrierOp : uint8_t {
  Sync,
  Arrive,
  ReducePopc,
  ReduceAnd,
  ReduceOr
};
/// flags: op. Slots: result, number, threads, predicate. immediate: 1 when
/// aligned.
void blockBarrier(Warp &warp, const Instruction &inst, uint32_t mask);
/// Slot 1: lanes.
void warpBarrier(Warp &warp, const Instruction &inst, uint32_t mask);
void executeTrap(Warp &warp, const Instruction &inst, uint32_t mask);
/// Slots 1 to 3 of the list: parameters of the call in local memory.
void failAssertion(Warp &warp, const Instruction &inst, uint32_t mask);
void yieldWarp(Warp &warp, const Instruction &inst, uint32_t mask);

//===--- Fences.cpp
//----------------------------------------------------------===//

/// fence.proxy.async and fence.mbarrier_init; flags: 1 for the former.
void fenceProxy(Warp &warp, const Instruction &inst, uint32_t mask);
/// immediate: registers of a thread; flags: 1 to take more.
void setRegisters(Warp &warp, const Instruction &inst, uint32_t mask);

//===--- Collective.cpp
//------------------------------------------------------===//

enum class ShuffleMode : uint8_t { Up, Down, Bfly, Idx };
/// flags: mode. Slots: result, value, lane, clamp, lanes, and in 5 the
/// predicate.
void shuffle(Warp &warp, const Instruction &inst, uint32_t mask);
enum class VoteMode : uint8_t { All, Any, Uni, Ballot };
void vote(Warp &warp, const Instruction &inst, uint32_t mask);
/// flags: 1 for .all. elementBytes: of the value.
void match(Warp &warp, const Instruction &inst, uint32_t mask);
enum class ReduxOp : uint8_t { Add, Min, Max, And, Or, Xor };
/// flags: op; immediate: 1 for a signed type.
void redux(Warp &warp, const Instruction &inst, uint32_t mask);
/// Least or greatest of floats; immediate: what is done to them.
constexpr int64_t kReduxAbsolute = 1, kReduxNan = 2;
void reduxFloat(Warp &warp, const Instruction &inst, uint32_t mask);
void activeMask(Warp &warp, const Instruction &inst, uint32_t mask);
void elect(Warp &warp, const Instruction &inst, uint32_t mask);

//===--- MatrixAccess.cpp
//----------------------------------------------------===//

constexpr uint16_t kTransposed = 1;
/// numElements matrices; slot 1: a row's address in each lane.
void loadMatrix(Warp &warp, const Instruction &inst, uint32_t mask);
void storeMatrix(Warp &warp, const Instruction &inst, uint32_t mask);

//===--- Mbarriers.cpp
//-------------------------------------------------------===//

enum class MbarrierOp : uint8_t {
  Init,
  Invalidate,
  Arrive,
  ArriveExpect,
  Expect,
  Wait,
  WaitParity,
  CopiesArrive, ///< cp.async.mbarrier.arrive: flags bit 8 for .noinc
};
/// flags: op. Slots: state or predicate, address, count, bytes, state or
/// parity.
void mbarrier(Warp &warp, const Instruction &inst, uint32_t mask);

//===--- BulkCopy.cpp
//--------------------------------------------------------===//

/// Slots: -, shared address, global address, bytes, mbarrier. flags 1: to
/// global.
void copyBulk(Warp &warp, const Instruction &inst, uint32_t mask);
/// Slots: -, shared address, map, mask of blocks, or of a store L2's policy,
/// mbarrier. List: coordinates. flags 1: to global; kMulticast: to the blocks
/// of the mask.
constexpr uint16_t kMulticast = 2;
/// Policies of L2, as createpolicy makes them of a whole access.
constexpr uint64_t kEvictNormal = 0x1000000000000000,
                   kEvictFirst = 0x12f0000000000000,
                   kEvictLast = 0x14f0000000000000;
void copyTensor(Warp &warp, const Instruction &inst, uint32_t mask);
void commitBulkCopies(Warp &warp, const Instruction &inst, uint32_t mask);
/// immediate: groups that may stay pending.
void waitForBulkCopies(Warp &warp, const Instruction &inst, uint32_t mask);

//===--- Wgmma.cpp
//-----------------------------------------------------------===//

/// flags: WgmmaFlags; immediate: N. Slots: -, A, B, scale of D. List: D, and
/// A's registers when slot 1 is none.
enum WgmmaFlags : uint16_t {
  kTransposedA = 1,
  kTransposedB = 2,
  kNegatedA = 4,
  kNegatedB = 8
};
/// The operands' types, and what one instruction contracts of them. D is f32,
/// or s32 for integers.
struct WgmmaForm {
  std::string_view types; ///< "f32.bf16.bf16"
  unsigned depth;
  MmaType type;
  Handler handler;
};
const WgmmaForm *findWgmma(std::string_view types);
/// wgmma.fence
void fenceProducts(Warp &warp, const Instruction &inst, uint32_t mask);
void commitWgmma(Warp &warp, const Instruction &inst, uint32_t mask);
/// immediate: groups that may stay pending.
void waitForWgmma(Warp &warp, const Instruction &inst, uint32_t mask);

//===--- TensorAccess.cpp
//----------------------------------------------------===//

/// Slots: -, shared address of the result, number of columns.
void allocateTensor(Warp &warp, const Instruction &inst, uint32_t mask);
/// Slots: -, first column, number of columns.
void releaseTensor(Warp &warp, const Instruction &inst, uint32_t mask);
/// tcgen05.relinquish_alloc_permit
void relinquishTensor(Warp &warp, const Instruction &inst, uint32_t mask);

/// What a load or store takes of tensor memory: lanes, and in each repetition
/// columns and registers.
struct TensorShape {
  std::string_view name; ///< "16x64b"
  uint8_t numLanes, numColumns, numRegisters;
};
std::span<const TensorShape> tensorShapes();
/// flags: index into tensorShapes(). Slots: -, address, for 16x32bx2 the
/// columns between its two parts. List: registers.
void loadTensor(Warp &warp, const Instruction &inst, uint32_t mask);
void storeTensor(Warp &warp, const Instruction &inst, uint32_t mask);
void waitForTensorLoads(Warp &warp, const Instruction &inst, uint32_t mask);
void waitForTensorStores(Warp &warp, const Instruction &inst, uint32_t mask);

//===--- TensorProducts.cpp
//--------------------------------------------------===//

/// What `.kind` says of the operands of tcgen05.mma.
enum class TensorKind : uint8_t { F16, Tf32, I8, F8f6f4 };
/// flags: kind, and kTensorLeft when A stands in tensor memory. Slots: whether
/// D is added to, D, A, B, instruction descriptor. List: none, or masks of the
/// lanes that keep their sums.
constexpr uint16_t kTensorLeft = 0x100;
constexpr unsigned kTensorMasks = 4;
void multiplyTensor(Warp &warp, const Instruction &inst, uint32_t mask);
/// Slots: -, the mbarrier that products so far arrive at, and none or a mask of
/// the blocks that have it at the same place.
void commitTensor(Warp &warp, const Instruction &inst, uint32_t mask);

//===--- Mma.cpp
//-------------------------------------------------------------===//

/// A shape and its types. The list is D, A, B, C.
struct MmaForm {
  std::string_view shape, types;
  uint8_t numD, numA, numB, numC;
  Handler handler;
  uint32_t flops;
};
const MmaForm *findMma(std::string_view shape, std::string_view types);
const std::vector<MmaForm> &mmaForms();

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_EXEC_HANDLERS_H
