//===- Decoder.h - from statements of PTX to instructions
//----------------------===//
//
// While a kernel is decoded, slots hold numbers of values: registers, constants
// and special registers. Slots.h then gives each a place in the register file.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_DECODE_DECODER_H
#define TENON_RUNTIME_VIRTUALGPU_DECODE_DECODER_H

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Decode/Program.h"
#include "runtime/VirtualGpu/Decode/Slots.h"
#include "runtime/VirtualGpu/Exec/Forms.h"
#include "runtime/VirtualGpu/Ptx/Parser.h"

namespace tenon::vgpu {

/// A variable's place: an address in its space.
struct Symbol {
  ptx::Space space = ptx::Space::Global;
  Address address = 0;
};
using Symbols = std::unordered_map<std::string, Symbol>;

struct WgmmaForm;

/// One row of Opcodes.def.
struct OpcodeInfo {
  std::string_view name, ignoredModifiers, meaning;
};
const std::vector<OpcodeInfo> &opcodes();

class Decoder {
public:
  /// `globals` are the module's variables outside of shared memory.
  Decoder(const ptx::Text &text, const ptx::Function &function,
          const Symbols &globals, std::string_view moduleName);
  rt::Result<std::unique_ptr<KernelProgram>> decode();

private:
  using Method = bool (Decoder::*)();
  struct Row;
  static const Row *findRow(std::string_view name);

  //===--- Layout.cpp: parameters, shared and local memory
  //-----------------===//
  bool layOut();
  void layOutParameters();
  bool layOutShared();
  void layOutLocals();

  //===--- Decoder.cpp
  //------------------------------------------------------===//
  bool decodeStatement(const ptx::Statement &statement);
  bool resolveLabels();
  bool findLabel(std::string_view name, uint32_t scope, uint32_t &statement);
  void splitOpcode(std::string_view opcode);
  bool take(std::string_view modifier);
  /// The first modifier that is left, or nothing.
  std::string_view takeNext();
  /// The first modifier that is a type, or nothing.
  std::string_view takeType();
  bool checkAllTaken();
  bool checkOperands(size_t least, size_t most);
  const ptx::Operand &operand(size_t i) const { return statement->operands[i]; }

  /// The value of an operand that is read, or kNoSlot after an error.
  uint32_t source(const ptx::Operand &operand, OperandType type);
  /// The value that an operand names for writing.
  uint32_t destination(const ptx::Operand &operand, uint8_t sizeBytes);
  uint32_t registerValue(const ptx::Operand &operand, uint8_t sizeBytes);
  uint32_t constant(uint64_t bits, uint8_t sizeBytes);
  uint32_t temporary(uint8_t sizeBytes);
  uint32_t special(std::string_view name);
  bool isSpecial(std::string_view name) const;
  uint32_t negated(uint32_t predicate);
  uint8_t sizeOf(const ptx::Operand &operand) const;
  /// Fills slot 1, immediate and addressBytes; a variable may change the space.
  bool setAddress(Instruction &inst, const ptx::Operand &address);
  const Symbol *symbol(std::string_view name) const;

  Instruction begin(Handler handler, Pipe pipe);
  /// Appends the instruction. Its list, if any, is `listed`, of which the first
  /// `numWritten` are written; slot 0 is written unless `readsFirst`.
  void emit(Instruction inst, std::vector<uint32_t> listed = {},
            size_t numWritten = 0, bool readsFirst = false);

  template <typename... Pieces> bool fail(const Pieces &...pieces) {
    if (failure.message.empty())
      failure = rt::badInput(moduleName, ":",
                             statement ? statement->ptxLine : function.ptxLine,
                             ": ", pieces...);
    return false;
  }
  bool failUnknown();

  bool decodeForm();
  bool decodeCarry();
  bool decodeSetp();
  bool decodeConvert();
  bool decodeMove();
  bool decodeUnpack(uint8_t sizeBytes);
  bool decodePack(uint8_t sizeBytes);
  bool decodeLop3();
  bool decodeCvta();
  bool decodeMapa();
  bool decodePolicy();
  bool decodeIsSpace();
  bool decodeNothing();

  bool takeSpace(Instruction &inst);
  bool decodeLoad();
  bool decodeStore();
  bool decodeAtomic();
  bool decodeCopy();
  bool decodeMatrixAccess(Handler handler, bool isLoad);
  bool decodeLoadMatrix();
  bool decodeStoreMatrix();
  bool decodeMma();

  //===--- DecodeHopper.cpp
  //---------------------------------------------------===//
  bool decodeMbarrier();
  bool decodeBulkCopy();
  bool decodeTensorCopy();
  bool decodeCopyArrival();
  bool decodeWgmma();
  bool decodeWgmmaProduct();
  const WgmmaForm *takeWgmmaForm(unsigned &n);
  bool decodeFence();
  bool decodeSetRegisters();
  uint32_t addressValue(const ptx::Operand &address);

  //===--- DecodeBlackwell.cpp
  //------------------------------------------------===//
  bool decodeTensorMemory();
  bool decodeTensorAllocation();
  bool decodeTensorRelease();
  bool decodeTensorAccess(bool isLoad);
  bool decodeTensorProduct();
  bool decodeTensorCommit();
  bool setTensorAddress(Instruction &inst, const ptx::Operand &address);

  bool decodeBranch();
  bool decodeBranchTable();
  bool decodeExit();
  bool decodeTrap();
  bool decodeCall();
  bool decodeSleep();
  bool decodeBarrier();
  bool decodeWarpBarrier();
  bool decodeClusterBarrier();
  bool decodeShuffle();
  bool decodeVote();
  bool decodeMatch();
  bool decodeRedux();
  bool decodeActiveMask();
  bool decodeElect();

  const ptx::Text &text;
  const ptx::Function &function;
  const Symbols &globals;
  std::string_view moduleName;
  std::unique_ptr<KernelProgram> program = std::make_unique<KernelProgram>();
  rt::Error failure{rt::Code::BadInput, ""};

  Symbols locals; ///< parameters, and variables of the function
  std::vector<Value> values;
  std::map<std::pair<uint64_t, uint8_t>, uint32_t> constants;
  std::map<std::string_view, uint32_t> specials;
  std::optional<uint32_t> carry; ///< the flag that add.cc leaves
  std::vector<uint32_t> codeOfStatement;
  std::vector<std::pair<uint32_t, uint32_t>>
      branches;                     ///< instruction, statement
  std::vector<ValueEffect> effects; ///< by instruction

  const ptx::Statement *statement = nullptr;
  std::string_view base;
  std::vector<std::string_view> modifiers;
};

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_DECODE_DECODER_H
