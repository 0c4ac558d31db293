// tcgen05.mma and tcgen05.commit.
//
// A product is computed when it is issued. That its operands stay as they are,
// and that nobody reads the sums before the mbarrier of a commit says so, is
// followed by the unit's clock (TensorMemory.h): it takes the issuing thread's
// at a product, and an mbarrier takes the unit's at a commit.

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Exec/Access.h"
#include "runtime/VirtualGpu/Exec/BulkCopy.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"
#include "runtime/VirtualGpu/Exec/MatrixOperands.h"
#include "runtime/VirtualGpu/Exec/TensorAccess.h"

namespace tenon::vgpu {

using rt::message;

namespace {

using namespace element;

constexpr unsigned kMostM = 128;

uint32_t field(uint64_t bits, unsigned first, unsigned count) {
  return uint32_t(bits >> first) & ((1u << count) - 1);
}

/// The instruction descriptor: types, sides, shape.
struct ProductShape {
  uint32_t d, a, b, m, n;
  bool isNegated, isTransposedA, isTransposedB;
  bool isPlain; ///< dense, without saturation or shifts

  explicit ProductShape(uint32_t bits)
      : d(field(bits, 4, 2)), a(field(bits, 7, 3)), b(field(bits, 10, 3)),
        m(field(bits, 24, 5) * 16), n(field(bits, 17, 6) * 8),
        isNegated(field(bits, 13, 1) != field(bits, 14, 1)),
        isTransposedA(field(bits, 15, 1)), isTransposedB(field(bits, 16, 1)),
        isPlain((bits & 0xe080004f) == 0) {}
};

/// One product: where it takes its operands.
struct ProductJob {
  Warp &warp;
  const Instruction &inst;
  unsigned lane;
  ProductShape shape;
  TensorPlace d;
  bool addsToD;

  bool isLeftInTensorMemory() const { return inst.flags & kTensorLeft; }
  /// Rows stand in lanes, of A as of D; 64 of them take half of each quarter.
  uint32_t laneOf(uint32_t row) const {
    return d.lane + (shape.m == 64 ? row / 16 * 32 + row % 16 : row);
  }
  TensorPlace left() const {
    return TensorPlace(warp.lanes<uint32_t>(inst.slot[2])[lane]);
  }
  /// Whether the lane keeps its sums.
  bool isMasked(uint32_t tensorLane) const {
    return inst.numListed &&
           hasLane(
               warp.lanes<uint32_t>(inst.list[tensorLane / kWarpSize])[lane],
               tensorLane % kWarpSize);
  }
  /// A's columns in the lanes of all rows, D's in those that are not masked;
  /// false after a report.
  bool useLeft(uint32_t numColumns) const;
  bool useSums(TensorUse use) const;

private:
  bool use(uint32_t row, uint32_t numRows, uint32_t column, uint32_t numColumns,
           TensorUse use) const {
    return useTensorArea(warp, inst, lane,
                         {laneOf(row), numRows, column, numColumns}, use);
  }
  /// Rows whose lanes follow each other.
  uint32_t numTogether() const {
    return shape.m == 64 ? TensorMemory::kLanesOfWord : shape.m;
  }
};

bool ProductJob::useLeft(uint32_t numColumns) const {
  for (uint32_t row = 0; row < shape.m; row += numTogether())
    if (!use(row, numTogether(), left().column, numColumns,
             TensorUse::UnitRead))
      return false;
  return true;
}

bool ProductJob::useSums(TensorUse how) const {
  uint32_t step = inst.numListed ? TensorMemory::kLanesOfWord : numTogether();
  for (uint32_t row = 0; row < shape.m; row += step) {
    uint32_t numMasked = 0;
    while (numMasked < step && isMasked(laneOf(row + numMasked)))
      ++numMasked;
    if (numMasked < step && !use(row, step, d.column, shape.n, how))
      return false;
  }
  return true;
}

template <typename A, typename B> class TensorProduct {
public:
  explicit TensorProduct(const ProductJob &job) : job(job) {}
  /// False after a report.
  bool run();

private:
  using Number = typename A::Number;
  static constexpr unsigned kK = kDepth<A>;

  const uint8_t *read(uint32_t offset);
  bool readLeft();
  bool readLeftFromTensorMemory();
  bool readRight();
  void multiply();
  void define();
  Number *sums(uint32_t row) {
    return reinterpret_cast<Number *>(
        job.warp.block->tensor->cell(job.laneOf(row), job.d.column));
  }
  TENON_VGPU_INLINE void multiplyRows() {
    for (uint32_t row = 0; row < job.shape.m; ++row)
      if (!job.isMasked(job.laneOf(row)))
        addProducts(sums(row), a[row], b, job.shape.n);
  }
  TENON_VGPU_WIDE void multiplyWide() { multiplyRows(); }

  const ProductJob &job;
  bool isUndefined = false;
  Number a[kMostM][kK];
  Number b[kK][kMostN];
};

template <typename A, typename B>
const uint8_t *TensorProduct<A, B>::read(uint32_t offset) {
  Instruction access = job.inst;
  access.space = ptx::Space::Shared;
  LaneBytes at = resolve(job.warp, access, job.lane, offset, kRunBytes,
                         AccessKind::UnitRead);
  isUndefined |= at.defined && !allDefined(at.defined, kRunBytes);
  return at.bytes;
}

template <typename A, typename B> bool TensorProduct<A, B>::readLeft() {
  uint64_t bits = job.warp.lanes<uint64_t>(job.inst.slot[2])[job.lane];
  return readSide<A>(
      MatrixDescriptor(bits), 0, job.shape.m, job.shape.isTransposedA,
      [&](uint32_t offset) { return read(offset); },
      [&](unsigned row, unsigned k, Number value) { a[row][k] = value; });
}

// Elements of a row stand beside each other in its lane, packed into columns.
template <typename A, typename B>
bool TensorProduct<A, B>::readLeftFromTensorMemory() {
  constexpr unsigned kNumColumns = kDepthBytes / 4;
  TensorMemory &memory = *job.warp.block->tensor;
  TensorPlace at = job.left();
  if (!job.useLeft(kNumColumns))
    return false;
  for (uint32_t row = 0; row < job.shape.m; ++row) {
    uint32_t lane = job.laneOf(row);
    typename A::Element elements[kK];
    std::memcpy(elements, memory.cell(lane, at.column), kDepthBytes);
    for (unsigned k = 0; k < kK; ++k)
      a[row][k] = A::widen(elements[k]);
    for (unsigned i = 0; i < kNumColumns; ++i)
      isUndefined |= !*memory.defined(lane, at.column + i);
  }
  return true;
}

template <typename A, typename B> bool TensorProduct<A, B>::readRight() {
  uint64_t bits = job.warp.lanes<uint64_t>(job.inst.slot[3])[job.lane];
  return readSide<B>(
      MatrixDescriptor(bits), 0, job.shape.n, job.shape.isTransposedB,
      [&](uint32_t offset) { return read(offset); },
      [&](unsigned column, unsigned k, Number value) { b[k][column] = value; });
}

template <typename A, typename B> void TensorProduct<A, B>::multiply() {
  if (job.shape.isNegated)
    for (auto &row : a)
      for (Number &value : row)
        value = -value;
  if (!job.addsToD)
    for (uint32_t row = 0; row < job.shape.m; ++row)
      if (!job.isMasked(job.laneOf(row)))
        std::fill_n(sums(row), job.shape.n, Number(0));
  hostIsWide() ? multiplyWide() : multiplyRows();
}

// A bad element of a side spoils all sums; a bad sum stays one.
template <typename A, typename B> void TensorProduct<A, B>::define() {
  if (job.addsToD && !isUndefined)
    return;
  TensorMemory &memory = *job.warp.block->tensor;
  for (uint32_t row = 0; row < job.shape.m; ++row)
    if (uint32_t lane = job.laneOf(row); !job.isMasked(lane))
      std::fill_n(memory.defined(lane, job.d.column), job.shape.n,
                  !isUndefined);
}

template <typename A, typename B> bool TensorProduct<A, B>::run() {
  const ProductShape &shape = job.shape;
  bool isRead =
      job.isLeftInTensorMemory() ? readLeftFromTensorMemory() : readLeft();
  if (!isRead || !readRight() ||
      (job.addsToD && !job.useSums(TensorUse::UnitRead)) ||
      !job.useSums(TensorUse::UnitWrite))
    return false;
  multiply();
  define();
  uint64_t flops = uint64_t(2) * shape.m * shape.n * kK;
  Counters &counters = job.warp.worker->counters;
  counters.mmaFlops += flops;
  counters.wgmmaFlops[unsigned(A::kType)] += flops;
  if (!job.isLeftInTensorMemory())
    countSharedBytes(*job.warp.worker, shape.m * kDepthBytes);
  countSharedBytes(*job.warp.worker, shape.n * kDepthBytes);
  return true;
}

template <typename A, typename B> bool runProduct(const ProductJob &job) {
  return std::make_unique<TensorProduct<A, B>>(job)->run();
}

/// What the fields of an instruction descriptor name.
struct ProductForm {
  TensorKind kind;
  uint32_t d, a, b;
  bool (*run)(const ProductJob &);
  uint32_t elementBytes;
};

template <typename A, typename B>
constexpr ProductForm form(TensorKind kind, uint32_t d, uint32_t a,
                           uint32_t b) {
  return {kind, d, a, b, runProduct<A, B>, sizeof(typename A::Element)};
}

constexpr uint32_t kFloatSums = 1, kIntegerSums = 2;

const ProductForm *findForm(TensorKind kind, const ProductShape &shape) {
  static constexpr ProductForm kForms[] = {
      form<F16, F16>(TensorKind::F16, kFloatSums, 0, 0),
      form<Bf16, Bf16>(TensorKind::F16, kFloatSums, 1, 1),
      form<Tf32, Tf32>(TensorKind::Tf32, kFloatSums, 2, 2),
      form<U8, U8>(TensorKind::I8, kIntegerSums, 0, 0),
      form<U8, S8>(TensorKind::I8, kIntegerSums, 0, 1),
      form<S8, U8>(TensorKind::I8, kIntegerSums, 1, 0),
      form<S8, S8>(TensorKind::I8, kIntegerSums, 1, 1),
      form<E4m3, E4m3>(TensorKind::F8f6f4, kFloatSums, 0, 0),
      form<E4m3, E5m2>(TensorKind::F8f6f4, kFloatSums, 0, 1),
      form<E5m2, E4m3>(TensorKind::F8f6f4, kFloatSums, 1, 0),
      form<E5m2, E5m2>(TensorKind::F8f6f4, kFloatSums, 1, 1)};
  for (const ProductForm &each : kForms)
    if (each.kind == kind && each.d == shape.d && each.a == shape.a &&
        each.b == shape.b)
      return &each;
  return nullptr;
}

/// Why a matrix in shared memory is none that is executed; empty when it is.
std::string descriptorRefusal(uint64_t bits, bool isTransposed,
                              uint32_t elementBytes) {
  constexpr uint32_t kVersion = 1, kOddSwizzle = 1;
  std::string name = rt::hexText(bits);
  if (field(bits, 46, 3) != kVersion)
    return message("the descriptor ", name,
                   " of a matrix has no 1 in bits 46 to 48");
  if (field(bits, 61, 3) & kOddSwizzle)
    return message("the descriptor ", name, " of a matrix has swizzle ",
                   field(bits, 61, 3), ": 0, 2, 4 and 6 are executed");
  if (field(bits, 49, 4))
    return message(
        "the descriptor ", name,
        " of a matrix has a base offset or absolute strides (bits 49 "
        "to 52), which are not executed");
  if (isTransposed && elementBytes == 4)
    return message("the descriptor ", name,
                   " is of a transposed matrix of tf32, which is not executed");
  return "";
}

/// Why a product is none that is executed; empty when it is.
std::string shapeRefusal(const ProductJob &job, const ProductForm *form,
                         uint32_t bits) {
  const ProductShape &shape = job.shape;
  uint32_t step = shape.m == 64 ? 8 : 16;
  if (!form || !shape.isPlain)
    return message("the instruction descriptor ", rt::hexText(bits),
                   " names types or modes that are not executed: D ", shape.d,
                   ", A ", shape.a, ", B ", shape.b);
  if ((shape.m != 64 && shape.m != 128) || shape.n < step || shape.n > kMostN ||
      shape.n % step)
    return message("the instruction descriptor ", rt::hexText(bits), " is of ",
                   shape.m, " rows and ", shape.n,
                   " columns: expected 64 rows and a multiple of 8 columns, or "
                   "128 rows and a multiple of 16, up to 256");
  const Instruction &inst = job.inst;
  if (job.d.lane && (shape.m == 128 || job.d.lane != 16))
    return message("a product of ", shape.m, " rows begins at lane ",
                   job.d.lane, " of tensor memory: expected lane 0",
                   shape.m == 64 ? " or 16" : "");
  if (job.isLeftInTensorMemory() && job.left().lane != job.d.lane)
    return message("a product has A from lane ", job.left().lane,
                   " of tensor memory on, and D from lane ", job.d.lane,
                   " on: expected the same");
  std::string refusal =
      descriptorRefusal(job.warp.lanes<uint64_t>(inst.slot[3])[job.lane],
                        shape.isTransposedB, form->elementBytes);
  if (!refusal.empty() || job.isLeftInTensorMemory())
    return refusal;
  return descriptorRefusal(job.warp.lanes<uint64_t>(inst.slot[2])[job.lane],
                           shape.isTransposedA, form->elementBytes);
}

void issue(Warp &warp, const Instruction &inst, unsigned lane) {
  uint32_t bits = warp.lanes<uint32_t>(inst.slot[4])[lane];
  ProductJob job{warp,
                 inst,
                 lane,
                 ProductShape(bits),
                 TensorPlace(laneAddress(warp, inst, lane)),
                 hasLane(warp.mask(inst.slot[0]), lane)};
  const ProductForm *form =
      findForm(TensorKind(inst.flags & ~kTensorLeft), job.shape);
  std::string refusal = shapeRefusal(job, form, bits);
  if (!refusal.empty())
    return stop(warp, inst, lane, ReportKind::TensorMisuse,
                Fault::IllegalInstruction, std::move(refusal));
  if (SharedClocks *clocks = warp.block->clocks.get()) {
    SharedClocks::Clock issued;
    clocks->release(warp.clock, issued);
    clocks->acquire(warp.block->tensor->unitClock, issued);
  }
  form->run(job);
}

} // namespace

void multiplyTensor(Warp &warp, const Instruction &inst, uint32_t mask) {
  uint32_t undefined = 0;
  for (uint32_t slot : inst.slot)
    undefined |= undefinedLanes(warp, slot) & mask;
  for (unsigned i = 0; i < inst.numListed; ++i)
    undefined |= undefinedLanes(warp, inst.list[i]) & mask;
  if (undefined)
    report(warp, inst, firstLane(undefined), ReportKind::Uninitialised,
           "an operand of a product is made from bytes never written");
  for (uint32_t rest = mask; rest && !warp.block->isStopped; rest &= rest - 1)
    issue(warp, inst, firstLane(rest));
}

static void finishCommit(Block &block, const TensorCommit &commit) {
  const Instruction &inst = block.launch->program->code[commit.instruction];
  if (MBarrier *barrier = findMbarrier(block.warps[commit.warp], inst,
                                       commit.lane, commit.mbarrier))
    arriveFor(block.warps[commit.warp], inst, commit.lane, *barrier,
              commit.done);
}

void finishCommits(Block &block) {
  if (!block.tensor)
    return;
  std::vector<TensorCommit> commits = std::move(block.tensor->commits);
  block.tensor->commits.clear();
  for (const TensorCommit &commit : commits)
    if (!block.isStopped)
      finishCommit(block, commit);
}

static void commitTo(Warp &warp, const Instruction &inst, unsigned lane,
                     Address address) {
  Block &block = *warp.block;
  MBarrier *barrier = findMbarrier(warp, inst, lane, address);
  if (!barrier)
    return;
  barrier->lastCopy = inst.id;
  barrier->lastCopyLane = warp.id * kWarpSize + lane;
  barrier->lastCopyPhase = barrier->phase;
  TensorCommit &commit = block.tensor->commits.emplace_back();
  commit = {warp.id, lane, inst.id, address, {}};
  if (block.clocks)
    block.clocks->release(block.tensor->unitClock, commit.done);
}

// In turn products are done at once, and otherwise later, so that who does not
// look whether a wait was over meets them.
void commitTensor(Warp &warp, const Instruction &inst, uint32_t mask) {
  Block &block = *warp.block;
  for (uint32_t rest = mask; rest && !block.isStopped; rest &= rest - 1) {
    unsigned lane = firstLane(rest);
    Address address = laneAddress(warp, inst, lane);
    if (inst.slot[2] == kNoSlot) {
      commitTo(warp, inst, lane, address);
      continue;
    }
    uint32_t offset = sharedPlace(block, address).offset;
    for (uint32_t ranks = warp.lanes<uint16_t>(inst.slot[2])[lane]; ranks;
         ranks &= ranks - 1)
      commitTo(warp, inst, lane,
               offset | Address(firstLane(ranks) + 1) << kRankShift);
  }
  if (block.launch->options.schedule == Schedule::InOrder)
    finishCommits(block);
}

} // namespace tenon::vgpu
