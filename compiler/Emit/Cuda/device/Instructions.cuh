//===- Instructions.cuh - the PTX that C++ has no word for ----------------===//
//
// The one table of inline assembly: all else of the device library, and every
// kernel, is C++ (PTX ISA 9.0). Places in shared memory are addresses of its
// own window. What a kernel does not use is not compiled, so instructions of
// newer GPUs stand beside those that all have.
//
//===----------------------------------------------------------------------===//

#pragma once

#define TENON_DEVICE __device__ __forceinline__
#define TENON_UNROLL _Pragma("unroll")

namespace tenon {

using i8 = signed char;
using u8 = unsigned char;
using i16 = short;
using u16 = unsigned short;
using u32 = unsigned;
using i64 = long long;
using u64 = unsigned long long;

/// Floats of 16 bits (Types.cuh), and the name of a type of elements.
struct bf16;
struct f16;
template <class T> struct Of {};

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

TENON_DEVICE u16 bitsOfBf16(float x) {
  u16 bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(x));
  return bits;
}
TENON_DEVICE u16 bitsOfF16(float x) {
  u16 bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
  return bits;
}
TENON_DEVICE float floatOfF16(u16 bits) {
  float x;
  asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(bits));
  return x;
}
/// 10 bits of fraction, of two equally near numbers the one farther from 0.
TENON_DEVICE float roundedToTf32(float x) {
  u32 bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
  return __uint_as_float(bits);
}
/// NaN wins.
TENON_DEVICE float largestOrNan(float x, float y) {
  float z;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(z) : "f"(x), "f"(y));
  return z;
}
TENON_DEVICE float smallestOrNan(float x, float y) {
  float z;
  asm("min.NaN.f32 %0, %1, %2;" : "=f"(z) : "f"(x), "f"(y));
  return z;
}
/// 2^x by the unit for special functions, two ulp off at most; what would be
/// subnormal is zero.
TENON_DEVICE float power2(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
/// No farther from 0 than `Far`. The compiler would make a branch of each end.
template <i64 Far> TENON_DEVICE i64 clamped(i64 x) {
  asm("max.s64 %0, %0, %1;\n"
      "min.s64 %0, %0, %2;"
      : "+l"(x)
      : "n"(-Far), "n"(Far));
  return x;
}

//===----------------------------------------------------------------------===//
// What the compiler does not know
//===----------------------------------------------------------------------===//

/// The same number, of which the compiler does not know how it came about: it
/// keeps it, and has it once, where it would compute it anew each turn.
template <class T> TENON_DEVICE T kept(T x) {
  if constexpr (sizeof(T) == 8)
    asm("" : "+l"(x));
  else
    asm("" : "+r"(x));
  return x;
}
/// What follows finds the register written: the compiler may not do it later.
TENON_DEVICE void settle(float &x) { asm volatile("" : "+f"(x)::"memory"); }
TENON_DEVICE void settle(int &x) { asm volatile("" : "+r"(x)::"memory"); }
TENON_DEVICE void settle(u32 &x) { asm volatile("" : "+r"(x)::"memory"); }

//===----------------------------------------------------------------------===//
// Barriers and fences
//===----------------------------------------------------------------------===//

/// A barrier of so many threads of the block, beside that of all.
template <int Threads> TENON_DEVICE void syncSome() {
  asm volatile("bar.sync 1, %0;" ::"n"(Threads) : "memory");
}
/// What threads wrote to shared memory becomes what the unit and copies by
/// tensor maps read.
TENON_DEVICE void fenceAsync() {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}
TENON_DEVICE void fenceBarrierInit() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}
/// Registers of each thread of a warpgroup: fewer, or more.
template <int Registers> TENON_DEVICE void giveRegisters() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(Registers));
}
template <int Registers> TENON_DEVICE void takeRegisters() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(Registers));
}

TENON_DEVICE void initBarrier(u32 barrier, u32 arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier),
               "r"(arrivals)
               : "memory");
}
TENON_DEVICE void arrive(u32 barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier)
               : "memory");
}
/// Arrives, and has the barrier wait for so many bytes of copies.
TENON_DEVICE void arriveAndExpect(u32 barrier, u32 bytes) {
  asm volatile(
      "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier),
      "r"(bytes)
      : "memory");
}
TENON_DEVICE bool isDone(u32 barrier, u32 phase) {
  u32 done;
  asm volatile("{.reg .pred p;\n"
               "mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\n"
               "selp.u32 %0, 1, 0, p;\n}"
               : "=r"(done)
               : "r"(barrier), "r"(phase)
               : "memory");
  return done;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

TENON_DEVICE void storeWords(void *to, uint4 w) {
  // As an assignment it may become four stores.
  asm volatile("st.global.v4.u32 [%0], {%1, %2, %3, %4};" ::"l"(to), "r"(w.x),
               "r"(w.y), "r"(w.z), "r"(w.w)
               : "memory");
}
TENON_DEVICE void storeWords(void *to, uint2 w) {
  asm volatile("st.global.v2.u32 [%0], {%1, %2};" ::"l"(to), "r"(w.x), "r"(w.y)
               : "memory");
}

/// Zeros where `isThere` is not.
template <int Bytes>
TENON_DEVICE void copyAsync(u32 to, const void *from, bool isThere) {
  if constexpr (Bytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to),
                 "l"(from), "r"(isThere ? 16 : 0)
                 : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(to),
                 "l"(from), "n"(Bytes), "r"(isThere ? Bytes : 0)
                 : "memory");
}
TENON_DEVICE void commitCopies() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}
/// All but the newest N groups are there, for this thread.
template <int N> TENON_DEVICE void awaitCopies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
}

/// CUtensorMap: made by the driver for a launch; a parameter of the kernel.
struct alignas(64) TensorMap {
  u64 words[16];
};

TENON_DEVICE void copyBox(u32 to, const TensorMap &map, u32 barrier, int x,
                          int y) {
  asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::"
               "complete_tx::bytes [%0], [%1, {%3, %4}], [%2];" ::"r"(to),
               "l"(&map), "r"(barrier), "r"(x), "r"(y)
               : "memory");
}
TENON_DEVICE void copyBox(u32 to, const TensorMap &map, u32 barrier, int x,
                          int y, int z) {
  asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::"
               "complete_tx::bytes [%0], [%1, {%3, %4, %5}], [%2];" ::"r"(to),
               "l"(&map), "r"(barrier), "r"(x), "r"(y), "r"(z)
               : "memory");
}
TENON_DEVICE void copyBox(u32 to, const TensorMap &map, u32 barrier, int x,
                          int y, int z, int w) {
  asm volatile(
      "cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::"
      "complete_tx::bytes [%0], [%1, {%3, %4, %5, %6}], [%2];" ::"r"(to),
      "l"(&map), "r"(barrier), "r"(x), "r"(y), "r"(z), "r"(w)
      : "memory");
}
TENON_DEVICE void copyBox(u32 to, const TensorMap &map, u32 barrier, int x,
                          int y, int z, int w, int v) {
  asm volatile(
      "cp.async.bulk.tensor.5d.shared::cluster.global.tile.mbarrier::"
      "complete_tx::bytes [%0], [%1, {%3, %4, %5, %6, %7}], [%2];" ::"r"(to),
      "l"(&map), "r"(barrier), "r"(x), "r"(y), "r"(z), "r"(w), "r"(v)
      : "memory");
}

/// How L2 keeps what is stored: what is streamed leaves it before all else.
template <bool Streams> TENON_DEVICE u64 storePolicy() {
  u64 policy;
  if constexpr (Streams)
    asm("createpolicy.fractional.L2::evict_first.b64 %0, 1.0;" : "=l"(policy));
  else
    asm("createpolicy.fractional.L2::evict_normal.b64 %0, 1.0;" : "=l"(policy));
  return policy;
}
// What a thread stores has left shared memory behind awaitStoredBoxes().
TENON_DEVICE void storeBox(u32 from, const TensorMap &map, u64 policy, int x,
                           int y) {
  asm volatile("cp.async.bulk.tensor.2d.global.shared::cta.tile.bulk_group."
               "L2::cache_hint [%0, {%3, %4}], [%1], %2;" ::"l"(&map),
               "r"(from), "l"(policy), "r"(x), "r"(y)
               : "memory");
}
TENON_DEVICE void storeBox(u32 from, const TensorMap &map, u64 policy, int x,
                           int y, int z) {
  asm volatile("cp.async.bulk.tensor.3d.global.shared::cta.tile.bulk_group."
               "L2::cache_hint [%0, {%3, %4, %5}], [%1], %2;" ::"l"(&map),
               "r"(from), "l"(policy), "r"(x), "r"(y), "r"(z)
               : "memory");
}
TENON_DEVICE void storeBox(u32 from, const TensorMap &map, u64 policy, int x,
                           int y, int z, int w) {
  asm volatile("cp.async.bulk.tensor.4d.global.shared::cta.tile.bulk_group."
               "L2::cache_hint [%0, {%3, %4, %5, %6}], [%1], %2;" ::"l"(&map),
               "r"(from), "l"(policy), "r"(x), "r"(y), "r"(z), "r"(w)
               : "memory");
}
TENON_DEVICE void awaitStoredBoxes() {
  asm volatile("cp.async.bulk.commit_group;\n"
               "cp.async.bulk.wait_group.read 0;" ::
                   : "memory");
}

//===----------------------------------------------------------------------===//
// Clusters: blocks whose shared memories one copy may fill
//===----------------------------------------------------------------------===//

TENON_DEVICE u32 rankInCluster() {
  u32 rank;
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  return rank;
}
/// All threads of all blocks that have not left.
TENON_DEVICE void syncCluster() {
  asm volatile("barrier.cluster.arrive.release.aligned;\n"
               "barrier.cluster.wait.acquire.aligned;" ::
                   : "memory");
}
/// The same place in another block.
TENON_DEVICE u32 placeIn(u32 rank, u32 place) {
  u32 there;
  asm("mapa.shared::cluster.u32 %0, %1, %2;"
      : "=r"(there)
      : "r"(place), "r"(rank));
  return there;
}
/// Arrives at a barrier of another block. What its products have read they
/// have read, so nothing else need be seen there.
TENON_DEVICE void arriveThere(u32 barrier) {
  asm volatile("mbarrier.arrive.shared::cluster.b64 _, [%0];" ::"r"(barrier)
               : "memory");
}
/// To the same place in each block of the mask, whose barriers count it.
TENON_DEVICE void copyBoxToAll(u32 to, const TensorMap &map, u32 barrier,
                               u16 mask, int x, int y) {
  asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::"
               "complete_tx::bytes.multicast::cluster [%0], [%1, {%3, %4}], "
               "[%2], %5;" ::"r"(to),
               "l"(&map), "r"(barrier), "r"(x), "r"(y), "h"(mask)
               : "memory");
}

//===----------------------------------------------------------------------===//
// The matrix unit of a warp: 16 rows, 8 columns, 32 bytes contracted
//===----------------------------------------------------------------------===//

/// Four matrices of 8 x 8 elements of 16 bits; each thread says where a row is.
template <bool Transposes>
TENON_DEVICE void loadMatrices(u32 (&to)[4], u32 row) {
  if constexpr (Transposes)
    asm volatile(
        "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
        : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
        : "r"(row)
        : "memory");
  else
    asm volatile(
        "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
        : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
        : "r"(row)
        : "memory");
}

// `Form` ends in the types of sums, factors and sums; `r` constrains a sum.
#define TENON_PRODUCT(A, B, Number, r, Form)                                   \
  TENON_DEVICE void multiplyMatrices(Of<A>, Of<B>, Number *sums,               \
                                     const u32(&a)[4], u32 b0, u32 b1) {       \
    asm volatile(                                                              \
        "mma.sync.aligned." Form                                               \
        " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"     \
        : "+" r(sums[0]), "+" r(sums[1]), "+" r(sums[2]), "+" r(sums[3])       \
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));       \
  }
TENON_PRODUCT(bf16, bf16, float, "f", "m16n8k16.row.col.f32.bf16.bf16.f32")
TENON_PRODUCT(f16, f16, float, "f", "m16n8k16.row.col.f32.f16.f16.f32")
TENON_PRODUCT(float, float, float, "f", "m16n8k8.row.col.f32.tf32.tf32.f32")
TENON_PRODUCT(u8, u8, int, "r", "m16n8k32.row.col.s32.u8.u8.s32")
TENON_PRODUCT(u8, i8, int, "r", "m16n8k32.row.col.s32.u8.s8.s32")
TENON_PRODUCT(i8, u8, int, "r", "m16n8k32.row.col.s32.s8.u8.s32")
TENON_PRODUCT(i8, i8, int, "r", "m16n8k32.row.col.s32.s8.s8.s32")
#undef TENON_PRODUCT

//===----------------------------------------------------------------------===//
// That of four warps: 64 rows, 32 bytes contracted
//===----------------------------------------------------------------------===//

template <int Columns> struct Width {};

// `r` constrains a sum.
#define TENON_SUMS4(r, i)                                                      \
  "+" r(d[i]), "+" r(d[i + 1]), "+" r(d[i + 2]), "+" r(d[i + 3])
#define TENON_SUMS8(r, i) TENON_SUMS4(r, i), TENON_SUMS4(r, i + 4)
#define TENON_SUMS16(r, i) TENON_SUMS8(r, i), TENON_SUMS8(r, i + 8)
#define TENON_SUMS32(r, i) TENON_SUMS16(r, i), TENON_SUMS16(r, i + 16)
#define TENON_SUMS64(r, i) TENON_SUMS32(r, i), TENON_SUMS32(r, i + 32)
#define TENON_SUMS128(r, i) TENON_SUMS64(r, i), TENON_SUMS64(r, i + 64)

#define TENON_NAMES8 "%0, %1, %2, %3, %4, %5, %6, %7"
#define TENON_NAMES16 TENON_NAMES8 ", %8, %9, %10, %11, %12, %13, %14, %15"
#define TENON_NAMES32                                                          \
  TENON_NAMES16 ", %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, "    \
                "%27, %28, %29, %30, %31"
#define TENON_NAMES64                                                          \
  TENON_NAMES32 ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, "    \
                "%43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, " \
                "%55, %56, %57, %58, %59, %60, %61, %62, %63"
#define TENON_NAMES128                                                         \
  TENON_NAMES64 ", %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, "    \
                "%75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, " \
                "%87, %88, %89, %90, %91, %92, %93, %94, %95, %96, %97, %98, " \
                "%99, %100, %101, %102, %103, %104, %105, %106, %107, %108, "  \
                "%109, %110, %111, %112, %113, %114, %115, %116, %117, %118, " \
                "%119, %120, %121, %122, %123, %124, %125, %126, %127"

// TA, TB: whether what is contracted lies down a tile's rows. The numbers are
// those of the operands behind the sums.
#define TENON_GROUP_PRODUCT(T, Columns, Sums, n0, n1, n2, n3, n4, n5)          \
  template <int TA, int TB>                                                    \
  TENON_DEVICE void multiplyGroup(Of<T>, Of<T>, Width<Columns>, float *d,      \
                                  u64 a, u64 b) {                              \
    asm volatile("{.reg .pred p;\n"                                            \
                 "setp.ne.b32 p, 1, 0;\n"                                      \
                 "wgmma.mma_async.sync.aligned.m64n" #Columns "k16.f32." #T    \
                 "." #T " {" TENON_NAMES##Sums                                 \
                 "}, %" #n0 ", %" #n1 ", p, 1, 1, %" #n2 ", %" #n3 ";\n}"      \
                 : TENON_SUMS##Sums("f", 0)                                    \
                 : "l"(a), "l"(b), "n"(TA), "n"(TB));                          \
  }                                                                            \
  template <int TA, int TB>                                                    \
  TENON_DEVICE void multiplyGroup(Of<T>, Of<T>, Width<Columns>, float *d,      \
                                  const u32(&a)[4], u64 b) {                   \
    asm volatile(                                                              \
        "{.reg .pred p;\n"                                                     \
        "setp.ne.b32 p, 1, 0;\n"                                               \
        "wgmma.mma_async.sync.aligned.m64n" #Columns "k16.f32." #T "." #T      \
        " {" TENON_NAMES##Sums "}, {%" #n0 ", %" #n1 ", %" #n2 ", %" #n3       \
                               "}, %" #n4 ", p, 1, 1, %" #n5 ";\n}"            \
        : TENON_SUMS##Sums("f", 0)                                             \
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "n"(TB));        \
  }

#define TENON_GROUP_PRODUCTS(T)                                                \
  TENON_GROUP_PRODUCT(T, 16, 8, 8, 9, 10, 11, 12, 13)                          \
  TENON_GROUP_PRODUCT(T, 32, 16, 16, 17, 18, 19, 20, 21)                       \
  TENON_GROUP_PRODUCT(T, 64, 32, 32, 33, 34, 35, 36, 37)                       \
  TENON_GROUP_PRODUCT(T, 128, 64, 64, 65, 66, 67, 68, 69)                      \
  TENON_GROUP_PRODUCT(T, 256, 128, 128, 129, 130, 131, 132, 133)

TENON_GROUP_PRODUCTS(bf16)
TENON_GROUP_PRODUCTS(f16)

// Of bytes, which lie along what is contracted on both sides.
#define TENON_BYTES_PRODUCT(A, B, Types, Columns, Sums, n0, n1)                \
  template <int TA, int TB>                                                    \
  TENON_DEVICE void multiplyGroup(Of<A>, Of<B>, Width<Columns>, int *d, u64 a, \
                                  u64 b) {                                     \
    static_assert(!TA && !TB, "bytes lie along what is contracted");           \
    asm volatile("{.reg .pred p;\n"                                            \
                 "setp.ne.b32 p, 1, 0;\n"                                      \
                 "wgmma.mma_async.sync.aligned.m64n" #Columns "k32.s32." Types \
                 " {" TENON_NAMES##Sums "}, %" #n0 ", %" #n1 ", p;\n}"         \
                 : TENON_SUMS##Sums("r", 0)                                    \
                 : "l"(a), "l"(b));                                            \
  }

#define TENON_BYTES_PRODUCTS(A, B, Types)                                      \
  TENON_BYTES_PRODUCT(A, B, Types, 16, 8, 8, 9)                                \
  TENON_BYTES_PRODUCT(A, B, Types, 32, 16, 16, 17)                             \
  TENON_BYTES_PRODUCT(A, B, Types, 64, 32, 32, 33)                             \
  TENON_BYTES_PRODUCT(A, B, Types, 128, 64, 64, 65)                            \
  TENON_BYTES_PRODUCT(A, B, Types, 256, 128, 128, 129)

TENON_BYTES_PRODUCTS(u8, u8, "u8.u8")
TENON_BYTES_PRODUCTS(u8, i8, "u8.s8")
TENON_BYTES_PRODUCTS(i8, u8, "s8.u8")
TENON_BYTES_PRODUCTS(i8, i8, "s8.s8")

/// From here on registers of sums are the unit's, until all products ended.
TENON_DEVICE void beginProducts() {
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}
TENON_DEVICE void endProducts() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}
TENON_DEVICE void awaitAllProducts() {
  asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
}

} // namespace tenon
