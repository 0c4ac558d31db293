// A plan for one device out of one for several.

#include "runtime/Abi/Plan.h"

namespace tenon::abi {

Plan planOf(const Plan &plan, const Alternative &alternative) {
  Plan one;
  one.producer = plan.producer;
  one.target = alternative.target;
  one.symbols = plan.symbols;
  one.inputs = plan.inputs;
  one.outputs = plan.outputs;
  one.weights = plan.weights;
  one.kernels = alternative.kernels;
  one.functions = alternative.functions;
  return one;
}

} // namespace tenon::abi
