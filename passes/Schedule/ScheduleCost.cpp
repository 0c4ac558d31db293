//===- ScheduleCost.cpp - how long a kernel takes in a schedule -----------===//

#include "passes/Schedule/ScheduleCost.h"

#include "dialects/Tile/Products.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;

namespace tenon {

/// The value as a number: a constant, a scalar of the launch, the larger or the
/// smaller of what is known, or 0.
static int64_t numberOf(Value value, ArrayRef<int64_t> scalars) {
  IntegerAttr constant;
  if (matchPattern(value, m_Constant(&constant)))
    return constant.getInt();
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto kernel = dyn_cast<tile::KernelOp>(argument.getOwner()->getParentOp());
    if (!kernel)
      return 0;
    unsigned first = kernel.getNumInputs() + kernel.getNumOutputs();
    return scalars[argument.getArgNumber() - first];
  }
  int64_t largest = 0;
  if (auto *op = value.getDefiningOp();
      isa_and_nonnull<arith::MinSIOp, arith::MaxSIOp>(op))
    for (Value operand : op->getOperands())
      largest = std::max(largest, numberOf(operand, scalars));
  return largest;
}

ProductSizes productSizes(tile::KernelOp kernel, ArrayRef<int64_t> scalars) {
  ProductSizes sizes;
  tile::GridOp grid = kernel.getGrid();
  for (auto [size, block] :
       llvm::zip_equal(grid.getSizes(), grid.getBlocks())) {
    auto symbol = dyn_cast<StringAttr>(block);
    int64_t number = numberOf(size, scalars);
    if (symbol && symbol.getValue() == "BM")
      sizes.rows = number;
    else if (symbol && symbol.getValue() == "BN")
      sizes.columns = number;
    else
      sizes.batch *= number;
  }
  kernel.walk([&](tile::MmaOp product) {
    auto lhs = cast<tile::TileType>(product.getLhs().getType());
    if (auto depth = dyn_cast<IntegerAttr>(lhs.getExtents()[1]))
      sizes.depth = depth.getInt();
  });
  kernel.walk([&](scf::ForOp loop) {
    auto extent = loop.getStep().getDefiningOp<tile::ExtentOp>();
    int64_t end = numberOf(loop.getUpperBound(), scalars);
    if (extent && extent.getSymbol() == "BK")
      sizes.depth = end;
    else if (extent && extent.getSymbol() == "BN")
      sizes.columns = std::max(sizes.columns, end);
  });
  return sizes;
}

//===----------------------------------------------------------------------===//
// Cycles
//===----------------------------------------------------------------------===//

namespace {

// Bytes a cycle that one core reads from each cache, as products read them: A
// in place, by rows, and B in panels. Measured on Sapphire Rapids.
constexpr double kL1Rate = 32, kL2Rate = 25, kL3Rate = 10;
/// Cycles for what is done with a sum when all products have been added up: a
/// bias, an activation, the store.
constexpr double kSumCycles = 1;
/// Cycles for a score of attention: the mask, the maximum, exp and the sum.
/// Tiles of sums are read from memory for it.
constexpr double kScoreCycles = 1, kTileScoreCycles = 2.5;
/// Columns in the products of which the rest of a block of split numbers takes
/// as long.
constexpr double kSplitColumns = 20;

class Cost {
public:
  Cost(tile::KernelOp kernel, DictionaryAttr schedule,
       const ProductSizes &sizes, target::CpuAttr cpu);

  double cyclesOfContraction(unsigned numThreads) const;
  double cyclesOfAttention(unsigned numThreads) const;

private:
  int64_t numberOf(StringRef symbol, int64_t otherwise) const {
    auto number = schedule.getAs<IntegerAttr>(symbol);
    return number ? number.getInt() : otherwise;
  }
  double macsPerCycle() const;
  double readingCycles() const;
  /// Blocks of the busiest thread.
  double shareOf(double numBlocks, unsigned numThreads) const {
    return std::ceil(numBlocks / numThreads);
  }

  DictionaryAttr schedule;
  const ProductSizes &sizes;
  target::CpuAttr cpu;
  const tile::ProductUnit *unit = nullptr;
  int64_t rows, columns;       ///< of a block, no more than there are
  int64_t numRows, numColumns; ///< blocks
  double elementBytes;
};

Cost::Cost(tile::KernelOp kernel, DictionaryAttr schedule,
           const ProductSizes &sizes, target::CpuAttr cpu)
    : schedule(schedule), sizes(sizes), cpu(cpu) {
  if (auto name = schedule.getAs<StringAttr>("unit"))
    unit = tile::productUnit(name.getValue());
  // Rows behind the end are left out, in whole tiles; columns are computed.
  int64_t side = unit && unit->isOfTiles ? 16 : 1;
  int64_t allRows = llvm::alignTo(std::max<int64_t>(1, sizes.rows), side);
  rows = std::min(numberOf("BM", 1), allRows);
  columns = numberOf("BN", 1);
  numRows = llvm::divideCeil(allRows, rows);
  numColumns = llvm::divideCeil(std::max<int64_t>(1, sizes.columns), columns);
  int64_t dotLength = 1;
  kernel.walk([&](tile::MmaOp product) {
    dotLength = std::max(dotLength, tile::dotLength(product));
  });
  elementBytes = 4.0 / double(dotLength);
}

double Cost::macsPerCycle() const {
  if (!unit)
    return cpu.getF32Macs();
  for (auto rate : cpu.getUnits().getAsRange<target::UnitRateAttr>())
    if (stringifyUnit(rate.getUnit()) == unit->device) {
      // A product of parts is all pairs of them but those too small to count.
      int64_t numProducts = unit->numParts * (unit->numParts + 1) / 2;
      return double(rate.getMacsPerCycle()) / double(numProducts);
    }
  return cpu.getF32Macs(); // emulated
}

/// A block of vectors streams its panel, and its few rows stay in L1; tiles
/// read the panel for each 32 rows anew. The parts of split numbers are read
/// beside six products.
double Cost::readingCycles() const {
  constexpr int64_t kRowsOfStep = 32;
  double rowBytes = double(sizes.depth) * elementBytes;
  double panelBytes = double(columns) * rowBytes;
  bool isInL1 = panelBytes <= double(cpu.cache(1).getSizeBytes()) * 3 / 4;
  if (!unit || !unit->isOfTiles)
    return panelBytes / (isInL1 ? kL1Rate : kL2Rate);
  if (unit->numParts > 1)
    return 0;
  double numSteps = double(llvm::divideCeil(rows, kRowsOfStep));
  return double(rows) * rowBytes / kL2Rate + numSteps * panelBytes / kL1Rate;
}

double Cost::cyclesOfContraction(unsigned numThreads) const {
  double depth = double(sizes.depth), sums = double(rows * columns);
  bool isSplit = unit && unit->numParts > 1;
  double products = sums * depth / macsPerCycle();
  if (isSplit)
    products *= 1 + kSplitColumns / double(columns);
  double blocks =
      shareOf(double(sizes.batch * numRows * numColumns), numThreads);
  double work =
      blocks * (std::max(products, readingCycles()) + sums * kSumCycles);
  double weightBytes =
      double(sizes.batch * sizes.columns) * depth * elementBytes;
  return std::max(work, weightBytes / kL3Rate / numThreads);
}

double Cost::cyclesOfAttention(unsigned numThreads) const {
  bool isOfTiles = unit && unit->isOfTiles;
  int64_t queries = schedule.contains("lanes") ? numberOf("BM", 1) : rows;
  double scores = double(queries * numColumns * columns);
  double products = 2 * scores * double(sizes.depth) / macsPerCycle();
  double block =
      products + scores * (isOfTiles ? kTileScoreCycles : kScoreCycles);
  double keyBytes = 2.0 * double(sizes.columns * sizes.depth) * elementBytes;
  block = std::max(block, keyBytes / kL3Rate);
  return shareOf(double(sizes.batch * numRows), numThreads) * block;
}

} // namespace

double predictedSeconds(tile::KernelOp kernel, DictionaryAttr schedule,
                        const ProductSizes &sizes, target::CpuAttr cpu,
                        unsigned numThreads) {
  Cost cost(kernel, schedule, sizes, cpu);
  double cycles = schedule.contains("BK") ? cost.cyclesOfContraction(numThreads)
                                          : cost.cyclesOfAttention(numThreads);
  return cycles / (double(cpu.getClockMhz()) * 1e6);
}

} // namespace tenon
