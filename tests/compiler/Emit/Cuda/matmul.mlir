// RUN: tenon compile %s --from=simplify --target=cuda:sm_80 --emit=cuda -o - | FileCheck %s

// A contraction is a pipeline: one half of a turn copies both factors, the other
// multiplies what was copied two turns before. What follows is computed on the
// sums. Columns behind the last one are zero.

// CHECK:      // matmul, add
// CHECK-NEXT: extern "C" __global__ void __launch_bounds__(128, 1) tenon_matmul_add(
// CHECK-NEXT:   const float *__restrict__ buffer0, const float *__restrict__ buffer1,
// CHECK-NEXT:   const float *__restrict__ buffer2, float *__restrict__ buffer3, const i64 n0) {
// CHECK-NEXT:   using W = Warps<2, 2>;
// CHECK-NEXT:   using L64x64 = SumLayout<64, 64, W>;
// CHECK-NEXT:   i64 instance = blockIdx.x;
// CHECK-NEXT:   const i64 [[COLUMN:.+]] = placeOnAxis(instance, ceilDiv(100, 64)) * 64;
// CHECK-NEXT:   const i64 [[ROW:.+]] = instance * 64;
// CHECK-NEXT:   auto [[SUM:.+]] = fill<Tile<float, L64x64>>(0.0f);
// CHECK-NEXT:   const Stages<PlainTile<float, 16, 64>> [[LEFT:.+]](0);
// CHECK-NEXT:   const Stages<PlainTile<float, 16, 64>> [[RIGHT:.+]](20480);
// CHECK-NEXT:   pipeline<W, 4>(Range{0, 40, 16}, [&](i64 [[K:.+]], int stage) {
// CHECK-NEXT:       copy<W, 8>([[LEFT]][stage], Window{buffer0 + [[ROW]] * 40 + [[K]], Fixed<1>(), Fixed<40>(), Below(40 - [[K]]), Below(n0 - [[ROW]])});
// CHECK-NEXT:       copy<W, 4>([[RIGHT]][stage], Window{buffer1 + [[K]] * 100 + [[COLUMN]], Fixed<100>(), Fixed<1>(), Below(40 - [[K]]), Below(100 - [[COLUMN]])});
// CHECK-NEXT:   }, [&](i64 [[K]], int stage) {
// CHECK-NEXT:       multiply([[SUM]], transposed([[LEFT]][stage]), [[RIGHT]][stage]);
// CHECK-NEXT:   });
// CHECK-NEXT:   auto [[BIAS:.+]] = loadColumns<L64x64, 4>(Window{buffer2 + [[COLUMN]], Fixed<0>(), Fixed<1>(), All(), Below(100 - [[COLUMN]])});
// CHECK-NEXT:   auto [[Y:.+]] = map<L64x64>([=](float x0, float x1) { return x0 + x1; }, [[SUM]], [[BIAS]]);
// CHECK-NEXT:   store<4>(Window{buffer3 + [[ROW]] * 100 + [[COLUMN]], Fixed<100>(), Fixed<1>(), Below(n0 - [[ROW]]), Below(100 - [[COLUMN]])}, [[Y]]);
// CHECK-NEXT: }
func.func @main(%x: tensor<?x40xf32, #graph.dims<M, 40>> {graph.name = "x"}, %w: tensor<40x100xf32> {graph.name = "w"}, %b: tensor<100xf32> {graph.name = "b"})
    -> (tensor<?x100xf32, #graph.dims<M, 100>> {graph.name = "y"}) attributes {graph.symbols = [#graph.symbol<"M" in 1 to -1 by 1>]} {
  %0 = graph.matmul %x, %w : (tensor<?x40xf32, #graph.dims<M, 40>>, tensor<40x100xf32>) -> tensor<?x100xf32, #graph.dims<M, 100>>
  %1 = graph.add %0, %b : (tensor<?x100xf32, #graph.dims<M, 100>>, tensor<100xf32>) -> tensor<?x100xf32, #graph.dims<M, 100>>
  return %1 : tensor<?x100xf32, #graph.dims<M, 100>>
}
