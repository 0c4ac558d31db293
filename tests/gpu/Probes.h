//===- Probes.h - kernels whose speed is the device's ---------------------===//

#ifndef TENON_TESTS_GPU_PROBES_H
#define TENON_TESTS_GPU_PROBES_H

#include <string>

namespace tenon::test {

inline constexpr unsigned kProbeThreads = 256; ///< of a block
/// Products of a warp that do not wait for each other.
inline constexpr unsigned kProductsInFlight = 8;
/// 16 x 8 sums of 16 products each, a multiply-add being two.
inline constexpr double kFlopsOfProduct = 2.0 * 16 * 8 * 16;

/// For sm_80 and all later ones:
///   nothing()
///   read(from, numVectors, to)  to[thread] = the xor of the words that the
///                               thread reads; 16 bytes at a time
///   multiply(turns, to)         to[thread] = 16 * turns: a sum of products of
///                               ones in bf16, of kProductsInFlight of them
std::string probesPtx();

} // namespace tenon::test

#endif // TENON_TESTS_GPU_PROBES_H
