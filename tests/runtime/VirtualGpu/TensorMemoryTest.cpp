// Tensor memory: which cell belongs to which register, and products into it of
// every layout of operands, against plain sums.

#include "tests/runtime/VirtualGpu/TestDevice.h"

#include "runtime/Core/Message.h"

#include <algorithm>
#include <random>

namespace tenon::vgpu {
namespace {

using rt::message;

constexpr unsigned kThreads = 128;

/// %i: thread, %w: warp, %t: the first column, %u: the same in the warp's
/// lanes; 128 columns, an mbarrier for one arrival.
constexpr const char *kHead = R"(
  .reg .pred %c<4>; .reg .b32 %i, %w, %l, %t, %u, %s, %e, %r<128>;
  .reg .b64 %p, %q, %o, %a, %b;
  .shared .align 1024 .b8 tile[24576]; .shared .align 8 .b8 bars[8];
  .shared .align 4 .b8 place[4];
  mov.u32 %i, %tid.x; shr.u32 %w, %i, 5; and.b32 %l, %i, 31;
  setp.eq.u32 %c0, %w, 0; setp.eq.u32 %c1, %i, 0;
  @%c0 tcgen05.alloc.cta_group::1.sync.aligned.shared::cta.b32 [place], 128;
  @%c1 mbarrier.init.shared::cta.b64 [bars], 1;
  bar.sync 0;
  @%c0 tcgen05.relinquish_alloc_permit.cta_group::1.sync.aligned;
  ld.shared.b32 %t, [place]; shl.b32 %u, %w, 21; add.s32 %u, %u, %t;
)";
constexpr const char *kTail =
    "bar.sync 0;"
    "@%c0 tcgen05.dealloc.cta_group::1.sync.aligned.b32 %t, 128;";

/// {%r0, %r1, ...}
std::string registers(unsigned count) {
  std::string text = "{";
  for (unsigned i = 0; i < count; ++i)
    text += message(i ? ", " : "", "%r", i);
  return text + "}";
}

/// Stores registers to %o: one row of threads for each.
std::string storeRows(unsigned count, unsigned firstRow,
                      const char *predicate = "") {
  std::string text;
  for (unsigned i = 0; i < count; ++i)
    text += message(predicate, "st.global.b32 [%o+",
                    (firstRow + i) * kThreads * 4, "], %r", i, ";");
  return text;
}

//===----------------------------------------------------------------------===//
// Loads and stores
//===----------------------------------------------------------------------===//

constexpr unsigned kColumns = 64;

/// A shape that takes 64 columns: where register i of a lane stands in them.
struct Shape {
  const char *name, *repeats;
  unsigned numRegisters, numLanes;
  std::pair<unsigned, unsigned> (*place)(unsigned i, unsigned lane);
};

const Shape kShapes[] = {
    {"32x32b", "x64", 64, 32,
     [](unsigned i, unsigned lane) { return std::pair(lane, i); }},
    {"16x64b", "x32", 32, 16,
     [](unsigned i, unsigned lane) {
       return std::pair(lane / 4 + (lane & 1 ? 8 : 0),
                        2 * i + (lane & 2 ? 1 : 0));
     }},
    {"16x128b", "x16", 32, 16,
     [](unsigned i, unsigned lane) {
       return std::pair(lane / 4 + (i & 1 ? 8 : 0), (i / 2) * 4 + (lane & 3));
     }},
    {"16x256b", "x8", 32, 16,
     [](unsigned i, unsigned lane) {
       return std::pair(lane / 4 + (i & 2 ? 8 : 0),
                        (i / 4) * 8 + (lane & 3) * 2 + (i & 1));
     }},
    {"16x32bx2", "x32", 32, 16, [](unsigned i, unsigned lane) {
       return std::pair(lane & 15, lane < 16 ? i : 32 + i);
     }}};

/// Writes lane * 1000 + column to all cells, takes them in the shape, and
/// stores them in the shape beside.
std::string kernelOf(const Shape &shape) {
  std::string access =
      message(".sync.aligned.", shape.name, ".", shape.repeats, ".b32 ");
  bool isSplit = shape.name == std::string("16x32bx2");
  std::string body =
      message(kHead, "ld.param.u64 %o, [p0];"
                     "mul.wide.u32 %p, %i, 4; add.s64 %o, %o, %p;");
  for (unsigned i = 0; i < kColumns; ++i)
    body += message("mad.lo.u32 %r", i, ", %i, 1000, ", i, ";");
  body += message("tcgen05.st.sync.aligned.32x32b.x64.b32 [%u], ",
                  registers(kColumns), ";");
  for (unsigned i = 0; i < kColumns; ++i)
    body += message("mov.b32 %r", i, ", 0;");
  body += message("tcgen05.st.sync.aligned.32x32b.x64.b32 [%u+64], ",
                  registers(kColumns), "; tcgen05.wait::st.sync.aligned;");
  unsigned row = 0;
  for (unsigned lane = 0; lane < 32; lane += shape.numLanes) {
    body += message(
        "tcgen05.ld", access, registers(shape.numRegisters), ", [%u+",
        lane << 16, isSplit ? "], 32;" : "];", "tcgen05.wait::ld.sync.aligned;",
        storeRows(shape.numRegisters, row), "tcgen05.st", access, "[%u+",
        (lane << 16) + 64, isSplit ? "], 32, " : "], ",
        registers(shape.numRegisters), "; tcgen05.wait::st.sync.aligned;");
    row += shape.numRegisters;
  }
  return message(body, "tcgen05.ld.sync.aligned.32x32b.x64.b32 ",
                 registers(kColumns),
                 ", [%u+64]; tcgen05.wait::ld.sync.aligned;",
                 storeRows(kColumns, kColumns), kTail);
}

class TensorShapeTest : public testing::TestWithParam<Shape> {};

TEST_P(TensorShapeTest, RegistersHaveTheirCells) {
  const Shape &shape = GetParam();
  TestDevice device({.arch = 100});
  device.target = "sm_100a";
  device.loadBody(kernelOf(shape));
  Address out = device.allocate("out", 2 * kColumns * kThreads * 4);
  EXPECT_EQ(texts(device.run("k", {1}, {kThreads}, out)), "");
  auto found = device.download<uint32_t>(out, 2 * kColumns * kThreads);
  for (unsigned thread = 0; thread < kThreads; ++thread) {
    for (unsigned row = 0; row < shape.numRegisters * (32 / shape.numLanes);
         ++row) {
      unsigned first = row / shape.numRegisters * shape.numLanes;
      auto [lane, column] = shape.place(row % shape.numRegisters, thread % 32);
      ASSERT_EQ(found[row * kThreads + thread],
                (thread / 32 * 32 + first + lane) * 1000 + column)
          << row << " " << thread;
    }
    for (unsigned column = 0; column < kColumns; ++column)
      ASSERT_EQ(found[(kColumns + column) * kThreads + thread],
                thread * 1000 + column);
  }
}

INSTANTIATE_TEST_SUITE_P(All, TensorShapeTest, testing::ValuesIn(kShapes),
                         [](const auto &info) {
                           return std::string("of") + info.param.name;
                         });

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

constexpr unsigned kDepthBytes = 32;
constexpr unsigned kRightAt = 16384; ///< of the tile

/// A type of operands, as the instruction descriptor names it.
struct Type {
  const char *kind;
  unsigned elementBytes, d, ab;
  std::vector<std::pair<uint32_t, float>> numbers;
};
const Type kBf16{"f16", 2, 1, 1, {{0x3f80, 1}, {0xc000, -2}, {0x3f00, 0.5f}}};
const Type kF16{"f16", 2, 1, 0, {{0x3c00, 1}, {0xc000, -2}, {0x3800, 0.5f}}};
// The lower 13 bits do not count.
const Type kTf32{
    "tf32", 4, 1, 2, {{0x3f800fff, 1}, {0xc0000000, -2}, {0x3f000001, 0.5f}}};
const Type kS8{"i8", 1, 2, 1, {{1, 1}, {0x80, -128}, {0x7f, 127}}};
const Type kU8{"i8", 1, 2, 0, {{1, 1}, {0x80, 128}, {0xff, 255}}};
const Type kE4m3{"f8f6f4", 1, 1, 0, {{0x38, 1}, {0xc0, -2}, {0x30, 0.5f}}};
const Type kE5m2{"f8f6f4", 1, 1, 1, {{0x3c, 1}, {0xc0, -2}, {0x38, 0.5f}}};

struct Product {
  const char *name;
  const Type *type;
  unsigned m, n;
  unsigned rowBytes; ///< of the swizzle's pattern; 16 for none
  bool isTransposedA = false, isTransposedB = false;
  bool isLeftInTensorMemory = false;
  unsigned numTimes = 1; ///< added to the sums
  bool isNegatedA = false, isNegatedB = false;
  bool isMasked = false; ///< all times but the first, by kMasks
};

/// Lanes that keep what they have.
constexpr uint32_t kMasks[] = {0xffff0000, 0, 0xffffffff, 0x80000005};

const Product kProducts[] = {
    {"Bf16", &kBf16, 128, 64, 16},
    {"Bf16Swizzle32", &kBf16, 128, 64, 32},
    {"Bf16Swizzle64", &kBf16, 128, 64, 64},
    {"Bf16Swizzle128", &kBf16, 128, 64, 128},
    {"TransposedA", &kBf16, 128, 16, 16, true, false},
    {"TransposedASwizzle32", &kBf16, 128, 16, 32, true, false},
    {"TransposedASwizzle64", &kBf16, 64, 16, 64, true, false},
    {"TransposedASwizzle128", &kBf16, 128, 64, 128, true, false},
    {"TransposedB", &kBf16, 64, 64, 16, false, true},
    {"TransposedBSwizzle32", &kBf16, 128, 64, 32, false, true},
    {"TransposedBSwizzle64", &kBf16, 128, 32, 64, false, true},
    {"TransposedBSwizzle128", &kF16, 64, 64, 128, false, true},
    {"BothTransposed", &kF16, 128, 64, 128, true, true},
    {"Rows64", &kF16, 64, 8, 128},
    {"Added", &kBf16, 128, 16, 128, false, false, false, 3},
    {"NegatedA", &kBf16, 128, 16, 64, false, false, false, 1, true},
    {"NegatedB", &kF16, 64, 8, 64, false, false, false, 1, false, true},
    {"NegatedBoth", &kF16, 64, 8, 64, false, false, false, 2, true, true},
    {"Masked", &kBf16, 128, 16, 64, false, false, false, 2, false, false, true},
    {"Masked64", &kBf16, 64, 8, 64, false, false, false, 3, false, false, true},
    {"LeftInTensorMemory", &kBf16, 128, 32, 128, false, true, true},
    {"LeftInTensorMemory64", &kF16, 64, 32, 64, false, false, true, 2},
    {"Tf32", &kTf32, 128, 32, 128},
    {"Tf32LeftInTensorMemory", &kTf32, 64, 16, 32, false, false, true},
    {"S8", &kS8, 128, 32, 128},
    {"U8", &kU8, 64, 32, 32},
    {"S8Transposed", &kS8, 128, 64, 64, true, true},
    {"E4m3", &kE4m3, 128, 32, 128},
    {"E5m2Transposed", &kE5m2, 128, 32, 16, true, true}};

/// A matrix in shared memory: rows of A or columns of B.
struct Side {
  const Type &type;
  unsigned numRows, rowBytes;
  bool isTransposed;
  std::vector<float> numbers;
  std::vector<uint8_t> bytes; ///< as it stands there
  std::vector<uint8_t> plain; ///< row after row

  unsigned depth() const { return kDepthBytes / type.elementBytes; }
  /// Bytes between parts that the swizzle's pattern does not hold.
  unsigned leading() const {
    return isTransposed ? rowBytes == 16 ? 128 : rowBytes * depth()
                        : numRows * 16;
  }
  unsigned stride() const {
    return isTransposed && rowBytes == 16 ? 16 * depth() : rowBytes * 8;
  }
  size_t placeOf(unsigned row, unsigned k) const {
    unsigned size = type.elementBytes, atom = rowBytes / size, at = 0;
    if (!isTransposed)
      at = row / 8 * stride() + row % 8 * rowBytes +
           (rowBytes == 16 ? k * size / 16 * leading() + k * size % 16
                           : k * size);
    else
      at = row % atom * size + k % 8 * rowBytes +
           row / atom * (rowBytes == 16 ? stride() : leading()) +
           k / 8 * (rowBytes == 16 ? leading() : stride());
    return at ^ (at / 128 % (rowBytes / 16) * 16);
  }
  uint64_t descriptor(unsigned at) const {
    uint64_t swizzle = rowBytes == 16   ? 0
                       : rowBytes == 32 ? 6
                       : rowBytes == 64 ? 4
                                        : 2;
    return at / 16 | uint64_t(leading() / 16) << 16 |
           uint64_t(stride() / 16) << 32 | uint64_t(1) << 46 | swizzle << 61;
  }
};

Side makeSide(const Type &type, unsigned numRows, unsigned rowBytes,
              bool isTransposed, size_t sizeBytes, std::mt19937 &random) {
  Side side{type, numRows, rowBytes, isTransposed, {}, {}, {}};
  side.bytes.resize(sizeBytes);
  side.plain.resize(numRows * kDepthBytes);
  for (unsigned row = 0; row < numRows; ++row)
    for (unsigned k = 0; k < side.depth(); ++k) {
      auto [bits, number] = type.numbers[random() % type.numbers.size()];
      side.numbers.push_back(number);
      std::memcpy(&side.bytes.at(side.placeOf(row, k)), &bits,
                  type.elementBytes);
      std::memcpy(&side.plain[row * kDepthBytes + k * type.elementBytes], &bits,
                  type.elementBytes);
    }
  return side;
}

uint32_t instructionDescriptor(const Product &product) {
  const Type &type = *product.type;
  return type.d << 4 | type.ab << 7 | type.ab << 10 |
         uint32_t(product.isNegatedA) << 13 |
         uint32_t(product.isNegatedB) << 14 |
         uint32_t(product.isTransposedA) << 15 |
         uint32_t(product.isTransposedB) << 16 | product.n / 8 << 17 |
         product.m / 16 << 24;
}

/// p0: the tile, p1: a row of A for each thread, p2: sums.
std::string kernelOf(const Product &product, const Side &a, const Side &b) {
  std::string multiply = message(
                  "@%c1 tcgen05.mma.cta_group::1.kind::", product.type->kind,
                  " [%t], ", product.isLeftInTensorMemory ? "[%t+64]" : "%a",
                  ", %b, %e, "),
              left = product.isLeftInTensorMemory
                         ? "ld.param.u64 %p, [p1]; mad.wide.u32 %p, %i, 32, %p;"
                           "ld.global.v4.b32 {%r0, %r1, %r2, %r3}, [%p];"
                           "ld.global.v4.b32 {%r4, %r5, %r6, %r7}, [%p+16];"
                           "tcgen05.st.sync.aligned.32x32b.x8.b32 [%u+64], "
                           "{%r0, %r1, %r2, %r3, %r4, %r5, %r6, %r7};"
                           "tcgen05.wait::st.sync.aligned;"
                         : "";
  std::string body =
      message(kHead, R"(
    ld.param.u64 %p, [p0]; mov.u32 %s, 0;
    FILL: mad.lo.u32 %r4, %s, 128, %i; shl.b32 %r4, %r4, 4;
    cvt.u64.u32 %q, %r4; add.s64 %q, %q, %p;
    ld.global.v4.b32 {%r0, %r1, %r2, %r3}, [%q];
    mov.u32 %r5, tile; add.s32 %r5, %r5, %r4;
    st.shared.v4.b32 [%r5], {%r0, %r1, %r2, %r3};
    add.s32 %s, %s, 1; setp.lt.u32 %c2, %s, 12; @%c2 bra FILL;
    )",
              left, "fence.proxy.async.shared::cta; bar.sync 0; mov.b32 %e, ",
              instructionDescriptor(product), "; mov.b64 %a, ", a.descriptor(0),
              "; mov.b64 %b, ", b.descriptor(kRightAt), ";");
  for (unsigned i = 0; i < std::size(kMasks); ++i)
    body += message("mov.b32 %r", i, ", ", kMasks[i], ";");
  for (unsigned time = 0; time < product.numTimes; ++time)
    body +=
        message("setp.ne.u32 %c3, ", time, ", 0;", multiply,
                product.isMasked && time ? registers(4) + ", " : "", "%c3;");
  return message(
      body,
      "@%c1 tcgen05.commit.cta_group::1.mbarrier::arrive::one."
      "shared::cluster.b64 [bars];"
      "WAIT: mbarrier.try_wait.parity.shared::cta.b64 %c2, [bars], 0;"
      "@!%c2 bra WAIT;"
      "tcgen05.ld.sync.aligned.32x32b.x",
      product.n, ".b32 ", registers(product.n),
      ", [%u]; tcgen05.wait::ld.sync.aligned;"
      "ld.param.u64 %o, [p2]; mul.wide.u32 %p, %i, 4; add.s64 %o, %o, %p;"
      "setp.lt.u32 %c2, %l, ",
      product.m / 4, ";", storeRows(product.n, 0, "@%c2 "), kTail);
}

class TensorProductTest : public testing::TestWithParam<Product> {};

TEST_P(TensorProductTest, IsASumOfProducts) {
  const Product &product = GetParam();
  std::mt19937 random(1);
  Side a = makeSide(*product.type, product.m, product.rowBytes,
                    product.isTransposedA, kRightAt, random),
       b = makeSide(*product.type, product.n, product.rowBytes,
                    product.isTransposedB, 24576 - kRightAt, random);
  std::vector<uint8_t> tile = a.bytes, lanes(kThreads * kDepthBytes);
  tile.insert(tile.end(), b.bytes.begin(), b.bytes.end());
  auto laneOf = [&](unsigned row) {
    return product.m == 64 ? row / 16 * 32 + row % 16 : row;
  };
  for (unsigned row = 0; row < product.m; ++row)
    std::copy_n(&a.plain[row * kDepthBytes], kDepthBytes,
                &lanes[laneOf(row) * kDepthBytes]);
  TestDevice device({.arch = 100});
  device.target = "sm_100a";
  device.loadBody(kernelOf(product, a, b), 3);
  Address result = device.allocate("result", product.n * kThreads * 4);
  LaunchResult launched =
      device.run("k", {1}, {kThreads}, device.upload("tile", tile),
                 device.upload("lanes", lanes), result);
  EXPECT_EQ(texts(launched), "");
  EXPECT_EQ(launched.counters.mmaFlops,
            uint64_t(2) * product.m * product.n * a.depth() * product.numTimes);
  auto floats = device.download<float>(result, product.n * kThreads);
  auto integers = device.download<int32_t>(result, product.n * kThreads);
  float sign = product.isNegatedA != product.isNegatedB ? -1 : 1;
  auto numTimes = [&](unsigned lane) {
    bool keeps = product.isMasked && (kMasks[lane / 32] >> lane % 32 & 1);
    return keeps ? 1 : product.numTimes;
  };
  for (unsigned row = 0; row < product.m; ++row)
    for (unsigned column = 0; column < product.n; ++column) {
      float sum = 0;
      for (unsigned k = 0; k < a.depth(); ++k)
        sum +=
            a.numbers[row * a.depth() + k] * b.numbers[column * a.depth() + k];
      unsigned at = column * kThreads + laneOf(row);
      ASSERT_EQ(product.type->d == 2 ? float(integers[at]) : floats[at],
                sign * float(numTimes(laneOf(row))) * sum)
          << row << " " << column;
    }
}

INSTANTIATE_TEST_SUITE_P(All, TensorProductTest, testing::ValuesIn(kProducts),
                         [](const auto &info) {
                           return std::string(info.param.name);
                         });

} // namespace
} // namespace tenon::vgpu
