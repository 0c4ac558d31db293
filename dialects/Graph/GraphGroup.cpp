//===- GraphGroup.cpp - syntax and verifier of graph.group ----------------===//

#include "dialects/Graph/GraphDialect.h"

using namespace mlir;
using namespace tenon::graph;

//===----------------------------------------------------------------------===//
// Syntax: graph.group (%a = %x : type, ...) -> (types) attributes {...} { ... }
//===----------------------------------------------------------------------===//

ParseResult GroupOp::parse(OpAsmParser &parser, OperationState &state) {
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<OpAsmParser::UnresolvedOperand> inputs;
  auto parseOne = [&]() -> ParseResult {
    OpAsmParser::Argument &argument = arguments.emplace_back();
    OpAsmParser::UnresolvedOperand &input = inputs.emplace_back();
    return failure(parser.parseArgument(argument) || parser.parseEqual() ||
                   parser.parseOperand(input) ||
                   parser.parseColonType(argument.type));
  };
  SMLoc location = parser.getCurrentLocation();
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, parseOne) ||
      parser.parseOptionalArrowTypeList(state.types) ||
      parser.parseOptionalAttrDictWithKeyword(state.attributes))
    return failure();
  auto types =
      llvm::map_to_vector(arguments, [](const auto &a) { return a.type; });
  if (parser.resolveOperands(inputs, types, location, state.operands))
    return failure();
  return parser.parseRegion(*state.addRegion(), arguments);
}

void GroupOp::print(OpAsmPrinter &printer) {
  printer << " (";
  llvm::interleaveComma(llvm::zip_equal(getBody().getArguments(), getInputs()),
                        printer, [&](auto pair) {
                          auto [argument, input] = pair;
                          printer << argument << " = " << input << " : "
                                  << input.getType();
                        });
  printer << ")";
  printer.printOptionalArrowTypeList(getResultTypes());
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs());
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

//===----------------------------------------------------------------------===//
// Verifier
//===----------------------------------------------------------------------===//

static void writeTypes(InFlightDiagnostic &error, TypeRange types) {
  error << "(";
  llvm::interleaveComma(types, error);
  error << ")";
}

/// One error when the lists differ: `rule: expected (..), got (..)`.
static LogicalResult verifyTypes(Operation *op, StringRef rule,
                                 TypeRange expected, TypeRange found) {
  if (expected == found)
    return success();
  InFlightDiagnostic error = op->emitOpError() << rule << ": expected ";
  writeTypes(error, expected);
  error << ", got ";
  writeTypes(error, found);
  return error;
}

LogicalResult GroupOp::verify() {
  Block &block = getBody().front();
  // group_c1
  if (failed(verifyTypes(*this, "needs one argument an input",
                         getInputs().getTypes(), block.getArgumentTypes())))
    return failure();
  // group_c2
  auto yield = dyn_cast<YieldOp>(block.back());
  if (!yield)
    return emitOpError()
           << "needs results: expected a body that ends in 'graph.yield', got '"
           << block.back().getName() << "'";
  // group_c3
  return verifyTypes(*this, "yields its results", getResultTypes(),
                     yield.getValues().getTypes());
}
