//===- GraphEquation.cpp - reads the letters of a contraction -------------===//

#include "dialects/Graph/GraphEquation.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace tenon::graph {

std::string Equation::letters() const {
  std::string all;
  for (StringRef group : inputs)
    for (char letter : group)
      if (!StringRef(all).contains(letter))
        all += letter;
  return all;
}

/// What is wrong with one group of letters, or nothing.
static std::string checkGroup(StringRef group) {
  for (auto [place, letter] : llvm::enumerate(group)) {
    if (!llvm::isAlpha(letter))
      return std::string("expected letters, found '") + letter + "'";
    if (group.drop_front(place + 1).contains(letter))
      return std::string("expected a letter once in an operand, found '") +
             letter + "' twice";
  }
  return "";
}

FailureOr<Equation> parseEquation(StringRef text, std::string *mistake) {
  auto fail = [&](std::string why) -> FailureOr<Equation> {
    if (mistake)
      *mistake = std::move(why);
    return failure();
  };
  if (!text.contains("->"))
    return fail("expected '->' before the result");

  auto [left, right] = text.split("->");
  Equation equation;
  equation.result = right.str();
  for (StringRef group : llvm::split(left, ','))
    equation.inputs.push_back(group.str());

  for (StringRef group : equation.inputs)
    if (std::string why = checkGroup(group); !why.empty())
      return fail(why);
  if (std::string why = checkGroup(right); !why.empty())
    return fail(why);
  std::string known = equation.letters();
  for (char letter : right)
    if (!StringRef(known).contains(letter))
      return fail(
          std::string(
              "expected a letter of an operand in the result, found '") +
          letter + "'");
  return equation;
}

} // namespace tenon::graph
