//===- Compare.cpp - do outputs equal a reference, and where not first? ---===//

#include "tools/tenon/Compare.h"

#include "runtime/Core/Message.h"

#include <cmath>
#include <sstream>

namespace tenon::tool {

using rt::badInput;
using rt::HostTensor;
using rt::Result;

static bool isClose(double found, double expected, Tolerance tolerance) {
  if (std::isnan(expected) || std::isnan(found))
    return std::isnan(expected) && std::isnan(found);
  if (found == expected)
    return true;
  return std::abs(found - expected) <=
         tolerance.absolute + tolerance.relative * std::abs(expected);
}

/// "[1, 0, 3]" for a row-major position.
static std::string indexText(int64_t position, std::span<const int64_t> dims) {
  std::string text;
  for (size_t i = dims.size(); i-- > 0;) {
    text.insert(0, std::to_string(position % dims[i]) +
                       (text.empty() ? "" : ", "));
    position /= dims[i];
  }
  return "[" + text + "]";
}

static Result<void> compareElements(const HostTensor &output,
                                    const HostTensor &expected,
                                    Tolerance tolerance) {
  int64_t numElements = *rt::numElements(output.dims), numDifferent = 0;
  int64_t first = -1;
  double largest = 0;
  for (int64_t i = 0; i < numElements; ++i) {
    double found = rt::elementAt(output, i),
           wanted = rt::elementAt(expected, i);
    if (isClose(found, wanted, tolerance))
      continue;
    if (numDifferent++ == 0)
      first = i;
    largest = std::max(largest, std::abs(found - wanted));
  }
  if (numDifferent == 0)
    return {};
  std::ostringstream text;
  text.precision(9);
  text << "output " << rt::quoted(output.name) << " differs first at "
       << indexText(first, output.dims) << ": expected "
       << rt::elementAt(expected, first) << ", got "
       << rt::elementAt(output, first) << " (" << numDifferent << " of "
       << numElements << " elements differ, by up to " << largest << ")";
  return badInput(text.str());
}

static Result<void> compareOne(const HostTensor &output,
                               const HostTensor &expected,
                               Tolerance tolerance) {
  if (output.dims != expected.dims)
    return badInput("output ", rt::quoted(output.name), " is ",
                    rt::describe(output.dtype, output.dims), ", expected ",
                    rt::describe(expected.dtype, expected.dims));
  return compareElements(output, expected, tolerance);
}

Result<void> compare(const Tensors &outputs, const Tensors &expected,
                     Tolerance tolerance) {
  if (expected.empty())
    return badInput("the expected outputs are an empty file");
  for (const HostTensor &reference : expected) {
    const HostTensor *output = findTensor(outputs, reference.name);
    if (!output)
      return badInput("the model has no output ", rt::quoted(reference.name),
                      ", which is expected");
    if (auto same = compareOne(*output, reference, tolerance); !same)
      return same;
  }
  return {};
}

} // namespace tenon::tool
