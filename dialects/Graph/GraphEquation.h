//===- GraphEquation.h - the letters of a contraction ---------------------===//
//
//   FailureOr<Equation> e = parseEquation("bhqd,bhkd->bhqk");
//   e->inputs[1];   // "bhkd"
//   e->result;      // "bhqk"
//
//===----------------------------------------------------------------------===//

#ifndef TENON_DIALECTS_GRAPH_GRAPHEQUATION_H
#define TENON_DIALECTS_GRAPH_GRAPHEQUATION_H

#include "mlir/Support/LLVM.h"

#include <string>

namespace tenon::graph {

/// One group of letters an operand and one for the result; a letter is a dim.
struct Equation {
  llvm::SmallVector<std::string> inputs;
  std::string result;

  /// All letters, in the order in which they first appear.
  std::string letters() const;
};

/// Reads "ab,bc->ac". Fails, and says in `mistake` why, when there is no arrow,
/// a sign is not a letter, a group repeats a letter, or the result has a letter
/// that no operand has.
llvm::FailureOr<Equation> parseEquation(llvm::StringRef text,
                                        std::string *mistake = nullptr);

} // namespace tenon::graph

#endif // TENON_DIALECTS_GRAPH_GRAPHEQUATION_H
