//===- Ast.h - a PTX text, parsed
//-------------------------------------------===//
//
// Names are resolved as far as scopes decide them: registers are numbers of
// their function, labels are numbers of its statements. Views point into the
// text.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_PTX_AST_H
#define TENON_RUNTIME_VIRTUALGPU_PTX_AST_H

#include "runtime/VirtualGpu/Report.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tenon::vgpu::ptx {

enum class Space : uint8_t {
  Generic,
  Global,
  Constant,
  Shared,
  Local,
  Parameter
};

struct Register {
  std::string name;
  uint8_t sizeBytes = 0; ///< 0 for a predicate
};

struct Operand {
  enum Kind : uint8_t {
    Register, ///< index
    Name,     ///< of a variable, parameter, label, function or special register
    Integer,  ///< bits
    Float32,  ///< bits
    Float64,  ///< bits
    List,     ///< {a, b, c} or (a, b)
    Address,  ///< [base + offset, more...]: elements[0] is the base
    Sink,     ///< _
  };
  Kind kind = Sink;
  bool isNegated = false; ///< !p
  uint32_t index = 0;
  uint64_t bits = 0;
  int64_t offsetBytes = 0;
  std::string_view name;
  std::vector<Operand> elements;
  std::vector<Operand> second; ///< the q of p|q; none or one
};

struct Statement {
  std::string_view opcode; ///< with all modifiers
  std::vector<Operand> operands;
  std::optional<uint32_t> predicate; ///< register
  bool isPredicateNegated = false;
  uint32_t ptxLine = 0;
  uint32_t file = 0, line = 0; ///< of the CUDA source
  uint32_t scope = 0;
};

struct Initialiser {
  uint64_t offsetBytes = 0;
  std::string symbol; ///< the address of a variable, when not empty
};

struct Variable {
  Space space = Space::Global;
  std::string_view name;
  uint64_t sizeBytes = 0; ///< 0 for `extern name[]`
  uint32_t alignBytes = 1;
  bool isExtern = false;
  std::vector<uint8_t> bytes; ///< given values; the rest is zero
  std::vector<Initialiser> addresses;
  std::optional<uint32_t> registerIndex; ///< of a parameter declared `.reg`
  uint32_t ptxLine = 0;
};

struct Function {
  std::string name;
  bool isKernel = false, hasBody = false;
  std::vector<Variable> parameters, results;
  std::vector<Variable> locals; ///< .local, .shared and .param of the body
  std::vector<Register> registers;
  std::vector<Statement> statements;
  /// Per scope: what is declared there. Scope 0 is the body; a root is its own
  /// parent.
  struct Scope {
    uint32_t parent = 0;
    std::unordered_map<std::string_view, uint32_t> registers;
    std::unordered_map<std::string_view, uint32_t> variables; ///< to a local
    std::unordered_map<std::string_view, uint32_t> labels; ///< to a statement
    std::unordered_map<std::string_view, std::vector<std::string_view>>
        branchTables;
  };
  std::vector<Scope> scopes;
  std::optional<Dim3> maxThreads, requiredThreads, requiredCluster;
  uint32_t minBlocksPerSm = 0;
  uint32_t ptxLine = 0;
};

struct Text {
  std::string_view target; ///< "sm_90a"
  std::map<uint32_t, std::string> files;
  std::vector<Variable> variables;
  std::vector<Function> functions;
  /// Names that the text does not have; views point at them, too.
  std::deque<std::string> names;
};

} // namespace tenon::vgpu::ptx

#endif // TENON_RUNTIME_VIRTUALGPU_PTX_AST_H
