//===- KernelRings.cpp - loops whose copies have a warpgroup of their own -===//
//
// Where all that a loop of products copies are boxes of tensors, one thread
// asks for them by tensor maps, which the launch makes. The block then has two
// roles: those who copy leave before the first tile is printed.
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/Cuda/KernelText.h"

#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace tenon::cuda {

static std::optional<int64_t> constantOf(Value value) {
  IntegerAttr constant;
  if (matchPattern(value, m_Constant(&constant)))
    return constant.getInt();
  return std::nullopt;
}

/// What a launch knows: a constant or a scalar that it passes.
std::optional<abi::TensorMapSize> KernelText::sizeOf(Value size) {
  if (std::optional<int64_t> constant = constantOf(size))
    return abi::TensorMapSize{.constant = *constant};
  for (auto [number, scalar] : llvm::enumerate(kernel.getScalars()))
    if (scalar == size)
      return abi::TensorMapSize{.scalar = static_cast<uint32_t>(number)};
  return std::nullopt;
}

/// Whether the zeros that a product needs behind what it contracts are those
/// that lie outside of the view.
bool KernelText::isPaddedByView(const Side &side) {
  const Access &access = *side.copied;
  tile::ViewOp view = access.view;
  // A left side that lies transposed contracts its rows, as others do not.
  bool rowsAreDeep = side.isLeft == side.isTransposed;
  int64_t dim = rowsAreDeep ? access.rowDim : access.columnDim;
  int64_t extent = rowsAreDeep ? access.rows : access.columns;
  if (extent == (rowsAreDeep ? side.rows : side.columns))
    return true;
  return matchPattern(access.offsets[dim], m_Zero()) &&
         constantOf(view.getSizes()[dim]) == extent;
}

/// Equal maps are one.
std::string KernelText::mapName(abi::TensorMap map) {
  auto found = llvm::find(tensorMaps, map);
  size_t number = found - tensorMaps.begin();
  if (found == tensorMaps.end())
    tensorMaps.push_back(std::move(map));
  return "map" + std::to_string(number);
}

/// Nothing where the copy is no box: CUDA Driver API, cuTensorMapEncodeTiled.
std::optional<KernelText::BoxCopy> KernelText::boxCopy(const Side &side) {
  constexpr int64_t kBits = 128, kMostRows = 256, kPanelBits = 1024;
  constexpr size_t kFewestDims = 2, kMostDims = 5;
  const Access &access = *side.copied;
  tile::ViewOp view = access.view;
  SmallVector<int64_t> order = dimOrder(view);
  int64_t last = fastDim(view);
  Type element = cast<tile::TileType>(side.tile.getType()).getElementType();
  int64_t elementBits = element.getIntOrFloatBitWidth();
  if (access.columnDim != last || access.rowDim < 0 || side.rows > kMostRows ||
      !isPaddedByView(side))
    return std::nullopt;
  BoxCopy copy;
  abi::TensorMap map;
  map.buffer = cast<BlockArgument>(view.getBuffer()).getArgNumber();
  map.elementBytes = elementBits / 8;
  for (int64_t dim : llvm::reverse(order)) {
    std::optional<abi::TensorMapSize> size = sizeOf(view.getSizes()[dim]);
    bool isStrided = dim != last;
    if (!size || (isStrided && strideDivisor(view, dim) * elementBits % kBits))
      return std::nullopt;
    bool isOne = size->constant == 1 && dim != access.rowDim;
    if (isStrided && isOne)
      continue;
    map.sizes.push_back(*size);
    map.box.push_back(dim == last
                          ? std::min(side.columns, kPanelBits / elementBits)
                      : dim == access.rowDim ? side.rows
                                             : 1);
    copy.at.push_back(access.offsets[dim]);
  }
  if (map.sizes.size() < kFewestDims || map.sizes.size() > kMostDims)
    return std::nullopt;
  copy.map = std::move(map);
  return copy;
}

/// The loop of the kernel, if there is no other and all that it copies are
/// boxes.
void KernelText::planRing() {
  auto loops = entry().getOps<scf::ForOp>();
  if (!llvm::hasSingleElement(loops))
    return;
  RingPlan plan;
  plan.loop = *loops.begin();
  plan.sides = sidesCopiedIn(plan.loop);
  for (const Side &side : plan.sides) {
    std::optional<BoxCopy> copy = boxCopy(side);
    if (!copy)
      return;
    plan.copies.push_back(*copy);
  }
  if (plan.sides.empty())
    return;
  if (auto blocks = kernel.getScheduleAttr().getAs<IntegerAttr>("cluster"))
    planCluster(plan, blocks.getInt());
  ring = std::move(plan);
}

/// Whether the number follows from where the instance stands on the axis.
static bool followsFrom(Value number, Value axis) {
  if (number == axis)
    return true;
  Operation *op = number.getDefiningOp();
  return op && !isa<tile::GridOp>(op) &&
         llvm::any_of(op->getOperands(), [&](Value operand) {
           return followsFrom(operand, axis);
         });
}

/// Blocks that differ in one axis of the grid share the larger side that is the
/// same for them: each copies some of its rows to all.
void KernelText::planCluster(RingPlan &plan, int64_t numBlocks) {
  constexpr int64_t kPeriod = 8; // of rows whose groups are exchanged
  tile::GridOp grid = kernel.getGrid();
  for (auto [axis, size] : llvm::enumerate(grid.getSizes())) {
    int64_t block = cast<IntegerAttr>(grid.getBlocks()[axis]).getInt();
    std::optional<int64_t> all = constantOf(size);
    if (!all || llvm::divideCeil(*all, block) % numBlocks)
      continue;
    for (auto [n, copy] : llvm::enumerate(plan.copies)) {
      bool isSame = llvm::none_of(copy.at, [&](Value at) {
        return followsFrom(at, grid.getResult(axis));
      });
      const Side &side = plan.sides[n];
      bool hasRows = side.rows % (numBlocks * kPeriod) == 0;
      bool isLargest =
          !plan.shared || side.bytes > plan.sides[*plan.shared].bytes;
      if (isSame && hasRows && isLargest && copy.at.size() == 2) {
        clusterBlocks = numBlocks;
        clusterAxis = axis;
        plan.shared = n;
      }
    }
  }
  if (plan.shared)
    plan.copies[*plan.shared].map.box.back() /= numBlocks;
}

void KernelText::printRing() {
  RingPlan &plan = *ring;
  plan.turns = openTurns(plan.loop, plan.sides);
  // Numbers of the kernel's are printed before those who copy leave it.
  open(plan.loop.getBody());
  int64_t bytes = 0;
  for (auto [n, side] : llvm::enumerate(plan.sides)) {
    const BoxCopy &copy = plan.copies[n];
    std::string at;
    for (Value offset : copy.at)
      at += ", " + number(offset);
    std::string function =
        plan.shared == n ? formatv("copyTensorToAll<{0}>", clusterBlocks).str()
                         : "copyTensor";
    line(*scopes.back(), formatv("{0}({1}, {2}, barrier{3});", function,
                                 staged[side.tile], mapName(copy.map), at));
    bytes += side.bytes;
  }
  std::string copyHalf = close();
  Scope &scope = *scopes.back();
  constexpr int64_t kBarrierBytes = 16;
  std::string blocks =
      clusterBlocks > 1 ? ", " + std::to_string(clusterBlocks) : "";
  line(scope, formatv("Ring<W, {0}{1}> ring({2});", numStages, blocks,
                      allocate(kBarrierBytes * numStages)));
  line(scope, "if (ring.copies())");
  line(scope,
       formatv("  return ring.produce({0}, {1}, [&](i64 {2}, int stage, u32 "
               "barrier) {{",
               plan.turns.range, bytes, plan.turns.at));
  // Two columns further to the right: they belong to the condition.
  for (StringRef text : llvm::split(StringRef(copyHalf).rtrim(), '\n'))
    scope.text += "  " + text.str() + "\n";
  line(scope, "  });");
}

void KernelText::printConsumer(scf::ForOp loop) {
  Scope &outer = *scopes.back();
  std::string useHalf = usesText(loop);
  // A turn that only multiplies is short.
  bool isShort = size_t(llvm::count(useHalf, '\n')) ==
                 llvm::range_size(loop.getBody()->getOps<tile::MmaOp>());
  line(outer, formatv("ring.consume{0}({1}, [&](i64 {2}, int stage) {{",
                      isShort ? formatv("<{0}>", numStages).str() : "",
                      ring->turns.range, ring->turns.at));
  outer.text += useHalf;
  line(outer, "});");
}

} // namespace tenon::cuda
