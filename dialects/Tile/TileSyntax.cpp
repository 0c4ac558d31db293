//===- TileSyntax.cpp - the written form of kernels and views -------------===//

#include "dialects/Tile/TileDialect.h"

#include "mlir/Interfaces/FunctionImplementation.h"

using namespace mlir;
using namespace tenon::tile;

// tile.kernel @name(%x: !tile.buffer<f32>, ..., %n: index) inputs 1 outputs 1
//     [schedule {BM = 8}] [source "matmul, add"] [variants [...]] { ... }
ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &result) {
  Builder &builder = parser.getBuilder();
  StringAttr name;
  SmallVector<OpAsmParser::Argument> arguments;
  int64_t numInputs, numOutputs;
  if (parser.parseSymbolName(name, "sym_name", result.attributes) ||
      parser.parseArgumentList(arguments, OpAsmParser::Delimiter::Paren,
                               /*allowType=*/true) ||
      parser.parseKeyword("inputs") || parser.parseInteger(numInputs) ||
      parser.parseKeyword("outputs") || parser.parseInteger(numOutputs))
    return failure();
  result.addAttribute("numInputs", builder.getI64IntegerAttr(numInputs));
  result.addAttribute("numOutputs", builder.getI64IntegerAttr(numOutputs));
  if (succeeded(parser.parseOptionalKeyword("schedule"))) {
    DictionaryAttr schedule;
    if (parser.parseAttribute(schedule, "schedule", result.attributes))
      return failure();
  }
  if (succeeded(parser.parseOptionalKeyword("source"))) {
    StringAttr source;
    if (parser.parseAttribute(source, "source", result.attributes))
      return failure();
  }
  if (succeeded(parser.parseOptionalKeyword("variants"))) {
    ArrayAttr variants;
    if (parser.parseAttribute(variants, "variants", result.attributes))
      return failure();
  }
  return failure(parser.parseOptionalAttrDictWithKeyword(result.attributes) ||
                 parser.parseRegion(*result.addRegion(), arguments));
}

void KernelOp::print(OpAsmPrinter &printer) {
  printer << " ";
  printer.printSymbolName(getSymName());
  printer << "(";
  llvm::interleaveComma(
      getEntry().getArguments(), printer,
      [&](BlockArgument argument) { printer.printRegionArgument(argument); });
  printer << ") inputs " << getNumInputs() << " outputs " << getNumOutputs();
  if (DictionaryAttr schedule = getScheduleAttr())
    printer << " schedule " << schedule;
  if (StringAttr source = getSourceAttr())
    printer << " source " << source;
  if (ArrayAttr variants = getVariantsAttr())
    printer << " variants " << variants;
  printer.printOptionalAttrDictWithKeyword(
      (*this)->getAttrs(), {"sym_name", "numInputs", "numOutputs", "schedule",
                            "source", "variants"});
  printer << " ";
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

GridOp KernelOp::getGrid() {
  auto grids = getEntry().getOps<GridOp>();
  return grids.empty() ? GridOp() : *grids.begin();
}

SmallVector<VariantAttr> KernelOp::getVariantList() {
  ArrayAttr variants = getVariantsAttr();
  return variants ? llvm::to_vector(variants.getAsRange<VariantAttr>())
                  : SmallVector<VariantAttr>();
}

// tile.view %x[%m, %c384] : !tile.view<?x384xf32>
ParseResult ViewOp::parse(OpAsmParser &parser, OperationState &result) {
  OpAsmParser::UnresolvedOperand buffer;
  SmallVector<OpAsmParser::UnresolvedOperand> sizes;
  ViewType type;
  if (parser.parseOperand(buffer) ||
      parser.parseOperandList(sizes, OpAsmParser::Delimiter::Square) ||
      parser.parseOptionalAttrDict(result.attributes) ||
      parser.parseColonType(type))
    return failure();
  auto bufferType = BufferType::get(parser.getContext(), type.getElementType());
  result.addTypes(type);
  return failure(parser.resolveOperand(buffer, bufferType, result.operands) ||
                 parser.resolveOperands(sizes,
                                        parser.getBuilder().getIndexType(),
                                        result.operands));
}

void ViewOp::print(OpAsmPrinter &printer) {
  printer << " " << getBuffer() << "[" << getSizes() << "]";
  printer.printOptionalAttrDict((*this)->getAttrs());
  printer << " : " << getType();
}

SmallVector<unsigned> MapOp::getMap(unsigned n) {
  SmallVector<unsigned> map;
  for (Attribute axis : cast<ArrayAttr>(getMaps()[n]))
    map.push_back(cast<IntegerAttr>(axis).getInt());
  return map;
}
