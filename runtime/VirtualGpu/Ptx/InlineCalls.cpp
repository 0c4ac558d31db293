// Calls become copies of the bodies they call.
//
// 1. The kernel's own body is the first copy; at each call stands a copy of the
//    callee's, and so on.
// 2. Each copy has its own registers, scopes and variables. Only shared
//    variables, of which a block has one, are the same in all of them.
// 3. `ret` of a callee branches to the end of its copy. Lanes that come there
//    by several ways meet, as at the end of any branch.
// 4. A parameter in .param space is the caller's variable under another name:
//    the caller writes arguments before the call and reads results after it.

#include "runtime/VirtualGpu/Ptx/InlineCalls.h"

#include "runtime/Core/Message.h"

#include <algorithm>

namespace tenon::vgpu::ptx {
namespace {

/// Bounds what a small text can ask for, by functions that call the next one
/// twice, and so on: statements and scopes of one kernel, its registers, and
/// how deep calls are nested.
constexpr size_t kMostStatements = 1 << 18, kMostRegisters = 1 << 20;
constexpr size_t kMostNested = 256;

/// The label at the end of a copy; no identifier of a text.
constexpr std::string_view kReturn = "(return)";

/// The parts of `call (results), callee, (arguments), prototype`.
struct Call {
  std::vector<Operand> results, arguments;
  const Operand *callee = nullptr;
  bool hasPrototype = false;
};

bool isCall(const Statement &statement) {
  return statement.opcode == "call" || statement.opcode == "call.uni";
}

Call partsOf(const Statement &statement) {
  Call call;
  for (const Operand &each : statement.operands) {
    if (each.kind == Operand::List)
      (call.callee ? call.arguments : call.results) = each.elements;
    else if (call.callee)
      call.hasPrototype = true;
    else
      call.callee = &each;
  }
  return call;
}

Operand named(std::string_view name) {
  Operand operand;
  operand.kind = Operand::Name;
  operand.name = name;
  return operand;
}

Operand addressOf(std::string_view variable) {
  Operand operand;
  operand.kind = Operand::Address;
  operand.elements.push_back(named(variable));
  return operand;
}

/// Another statement at the same place, under the same predicate.
Statement beside(const Statement &statement, std::string_view opcode,
                 std::vector<Operand> operands) {
  Statement made = statement;
  made.opcode = opcode;
  made.operands = std::move(operands);
  return made;
}

class Inliner {
public:
  Inliner(Text &text, std::string_view moduleName)
      : text(text), moduleName(moduleName) {
    for (const Function &each : text.functions)
      if (!each.isKernel && each.hasBody)
        callees.emplace(each.name, &each);
  }
  rt::Result<Function> run(const Function &kernel);

private:
  using Names = std::unordered_map<std::string_view, std::string_view>;
  /// One copy of a body, while it is made.
  struct Copy {
    const Function &function;
    uint32_t firstRegister = 0, firstScope = 0;
    Names parameters;
    std::vector<std::string_view> locals; ///< new names, by number
  };
  /// What goes with a call's copy.
  struct Binding {
    const Function &callee;
    Names names;
    std::vector<Statement> before, after;
  };

  bool copyBody(const Function &function, Names parameters);
  Copy beginCopy(const Function &function, Names parameters);
  bool copyStatement(const Copy &copy, const Statement &statement);
  void rename(const Copy &copy, uint32_t scope, Operand &operand) const;
  std::string_view nameIn(const Copy &copy, uint32_t scope,
                          std::string_view name) const;
  void accessLocally(Statement &statement);

  bool staysCall(const Statement &statement) const;
  bool copyCallee(const Statement &statement);
  const Function *findCallee(const Statement &statement, const Call &call);
  bool checkParameters(const Statement &statement, const Function &callee,
                       const Call &call);
  bool bind(const Statement &call, const Variable &formal,
            const Operand &actual, bool isResult, Binding &binding);
  bool bindVariable(const Statement &call, const Variable &formal,
                    const Operand &actual, Binding &binding);
  bool failBinding(const Statement &call, const Variable &formal,
                   const Binding &binding, std::string_view found) {
    return fail(call, rt::quoted(binding.callee.name), " with ", found,
                " for parameter ", rt::quoted(formal.name), ", which has ",
                formal.sizeBytes, " bytes");
  }
  Statement transfer(const Statement &call, uint8_t sizeBytes,
                     const Operand &to, const Operand &from);

  std::string_view newName(std::string_view name) {
    return text.names.emplace_back(rt::message(name, "#", text.names.size()));
  }
  std::string_view addLocal(const Variable &variable);
  /// The variable of .param space that has this new name, or none.
  Variable *parameterNamed(std::string_view name);

  template <typename... Pieces>
  bool fail(const Statement &statement, const Pieces &...pieces) {
    failure = rt::badInput(moduleName, ":", statement.ptxLine, ": ",
                           rt::quoted(path.back()->name), " calls ", pieces...);
    return false;
  }

  Text &text;
  std::string_view moduleName;
  std::unordered_map<std::string_view, const Function *> callees;
  Function result;
  std::vector<const Function *> path; ///< kernel, what it calls, ...
  std::unordered_map<std::string_view, size_t> localOf; ///< by its new name
  std::unordered_map<const Variable *, std::string_view> sharedNames;
  rt::Error failure{rt::Code::BadInput, ""};
};

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

rt::Result<Function> Inliner::run(const Function &kernel) {
  result = kernel;
  result.locals.clear();
  result.registers.clear();
  result.statements.clear();
  result.scopes.clear();
  Names parameters;
  for (Variable &each : result.parameters) {
    std::string_view name = newName(each.name);
    parameters[each.name] = name;
    each.name = name;
  }
  if (!copyBody(kernel, std::move(parameters)))
    return failure;
  moveCallParametersToRegisters(result);
  return std::move(result);
}

bool Inliner::copyBody(const Function &function, Names parameters) {
  path.push_back(&function);
  Copy copy = beginCopy(function, std::move(parameters));
  std::vector<uint32_t> begins;
  for (const Statement &each : function.statements) {
    begins.push_back(result.statements.size());
    if (!copyStatement(copy, each))
      return false;
  }
  begins.push_back(result.statements.size());
  for (size_t scope = 0; scope < function.scopes.size(); ++scope)
    for (auto [label, statement] : function.scopes[scope].labels)
      result.scopes[copy.firstScope + scope].labels[label] = begins[statement];
  result.scopes[copy.firstScope].labels[kReturn] = begins.back();
  path.pop_back();
  return true;
}

Inliner::Copy Inliner::beginCopy(const Function &function, Names parameters) {
  Copy copy{function,
            uint32_t(result.registers.size()),
            uint32_t(result.scopes.size()),
            std::move(parameters),
            {}};
  result.registers.insert(result.registers.end(), function.registers.begin(),
                          function.registers.end());
  for (const Function::Scope &each : function.scopes) {
    Function::Scope &scope = result.scopes.emplace_back();
    scope.parent = each.parent + copy.firstScope;
    scope.branchTables = each.branchTables;
  }
  for (const Variable &each : function.locals) {
    if (each.space != Space::Shared) {
      copy.locals.push_back(addLocal(each));
      continue;
    }
    auto [at, isNew] = sharedNames.try_emplace(&each);
    if (isNew)
      at->second = addLocal(each);
    copy.locals.push_back(at->second);
  }
  return copy;
}

std::string_view Inliner::addLocal(const Variable &variable) {
  std::string_view name = newName(variable.name);
  localOf[name] = result.locals.size();
  result.locals.push_back(variable);
  result.locals.back().name = name;
  return name;
}

Variable *Inliner::parameterNamed(std::string_view name) {
  auto found = localOf.find(name);
  if (found == localOf.end() ||
      result.locals[found->second].space != Space::Parameter)
    return nullptr;
  return &result.locals[found->second];
}

bool Inliner::copyStatement(const Copy &copy, const Statement &statement) {
  Statement made = statement;
  made.scope += copy.firstScope;
  if (made.predicate)
    *made.predicate += copy.firstRegister;
  for (Operand &each : made.operands)
    rename(copy, statement.scope, each);
  if (isCall(made) && !staysCall(made))
    return copyCallee(made);
  if (!copy.function.isKernel) {
    if (made.opcode == "ret" || made.opcode == "ret.uni")
      made = beside(made, "bra", {named(kReturn)});
    accessLocally(made);
  }
  result.statements.push_back(std::move(made));
  return true;
}

void Inliner::rename(const Copy &copy, uint32_t scope, Operand &operand) const {
  if (operand.kind == Operand::Register)
    operand.index += copy.firstRegister;
  if (operand.kind == Operand::Name)
    operand.name = nameIn(copy, scope, operand.name);
  for (Operand &each : operand.elements)
    rename(copy, scope, each);
  for (Operand &each : operand.second)
    rename(copy, scope, each);
}

std::string_view Inliner::nameIn(const Copy &copy, uint32_t scope,
                                 std::string_view name) const {
  for (;; scope = copy.function.scopes[scope].parent) {
    const Function::Scope &here = copy.function.scopes[scope];
    auto found = here.variables.find(name);
    if (found != here.variables.end())
      return copy.locals[found->second];
    if (here.parent == scope)
      break;
  }
  auto parameter = copy.parameters.find(name);
  return parameter == copy.parameters.end() ? name : parameter->second;
}

/// Parameters of a function are local memory here. Where a statement names
/// one, the decoder sees it; where a register holds its address, the opcode
/// alone says so.
void Inliner::accessLocally(Statement &statement) {
  std::string opcode(statement.opcode);
  for (std::string_view space : {".param::func", ".param"}) {
    size_t at = opcode.find(space);
    if (at == opcode.npos)
      continue;
    size_t end = at + space.size();
    if (end != opcode.size() && opcode[end] != '.')
      return;
    opcode.replace(at, space.size(), ".local");
    statement.opcode = text.names.emplace_back(std::move(opcode));
    return;
  }
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

bool Inliner::staysCall(const Statement &statement) const {
  Call call = partsOf(statement);
  return call.callee && !callees.count(call.callee->name) &&
         (call.callee->name == "vprintf" ||
          call.callee->name == "__assertfail");
}

const Function *Inliner::findCallee(const Statement &statement,
                                    const Call &call) {
  auto refuse = [&](const auto &...pieces) {
    fail(statement, pieces...);
    return nullptr;
  };
  if (!call.callee)
    return refuse("nothing: expected the name of a function");
  std::string name = rt::quoted(call.callee->name);
  if (call.callee->kind != Operand::Name || call.hasPrototype)
    return refuse("through ", name,
                  ": only functions that the call names are supported");
  auto found = callees.find(call.callee->name);
  if (found == callees.end())
    return refuse(name, ", which has no body in this text: modules are not "
                        "linked");
  if (std::find(path.begin(), path.end(), found->second) != path.end())
    return refuse(name, " before ", name,
                  " has returned: recursion is not supported");
  if (path.size() > kMostNested)
    return refuse(name, ": expected at most ", kMostNested, " nested calls");
  const Function &callee = *found->second;
  size_t numStatements = result.statements.size() + result.scopes.size() +
                         callee.statements.size() + callee.scopes.size();
  size_t numRegisters = result.registers.size() + callee.registers.size();
  if (numStatements > kMostStatements || numRegisters > kMostRegisters)
    return refuse(name, ": with the functions that it calls, kernel ",
                  rt::quoted(result.name), " has more than ", kMostStatements,
                  " statements or ", kMostRegisters, " registers");
  return &callee;
}

bool Inliner::checkParameters(const Statement &statement,
                              const Function &callee, const Call &call) {
  std::string name = rt::quoted(callee.name);
  if (call.arguments.size() != callee.parameters.size())
    return fail(statement, name, " with ", call.arguments.size(),
                " arguments, expected ", callee.parameters.size());
  if (call.results.size() != callee.results.size())
    return fail(statement, name, " with room for ", call.results.size(),
                " results, expected ", callee.results.size());
  // The callee would write the result over an argument that it still reads.
  for (const Operand &written : call.results)
    for (const Operand &argument : call.arguments)
      if (written.kind == Operand::Name && argument.kind == Operand::Name &&
          written.name == argument.name)
        return fail(statement, name,
                    " with one variable as argument and result");
  return true;
}

bool Inliner::copyCallee(const Statement &statement) {
  Call call = partsOf(statement);
  const Function *callee = findCallee(statement, call);
  if (!callee || !checkParameters(statement, *callee, call))
    return false;
  Binding binding{*callee, {}, {}, {}};
  for (size_t i = 0; i < call.arguments.size(); ++i)
    if (!bind(statement, callee->parameters[i], call.arguments[i], false,
              binding))
      return false;
  for (size_t i = 0; i < call.results.size(); ++i)
    if (!bind(statement, callee->results[i], call.results[i], true, binding))
      return false;
  auto append = [&](std::vector<Statement> &statements) {
    std::move(statements.begin(), statements.end(),
              std::back_inserter(result.statements));
  };
  append(binding.before);
  if (statement.predicate) {
    Statement skip = beside(statement, "bra", {named(kReturn)});
    skip.isPredicateNegated = !skip.isPredicateNegated;
    skip.scope = result.scopes.size(); // the body of the copy to be made
    result.statements.push_back(std::move(skip));
  }
  if (!copyBody(*callee, std::move(binding.names)))
    return false;
  append(binding.after);
  return true;
}

bool Inliner::bind(const Statement &call, const Variable &formal,
                   const Operand &actual, bool isResult, Binding &binding) {
  bool isVariable = actual.kind == Operand::Name;
  if (isVariable && !formal.registerIndex)
    return bindVariable(call, formal, actual, binding);
  Operand inside;
  if (formal.registerIndex) {
    inside.kind = Operand::Register;
    inside.name = formal.name;
    // The callee's registers follow those that are there now.
    inside.index = result.registers.size() + *formal.registerIndex;
  } else {
    inside = addressOf(binding.names[formal.name] = addLocal(formal));
  }
  if (actual.kind == Operand::Sink)
    return true;
  if (isVariable && !parameterNamed(actual.name))
    return failBinding(call, formal, binding, "no variable of .param space");
  if (formal.sizeBytes != 2 && formal.sizeBytes != 4 && formal.sizeBytes != 8)
    return failBinding(call, formal, binding, "a register");
  Operand outside = isVariable ? addressOf(actual.name) : actual;
  if (isResult)
    binding.after.push_back(transfer(call, formal.sizeBytes, outside, inside));
  else
    binding.before.push_back(transfer(call, formal.sizeBytes, inside, outside));
  return true;
}

bool Inliner::bindVariable(const Statement &call, const Variable &formal,
                           const Operand &actual, Binding &binding) {
  Variable *variable = parameterNamed(actual.name);
  if (!variable)
    return failBinding(call, formal, binding, "no variable of .param space");
  if (variable->sizeBytes != formal.sizeBytes)
    return failBinding(call, formal, binding,
                       rt::message(variable->sizeBytes, " bytes"));
  variable->alignBytes = std::max(variable->alignBytes, formal.alignBytes);
  binding.names[formal.name] = actual.name;
  return true;
}

/// A move, or a store or load of a parameter, one of whose sides is a register
/// or a constant.
Statement Inliner::transfer(const Statement &call, uint8_t sizeBytes,
                            const Operand &to, const Operand &from) {
  std::string_view opcode = from.kind == Operand::Address ? "ld.local.b"
                            : to.kind == Operand::Address ? "st.local.b"
                                                          : "mov.b";
  std::string &name =
      text.names.emplace_back(rt::message(opcode, unsigned(sizeBytes) * 8));
  return beside(call, name, {to, from});
}

} // namespace

rt::Result<void> inlineCalls(Text &text, std::string_view moduleName) {
  for (Function &each : text.functions) {
    if (!each.isKernel || !each.hasBody ||
        std::none_of(each.statements.begin(), each.statements.end(), isCall))
      continue;
    rt::Result<Function> whole = Inliner(text, moduleName).run(each);
    if (!whole)
      return whole.error();
    each = std::move(*whole);
  }
  return {};
}

} // namespace tenon::vgpu::ptx
