//===- UnitOperations.cpp - what a unit of 16 x 16 sums does --------------===//
//
// AMX keeps 16 x 16 sums in a tile register and adds to them 16 rows times 16
// columns of 16 bf16 pairs, or of 16 times four bytes, in one instruction.
//
// The emulation computes what the instruction does, in the same order: within
// one step the products of even and of odd elements are summed apart. Sums of
// integers are exact in any order.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/UnitOperands.h"

using namespace mlir;

namespace tenon {

Value TileLowering::advance(Value pointer, Value bytes) {
  return LLVM::GEPOp::create(b, loc(), pointer.getType(), b.getI8Type(),
                             pointer, ValueRange{toI64(bytes)});
}

TileLowering::UnitMemory TileLowering::shifted(const UnitMemory &memory,
                                               Value row, Value byte) {
  Value start = arith::MulIOp::create(b, loc(), row, memory.rowBytes);
  return {advance(memory.pointer, arith::AddIOp::create(b, loc(), start, byte)),
          memory.rowBytes};
}

Value TileLowering::callUnit(StringRef name, Type result, ValueRange operands) {
  auto i16 = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(b, loc(), b.getI16IntegerAttr(value));
  };
  SmallVector<Value> all{i16(kTileSide), i16(kLineBytes)};
  if (name.starts_with("td")) // rows, bytes of a row of sums, of the left side
    all.push_back(i16(kLineBytes));
  llvm::append_range(all, operands);
  std::string full = ("llvm.x86." + name + ".internal").str();
  if (result)
    return LLVM::CallIntrinsicOp::create(b, loc(), result,
                                         b.getStringAttr(full), all)
        .getResult(0);
  LLVM::CallIntrinsicOp::create(b, loc(), b.getStringAttr(full), all);
  return Value();
}

Value TileLowering::unitLoad(const UnitMemory &memory, Reuse reuse) {
  if (machine.emulatesUnits)
    return memory.pointer;
  StringRef load = reuse == Reuse::Soon ? "tileloadd64" : "tileloaddt164";
  return callUnit(load, LLVM::LLVMX86AMXType::get(b.getContext()),
                  {memory.pointer, toI64(memory.rowBytes)});
}

Value TileLowering::unitZero() {
  return callUnit("tilezero", LLVM::LLVMX86AMXType::get(b.getContext()), {});
}

/// sums + x * y, by arithmetic on the memory of all three.
void TileLowering::emulateUnit(Type sumType, int64_t length,
                               const UnitMemory &sums, const UnitMemory &x,
                               const UnitMemory &y) {
  auto lanes = VectorType::get(kTileSide, sumType);
  auto words = VectorType::get(kTileSide, b.getI32Type());
  auto rowOf = [&](const UnitMemory &memory, Value row) {
    return advance(memory.pointer,
                   arith::MulIOp::create(b, loc(), row, memory.rowBytes));
  };
  Value zero = constantIndex(0), one = constantIndex(1),
        side = constantIndex(kTileSide);
  auto rows = scf::ForOp::create(b, loc(), zero, side, one);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(rows.getBody());
  Value row = rows.getInductionVar();
  Value none = arith::ConstantOp::create(b, loc(), b.getZeroAttr(lanes));
  SmallVector<Value> noSums(length, none);
  auto columns = scf::ForOp::create(b, loc(), zero, side, one, noSums);
  {
    OpBuilder::InsertionGuard inner(b);
    b.setInsertionPointToStart(columns.getBody());
    Value column = columns.getInductionVar();
    Value at = advance(rowOf(x, row), arith::MulIOp::create(b, loc(), column,
                                                            constantIndex(4)));
    Value word = LLVM::LoadOp::create(b, loc(), b.getI32Type(), at, 1);
    Value left = vector::BroadcastOp::create(b, loc(), words, word);
    Value right = LLVM::LoadOp::create(b, loc(), words, rowOf(y, column), 1);
    SmallVector<Value> next;
    for (int64_t part = 0; part < length; ++part)
      next.push_back(multiplyAdd(b, loc(), widenPart(left, part, length, true),
                                 widenPart(right, part, length, false),
                                 columns.getRegionIterArgs()[part]));
    scf::YieldOp::create(b, loc(), next);
  }
  auto add = [&](Value left, Value right) -> Value {
    if (isa<FloatType>(lanes.getElementType()))
      return arith::AddFOp::create(b, loc(), left, right);
    return arith::AddIOp::create(b, loc(), left, right);
  };
  Value step = columns.getResult(0);
  for (Value part : columns.getResults().drop_front())
    step = add(step, part);
  Value address = rowOf(sums, row);
  Value before = LLVM::LoadOp::create(b, loc(), lanes, address, 4);
  LLVM::StoreOp::create(b, loc(), add(before, step), address, 4);
}

} // namespace tenon
