// RUN: tenon-opt %s --raise-rope --remarks-filter=Raise --verify-diagnostics \
// RUN:   --split-input-file | FileCheck %s

// The example in the pass's description is run by tests/house.

// Hugging Face's export: frequencies matmul positions, transposed; bf16 factors;
// one row of positions for all sequences.

!q = tensor<?x3x?x8xbf16, #graph.dims<B, 3, L, 8>>
!half = tensor<?x3x?x4xbf16, #graph.dims<B, 3, L, 4>>
!angles = tensor<1x?x8xf32, #graph.dims<1, L, 8>>
!factor = tensor<1x1x?x8xbf16, #graph.dims<1, 1, L, 8>>

// CHECK-LABEL: func @matmul_of_positions
// CHECK-SAME:    (%[[Q:.+]]: tensor<{{.+}}>, %[[P:.+]]: tensor<{{.+}}>)
// CHECK-NEXT:    %[[BL:.+]] = graph.broadcast %[[P]] : {{.*}} -> tensor<?x?xi64, #graph.dims<B, L>>
// CHECK-NEXT:    graph.rope %[[Q]], %[[BL]] {base = 1.000000e+04 : f64, pairing = #graph<pairing halves>}
// CHECK-NEXT:    return
func.func @matmul_of_positions(%q: !q, %p: tensor<1x?xi64, #graph.dims<1, L>>) -> !q {
  %freq = graph.constant dense<[[[1.0], [0.1], [0.01], [0.001]]]> : tensor<1x4x1xf32>
  %row = graph.reshape %p : (tensor<1x?xi64, #graph.dims<1, L>>) -> tensor<1x1x?xi64, #graph.dims<1, 1, L>>
  %rowf = graph.cast %row {to = f32} : (tensor<1x1x?xi64, #graph.dims<1, 1, L>>) -> tensor<1x1x?xf32, #graph.dims<1, 1, L>>
  %ft = graph.matmul %freq, %rowf : (tensor<1x4x1xf32>, tensor<1x1x?xf32, #graph.dims<1, 1, L>>) -> tensor<1x4x?xf32, #graph.dims<1, 4, L>>
  %f = graph.transpose %ft {permutation = array<i64: 0, 2, 1>} : (tensor<1x4x?xf32, #graph.dims<1, 4, L>>) -> tensor<1x?x4xf32, #graph.dims<1, L, 4>>
  %a = graph.concat %f, %f {axis = 2 : i64} : (tensor<1x?x4xf32, #graph.dims<1, L, 4>>, tensor<1x?x4xf32, #graph.dims<1, L, 4>>) -> !angles
  %cos = graph.cos %a : (!angles) -> !angles
  %sin = graph.sin %a : (!angles) -> !angles
  %cosn = graph.cast %cos {to = bf16} : (!angles) -> tensor<1x?x8xbf16, #graph.dims<1, L, 8>>
  %sinn = graph.cast %sin {to = bf16} : (!angles) -> tensor<1x?x8xbf16, #graph.dims<1, L, 8>>
  %cosh = graph.reshape %cosn : (tensor<1x?x8xbf16, #graph.dims<1, L, 8>>) -> !factor
  %sinh = graph.reshape %sinn : (tensor<1x?x8xbf16, #graph.dims<1, L, 8>>) -> !factor
  %low = graph.slice %q {axis = 3 : i64, start = #graph.dim<0>, step = 1 : i64} : (!q) -> !half
  %high = graph.slice %q {axis = 3 : i64, start = #graph.dim<4>, step = 1 : i64} : (!q) -> !half
  %minus = graph.neg %high : (!half) -> !half
  %rotated = graph.concat %minus, %low {axis = 3 : i64} : (!half, !half) -> !q
  %x = graph.mul %rotated, %sinh : (!q, !factor) -> !q
  %y = graph.mul %q, %cosh : (!q, !factor) -> !q
  // expected-remark @below {{became rope with base 10000.000000}}
  %0 = graph.add %x, %y : (!q, !q) -> !q
  return %0 : !q
}

// -----

// Left alone: frequencies that are scaled for long contexts.

!q = tensor<2x3x5x8xf32>
!half = tensor<2x3x5x4xf32>

// CHECK-LABEL: func @scaled_frequencies
// CHECK-NOT:     graph.rope
func.func @scaled_frequencies(%q: !q, %p: tensor<2x5xi64>) -> !q {
  %freq = graph.constant dense<[1.0, 0.1, 0.01, 0.000125]> : tensor<4xf32>
  %pf = graph.cast %p {to = f32} : (tensor<2x5xi64>) -> tensor<2x5xf32>
  %pc = graph.reshape %pf : (tensor<2x5xf32>) -> tensor<2x1x5x1xf32>
  %f = graph.mul %pc, %freq : (tensor<2x1x5x1xf32>, tensor<4xf32>) -> tensor<2x1x5x4xf32>
  %a = graph.concat %f, %f {axis = 3 : i64} : (tensor<2x1x5x4xf32>, tensor<2x1x5x4xf32>) -> tensor<2x1x5x8xf32>
  %cos = graph.cos %a : (tensor<2x1x5x8xf32>) -> tensor<2x1x5x8xf32>
  %sin = graph.sin %a : (tensor<2x1x5x8xf32>) -> tensor<2x1x5x8xf32>
  %low = graph.slice %q {axis = 3 : i64, start = #graph.dim<0>, step = 1 : i64} : (!q) -> !half
  %high = graph.slice %q {axis = 3 : i64, start = #graph.dim<4>, step = 1 : i64} : (!q) -> !half
  %minus = graph.neg %high : (!half) -> !half
  %rotated = graph.concat %minus, %low {axis = 3 : i64} : (!half, !half) -> !q
  %x = graph.mul %rotated, %sin : (!q, tensor<2x1x5x8xf32>) -> !q
  %y = graph.mul %q, %cos : (!q, tensor<2x1x5x8xf32>) -> !q
  // expected-remark @below {{no rope: the angles are not positions times powers of one base}}
  %0 = graph.add %x, %y : (!q, !q) -> !q
  return %0 : !q
}

// -----

// Left alone: factors from a table.

!q = tensor<2x3x5x8xf32>
!half = tensor<2x3x5x4xf32>

// CHECK-LABEL: func @tables
// CHECK-NOT:     graph.rope
func.func @tables(%q: !q, %cos: tensor<5x8xf32>, %sin: tensor<5x8xf32>) -> !q {
  %low = graph.slice %q {axis = 3 : i64, start = #graph.dim<0>, step = 1 : i64} : (!q) -> !half
  %high = graph.slice %q {axis = 3 : i64, start = #graph.dim<4>, step = 1 : i64} : (!q) -> !half
  %minus = graph.neg %high : (!half) -> !half
  %rotated = graph.concat %minus, %low {axis = 3 : i64} : (!half, !half) -> !q
  %x = graph.mul %rotated, %sin : (!q, tensor<5x8xf32>) -> !q
  %y = graph.mul %q, %cos : (!q, tensor<5x8xf32>) -> !q
  // expected-remark @below {{no rope: the factors are not cos and sin of the same angles twice}}
  %0 = graph.add %x, %y : (!q, !q) -> !q
  return %0 : !q
}
