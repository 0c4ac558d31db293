//===- TileTypes.cpp - layouts, views and tiles: syntax and arithmetic ----===//

#include "dialects/Tile/TileDialect.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tenon::tile;

//===----------------------------------------------------------------------===//
// Layout: <1/48, 0, 1%48>
//===----------------------------------------------------------------------===//

SmallVector<LayoutAttr::Digit> LayoutAttr::getDigitList() const {
  SmallVector<Digit> list;
  ArrayRef<int64_t> flat = getDigits();
  for (size_t i = 0; i < flat.size(); i += 3)
    list.push_back({static_cast<unsigned>(flat[i]), flat[i + 1], flat[i + 2]});
  return list;
}

SmallVector<int64_t> LayoutAttr::getDigitSizes(ArrayRef<int64_t> dims) const {
  SmallVector<int64_t> sizes;
  for (Digit digit : getDigitList())
    sizes.push_back(digit.extent != 0 ? digit.extent
                                      : llvm::divideCeilSigned(dims[digit.dim],
                                                               digit.stride));
  return sizes;
}

int64_t LayoutAttr::getNumElements(ArrayRef<int64_t> dims) const {
  int64_t product = 1;
  for (int64_t size : getDigitSizes(dims))
    product *= size;
  return product;
}

int64_t LayoutAttr::getOffset(ArrayRef<int64_t> dims,
                              ArrayRef<int64_t> index) const {
  int64_t offset = 0;
  for (auto [digit, size] :
       llvm::zip_equal(getDigitList(), getDigitSizes(dims))) {
    int64_t value = index[digit.dim] / digit.stride;
    offset = offset * size + (digit.extent != 0 ? value % digit.extent : value);
  }
  return offset;
}

LayoutAttr LayoutAttr::getPanels(MLIRContext *context, int64_t width,
                                 int64_t rowGroup, int64_t rank) {
  int64_t columns = rank - 1, rows = rank - 2;
  SmallVector<int64_t> digits{columns, width, 0};
  for (int64_t dim = 0; dim < rows; ++dim)
    digits.append({dim, 1, 0});
  digits.append({rows, rowGroup, 0, columns, 1, width});
  if (rowGroup != 1)
    digits.append({rows, 1, rowGroup});
  return LayoutAttr::get(context, digits);
}

LayoutAttr LayoutAttr::getColumns(MLIRContext *context, int64_t rank) {
  SmallVector<int64_t> digits;
  for (int64_t dim = 0; dim < rank - 2; ++dim)
    digits.append({dim, 1, 0});
  digits.append({rank - 1, 1, 0, rank - 2, 1, 0});
  return LayoutAttr::get(context, digits);
}

SmallVector<int64_t> LayoutAttr::getDimOrder() const {
  SmallVector<int64_t> order;
  for (const Digit &digit : getDigitList()) {
    if (digit.stride != 1 || digit.extent != 0)
      return {};
    order.push_back(digit.dim);
  }
  return order;
}

/// dim [/ stride] [% extent]
static ParseResult parseDigit(AsmParser &parser,
                              SmallVectorImpl<int64_t> &flat) {
  int64_t dim, stride = 1, extent = 0;
  if (parser.parseInteger(dim))
    return failure();
  if (succeeded(parser.parseOptionalSlash()) && parser.parseInteger(stride))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("mod")) &&
      parser.parseInteger(extent))
    return failure();
  if (dim < 0 || stride < 1 || extent < 0)
    return parser.emitError(
        parser.getCurrentLocation(),
        "needs a dimension, a positive stride and a positive extent");
  flat.append({dim, stride, extent});
  return success();
}

Attribute LayoutAttr::parse(AsmParser &parser, Type) {
  SmallVector<int64_t> flat;
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater,
                                     [&] { return parseDigit(parser, flat); }))
    return nullptr;
  return LayoutAttr::get(parser.getContext(), flat);
}

void LayoutAttr::print(AsmPrinter &printer) const {
  printer << "<";
  llvm::interleaveComma(getDigitList(), printer, [&](Digit digit) {
    printer << digit.dim;
    if (digit.stride != 1)
      printer << "/" << digit.stride;
    if (digit.extent != 0)
      printer << " mod " << digit.extent;
  });
  printer << ">";
}

//===----------------------------------------------------------------------===//
// View: <?x384xf32, layout>
//===----------------------------------------------------------------------===//

Type ViewType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type elementType;
  LayoutAttr layout;
  if (parser.parseLess() || parser.parseDimensionList(shape) ||
      parser.parseType(elementType))
    return nullptr;
  if (succeeded(parser.parseOptionalComma())) {
    layout = dyn_cast_or_null<LayoutAttr>(LayoutAttr::parse(parser, Type()));
    if (!layout)
      return nullptr;
  }
  if (parser.parseGreater())
    return nullptr;
  return ViewType::get(parser.getContext(), shape, elementType, layout);
}

void ViewType::print(AsmPrinter &printer) const {
  printer << "<";
  printer.printDimensionList(getShape());
  printer << (getShape().empty() ? "" : "x") << getElementType();
  if (getLayout()) {
    printer << ", ";
    getLayout().print(printer);
  }
  printer << ">";
}

//===----------------------------------------------------------------------===//
// Tile: <[BM, 384], f32>
//===----------------------------------------------------------------------===//

static ParseResult parseExtent(AsmParser &parser, Attribute &extent) {
  int64_t number;
  StringRef symbol;
  Builder &builder = parser.getBuilder();
  OptionalParseResult parsed = parser.parseOptionalInteger(number);
  if (parsed.has_value()) {
    extent = builder.getIndexAttr(number);
    return *parsed;
  }
  if (parser.parseKeyword(&symbol))
    return failure();
  extent = builder.getStringAttr(symbol);
  return success();
}

static void printExtent(raw_ostream &os, Attribute extent) {
  if (auto number = dyn_cast<IntegerAttr>(extent))
    os << number.getInt();
  else
    os << cast<StringAttr>(extent).getValue();
}

Type TileType::parse(AsmParser &parser) {
  SmallVector<Attribute> extents;
  Type elementType;
  auto parseOne = [&] { return parseExtent(parser, extents.emplace_back()); };
  if (parser.parseLess() ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseOne) ||
      parser.parseComma() || parser.parseType(elementType) ||
      parser.parseGreater())
    return nullptr;
  return TileType::get(parser.getContext(), extents, elementType);
}

void TileType::print(AsmPrinter &printer) const {
  printer << "<[";
  llvm::interleaveComma(getExtents(), printer, [&](Attribute extent) {
    printExtent(printer.getStream(), extent);
  });
  printer << "], " << getElementType() << ">";
}

bool TileType::isScheduled() const {
  return llvm::all_of(getExtents(), llvm::IsaPred<IntegerAttr>);
}

int64_t TileType::getExtent(unsigned axis) const {
  return cast<IntegerAttr>(getExtents()[axis]).getInt();
}

SmallVector<int64_t> TileType::getShape() const {
  SmallVector<int64_t> shape;
  for (unsigned axis = 0; axis < getRank(); ++axis)
    shape.push_back(getExtent(axis));
  return shape;
}

//===----------------------------------------------------------------------===//
// Grid and extent: symbols and numbers in op syntax
//===----------------------------------------------------------------------===//

ParseResult GridOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::UnresolvedOperand> sizes;
  SmallVector<Attribute> blocks;
  auto parseAxis = [&]() -> ParseResult {
    return failure(parser.parseOperand(sizes.emplace_back()) ||
                   parser.parseKeyword("by") ||
                   parseExtent(parser, blocks.emplace_back()));
  };
  Type index = parser.getBuilder().getIndexType();
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseAxis) ||
      parser.parseOptionalAttrDict(result.attributes) ||
      parser.resolveOperands(sizes, index, result.operands))
    return failure();
  result.addAttribute("blocks", parser.getBuilder().getArrayAttr(blocks));
  result.addTypes(SmallVector<Type>(sizes.size(), index));
  return success();
}

void GridOp::print(OpAsmPrinter &printer) {
  printer << " [";
  llvm::interleaveComma(llvm::zip(getSizes(), getBlocks()), printer,
                        [&](auto axis) {
                          printer << std::get<0>(axis) << " by ";
                          printExtent(printer.getStream(), std::get<1>(axis));
                        });
  printer << "]";
  printer.printOptionalAttrDict((*this)->getAttrs(), {"blocks"});
}

ParseResult ExtentOp::parse(OpAsmParser &parser, OperationState &result) {
  StringRef symbol;
  if (parser.parseKeyword(&symbol) ||
      parser.parseOptionalAttrDict(result.attributes))
    return failure();
  result.addAttribute("symbol", parser.getBuilder().getStringAttr(symbol));
  result.addTypes(parser.getBuilder().getIndexType());
  return success();
}

void ExtentOp::print(OpAsmPrinter &printer) {
  printer << " " << getSymbol();
  printer.printOptionalAttrDict((*this)->getAttrs(), {"symbol"});
}
