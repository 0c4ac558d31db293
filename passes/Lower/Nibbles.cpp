//===- Nibbles.cpp - elements of 4 bits, two to a byte --------------------===//
//
// Memory has no address of half a byte: what is read are bytes, of which a
// shift leaves the half that is meant. Packed weights lie so that this is
// cheap: eight neighbours along the contracted axis are a word of 32 bits, and
// the words of neighbouring columns lie together. One load then brings eight
// rows of a vector of columns, and each is a shift away:
//
//   words = load <16 x i32>         columns j .. j + 15, rows k .. k + 7
//   row p = trunc(words >> 4 * p)   <16 x i4>; its widening is one more shift
//   row p = table[words >> 4 * p]   where a permutation has 16 places: what the
//                                   maps that follow make of each nibble
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/TileLowering.h"

#include "dialects/Tile/Products.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tenon {

static constexpr int64_t kNibbleBits = 4;

/// `value` in every lane of the place.
static Value splatOf(OpBuilder &b, Location loc, const Place &at, Type type,
                     int64_t value) {
  TypedAttr number = b.getIntegerAttr(type, value);
  if (at.lane)
    number = DenseElementsAttr::get(VectorType::get(at.width, type),
                                    Attribute(number));
  return arith::ConstantOp::create(b, loc, number);
}

//===----------------------------------------------------------------------===//
// Bytes that hold nibbles
//===----------------------------------------------------------------------===//

/// The nibbles at these positions as the low halves of bytes.
Value TileLowering::nibblesOf(Value bytes, Value position, const Place &at) {
  Type i8 = b.getI8Type();
  Type type = at.lane ? Type(VectorType::get(at.width, i8)) : i8;
  Value isOdd = arith::AndIOp::create(b, loc(), position,
                                      splatOf(b, loc(), at, b.getI64Type(), 1));
  Value half = arith::TruncIOp::create(b, loc(), type, isOdd);
  Value bits = arith::MulIOp::create(b, loc(), half,
                                     splatOf(b, loc(), at, i8, kNibbleBits));
  return arith::ShRUIOp::create(b, loc(), bytes, bits);
}

Value TileLowering::byteAddress(Value pointer, Value position,
                                const Place &at) {
  Value byte = arith::ShRUIOp::create(b, loc(), position,
                                      splatOf(b, loc(), at, b.getI64Type(), 1));
  Type type = pointer.getType();
  return LLVM::GEPOp::create(
      b, loc(), at.lane ? Type(VectorType::get(at.width, type)) : type,
      b.getI8Type(), pointer, ValueRange{byte});
}

/// One; zero where `inside` is false.
Value TileLowering::readNibble(Value pointer, Value position, Value inside) {
  Place at;
  Type i8 = b.getI8Type();
  Value address = byteAddress(pointer, position, at);
  if (inside)
    address = arith::SelectOp::create(b, loc(), inside, address, pointer);
  Value byte = LLVM::LoadOp::create(b, loc(), i8, address);
  Value nibble = nibblesOf(byte, position, at);
  if (!inside)
    return nibble;
  return arith::SelectOp::create(b, loc(), inside, nibble,
                                 splatOf(b, loc(), at, i8, 0));
}

/// As many as the place is wide, anywhere.
Value TileLowering::gatherNibbles(Value pointer, Value position,
                                  Value laneStride, Value mask,
                                  const Place &at) {
  auto type = VectorType::get(at.width, b.getI64Type());
  auto lanes = llvm::to_vector(llvm::seq<int64_t>(0, at.width));
  Value steps = arith::ConstantOp::create(
      b, loc(), DenseElementsAttr::get(type, ArrayRef<int64_t>(lanes)));
  Value apart =
      arith::MulIOp::create(b, loc(), steps, broadcast(toI64(laneStride), at));
  Value positions =
      arith::AddIOp::create(b, loc(), broadcast(position, at), apart);
  Value zero = splatOf(b, loc(), at, b.getI8Type(), 0);
  Value bytes = LLVM::masked_gather::create(
      b, loc(), zero.getType(), byteAddress(pointer, positions, at),
      mask ? mask : splatOf(b, loc(), at, b.getI1Type(), 1), ValueRange{zero},
      b.getI32IntegerAttr(1));
  return nibblesOf(bytes, positions, at);
}

/// As many as the place is wide, side by side: those in even lanes are one half
/// of neighbouring bytes, those in odd lanes the other half of the same bytes
/// or of the next ones.
Value TileLowering::loadNibbles(Value pointer, Value position, Value mask,
                                const Place &at) {
  Place half = at, scalar;
  half.width = at.width / 2;
  auto type = VectorType::get(half.width, b.getI8Type());
  Value masks[2] = {};
  if (mask) {
    auto apart = vector::DeinterleaveOp::create(b, loc(), mask);
    masks[0] = apart.getRes1();
    masks[1] = apart.getRes2();
  }
  Value lanes[2];
  for (int64_t n = 0; n < 2; ++n) {
    Value first = arith::AddIOp::create(
        b, loc(), position, splatOf(b, loc(), scalar, b.getI64Type(), n));
    Value address = byteAddress(pointer, first, scalar);
    Value zero = splatOf(b, loc(), half, b.getI8Type(), 0);
    Value bytes =
        mask ? LLVM::MaskedLoadOp::create(b, loc(), type, address, masks[n],
                                          zero, b.getI32IntegerAttr(1))
                   .getResult()
             : LLVM::LoadOp::create(b, loc(), type, address, 1).getResult();
    lanes[n] = nibblesOf(bytes, broadcast(first, half), half);
  }
  return vector::InterleaveOp::create(b, loc(), lanes[0], lanes[1]);
}

/// As readMemory, of elements that are half a byte.
Value TileLowering::readNibbles(Type elementType, Value pointer, Value linear,
                                Value laneStride, Value inside,
                                const Place &at) {
  Value position = toI64(linear), nibbles;
  if (!at.lane)
    nibbles = readNibble(pointer, position, inside);
  else if (Value mask = combineMasks(at.mask, inside); isUnit(laneStride))
    nibbles = loadNibbles(pointer, position, mask, at);
  else
    nibbles = gatherNibbles(pointer, position, laneStride, mask, at);
  Type type =
      at.lane ? Type(VectorType::get(at.width, elementType)) : elementType;
  return arith::TruncIOp::create(b, loc(), type, nibbles);
}

//===----------------------------------------------------------------------===//
// Words of packed weights
//===----------------------------------------------------------------------===//

/// Rows of the product's right side that a word holds; 1 where it does not lie
/// in words.
int64_t TileLowering::wordLength(Value rightSide) {
  tile::LoadOp load = tile::loadBehind(rightSide);
  bool isInPlace =
      load && !scratch.contains(rightSide) && !scratch.contains(load);
  return isInPlace ? tile::rowsOfWord(load) : 1;
}

/// Whether `input` is all that changes from place to place of what the map
/// reads.
static bool readsOnly(tile::MapOp map, Value input) {
  return llvm::all_of(map.getInputs(), [&](Value other) {
    auto fill = other.getDefiningOp<tile::FillOp>();
    return other == input ||
           (fill && matchPattern(fill.getValue(), m_Constant()));
  });
}

/// The last of the maps that follow the load one by one and read nothing but
/// constants beside: its elements are a function of one nibble.
static Value lastOfNibble(tile::LoadOp load, Value end) {
  Value last = load;
  while (last != end) {
    auto map = dyn_cast<tile::MapOp>(*last.getUsers().begin());
    if (!last.hasOneUse() || !map || !readsOnly(map, last))
      break;
    last = map;
  }
  return last;
}

/// What each of the 16 nibbles becomes, where one instruction can look that up.
std::optional<TileLowering::NibbleTable>
TileLowering::tableOf(const ProductBlock &block, tile::LoadOp load) {
  constexpr int64_t kNumNibbles = 16;
  NibbleTable table{lastOfNibble(load, block.vectorSide), Value()};
  if (block.width != kNumNibbles || !block.sumType.isF32() ||
      table.tile == load)
    return std::nullopt;
  auto type = VectorType::get(kNumNibbles, load.getType().getElementType());
  SmallVector<Attribute> all;
  for (int64_t n = 0; n < kNumNibbles; ++n)
    all.push_back(IntegerAttr::get(type.getElementType(), APInt(4, n)));
  Value nibbles =
      arith::ConstantOp::create(b, loc(), DenseElementsAttr::get(type, all));
  Place at = vectorPlace(block, constantIndex(0), 0);
  registers[load.getResult()] = {1, {{nibbles}}};
  table.floats = widen(b, loc(), evaluate(table.tile, at), block.sumType);
  registers.erase(load.getResult());
  return table;
}

/// Row `row` of words: the elements of the load, or what the table says of
/// them.
Value TileLowering::rowOfWords(Value words, int64_t row, Type elementType,
                               const std::optional<NibbleTable> &table) {
  auto type = cast<VectorType>(words.getType());
  Value down = arith::ConstantOp::create(
      b, loc(),
      DenseElementsAttr::get(type, static_cast<int32_t>(row * kNibbleBits)));
  Value low = arith::ShRUIOp::create(b, loc(), words, down);
  if (!table)
    return arith::TruncIOp::create(b, loc(), type.clone(elementType), low);
  // vpermps looks at the lowest four bits only.
  return LLVM::CallIntrinsicOp::create(
             b, loc(), table->floats.getType(),
             b.getStringAttr("llvm.x86.avx512.permvar.sf.512"),
             ValueRange{table->floats, low})
      .getResult(0);
}

/// The rows of word `step`, one after another; all of them are there.
SmallVector<Value> TileLowering::wordStep(const ProductBlock &block, Value step,
                                          int64_t length, ValueRange sums) {
  tile::LoadOp load = tile::loadBehind(block.vectorSide);
  std::optional<NibbleTable> table = tableOf(block, load);
  Value tile = table ? table->tile : load.getResult();
  Value first =
      b.createOrFold<arith::MulIOp>(loc(), step, constantIndex(length));
  SmallVector<Value> words;
  readsAhead = block.readsAhead;
  for (int64_t v = 0; v < block.blockVectors; ++v)
    words.push_back(
        evaluateLoad(load, vectorPlace(block, first, v), b.getI32Type()));
  readsAhead = false;
  SmallVector<Value> next = llvm::to_vector(sums);
  for (int64_t row = 0; row < length; ++row) {
    Value k = b.createOrFold<arith::AddIOp>(loc(), first, constantIndex(row));
    SmallVector<Value> elements;
    for (Value word : words)
      elements.push_back(
          rowOfWords(word, row, load.getType().getElementType(), table));
    registers[tile] = {1, {elements}};
    if (block.kBound)
      guaranteed.push_back({*block.kBound, {k}});
    next = productStep(block, k, next);
    if (block.kBound)
      guaranteed.pop_back();
  }
  registers.erase(tile);
  return next;
}

} // namespace tenon
