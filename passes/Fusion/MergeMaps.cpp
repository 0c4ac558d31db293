//===- MergeMaps.cpp - one map for what is read twice ---------------------===//

#include "passes/Fusion/MergeMaps.h"
#include "passes/Fusion/Passes.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tenon {
namespace {

/// An input of a map: the tile, and where its axes lie in the result.
struct Input {
  Value tile;
  Attribute map;

  bool operator==(const Input &other) const {
    return tile == other.tile && map == other.map;
  }
};

SmallVector<Input> inputsOf(tile::MapOp map) {
  SmallVector<Input> inputs;
  for (auto [tile, axes] : llvm::zip_equal(map.getInputs(), map.getMaps()))
    inputs.push_back({tile, axes});
  return inputs;
}

/// The map that makes the input, if `reader` alone reads it, place by place.
tile::MapOp onlyFor(tile::MapOp reader, const Input &input) {
  auto maker = input.tile.getDefiningOp<tile::MapOp>();
  if (!maker || maker->getBlock() != reader->getBlock() ||
      maker.getType().getRank() != reader.getType().getRank() ||
      !llvm::all_of(maker->getUsers(),
                    [&](Operation *user) { return user == reader; }))
    return nullptr;
  auto inPlace =
      llvm::to_vector(llvm::seq<int64_t>(0, reader.getType().getRank()));
  auto readsInPlace = [&](const Input &other) {
    return other.tile != input.tile ||
           other.map == Builder(reader).getI64ArrayAttr(inPlace);
  };
  return llvm::all_of(inputsOf(reader), readsInPlace) ? maker : nullptr;
}

/// The results of the body's ops, on other scalars.
Value cloneBody(OpBuilder &b, tile::MapOp map, ValueRange scalars) {
  Block &body = map.getBody().front();
  IRMapping mapping;
  mapping.map(body.getArguments(), scalars);
  for (Operation &op : body.without_terminator())
    b.clone(op, mapping);
  return mapping.lookupOrDefault(body.getTerminator()->getOperand(0));
}

/// `reader`, computing `maker` itself.
tile::MapOp merged(tile::MapOp maker, tile::MapOp reader) {
  SmallVector<Input> inputs;
  auto numberOf = [&](const Input &input) -> unsigned {
    const auto *found = llvm::find(inputs, input);
    unsigned number = found - inputs.begin();
    if (found == inputs.end())
      inputs.push_back(input);
    return number;
  };
  SmallVector<unsigned> ofMaker, ofReader;
  for (const Input &input : inputsOf(maker))
    ofMaker.push_back(numberOf(input));
  for (const Input &input : inputsOf(reader))
    ofReader.push_back(input.tile == maker.getResult() ? 0 : numberOf(input));

  OpBuilder b(reader);
  SmallVector<Value> tiles;
  SmallVector<Attribute> maps;
  SmallVector<Type> scalars;
  for (const Input &input : inputs) {
    tiles.push_back(input.tile);
    maps.push_back(input.map);
    scalars.push_back(
        cast<tile::TileType>(input.tile.getType()).getElementType());
  }
  Location loc = reader.getLoc();
  auto map = tile::MapOp::create(b, loc, reader.getType(), tiles,
                                 b.getArrayAttr(maps));
  Block &block = map.getBody().emplaceBlock();
  block.addArguments(scalars, SmallVector<Location>(scalars.size(), loc));
  b.setInsertionPointToStart(&block);
  auto pick = [&](unsigned number) -> Value {
    return block.getArgument(number);
  };
  Value made = cloneBody(b, maker, llvm::map_to_vector(ofMaker, pick));
  SmallVector<Value> arguments = llvm::map_to_vector(ofReader, pick);
  for (auto [argument, input] : llvm::zip_equal(arguments, reader.getInputs()))
    if (input == maker.getResult())
      argument = made;
  tile::YieldOp::create(b, loc, cloneBody(b, reader, arguments));
  reader.replaceAllUsesWith(map.getResult());
  reader.erase();
  maker.erase();
  return map;
}

} // namespace

bool readTheSame(tile::MapOp maker, tile::MapOp reader) {
  SmallVector<Input> known = inputsOf(reader);
  return llvm::any_of(inputsOf(maker), [&](const Input &input) {
    if (!isa_and_nonnull<tile::FillOp>(input.tile.getDefiningOp()) &&
        llvm::is_contained(known, input))
      return true;
    tile::MapOp next = onlyFor(maker, input);
    return next && readTheSame(next, reader);
  });
}

void mergeMaps(tile::KernelOp kernel,
               function_ref<bool(tile::MapOp, tile::MapOp)> isWanted) {
  SmallVector<tile::MapOp> maps;
  kernel.walk([&](tile::MapOp map) { maps.push_back(map); });
  // From the last one: it takes in those before it.
  DenseSet<Operation *> gone;
  for (tile::MapOp map : llvm::reverse(maps)) {
    if (gone.contains(map))
      continue;
    for (bool isChanged = true; isChanged;) {
      isChanged = false;
      for (const Input &input : inputsOf(map))
        if (tile::MapOp maker = onlyFor(map, input);
            maker && isWanted(maker, map)) {
          gone.insert(maker);
          map = merged(maker, map);
          isChanged = true;
          break;
        }
    }
  }
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

#define GEN_PASS_DEF_MERGEMAPSPASS
#include "passes/Fusion/Passes.h.inc"

namespace {

/// Whether a product asks what the map is, or a loop that carries its result
/// on.
bool isAskedFor(tile::MapOp map) {
  return llvm::any_of(map->getUsers(), [](Operation *user) {
    auto next = dyn_cast<tile::MapOp>(user);
    return isa<tile::MmaOp, scf::YieldOp>(user) || (next && isAskedFor(next));
  });
}

struct MergeMapsPass : impl::MergeMapsPassBase<MergeMapsPass> {
  void runOnOperation() override {
    getOperation().walk([](tile::KernelOp kernel) {
      mergeMaps(kernel, [](tile::MapOp, tile::MapOp reader) {
        return !isAskedFor(reader);
      });
    });
  }
};

} // namespace
} // namespace tenon
