//===- KernelText.h - a scheduled kernel as CUDA C++ ----------------------===//
//
// Tiles are printed where they are needed, spread over threads as whoever needs
// them wants it: a store asks for its tile, a map asks its inputs for elements
// at the same places, a product asks for its sides in shared memory. What a
// value becomes is a statement in the scope that defines it, so it is printed
// once for each spread.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_EMIT_CUDA_KERNELTEXT_H
#define TENON_COMPILER_EMIT_CUDA_KERNELTEXT_H

#include "dialects/Tile/TileDialect.h"
#include "runtime/Abi/Plan.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

#include <memory>
#include <string>
#include <vector>

namespace tenon::cuda {

/// What a launch must know beside the buffers and sizes.
struct KernelForm {
  std::string entry;       ///< the function's name
  std::string text;        ///< the function; it needs the device library
  int64_t numThreads = 0;  ///< of a block
  int64_t sharedBytes = 0; ///< of a block's dynamic shared memory
  std::vector<abi::TensorMap> tensorMaps; ///< parameters behind the scalars
};

class KernelText {
public:
  /// `kernel` is in the scheduled form.
  explicit KernelText(tile::KernelOp kernel);

  /// Emits one error where the kernel has what cannot be printed.
  mlir::FailureOr<KernelForm> print();

private:
  using Value = mlir::Value;

  //===--- KernelText.cpp: the function, its scopes and numbers -----------===//
  struct Scope {
    mlir::Block *block;
    std::string text;
    /// What values are called, by how they are spread.
    llvm::DenseMap<Value, llvm::StringMap<std::string>> printed;
    explicit Scope(mlir::Block *block) : block(block) {}
    /// Empty where the value is not printed yet.
    std::string &nameOf(Value value, llvm::StringRef spread) {
      return printed[value][spread];
    }
  };
  Scope &scopeOf(Value value);
  Scope &open(mlir::Block *block);
  std::string close();
  void line(Scope &scope, const llvm::Twine &text);
  std::string newName(llvm::StringRef prefix);
  std::string number(Value value);
  void printInstance();
  mlir::LogicalResult checkBuffers();
  /// Returns an empty text, and emits the first error.
  std::string fail(mlir::Operation *op, const llvm::Twine &reason);

  //===--- KernelWindows.cpp: views of memory -----------------------------===//
  /// A tile's rows and columns as dims of a view; -1: none.
  struct Access {
    tile::ViewOp view;
    mlir::ValueRange offsets;
    int64_t rowDim = -1, columnDim = -1;
    int64_t rows = 1, columns = 1;
    /// Whether coordinates behind the tile are asked for, too.
    bool padsRows = false, padsColumns = false;
    /// Where the tile has one element, which may be outside.
    llvm::SmallVector<int64_t> pointDims = {};
    /// A dim that is walked otherwise, and one of which a loop takes a slice.
    int64_t otherDim = -1, slicedDim = -1;
    std::string sliceTurn = {};
  };
  std::string windowText(const Access &access);
  std::string boundText(Value offset, Value size, int64_t extent,
                        bool isPadded);
  std::string boundOfRows(const Access &access);
  /// The dims of a view as memory has them, the slowest first; none where it
  /// does not lie dim by dim.
  static llvm::SmallVector<int64_t> dimOrder(tile::ViewOp view);
  static int64_t fastDim(tile::ViewOp view);
  static llvm::SmallVector<Value> sizesBehind(tile::ViewOp view, int64_t dim);
  std::string strideText(tile::ViewOp view, int64_t dim);
  std::string offsetText(const Access &access);
  /// So many neighbours along the last dim lie aligned, and all inside or all
  /// outside, and where that is of rows or columns of the tile.
  int64_t neighboursOf(const Access &access);
  int64_t divisorOf(Value value);
  int64_t strideDivisor(tile::ViewOp view, int64_t dim);
  static bool isInside(Value offset, Value size, int64_t extent);
  static Access exchanged(Access access);

  //===--- KernelSpreads.cpp: which thread has which element
  //---------------===//
  struct NamedLayout {
    std::string name, text;
    std::string rows; ///< equal where rows are in the same threads
  };
  enum class Part { Whole, Rows, Columns, Scalar };
  struct Spread {
    Part part = Part::Scalar;
    std::string layout; ///< a type of the device library
    std::string key() const {
      return std::to_string(static_cast<int>(part)) + layout;
    }
  };
  /// How the kernel computes the tile.
  Spread naturalSpread(Value tile);
  Spread spreadOfVector(Value tile);
  std::optional<Spread> spreadByUse(Value tile);
  std::string layoutOf(int64_t rows, int64_t columns);
  NamedLayout newLayout(int64_t rows, int64_t columns);
  int64_t neighboursInMemory(int64_t rows, int64_t columns);
  bool haveSameRows(llvm::StringRef x, llvm::StringRef y);
  bool hasProduct(int64_t rows, int64_t columns);
  bool isStoredAcross(int64_t rows, int64_t columns);
  std::string typeText(mlir::Type element, const Spread &spread);
  Spread spreadOfRows(const std::string &layout);
  Spread spreadOfInput(tile::MapOp map, unsigned input, const Spread &result);
  Spread spreadOfAxes(llvm::ArrayRef<unsigned> axes, int64_t rank,
                      const Spread &result);
  /// Axes of the tile that the spread spreads: its last ones.
  static int64_t numSpread(const Spread &spread, int64_t rank);
  static llvm::StringRef mapName(const Spread &spread);

  //===--- KernelTiles.cpp: tiles in registers
  //------------------------------===//
  /// The tile in this spread: a name, or what stands for any spread of it.
  std::string tile(Value value, const Spread &spread);
  /// The same as an object of its own.
  std::string tileObject(Value value, const Spread &spread);
  std::string textOf(Value value, const Spread &spread);
  std::string textOfLoad(tile::LoadOp load, const Spread &spread);
  std::string loadText(const Access &access, const Spread &spread);
  std::string textOfGather(tile::GatherOp gather, const Spread &spread);
  std::string textOfMap(tile::MapOp map, const Spread &spread);
  std::string textOfNumber(tile::MapOp map);
  std::string textOfReduce(tile::ReduceOp reduce);
  std::string textOfVectorReduce(tile::ReduceOp reduce);
  std::string endOf(tile::ReduceOp reduce);
  int64_t numWarpsAlong(tile::TileType tile, bool isOfRows);
  std::string memoryOfReduction(int64_t results, int64_t numWarps);
  std::string textOfConversion(Value value, const Spread &from,
                               const Spread &to);
  static bool isMadeAnyhow(Value value);
  void printStore(tile::StoreOp store);
  std::string textOfStagedStore(tile::StoreOp store, const std::string &tile);
  bool isStaged(tile::StoreOp store);
  std::string textOfTensorStore(tile::StoreOp store, const Access &access,
                                const std::string &tile);
  std::string memoryBehindProducts(int64_t bytes);
  Access accessOf(Value view, mlir::ValueRange offsets,
                  llvm::ArrayRef<int64_t> axes, tile::TileType type,
                  const Spread &spread);
  std::string scratch(int64_t bytes);

  //===--- KernelSlices.cpp: reductions of tiles of three axes
  //--------------===//
  /// Of an axis, where a loop's turn is.
  struct Slice {
    unsigned axis;
    std::string turn;
  };
  std::string sliceText(Value value, const Slice &slice, const Spread &spread);
  std::string sliceOfLoad(tile::LoadOp load, const Slice &slice,
                          const Spread &spread);
  std::string sliceOfMap(tile::MapOp map, const Slice &slice,
                         const Spread &spread);
  std::string textOfSlicedReduce(tile::ReduceOp reduce);
  static llvm::StringRef nameOf(tile::Combine kind);

  //===--- KernelProducts.cpp: products and loops
  //--------------------------===//
  /// A factor in shared memory.
  struct Side {
    Value tile;
    bool isLeft = false, isTransposed = false; ///< how it lies
    int64_t rows = 0, columns = 0;             ///< as it lies, with padding
    std::string type;                          ///< of the memory
    int64_t bytes = 0;
    std::optional<Access> copied; ///< what it is a copy of, as it lies
  };
  Side sideOf(tile::MmaOp mma, bool isLeft);
  Side sideOfSums(tile::MmaOp mma, bool isLeft);
  Side sideOfUnit(tile::MmaOp mma, bool isLeft);
  /// Columns of a swizzled tile that has so many at least.
  static int64_t swizzledColumns(int64_t columns, int64_t elementBytes);
  std::optional<Access> copiedBy(Value tile);
  std::string sideText(tile::MmaOp mma, bool isLeft);
  std::string textOfPut(const Side &side);
  mlir::BlockArgument overwrittenBy(Value value);
  std::string sumsOf(tile::MmaOp mma);
  std::string textOfProduct(tile::MmaOp mma);
  std::string copyText(const Side &side, llvm::StringRef memory);
  void printLoop(mlir::scf::ForOp loop);
  void printTurns(mlir::scf::ForOp loop);
  tile::ReduceOp partsOf(mlir::scf::ForOp loop, unsigned number);
  void printTurn(mlir::scf::ForOp loop);
  void printPipeline(mlir::scf::ForOp loop, llvm::ArrayRef<Side> sides);
  llvm::SmallVector<Side> sidesCopiedIn(mlir::scf::ForOp loop);
  int64_t allocate(int64_t bytes);
  void printReuse(Scope &scope);

  //===--- KernelRings.cpp: loops whose copies a warpgroup of their own makes //
  /// A side's map and where in it a tile begins, the last dim first.
  struct BoxCopy {
    abi::TensorMap map;
    llvm::SmallVector<Value> at;
  };
  std::optional<BoxCopy> boxCopy(const Side &side);
  std::optional<abi::TensorMapSize> sizeOf(Value size);
  bool isPaddedByView(const Side &side);
  std::string mapName(abi::TensorMap map);
  struct RingPlan;
  void planRing();
  void planCluster(RingPlan &plan, int64_t numBlocks);
  void printRing();
  void printConsumer(mlir::scf::ForOp loop);
  /// How a loop counts whose copies and products are two halves of a turn.
  struct Turns {
    std::string at; ///< what a half calls the place of its turn
    std::string range;
  };
  Turns openTurns(mlir::scf::ForOp loop, llvm::ArrayRef<Side> sides);
  std::string usesText(mlir::scf::ForOp loop);
  /// The loop whose copies are made by a ring.
  struct RingPlan {
    mlir::scf::ForOp loop;
    llvm::SmallVector<Side> sides = {};
    llvm::SmallVector<BoxCopy> copies = {};
    std::optional<size_t> shared =
        {}; ///< the side that a cluster's blocks share
    Turns turns = {};
  };

  mlir::Block &entry() { return kernel.getEntry(); }

  tile::KernelOp kernel;
  int64_t warpRows = 1, warpColumns = 1, numStages = 2;
  /// The matrix unit computes the kernel's products, and whether by warpgroups.
  bool usesUnit = false, usesGroups = false;
  int64_t unitBytes; ///< of a factor of the unit's
  int64_t sharedBytes = 0, scratchBytes = 0;
  int64_t numNames = 0;
  bool hasFailed = false;
  llvm::SmallVector<std::unique_ptr<Scope>> scopes;
  llvm::MapVector<std::pair<int64_t, int64_t>, NamedLayout> layouts;
  llvm::DenseMap<Value, std::string> numbers; ///< arguments, grid, turns
  /// Tiles that loops carry and their results: variables.
  struct Variable {
    std::string name;
    Spread spread;
  };
  llvm::DenseMap<Value, Variable> variables;
  llvm::DenseMap<Value, std::string> staged; ///< copied sides of this turn
  /// Sums of which a thread carries its own part from turn to turn.
  llvm::DenseSet<mlir::Operation *> partSums;
  std::vector<abi::TensorMap> tensorMaps;
  std::optional<RingPlan> ring;
  /// Blocks of a cluster, and the axis of the grid along which they lie.
  int64_t clusterBlocks = 1, clusterAxis = -1;
};

} // namespace tenon::cuda

#endif // TENON_COMPILER_EMIT_CUDA_KERNELTEXT_H
