//===- Forms.h - the table of arithmetic forms
//--------------------------------===//
//
// An arithmetic instruction is looked up by its opcode, less the modifiers that
// Opcodes.def calls ignored: "add.rn.f32" and "add.f32" are one form.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_EXEC_FORMS_H
#define TENON_RUNTIME_VIRTUALGPU_EXEC_FORMS_H

#include "runtime/VirtualGpu/Decode/Program.h"

#include <unordered_map>

namespace tenon::vgpu {

struct OperandType {
  uint8_t sizeBytes = 0; ///< 0: a predicate
  bool isFloat = false;  ///< an immediate is a number of this float type
};

struct Form {
  Handler handler = nullptr;
  Pipe pipe = Pipe::Integer;
  std::vector<OperandType> operands; ///< destination first
};

class Forms {
public:
  void add(std::string key, Pipe pipe, Form form) {
    form.pipe = pipe;
    byKey[std::move(key)] = std::move(form);
  }
  const Form *find(const std::string &key) const {
    auto found = byKey.find(key);
    return found == byKey.end() ? nullptr : &found->second;
  }
  const std::unordered_map<std::string, Form> &all() const { return byKey; }

private:
  std::unordered_map<std::string, Form> byKey;
};

/// Made at the first call.
const Forms &forms();

void addIntegerForms(Forms &forms);
void addBitForms(Forms &forms);
void addFloatForms(Forms &forms);
void addSpecialForms(Forms &forms);
void addHalfForms(Forms &forms);
void addCompareForms(Forms &forms);
void addConvertForms(Forms &forms);

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_EXEC_FORMS_H
