//===- Program.h - a kernel, decoded
//----------------------------------------===//
//
// Registers are slots: byte offsets into a warp's register file, where a value
// stands as 32 lanes side by side and a predicate as one mask. Immediates and
// special registers are slots too, filled before the kernel starts, so a
// handler sees one kind of operand.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_DECODE_PROGRAM_H
#define TENON_RUNTIME_VIRTUALGPU_DECODE_PROGRAM_H

#include "runtime/VirtualGpu/Machine.h"
#include "runtime/VirtualGpu/Ptx/Ast.h"

#include <unordered_map>

namespace tenon::vgpu {

struct Warp;
struct Instruction;

/// Executes one instruction for the lanes of the mask, which is never empty.
using Handler = void (*)(Warp &, const Instruction &, uint32_t mask);

/// Where the warp goes after an instruction.
enum class Flow : uint8_t {
  Next,
  Branch,
  BranchTable,
  Exit,
  Outcome, ///< the handler says: Warp::outcome
};

/// Who executes it; one counter each.
enum class Pipe : uint8_t {
  Float32,
  Float64,
  Half,
  Integer,
  Special,
  Convert,
  Move,
  Memory,
  Control,
  Collective,
  Tensor,
  Async,
  Add,      ///< of integers, on either pipe for arithmetic
  Multiply, ///< of integers, on the pipe of multiply-adds
};
constexpr unsigned kNumPipes = 14;

constexpr uint32_t kNoSlot = ~0u;

struct Instruction {
  Handler handler = nullptr;
  /// Destination first; slot 5 is a second one, if any. The address of a memory
  /// access is slot 1, its data a list.
  uint32_t slot[6] = {kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot};
  uint32_t predicate = kNoSlot;
  bool isPredicateNegated = false;
  Flow flow = Flow::Next;
  bool touchesProduct = false; ///< a register of KernelProgram::touches
  bool endsBlock = false; ///< the next instruction may be reached another way
  Pipe pipe = Pipe::Integer;
  ptx::Space space = ptx::Space::Generic;
  uint8_t elementBytes = 0, numElements = 1;
  uint8_t addressBytes = 8; ///< of the register that holds the address
  uint16_t flags = 0;       ///< the handler's own
  uint16_t numListed = 0;
  uint32_t target = 0; ///< instruction, or index of a branch table
  uint32_t id = 0;     ///< its own number
  int64_t immediate = 0;
  const uint32_t *list = nullptr; ///< slots of a vector or a matrix fragment
};

/// What an instruction reads and writes, for the checks that follow values.
struct Effect {
  uint32_t firstSlot = 0; ///< in KernelProgram::effectSlots, definitions first
  uint16_t numWritten = 0, numRead = 0;
};

/// A register that some wgmma multiplies or adds to, or that is moved to or
/// from such a one; by a number of its own.
struct ProductTouch {
  uint32_t number = 0;
  bool isWrite = false;
};

struct Place {
  uint32_t ptxLine = 0, file = 0, line = 0;
};

enum class SpecialRegister : uint8_t {
  TidX,
  TidY,
  TidZ,
  NtidX,
  NtidY,
  NtidZ,
  CtaidX,
  CtaidY,
  CtaidZ,
  NctaidX,
  NctaidY,
  NctaidZ,
  LaneId,
  WarpId,
  NumWarps,
  LaneMaskEq,
  LaneMaskLe,
  LaneMaskLt,
  LaneMaskGe,
  LaneMaskGt,
  SmId,
  NumSms,
  DynamicSharedBytes,
  TotalSharedBytes,
  ClusterIdX,
  ClusterIdY,
  ClusterIdZ,
  NclusterIdX,
  NclusterIdY,
  NclusterIdZ,
  ClusterCtaidX,
  ClusterCtaidY,
  ClusterCtaidZ,
  ClusterNctaidX,
  ClusterNctaidY,
  ClusterNctaidZ,
  ClusterCtarank,
  ClusterNctarank,
};

struct KernelProgram {
  KernelInfo info;
  std::vector<Instruction> code;    ///< ends with an exit
  std::vector<Place> places;        ///< by id
  std::vector<std::string> opcodes; ///< by id, with all modifiers
  std::vector<Effect> effects;      ///< by id
  std::vector<uint32_t> effectSlots;
  std::unordered_map<uint32_t, std::vector<ProductTouch>> touches; ///< by id
  uint32_t numProductRegisters = 0;
  std::vector<std::vector<uint32_t>> lists; ///< storage of Instruction::list
  std::vector<std::vector<uint32_t>> branchTables;
  std::map<uint32_t, std::string> files;
  std::vector<uint8_t>
      registerImage; ///< a register file before the first instruction
  struct Special {
    SpecialRegister which;
    uint32_t slot;
  };
  std::vector<Special> specials;
  uint32_t dynamicSharedOffset = 0;
  /// Other blocks can see what a block does before its end, so order matters.
  bool blocksMeet = false;
  bool usesTensorMemory = false;
};

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_DECODE_PROGRAM_H
