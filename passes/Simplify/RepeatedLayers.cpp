//===- RepeatedLayers.cpp - where a function repeats a layer --------------===//
//
// 1. Give each op a number; equal numbers are ops of equal name, attributes and
//    types.
// 2. For each period p find the runs of places whose numbers return p places
//    later. Take those that spare the most ops first.
// 3. Within a run, for each place where a layer may begin: keep the repetitions
//    that read alike, which numbers do not say, and see what leaves a layer.
//
//===----------------------------------------------------------------------===//

#include "passes/Simplify/RepeatedLayers.h"

#include "passes/Analysis/KnownValues.h"

#include "dialects/Graph/GraphDialect.h"

#include "mlir/IR/OperationSupport.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

namespace tenon {

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

static KernelClass classOf(Operation *op) {
  auto tiled = dyn_cast<TileOpInterface>(op);
  return tiled ? tiled.getKernelClass() : KernelClass::None;
}

/// The ops that weights have part in.
static DenseSet<Operation *> readersOfWeights(Block &block) {
  DenseSet<Operation *> readers;
  for (Operation &op : block)
    if (isa<graph::WeightOp>(op) ||
        llvm::any_of(op.getOperands(), [&](Value operand) {
          return readers.contains(operand.getDefiningOp());
        }))
      readers.insert(&op);
  return readers;
}

OrderedOps::OrderedOps(Block &block) : stored(getStoredExpressions(block)) {
  DenseSet<Operation *> weighted = readersOfWeights(block);
  for (Operation &op : block.without_terminator()) {
    SmallPtrSet<Operation *, 4> users(op.user_begin(), op.user_end());
    if (users.size() > 1 && !weighted.contains(&op))
      add(&op);
  }
  for (Value result : block.getTerminator()->getOperands())
    if (Operation *op = result.getDefiningOp())
      add(op);
  for (Operation &op : block.without_terminator())
    add(&op); // a call whose results nobody reads
}

void OrderedOps::add(Operation *root) {
  // Each op with the number of its operands that are done; deep graphs would
  // overflow the stack of a recursion.
  SmallVector<std::pair<Operation *, unsigned>> open = {{root, 0}};
  while (!open.empty()) {
    auto &[op, next] = open.back();
    if (isFree(op) || stored.contains(op) || places.contains(op)) {
      open.pop_back();
    } else if (next < op->getNumOperands()) {
      if (Operation *made = op->getOperand(next++).getDefiningOp())
        open.push_back({made, 0});
    } else {
      places[op] = order.size();
      order.push_back(op);
      open.pop_back();
    }
  }
}

std::optional<unsigned> OrderedOps::placeOf(Operation *op) const {
  auto found = places.find(op);
  return found == places.end() ? std::nullopt : std::optional(found->second);
}

bool OrderedOps::isStored(Value value) const {
  return stored.contains(value.getDefiningOp());
}

void OrderedOps::apply() {
  for (Operation *op : order)
    op->moveBefore(op->getBlock()->getTerminator());
}

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

namespace {

constexpr auto kRemark =
    remark::RemarkOpts::name("outline-repeated-layers").category("Simplify");

bool haveEqualForm(Operation *a, Operation *b) {
  return llvm::equal(a->getOperandTypes(), b->getOperandTypes()) &&
         OperationEquivalence::isEquivalentTo(
             a, b, OperationEquivalence::ignoreValueEquivalence, nullptr,
             OperationEquivalence::IgnoreLocations);
}

/// A number for each op; equal ones are of equal form. Calls equal nothing, so
/// that what is a layer already is not found again.
SmallVector<unsigned> formsOf(ArrayRef<Operation *> ops) {
  SmallVector<unsigned> forms;
  llvm::DenseMap<llvm::hash_code, SmallVector<unsigned>> placesOfHash;
  for (auto [place, op] : llvm::enumerate(ops)) {
    forms.push_back(place);
    if (!isa<TileOpInterface>(op))
      continue;
    llvm::hash_code hash = OperationEquivalence::computeHash(
        op, OperationEquivalence::ignoreHashValue,
        OperationEquivalence::ignoreHashValue,
        OperationEquivalence::IgnoreLocations);
    SmallVector<unsigned> &others = placesOfHash[hash];
    auto equal = llvm::find_if(
        others, [&](unsigned other) { return haveEqualForm(ops[other], op); });
    if (equal == others.end())
      others.push_back(place);
    else
      forms.back() = *equal;
  }
  return forms;
}

/// `length` places from `first` on whose forms return after `period`.
struct Run {
  unsigned first, length, period;
  unsigned numSpared() const { return (length / period - 1) * period; }
};

/// All runs of two periods or more; first those that spare the most ops, then
/// those of the shortest period.
SmallVector<Run> findRuns(ArrayRef<unsigned> forms) {
  SmallVector<Run> runs;
  for (unsigned period = 1; period <= forms.size() / 2; ++period)
    for (unsigned first = 0, end; first + period < forms.size();
         first = end + 1) {
      for (end = first;
           end + period < forms.size() && forms[end] == forms[end + period];)
        ++end;
      if (end - first >= period)
        runs.push_back({first, end - first + period, period});
    }
  llvm::sort(runs, [](const Run &a, const Run &b) {
    return std::tuple(b.numSpared(), a.period, a.first) <
           std::tuple(a.numSpared(), b.period, b.first);
  });
  return runs;
}

} // namespace

bool areFreeAndEqual(ArrayRef<Value> values) {
  Operation *first = values[0].getDefiningOp();
  return llvm::all_of(values, [&](Value value) {
    Operation *op = value.getDefiningOp();
    return isFree(op) && haveEqualForm(first, op);
  });
}

namespace {

//===----------------------------------------------------------------------===//
// Layers of a run
//===----------------------------------------------------------------------===//

class LayerFinder {
public:
  explicit LayerFinder(const OrderedOps &order) : order(order) {}

  std::optional<RepeatedLayer> find(const Run &run);
  /// An op that does not read as the one a period before, if there was one.
  Operation *difference() const { return different; }

private:
  /// The place in the repetition that begins at `first`; nothing outside.
  std::optional<unsigned> placeIn(Operation *op, unsigned first,
                                  unsigned period) const {
    std::optional<unsigned> place = order.placeOf(op);
    if (!place || *place < first || *place >= first + period)
      return std::nullopt;
    return *place - first;
  }
  /// Whether an argument can bring these values into two layers: what is free
  /// stands in the layer, but for numbers, which lie in the artifact too.
  bool isGiven(Value a, Value b) const {
    bool isFreeAlone = isFree(a.getDefiningOp()) || isFree(b.getDefiningOp());
    return a == b || !isFreeAlone ||
           (order.isStored(a) && order.isStored(b) &&
            a.getType() == b.getType());
  }
  bool readAlike(unsigned first, unsigned period);
  RepeatedLayer longest(unsigned first, unsigned period, unsigned count);
  void collectResults(RepeatedLayer &layer) const;
  bool handsOnWhatLiesInMemory(const RepeatedLayer &layer) const;
  bool knowsItsSymbols(const RepeatedLayer &layer) const;

  const OrderedOps &order;
  Operation *different = nullptr;
};

/// Whether the repetition at `first` and the next one read their own values at
/// the same places. What comes from outside is an argument, so it may differ.
bool LayerFinder::readAlike(unsigned first, unsigned period) {
  for (unsigned i = first; i < first + period; ++i) {
    Operation *a = order.ops()[i], *b = order.ops()[i + period];
    for (auto [x, y] : llvm::zip_equal(a->getOperands(), b->getOperands())) {
      auto inA = placeIn(x.getDefiningOp(), first, period);
      auto inB = placeIn(y.getDefiningOp(), first + period, period);
      bool isSameResult = !inA || !inB ||
                          cast<OpResult>(x).getResultNumber() ==
                              cast<OpResult>(y).getResultNumber();
      if (inA == inB && isSameResult &&
          (isGiven(x, y) || areFreeAndEqual({x, y})))
        continue;
      different = b;
      return false;
    }
  }
  return true;
}

/// The most repetitions in a row that read alike, of `count` from `first` on.
RepeatedLayer LayerFinder::longest(unsigned first, unsigned period,
                                   unsigned count) {
  RepeatedLayer best, open{first, period, 1, {}};
  for (unsigned i = 1; i <= count; ++i) {
    if (open.count > best.count)
      best = open;
    if (i == count)
      break;
    if (readAlike(first + (i - 1) * period, period))
      ++open.count;
    else
      open = {first + i * period, period, 1, {}};
  }
  return best;
}

void LayerFinder::collectResults(RepeatedLayer &layer) const {
  for (unsigned i = 0; i < layer.numOps; ++i) {
    unsigned numResults = order.ops()[layer.first + i]->getNumResults();
    for (unsigned r = 0; r < numResults; ++r)
      for (unsigned k = 0; k < layer.count; ++k) {
        unsigned first = layer.first + k * layer.numOps;
        Value value = order.ops()[first + i]->getResult(r);
        if (llvm::all_of(value.getUsers(), [&](Operation *user) {
              return placeIn(user, first, layer.numOps).has_value();
            }))
          continue;
        layer.results.push_back({i, r});
        break;
      }
  }
}

/// Whether no kernel is cut in two: each result that another layer reads is
/// made by an op that computes, and read by several ops or by one that takes no
/// part in the kernel of its operand.
bool LayerFinder::handsOnWhatLiesInMemory(const RepeatedLayer &layer) const {
  for (auto [place, number] : layer.results)
    for (unsigned k = 0; k + 1 < layer.count; ++k) {
      Value value = layer.repetition(order, k)[place]->getResult(number);
      SmallPtrSet<Operation *, 4> users(value.user_begin(), value.user_end());
      if (classOf(value.getDefiningOp()) == KernelClass::View ||
          (users.size() == 1 &&
           classOf(*users.begin()) != KernelClass::Contraction))
        return false;
    }
  return true;
}

/// Whether each symbol is a dim of an argument by itself, from which the callee
/// gets its value.
bool LayerFinder::knowsItsSymbols(const RepeatedLayer &layer) const {
  llvm::SetVector<StringAttr> used;
  llvm::DenseSet<StringAttr> bound;
  auto collect = [&](graph::DimAttr dim) { dim.collectSymbols(used); };
  for (Operation *op : layer.repetition(order, 0)) {
    op->getAttrDictionary().walk(collect);
    for (Type type : op->getResultTypes())
      type.walk(collect);
    for (Value operand : op->getOperands()) {
      if (placeIn(operand.getDefiningOp(), layer.first, layer.numOps) ||
          isFree(operand.getDefiningOp()))
        continue;
      for (graph::DimAttr dim :
           graph::getDims(cast<RankedTensorType>(operand.getType()))) {
        llvm::SetVector<StringAttr> symbols;
        dim.collectSymbols(symbols);
        if (symbols.size() == 1 &&
            dim == graph::DimAttr::getSymbol(dim.getContext(), symbols[0]))
          bound.insert(symbols[0]);
      }
    }
  }
  return llvm::all_of(used, [&](StringAttr s) { return bound.contains(s); });
}

std::optional<RepeatedLayer> LayerFinder::find(const Run &run) {
  std::optional<RepeatedLayer> best;
  for (unsigned shift = 0; shift < run.period; ++shift) {
    unsigned count = (run.length - shift) / run.period;
    RepeatedLayer layer = longest(run.first + shift, run.period, count);
    if (layer.count < 2 || (best && layer.count < best->count))
      continue;
    collectResults(layer);
    bool isBetter = !best || layer.count > best->count ||
                    layer.results.size() < best->results.size();
    if (isBetter && handsOnWhatLiesInMemory(layer) && knowsItsSymbols(layer))
      best = layer;
  }
  return best;
}

} // namespace

std::optional<RepeatedLayer> findRepeatedLayer(const OrderedOps &order) {
  for (const Run &run : findRuns(formsOf(order.ops()))) {
    auto ops = order.ops().slice(run.first, run.period);
    if (llvm::none_of(ops, [](Operation *op) {
          return classOf(op) == KernelClass::Contraction;
        }))
      continue;
    LayerFinder finder(order);
    std::optional<RepeatedLayer> layer = finder.find(run);
    if (layer)
      return layer;
    if (Operation *op = finder.difference())
      remark::missed(op->getLoc(), kRemark)
          << "reads other values than the op at its place in the layer before";
  }
  return std::nullopt;
}

} // namespace tenon
