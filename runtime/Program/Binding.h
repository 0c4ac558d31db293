//===- Binding.h - values for a plan's symbols ----------------------------===//
//
//   plan: ids [B, L] and mask [B, L], scores [B, 2*L]; 1 <= B <= 8
//   bindShapes(plan, {{2, 16}, {2, 16}})  is B = 2, L = 16
//   bindShapes(plan, {{2, 16}, {2, 17}})  fails: "input 'mask' has shape 2x17,
//       but its dim 1 is L, which is 16 in input 'ids'"
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_PROGRAM_BINDING_H
#define TENON_RUNTIME_PROGRAM_BINDING_H

#include "runtime/Abi/Plan.h"
#include "runtime/Core/Status.h"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace tenon::rt {

using Shape = std::vector<int64_t>;

/// One value for each symbol of the plan. Functions here take plans that
/// checkPlan has accepted.
struct Binding {
  std::vector<int64_t> symbols;
  bool operator==(const Binding &) const = default;
};

/// What is wrong with one input's shape whatever the others are: rank, constant
/// dims, a symbol's minimum, maximum and divisor.
Result<void> checkInputShape(const abi::Plan &plan, size_t input,
                             std::span<const int64_t> shape);

/// From one shape for each input. BadInput says which input, expected and
/// found.
Result<Binding> bindShapes(const abi::Plan &plan,
                           std::span<const Shape> shapes);

/// From names; a symbol that is not named gets its maximum. BadInput when there
/// is none, for a name that no symbol has, and for values out of bounds.
Result<Binding> bindSymbols(const abi::Plan &plan,
                            const std::map<std::string, int64_t> &values);

/// BadArtifact when a dim comes out negative.
Result<Shape> shapeOf(const abi::Plan &plan, const abi::Tensor &tensor,
                      const Binding &binding);

/// Bytes of a contiguous tensor. BadInput when a dim is negative or the size
/// does not fit into 64 bits.
Result<uint64_t> bytesOf(abi::DType dtype, std::span<const int64_t> shape);

/// "ids: i64 [B, L]", for people.
std::string describe(const abi::Plan &plan, const abi::Tensor &tensor);

/// The names of the plan's symbols, as print(Expr) takes them.
std::vector<std::string> symbolNames(const abi::Plan &plan);

} // namespace tenon::rt

#endif // TENON_RUNTIME_PROGRAM_BINDING_H
