//===- TileLowering.h - a scheduled kernel becomes loops over vectors -----===//
//
// Tiles are not memory. A tile is evaluated where it is needed, one vector at a
// time: a map asks its inputs for the same place, a load reads it. Only what
// has to be whole is put into scratch memory: results of reductions, tiles
// carried by loops, what would be costly to compute again. A matrix product is
// evaluated in blocks of registers; the maps that follow it are applied before
// the store.
//
// One axis of every tile lies in the lanes of a vector (the last one, or the
// first when the schedule says `lanes = "first"`); loops walk the others.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_PASSES_LOWER_TILELOWERING_H
#define TENON_PASSES_LOWER_TILELOWERING_H

#include "passes/Lower/ProductBlock.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

namespace tenon {

/// What the lowering must know of the machine.
struct VectorMachine {
  int64_t vectorBytes = 64;
  int64_t numVectors = 32;    ///< vector registers
  bool emulatesUnits = false; ///< arithmetic in place of matrix instructions
};

/// The type of an element in memory: bool is a byte; bf16 is 16 bits, since x86
/// without its instructions has no masked access to it.
mlir::Type storageType(mlir::Type elementType);
unsigned bytesOf(mlir::Type type);
/// Whether the stride is known to be 1.
bool isUnit(mlir::Value stride);
/// Whether several elements lie in one byte of memory.
bool sharesBytes(mlir::Type elementType);
/// An element, or a vector of them, from the bytes in memory.
mlir::Value fromStorage(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::Value value, mlir::Type elementType);
/// A value, or a vector of them, in the wider type; exact.
mlir::Value widen(mlir::OpBuilder &builder, mlir::Location loc,
                  mlir::Value value, mlir::Type elementType);
/// sum + x * y, in floats rounded once.
mlir::Value multiplyAdd(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::Value x, mlir::Value y, mlir::Value sum);
/// Whether the layout pads `dim` to whole tiles of this extent: then all of a
/// tile may be read.
bool isPaddedTo(tile::LayoutAttr layout, unsigned dim, int64_t extent);
/// Elements between neighbours along an axis of a packed tile.
int64_t packedStride(tile::LoadOp load, unsigned axis);

/// Exchanges rows and columns of as many vectors as each has elements.
void transposeSquare(mlir::OpBuilder &builder, mlir::Location loc,
                     llvm::MutableArrayRef<mlir::Value> vectors);

class Reduction;
class SplitOperands;
class SplitProduct;
class UnitProduct;

class TileLowering {
public:
  TileLowering(tile::KernelOp kernel, VectorMachine machine)
      : kernel(kernel), machine(machine), b(kernel.getContext()) {}

  /// Builds the function beside the kernel and returns it.
  mlir::FailureOr<mlir::func::FuncOp> lower();

private:
  //===--- LowerToCpu.cpp: the function, its instances, its statements ---===//
  void loadArguments(mlir::func::FuncOp function);
  /// The grid's axes, the one that is walked fastest last.
  llvm::SmallVector<int64_t> gridOrder();
  void decodeInstance(mlir::Value instance);
  int64_t gridBlock(unsigned axis);
  void regroup(unsigned fast, unsigned slow, int64_t size,
               llvm::ArrayRef<mlir::Value> counts,
               llvm::MutableArrayRef<mlir::Value> numbers);
  void noteSteps(mlir::Value offset, mlir::Value size, int64_t step);
  mlir::LogicalResult lowerBlock(mlir::Block &block);
  mlir::LogicalResult lowerLoop(mlir::scf::ForOp loop);
  mlir::LogicalResult lowerOp(mlir::Operation *op);
  void lowerMma(tile::MmaOp mma);

  //===--- EvaluateTiles.cpp: a vector of a tile -------------------------===//
  mlir::Value evaluate(mlir::Value tile, const Place &at);
  /// `as`: the type of what is read there, if not the view's.
  mlir::Value evaluateLoad(tile::LoadOp load, const Place &at,
                           mlir::Type as = {});
  mlir::Value evaluateGather(tile::GatherOp gather, const Place &at);
  mlir::Value evaluateMap(tile::MapOp map, const Place &at);
  mlir::Value evaluateIndex(tile::IndexOp op, const Place &at);
  mlir::Value cloneBody(tile::MapOp map, mlir::ValueRange inputs,
                        const Place &at);
  /// A check that the axis' elements are inside, or null when that is known.
  mlir::Value checkBound(const Bound &bound, int64_t extent, unsigned axis,
                         const Place &at);
  /// A check that the axis' elements are not before the view of offset 0.
  mlir::Value checkBeginning(mlir::Value offset, unsigned axis,
                             const Place &at);
  /// Whether that is known of all coordinates below the extent, or of this one.
  bool isInside(const Bound &bound, int64_t extent) const;
  bool isGuaranteed(const Bound &bound, mlir::Value coord) const;

  //===--- TileMemory.cpp: where elements lie, reads and writes ----------===//
  /// Sizes, strides and layout of a view.
  struct Memory {
    mlir::Value pointer;
    llvm::SmallVector<mlir::Value> sizes; ///< index
    llvm::SmallVector<mlir::Value> strides;
    tile::LayoutAttr layout;
  };
  Memory memoryOf(mlir::Value view);
  mlir::Value linearOffset(const Memory &memory, mlir::ValueRange offsets,
                           llvm::ArrayRef<mlir::Value> coords);
  mlir::Value packedOffset(tile::LoadOp load, const Memory &memory,
                           mlir::ValueRange offsets,
                           llvm::ArrayRef<mlir::Value> coords);
  /// The element `linear` behind the pointer, or a vector of elements that are
  /// `laneStride` apart; zero where `inside` is false. `linear` counts elements
  /// of `counted`, if that is not what is read.
  mlir::Value readMemory(mlir::Type elementType, mlir::Value pointer,
                         mlir::Value linear, mlir::Value laneStride,
                         mlir::Value inside, const Place &at,
                         mlir::Type counted = {});
  mlir::Value addressOf(mlir::Type counted, mlir::Value pointer,
                        mlir::Value linear);
  void writeMemory(mlir::Value value, mlir::Value pointer, mlir::Value linear,
                   mlir::Value laneStride, mlir::Value inside, const Place &at);

  //===--- Nibbles.cpp: elements of 4 bits -------------------------------===//
  mlir::Value nibblesOf(mlir::Value bytes, mlir::Value position,
                        const Place &at);
  mlir::Value byteAddress(mlir::Value pointer, mlir::Value position,
                          const Place &at);
  mlir::Value readNibble(mlir::Value pointer, mlir::Value position,
                         mlir::Value inside);
  mlir::Value gatherNibbles(mlir::Value pointer, mlir::Value position,
                            mlir::Value laneStride, mlir::Value mask,
                            const Place &at);
  mlir::Value loadNibbles(mlir::Value pointer, mlir::Value position,
                          mlir::Value mask, const Place &at);
  mlir::Value readNibbles(mlir::Type elementType, mlir::Value pointer,
                          mlir::Value linear, mlir::Value laneStride,
                          mlir::Value inside, const Place &at);
  /// The value of a tile, a function of one nibble, for each of those.
  struct NibbleTable {
    mlir::Value tile, floats;
  };
  int64_t wordLength(mlir::Value rightSide);
  std::optional<NibbleTable> tableOf(const ProductBlock &block,
                                     tile::LoadOp load);
  mlir::Value rowOfWords(mlir::Value words, int64_t row, mlir::Type elementType,
                         const std::optional<NibbleTable> &table);
  llvm::SmallVector<mlir::Value> wordStep(const ProductBlock &block,
                                          mlir::Value step, int64_t length,
                                          mlir::ValueRange sums);

  //===--- FetchMemory.cpp: lines asked for before their use --------------===//
  enum class Use { Read, ReadSoon, Write };
  void fetch(mlir::Value address, Use use);
  void fetchAhead(mlir::Value address);
  template <typename Access>
  void fetchRow(Access access, tile::TileType type, mlir::Value row, Use use);
  void fetchInputs(mlir::Value end, mlir::Value row);
  void fetchOperands(tile::StoreOp store, mlir::Value row);
  void fetchStore(tile::StoreOp store, const Place &at, int64_t aheadBytes);
  bool computesMuch(mlir::Value tile);
  void fetchBesideStore(tile::StoreOp store, const Place &at);
  mlir::Value addressOfLoad(tile::LoadOp load, const Place &at);
  /// Rows that are read by the next instance and written by this one.
  struct AwaitedRows {
    llvm::SmallVector<tile::LoadOp> loads;
    llvm::SmallVector<tile::StoreOp> stores;
  };
  template <typename Access> bool hasRowsInMemory(Access access);
  AwaitedRows awaitedRows(tile::ReduceOp last);
  void fetchNextRow(tile::LoadOp load, Place at);
  void fetchRows(const AwaitedRows &rows, const Place &at, int64_t number);

  //===--- MaterializeTiles.cpp: statements over whole tiles -------------===//
  struct Scratch {
    mlir::Value pointer;
    llvm::SmallVector<int64_t> strides;
    llvm::SmallVector<std::optional<Bound>> bounds;
  };
  Scratch allocate(tile::TileType type, unsigned lane);
  mlir::Value readScratch(const Scratch &from, mlir::Type elementType,
                          const Place &at);
  void writeScratch(mlir::Value value, const Scratch &to, const Place &at);
  void materialize(mlir::Value tile);
  void materializeInto(mlir::Value tile, const Scratch &to);
  bool shouldMaterialize(mlir::Value tile);
  int64_t costOf(mlir::Value tile);
  bool isCheap(mlir::Value tile);
  unsigned laneAxisOf(mlir::Value tile);
  std::optional<unsigned> contiguousAxis(mlir::Value tile);
  std::optional<Bound> boundOf(mlir::Value tile, unsigned axis);
  std::optional<Bound> boundOfInputs(tile::MapOp map, unsigned axis);
  llvm::SmallVector<std::optional<Bound>> endsOfGrid(mlir::Value tile);
  /// min(extent, size - offset), not below 0.
  mlir::Value limitOf(std::optional<Bound> bound, int64_t extent);
  using PlaceFn = llvm::function_ref<void(const Place &)>;
  /// Loops over all vectors of a tile of this shape; axes end at their bounds,
  /// the lanes, if they may overrun, with the last whole vector. A place may be
  /// several vectors wide, if these are the whole extent.
  void forEachVector(llvm::ArrayRef<int64_t> shape,
                     llvm::ArrayRef<std::optional<Bound>> bounds, unsigned lane,
                     PlaceFn body, bool mayOverrun = false,
                     int64_t numVectors = 1);
  void
  forLanes(int64_t extent, std::optional<Bound> bound, bool mayOverrun,
           int64_t width,
           llvm::function_ref<void(mlir::Value coord, mlir::Value mask)> body);

  //===--- StoreTiles.cpp: tiles written to the memory of a view ----------===//
  void lowerStore(tile::StoreOp store);
  void writeStore(tile::StoreOp store, mlir::Value value, const Place &at,
                  mlir::Value inside);
  Bound boundOfStore(tile::StoreOp store, unsigned axis);
  mlir::Value offsetOfStore(tile::StoreOp store, const Memory &memory,
                            const Place &at);
  int64_t numVectorsAtOnce(tile::StoreOp store, unsigned lane);

  //===--- ReduceTiles.cpp: reductions ------------------------------------===//
  friend class Reduction;
  void lowerReduce(tile::ReduceOp reduce);
  std::optional<Bound> endOf(tile::ReduceOp reduce);

  //===--- KeepTiles.cpp: what is computed and kept beside them -----------===//
  /// A tile that the loops of a reduction write while they read it, or another.
  struct KeptTile {
    mlir::Value read, tile; ///< null: none
    Scratch to;
  };
  bool isKeptByReduce(mlir::Value tile);
  KeptTile keptBeside(tile::ReduceOp reduce);
  bool usesKnownValues(tile::MapOp map);
  mlir::Value finishOf(tile::ReduceOp reduce);
  Scratch placeToKeep(mlir::Value tile);
  mlir::Value evaluateAndKeep(const KeptTile &kept, mlir::Value reduced,
                              const Place &at);

  //===--- InvariantTiles.cpp: what all instances compute alike -----------===//
  bool isInvariant(mlir::Value tile);
  void materializeInvariants();
  void holdNumbers();

  //===--- TransposeTiles.cpp: lanes that lie across memory ---------------===//
  using SinkFn = llvm::function_ref<void(mlir::Value vector, const Place &at)>;
  bool isInSquares(tile::TileType type);
  void forEachTransposed(mlir::Value tile, unsigned from, SinkFn sink);

  //===--- MicroKernel.cpp: matrix products in registers -----------------===//
  tile::MmaOp pendingProduct(mlir::Value tile);
  bool isAbsorbed(mlir::Value tile);
  using RowsFn =
      llvm::function_ref<void(mlir::Value firstRow, int64_t numRows)>;
  /// Computes `end`, the product or what follows it, and hands it to the sink.
  /// Rows behind `rowBound` are left out unless `needsOutside`.
  void lowerProduct(tile::MmaOp mma, mlir::Value end,
                    std::optional<Bound> rowBound, bool needsOutside,
                    SinkFn sink);
  void forRowBlocks(const ProductBlock &block, mlir::Value limit, RowsFn body);
  using VectorsFn = llvm::function_ref<void(const ProductBlock &block,
                                            mlir::Value firstVector)>;
  void forVectorBlocks(ProductBlock block, VectorsFn body);
  /// Where the rows of a product end, and whether these are behind it.
  struct Rows {
    std::optional<Bound> bound;
    bool areOutside;
  };
  void lowerBlock(ProductBlock block, const Rows &rows, mlir::Value end,
                  SinkFn sink);
  ProductBlock blockAt(ProductBlock block, mlir::Value firstVector,
                       mlir::Value firstRow, int64_t numRows);
  ProductBlock blockOf(tile::MmaOp mma);
  Place vectorPlace(const ProductBlock &block, mlir::Value k, int64_t v);
  Place scalarPlace(const ProductBlock &block, mlir::Value k, int64_t r);
  Place resultPlace(const ProductBlock &block, int64_t r, int64_t v);
  llvm::SmallVector<mlir::Value>
  productStep(const ProductBlock &block, mlir::Value k, mlir::ValueRange sums);
  using StepFn = llvm::function_ref<llvm::SmallVector<mlir::Value>(
      mlir::Value step, mlir::ValueRange sums)>;
  /// Writes code before the steps of a turn, of which `step` is the first.
  using BesideFn = std::function<void(mlir::Value step)>;
  llvm::SmallVector<mlir::Value> sumSteps(mlir::Value from, mlir::Value to,
                                          int64_t numSteps, StepFn takeStep,
                                          mlir::ValueRange start,
                                          const BesideFn &beside = nullptr);
  llvm::SmallVector<mlir::Value> sumTurns(mlir::Value limit, StepFn takeStep,
                                          mlir::ValueRange start);
  llvm::SmallVector<mlir::Value> sumProducts(const ProductBlock &block,
                                             mlir::ValueRange start);

  //===--- ChunkedProducts.cpp: the same where weights come from memory ---===//
  void startSums(tile::MmaOp mma, const Scratch &to);
  void keepVectorProduct(tile::MmaOp mma, const Scratch &to);
  void addInChunks(tile::MmaOp mma, const Scratch &sums);
  BesideFn fetchesBeside(const ProductBlock &block, mlir::Value from,
                         mlir::Value firstRow, mlir::Value numRows);
  void addChunk(const ProductBlock &block, mlir::Value from, mlir::Value to,
                const Scratch &sums, const BesideFn &beside);

  //===--- DotProducts.cpp: the same by dot products within lanes --------===//
  int64_t stepLength(const ProductBlock &block);
  llvm::SmallVector<mlir::Value> dotStep(const ProductBlock &block,
                                         mlir::Value step, int64_t length,
                                         mlir::ValueRange sums);
  mlir::Value dotVector(const ProductBlock &block, mlir::Value k, int64_t v,
                        int64_t length);
  mlir::Value dotScalar(const ProductBlock &block, mlir::Value k, int64_t r,
                        int64_t length);
  mlir::Value dot(mlir::Value sum, mlir::Value x, mlir::Value y,
                  int64_t length);
  mlir::Value widenPart(mlir::Value words, int64_t part, int64_t length,
                        bool isUnsigned);

  //===--- UnitOperations.cpp: what a unit of 16 x 16 sums does -----------===//
  /// Rows of one operand of the unit.
  struct UnitMemory {
    mlir::Value pointer;
    mlir::Value rowBytes; ///< index: from one row to the next
  };
  mlir::Value unitZero();
  /// Whether what is loaded is worth a place in L1.
  enum class Reuse { Soon, Late };
  mlir::Value unitLoad(const UnitMemory &memory, Reuse reuse = Reuse::Soon);
  mlir::Value callUnit(llvm::StringRef name, mlir::Type result,
                       mlir::ValueRange operands);
  void emulateUnit(mlir::Type sumType, int64_t length, const UnitMemory &sums,
                   const UnitMemory &x, const UnitMemory &y);
  mlir::Value advance(mlir::Value pointer, mlir::Value bytes);
  /// The operand from this row and byte on.
  UnitMemory shifted(const UnitMemory &memory, mlir::Value row,
                     mlir::Value byte);

  //===--- UnitOperands.cpp: what it multiplies ---------------------------===//
  bool usesTileUnit(tile::MmaOp mma);
  void prepareLeftSides(mlir::scf::ForOp loop);
  UnitMemory leftSide(tile::MmaOp mma);
  UnitMemory rightSide(tile::MmaOp mma);
  bool hasWholeSteps(tile::MmaOp mma);
  bool readsLeftInPlace(tile::MmaOp mma);
  bool isRowsInScratch(tile::MmaOp mma);
  Scratch copyLeftSide(tile::MmaOp mma);
  bool isReadInPlace(mlir::Value tile);
  bool hasPackedWords(tile::MmaOp mma);
  void copyRows(mlir::Value tile, const Scratch &to);
  void copyTileOfRows(mlir::Value tile, mlir::Value firstRow,
                      const Scratch &to);
  mlir::Value numRowsOf(tile::MmaOp mma);

  //===--- UnitProducts.cpp: its products ---------------------------------===//
  friend class UnitProduct;
  Scratch placeOfSums(tile::MmaOp mma);
  bool prepareSums(tile::MmaOp mma, Scratch &to);
  /// The sums stay in scratch memory.
  void keepUnitProduct(tile::MmaOp mma);
  /// Computes what is stored, which follows the product.
  void lowerUnitProduct(tile::MmaOp mma, tile::StoreOp store);
  void finishStoredRow(tile::StoreOp store, mlir::Value row);
  void forRows(mlir::Value from, mlir::Value to,
               llvm::function_ref<void(mlir::Value row)> body);
  bool isStored(tile::MmaOp mma);
  void finishRow(mlir::Value end, mlir::Value row, mlir::Value column,
                 int64_t numVectors, const Bound &rowBound, SinkFn sink);

  //===--- LateRows.cpp: rows that are finished beside the next product ---===//
  /// The sums of instances by turns, and what is made of them.
  struct LateRows {
    tile::MmaOp mma;
    tile::StoreOp store;
    Scratch even, odd;
  };
  bool finishesLate(tile::MmaOp mma, tile::StoreOp store);
  bool isMadeOfGrid(mlir::Value tile, tile::MmaOp mma);
  bool isKnownOfGrid(mlir::ValueRange values);
  void lowerLateProduct(tile::MmaOp mma, tile::StoreOp store);
  Scratch lateSums(mlir::Value instance, bool isBefore);
  void finishLateRows(mlir::Value end);

  //===--- KeptWords.cpp: words that stay from one instance to the next --===//
  /// Words of the blocks that a loop steps through, of which the first `count`
  /// are there.
  struct KeptWords {
    Scratch blocks;
    mlir::Value count; ///< where that number is
  };
  bool staysBetweenInstances(tile::MmaOp mma);
  void prepareKeptWords(mlir::Value instance, mlir::Value begin);
  Scratch keptWordsOf(tile::MmaOp mma);

  //===--- StageWords.cpp: right sides as a unit of tiles reads them -----===//
  bool canStageWords(tile::MmaOp mma);
  bool dotsStagedWords(tile::MmaOp mma);
  tile::TileType typeOfWords(tile::MmaOp mma);
  Scratch stageWords(tile::MmaOp mma);
  void stageWordsInto(tile::MmaOp mma, const Scratch &to);
  void stageRows(mlir::Value tile, int64_t depth, const Scratch &to);
  mlir::Value stepOfColumn(mlir::Value tile, mlir::Value row,
                           mlir::Value column, int64_t numElements);
  void stageSquare(mlir::Value tile, mlir::Value row, mlir::Value column,
                   int64_t numElements, const Scratch &to);
  void stageColumns(mlir::Value tile, const Scratch &to);
  /// `width` elements of a tile of two axes.
  mlir::Value vectorAt(mlir::Value tile, mlir::Value row, mlir::Value column,
                       unsigned lane, int64_t width);

  //===--- SplitProducts.cpp: f32 products by a unit of bf16 -------------===//
  friend class SplitProduct;
  friend class SplitOperands;
  bool usesSplitUnit(tile::MmaOp mma);
  void keepSplitProduct(tile::MmaOp mma);
  void lowerSplitProduct(tile::MmaOp mma, mlir::Value end,
                         const Bound &rowBound, SinkFn sink);
  /// Where the sums are that the product is added to: nowhere, for they are
  /// zero; in the memory for the result; somewhere else.
  enum class SumsBefore { Zero, InPlace, Elsewhere };
  void lowerSplit(
      tile::MmaOp mma, const Scratch &to, SumsBefore before,
      llvm::function_ref<void(mlir::Value row, mlir::Value column)> finish);
  /// Parts of a side, and the range of its magnitudes.
  struct SplitSide {
    mlir::Value parts, most, leastLessOne;
  };
  bool splitsLeftOnce(tile::MmaOp mma);
  SplitSide splitLeftSide(tile::MmaOp mma);

  struct Registers {
    unsigned lane;
    llvm::SmallVector<llvm::SmallVector<mlir::Value>> values; ///< [row][vector]
  };

  //===--- small things --------------------------------------------------===//
  mlir::Location loc() { return kernel.getLoc(); }
  int64_t lanesOf(mlir::Type elementType) const;
  mlir::Value constantIndex(int64_t value) {
    return mlir::arith::ConstantIndexOp::create(b, loc(), value);
  }
  mlir::Value toI64(mlir::Value index);
  mlir::Value broadcast(mlir::Value scalar, const Place &at);
  mlir::Value splatMask(mlir::Value condition, int64_t width);
  mlir::Value laneMask(mlir::Value limit, int64_t width);
  mlir::Value combineMasks(mlir::Value x, mlir::Value y);
  mlir::Value mapped(mlir::Value value) {
    return mapping.lookupOrDefault(value);
  }

  tile::KernelOp kernel;
  VectorMachine machine;
  mlir::OpBuilder b;
  mlir::IRMapping mapping; ///< index and scalar values of the kernel
  /// The number of this instance, and of the first one of this call.
  mlir::Value instance, firstInstance;
  std::optional<LateRows> late;
  mlir::Value scratchBase;
  int64_t scratchBytes = 0;
  /// Whether reads of memory tell the cache what comes after them.
  bool readsAhead = false;
  llvm::DenseMap<mlir::Value, mlir::Value> pointers; ///< of buffers
  llvm::DenseMap<mlir::Value, Scratch> scratch;      ///< of tiles
  size_t numInvariants = 0; ///< of these, which all instances share
  llvm::DenseSet<mlir::Operation *> awaitedStores;   ///< asked for already
  llvm::DenseMap<mlir::Value, SplitSide> splitSides; ///< before a loop
  llvm::DenseMap<mlir::Value, Scratch> copies; ///< of left sides, before a loop
  llvm::DenseMap<mlir::Value, KeptWords> keptWords; ///< of right sides
  llvm::DenseMap<mlir::Value, Scratch> words; ///< right sides, staged for dots
  llvm::DenseMap<mlir::Value, mlir::Value> held; ///< at the place in question
  llvm::DenseMap<mlir::Value, Registers>
      registers; ///< of products, while they last
  /// Coordinates that the loops around keep before a bound. Offsets and sizes
  /// alone do not tell two axes apart: many begin at 0.
  struct Guarantee {
    Bound bound;
    llvm::SmallVector<mlir::Value> coords;
  };
  llvm::SmallVector<Guarantee> guaranteed;
  /// An offset that takes whole steps and ends before `size`.
  struct Steps {
    mlir::Value offset;
    int64_t step, size;
  };
  llvm::SmallVector<Steps> steps;
};

} // namespace tenon

#endif // TENON_PASSES_LOWER_TILELOWERING_H
