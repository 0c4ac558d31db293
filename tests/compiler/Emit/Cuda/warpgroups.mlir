// RUN: tenon compile %s --from=simplify --target=cuda:sm_90a --emit=cuda -o - | FileCheck %s

// Two blocks share rows of the right side; 16 MiB of results leave L2 first.

// CHECK-LABEL: // matmul
// CHECK-NEXT:  extern "C" __global__ void __cluster_dims__(2, 1, 1)
// CHECK:         copyTensor(
// CHECK-NEXT:    copyTensorToAll<2>(
// CHECK:         storeTensor<true>(SwizzledTile<bf16, 128, 256>(0), map2,

// On sm_90a groups of four warps multiply. What a loop walks are boxes of tensors,
// so a warpgroup of its own copies them by tensor maps. The weights of attention's
// values multiply from registers.

// CHECK-LABEL: // attention
// CHECK:         ring.produce(Range{0, n0, 64}, 16384, [&](i64 {{.+}}, int stage, u32 barrier) {
// CHECK:         ring.consume(Range{0, n0, 64}, [&](i64 {{.+}}, int stage) {
// CHECK:           multiplyByUnit({{.+}}, {{.+}}, transposed({{.+}}), ring.group);
// CHECK:           multiplyByUnit({{.+}}, pairsOf({{.+}}), {{.+}}, ring.group);

// Rows of 100 elements begin nowhere near a vector: threads copy them.

// CHECK-LABEL: // matmul
// CHECK-NEXT:  extern "C" __global__ void __launch_bounds__(128, 1) tenon_matmul_0(
// CHECK-NOT:   Ring
// CHECK:         using W = Warpgroups<1>;
// CHECK:         pipeline<W, 4>(Range{0, 100, 64}, [&](i64 {{.+}}, int stage) {
// CHECK:           copy<W, 4>(
// CHECK:           multiplyByUnit(

// A stage has the boxes of both factors; sums stay where they are, and leave as
// boxes, too.

// CHECK-LABEL: // matmul
// CHECK-NEXT:  extern "C" __global__ void __launch_bounds__(384, 1) tenon_matmul(
// CHECK:         const __grid_constant__ TensorMap map0, const __grid_constant__ TensorMap map1,
// CHECK-NEXT:    const __grid_constant__ TensorMap map2) {
// CHECK-NEXT:    using W = Warpgroups<2>;
// CHECK-NEXT:    using L128x128 = MatrixLayout<128, 128, W>;
// CHECK:         const Stages<SwizzledTile<bf16, 128, 64>> [[LEFT:.+]](0);
// CHECK-NEXT:    const Stages<SwizzledTile<bf16, 64, 128>> [[RIGHT:.+]](65536);
// CHECK-NEXT:    Ring<W, 4> ring(131072);
// CHECK-NEXT:    if (ring.copies())
// CHECK-NEXT:      return ring.produce(Range{0, 256, 64}, 32768, [&](i64 [[K:.+]], int stage, u32 barrier) {
// CHECK-NEXT:        copyTensor([[LEFT]][stage], map0, barrier, [[K]], [[ROW:.+]]);
// CHECK-NEXT:        copyTensor([[RIGHT]][stage], map1, barrier, [[COLUMN:.+]], [[K]]);
// CHECK-NEXT:      });
// CHECK-NEXT:    auto [[SUMS:.+]] = fill<Tile<float, L128x128>>(0.0f);
// CHECK-NEXT:    ring.consume<4>(Range{0, 256, 64}, [&](i64 [[K]], int stage) {
// CHECK-NEXT:      multiplyByUnit([[SUMS]], [[LEFT]][stage], [[RIGHT]][stage], ring.group);
// CHECK-NEXT:    });
// CHECK-NEXT:    auto [[RESULT:.+]] = map<L128x128>([=](float x0) { return bf16(x0); }, [[SUMS]]);
// CHECK-NEXT:    storeTensor<false>(SwizzledTile<bf16, 128, 128>(0), map2, [[RESULT]], [[COLUMN]], [[ROW]]);

func.func @f(%a: tensor<2048x256xbf16> {graph.name = "a"}, %b: tensor<256x256xbf16> {graph.name = "b"}, %c: tensor<?x100xbf16, #graph.dims<L, 100>> {graph.name = "c"}, %d: tensor<100x64xbf16> {graph.name = "d"}, %e: tensor<4096x256xbf16> {graph.name = "e"}, %g: tensor<256x2048xbf16> {graph.name = "g"},
             %q: tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>> {graph.name = "q"})
    -> (tensor<2048x256xbf16> {graph.name = "x"}, tensor<?x64xbf16, #graph.dims<L, 64>> {graph.name = "y"}, tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>> {graph.name = "z"}, tensor<4096x2048xbf16> {graph.name = "w"})
    attributes {graph.symbols = [#graph.symbol<"L" in 1 to -1 by 1>]} {
  %0 = graph.matmul %a, %b : (tensor<2048x256xbf16>, tensor<256x256xbf16>) -> tensor<2048x256xbf16>
  %1 = graph.matmul %c, %d : (tensor<?x100xbf16, #graph.dims<L, 100>>, tensor<100x64xbf16>) -> tensor<?x64xbf16, #graph.dims<L, 64>>
  %2 = graph.attention %q, %q, %q {scale = 0.125 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>>, tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>>, tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>>) -> tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>>
  %3 = graph.matmul %e, %g : (tensor<4096x256xbf16>, tensor<256x2048xbf16>) -> tensor<4096x2048xbf16>
  return %0, %1, %2, %3 : tensor<2048x256xbf16>, tensor<?x64xbf16, #graph.dims<L, 64>>, tensor<1x2x?x64xbf16, #graph.dims<1, 2, L, 64>>, tensor<4096x2048xbf16>
}
