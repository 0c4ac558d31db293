//===- Symbols.cpp - naming, bounding and solving for symbols -------------===//

#include "frontends/Onnx/Symbols.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;
using graph::DimAttr;
using graph::TermAttr;

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// The name in letters, digits and '_', as MLIR writes identifiers; a second
/// name that becomes the same identifier gets a number.
std::string Symbols::identifierFor(StringRef name) {
  auto [entry, isNew] = identifiers.try_emplace(name);
  if (!isNew)
    return entry->second;
  std::string base = name.str();
  for (char &c : base)
    if (!llvm::isAlnum(c))
      c = '_';
  if (base.empty() || !llvm::isAlpha(base.front()))
    base = "d" + base;
  std::string identifier = base;
  for (unsigned number = 1; !taken.insert(identifier).second; ++number)
    identifier = base + "_" + std::to_string(number);
  return entry->second = identifier;
}

void Symbols::announce(StringRef name) { announced.insert(name); }

/// Sums of products of announced names and numbers: "2*past + length - 1".
/// Nothing when the text is something else, and for a name alone.
std::optional<DimAttr> Symbols::parseExpression(StringRef text) {
  if (text.find_first_of("+-*") == StringRef::npos)
    return std::nullopt;
  auto parseFactor = [&](StringRef factor) -> std::optional<DimAttr> {
    factor = factor.trim();
    int64_t number;
    if (!factor.getAsInteger(10, number))
      return DimAttr::getConstant(context, number);
    if (!announced.contains(factor))
      return std::nullopt;
    return declare(factor);
  };
  DimAttr sum = DimAttr::getConstant(context, 0);
  int64_t sign = 1;
  while (true) {
    size_t end = text.find_first_of("+-");
    SmallVector<StringRef> factors;
    text.substr(0, end).split(factors, '*');
    DimAttr product = DimAttr::getConstant(context, sign);
    for (StringRef factor : factors) {
      std::optional<DimAttr> value = parseFactor(factor);
      if (!value)
        return std::nullopt;
      product = product.mul(*value);
    }
    sum = sum.add(product);
    if (end == StringRef::npos)
      return sum;
    sign = text[end] == '-' ? -1 : 1;
    text = text.drop_front(end + 1);
  }
}

DimAttr Symbols::declare(StringRef name) {
  if (std::optional<DimAttr> expression = parseExpression(name))
    return *expression;
  auto symbol = StringAttr::get(context, identifierFor(name));
  // A past of keys and values is empty in the first step; all else is there.
  int64_t min = name.contains_insensitive("past") ? 0 : 1;
  bounds.insert({symbol, {min, std::nullopt}});
  return substitute(DimAttr::getSymbol(context, symbol));
}

ArrayAttr Symbols::declarations() const {
  SmallVector<Attribute> attrs;
  for (const auto &[symbol, limits] : bounds)
    if (!solutions.contains(symbol))
      attrs.push_back(graph::SymbolAttr::get(
          context, symbol, limits.min, limits.max.value_or(-1), /*divisor=*/1));
  return ArrayAttr::get(context, attrs);
}

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

/// Of the product of a term's symbols, its coefficient left out. Symbols are
/// never negative, so extremes multiply.
Symbols::Bounds Symbols::boundsOf(TermAttr term) const {
  Bounds product{1, 1};
  for (StringAttr symbol : term.getSymbols()) {
    auto found = bounds.find(symbol);
    if (found == bounds.end())
      return {0, std::nullopt};
    const Bounds &limits = found->second;
    if (llvm::MulOverflow(product.min, limits.min, product.min))
      product.min = 0;
    int64_t max;
    if (product.max && limits.max &&
        !llvm::MulOverflow(*product.max, *limits.max, max))
      product.max = max;
    else
      product.max = std::nullopt;
  }
  return product;
}

std::optional<int64_t> Symbols::lowerBound(DimAttr dim) const {
  int64_t sum = 0;
  for (TermAttr term : dim.getTerms()) {
    Bounds limits = boundsOf(term);
    bool isRising = term.getCoefficient() > 0;
    int64_t product;
    if ((!isRising && !limits.max) ||
        llvm::MulOverflow(isRising ? limits.min : *limits.max,
                          term.getCoefficient(), product) ||
        llvm::AddOverflow(sum, product, sum))
      return std::nullopt;
  }
  return sum;
}

std::optional<int64_t> Symbols::upperBound(DimAttr dim) const {
  std::optional<int64_t> lower =
      lowerBound(dim.mul(DimAttr::getConstant(context, -1)));
  return lower ? std::optional(-*lower) : std::nullopt;
}

bool Symbols::assumeNotNegative(DimAttr dim) {
  dim = substitute(dim);
  if (dim.isUnknown() || isNotNegative(dim))
    return true;
  std::optional<int64_t> most = upperBound(dim);
  if (most && *most < 0)
    return false;
  for (TermAttr term : dim.getTerms()) {
    if (term.getSymbols().size() != 1)
      continue;
    // coefficient * symbol + rest >= 0, whatever the rest's other symbols are.
    DimAttr rest = dim.sub(DimAttr::get(context, {term}));
    std::optional<int64_t> restMost = upperBound(rest);
    if (!restMost)
      continue;
    Bounds &limits = bounds.find(term.getSymbols()[0])->second;
    int64_t coefficient = term.getCoefficient();
    if (coefficient < 0) {
      int64_t max = *restMost / -coefficient;
      limits.max = std::min(limits.max.value_or(max), max);
    } else {
      limits.min =
          std::max(limits.min, llvm::divideCeilSigned(-*restMost, coefficient));
    }
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Equalities
//===----------------------------------------------------------------------===//

DimAttr Symbols::substitute(DimAttr dim) const {
  bool hasSolved = llvm::any_of(dim.getTerms(), [&](TermAttr term) {
    return llvm::any_of(term.getSymbols(), [&](StringAttr symbol) {
      return solutions.contains(symbol);
    });
  });
  if (!hasSolved)
    return dim;
  DimAttr sum = DimAttr::getConstant(context, 0);
  for (TermAttr term : dim.getTerms()) {
    DimAttr product = DimAttr::getConstant(context, term.getCoefficient());
    for (StringAttr symbol : term.getSymbols()) {
      auto solved = solutions.find(symbol);
      product = product.mul(solved != solutions.end()
                                ? solved->second
                                : DimAttr::getSymbol(context, symbol));
    }
    sum = sum.add(product);
  }
  return sum;
}

/// The dim divided by what all its terms have in common: equal sizes of B*L*384
/// and C*L*384 say that B is C, since such products are not 0.
static DimAttr dropCommonFactors(DimAttr dim) {
  int64_t factor = 0;
  SmallVector<StringAttr> common(dim.getTerms().front().getSymbols());
  for (TermAttr term : dim.getTerms()) {
    factor = std::gcd(factor, term.getCoefficient());
    SmallVector<StringAttr> kept, left(term.getSymbols());
    for (StringAttr symbol : common)
      if (auto found = llvm::find(left, symbol); found != left.end()) {
        kept.push_back(symbol);
        left.erase(found);
      }
    common = kept;
  }
  MLIRContext *context = dim.getContext();
  return dim.divideExactly(
      DimAttr::get(context, {TermAttr::get(context, factor, common)}));
}

/// The symbol of a dim that is one symbol and nothing else.
static StringAttr getSoleSymbol(DimAttr dim) {
  if (dim.getTerms().size() != 1)
    return nullptr;
  TermAttr term = dim.getTerms().front();
  bool isSole = term.getCoefficient() == 1 && term.getSymbols().size() == 1;
  return isSole ? term.getSymbols().front() : StringAttr();
}

/// Whether one term holds the symbol, alone and with coefficient 1 or -1.
static bool isSolvable(DimAttr difference, StringAttr symbol) {
  auto mentions = [&](TermAttr term) {
    return llvm::is_contained(term.getSymbols(), symbol);
  };
  if (llvm::count_if(difference.getTerms(), mentions) != 1)
    return false;
  TermAttr term = *llvm::find_if(difference.getTerms(), mentions);
  return term.getSymbols().size() == 1 && std::abs(term.getCoefficient()) == 1;
}

/// The symbol to write in terms of the others when a = b. A dim that is one
/// symbol is the natural one (T in T = P + L), else the one declared last.
StringAttr Symbols::chooseSymbol(DimAttr a, DimAttr b,
                                 DimAttr difference) const {
  StringAttr soleA = getSoleSymbol(a), soleB = getSoleSymbol(b);
  if (bool(soleA) != bool(soleB) &&
      isSolvable(difference, soleA ? soleA : soleB))
    return soleA ? soleA : soleB;
  for (const auto &[symbol, limits] : llvm::reverse(bounds))
    if (isSolvable(difference, symbol))
      return symbol;
  return nullptr;
}

/// Records that `symbol` is `value`. False when its bounds refuse that.
bool Symbols::solve(StringAttr symbol, DimAttr value) {
  Bounds limits = bounds.find(symbol)->second;
  if (!assumeNotNegative(
          value.sub(DimAttr::getConstant(context, limits.min))) ||
      (limits.max &&
       !assumeNotNegative(
           DimAttr::getConstant(context, *limits.max).sub(value))))
    return false;
  solutions[symbol] = value;
  for (auto &[other, solution] : solutions)
    solution = substitute(solution);
  sentences.push_back("'" + symbol.str() + "' is '" + value.str() + "'");
  return true;
}

Symbols::Equated Symbols::equate(DimAttr a, DimAttr b) {
  a = substitute(a);
  b = substitute(b);
  if (a == b || a.isUnknown() || b.isUnknown())
    return Equated::Known;
  DimAttr difference = a.sub(b);
  if (difference.getConstantValue())
    return Equated::Impossible;
  difference = dropCommonFactors(difference);
  if (difference.getConstantValue())
    return Equated::Impossible;
  StringAttr symbol = chooseSymbol(a, b, difference);
  if (!symbol)
    return Equated::Undecided;
  // difference = c * symbol + rest = 0 with c of 1 or -1, so symbol = -c *
  // rest.
  DimAttr alone = DimAttr::getSymbol(context, symbol);
  TermAttr term = *llvm::find_if(difference.getTerms(), [&](TermAttr t) {
    return llvm::is_contained(t.getSymbols(), symbol);
  });
  DimAttr value = term.getCoefficient() == 1 ? alone.sub(difference)
                                             : difference.add(alone);
  return solve(symbol, value) ? Equated::Learned : Equated::Impossible;
}
