//===- KernelWindows.cpp - a kernel's views as windows on memory ----------===//

#include "compiler/Emit/Cuda/KernelText.h"

#include "dialects/Tile/Offsets.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

#include <numeric>

using namespace mlir;
using llvm::formatv;

namespace tenon::cuda {

/// Of divisors: more is never asked for.
static constexpr int64_t kMostDivisor = 64;

static std::optional<int64_t> constantOf(Value value) {
  IntegerAttr constant;
  if (matchPattern(value, m_Constant(&constant)))
    return constant.getInt();
  return std::nullopt;
}

int64_t KernelText::divisorOf(Value value) {
  if (std::optional<int64_t> constant = constantOf(value))
    return std::gcd(*constant, kMostDivisor);
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    return loop ? std::gcd(divisorOf(loop.getLowerBound()),
                           divisorOf(loop.getStep()))
                : 1;
  }
  Operation *op = value.getDefiningOp();
  if (auto grid = dyn_cast<tile::GridOp>(op)) {
    unsigned axis = cast<OpResult>(value).getResultNumber();
    return std::gcd(cast<IntegerAttr>(grid.getBlocks()[axis]).getInt(),
                    kMostDivisor);
  }
  auto both = [&](auto combine) {
    return combine(divisorOf(op->getOperand(0)), divisorOf(op->getOperand(1)));
  };
  if (isa<arith::AddIOp, arith::SubIOp, arith::MinSIOp, arith::MaxSIOp>(op))
    return both([](int64_t x, int64_t y) { return std::gcd(x, y); });
  if (isa<arith::MulIOp>(op))
    return both(
        [](int64_t x, int64_t y) { return std::gcd(x * y, kMostDivisor); });
  return 1;
}

/// What the number is at most, if that is known.
static std::optional<int64_t> mostOf(Value value) {
  if (auto least = value.getDefiningOp<arith::MinSIOp>()) {
    std::optional<int64_t> x = mostOf(least.getLhs()),
                           y = mostOf(least.getRhs());
    return x && y ? std::min(*x, *y) : x ? x : y;
  }
  return constantOf(value);
}

/// Whether all of an axis' coordinates are in the view.
bool KernelText::isInside(Value offset, Value size, int64_t extent) {
  std::optional<int64_t> all = constantOf(size);
  if (!all)
    return false;
  if (std::optional<int64_t> first = constantOf(offset))
    return *first >= 0 && *first + extent <= *all;
  if (auto grid = offset.getDefiningOp<tile::GridOp>()) {
    unsigned axis = cast<OpResult>(offset).getResultNumber();
    int64_t block = cast<IntegerAttr>(grid.getBlocks()[axis]).getInt();
    std::optional<int64_t> of = constantOf(grid.getSizes()[axis]);
    return of && *of <= *all &&
           (extent == 1 || (extent <= block && *of % block == 0));
  }
  if (auto argument = dyn_cast<BlockArgument>(offset))
    if (auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp())) {
      std::optional<int64_t> from = constantOf(loop.getLowerBound()),
                             to = mostOf(loop.getUpperBound()),
                             step = constantOf(loop.getStep());
      return from == 0 && to && step && *to <= *all && *to % *step == 0 &&
             extent <= *step;
    }
  return false;
}

//===----------------------------------------------------------------------===//
// Strides and offsets
//===----------------------------------------------------------------------===//

SmallVector<int64_t> KernelText::dimOrder(tile::ViewOp view) {
  if (tile::LayoutAttr layout = view.getType().getLayout())
    return layout.getDimOrder();
  return llvm::to_vector(llvm::seq<int64_t>(0, view.getType().getRank()));
}

int64_t KernelText::fastDim(tile::ViewOp view) {
  SmallVector<int64_t> order = dimOrder(view);
  return order.empty() ? -1 : order.back();
}

/// The sizes of the dims that are walked faster.
SmallVector<Value> KernelText::sizesBehind(tile::ViewOp view, int64_t dim) {
  SmallVector<Value> sizes;
  SmallVector<int64_t> dims = dimOrder(view);
  for (int64_t other : llvm::reverse(dims)) {
    if (other == dim)
      break;
    sizes.push_back(view.getSizes()[other]);
  }
  return sizes;
}

/// Elements from one to the next along the dim.
std::string KernelText::strideText(tile::ViewOp view, int64_t dim) {
  int64_t known = 1;
  std::string open;
  for (Value size : sizesBehind(view, dim)) {
    if (std::optional<int64_t> constant = constantOf(size))
      known *= *constant;
    else
      open += (open.empty() ? "" : " * ") + number(size);
  }
  if (open.empty())
    return "Fixed<" + std::to_string(known) + ">()";
  return "Open{" + open + (known == 1 ? "" : " * " + std::to_string(known)) +
         "}";
}

int64_t KernelText::strideDivisor(tile::ViewOp view, int64_t dim) {
  int64_t divisor = 1;
  for (Value size : sizesBehind(view, dim))
    divisor = std::gcd(divisor * divisorOf(size), kMostDivisor);
  return divisor;
}

/// Elements before the tile's first one, as Horner's scheme has it.
std::string KernelText::offsetText(const Access &access) {
  std::string text;
  tile::ViewOp view = access.view;
  for (int64_t dim : dimOrder(view)) {
    Value offset = access.offsets[dim];
    std::string size = number(view.getSizes()[dim]);
    if (!text.empty() && size != "1")
      text =
          formatv(StringRef(text).contains(' ') ? "({0}) * {1}" : "{0} * {1}",
                  text, size);
    std::string at = dim == access.otherDim ? "0" : number(offset);
    bool isSliced = dim == access.slicedDim;
    if (at != "0")
      text += (text.empty() ? "" : " + ") + at;
    if (isSliced)
      text += (text.empty() ? "" : " + ") + access.sliceTurn;
  }
  return text;
}

std::string KernelText::boundText(Value offset, Value size, int64_t extent,
                                  bool isPadded) {
  if (isInside(offset, size, extent))
    return isPadded ? "Below(" + std::to_string(extent) + ")" : "All()";
  std::string first = number(offset);
  std::string end = number(size) + (first == "0" ? "" : " - " + first);
  // Behind the tile there may be more of the view.
  if (isPadded)
    end = formatv("smallest<i64>({0}, {1})", end, extent);
  if (tile::isKnownNonNegative(offset))
    return "Below(" + end + ")";
  return "Within(-" + first + ", " + end + ")";
}

/// Nothing is there where the tile's one element along another dim is outside.
std::string KernelText::boundOfRows(const Access &access) {
  tile::ViewOp view = access.view;
  std::string bound = "All()";
  if (access.rowDim >= 0)
    bound =
        boundText(access.offsets[access.rowDim], view.getSizes()[access.rowDim],
                  access.rows, access.padsRows);
  std::string isThere;
  auto addCheck = [&](int64_t dim, const std::string &at) {
    isThere += (isThere.empty() ? "" : " && ") + at + " < " +
               number(view.getSizes()[dim]);
    if (!tile::isKnownNonNegative(access.offsets[dim]))
      isThere += " && " + at + " >= 0";
  };
  for (int64_t dim : access.pointDims)
    if (!isInside(access.offsets[dim], view.getSizes()[dim], 1))
      addCheck(dim, number(access.offsets[dim]));
  if (int64_t dim = access.slicedDim; dim >= 0)
    addCheck(dim, number(access.offsets[dim]) + " + " + access.sliceTurn);
  return isThere.empty() ? bound : "onlyIf(" + isThere + ", " + bound + ")";
}

std::string KernelText::windowText(const Access &access) {
  tile::ViewOp view = access.view;
  auto stride = [&](int64_t dim) {
    return dim < 0 ? std::string("Fixed<0>()") : strideText(view, dim);
  };
  std::string columns = "All()";
  if (int64_t dim = access.columnDim; dim >= 0)
    columns = boundText(access.offsets[dim], view.getSizes()[dim],
                        access.columns, access.padsColumns);
  std::string offset = offsetText(access);
  auto buffer = cast<BlockArgument>(view.getBuffer());
  return formatv(view.getType().getElementType().isInteger(4)
                     ? "Window{{Nibbles{{buffer{0}}{1}, {2}, {3}, {4}, {5}}"
                     : "Window{{buffer{0}{1}, {2}, {3}, {4}, {5}}",
                 buffer.getArgNumber(), offset.empty() ? "" : " + " + offset,
                 stride(access.rowDim), stride(access.columnDim),
                 boundOfRows(access), columns);
}

int64_t KernelText::neighboursOf(const Access &access) {
  constexpr int64_t kFewest = 8, kBits = 128; // that a thread reads at once
  tile::ViewOp view = access.view;
  int64_t last = fastDim(view);
  int64_t most = std::max<int64_t>(
      kFewest, kBits / view.getType().getElementType().getIntOrFloatBitWidth());
  bool isRows = access.rowDim == last;
  if (last < 0 || (!isRows && access.columnDim != last) ||
      access.slicedDim == last)
    return 1;
  int64_t extent = isRows ? access.rows : access.columns;
  int64_t divisor = std::gcd(most, extent);
  Value offset = access.offsets[last], size = view.getSizes()[last];
  divisor = std::gcd(divisor, divisorOf(offset));
  if (!isInside(offset, size, extent))
    divisor = std::gcd(divisor, divisorOf(size));
  // What is added along all other dims.
  SmallVector<int64_t> dims = dimOrder(view);
  for (int64_t dim : ArrayRef(dims).drop_back())
    if (!matchPattern(access.offsets[dim], m_Zero()) || dim == access.rowDim ||
        dim == access.columnDim || dim == access.otherDim ||
        dim == access.slicedDim)
      divisor = std::gcd(divisor, strideDivisor(view, dim));
  return divisor;
}

KernelText::Access KernelText::exchanged(Access access) {
  std::swap(access.rowDim, access.columnDim);
  std::swap(access.rows, access.columns);
  std::swap(access.padsRows, access.padsColumns);
  return access;
}

} // namespace tenon::cuda
