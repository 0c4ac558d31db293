//===- GraphTilesJoins.cpp - concat and pad as choices between loads ------===//

#include "dialects/Graph/GraphTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::graph;
using tile::AxisTile;
using tile::KernelBuilder;
using tile::Window;

//===----------------------------------------------------------------------===//
// concat
//===----------------------------------------------------------------------===//

KernelClass ConcatOp::getKernelClass() { return KernelClass::Elementwise; }

FailureOr<AxisTile> ConcatOp::buildTile(KernelBuilder &builder, unsigned,
                                        const Window &region) {
  // Each input is read at its own offset, where it is zero outside, and each
  // element taken from the input that it falls in.
  std::optional<unsigned> axis = region.axisOf(getAxis());
  if (!axis || region.axes[*axis].dims.size() != 1)
    return failure();
  SmallVector<AxisTile> parts, ends;
  Value end;
  for (Value input : getInputs()) {
    Window part = region;
    part.axes[*axis].offset = builder.subIndex(region.axes[*axis].offset, end);
    FailureOr<AxisTile> tile = builder.tileOf(input, part);
    if (failed(tile))
      return failure();
    parts.push_back(*tile);
    end = builder.addIndex(end, builder.sizeOf(input, getAxis()));
    ends.push_back(builder.scalar(end));
  }
  unsigned numInputs = parts.size();
  SmallVector<AxisTile> inputs{builder.index(region, *axis)};
  llvm::append_range(inputs, parts);
  llvm::append_range(inputs, ends);
  Location loc = builder.loc();
  Type type = elementTypeOf(parts[0]);
  return builder.map(
      region, inputs, type, [&](OpBuilder &b, ValueRange v) -> Value {
        Value result = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
        for (unsigned n = numInputs; n-- > 0;) {
          Value isBefore = arith::CmpIOp::create(
              b, loc, arith::CmpIPredicate::slt, v[0], v[1 + numInputs + n]);
          result = arith::SelectOp::create(b, loc, isBefore, v[1 + n], result);
        }
        return result;
      });
}

//===----------------------------------------------------------------------===//
// pad
//===----------------------------------------------------------------------===//

KernelClass PadOp::getKernelClass() { return KernelClass::Elementwise; }

FailureOr<AxisTile> PadOp::buildTile(KernelBuilder &builder, unsigned,
                                     const Window &region) {
  Window middle = region;
  SmallVector<AxisTile> places; // where this is, where the input ends
  for (unsigned d = 0; d < region.rank(); ++d) {
    if (getLow()[d] == 0 && getHigh()[d] == 0)
      continue;
    std::optional<unsigned> axis = region.axisOf(d);
    if (!axis || region.axes[*axis].dims.size() != 1)
      return failure();
    Value low = getLow()[d] ? builder.constantIndex(getLow()[d]) : Value();
    middle.axes[*axis].offset =
        builder.subIndex(region.axes[*axis].offset, low);
    places.push_back(builder.index(middle, *axis));
    places.push_back(builder.scalar(builder.sizeOf(getInput(), d)));
  }
  FailureOr<AxisTile> input = builder.tileOf(getInput(), middle);
  FailureOr<AxisTile> value = builder.tileOf(getValue(), Window());
  if (failed(input) || failed(value))
    return failure();
  SmallVector<AxisTile> inputs{*input, *value};
  llvm::append_range(inputs, places);
  Location loc = builder.loc();
  AxisTile padded =
      builder.map(region, inputs, elementTypeOf(*input),
                  [&](OpBuilder &b, ValueRange v) -> Value {
                    Value result = v[0];
                    for (unsigned n = 2; n < v.size(); n += 2) {
                      // Unsigned, a place before the input is behind its end
                      // too.
                      Value inside = arith::CmpIOp::create(
                          b, loc, arith::CmpIPredicate::ult, v[n], v[n + 1]);
                      result =
                          arith::SelectOp::create(b, loc, inside, result, v[1]);
                    }
                    return result;
                  });
  // Zero behind the end, where a contraction or a sum must find nothing.
  TypedAttr zero = builder.builder().getZeroAttr(elementTypeOf(padded));
  for (auto [number, axis] : llvm::enumerate(region.axes))
    if (axis.dims.size() == 1 && !isa<IntegerAttr>(axis.extent) &&
        (getLow()[axis.dims[0]] || getHigh()[axis.dims[0]]))
      padded =
          maskBehind(builder, region, number,
                     builder.sizeOf(getResult(), axis.dims[0]), zero, padded);
  return padded;
}
