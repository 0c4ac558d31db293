//===- GraphDims.cpp - symbolic shapes of tensor types --------------------===//
//
// A dim is a polynomial with integer coefficients over named symbols. Terms are
// sorted and none has coefficient 0, so equal polynomials are the same
// attribute.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/GraphDialect.h"

#include "llvm/Support/MathExtras.h"

#include <limits>
#include <map>

using namespace mlir;
using namespace tenon::graph;

//===----------------------------------------------------------------------===//
// Polynomials
//===----------------------------------------------------------------------===//

namespace {
/// Sorted symbol names of a term.
using Monomial = std::vector<StringRef>;

/// The highest degree first, then by the names: the order of printing. The
/// product of both sides with a third keeps the order, which long division
/// needs; names alone would not (A < A*B, but A*C > A*B*C).
struct ByDegree {
  bool operator()(const Monomial &a, const Monomial &b) const {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  }
};

/// Coefficients by monomial.
using Polynomial = std::map<Monomial, int64_t, ByDegree>;

constexpr StringRef kUnknown = "?";
constexpr int64_t kMinimum = std::numeric_limits<int64_t>::min();
} // namespace

static Polynomial toPolynomial(DimAttr dim) {
  Polynomial result;
  for (TermAttr term : dim.getTerms()) {
    Monomial symbols;
    for (StringAttr symbol : term.getSymbols())
      symbols.push_back(symbol.getValue());
    result[symbols] = term.getCoefficient();
  }
  return result;
}

static DimAttr fromPolynomial(MLIRContext *context, const Polynomial &terms) {
  SmallVector<TermAttr> attrs;
  for (const auto &[symbols, coefficient] : terms) {
    if (coefficient == 0)
      continue;
    SmallVector<StringAttr> names;
    for (StringRef symbol : symbols)
      names.push_back(StringAttr::get(context, symbol));
    attrs.push_back(TermAttr::get(context, coefficient, names));
  }
  return DimAttr::get(context, attrs);
}

DimAttr DimAttr::getConstant(MLIRContext *context, int64_t value) {
  return fromPolynomial(context, {{{}, value}});
}

DimAttr DimAttr::getSymbol(MLIRContext *context, StringRef name) {
  return fromPolynomial(context, {{{name}, 1}});
}

DimAttr DimAttr::getUnknown(MLIRContext *context) {
  return getSymbol(context, kUnknown);
}

bool DimAttr::isUnknown() const {
  return llvm::any_of(getTerms(), [](TermAttr term) {
    return llvm::any_of(term.getSymbols(), [](StringAttr symbol) {
      return symbol.getValue() == kUnknown;
    });
  });
}

std::optional<int64_t> DimAttr::getConstantValue() const {
  if (getTerms().empty())
    return 0;
  if (getTerms().size() == 1 && getTerms()[0].getSymbols().empty())
    return getTerms()[0].getCoefficient();
  return std::nullopt;
}

static Monomial multiply(const Monomial &a, const Monomial &b) {
  Monomial product = a;
  product.insert(product.end(), b.begin(), b.end());
  llvm::sort(product);
  return product;
}

/// Adds `factor * coefficient * symbols` to `sum`; false when it overflows.
static bool accumulate(Polynomial &sum, const Monomial &symbols,
                       int64_t coefficient, int64_t factor) {
  int64_t product, &entry = sum[symbols];
  return !llvm::MulOverflow(coefficient, factor, product) &&
         !llvm::AddOverflow(entry, product, entry);
}

static DimAttr addMultiple(DimAttr a, DimAttr b, int64_t factor) {
  DimAttr unknown = DimAttr::getUnknown(a.getContext());
  if (a.isUnknown() || b.isUnknown())
    return unknown;
  Polynomial sum = toPolynomial(a);
  for (const auto &[symbols, coefficient] : toPolynomial(b))
    if (!accumulate(sum, symbols, coefficient, factor))
      return unknown;
  return fromPolynomial(a.getContext(), sum);
}

DimAttr DimAttr::add(DimAttr other) const {
  return addMultiple(*this, other, 1);
}

DimAttr DimAttr::sub(DimAttr other) const {
  return addMultiple(*this, other, -1);
}

DimAttr DimAttr::mul(DimAttr other) const {
  if (isUnknown() || other.isUnknown())
    return getUnknown(getContext());
  Polynomial product;
  for (const auto &[symbolsA, a] : toPolynomial(*this))
    for (const auto &[symbolsB, b] : toPolynomial(other))
      if (!accumulate(product, multiply(symbolsA, symbolsB), a, b))
        return getUnknown(getContext());
  return fromPolynomial(getContext(), product);
}

/// The quotient of two terms, or nothing when it has a remainder.
static std::optional<std::pair<Monomial, int64_t>>
divideTerms(const std::pair<const Monomial, int64_t> &a,
            const std::pair<const Monomial, int64_t> &b) {
  bool overflows = a.second == kMinimum && b.second == -1;
  if (overflows || a.second % b.second != 0)
    return std::nullopt;
  Monomial rest = a.first;
  for (StringRef symbol : b.first) {
    auto found = llvm::find(rest, symbol);
    if (found == rest.end())
      return std::nullopt;
    rest.erase(found);
  }
  return std::make_pair(rest, a.second / b.second);
}

DimAttr DimAttr::divideExactly(DimAttr other) const {
  // Long division by the leading term. Each step cancels the leading term of
  // what is left, so it ends.
  if (isUnknown() || other.isUnknown() || other.getTerms().empty())
    return nullptr;
  Polynomial left = toPolynomial(*this), divisor = toPolynomial(other),
             quotient;
  while (!left.empty()) {
    auto step = divideTerms(*left.begin(), *divisor.begin());
    if (!step)
      return nullptr;
    auto [symbols, factor] = *step;
    quotient[symbols] = factor;
    for (const auto &[divisorSymbols, coefficient] : divisor) {
      Monomial product = multiply(symbols, divisorSymbols);
      if (factor == kMinimum ||
          !accumulate(left, product, coefficient, -factor))
        return nullptr;
      if (left[product] == 0)
        left.erase(product);
    }
  }
  return fromPolynomial(getContext(), quotient);
}

std::optional<int64_t>
DimAttr::evaluate(const llvm::StringMap<int64_t> &symbols) const {
  int64_t sum = 0;
  for (TermAttr term : getTerms()) {
    int64_t product = term.getCoefficient();
    for (StringAttr symbol : term.getSymbols()) {
      auto found = symbols.find(symbol.getValue());
      if (found == symbols.end() ||
          llvm::MulOverflow(product, found->second, product))
        return std::nullopt;
    }
    if (llvm::AddOverflow(sum, product, sum))
      return std::nullopt;
  }
  return sum;
}

void DimAttr::collectSymbols(llvm::SetVector<StringAttr> &symbols) const {
  for (TermAttr term : getTerms())
    symbols.insert(term.getSymbols().begin(), term.getSymbols().end());
}

//===----------------------------------------------------------------------===//
// Syntax: 2*B*L + -1*L + 3
//===----------------------------------------------------------------------===//

static void printTerm(llvm::raw_ostream &os, TermAttr term) {
  bool needsNumber = term.getCoefficient() != 1 || term.getSymbols().empty();
  if (needsNumber)
    os << term.getCoefficient();
  llvm::interleave(
      term.getSymbols(),
      [&](StringAttr symbol) {
        os << (needsNumber ? "*" : "") << symbol.getValue();
      },
      [&] { os << (needsNumber ? "" : "*"); });
}

std::string DimAttr::str() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleave(
      getTerms(), [&](TermAttr term) { printTerm(os, term); },
      [&] { os << " + "; });
  if (getTerms().empty())
    os << 0;
  return text;
}

/// factor ('*' factor)*, a factor being a number, a symbol or '?'
static FailureOr<DimAttr> parseTerm(AsmParser &parser) {
  MLIRContext *context = parser.getContext();
  DimAttr product = DimAttr::getConstant(context, 1);
  do {
    int64_t number = 0;
    StringRef symbol;
    OptionalParseResult parsed = parser.parseOptionalInteger(number);
    if (parsed.has_value()) {
      if (failed(*parsed))
        return failure();
      product = product.mul(DimAttr::getConstant(context, number));
    } else if (succeeded(parser.parseOptionalQuestion())) {
      product = DimAttr::getUnknown(context);
    } else if (succeeded(parser.parseOptionalKeyword(&symbol))) {
      product = product.mul(DimAttr::getSymbol(context, symbol));
    } else {
      return parser.emitError(
          parser.getCurrentLocation(),
          "a dim is a sum of products: expected a number, a "
          "symbol or '?'");
    }
  } while (succeeded(parser.parseOptionalStar()));
  return product;
}

static FailureOr<DimAttr> parseDim(AsmParser &parser) {
  DimAttr sum = DimAttr::getConstant(parser.getContext(), 0);
  do {
    FailureOr<DimAttr> term = parseTerm(parser);
    if (failed(term))
      return failure();
    sum = sum.add(*term);
  } while (succeeded(parser.parseOptionalPlus()));
  return sum;
}

Attribute DimAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return nullptr;
  FailureOr<DimAttr> dim = parseDim(parser);
  if (failed(dim) || parser.parseGreater())
    return nullptr;
  return *dim;
}

void DimAttr::print(AsmPrinter &printer) const {
  printer << "<" << str() << ">";
}

Attribute DimsAttr::parse(AsmParser &parser, Type) {
  SmallVector<DimAttr> dims;
  auto parseOne = [&]() -> ParseResult {
    FailureOr<DimAttr> dim = parseDim(parser);
    if (failed(dim))
      return failure();
    dims.push_back(*dim);
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater,
                                     parseOne))
    return nullptr;
  return DimsAttr::get(parser.getContext(), dims);
}

void DimsAttr::print(AsmPrinter &printer) const {
  printer << "<";
  llvm::interleaveComma(getDims(), printer,
                        [&](DimAttr dim) { printer << dim.str(); });
  printer << ">";
}

// A term is only ever printed inside a dim; this form exists for debuggers.
Attribute TermAttr::parse(AsmParser &parser, Type) {
  parser.emitError(parser.getCurrentLocation(),
                   "a term is written inside #graph.dim<...>");
  return nullptr;
}

void TermAttr::print(AsmPrinter &printer) const {
  printer << "<";
  printTerm(printer.getStream(), *this);
  printer << ">";
}

LogicalResult
DimsAttr::verifyEncoding(ArrayRef<int64_t> shape, Type,
                         function_ref<InFlightDiagnostic()> emitError) const {
  if (shape.size() != getDims().size())
    return emitError() << "needs one dim for each dimension: expected "
                       << shape.size() << ", got " << getDims().size();
  for (auto [d, size, dim] : llvm::enumerate(shape, getDims())) {
    std::optional<int64_t> number = dim.getConstantValue();
    int64_t written = number.value_or(ShapedType::kDynamic);
    if (written != size)
      return emitError() << "dimension " << d << " is "
                         << (ShapedType::isDynamic(size) ? "?"
                                                         : std::to_string(size))
                         << " in the shape but " << dim.str()
                         << " in #graph.dims";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

DimAttr tenon::graph::getDim(RankedTensorType type, unsigned d) {
  if (!type.isDynamicDim(d))
    return DimAttr::getConstant(type.getContext(), type.getDimSize(d));
  if (auto dims = dyn_cast_or_null<DimsAttr>(type.getEncoding()))
    return dims.getDims()[d];
  return DimAttr::getUnknown(type.getContext());
}

SmallVector<DimAttr> tenon::graph::getDims(RankedTensorType type) {
  SmallVector<DimAttr> dims;
  for (int64_t d = 0; d < type.getRank(); ++d)
    dims.push_back(getDim(type, d));
  return dims;
}

RankedTensorType tenon::graph::tensorOf(ArrayRef<DimAttr> dims,
                                        Type elementType) {
  SmallVector<int64_t> shape;
  bool needsEncoding = false;
  for (DimAttr dim : dims) {
    shape.push_back(dim.getConstantValue().value_or(ShapedType::kDynamic));
    needsEncoding |= !dim.getConstantValue() && !dim.isUnknown();
  }
  if (!needsEncoding)
    return RankedTensorType::get(shape, elementType);
  auto encoding = DimsAttr::get(elementType.getContext(), dims);
  return RankedTensorType::get(shape, elementType, encoding);
}

bool tenon::graph::areEqual(DimAttr a, DimAttr b) {
  return a == b && !a.isUnknown();
}

bool tenon::graph::mayBeEqual(DimAttr a, DimAttr b) {
  if (a.isUnknown() || b.isUnknown())
    return true;
  // Two polynomials whose difference is a number other than 0 never agree.
  std::optional<int64_t> difference = a.sub(b).getConstantValue();
  return !difference || *difference == 0;
}

bool tenon::graph::areCompatible(TypeRange a, TypeRange b) {
  if (a.size() != b.size())
    return false;
  return llvm::all_of(llvm::zip(a, b), [](auto pair) {
    auto x = dyn_cast<RankedTensorType>(std::get<0>(pair));
    auto y = dyn_cast<RankedTensorType>(std::get<1>(pair));
    if (!x || !y || x.getRank() != y.getRank() ||
        x.getElementType() != y.getElementType())
      return false;
    return llvm::all_of(llvm::zip(getDims(x), getDims(y)), [](auto dims) {
      return mayBeEqual(std::get<0>(dims), std::get<1>(dims));
    });
  });
}

FailureOr<SmallVector<DimAttr>>
tenon::graph::broadcastDims(ArrayRef<DimAttr> a, ArrayRef<DimAttr> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  SmallVector<DimAttr> result(a);
  size_t lead = a.size() - b.size();
  for (auto [d, dim] : llvm::enumerate(b)) {
    DimAttr &other = result[lead + d];
    if (other.getConstantValue() == 1 || other.isUnknown())
      other = dim.getConstantValue() == 1 ? other : dim;
    else if (dim.getConstantValue() != 1 && !mayBeEqual(dim, other))
      return failure();
    else if (dim.getConstantValue() && dim.getConstantValue() != 1)
      other = dim; // the number says more than the polynomial
  }
  return result;
}

bool tenon::graph::isNeverSmaller(DimAttr a, DimAttr b) {
  DimAttr difference = a.sub(b);
  return !difference.isUnknown() &&
         llvm::all_of(difference.getTerms(),
                      [](TermAttr term) { return term.getCoefficient() >= 0; });
}

DimAttr tenon::graph::numElements(MLIRContext *context,
                                  ArrayRef<DimAttr> dims) {
  DimAttr product = DimAttr::getConstant(context, 1);
  for (DimAttr dim : dims)
    product = product.mul(dim);
  return product;
}
