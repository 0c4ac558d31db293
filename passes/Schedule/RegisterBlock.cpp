//===- RegisterBlock.cpp - the block of a product that lies in registers --===//

#include "passes/Schedule/RegisterBlock.h"

#include <algorithm>

namespace tenon {

/// 8 rows of a matrix whose rows are 4 KiB apart still fit the 8 ways of a set
/// of L1.
static constexpr int64_t kMostRows = 8;
static constexpr int64_t kMostVectors = 4;
/// Cycles from a multiply-add to the next one on the same sum.
static constexpr double kLatency = 4;
static constexpr double kLoadsPerCycle = 2;
/// The part of the loads' time that the multiply-adds do not hide. Measured on
/// Sapphire Rapids, where 6 x 4 is 2 % faster than 8 x 3.
static constexpr double kShownLoads = 0.4;
/// Of blocks as good as this the one with more rows is taken: it is the better
/// one for few rows.
static constexpr double kAsGood = 1.01;

/// Cycles of one step of a block.
static double cyclesPerStep(const ScheduleMachine &machine,
                            const RegisterBlock &block) {
  double fmas =
      double(block.rows * block.vectors * machine.lanes()) / machine.f32Macs;
  double loads = (block.rows + block.vectors) / kLoadsPerCycle;
  return std::max({fmas, loads, kLatency}) + kShownLoads * loads;
}

/// Cycles for each vector of sums of one step: of blocks, and of the one with
/// the rows that are left.
static double cyclesPerVector(const ScheduleMachine &machine,
                              const RegisterBlock &block,
                              std::optional<int64_t> rows) {
  int64_t allRows = rows && *rows > 0 ? *rows : block.rows;
  int64_t numBlocks = allRows / block.rows, left = allRows % block.rows;
  double cycles = double(numBlocks) * cyclesPerStep(machine, block);
  if (left)
    cycles += cyclesPerStep(machine, {left, block.vectors});
  return cycles / double(allRows * block.vectors);
}

RegisterBlock chooseRegisterBlock(const ScheduleMachine &machine,
                                  std::optional<int64_t> rows,
                                  std::optional<int64_t> columns) {
  RegisterBlock best = {1, 1};
  double least = 0;
  for (int64_t vectors = kMostVectors; vectors > 0; --vectors) {
    // Beside the sums, a vector of each column and one element.
    int64_t most =
        std::min(kMostRows, (machine.numVectors - 1 - vectors) / vectors);
    if (most < 1)
      continue;
    RegisterBlock block = {most, vectors};
    double cycles = cyclesPerVector(machine, block, rows);
    if (columns && *columns > 0) {
      int64_t width = vectors * machine.lanes();
      int64_t padded = (*columns + width - 1) / width * width;
      cycles *= double(padded) / double(*columns);
    }
    bool isAsGood = cycles <= least * kAsGood && most > best.rows;
    if (least == 0 || cycles * kAsGood < least || isAsGood) {
      best = block;
      least = cycles;
    }
  }
  return best;
}

} // namespace tenon
