// RUN: tenon-opt %s --form-kernels --verify-diagnostics --split-input-file | FileCheck %s

// Leading dims are one axis of the grid; their product is the kernel's scalar.

// CHECK-LABEL: tile.kernel @matmul
// CHECK-SAME:    %[[ROWS:[a-z0-9]+]]: index) inputs 2 outputs 1
// CHECK:         tile.grid [%[[ROWS]] by BM, %{{.+}} by BN]
// CHECK:         tile.view %{{.+}}[%[[ROWS]], %{{.+}}] : !tile.view<?x8xf32>
// CHECK-LABEL: func @rows_are_flattened
// CHECK:         tile.launch @matmul(%{{.+}}, %{{.+}}) scalars [#graph.dim<B*L>]
func.func @rows_are_flattened(%x: tensor<?x?x8xf32, #graph.dims<B, L, 8>>, %w: tensor<8x4xf32>) -> tensor<?x?x4xf32, #graph.dims<B, L, 4>> {
  %0 = graph.group (%a = %x : tensor<?x?x8xf32, #graph.dims<B, L, 8>>, %b = %w : tensor<8x4xf32>) -> tensor<?x?x4xf32, #graph.dims<B, L, 4>> {
    %1 = graph.matmul %a, %b : (tensor<?x?x8xf32, #graph.dims<B, L, 8>>, tensor<8x4xf32>) -> tensor<?x?x4xf32, #graph.dims<B, L, 4>>
    graph.yield %1 : tensor<?x?x4xf32, #graph.dims<B, L, 4>>
  }
  return %0 : tensor<?x?x4xf32, #graph.dims<B, L, 4>>
}

// -----

// Two groups of one text share a kernel.

// CHECK:       tile.kernel @neg
// CHECK-NOT:   tile.kernel
// CHECK-LABEL: func @shared
// CHECK-COUNT-2: tile.launch @neg(
func.func @shared(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = graph.group (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
    %2 = graph.neg %a : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %2 : tensor<4xf32>
  }
  %1 = graph.group (%a = %0 : tensor<4xf32>) -> tensor<4xf32> {
    %2 = graph.neg %a : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %2 : tensor<4xf32>
  }
  return %1 : tensor<4xf32>
}

// -----

// A bias that repeats only along L keeps B and L apart: no axis can hold both.

// CHECK-LABEL: tile.kernel @add
// CHECK:         tile.grid [%{{.+}} by 1, %{{.+}} by BM, %{{.+}} by BN]
func.func @mixed_broadcast(%x: tensor<2x3x4xf32>, %b: tensor<2x1x4xf32>) -> tensor<2x3x4xf32> {
  %0 = graph.group (%a = %x : tensor<2x3x4xf32>, %c = %b : tensor<2x1x4xf32>) -> tensor<2x3x4xf32> {
    %1 = graph.add %a, %c : (tensor<2x3x4xf32>, tensor<2x1x4xf32>) -> tensor<2x3x4xf32>
    graph.yield %1 : tensor<2x3x4xf32>
  }
  return %0 : tensor<2x3x4xf32>
}

// -----

// Attention whose head dim is not a number has no whole rows.

func.func @no_kernel(%x: tensor<1x1x4x?xf32, #graph.dims<1, 1, 4, D>>) -> tensor<1x1x4x?xf32, #graph.dims<1, 1, 4, D>> {
  // expected-error @below {{no kernel can be made of attention}}
  %0 = graph.group (%a = %x : tensor<1x1x4x?xf32, #graph.dims<1, 1, 4, D>>) -> tensor<1x1x4x?xf32, #graph.dims<1, 1, 4, D>> {
    %1 = graph.attention %a, %a, %a {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64} : (tensor<1x1x4x?xf32, #graph.dims<1, 1, 4, D>>, tensor<1x1x4x?xf32, #graph.dims<1, 1, 4, D>>, tensor<1x1x4x?xf32, #graph.dims<1, 1, 4, D>>) -> tensor<1x1x4x?xf32, #graph.dims<1, 1, 4, D>>
    graph.yield %1 : tensor<1x1x4x?xf32, #graph.dims<1, 1, 4, D>>
  }
  return %0 : tensor<1x1x4x?xf32, #graph.dims<1, 1, 4, D>>
}

// -----

// A concat along a middle dim and a sum along the last share no grid: the
// concat becomes a kernel of its own.

// CHECK:       tile.kernel @concat
// CHECK-LABEL: func @split
// CHECK:         tile.launch @concat(
func.func @split(%x: tensor<2x3x4xf32>, %y: tensor<2x5x4xf32>) -> tensor<16x4xf32> {
  %0 = graph.group (%a = %x : tensor<2x3x4xf32>, %b = %y : tensor<2x5x4xf32>) -> tensor<16x4xf32> {
    %1 = graph.concat %a, %b {axis = 1 : i64} : (tensor<2x3x4xf32>, tensor<2x5x4xf32>) -> tensor<2x8x4xf32>
    %2 = graph.reshape %1 : (tensor<2x8x4xf32>) -> tensor<16x4xf32>
    %3 = graph.softmax %2 {axis = 1 : i64} : (tensor<16x4xf32>) -> tensor<16x4xf32>
    graph.yield %3 : tensor<16x4xf32>
  }
  return %0 : tensor<16x4xf32>
}
