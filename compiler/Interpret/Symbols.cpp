//===- Symbols.cpp - the numbers that symbolic dims stand for -------------===//
//
// 1. Every dim that is linear in one symbol still free, such as 2*L + B with B
//    known, gives that symbol; repeated until nothing new is found.
// 2. Every dim is evaluated and compared with its number.
// 3. Declared bounds and divisors are checked.
//
//===----------------------------------------------------------------------===//

#include "compiler/Interpret/Symbols.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::graph;

namespace {
/// One dimension of an argument, and the number that it has.
struct BoundDim {
  unsigned argument;
  unsigned dimension;
  DimAttr dim;
  int64_t size;
};
} // namespace

static SmallVector<BoundDim> listDims(TypeRange types,
                                      ArrayRef<SmallVector<int64_t>> dims) {
  SmallVector<BoundDim> list;
  for (auto [argument, type, sizes] : llvm::enumerate(types, dims))
    for (auto [d, size] : llvm::enumerate(sizes))
      list.push_back({static_cast<unsigned>(argument), static_cast<unsigned>(d),
                      getDim(cast<RankedTensorType>(type), d), size});
  return list;
}

/// The one symbol of `dim` without a value, when no term has it twice.
static std::optional<StringRef> findFreeSymbol(DimAttr dim,
                                               const SymbolValues &symbols) {
  llvm::SetVector<StringAttr> names;
  dim.collectSymbols(names);
  names.remove_if([&](StringAttr name) { return symbols.contains(name); });
  if (names.size() != 1)
    return std::nullopt;
  bool isLinear = llvm::all_of(dim.getTerms(), [&](TermAttr term) {
    return llvm::count(term.getSymbols(), names.front()) <= 1;
  });
  return isLinear ? std::optional(names.front().getValue()) : std::nullopt;
}

/// Solves `dim = size` for its free symbol: dim(0) and dim(1) give the line.
static std::optional<int64_t> solve(DimAttr dim, int64_t size, StringRef symbol,
                                    SymbolValues symbols) {
  symbols[symbol] = 0;
  std::optional<int64_t> constant = dim.evaluate(symbols);
  symbols[symbol] = 1;
  std::optional<int64_t> atOne = dim.evaluate(symbols);
  if (!constant || !atOne || *atOne == *constant)
    return std::nullopt;
  return (size - *constant) / (*atOne - *constant);
}

static SymbolValues solveAll(ArrayRef<BoundDim> dims) {
  SymbolValues symbols;
  for (bool isChanged = true; isChanged;) {
    isChanged = false;
    for (const BoundDim &bound : dims) {
      std::optional<StringRef> name = findFreeSymbol(bound.dim, symbols);
      if (!name || bound.dim.isUnknown())
        continue;
      if (auto value = solve(bound.dim, bound.size, *name, symbols)) {
        symbols[*name] = *value;
        isChanged = true;
      }
    }
  }
  return symbols;
}

static LogicalResult checkDim(const BoundDim &bound,
                              const SymbolValues &symbols,
                              function_ref<InFlightDiagnostic()> emitError) {
  if (bound.dim.isUnknown())
    return success();
  std::optional<int64_t> expected = bound.dim.evaluate(symbols);
  if (!expected)
    return emitError() << "dimension " << bound.dimension << " of argument "
                       << bound.argument << " is " << bound.dim.str()
                       << ", and no argument determines its symbols";
  if (*expected == bound.size)
    return success();
  InFlightDiagnostic error = emitError();
  error << "dimension " << bound.dimension << " of argument " << bound.argument
        << " does not fit: expected " << *expected;
  if (!bound.dim.getConstantValue())
    error << " (" << bound.dim.str() << ")";
  return error << ", got " << bound.size;
}

/// A size is not negative, whatever is declared.
static LogicalResult checkBounds(StringRef name, int64_t value, int64_t min,
                                 int64_t max,
                                 function_ref<InFlightDiagnostic()> emitError) {
  bool isBounded = max >= 0;
  min = std::max<int64_t>(min, 0);
  if (value >= min && (!isBounded || value <= max))
    return success();
  InFlightDiagnostic error = emitError();
  error << "symbol \"" << name << "\" is out of bounds: expected " << min;
  if (isBounded)
    error << " to " << max;
  else
    error << " or more";
  return error << ", got " << value;
}

static LogicalResult
checkDeclared(SymbolAttr declared, const SymbolValues &symbols,
              function_ref<InFlightDiagnostic()> emitError) {
  StringRef name = declared.getName().getValue();
  auto found = symbols.find(name);
  if (found == symbols.end())
    return success();
  int64_t value = found->second, divisor = declared.getDivisor();
  if (failed(checkBounds(name, value, declared.getMin(), declared.getMax(),
                         emitError)))
    return failure();
  if (divisor > 1 && value % divisor != 0)
    return emitError() << "symbol \"" << name
                       << "\" is not divisible: expected a multiple of "
                       << divisor << ", got " << value;
  return success();
}

FailureOr<SymbolValues>
tenon::bindSymbols(TypeRange types, ArrayRef<SmallVector<int64_t>> dims,
                   ArrayAttr declared,
                   function_ref<InFlightDiagnostic()> emitError) {
  SmallVector<BoundDim> list = listDims(types, dims);
  SymbolValues symbols = solveAll(list);
  for (const BoundDim &bound : list)
    if (failed(checkDim(bound, symbols, emitError)))
      return failure();
  for (const auto &symbol : symbols)
    if (failed(checkBounds(symbol.getKey(), symbol.getValue(), /*min=*/0,
                           /*max=*/-1, emitError)))
      return failure();
  if (declared)
    for (auto symbol : declared.getAsRange<SymbolAttr>())
      if (failed(checkDeclared(symbol, symbols, emitError)))
        return failure();
  return symbols;
}
