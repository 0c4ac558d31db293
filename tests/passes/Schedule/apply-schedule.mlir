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

// Elements of 4 bits lie in words of eight rows, their groups' scales and zero points
// in panels of the same columns.

// CHECK-DAG:   tile.view %{{.+}} : !tile.view<3x32x96xi4, <2/48, 0, 1/8, 2 mod 48, 1 mod 8>>
// CHECK-DAG:   tile.view %{{.+}} : !tile.view<3x1x96xi4, <2/48, 0, 1, 2 mod 48>>
// CHECK-DAG:   tile.view %{{.+}} : !tile.view<3x96xf32, <1/48, 0, 1 mod 48>>
// CHECK-LABEL: func @groups
// CHECK-DAG:     tile.pack %{{.+}}, <2/48, 0, 1/8, 2 mod 48, 1 mod 8> : tensor<3x32x96xui4>
// CHECK-DAG:     tile.pack %{{.+}}, <2/48, 0, 1, 2 mod 48> : tensor<3x1x96xui4>
// CHECK-DAG:     tile.pack %{{.+}}, <1/48, 0, 1 mod 48> : tensor<3x96xf32>
func.func @groups(%x: tensor<?x3x32xf32, #graph.dims<B, 3, 32>>) -> tensor<?x96xf32, #graph.dims<B, 96>> {
  %q = graph.weight <"w.bin" name "q" at 0 bytes 4608> : tensor<3x32x96xui4>
  %z = graph.weight <"w.bin" name "z" at 4608 bytes 144> : tensor<3x1x96xui4>
  %s = graph.weight <"w.bin" name "s" at 4752 bytes 1152> : tensor<3x96xf32>
  %wide = graph.cast %q {to = f32} : (tensor<3x32x96xui4>) -> tensor<3x32x96xf32>
  %zero = graph.cast %z {to = f32} : (tensor<3x1x96xui4>) -> tensor<3x1x96xf32>
  %w = graph.sub %wide, %zero : (tensor<3x32x96xf32>, tensor<3x1x96xf32>) -> tensor<3x32x96xf32>
  %0 = graph.grouped_matmul %x, %w, %s : (tensor<?x3x32xf32, #graph.dims<B, 3, 32>>, tensor<3x32x96xf32>, tensor<3x96xf32>) -> tensor<?x96xf32, #graph.dims<B, 96>>
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

// -----

// A layer's argument is packed where the layer is called, if all calls give
// constants.

// CHECK:       tile.view %{{.+}} : !tile.view<96x96xf32, <1/48, 0, 1 mod 48>>
// CHECK-LABEL: func @calls
// CHECK-DAG:     %[[P:.+]] = tile.pack %[[W:.+]], <1/48, 0, 1 mod 48>
// CHECK:         call @layer(%{{.+}}, %[[P]])
// CHECK:         %[[Q:.+]] = tile.pack %{{.+}}, <1/48, 0, 1 mod 48>
// CHECK:         call @layer(%{{.+}}, %[[Q]])
// CHECK-LABEL: func private @layer
// CHECK-NOT:     tile.pack
func.func @calls(%x: tensor<4x96xf32>) -> tensor<4x96xf32> {
  %w = graph.weight <"w.bin" name "w" at 0 bytes 36864> : tensor<96x96xf32>
  %0 = call @layer(%x, %w) : (tensor<4x96xf32>, tensor<96x96xf32>) -> tensor<4x96xf32>
  %v = graph.weight <"w.bin" name "v" at 36864 bytes 36864> : tensor<96x96xf32>
  %1 = call @layer(%0, %v) : (tensor<4x96xf32>, tensor<96x96xf32>) -> tensor<4x96xf32>
  return %1 : tensor<4x96xf32>
}
func.func private @layer(%x: tensor<4x96xf32>, %w: tensor<96x96xf32>) -> tensor<4x96xf32> {
  %0 = graph.matmul %x, %w : (tensor<4x96xf32>, tensor<96x96xf32>) -> tensor<4x96xf32>
  return %0 : tensor<4x96xf32>
}

// -----

// Left alone: one call gives what it computes.

// CHECK-NOT:   tile.pack
// CHECK-LABEL: func @call_with_a_value
// CHECK-NOT:   tile.pack
func.func @call_with_a_value(%x: tensor<96x96xf32>) -> tensor<96x96xf32> {
  %w = graph.weight <"w.bin" name "w" at 0 bytes 36864> : tensor<96x96xf32>
  %0 = call @layer(%x, %w) : (tensor<96x96xf32>, tensor<96x96xf32>) -> tensor<96x96xf32>
  %1 = call @layer(%0, %x) : (tensor<96x96xf32>, tensor<96x96xf32>) -> tensor<96x96xf32>
  return %1 : tensor<96x96xf32>
}
func.func private @layer(%x: tensor<96x96xf32>, %w: tensor<96x96xf32>) -> tensor<96x96xf32> {
  %0 = graph.matmul %x, %w : (tensor<96x96xf32>, tensor<96x96xf32>) -> tensor<96x96xf32>
  return %0 : tensor<96x96xf32>
}

// -----

// Left alone: another kernel reads the argument, row by row.

// CHECK-NOT:   tile.pack
// CHECK-LABEL: func @argument_is_read_twice
// CHECK-NOT:   tile.pack
func.func @argument_is_read_twice(%x: tensor<4x96xf32>) -> (tensor<4x96xf32>, tensor<96x96xf32>) {
  %w = graph.weight <"w.bin" name "w" at 0 bytes 36864> : tensor<96x96xf32>
  %0:2 = call @layer(%x, %w) : (tensor<4x96xf32>, tensor<96x96xf32>) -> (tensor<4x96xf32>, tensor<96x96xf32>)
  return %0#0, %0#1 : tensor<4x96xf32>, tensor<96x96xf32>
}
func.func private @layer(%x: tensor<4x96xf32>, %w: tensor<96x96xf32>) -> (tensor<4x96xf32>, tensor<96x96xf32>) {
  %0 = graph.matmul %x, %w : (tensor<4x96xf32>, tensor<96x96xf32>) -> tensor<4x96xf32>
  %1 = graph.exp %w : (tensor<96x96xf32>) -> tensor<96x96xf32>
  return %0, %1 : tensor<4x96xf32>, tensor<96x96xf32>
}
