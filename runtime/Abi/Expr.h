//===- Expr.h - formulas over symbols: build, evaluate, print -------------===//
//
//   Expr grid = ceilDiv(mul(symbol(0), symbol(1)), constant(8));
//   print(grid, {"B", "L"})       is "ceildiv(B*L, 8)"
//   evaluate(grid, {2, 100})      is 25
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_ABI_EXPR_H
#define TENON_RUNTIME_ABI_EXPR_H

#include "runtime/Abi/Plan.h"
#include "runtime/Core/Status.h"

#include <optional>
#include <span>

namespace tenon::abi {

/// Deepest stack that a formula may need, and its most instructions.
inline constexpr size_t kMaxExprDepth = 64;
inline constexpr size_t kMaxExprLength = 1024;

Expr constant(int64_t value);
Expr symbol(uint32_t index);
/// Binary builders fold constants and drop x+0, x*1 and x/1.
Expr add(const Expr &a, const Expr &b);
Expr sub(const Expr &a, const Expr &b);
Expr mul(const Expr &a, const Expr &b);
Expr floorDiv(const Expr &a, const Expr &b); ///< toward minus infinity
Expr ceilDiv(const Expr &a, const Expr &b);  ///< toward plus infinity
Expr mod(const Expr &a, const Expr &b);      ///< in [0, b)
Expr min(const Expr &a, const Expr &b);
Expr max(const Expr &a, const Expr &b);

/// The number, if `expr` is just a number; the symbol, if just a symbol.
std::optional<int64_t> asConstant(const Expr &expr);
std::optional<uint32_t> asSymbol(const Expr &expr);

/// Is it well formed over `numSymbols` symbols? A formula that passes can fail
/// in evaluate() only by overflow or by a divisor below 1.
rt::Result<void> checkExpr(const Expr &expr, size_t numSymbols);

/// The value with these symbols. Safe for any `expr`, checked or not.
rt::Result<int64_t> evaluate(const Expr &expr,
                             std::span<const int64_t> symbols);

/// As a person would write it. A symbol without a name is printed as s0, s1...
std::string print(const Expr &expr, std::span<const std::string> names);

} // namespace tenon::abi

#endif // TENON_RUNTIME_ABI_EXPR_H
