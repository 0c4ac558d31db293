//===- Plan.h - what a compiled model is made of, as plain structs --------===//
//
// The one meeting point of compiler and runtime. The compiler fills a Plan, the
// artifact holds it as bytes (PlanBytes.h), the runtime checks and executes it.
// A plan knows symbols, buffers, kernels and steps; it knows no ops.
//
// Example: y = kernel0(x, w) with symbol B:
//   symbols  [{name "B", min 1, max 64}]
//   inputs   [{name "x", F32, dims [B, 384]}]      outputs [{name "y", ...}]
//   kernels  [{name "matmul_bias", address 0x1000, numBuffers 3, numScalars 1}]
//   main     {steps: [Launch{kernel 0, buffers [input 0, weight 0, output 0],
//             scalars [B], instances ceildiv(B, 8)}]}
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_ABI_PLAN_H
#define TENON_RUNTIME_ABI_PLAN_H

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace tenon::abi {

/// Element types. Values are part of the file format: append, never renumber.
enum class DType : uint8_t {
  Bool = 0,
  I8,
  U8,
  I16,
  U16,
  I32,
  U32,
  I64,
  U64,
  F16,
  BF16,
  F32,
  F64,
  F8E4M3,
  F8E5M2,
  I4,
  U4,
};

/// Integer formulas over the model's symbols, as postfix code for a stack of
/// int64. Evaluation checks overflow and that divisors are at least 1 (Expr.h).
enum class ExprOp : uint8_t {
  Constant = 0, ///< push value
  Symbol,       ///< push symbol number `value`
  Add,
  Sub,
  Mul, ///< pop b, pop a, push a op b
  FloorDiv,
  CeilDiv,
  Mod,
  Min,
  Max,
};
struct ExprInstr {
  ExprOp op;
  int64_t value = 0; ///< only Constant and Symbol use it
};
using Expr = std::vector<ExprInstr>;

/// A symbolic dimension: bound when an input's shape is seen, checked then.
struct Symbol {
  std::string name;
  int64_t min = 0;
  int64_t max = INT64_MAX;
  int64_t divisor = 1;
};

/// One named input or output. Row-major and contiguous. Each symbol is,
/// somewhere, a dim of an input by itself: that is where it gets its value.
struct Tensor {
  std::string name;
  DType dtype;
  std::vector<Expr> dims;
};

/// Where a buffer's bytes are.
enum class Space : uint8_t {
  Input = 0, ///< index: which input of the model
  Output,    ///< index: which output of the model
  Weight,    ///< index: which WeightSection
  Arena,     ///< index: which ArenaSlot of the current function
  Parameter, ///< index: which parameter of the current function
};
struct BufferRef {
  Space space;
  uint32_t index;
};

/// Bytes in the mapped part of the file. Offsets are from the file's first byte
/// of this artifact and are multiples of 64.
struct WeightSection {
  std::string name;   ///< the model's name for it
  std::string layout; ///< e.g. "row-major", "panels 48"; for people and sharing
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t checksum = 0;
};

/// One range of the arena. Buffers that are never live together share a slot;
/// its size is the maximum of theirs. Slots lie one after another, each rounded
/// up to 64 bytes, so the arena's size is a formula in the symbols.
struct ArenaSlot {
  Expr bytes;
};

/// The compiled kernel:
///   void kernel(void *const *buffers, const int64_t *scalars,
///               int64_t begin, int64_t end, void *scratch)
/// computes instances [begin, end) of its grid. `scratch` is private to the
/// calling thread, 64-byte aligned, of scratchBytes.
using KernelFn = void (*)(void *const *, const int64_t *, int64_t, int64_t,
                          void *);

/// What a GPU's driver is given: an ELF file of its machine code, or PTX text.
enum class CodeForm : uint8_t { Cubin = 0, Ptx };
/// A kernel compiled for a GPU, as data of the loadable part. Its entry point
/// is called "tenon_" and the kernel's name:
///   __global__ void tenon_name(T *buffer0, ..., int64_t scalar0, ...)
/// A block computes an instance of the grid: blockIdx.x says which.
struct DeviceCode {
  std::string arch; ///< "sm_90a": what it runs on, or is written for
  CodeForm form = CodeForm::Cubin;
  uint64_t address = 0; ///< virtual, inside the loadable part
  uint64_t bytes = 0;
  uint32_t registers = 0;  ///< of a thread, for people
  uint64_t spillBytes = 0; ///< of a thread: registers that went to memory
};

/// A size of a buffer as a copy by tensor map sees it: a scalar of the launch,
/// or, where that is kNoScalar, a constant.
struct TensorMapSize {
  static constexpr uint32_t kNoScalar = UINT32_MAX;
  uint32_t scalar = kNoScalar;
  int64_t constant = 0;
  bool operator==(const TensorMapSize &) const = default;
};
/// A parameter of a kernel for GPUs behind its buffers and scalars, which the
/// launch makes (cuTensorMapEncodeTiled): boxes of a row-major tensor, their
/// rows swizzled as wide as they are. The last dim comes first.
struct TensorMap {
  uint32_t buffer = 0;       ///< number of the launch's buffer
  uint32_t elementBytes = 0; ///< 1, 2 or 4
  std::vector<TensorMapSize> sizes = {};
  std::vector<uint32_t> box = {}; ///< elements along each dim
  bool operator==(const TensorMap &) const = default;
};

struct Kernel {
  std::string name;
  uint64_t address = 0; ///< virtual address inside the loadable part
  uint64_t scratchBytes = 0;
  uint32_t numBuffers = 0;       ///< what it reads of `buffers` and `scalars`:
  uint32_t numScalars = 0;       ///< each launch must pass exactly these
  std::string source;            ///< the graph ops it came from, for people
  std::string schedule = {};     ///< the numbers it was made with, for people
  std::string reason = {};       ///< why these
  DType multiplies = DType::F32; ///< what its products are of, for people
  /// Of a kernel for GPUs, which has no address: threads of a block, their
  /// dynamic shared memory, and the forms of the code. Without forms it is a
  /// kernel for CPUs.
  uint32_t blockThreads = 0;
  uint32_t sharedBytes = 0;
  std::vector<DeviceCode> codes = {};
  std::vector<TensorMap> tensorMaps = {};
};

/// A tensor that a launch writes. Row-major and contiguous.
struct LaunchResult {
  /// What the imported model calls it: one name, or, in a function, one for
  /// each time that it is called, in order. None where it is no value of the
  /// model.
  std::vector<std::string> names;
  DType dtype = DType::F32;
  std::vector<Expr> dims;
};
/// What a launch runs in place of its kernel where a size is small: a kernel
/// that computes the same, made for that.
struct Variant {
  Expr size; ///< where this is at most `most`
  int64_t most = 0;
  uint32_t kernel = 0;
  Expr instances; ///< size of its grid
};
/// Runs all instances of a kernel over the threads, then a barrier.
struct Launch {
  uint32_t kernel; ///< where no variant applies
  std::vector<BufferRef> buffers;
  std::vector<Expr> scalars; ///< dims that the kernel reads
  Expr instances;            ///< size of its grid
  Expr flops;      ///< operations, a multiply-add being two; empty: not known
  Expr bytesMoved; ///< what any kernel must read and write; empty: not known
  std::vector<LaunchResult> results = {}; ///< in the last buffers, for people
  std::vector<Variant> variants = {};     ///< the first that applies runs
};
/// Runs another function's steps; its slots lie behind the caller's. Calls
/// never form a cycle.
struct Call {
  uint32_t function;
  std::vector<BufferRef> arguments;
};
/// Moves bytes without a kernel: an input that is also an output. `to` is never
/// an input or a weight; the ranges do not overlap.
struct Copy {
  BufferRef from, to;
  Expr bytes;
};
using Step = std::variant<Launch, Call, Copy>;

struct Function {
  std::string name;
  uint32_t numParameters = 0;
  std::vector<ArenaSlot> slots;
  std::vector<Step> steps;
};

/// The same model for another GPU: kernels and functions of their own over the
/// plan's symbols, tensors and weights.
struct Alternative {
  std::string target; ///< "cuda:sm_80"
  std::vector<Kernel> kernels;
  std::vector<Function> functions; ///< as in Plan
};

struct Plan {
  std::string producer; ///< "tenon 0.1.0 (llvm 22.1.8)"
  std::string target;   ///< "znver4", "cuda:sm_90a"
  std::vector<std::string>
      features; ///< CPU features the code uses, e.g. "avx512f"
  std::vector<Symbol> symbols;
  std::vector<Tensor> inputs, outputs;
  std::vector<WeightSection> weights;
  std::vector<Kernel> kernels;
  std::vector<Function> functions;       ///< functions[0] is the model
  std::vector<Alternative> alternatives; ///< of a plan for a GPU
};

/// The plan with the alternative's target, kernels and functions in place of
/// its own.
Plan planOf(const Plan &plan, const Alternative &alternative);

/// Whether its kernels, if it has any, are for GPUs.
inline bool isForGpu(const Plan &plan) {
  return plan.target.starts_with("cuda:");
}

} // namespace tenon::abi

#endif // TENON_RUNTIME_ABI_PLAN_H
