//===- Values.h - the tensors that the steps of a run write ---------------===//
//
//   for (const StepValue &value : valuesOf(plan, tape)) // in order of steps
//     value.name // "/encoder/Add_output_0", or "matmul_add#12" of step 12
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TOOLS_TENON_VALUES_H
#define TENON_TOOLS_TENON_VALUES_H

#include "runtime/Program/Context.h"
#include "tools/tenon/Tensors.h"

#include <map>

namespace tenon::tool {

struct StepValue {
  /// What the imported model calls it; where it has no such value, or where
  /// names are lost, the kernel and the number of the step.
  std::string name;
  size_t step;     ///< in Tape::steps
  uint32_t buffer; ///< in Tape::buffers
  const abi::LaunchResult *tensor;
};

/// In order of their steps. Copies make no value.
std::vector<StepValue> valuesOf(const abi::Plan &plan, const rt::Tape &tape);

/// The value of this name. BadInput says which names are most like it.
rt::Result<StepValue> valueNamed(std::span<const StepValue> values,
                                 std::string_view name);

/// Copies values of a run when their steps are done; later ones may use their
/// memory.
class ValueRecorder : public rt::RunObserver {
public:
  /// Of the values that the names of --dump say. The context's inputs are
  /// bound.
  static rt::Result<ValueRecorder> create(rt::Context &context,
                                          std::span<const std::string> names);

  void stepDone(size_t step, rt::TimeRange time) override;

  /// In the order of the names.
  rt::Result<Tensors> takeValues() {
    if (failure)
      return *failure;
    return std::move(values);
  }

private:
  explicit ValueRecorder(const rt::Context &context) : context(&context) {}

  struct Wanted {
    size_t value;
    uint32_t buffer;
  };
  const rt::Context *context;
  Tensors values;
  std::multimap<size_t, Wanted> wanted; ///< by their steps
  std::optional<rt::Error> failure;     ///< the first of reading a value
};

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_VALUES_H
