//===- TestCase.h - runs of the test model --------------------------------===//

#ifndef TENON_TESTS_RUNTIME_PROGRAM_TESTCASE_H
#define TENON_TESTS_RUNTIME_PROGRAM_TESTCASE_H

#include "runtime/Program/Context.h"
#include "tests/runtime/TestModel/TestModel.h"

#include <gtest/gtest.h>
#include <vector>

namespace tenon::test {

using abi::DType;
using rt::Context;
using rt::InputView;

/// One input of the test model, and what it should give.
struct Case {
  int64_t rows, length;
  std::vector<float> x, shift;

  Case(int64_t rows, int64_t length, float seed = 0.25f)
      : rows(rows), length(length), x(size_t(rows * length)),
        shift(size_t(length)) {
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = float(i % 37) * seed - 3;
    for (size_t i = 0; i < shift.size(); ++i)
      shift[i] = float(i % 11) * 0.125f;
  }

  InputView xView() const {
    return {DType::F32, {rows, length}, x.data(), x.size() * sizeof(float)};
  }
  InputView shiftView() const {
    return {DType::F32, {length}, shift.data(), shift.size() * sizeof(float)};
  }
  void bind(Context &context) const {
    auto first = context.bindInput(0, xView()),
         second = context.bindInput(1, shiftView());
    EXPECT_TRUE(first) << first.error().message;
    EXPECT_TRUE(second) << second.error().message;
  }
};

inline std::vector<float> outputOf(const Context &context, size_t index) {
  auto output = context.output(index);
  EXPECT_TRUE(output) << output.error().message;
  if (!output)
    return {};
  auto *first = static_cast<const float *>(output->data);
  return {first, first + output->bytes / sizeof(float)};
}

inline void expectRight(Context &context, const Case &input) {
  auto ran = context.run();
  ASSERT_TRUE(ran) << ran.error().message;
  Expected expected = compute(input.x, input.shift);
  EXPECT_EQ(outputOf(context, 0), expected.y);
  EXPECT_EQ(outputOf(context, 1), expected.sums);
  EXPECT_EQ(outputOf(context, 2), input.shift);
}

} // namespace tenon::test

#endif // TENON_TESTS_RUNTIME_PROGRAM_TESTCASE_H
