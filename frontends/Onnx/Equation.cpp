//===- Equation.cpp - writing out Einsum's equations ----------------------===//

#include "frontends/Onnx/Equation.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <map>

using namespace mlir;
using namespace tenon::onnx;

static constexpr StringRef kEllipsis = "...";

std::string Equation::str() const {
  return llvm::join(inputs, ",") + "->" + result;
}

/// `count` letters that the equation does not have.
static FailureOr<std::string> freshLetters(StringRef equation, size_t count) {
  std::string letters;
  for (char letter = 'A'; letter <= 'Z' && letters.size() < count; ++letter)
    if (!equation.contains(letter))
      letters.push_back(letter);
  if (letters.size() < count)
    return failure();
  return letters;
}

/// The last letters of `hidden` in place of "...", so many as the rank needs.
static std::string expandTerm(StringRef term, size_t numHidden,
                              StringRef hidden) {
  auto [before, after] = term.split(kEllipsis);
  if (before.size() == term.size())
    return term.str();
  return (before + hidden.take_back(numHidden) + after).str();
}

/// Letters that stand once, in order, after those of "...".
static std::string implicitResult(ArrayRef<std::string> inputs,
                                  StringRef hidden) {
  std::map<char, unsigned> counts;
  for (StringRef letters : inputs)
    for (char letter : letters)
      ++counts[letter];
  std::string result = hidden.str();
  for (auto [letter, count] : counts)
    if (count == 1 && !hidden.contains(letter))
      result.push_back(letter);
  return result;
}

FailureOr<Equation> tenon::onnx::expandEquation(StringRef text,
                                                ArrayRef<int64_t> ranks) {
  std::string compact = text.str();
  llvm::erase_if(compact, [](char c) { return c == ' '; });
  bool hasResult = StringRef(compact).contains("->");
  auto [left, right] = StringRef(compact).split("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  if (terms.size() != ranks.size())
    return failure();

  size_t mostHidden = 0;
  SmallVector<size_t> numHidden;
  for (auto [term, rank] : llvm::zip_equal(terms, ranks)) {
    bool hasEllipsis = term.contains(kEllipsis);
    auto named = static_cast<int64_t>(term.size() -
                                      (hasEllipsis ? kEllipsis.size() : 0));
    if (hasEllipsis ? named > rank : named != rank)
      return failure();
    numHidden.push_back(rank - named);
    mostHidden = std::max(mostHidden, numHidden.back());
  }
  FailureOr<std::string> hidden = freshLetters(compact, mostHidden);
  if (failed(hidden))
    return failure();

  Equation equation;
  for (auto [term, count] : llvm::zip_equal(terms, numHidden))
    equation.inputs.push_back(expandTerm(term, count, *hidden));
  equation.result = hasResult ? expandTerm(right, mostHidden, *hidden)
                              : implicitResult(equation.inputs, *hidden);
  auto isLetters = [](StringRef term) {
    return llvm::all_of(term, llvm::isAlpha);
  };
  if (!isLetters(equation.result) || !llvm::all_of(equation.inputs, isLetters))
    return failure();
  return equation;
}
