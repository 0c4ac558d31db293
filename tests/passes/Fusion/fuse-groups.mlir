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

// -----

// Quantized, a value is stored as bytes, and who reads it makes floats of them.

// CHECK-LABEL: func @stores_bytes
// CHECK:       graph.group
// CHECK-NEXT:    graph.matmul
// CHECK-NEXT:    graph.cast %{{.+}} {to = ui8}
// CHECK-NEXT:    graph.yield
// CHECK:       graph.group
// CHECK:         graph.cast %{{.+}} {to = f32}
// CHECK-NEXT:    graph.mul
// CHECK-NEXT:    graph.softmax
func.func @stores_bytes(%x: tensor<?x8xf32, #graph.dims<B, 8>>, %w: tensor<8x4xf32>, %s: tensor<f32>) -> tensor<?x4xf32, #graph.dims<B, 4>> {
  %0 = graph.matmul %x, %w : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<8x4xf32>) -> tensor<?x4xf32, #graph.dims<B, 4>>
  // expected-remark @below {{cast joins the kernel of its operand}}
  %1 = graph.cast %0 {to = ui8} : (tensor<?x4xf32, #graph.dims<B, 4>>) -> tensor<?x4xui8, #graph.dims<B, 4>>
  %2 = graph.cast %1 {to = f32} : (tensor<?x4xui8, #graph.dims<B, 4>>) -> tensor<?x4xf32, #graph.dims<B, 4>>
  %3 = graph.mul %2, %s : (tensor<?x4xf32, #graph.dims<B, 4>>, tensor<f32>) -> tensor<?x4xf32, #graph.dims<B, 4>>
  %4 = graph.softmax %3 {axis = 1 : i64} : (tensor<?x4xf32, #graph.dims<B, 4>>) -> tensor<?x4xf32, #graph.dims<B, 4>>
  return %4 : tensor<?x4xf32, #graph.dims<B, 4>>
}

// -----

// Where bytes come again behind it, the kernel goes on to those; so it does where
// no reduction follows, for another kernel would only make the floats.

// CHECK-LABEL: func @bytes_again
// CHECK:       graph.group
// CHECK-NEXT:    graph.matmul
// CHECK-NEXT:    graph.cast %{{.+}} {to = ui8}
// CHECK-NEXT:    graph.cast %{{.+}} {to = f32}
// CHECK-NEXT:    graph.gelu
// CHECK-NEXT:    graph.cast %{{.+}} {to = ui8}
// CHECK-NEXT:    graph.yield
// CHECK:       graph.group
// CHECK-NEXT:    graph.matmul
// CHECK-NEXT:    graph.cast %{{.+}} {to = ui8}
// CHECK-NEXT:    graph.cast %{{.+}} {to = f32}
// CHECK-NEXT:    graph.neg
// CHECK-NEXT:    graph.yield
// CHECK-NOT:   graph.group
func.func @bytes_again(%x: tensor<4x8xf32>, %w: tensor<8x4xf32>) -> (tensor<4x4xui8>, tensor<4x4xf32>) {
  %0 = graph.matmul %x, %w : (tensor<4x8xf32>, tensor<8x4xf32>) -> tensor<4x4xf32>
  // expected-remark @below {{cast joins the kernel of its operand}}
  %1 = graph.cast %0 {to = ui8} : (tensor<4x4xf32>) -> tensor<4x4xui8>
  %2 = graph.cast %1 {to = f32} : (tensor<4x4xui8>) -> tensor<4x4xf32>
  // expected-remark @below {{gelu joins the kernel of its operand}}
  %3 = graph.gelu %2 {form = #graph<gelu_form erf>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  // expected-remark @below {{cast joins the kernel of its operand}}
  %4 = graph.cast %3 {to = ui8} : (tensor<4x4xf32>) -> tensor<4x4xui8>
  %5 = graph.matmul %x, %w : (tensor<4x8xf32>, tensor<8x4xf32>) -> tensor<4x4xf32>
  // expected-remark @below {{cast joins the kernel of its operand}}
  %6 = graph.cast %5 {to = ui8} : (tensor<4x4xf32>) -> tensor<4x4xui8>
  %7 = graph.cast %6 {to = f32} : (tensor<4x4xui8>) -> tensor<4x4xf32>
  // expected-remark @below {{neg joins the kernel of its operand}}
  %8 = graph.neg %7 : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %4, %8 : tensor<4x4xui8>, tensor<4x4xf32>
}

// -----

// A value that is looked at before it is chosen has two readers in one kernel.

// CHECK-LABEL: func @two_ways_to_one
// CHECK:       graph.group
// CHECK:         graph.softmax
// CHECK-NEXT:    graph.is_nan
// CHECK-NEXT:    graph.where
// CHECK-NEXT:    graph.yield
// CHECK-NOT:   graph.group
func.func @two_ways_to_one(%x: tensor<4x8xf32>, %c: tensor<f32>) -> tensor<4x8xf32> {
  %0 = graph.softmax %x {axis = 1 : i64} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-remark @below {{is_nan does not join the kernel of its operand: something else reads it}}
  %1 = graph.is_nan %0 : (tensor<4x8xf32>) -> tensor<4x8xi1>
  // expected-remark @below {{where joins the kernel of its operand}}
  %2 = graph.where %1, %c, %0 : (tensor<4x8xi1>, tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// -----

// Left alone: one of the ways leads through another kernel.

// CHECK-LABEL: func @a_way_through_a_sum
// CHECK:       graph.group
// CHECK:         graph.softmax
// CHECK-NEXT:    graph.yield
// CHECK:       graph.group
// CHECK:         graph.reduce
// CHECK:       graph.group
// CHECK:         graph.sub
func.func @a_way_through_a_sum(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = graph.softmax %x {axis = 1 : i64} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = graph.reduce %0 {axes = array<i64: 0>, keep_dims = true, kind = #graph<reduce_kind sum>} : (tensor<4x8xf32>) -> tensor<1x8xf32>
  // expected-remark @below {{sub does not join the kernel of its operand: something else reads it}}
  %2 = graph.sub %0, %1 : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// -----

// A transpose that turns columns of bytes into rows is left to who reads them.

// CHECK-LABEL: func @bytes_across
// CHECK:       graph.group
// CHECK-NEXT:    graph.cast
// CHECK-NEXT:    graph.reshape
// CHECK-NEXT:    graph.yield
// CHECK:       graph.group
// CHECK:         graph.transpose
// CHECK:         graph.matmul
func.func @bytes_across(%x: tensor<2x4xi32>, %y: tensor<32x2xf32>) -> tensor<2x16xi32> {
  %0 = graph.cast %y {to = i8} : (tensor<32x2xf32>) -> tensor<32x2xi8>
  %1 = graph.reshape %0 : (tensor<32x2xi8>) -> tensor<16x4xi8>
  %2 = graph.transpose %1 {permutation = array<i64: 1, 0>} : (tensor<16x4xi8>) -> tensor<4x16xi8>
  %3 = graph.cast %2 {to = i32} : (tensor<4x16xi8>) -> tensor<4x16xi32>
  %4 = graph.matmul %x, %3 : (tensor<2x4xi32>, tensor<4x16xi32>) -> tensor<2x16xi32>
  return %4 : tensor<2x16xi32>
}
