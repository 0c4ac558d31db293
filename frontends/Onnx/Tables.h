//===- Tables.h - weights that a formula of positions explains ------------===//
//
// Exporters keep what a model computed once, before it was traced: the triangle
// of a causal mask, the cosines and sines of rotary embedding. As bytes in a
// file they mean nothing to passes, which read no files; as formulas of
// counters they can be recognised, and need no memory.
//
//   tensor<1x1x1024x1024xi1>, true below the diagonal  ->  j <= i
//   tensor<2048x64xf32>, cos(p * 10000^(-2j / 64)) twice ->  cos(concat(f, f))
//
//===----------------------------------------------------------------------===//

#ifndef TENON_FRONTENDS_ONNX_TABLES_H
#define TENON_FRONTENDS_ONNX_TABLES_H

#include "frontends/Onnx/Tensors.h"

#include "mlir/IR/Builders.h"

namespace tenon::onnx {

/// The tensor as ops over counters, and what it was found to be, in words; null
/// when no formula explains every element of it. Elements of a triangle are
/// exact. Angles may differ from the table's by 2^-21 of themselves: that is
/// what tables differ by between exporters.
struct TableFormula {
  mlir::Value value;
  std::string meaning;
};
TableFormula buildTableFormula(mlir::OpBuilder &builder, mlir::Location loc,
                               const Tensor &tensor);

} // namespace tenon::onnx

#endif // TENON_FRONTENDS_ONNX_TABLES_H
