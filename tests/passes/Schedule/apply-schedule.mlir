// RUN: tenon-opt %s --fuse-groups --form-kernels --choose-schedule --apply-schedule --split-input-file --verify-diagnostics | FileCheck %s

// A constant right side is read from panels, packed when the artifact is written.

// CHECK:       tile.view %{{.+}} : !tile.view<96x96xf32, <1/48, 0, 1 mod 48>>
// CHECK-NOT:   tile.extent
// CHECK-NOT:   scf.for
// CHECK-LABEL: func @constant_side
// CHECK:         %[[W:.+]] = graph.weight
// CHECK:         %[[P:.+]] = tile.pack %[[W]], <1/48, 0, 1 mod 48>
// CHECK:         tile.launch @matmul(%{{.+}}, %[[P]])
func.func @constant_side(%x: tensor<?x96xf32, #graph.dims<B, 96>>) -> tensor<?x96xf32, #graph.dims<B, 96>> {
  %w = graph.weight <"w.bin" name "w" at 0 bytes 36864> : tensor<96x96xf32>
  %0 = graph.matmul %x, %w : (tensor<?x96xf32, #graph.dims<B, 96>>, tensor<96x96xf32>) -> tensor<?x96xf32, #graph.dims<B, 96>>
  return %0 : tensor<?x96xf32, #graph.dims<B, 96>>
}

// -----

// Left alone: an argument comes as it is.

// CHECK-NOT:   tile.pack
// CHECK-LABEL: func @argument_side
// CHECK-NOT:   tile.pack
func.func @argument_side(%x: tensor<?x96xf32, #graph.dims<B, 96>>, %w: tensor<96x96xf32>) -> tensor<?x96xf32, #graph.dims<B, 96>> {
  %0 = graph.matmul %x, %w : (tensor<?x96xf32, #graph.dims<B, 96>>, tensor<96x96xf32>) -> tensor<?x96xf32, #graph.dims<B, 96>>
  return %0 : tensor<?x96xf32, #graph.dims<B, 96>>
}
