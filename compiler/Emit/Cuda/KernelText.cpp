//===- KernelText.cpp - a scheduled kernel as CUDA C++ --------------------===//

#include "compiler/Emit/Cuda/KernelText.h"

#include "compiler/Emit/Cuda/ScalarText.h"

#include "dialects/Tile/Products.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

#include <numeric>

using namespace mlir;
using llvm::formatv;

namespace tenon::cuda {

KernelText::KernelText(tile::KernelOp kernel)
    : kernel(kernel), unitBytes(tile::unitBytes(kernel)) {
  DictionaryAttr schedule = kernel.getScheduleAttr();
  if (auto warps = schedule.getAs<DenseI64ArrayAttr>("warps")) {
    warpRows = warps[0];
    warpColumns = warps[1];
  }
  if (auto stages = schedule.getAs<IntegerAttr>("stages"))
    numStages = stages.getInt();
  auto unit = schedule.getAs<StringAttr>("unit");
  usesUnit = unit != nullptr;
  usesGroups = unit && unit == "wgmma";
}

std::string KernelText::fail(Operation *op, const Twine &reason) {
  if (!hasFailed)
    op->emitOpError("cannot be printed for a GPU: ") << reason;
  hasFailed = true;
  return "";
}

//===----------------------------------------------------------------------===//
// Scopes
//===----------------------------------------------------------------------===//

KernelText::Scope &KernelText::scopeOf(Value value) {
  Block *block = value.getParentBlock();
  // What a map of numbers computes is computed where it stands.
  if (auto map = dyn_cast<tile::MapOp>(block->getParentOp()))
    block = map->getBlock();
  for (auto &scope : llvm::reverse(scopes))
    if (scope->block == block)
      return *scope;
  return *scopes.back();
}

KernelText::Scope &KernelText::open(Block *block) {
  scopes.push_back(std::make_unique<Scope>(block));
  return *scopes.back();
}

std::string KernelText::close() {
  std::string text = std::move(scopes.back()->text);
  scopes.pop_back();
  return text;
}

void KernelText::line(Scope &scope, const Twine &text) {
  size_t depth = 1;
  for (auto &open : scopes) {
    if (open.get() == &scope)
      break;
    ++depth;
  }
  scope.text += std::string(2 * depth, ' ') + text.str() + "\n";
}

std::string KernelText::newName(StringRef prefix) {
  return (prefix + Twine(numNames++)).str();
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

/// An index, or another scalar of the kernel.
std::string KernelText::number(Value value) {
  Attribute constant;
  if (matchPattern(value, m_Constant(&constant)))
    return constantText(cast<TypedAttr>(constant));
  if (auto found = numbers.find(value); found != numbers.end())
    return found->second;
  Scope &scope = scopeOf(value);
  if (std::string name = scope.nameOf(value, ""); !name.empty())
    return name;
  Operation *op = value.getDefiningOp();
  std::string text =
      op ? scalarText(*op, [&](Value operand) { return number(operand); }) : "";
  if (text.empty())
    return fail(op ? op : kernel.getOperation(), "a number without a text");
  if (isPartOfUser(value, text))
    return typedText(*op, text);
  std::string result = newName("i");
  line(scope, "const " + scalarType(value.getType()) + " " + result + " = " +
                  withoutParentheses(text) + ";");
  return scope.nameOf(value, "") = result;
}

/// Where the block's instance stands on each axis of the grid, the last one
/// fastest.
void KernelText::printInstance() {
  Scope &scope = *scopes.back();
  tile::GridOp grid = kernel.getGrid();
  int64_t rank = grid.getSizes().size();
  if (rank == 0)
    return;
  bool hasCluster = clusterBlocks > 1;
  line(scope,
       hasCluster
           ? formatv("i64 instance = blockIdx.x / {0};", clusterBlocks).str()
           : "i64 instance = blockIdx.x;");
  for (int64_t axis = rank - 1; axis >= 0; --axis) {
    int64_t block = cast<IntegerAttr>(grid.getBlocks()[axis]).getInt();
    std::string size = number(grid.getSizes()[axis]);
    if (size == "1") {
      numbers[grid.getResult(axis)] = "0";
      continue;
    }
    std::string name = newName("at");
    bool isOfCluster = axis == clusterAxis;
    int64_t step = isOfCluster ? block * clusterBlocks : block;
    std::string count =
        step == 1 ? size : formatv("ceilDiv({0}, {1})", size, step).str();
    std::string place =
        axis == 0 ? "instance" : "placeOnAxis(instance, " + count + ")";
    if (isOfCluster)
      place = formatv("({0} * {1} + rankInCluster())", place, clusterBlocks);
    if (block != 1)
      place += " * " + std::to_string(block);
    line(scope, formatv("const i64 {0} = {1};", name, place));
    numbers[grid.getResult(axis)] = name;
  }
}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

static std::string parametersText(tile::KernelOp kernel, size_t numMaps) {
  constexpr size_t kLongestLine = 100;
  std::string text, line = "    ";
  auto add = [&](const Twine &parameter) {
    std::string next = parameter.str() + ", ";
    if (line.size() + next.size() > kLongestLine) {
      text += StringRef(line).rtrim().str() + "\n";
      line = "    ";
    }
    line += next;
  };
  size_t numInputs = kernel.getNumInputs(),
         numBuffers = numInputs + kernel.getNumOutputs();
  for (BlockArgument argument : kernel.getEntry().getArguments()) {
    size_t number = argument.getArgNumber();
    if (number >= numBuffers) {
      add("const i64 n" + Twine(number - numBuffers));
      continue;
    }
    auto buffer = cast<tile::BufferType>(argument.getType());
    add((number < numInputs ? "const " : "") +
        scalarType(buffer.getElementType()) + " *__restrict__ buffer" +
        Twine(number));
  }
  for (size_t map = 0; map < numMaps; ++map)
    add("const __grid_constant__ TensorMap map" + Twine(map));
  return text + StringRef(line).rtrim(", ").str();
}

LogicalResult KernelText::checkBuffers() {
  auto isInput = [&](BlockArgument buffer) {
    return buffer.getArgNumber() < kernel.getNumInputs();
  };
  for (BlockArgument buffer : entry().getArguments()) {
    auto type = dyn_cast<tile::BufferType>(buffer.getType());
    if (!type)
      continue;
    Type element = type.getElementType();
    bool canBeWritten = !element.isInteger(4) || isInput(buffer);
    if (!scalarType(element).empty() && canBeWritten)
      continue;
    return kernel.emitOpError("cannot be printed for a GPU: elements of ")
           << element << " have no address of their own";
  }
  return success();
}

FailureOr<KernelForm> KernelText::print() {
  if (failed(checkBuffers()))
    return failure();
  for (auto [n, scalar] : llvm::enumerate(kernel.getScalars()))
    numbers[scalar] = "n" + std::to_string(n);
  if (usesUnit && unitBytes == 0)
    return kernel.emitOpError(
        "cannot be printed for a GPU: its unit multiplies "
        "floats of 16 bits, tf32 or integers of 8");
  if (usesGroups && unitBytes != 2 && unitBytes != 1)
    return kernel.emitOpError("cannot be printed for a GPU: its unit wgmma "
                              "multiplies floats of 16 bits or integers of 8");
  open(&entry());
  if (usesGroups)
    planRing();
  printInstance();
  if (ring)
    printRing();
  for (Operation &op : entry())
    if (auto store = dyn_cast<tile::StoreOp>(op))
      printStore(store);
  std::string body = close();
  if (hasFailed)
    return failure();

  KernelForm form;
  // No function of the device is called so.
  form.entry = ("tenon_" + kernel.getSymName()).str();
  constexpr int64_t kCopying = 128; // threads of a ring's copies
  form.numThreads = 32 * warpRows * warpColumns + (ring ? kCopying : 0);
  form.sharedBytes = sharedBytes + llvm::alignTo(scratchBytes, 16);
  llvm::raw_string_ostream os(form.text);
  if (StringAttr source = kernel.getSourceAttr())
    os << "// " << source.getValue() << "\n";
  // One block at least: else ptxas would rather spill than leave room for more.
  os << "extern \"C\" __global__ void ";
  if (clusterBlocks > 1)
    os << "__cluster_dims__(" << clusterBlocks << ", 1, 1) ";
  os << "__launch_bounds__(" << form.numThreads << ", 1) " << form.entry
     << "(\n"
     << parametersText(kernel, tensorMaps.size()) << ") {\n";
  if (usesGroups)
    os << formatv("  using W = Warpgroups<{0}>;\n", warpRows / 4);
  else
    os << formatv("  using W = Warps<{0}, {1}>;\n", warpRows, warpColumns);
  for (auto &[shape, layout] : layouts)
    if (StringRef(body).contains(layout.name))
      os << "  using " << layout.name << " = " << layout.text << ";\n";
  if (scratchBytes > 0)
    os << "  constexpr u32 kScratch = " << sharedBytes << ";\n";
  os << body << "}\n";
  form.tensorMaps = std::move(tensorMaps);
  return form;
}

} // namespace tenon::cuda
