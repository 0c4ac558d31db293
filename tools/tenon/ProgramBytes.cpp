//===- ProgramBytes.cpp - the program that --exe puts before an artifact --===//

#include "tools/tenon/ProgramBytes.h"

// C++20 cannot embed a file, the assembler can.
asm(R"(
  .section .rodata
  .balign 64
  .hidden tenonProgramBegin
  .globl tenonProgramBegin
tenonProgramBegin:
  .incbin ")" TENON_PROGRAM R"("
  .hidden tenonProgramEnd
  .globl tenonProgramEnd
tenonProgramEnd:
  .text
)");

extern "C" {
extern const char tenonProgramBegin[], tenonProgramEnd[];
}

namespace tenon::tool {

llvm::ArrayRef<char> programBytes() {
  return llvm::ArrayRef(tenonProgramBegin, tenonProgramEnd);
}

} // namespace tenon::tool
