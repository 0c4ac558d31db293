//===- Shapes.h - values for a model's symbols, and inputs of such shapes -===//

#ifndef TENON_TOOLS_TENON_SHAPES_H
#define TENON_TOOLS_TENON_SHAPES_H

#include "runtime/Program/Binding.h"
#include "tools/tenon/Tensors.h"

namespace tenon::tool {

using SymbolNumbers = std::map<std::string, int64_t>;

/// "batch=8,sequence=128", of each value of `option`. BadInput when a number is
/// below 1 and when one symbol gets two.
rt::Result<SymbolNumbers> symbolNumbers(const Arguments &arguments,
                                        std::string_view option);

/// Of commands that take shapes of a compiled model.
inline constexpr Option kShapeOption = {
    "shape", "S=N,...",
    "values of the model's symbols: batch=8,sequence=128;\n"
    "the least ones where it says nothing; max: the largest"};

/// The symbols' values by --shape ("batch=8,sequence=128"). A symbol that it
/// leaves out gets its least value, or 1 where that is 0; "max" gives all of
/// them their largest. The flag may have another name.
rt::Result<rt::Binding> bindingOf(const abi::Plan &plan,
                                  const Arguments &arguments,
                                  std::string_view option = "shape");

/// Inputs of these shapes for timing: floats from -1 to 1, the same at every
/// call, and 1 for integers and bool, which is a valid token, type and mask.
rt::Result<Tensors> makeInputs(const abi::Plan &plan,
                               const rt::Binding &binding);

/// "batch=8, sequence=128"
std::string describe(const abi::Plan &plan, const rt::Binding &binding);

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_SHAPES_H
