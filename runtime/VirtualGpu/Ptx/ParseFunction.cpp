// Functions: parameters, declarations, statements.

#include "runtime/VirtualGpu/Ptx/ParserState.h"

#include <algorithm>

namespace tenon::vgpu::ptx {

/// A virtual register costs memory in every warp; no compiler gives as many.
static constexpr uint64_t kMostRegisters = 1 << 20;

bool Parser::parseFunction(bool isKernel) {
  Function function;
  function.isKernel = isKernel;
  function.ptxLine = token.line;
  // `.func (.param .b32 result) name (...)`
  if (!isKernel && token.is('(') && !parseParameters(function.results))
    return false;
  if (token.kind != Token::Word)
    return failExpected("the name of a function");
  function.name = token.text;
  advance();
  if (token.is('(') && !parseParameters(function.parameters))
    return false;
  if (!parseKernelDirectives(function))
    return false;
  if (accept(';')) {
    result.functions.push_back(std::move(function));
    return true;
  }
  function.hasBody = true;
  if (!expect('{') || !parseBody(function))
    return false;
  result.functions.push_back(std::move(function));
  return true;
}

bool Parser::parseParameters(std::vector<Variable> &parameters) {
  if (!expect('('))
    return false;
  while (!token.is(')')) {
    bool isRegister = token.is(".reg");
    if (!token.is(".param") && !isRegister)
      return failExpected("'.param'");
    advance();
    Variable &parameter = parameters.emplace_back();
    if (!parseVariable(Space::Parameter, false, true, parameter))
      return false;
    if (isRegister && parameter.sizeBytes > 8)
      return fail("parameter ", rt::quoted(parameter.name), " has ",
                  parameter.sizeBytes,
                  " bytes, expected a register of at most 8");
    if (isRegister)
      parameter.registerIndex = 0; // until the body is read
    if (!token.is(')') && !expect(','))
      return false;
  }
  return expect(')');
}

void Parser::declareParameterRegisters(Function &function,
                                       std::vector<Variable> &parameters) {
  for (Variable &each : parameters) {
    if (!each.registerIndex)
      continue;
    each.registerIndex = function.registers.size();
    function.scopes[0].registers[each.name] = function.registers.size();
    function.registers.push_back(
        {std::string(each.name), uint8_t(each.sizeBytes)});
  }
}

bool Parser::parseDims(std::optional<Dim3> &dims) {
  uint64_t value[3] = {1, 1, 1};
  for (uint64_t &number : value) {
    if (!parseInteger(number))
      return false;
    if (!accept(','))
      break;
  }
  dims = Dim3{uint32_t(value[0]), uint32_t(value[1]), uint32_t(value[2])};
  return true;
}

bool Parser::parseKernelDirectives(Function &function) {
  while (token.kind == Token::Word && token.text[0] == '.') {
    std::string_view word = token.text;
    uint32_t line = token.line;
    advance();
    std::optional<Dim3> number;
    bool isRead = true;
    if (word == ".maxntid")
      isRead = parseDims(function.maxThreads);
    else if (word == ".reqntid")
      isRead = parseDims(function.requiredThreads);
    else if (word == ".reqnctapercluster")
      isRead = parseDims(function.requiredCluster);
    else if (word == ".minnctapersm" || word == ".maxnctapersm") {
      isRead = parseDims(number);
      function.minBlocksPerSm = isRead ? number->x : 0;
    } else if (word == ".maxnreg" || word == ".maxclusterrank" ||
               word == ".abi_preserve")
      isRead = parseDims(number);
    else if (word == ".pragma") {
      advance();
      accept(';');
    } else if (word != ".explicitcluster" && word != ".noreturn" &&
               word != ".blocksareclusters")
      return failAt(line, "unknown directive ", rt::quoted(word),
                    " of a function");
    if (!isRead)
      return false;
  }
  return true;
}

bool Parser::parseLoc() {
  uint64_t file = 0, line = 0, column = 0;
  if (!parseInteger(file) || !parseInteger(line) || !parseInteger(column))
    return false;
  sourceFile = file;
  sourceLine = line;
  // The place inside the innermost function is kept: it names the asm or the
  // expression. `, function_name label, inlined_at file line column` follows.
  while (accept(',')) {
    bool isCall = token.is("inlined_at");
    advance();
    if (!isCall) {
      advance();
      if (accept('+') && !parseInteger(column))
        return false;
    } else if (!parseInteger(file) || !parseInteger(line) ||
               !parseInteger(column)) {
      return false;
    }
  }
  return true;
}

// .reg .b32 %r<193>, %x;
bool Parser::parseRegisters(Function &function) {
  advance();
  std::optional<uint8_t> size = typeBytes(token.text);
  if (token.kind != Token::Word || !size)
    return failExpected("the type of registers");
  advance();
  Function::Scope &here = function.scopes[scope];
  auto declare = [&](std::string name) {
    function.registers.push_back({std::move(name), *size});
  };
  do {
    if (token.kind != Token::Word)
      return failExpected("the name of a register");
    std::string_view word = token.text;
    advance();
    uint64_t count = 0;
    if (!token.is('<')) {
      here.registers[word] = function.registers.size();
      declare(std::string(word));
      continue;
    }
    advance();
    if (!parseInteger(count) || !expect('>'))
      return false;
    if (function.registers.size() + count > kMostRegisters)
      return fail("expected at most ", kMostRegisters, " registers, found ",
                  function.registers.size() + count);
    // Numbered names are found by their prefix: see resolveName.
    here.registers[word] = function.registers.size();
    for (uint64_t i = 0; i < count; ++i)
      declare(std::string(word) + std::to_string(i));
  } while (accept(','));
  return expect(';');
}

bool Parser::parseBranchTable(Function &function, std::string_view label) {
  advance();
  std::vector<std::string_view> &table =
      function.scopes[scope].branchTables[label];
  do {
    table.push_back(token.text);
    advance();
  } while (accept(','));
  return expect(';');
}

bool Parser::parseBodyDirective(Function &function) {
  std::string_view word = token.text;
  if (word == ".reg")
    return parseRegisters(function);
  uint32_t line = token.line;
  advance();
  if (word == ".loc")
    return parseLoc();
  if (word == ".file")
    return parseFile();
  if (word == ".pragma") {
    advance();
    return expect(';');
  }
  Space space = word == ".local"    ? Space::Local
                : word == ".shared" ? Space::Shared
                : word == ".param"  ? Space::Parameter
                                    : Space::Generic;
  if (space == Space::Generic)
    return failAt(line, "unknown directive ", rt::quoted(word),
                  " in a function");
  Variable &variable = function.locals.emplace_back();
  if (!parseVariable(space, false, false, variable))
    return false;
  function.scopes[scope].variables[variable.name] = function.locals.size() - 1;
  return expect(';');
}

bool Parser::parseBody(Function &function) {
  function.scopes.emplace_back();
  scope = sourceFile = sourceLine = 0;
  declareParameterRegisters(function, function.results);
  declareParameterRegisters(function, function.parameters);
  for (;;) {
    if (token.kind == Token::End)
      return failExpected("'}'");
    if (accept(';'))
      continue;
    if (accept('{')) {
      function.scopes.emplace_back().parent = scope;
      scope = function.scopes.size() - 1;
      continue;
    }
    if (accept('}')) {
      if (scope == 0)
        return true;
      scope = function.scopes[scope].parent;
      continue;
    }
    if (token.kind == Token::Word && ahead.is(':')) {
      std::string_view label = token.text;
      advance();
      advance();
      if (token.is(".branchtargets")) {
        if (!parseBranchTable(function, label))
          return false;
      } else if (token.is(".callprototype") || token.is(".calltargets")) {
        while (!token.is(';') && token.kind != Token::End)
          advance();
      } else {
        function.scopes[scope].labels[label] = function.statements.size();
      }
      continue;
    }
    bool isDirective = token.kind == Token::Word && token.text[0] == '.';
    if (!(isDirective ? parseBodyDirective(function)
                      : parseStatement(function)))
      return false;
  }
}

bool Parser::resolveName(const Function &function, Operand &operand) const {
  std::string_view word = operand.name;
  size_t digits = word.size();
  while (digits > 0 && word[digits - 1] >= '0' && word[digits - 1] <= '9')
    --digits;
  for (uint32_t at = scope;; at = function.scopes[at].parent) {
    const auto &registers = function.scopes[at].registers;
    auto take = [&](std::string_view key) {
      auto found = registers.find(key);
      if (found == registers.end())
        return false;
      uint64_t index = found->second;
      uint64_t number = 0;
      for (char digit : word.substr(key.size()))
        number =
            std::min<uint64_t>(number * 10 + (digit - '0'), kMostRegisters);
      index += number;
      if (index >= function.registers.size() ||
          function.registers[index].name != word)
        return false;
      operand.kind = Operand::Register;
      operand.index = index;
      return true;
    };
    // A prefix may itself end in digits (`%r1_<4>` does not, `tmp2<3>` would).
    if (take(word))
      return true;
    for (size_t length = digits; length < word.size(); ++length)
      if (take(word.substr(0, length)))
        return true;
    if (at == 0)
      return false;
  }
}

bool Parser::parseOperandList(Function &function, Operand &operand,
                              char close) {
  operand.kind = Operand::List;
  while (!token.is(close)) {
    if (!parseOperand(function, operand.elements.emplace_back()))
      return false;
    if (!token.is(close) && !expect(','))
      return false;
  }
  return expect(close);
}

// [a], [a+8], [a-8], [a+-8], [12], [a, {x, y}], [a], [b] follow as operands.
bool Parser::parseAddress(Function &function, Operand &operand) {
  operand.kind = Operand::Address;
  if (!parseOperand(function, operand.elements.emplace_back()))
    return false;
  if (token.is('+') || token.is('-')) {
    bool isMinus = token.is('-');
    advance();
    uint64_t offset = 0;
    if (!parseInteger(offset))
      return false;
    operand.offsetBytes = isMinus ? -int64_t(offset) : int64_t(offset);
  }
  while (accept(','))
    if (!parseOperand(function, operand.elements.emplace_back()))
      return false;
  return expect(']');
}

bool Parser::parseOperand(Function &function, Operand &operand) {
  if (accept('{'))
    return parseOperandList(function, operand, '}');
  if (accept('('))
    return parseOperandList(function, operand, ')');
  if (accept('['))
    return parseAddress(function, operand);
  if (accept('!'))
    operand.isNegated = true;
  if (token.kind == Token::Number || token.is('-'))
    return parseNumber(operand);
  if (token.kind != Token::Word)
    return failExpected("an operand");
  operand.name = token.text;
  advance();
  if (operand.name == "_")
    operand.kind = Operand::Sink;
  else if (!resolveName(function, operand))
    operand.kind = Operand::Name;
  if (accept('|'))
    return parseOperand(function, operand.second.emplace_back());
  return true;
}

bool Parser::parseStatement(Function &function) {
  Statement statement;
  statement.ptxLine = token.line;
  statement.file = sourceFile;
  statement.line = sourceLine;
  statement.scope = scope;
  if (accept('@')) {
    statement.isPredicateNegated = accept('!');
    Operand predicate;
    if (!parseOperand(function, predicate))
      return false;
    if (predicate.kind != Operand::Register ||
        function.registers[predicate.index].sizeBytes != 0)
      return fail("expected a predicate behind '@', found ",
                  rt::quoted(predicate.name));
    statement.predicate = predicate.index;
  }
  if (token.kind != Token::Word)
    return failExpected("an instruction");
  statement.opcode = token.text;
  advance();
  while (!token.is(';')) {
    if (!parseOperand(function, statement.operands.emplace_back()))
      return false;
    if (!token.is(';') && !expect(','))
      return false;
  }
  advance();
  function.statements.push_back(std::move(statement));
  return true;
}

} // namespace tenon::vgpu::ptx
