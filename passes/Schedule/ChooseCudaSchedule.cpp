//===- ChooseCudaSchedule.cpp - numbers for symbols, for a GPU ------------===//

#include "passes/Schedule/Passes.h"
#include "passes/Schedule/ScheduleRules.h"

#include "dialects/Tile/Products.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_CHOOSECUDASCHEDULEPASS
#include "passes/Schedule/Passes.h.inc"

namespace {

/// What a GPU's schedule says.
struct Choice {
  llvm::StringMap<int64_t> numbers;
  int64_t warpRows = 1, warpColumns = 8, stages = 2;
  StringRef unit;        ///< of products; empty: multiply-adds
  int64_t numBlocks = 1; ///< of a cluster
  std::string reason;
};

class CudaChoice {
public:
  CudaChoice(tile::KernelOp kernel, int64_t sharedBytes, bool hasGroups);
  Choice choose();

private:
  int64_t stagesOf(int64_t bytes, bool leavesHalf);
  Choice contraction();
  Choice attention();
  Choice decoding();
  Choice oneQuery();
  Choice oneRow();
  bool hasOneRow();
  Choice rows();
  Choice elements();
  /// The size of the grid's axis or the loop that the symbol cuts, where that
  /// is a number.
  std::optional<int64_t> sizeOf(StringRef symbol);
  int64_t cut(StringRef symbol, int64_t most);
  bool fillsGpu(int64_t rows, int64_t columns);

  tile::KernelOp kernel;
  int64_t sharedBytes;
  bool hasGroups;
  llvm::SetVector<StringAttr> symbols;
  llvm::StringMap<std::optional<int64_t>> sizes;
  bool isContraction = false;
  /// Rows of a tile of two axes: symbols, and the longest that is a number.
  llvm::SetVector<StringAttr> rowSymbols, columnSymbols;
  int64_t longestRow = 0;
  int64_t mostRows = 1; ///< of a tile whose rows are a number
  bool hasTiles = false;
  bool hasSlices = false; ///< of tiles of three axes, which loops walk
};

CudaChoice::CudaChoice(tile::KernelOp kernel, int64_t sharedBytes,
                       bool hasGroups)
    : kernel(kernel), sharedBytes(sharedBytes), hasGroups(hasGroups),
      symbols(symbolsOf(kernel)) {
  tile::GridOp grid = kernel.getGrid();
  for (auto [size, block] : llvm::zip_equal(grid.getSizes(), grid.getBlocks()))
    if (auto symbol = dyn_cast<StringAttr>(block))
      sizes[symbol.getValue()] = constantOf(size);
  kernel.walk([&](scf::ForOp loop) {
    auto extent = loop.getStep().getDefiningOp<tile::ExtentOp>();
    if (!extent)
      return;
    sizes[extent.getSymbol()] = constantOf(loop.getUpperBound());
    isContraction |= extent.getSymbol() == "BK";
  });
  kernel.walk([&](Operation *op) {
    for (Type type : op->getResultTypes()) {
      auto tile = dyn_cast<tile::TileType>(type);
      if (!tile || tile.getRank() < 2)
        continue;
      hasTiles = true;
      hasSlices |= tile.getRank() > 2;
      // Of more axes the last two are spread over threads.
      ArrayRef<Attribute> last = tile.getExtents().take_back(2);
      if (auto symbol = dyn_cast<StringAttr>(last[0]))
        rowSymbols.insert(symbol);
      else
        mostRows = std::max(mostRows, cast<IntegerAttr>(last[0]).getInt());
      if (auto symbol = dyn_cast<StringAttr>(last[1]))
        columnSymbols.insert(symbol);
      else
        longestRow = std::max(longestRow, cast<IntegerAttr>(last[1]).getInt());
    }
  });
}

std::optional<int64_t> CudaChoice::sizeOf(StringRef symbol) {
  return sizes.lookup(symbol);
}

/// Not more than there is, to a power of two.
int64_t CudaChoice::cut(StringRef symbol, int64_t most) {
  std::optional<int64_t> size = sizeOf(symbol);
  return size ? std::min<int64_t>(
                    most, llvm::bit_ceil<uint64_t>(std::max<int64_t>(*size, 1)))
              : most;
}

/// So many turns of factors of so many bytes as leave some memory for others,
/// and for another block where that still leaves two.
int64_t CudaChoice::stagesOf(int64_t bytes, bool leavesHalf) {
  constexpr int64_t kFewest = 2, kMost = 4, kOthers = 3 << 10;
  int64_t ofHalf = (sharedBytes / 2 - kOthers) / bytes;
  if (leavesHalf && ofHalf >= kFewest)
    return std::min(ofHalf, kMost);
  return std::clamp((sharedBytes - kOthers) / bytes, kFewest, kMost);
}

/// Whether there are as many blocks as a GPU has multiprocessors, for all that
/// is known, where the grid is cut into so many rows and columns.
bool CudaChoice::fillsGpu(int64_t rows, int64_t columns) {
  int64_t numBlocks = 1;
  tile::GridOp grid = kernel.getGrid();
  for (auto [size, block] :
       llvm::zip_equal(grid.getSizes(), grid.getBlocks())) {
    auto symbol = dyn_cast<StringAttr>(block);
    int64_t cut = !symbol ? 1 : symbol.getValue() == "BM" ? rows : columns;
    numBlocks *= llvm::divideCeil(constantOf(size).value_or(1), cut);
  }
  return numBlocks >= kMultiprocessors;
}

Choice CudaChoice::contraction() {
  Choice choice;
  int64_t unitBytes = tile::unitBytes(kernel);
  // Of tf32, wgmma would read f32 that nobody rounded.
  bool usesGroups = (unitBytes == 2 || unitBytes == 1) && hasGroups;
  choice.unit = usesGroups ? "wgmma" : unitBytes ? "mma" : "";
  // Sums of 64 x 64 are 32 registers of each of 128 threads; those of 128 x
  // 128, 128, and each factor is read from shared memory half as often. Where
  // rows are counted at run time they may be few.
  bool isWide = sizeOf("BN").value_or(0) % 128 == 0;
  bool isLarge = sizeOf("BM").value_or(0) >= 1024 && isWide;
  constexpr int64_t kPanelBytes = 128; // of a row of factors
  int64_t rows = isLarge ? 128 : 64,
          depth = unitBytes ? kPanelBytes / unitBytes : 16;
  int64_t columns = isLarge || (isWide && usesGroups) ? 128 : 64;
  if (isLarge && usesGroups && sizeOf("BN").value_or(1) % (2 * columns) == 0 &&
      fillsGpu(rows, 2 * columns)) {
    columns *= 2;
    choice.numBlocks = 2;
  }
  choice.numbers = {{"BM", rows}, {"BN", columns}, {"BK", depth}};
  choice.warpRows = usesGroups ? rows / 16 : 2;
  choice.warpColumns = usesGroups ? 1 : isLarge && !unitBytes ? 4 : 2;
  int64_t elementBytes = unitBytes ? unitBytes : 4;
  choice.stages =
      stagesOf((rows + columns) * depth * elementBytes, isLarge && !usesGroups);
  choice.reason =
      ("blocks of " + Twine(rows) + " x " + Twine(columns) + " sums, " +
       (usesGroups  ? "64 rows for each group of four warps"
        : unitBytes ? "which the matrix unit leaves in registers"
                    : "squares of 4 x 4 of which stand in registers") +
       "; " + Twine(choice.stages) +
       " turns are copied or multiplied at a time")
          .str();
  return choice;
}

/// One row: a warp has all of its product's sums, and what it reads next does
/// not wait for others.
Choice CudaChoice::oneQuery() {
  Choice choice;
  choice.numbers = {{"BM", 1}, {"BN", 16}};
  choice.warpColumns = 1;
  choice.reason = "a warp for one query, which multiplies 16 keys at a time "
                  "where it has read them";
  return choice;
}

/// One row of sums: so many of them that memory is read in whole sectors, and
/// eight warps that share what is contracted, or the sums where that lies
/// together.
Choice CudaChoice::oneRow() {
  constexpr int64_t kDepth = 512, kWarps = 8;
  Choice choice;
  bool liesDeep = false;
  kernel.walk([&](tile::MmaOp mma) { liesDeep |= tile::liesDeep(mma); });
  int64_t columns = liesDeep ? 2 * kWarps : 32;
  choice.numbers = {{"BM", 1}, {"BN", columns}, {"BK", cut("BK", kDepth)}};
  choice.warpRows = kWarps;
  choice.warpColumns = 1;
  choice.reason = (Twine(columns) + " sums for a block of 256 threads, which "
                                    "multiply what they have read")
                      .str();
  return choice;
}

/// Few queries: the warps share the keys of a turn, which each of them would
/// read for queries that there are not.
Choice CudaChoice::decoding() {
  Choice choice;
  choice.unit = "mma";
  choice.numbers = {{"BM", kFewQueries}, {"BN", 64}};
  choice.warpRows = 1;
  choice.warpColumns = 4;
  choice.reason = "16 queries, as the matrix unit has rows, and 16 of the keys "
                  "for each of 4 warps";
  return choice;
}

Choice CudaChoice::attention() {
  Choice choice;
  constexpr int64_t kManyQueries = 512, kRowsOfTwo = 128, kShortRow = 64;
  bool isNarrow = tile::unitBytes(kernel) == 2,
       usesGroups = isNarrow && hasGroups;
  if (isNarrow && sizeOf("BM").value_or(kManyQueries) <= kFewQueries)
    return decoding();
  choice.unit = !isNarrow ? "" : usesGroups ? "wgmma" : "mma";
  // Twice the rows share what is copied and read: those of two groups of warps,
  // or of warps with twice the sums, which leave registers for fewer scores.
  bool isLong = isNarrow && sizeOf("BM").value_or(0) >= kManyQueries &&
                fillsGpu(kRowsOfTwo, 1);
  int64_t queries = isLong ? kRowsOfTwo : 64, keys = isNarrow ? 64 : 32;
  if (isLong)
    keys = usesGroups ? 128 : longestRow > kShortRow ? 32 : 64;
  choice.numbers = {{"BM", queries}, {"BN", keys}};
  choice.warpRows = isLong && !usesGroups ? 4 : queries / 16;
  choice.warpColumns = 1;
  choice.reason =
      (Twine(queries) + " queries, " + Twine(queries / choice.warpRows) +
       " for each of " + Twine(choice.warpRows) +
       " warps, so that rows of scores are not spread over two")
          .str();
  return choice;
}

/// Rows of tiles that are as long as the model says.
Choice CudaChoice::rows() {
  constexpr int64_t kLongestOfWarp = 1024;
  Choice choice;
  bool isShort = longestRow <= kLongestOfWarp;
  choice.warpRows = isShort ? 8 : 1;
  if (mostRows == 1 || hasSlices)
    for (StringAttr symbol : rowSymbols)
      choice.warpRows = cut(symbol.getValue(), choice.warpRows);
  choice.warpColumns = isShort ? 1 : 8;
  for (StringAttr symbol : symbols)
    choice.numbers[symbol] =
        rowSymbols.contains(symbol) ? choice.warpRows : 256;
  choice.reason = isShort ? (Twine("a row for each warp, ") +
                             Twine(choice.warpRows) + " a block")
                                .str()
                          : "a row for a block of 256 threads";
  return choice;
}

Choice CudaChoice::elements() {
  constexpr int64_t kElements = 1024, kColumns = 128, kRows = 8;
  Choice choice;
  choice.reason = "some elements for each of 256 threads";
  if (!hasTiles) {
    for (StringAttr symbol : symbols)
      choice.numbers[symbol] = kElements;
    return choice;
  }
  choice.warpRows = 8;
  choice.warpColumns = 1;
  for (StringAttr symbol : symbols)
    choice.numbers[symbol] = columnSymbols.contains(symbol)
                                 ? cut(symbol.getValue(), kColumns)
                                 : kRows;
  return choice;
}

/// Whether the kernel's products are of floats and of one row.
bool CudaChoice::hasOneRow() {
  bool isOfFloats = true;
  kernel.walk([&](tile::MmaOp mma) {
    isOfFloats &= isa<FloatType>(mma.getType().getElementType());
  });
  return isOfFloats && sizeOf("BM") == 1;
}

Choice CudaChoice::choose() {
  if (tile::hasProduct(kernel) && hasOneRow())
    return isContraction ? oneRow() : oneQuery();
  if (tile::hasProduct(kernel))
    return isContraction ? contraction() : attention();
  return longestRow > 0 ? rows() : elements();
}

struct ChooseCudaSchedule final
    : impl::ChooseCudaSchedulePassBase<ChooseCudaSchedule> {
  using ChooseCudaSchedulePassBase::ChooseCudaSchedulePassBase;

  void runOnOperation() override {
    Builder b(&getContext());
    for (auto kernel : getOperation().getOps<tile::KernelOp>()) {
      if (kernel.getSchedule())
        continue;
      Choice choice = CudaChoice(kernel, sharedBytes, warpgroups).choose();
      SmallVector<NamedAttribute> entries;
      for (StringAttr symbol : symbolsOf(kernel)) {
        auto found = choice.numbers.find(symbol.getValue());
        if (found == choice.numbers.end()) {
          kernel.emitOpError("has a symbol that no schedule for a GPU knows: ")
              << symbol;
          return signalPassFailure();
        }
        entries.push_back({symbol, b.getIndexAttr(found->second)});
      }
      entries.push_back(
          b.getNamedAttr("stages", b.getIndexAttr(choice.stages)));
      entries.push_back(b.getNamedAttr(
          "warps",
          b.getDenseI64ArrayAttr({choice.warpRows, choice.warpColumns})));
      if (choice.numBlocks > 1)
        entries.push_back(
            b.getNamedAttr("cluster", b.getIndexAttr(choice.numBlocks)));
      if (!choice.unit.empty())
        entries.push_back(b.getNamedAttr("unit", b.getStringAttr(choice.unit)));
      kernel.setScheduleAttr(b.getDictionaryAttr(entries));
      kernel->setAttr("tenon.reason", b.getStringAttr(choice.reason));
    }
  }
};

} // namespace
} // namespace tenon
