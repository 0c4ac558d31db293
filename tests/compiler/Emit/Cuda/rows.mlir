// RUN: tenon compile %s --from=simplify --target=cuda:sm_80 --emit=cuda -o - | FileCheck %s

// Down the columns of a tile of three axes: a loop takes slices of it.

// CHECK-LABEL: tenon_reduce(
// CHECK:         auto [[SUMS:.+]] = fill<{{.+}}>(Sum::identity<float>());
// CHECK:         for (i64 [[TURN:.+]] = 0;
// CHECK-NEXT:      auto [[SLICE:.+]] = load<{{.+}} + [[TURN]]
// CHECK-NEXT:      [[SUMS]] = map<{{.+}}>([=](float x, float y) { return Sum::combine(x, y); }, [[SUMS]], [[SLICE]]);

// A norm: a row a warp. Its mean is an element a row, its scale one a column.

// CHECK-LABEL: tenon_layer_norm(
// CHECK:         using W = Warps<8, 1>;
// CHECK-NEXT:    using L8x96 = RowLayout<8, 96, W, 32, 4>;
// CHECK:         auto [[X:.+]] = load<L8x96, 8>(Window{buffer0 + at0 * 96, Fixed<96>(), Fixed<1>(), Below(n0 - at0), All()});
// CHECK-NEXT:    auto [[SUM:.+]] = reduceRows<Sum>([[X]], All(), 0);
// CHECK-NEXT:    auto [[MEAN:.+]] = mapRows<L8x96>([=](float x0) { return x0 / 96.0f; }, [[SUM]]);
// CHECK-NEXT:    auto [[D:.+]] = map<L8x96>([=](float x0, float x1) { return x0 - x1; }, [[X]], [[MEAN]]);
// CHECK:         auto [[SCALE:.+]] = loadColumns<L8x96, 8>(Window{buffer1, Fixed<0>(), Fixed<1>(), All(), All()});
func.func @main(%x: tensor<?x96xf32, #graph.dims<B, 96>> {graph.name = "x"}, %s: tensor<96xf32> {graph.name = "s"},
                %z: tensor<?x7x96xf32, #graph.dims<B, 7, 96>> {graph.name = "z"})
    -> (tensor<?x96xf32, #graph.dims<B, 96>> {graph.name = "y"}, tensor<?x96xf32, #graph.dims<B, 96>> {graph.name = "r"}) attributes {graph.symbols = [#graph.symbol<"B" in 1 to -1 by 1>]} {
  %0 = graph.layer_norm %x, %s {epsilon = 1.0e-5 : f64} : (tensor<?x96xf32, #graph.dims<B, 96>>, tensor<96xf32>) -> tensor<?x96xf32, #graph.dims<B, 96>>
  %1 = graph.reduce %z {kind = #graph<reduce_kind sum>, axes = array<i64: 1>, keep_dims = false} : (tensor<?x7x96xf32, #graph.dims<B, 7, 96>>) -> tensor<?x96xf32, #graph.dims<B, 96>>
  return %0, %1 : tensor<?x96xf32, #graph.dims<B, 96>>, tensor<?x96xf32, #graph.dims<B, 96>>
}
