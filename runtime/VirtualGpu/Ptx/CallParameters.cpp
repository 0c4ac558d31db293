// Parameters of inlined calls in registers, where ptxas has them, too: in local
// memory they would be counted as traffic that no device has.
//
// 1. The loads and stores of each parameter, by offset: its cells.
// 2. A parameter moves if its cells have one width each and do not overlap, and
//    what is loaded is stored somewhere and as wide as its registers. Its
//    address may be taken by nothing else.
// 3. Loads and stores become moves; stores to cells that nobody loads, like the
//    padding of a structure, fall away.

#include "runtime/VirtualGpu/Ptx/InlineCalls.h"

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Ptx/Parser.h"

#include <algorithm>

namespace tenon::vgpu::ptx {
namespace {

struct Cell {
  uint8_t sizeBytes = 0;
  bool isStored = false, isLoaded = false;
  bool isConverted = false; ///< a register is wider
  uint32_t registerIndex = 0;
};

struct Parameter {
  bool staysInMemory = false;
  std::map<int64_t, Cell> cells; ///< by offset
};

/// A load or store of a parameter by its name.
struct Access {
  Parameter *parameter = nullptr;
  int64_t offsetBytes = 0;
  uint8_t elementBytes = 0;
  bool isLoad = false;
  std::vector<const Operand *> elements;
};

class ParameterMoves {
public:
  explicit ParameterMoves(Function &kernel) : kernel(kernel) {}
  void run();

private:
  std::optional<Access> accessOf(const Statement &statement);
  void note(const Access &access);
  void keepInMemory(const Operand &operand);
  static void decide(Parameter &parameter);
  void rewrite();
  static void appendMoves(const Statement &statement, const Access &access,
                          std::vector<Statement> &to);

  Function &kernel;
  std::map<std::string_view, Parameter> parameters; ///< by name
};

/// The bytes of one element of `{ld,st}.{param,local}[.vN].type`, or nothing.
std::optional<uint8_t> elementBytesOf(std::string_view opcode) {
  std::string_view head = opcode.substr(0, 3),
                   rest = opcode.substr(std::min<size_t>(3, opcode.size()));
  auto take = [&](std::string_view part) {
    bool isThere = rest.substr(0, part.size()) == part;
    rest.remove_prefix(isThere ? part.size() : 0);
    return isThere;
  };
  if ((head != "ld." && head != "st.") || !(take("param") || take("local")))
    return std::nullopt;
  if (!take(".v2"))
    take(".v4");
  return rest.empty() ? std::nullopt : typeBytes(rest);
}

std::optional<Access> ParameterMoves::accessOf(const Statement &statement) {
  std::optional<uint8_t> bytes = elementBytesOf(statement.opcode);
  if (!bytes || !*bytes || statement.operands.size() != 2)
    return std::nullopt;
  bool isLoad = statement.opcode[0] == 'l';
  const Operand &address = statement.operands[isLoad ? 1 : 0];
  const Operand &value = statement.operands[isLoad ? 0 : 1];
  if (address.kind != Operand::Address || address.elements.size() != 1 ||
      address.elements[0].kind != Operand::Name)
    return std::nullopt;
  auto found = parameters.find(address.elements[0].name);
  if (found == parameters.end())
    return std::nullopt;
  Access access{&found->second, address.offsetBytes, *bytes, isLoad, {}};
  if (value.kind == Operand::List)
    for (const Operand &each : value.elements)
      access.elements.push_back(&each);
  else
    access.elements.push_back(&value);
  return access;
}

void ParameterMoves::note(const Access &access) {
  int64_t offset = access.offsetBytes;
  for (const Operand *each : access.elements) {
    Cell &cell = access.parameter->cells[offset];
    if (cell.sizeBytes && cell.sizeBytes != access.elementBytes)
      access.parameter->staysInMemory = true;
    cell.sizeBytes = access.elementBytes;
    (access.isLoad ? cell.isLoaded : cell.isStored) = true;
    if (each->kind == Operand::Register &&
        kernel.registers[each->index].sizeBytes != cell.sizeBytes)
      cell.isConverted = true;
    if (each->kind == Operand::Name)
      access.parameter->staysInMemory = true;
    offset += access.elementBytes;
  }
}

void ParameterMoves::keepInMemory(const Operand &operand) {
  if (operand.kind == Operand::Name) {
    auto found = parameters.find(operand.name);
    if (found != parameters.end())
      found->second.staysInMemory = true;
  }
  for (const Operand &each : operand.elements)
    keepInMemory(each);
}

void ParameterMoves::decide(Parameter &parameter) {
  int64_t end = 0;
  for (const auto &[offset, cell] : parameter.cells) {
    bool isMovable =
        !cell.isLoaded || (cell.isStored && !cell.isConverted &&
                           cell.sizeBytes > 1 && cell.sizeBytes <= 8);
    if (offset < end || !isMovable)
      parameter.staysInMemory = true;
    end = offset + cell.sizeBytes;
  }
}

void ParameterMoves::appendMoves(const Statement &statement,
                                 const Access &access,
                                 std::vector<Statement> &to) {
  int64_t offset = access.offsetBytes;
  for (const Operand *each : access.elements) {
    const Cell &cell = access.parameter->cells.at(offset);
    offset += access.elementBytes;
    if (!cell.isLoaded || each->kind == Operand::Sink)
      continue;
    Operand inside;
    inside.kind = Operand::Register;
    inside.index = cell.registerIndex;
    Statement move = statement;
    move.opcode = cell.sizeBytes == 2   ? "mov.b16"
                  : cell.sizeBytes == 4 ? "mov.b32"
                                        : "mov.b64";
    move.operands =
        access.isLoad ? std::vector{*each, inside} : std::vector{inside, *each};
    to.push_back(std::move(move));
  }
}

void ParameterMoves::rewrite() {
  std::vector<Statement> statements;
  std::vector<uint32_t> begins;
  for (Statement &each : kernel.statements) {
    begins.push_back(statements.size());
    std::optional<Access> access = accessOf(each);
    if (access && !access->parameter->staysInMemory)
      appendMoves(each, *access, statements);
    else
      statements.push_back(std::move(each));
  }
  begins.push_back(statements.size());
  for (Function::Scope &scope : kernel.scopes)
    for (auto &[label, statement] : scope.labels)
      statement = begins[statement];
  kernel.statements = std::move(statements);
}

void ParameterMoves::run() {
  for (const Variable &each : kernel.locals)
    if (each.space == Space::Parameter)
      parameters[each.name];
  for (const Statement &each : kernel.statements) {
    if (std::optional<Access> access = accessOf(each))
      note(*access);
    else
      for (const Operand &operand : each.operands)
        keepInMemory(operand);
  }
  for (auto &[name, parameter] : parameters) {
    decide(parameter);
    if (parameter.staysInMemory)
      continue;
    for (auto &[offset, cell] : parameter.cells) {
      cell.registerIndex = kernel.registers.size();
      kernel.registers.push_back(
          {rt::message(name, "+", offset), cell.sizeBytes});
    }
  }
  rewrite();
  std::erase_if(kernel.locals, [&](const Variable &variable) {
    auto found = parameters.find(variable.name);
    return found != parameters.end() && !found->second.staysInMemory;
  });
}

} // namespace

void moveCallParametersToRegisters(Function &kernel) {
  ParameterMoves(kernel).run();
}

} // namespace tenon::vgpu::ptx
