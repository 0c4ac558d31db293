// RUN: tenon-opt %s --fuse-groups --remarks-filter=Fusion --verify-diagnostics --split-input-file | FileCheck %s

// The example in the pass's description is run by tests/house.

// What follows a matmul elementwise is its epilogue, with symbolic rows too.

// CHECK-LABEL: func @epilogue
// CHECK:       graph.group
// CHECK-NEXT:    graph.matmul
// CHECK-NEXT:    graph.add
// CHECK-NEXT:    graph.gelu
// CHECK-NEXT:    graph.yield
// CHECK-NOT:   graph.group
func.func @epilogue(%x: tensor<?x8xf32, #graph.dims<B, 8>>, %w: tensor<8x4xf32>, %b: tensor<4xf32>) -> tensor<?x4xf32, #graph.dims<B, 4>> {
  %0 = graph.matmul %x, %w : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<8x4xf32>) -> tensor<?x4xf32, #graph.dims<B, 4>>
  // expected-remark @below {{add joins the kernel of its operand}}
  %1 = graph.add %0, %b : (tensor<?x4xf32, #graph.dims<B, 4>>, tensor<4xf32>) -> tensor<?x4xf32, #graph.dims<B, 4>>
  // expected-remark @below {{gelu joins the kernel of its operand}}
  %2 = graph.gelu %1 {form = #graph<gelu_form erf>} : (tensor<?x4xf32, #graph.dims<B, 4>>) -> tensor<?x4xf32, #graph.dims<B, 4>>
  return %2 : tensor<?x4xf32, #graph.dims<B, 4>>
}

// -----

// Left alone: the matmul's result is also returned, so it is stored anyway.

// CHECK-LABEL: func @operand_is_shared
// CHECK:       graph.group
// CHECK-NEXT:    graph.matmul
// CHECK-NEXT:    graph.yield
// CHECK:       graph.group
// CHECK-NEXT:    graph.neg
func.func @operand_is_shared(%x: tensor<4x8xf32>, %w: tensor<8x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %0 = graph.matmul %x, %w : (tensor<4x8xf32>, tensor<8x4xf32>) -> tensor<4x4xf32>
  // expected-remark @below {{neg does not join the kernel of its operand: something else reads it}}
  %1 = graph.neg %0 : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0, %1 : tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

// A widened weight is read in the kernel: it reads a quarter of what it makes.

// CHECK-LABEL: func @widened_weight
// CHECK:       graph.group
// CHECK-NEXT:    graph.cast
// CHECK-NEXT:    graph.matmul
// CHECK-NOT:   graph.group
func.func @widened_weight(%x: tensor<4x8xf32>, %w: tensor<8x4xi8>) -> tensor<4x4xf32> {
  %0 = graph.cast %w {to = f32} : (tensor<8x4xi8>) -> tensor<8x4xf32>
  %1 = graph.matmul %x, %0 : (tensor<4x8xf32>, tensor<8x4xf32>) -> tensor<4x4xf32>
  return %1 : tensor<4x4xf32>
}

// -----

// A zero point is widened where it is read, though it has fewer elements than its reader.

// CHECK-LABEL: func @widened_zero_point
// CHECK:         graph.group
// CHECK-NOT:     graph.group
// CHECK:           graph.cast
// CHECK:           graph.cast
// CHECK:           graph.sub
// CHECK:           graph.grouped_matmul
func.func @widened_zero_point(%x: tensor<?x2x8xf32, #graph.dims<B, 2, 8>>) -> tensor<?x4xf32, #graph.dims<B, 4>> {
  %q = graph.weight <"w.bin" name "q" at 0 bytes 64> : tensor<2x8x4xui8>
  %z = graph.weight <"w.bin" name "z" at 64 bytes 8> : tensor<2x1x4xui8>
  %s = graph.weight <"w.bin" name "s" at 72 bytes 32> : tensor<2x4xf32>
  %wide = graph.cast %q {to = f32} : (tensor<2x8x4xui8>) -> tensor<2x8x4xf32>
  %zero = graph.cast %z {to = f32} : (tensor<2x1x4xui8>) -> tensor<2x1x4xf32>
  %w = graph.sub %wide, %zero : (tensor<2x8x4xf32>, tensor<2x1x4xf32>) -> tensor<2x8x4xf32>
  %0 = graph.grouped_matmul %x, %w, %s : (tensor<?x2x8xf32, #graph.dims<B, 2, 8>>, tensor<2x8x4xf32>, tensor<2x4xf32>) -> tensor<?x4xf32, #graph.dims<B, 4>>
  return %0 : tensor<?x4xf32, #graph.dims<B, 4>>
}

// -----

// Left alone: exp in front of a matmul would be computed for every column block.

// CHECK-LABEL: func @costly_producer
// CHECK:       graph.group
// CHECK-NEXT:    graph.exp
// CHECK-NEXT:    graph.yield
// CHECK:       graph.group
// CHECK-NEXT:    graph.matmul
func.func @costly_producer(%x: tensor<4x8xf32>, %w: tensor<8x4xf32>) -> tensor<4x4xf32> {
  %0 = graph.exp %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = graph.matmul %0, %w : (tensor<4x8xf32>, tensor<8x4xf32>) -> tensor<4x4xf32>
  return %1 : tensor<4x4xf32>
}

// -----

// Left alone too when a kernel before it makes what exp reads.

// CHECK-LABEL: func @costly_producer_of_a_result
// CHECK:       graph.group
// CHECK-NEXT:    graph.matmul
// CHECK-NEXT:    graph.yield
// CHECK:       graph.group
// CHECK-NEXT:    graph.exp
// CHECK-NEXT:    graph.yield
// CHECK:       graph.group
// CHECK-NEXT:    graph.matmul
// CHECK-NEXT:    graph.yield
func.func @costly_producer_of_a_result(%x: tensor<4x8xf32>, %w: tensor<8x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %0 = graph.matmul %x, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
  // expected-remark@+1 {{exp does not join the kernel of its operand: something else reads it}}
  %1 = graph.exp %0 : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = graph.matmul %1, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
  return %0, %2 : tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// A transpose of what a kernel makes is where it stores.

// CHECK-LABEL: func @stores_transposed
// CHECK:       graph.group
// CHECK-NEXT:    graph.neg
// CHECK-NEXT:    graph.transpose
// CHECK-NEXT:    graph.yield
func.func @stores_transposed(%x: tensor<0x8xf32>) -> tensor<8x0xf32> {
  %0 = graph.neg %x : (tensor<0x8xf32>) -> tensor<0x8xf32>
  %1 = graph.transpose %0 {permutation = array<i64: 1, 0>} : (tensor<0x8xf32>) -> tensor<8x0xf32>
  return %1 : tensor<8x0xf32>
}

// -----

// What needs no input and does not grow is left for the artifact's writer.

// CHECK-LABEL: func @constants_stay
// CHECK:       %[[BOTH:.+]] = graph.concat
// CHECK:       graph.group (%{{.+}} = %{{.+}}, %{{.+}} = %[[BOTH]]
func.func @constants_stay(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = graph.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = graph.constant dense<[3.0, 4.0]> : tensor<2xf32>
  %c = graph.concat %a, %b {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  %y = graph.mul %x, %c : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// What a layer is called with lies in memory: a view of a value is a kernel of
// its own, one of a weight is left for the artifact's writer.

// CHECK-LABEL: func @views_for_a_call
// CHECK:       %[[T:.+]] = graph.transpose %{{.+}} : (tensor<8x8xf32>)
// CHECK:       %[[V:.+]] = graph.group
// CHECK-NEXT:    graph.transpose
// CHECK-NEXT:    graph.yield
// CHECK:       call @layer(%[[V]], %[[T]])
// CHECK-LABEL: func private @layer
// CHECK:       graph.group
// CHECK-NEXT:    graph.matmul
func.func @views_for_a_call(%x: tensor<8x4xf32>) -> tensor<4x8xf32> {
  %w = graph.weight <"w.bin" name "w" at 0 bytes 256> : tensor<8x8xf32>
  %0 = graph.transpose %w {permutation = array<i64: 1, 0>} : (tensor<8x8xf32>) -> tensor<8x8xf32>
  %1 = graph.transpose %x {permutation = array<i64: 1, 0>} : (tensor<8x4xf32>) -> tensor<4x8xf32>
  %2 = call @layer(%1, %0) : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}
func.func private @layer(%x: tensor<4x8xf32>, %w: tensor<8x8xf32>) -> tensor<4x8xf32> {
  %0 = graph.matmul %x, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// A widening is a view that its readers compute, but one that leaves the
// function joins what made it.

// CHECK-LABEL: func @wide_result
// CHECK:       %[[G:.+]] = graph.group
// CHECK-NEXT:    graph.matmul
// CHECK-NEXT:    graph.cast %{{.+}} {to = f32}
// CHECK-NEXT:    graph.yield
// CHECK:       return %[[G]]
func.func @wide_result(%x: tensor<8x4xbf16>, %w: tensor<4x8xbf16>) -> tensor<8x8xf32> {
  %0 = graph.matmul %x, %w : (tensor<8x4xbf16>, tensor<4x8xbf16>) -> tensor<8x8xbf16>
  %1 = graph.cast %0 {to = f32} : (tensor<8x8xbf16>) -> tensor<8x8xf32>
  return %1 : tensor<8x8xf32>
}
