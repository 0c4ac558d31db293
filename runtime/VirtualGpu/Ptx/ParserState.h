//===- ParserState.h - the parser's hands, shared by its files
//--------------===//
//
// Errors: the first failure is kept, and every function returns false after it.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_PTX_PARSERSTATE_H
#define TENON_RUNTIME_VIRTUALGPU_PTX_PARSERSTATE_H

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Ptx/Lexer.h"
#include "runtime/VirtualGpu/Ptx/Parser.h"

namespace tenon::vgpu::ptx {

class Parser {
public:
  Parser(std::string_view source, std::string_view name)
      : lexer(source), name(name) {
    advance();
  }

  bool parseText();
  Text result;
  rt::Error failure{rt::Code::BadInput, ""};

private:
  //===--- Parser.cpp: the module
  //------------------------------------------===//
  bool parseDirective();
  bool parseFile();
  bool parseSection();
  bool parseVariable(Space space, bool isExtern, bool isParameter,
                     Variable &variable);
  bool parseInitialiser(Variable &variable, uint32_t elementBytes);
  bool parseInitialValue(Variable &variable, uint32_t elementBytes,
                         uint64_t &offset);

  //===--- ParseFunction.cpp: functions and their bodies
  //--------------------===//
  bool parseFunction(bool isKernel);
  bool parseParameters(std::vector<Variable> &parameters);
  void declareParameterRegisters(Function &function,
                                 std::vector<Variable> &parameters);
  bool parseKernelDirectives(Function &function);
  bool parseDims(std::optional<Dim3> &dims);
  bool parseBody(Function &function);
  bool parseBodyDirective(Function &function);
  bool parseRegisters(Function &function);
  bool parseLoc();
  bool parseBranchTable(Function &function, std::string_view label);
  bool parseStatement(Function &function);
  bool parseOperand(Function &function, Operand &operand);
  bool parseOperandList(Function &function, Operand &operand, char close);
  bool parseAddress(Function &function, Operand &operand);
  bool resolveName(const Function &function, Operand &operand) const;

  bool parseNumber(Operand &operand);
  bool parseInteger(uint64_t &value);

  template <typename... Pieces>
  bool failAt(uint32_t line, const Pieces &...pieces) {
    if (failure.message.empty())
      failure = rt::badInput(name, ":", line, ": ", pieces...);
    return false;
  }
  template <typename... Pieces> bool fail(const Pieces &...pieces) {
    return failAt(token.line, pieces...);
  }
  bool failExpected(std::string_view what);
  void advance() { token = std::exchange(ahead, lexer.next()); }
  bool expect(char c);
  bool accept(char c) {
    if (!token.is(c))
      return false;
    advance();
    return true;
  }

  Lexer lexer;
  std::string_view name;
  Token token, ahead = lexer.next();
  uint32_t scope = 0, sourceFile = 0, sourceLine = 0;
};

} // namespace tenon::vgpu::ptx

#endif // TENON_RUNTIME_VIRTUALGPU_PTX_PARSERSTATE_H
