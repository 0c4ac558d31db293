//===- Symbols.h - the sizes that a model leaves open ---------------------===//
//
// A model's inputs name their dynamic dims. Import learns facts about the
// names:
//
//   Symbols symbols(context);
//   DimAttr b0 = symbols.declare("batch", ...), b1 = symbols.declare("batch_1",
//   ...); symbols.equate(b0, b1);          // learned: two dims of one
//   broadcast symbols.substitute(b1)           // batch
//   symbols.assumeNotNegative(512 - L);   // a slice of 512 rows ends at L
//   symbols.declarations()           // [#graph.symbol<"batch" in 1 to -1 by
//   1>, ...]
//
//===----------------------------------------------------------------------===//

#ifndef TENON_FRONTENDS_ONNX_SYMBOLS_H
#define TENON_FRONTENDS_ONNX_SYMBOLS_H

#include "dialects/Graph/GraphDialect.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

namespace tenon::onnx {

class Symbols {
public:
  explicit Symbols(mlir::MLIRContext *context) : context(context) {}

  /// The dim called `name` in the model, whatever characters that has. An
  /// expression such as "past + length" is one when its names are declared.
  graph::DimAttr declare(llvm::StringRef name);
  /// Lets names of this model be used in expressions, before `declare`.
  void announce(llvm::StringRef name);

  enum class Equated {
    Known,      ///< they are equal already, or one is unknown
    Learned,    ///< one symbol is now written in terms of others
    Undecided,  ///< they may be equal, but no symbol can be solved for
    Impossible, ///< they differ by a number other than 0
  };
  /// Makes two dims equal.
  Equated equate(graph::DimAttr a, graph::DimAttr b);
  /// What was learned, a sentence each: "'batch_1' is 'batch'".
  llvm::ArrayRef<std::string> equalities() const { return sentences; }

  /// The dim with everything learned so far put in.
  graph::DimAttr substitute(graph::DimAttr dim) const;

  /// The least and greatest value under the symbols' bounds; nothing:
  /// unbounded.
  std::optional<int64_t> lowerBound(graph::DimAttr dim) const;
  std::optional<int64_t> upperBound(graph::DimAttr dim) const;
  bool isNotNegative(graph::DimAttr dim) const {
    return lowerBound(dim).value_or(-1) >= 0;
  }

  /// Narrows the bounds of the symbols in `dim` to where it can be 0 or more.
  /// False when it never is.
  bool assumeNotNegative(graph::DimAttr dim);

  /// The symbols that are left, in the order of their declaration.
  mlir::ArrayAttr declarations() const;

private:
  struct Bounds {
    int64_t min;
    std::optional<int64_t> max;
  };

  std::string identifierFor(llvm::StringRef name);
  std::optional<graph::DimAttr> parseExpression(llvm::StringRef text);
  Bounds boundsOf(graph::TermAttr term) const;
  bool solve(mlir::StringAttr symbol, graph::DimAttr value);
  mlir::StringAttr chooseSymbol(graph::DimAttr a, graph::DimAttr b,
                                graph::DimAttr difference) const;

  mlir::MLIRContext *context;
  llvm::StringMap<std::string> identifiers; ///< by the model's names
  llvm::StringSet<> taken;                  ///< identifiers in use
  llvm::StringSet<> announced;
  llvm::MapVector<mlir::StringAttr, Bounds> bounds; ///< all ever declared
  llvm::DenseMap<mlir::StringAttr, graph::DimAttr> solutions;
  std::vector<std::string> sentences;
};

} // namespace tenon::onnx

#endif // TENON_FRONTENDS_ONNX_SYMBOLS_H
