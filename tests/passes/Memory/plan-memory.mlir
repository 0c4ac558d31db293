// RUN: tenon-opt %s --plan-memory --split-input-file --verify-diagnostics | FileCheck %s

tile.kernel @k(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %i = tile.grid [%n by 16]
  %xv = tile.view %x[%n] : !tile.view<?xf32>
  %a = tile.load %xv[%i] axes [0] : <?xf32> -> <[16], f32>
  %yv = tile.view %y[%n] : !tile.view<?xf32>
  tile.store %a, %yv[%i] axes [0] : <[16], f32>, <?xf32>
  tile.return
}

// The third value takes the slot of the first, which nobody reads any more; the
// second is read while the third is written.

// CHECK-LABEL: exec.program @chain
// CHECK:         %[[X:.+]] = exec.input 0
// CHECK:         %[[A:.+]] = exec.slot [#graph.dim<4*B>]
// CHECK:         exec.launch @k(%[[X]], %[[A]]) scalars [#graph.dim<B>] grid [#graph.dim<B>] by [16] {bytes = #graph.dim<8*B>, flops = #graph.dim<B>, tensor_types = [tensor<?xf32, #graph.dims<B>>]}
// CHECK:         %[[B:.+]] = exec.slot [#graph.dim<4*B>]
// CHECK:         exec.launch @k(%[[A]], %[[B]])
// CHECK:         exec.launch @k(%[[B]], %[[A]])
// CHECK:         %[[Y:.+]] = exec.output 0
// CHECK:         exec.launch @k(%[[A]], %[[Y]])
func.func @chain(%x: tensor<?xf32, #graph.dims<B>>) -> tensor<?xf32, #graph.dims<B>> {
  %0 = tile.launch @k(%x) scalars [#graph.dim<B>] {bytes = #graph.dim<8*B>, flops = #graph.dim<B>} : (tensor<?xf32, #graph.dims<B>>) -> tensor<?xf32, #graph.dims<B>>
  %1 = tile.launch @k(%0) scalars [#graph.dim<B>] : (tensor<?xf32, #graph.dims<B>>) -> tensor<?xf32, #graph.dims<B>>
  %2 = tile.launch @k(%1) scalars [#graph.dim<B>] : (tensor<?xf32, #graph.dims<B>>) -> tensor<?xf32, #graph.dims<B>>
  %3 = tile.launch @k(%2) scalars [#graph.dim<B>] : (tensor<?xf32, #graph.dims<B>>) -> tensor<?xf32, #graph.dims<B>>
  return %3 : tensor<?xf32, #graph.dims<B>>
}

// Equal constants are one weight, which is a function; what no launch writes to
// its output is copied there.

// CHECK-LABEL: func.func private @weight() -> tensor<16xf32>
// CHECK:         graph.constant
// CHECK-LABEL: exec.program @weights
// CHECK:         %[[W:.+]] = exec.weight @weight
// CHECK:         %[[Y:.+]] = exec.output 0
// CHECK:         exec.launch @k(%[[W]], %[[Y]]) scalars [#graph.dim<16>] grid [#graph.dim<16>] by [16]
// CHECK:         %[[Z:.+]] = exec.output 1
// CHECK:         exec.copy %[[Y]] to %[[Z]] bytes #graph.dim<64>
// CHECK:         %[[V:.+]] = exec.output 2
// CHECK:         exec.copy %[[W]] to %[[V]] bytes #graph.dim<64>
func.func @weights() -> (tensor<16xf32>, tensor<16xf32>, tensor<16xf32>) {
  %c = graph.constant dense<1.0> : tensor<16xf32>
  %d = graph.constant dense<1.0> : tensor<16xf32>
  %0 = tile.launch @k(%c) scalars [#graph.dim<16>] : (tensor<16xf32>) -> tensor<16xf32>
  return %0, %0, %d : tensor<16xf32>, tensor<16xf32>, tensor<16xf32>
}

// -----

// What runs on the host is refused: there are only launches and copies.

func.func @computes_on_the_host(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'graph.neg' op is left in the host program: expected only tile.launch, calls and what is computed from constants alone}}
  %0 = graph.neg %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

tile.kernel @k(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %i = tile.grid [%n by 16]
  %xv = tile.view %x[%n] : !tile.view<?xf32>
  %a = tile.load %xv[%i] axes [0] : <?xf32> -> <[16], f32>
  %yv = tile.view %y[%n] : !tile.view<?xf32>
  tile.store %a, %yv[%i] axes [0] : <[16], f32>, <?xf32>
  tile.return
}

// A layer's parameters are its arguments, then its results; it has slots of its
// own. What it is called with is not written by the call.

// CHECK-LABEL: exec.program @calls
// CHECK:         %[[X:.+]] = exec.input 0
// CHECK:         %[[A:.+]] = exec.slot [#graph.dim<4*B>]
// CHECK:         exec.call @layer(%[[X]], %[[A]])
// CHECK:         %[[B:.+]] = exec.slot [#graph.dim<4*B>]
// CHECK:         exec.call @layer(%[[A]], %[[B]])
// CHECK:         %[[Y:.+]] = exec.output 0
// CHECK:         exec.call @layer(%[[B]], %[[Y]])
// CHECK-LABEL: exec.function @layer parameters 2
// CHECK:         %[[P:.+]] = exec.parameter 0
// CHECK:         %[[S:.+]] = exec.slot [#graph.dim<4*B>]
// CHECK:         exec.launch @k(%[[P]], %[[S]])
// CHECK:         %[[Q:.+]] = exec.parameter 1
// CHECK:         exec.launch @k(%[[S]], %[[Q]])
func.func @calls(%x: tensor<?xf32, #graph.dims<B>>) -> tensor<?xf32, #graph.dims<B>> {
  %0 = call @layer(%x) : (tensor<?xf32, #graph.dims<B>>) -> tensor<?xf32, #graph.dims<B>>
  %1 = call @layer(%0) : (tensor<?xf32, #graph.dims<B>>) -> tensor<?xf32, #graph.dims<B>>
  %2 = call @layer(%1) : (tensor<?xf32, #graph.dims<B>>) -> tensor<?xf32, #graph.dims<B>>
  return %2 : tensor<?xf32, #graph.dims<B>>
}
func.func private @layer(%x: tensor<?xf32, #graph.dims<B>>) -> tensor<?xf32, #graph.dims<B>> {
  %0 = tile.launch @k(%x) scalars [#graph.dim<B>] : (tensor<?xf32, #graph.dims<B>>) -> tensor<?xf32, #graph.dims<B>>
  %1 = tile.launch @k(%0) scalars [#graph.dim<B>] : (tensor<?xf32, #graph.dims<B>>) -> tensor<?xf32, #graph.dims<B>>
  return %1 : tensor<?xf32, #graph.dims<B>>
}

// -----

// A launch has its kernel's variants, in their blocks.

tile.kernel @k(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 variants [#tile.variant<@k_few, axis 0 at most 4>] {
  %i = tile.grid [%n by 16]
  tile.return
}
tile.kernel @k_few(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %i = tile.grid [%n by 2]
  tile.return
}

// CHECK-LABEL: exec.program @variants
// CHECK:         exec.launch @k(%{{.+}}, %{{.+}}) scalars [#graph.dim<B>] grid [#graph.dim<B>] by [16]
// CHECK-SAME:    variants = [#exec.variant<@k_few, axis 0 at most 4, by [2]>]
func.func @variants(%x: tensor<?xf32, #graph.dims<B>>) -> tensor<?xf32, #graph.dims<B>> {
  %0 = tile.launch @k(%x) scalars [#graph.dim<B>] : (tensor<?xf32, #graph.dims<B>>) -> tensor<?xf32, #graph.dims<B>>
  return %0 : tensor<?xf32, #graph.dims<B>>
}
