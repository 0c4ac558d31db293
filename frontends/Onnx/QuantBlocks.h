//===- QuantBlocks.h - tensors quantized in blocks along an axis ----------===//
//
//   std::optional<Blocks> blocks = *Blocks::ofNode(b);   // ..xKx..
//   Value x = blocks->cut(b, b.data(0));                 // ..xGxBx..
//   x = dequantize(b, x, blocks->spread(b, scale), nullptr);
//   x = blocks->join(b, x);                              // ..xKx.. again
//
//===----------------------------------------------------------------------===//

#ifndef TENON_FRONTENDS_ONNX_QUANTBLOCKS_H
#define TENON_FRONTENDS_ONNX_QUANTBLOCKS_H

#include "frontends/Onnx/NodeBuilder.h"

namespace tenon::onnx {

/// Input 0 of QuantizeLinear or DequantizeLinear in `count` blocks of `size`
/// elements along `axis`, where it has `length`; the last may be cut short.
struct Blocks {
  int64_t axis, length, size, count;

  /// Nothing without a block_size; an error where the scale does not fit it.
  static mlir::FailureOr<std::optional<Blocks>> ofNode(NodeBuilder &b);

  /// The blocks as a dim of their own, before that of their elements; zeros
  /// fill the last one.
  mlir::Value cut(NodeBuilder &b, mlir::Value value) const;
  /// The way back.
  mlir::Value join(NodeBuilder &b, mlir::Value value) const;
  /// A parameter, one a block, as it meets the elements; null stays null.
  mlir::Value spread(NodeBuilder &b, mlir::Value parameter) const;
};

/// A narrow float as f32; null stays null.
mlir::Value widened(NodeBuilder &b, mlir::Value value);
/// (q - zero) * scale in the type of `scale`; `zero` is null where it is 0.
mlir::Value dequantize(NodeBuilder &b, mlir::Value q, mlir::Value scale,
                       mlir::Value zero);

} // namespace tenon::onnx

#endif // TENON_FRONTENDS_ONNX_QUANTBLOCKS_H
