// RUN: tenon-opt %s --outline-repeated-layers --remarks-filter=Simplify --verify-diagnostics --split-input-file | FileCheck %s

// What is computed once for all layers is an argument of each call, and so is
// what lies in the artifact; a widened weight and a constant that is one number
// stand inside. The residual is read twice, so it is where a layer ends.

// CHECK-LABEL: func @residual
// CHECK-SAME:    (%[[X:.+]]: tensor<?x8xf32, #graph.dims<B, 8>>, %[[M:.+]]: tensor<?x8xf32
// CHECK-DAG:     %[[A:.+]] = graph.weight <"m.onnx" name "a"
// CHECK-DAG:     %[[B:.+]] = graph.weight <"m.onnx" name "b"
// CHECK-DAG:     %[[C:.+]] = graph.weight <"m.onnx" name "c"
// CHECK-DAG:     %[[MASK:.+]] = graph.exp %[[M]]
// CHECK-DAG:     %[[START:.+]] = graph.abs %[[X]]
// CHECK:         %[[S0:.+]] = call @layer(%[[START]], %[[MASK]], %[[A]])
// CHECK-NEXT:    %[[S1:.+]] = call @layer(%[[S0]], %[[MASK]], %[[B]])
// CHECK-NEXT:    %[[S2:.+]] = call @layer(%[[S1]], %[[MASK]], %[[C]])
// CHECK-NEXT:    %[[END:.+]] = graph.neg %[[S2]]
// CHECK-NEXT:    return %[[END]]
// CHECK:       func private @layer(%[[S:.+]]: tensor<?x8xf32, #graph.dims<B, 8>>, %[[N:.+]]: tensor<?x8xf32, #graph.dims<B, 8>>, %[[W:.+]]: tensor<8x8xi8>)
// CHECK-SAME:    attributes {graph.symbols = [#graph.symbol<"B" in 1 to 16 by 1>]}
// CHECK:         %[[WIDE:.+]] = graph.cast %[[W]] {to = f32}
// CHECK:         %[[P:.+]] = graph.matmul %[[S]], %[[WIDE]]
// CHECK:         %[[TWO:.+]] = graph.constant dense<2.000000e+00>
// CHECK:         %[[Q:.+]] = graph.mul %[[P]], %[[TWO]]
// CHECK:         %[[R:.+]] = graph.mul %[[Q]], %[[N]]
// CHECK:         %[[SUM:.+]] = graph.add %[[R]], %[[S]]
// CHECK:         return %[[SUM]]
func.func @residual(%x: tensor<?x8xf32, #graph.dims<B, 8>>, %m: tensor<?x8xf32, #graph.dims<B, 8>>) -> tensor<?x8xf32, #graph.dims<B, 8>>
    attributes {graph.symbols = [#graph.symbol<"B" in 1 to 16 by 1>]} {
  %two = graph.constant dense<2.0> : tensor<f32>
  %start = graph.abs %x : (tensor<?x8xf32, #graph.dims<B, 8>>) -> tensor<?x8xf32, #graph.dims<B, 8>>
  %a = graph.weight <"m.onnx" name "a" at 0 bytes 64> : tensor<8x8xi8>
  // expected-remark @below {{3 times 5 ops are one function, layer}}
  %wa = graph.cast %a {to = f32} : (tensor<8x8xi8>) -> tensor<8x8xf32>
  %0 = graph.matmul %start, %wa : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<8x8xf32>) -> tensor<?x8xf32, #graph.dims<B, 8>>
  %1 = graph.mul %0, %two : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<f32>) -> tensor<?x8xf32, #graph.dims<B, 8>>
  %mask = graph.exp %m : (tensor<?x8xf32, #graph.dims<B, 8>>) -> tensor<?x8xf32, #graph.dims<B, 8>>
  %2 = graph.mul %1, %mask : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<?x8xf32, #graph.dims<B, 8>>) -> tensor<?x8xf32, #graph.dims<B, 8>>
  %3 = graph.add %2, %start : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<?x8xf32, #graph.dims<B, 8>>) -> tensor<?x8xf32, #graph.dims<B, 8>>
  %b = graph.weight <"m.onnx" name "b" at 64 bytes 64> : tensor<8x8xi8>
  %wb = graph.cast %b {to = f32} : (tensor<8x8xi8>) -> tensor<8x8xf32>
  %4 = graph.matmul %3, %wb : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<8x8xf32>) -> tensor<?x8xf32, #graph.dims<B, 8>>
  %5 = graph.mul %4, %two : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<f32>) -> tensor<?x8xf32, #graph.dims<B, 8>>
  %6 = graph.mul %5, %mask : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<?x8xf32, #graph.dims<B, 8>>) -> tensor<?x8xf32, #graph.dims<B, 8>>
  %7 = graph.add %6, %3 : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<?x8xf32, #graph.dims<B, 8>>) -> tensor<?x8xf32, #graph.dims<B, 8>>
  %c = graph.weight <"m.onnx" name "c" at 128 bytes 64> : tensor<8x8xi8>
  %wc = graph.cast %c {to = f32} : (tensor<8x8xi8>) -> tensor<8x8xf32>
  %8 = graph.matmul %7, %wc : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<8x8xf32>) -> tensor<?x8xf32, #graph.dims<B, 8>>
  %9 = graph.mul %8, %two : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<f32>) -> tensor<?x8xf32, #graph.dims<B, 8>>
  %10 = graph.mul %9, %mask : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<?x8xf32, #graph.dims<B, 8>>) -> tensor<?x8xf32, #graph.dims<B, 8>>
  %11 = graph.add %10, %7 : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<?x8xf32, #graph.dims<B, 8>>) -> tensor<?x8xf32, #graph.dims<B, 8>>
  %12 = graph.neg %11 : (tensor<?x8xf32, #graph.dims<B, 8>>) -> tensor<?x8xf32, #graph.dims<B, 8>>
  return %12 : tensor<?x8xf32, #graph.dims<B, 8>>
}

// -----

// The second layer reads its own values at other places.

// CHECK-LABEL: func @reads_otherwise
// CHECK-NOT:     call
// CHECK:         return
func.func @reads_otherwise(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %w = graph.weight <"m.onnx" name "w" at 0 bytes 64> : tensor<4x4xf32>
  %0 = graph.matmul %x, %w : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = graph.tanh %0 : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = graph.sub %0, %1 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %v = graph.weight <"m.onnx" name "v" at 64 bytes 64> : tensor<4x4xf32>
  %3 = graph.matmul %2, %v : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %4 = graph.tanh %3 : (tensor<4x4xf32>) -> tensor<4x4xf32>
  // expected-remark @below {{reads other values than the op at its place in the layer before}}
  %5 = graph.sub %4, %3 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %5 : tensor<4x4xf32>
}

// -----

// Ops without a contraction are no layer, and neither are two ops of other
// attributes.

// CHECK-LABEL: func @no_layer
// CHECK-NOT:     call
// CHECK:         return
func.func @no_layer(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = graph.tanh %x : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = graph.exp %0 : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = graph.tanh %1 : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %3 = graph.exp %2 : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %w = graph.weight <"m.onnx" name "w" at 0 bytes 64> : tensor<4x4xf32>
  %4 = graph.matmul %3, %w : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %5 = graph.gelu %4 {form = #graph<gelu_form erf>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %6 = graph.matmul %5, %w : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %7 = graph.gelu %6 {form = #graph<gelu_form tanh>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %7 : tensor<4x4xf32>
}

// -----

// A cut between a matmul and what joins its kernel would cost a launch: no layer
// begins there, so one that has no other place is left.

// CHECK-LABEL: func @would_cut_kernels
// CHECK-NOT:     call
// CHECK:         return
func.func @would_cut_kernels(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %w = graph.weight <"m.onnx" name "w" at 0 bytes 64> : tensor<4x4xf32>
  %0 = graph.tanh %x : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = graph.matmul %0, %w : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %v = graph.weight <"m.onnx" name "v" at 64 bytes 64> : tensor<4x4xf32>
  %2 = graph.tanh %1 : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %3 = graph.matmul %2, %v : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %3 : tensor<4x4xf32>
}

// -----

// Each layer's product is a result of the model too.

// CHECK-LABEL: func @results_between
// CHECK:         %[[C0:.+]]:2 = call @layer(%{{.+}}, %{{.+}})
// CHECK:         %[[C1:.+]]:2 = call @layer(%[[C0]]#1, %{{.+}})
// CHECK:         return %[[C0]]#0, %[[C1]]#0, %[[C1]]#1
func.func @results_between(%x: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) {
  %w = graph.weight <"m.onnx" name "w" at 0 bytes 64> : tensor<4x4xf32>
  // expected-remark @below {{2 times 2 ops are one function, layer}}
  %0 = graph.matmul %x, %w : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = graph.tanh %0 : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %v = graph.weight <"m.onnx" name "v" at 64 bytes 64> : tensor<4x4xf32>
  %2 = graph.matmul %1, %v : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %3 = graph.tanh %2 : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0, %2, %3 : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

// Numbers in which layers differ (the scales of a quantized model) are arguments;
// those that are the same stand in the layer, once. One number may be both.

// CHECK-LABEL: func @other_numbers
// CHECK-DAG:     %[[TWO:.+]] = graph.constant dense<2.000000e+00>
// CHECK-DAG:     %[[THREE:.+]] = graph.constant dense<3.000000e+00>
// CHECK:         %[[A:.+]] = call @layer(%{{.+}}, %{{.+}}, %[[TWO]])
// CHECK-NEXT:    call @layer(%[[A]], %{{.+}}, %[[THREE]])
// CHECK:       func private @layer(%[[X:.+]]: tensor<4x4xf32>, %[[W:.+]]: tensor<4x4xf32>, %[[S:.+]]: tensor<f32>)
// CHECK:         %[[P:.+]] = graph.matmul %[[X]], %[[W]]
// CHECK:         %[[Q:.+]] = graph.mul %[[P]], %[[S]]
// CHECK:         %[[SAME:.+]] = graph.constant dense<2.000000e+00>
// CHECK:         graph.add %[[Q]], %[[SAME]]
func.func @other_numbers(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %w = graph.weight <"m.onnx" name "w" at 0 bytes 64> : tensor<4x4xf32>
  %v = graph.weight <"m.onnx" name "v" at 64 bytes 64> : tensor<4x4xf32>
  %two = graph.constant dense<2.0> : tensor<f32>
  %three = graph.constant dense<3.0> : tensor<f32>
  // expected-remark @below {{2 times 3 ops are one function, layer}}
  %0 = graph.matmul %x, %w : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = graph.mul %0, %two : (tensor<4x4xf32>, tensor<f32>) -> tensor<4x4xf32>
  %2 = graph.add %1, %two : (tensor<4x4xf32>, tensor<f32>) -> tensor<4x4xf32>
  %3 = graph.matmul %2, %v : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %4 = graph.mul %3, %three : (tensor<4x4xf32>, tensor<f32>) -> tensor<4x4xf32>
  %5 = graph.add %4, %two : (tensor<4x4xf32>, tensor<f32>) -> tensor<4x4xf32>
  return %5 : tensor<4x4xf32>
}
