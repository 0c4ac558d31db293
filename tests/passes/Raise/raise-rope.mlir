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
  // expected-remark @below {{no rope: the factors are not cos and sin of angles twice}}
  %0 = graph.add %x, %y : (!q, !q) -> !q
  return %0 : !q
}

// -----

// Neighbours are pairs, and each angle stands twice (Cohere); the doubling of
// the sine comes after it (GPT-J).

!q = tensor<?x3x?x8xf32, #graph.dims<B, 3, L, 8>>
!half = tensor<?x3x?x4xf32, #graph.dims<B, 3, L, 4>>
!one = tensor<?x3x?x4x1xf32, #graph.dims<B, 3, L, 4, 1>>
!f = tensor<1x?x4xf32, #graph.dims<1, L, 4>>
!f1 = tensor<1x?x4x1xf32, #graph.dims<1, L, 4, 1>>
!f2 = tensor<1x?x4x2xf32, #graph.dims<1, L, 4, 2>>
!angles = tensor<1x?x8xf32, #graph.dims<1, L, 8>>
!factor = tensor<1x1x?x8xf32, #graph.dims<1, 1, L, 8>>

// CHECK-LABEL: func @neighbours_rotate
// CHECK-SAME:    (%[[Q:.+]]: tensor<{{.+}}>, %[[P:.+]]: tensor<{{.+}}>)
// CHECK-NEXT:    %[[BL:.+]] = graph.broadcast %[[P]] : {{.*}} -> tensor<?x?xi64, #graph.dims<B, L>>
// CHECK-NEXT:    graph.rope %[[Q]], %[[BL]] {base = 1.000000e+04 : f64, pairing = #graph<pairing interleaved>}
// CHECK-NEXT:    return
func.func @neighbours_rotate(%q: !q, %p: tensor<1x?xi64, #graph.dims<1, L>>) -> !q {
  %freq = graph.constant dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>
  %column = graph.reshape %p : (tensor<1x?xi64, #graph.dims<1, L>>) -> tensor<1x?x1xi64, #graph.dims<1, L, 1>>
  %pf = graph.cast %column {to = f32} : (tensor<1x?x1xi64, #graph.dims<1, L, 1>>) -> tensor<1x?x1xf32, #graph.dims<1, L, 1>>
  %f = graph.mul %pf, %freq : (tensor<1x?x1xf32, #graph.dims<1, L, 1>>, tensor<4xf32>) -> !f
  %f1 = graph.reshape %f : (!f) -> !f1
  %f2 = graph.broadcast %f1 : (!f1) -> !f2
  %a = graph.reshape %f2 : (!f2) -> !angles
  %cos = graph.cos %a : (!angles) -> !angles
  %cosh = graph.reshape %cos : (!angles) -> !factor
  %sin = graph.sin %f : (!f) -> !f
  %sin1 = graph.reshape %sin : (!f) -> !f1
  %sin2 = graph.concat %sin1, %sin1 {axis = 3 : i64} : (!f1, !f1) -> !f2
  %sinh = graph.reshape %sin2 : (!f2) -> !factor
  %even = graph.slice %q {axis = 3 : i64, start = #graph.dim<0>, step = 2 : i64} : (!q) -> !half
  %odd = graph.slice %q {axis = 3 : i64, start = #graph.dim<1>, step = 2 : i64} : (!q) -> !half
  %minus = graph.neg %odd : (!half) -> !half
  %minus1 = graph.reshape %minus : (!half) -> !one
  %even1 = graph.reshape %even : (!half) -> !one
  %stack = graph.concat %minus1, %even1 {axis = 4 : i64} : (!one, !one) -> tensor<?x3x?x4x2xf32, #graph.dims<B, 3, L, 4, 2>>
  %rotated = graph.reshape %stack : (tensor<?x3x?x4x2xf32, #graph.dims<B, 3, L, 4, 2>>) -> !q
  %x = graph.mul %q, %cosh : (!q, !factor) -> !q
  %y = graph.mul %rotated, %sinh : (!q, !factor) -> !q
  // expected-remark @below {{became rope with base 10000.000000}}
  %0 = graph.add %x, %y : (!q, !q) -> !q
  return %0 : !q
}

// -----

// Left alone: neighbours rotate by the angles of halves.

!q = tensor<2x3x5x8xf32>
!half = tensor<2x3x5x4xf32>
!one = tensor<2x3x5x4x1xf32>

// CHECK-LABEL: func @angles_of_halves
// CHECK-NOT:     graph.rope
func.func @angles_of_halves(%q: !q, %p: tensor<5x1xi64>) -> !q {
  %freq = graph.constant dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>
  %pf = graph.cast %p {to = f32} : (tensor<5x1xi64>) -> tensor<5x1xf32>
  %f = graph.mul %pf, %freq : (tensor<5x1xf32>, tensor<4xf32>) -> tensor<5x4xf32>
  %a = graph.concat %f, %f {axis = 1 : i64} : (tensor<5x4xf32>, tensor<5x4xf32>) -> tensor<5x8xf32>
  %cos = graph.cos %a : (tensor<5x8xf32>) -> tensor<5x8xf32>
  %sin = graph.sin %a : (tensor<5x8xf32>) -> tensor<5x8xf32>
  %even = graph.slice %q {axis = 3 : i64, start = #graph.dim<0>, step = 2 : i64} : (!q) -> !half
  %odd = graph.slice %q {axis = 3 : i64, start = #graph.dim<1>, step = 2 : i64} : (!q) -> !half
  %minus = graph.neg %odd : (!half) -> !half
  %minus1 = graph.reshape %minus : (!half) -> !one
  %even1 = graph.reshape %even : (!half) -> !one
  %stack = graph.concat %minus1, %even1 {axis = 4 : i64} : (!one, !one) -> tensor<2x3x5x4x2xf32>
  %rotated = graph.reshape %stack : (tensor<2x3x5x4x2xf32>) -> !q
  %x = graph.mul %q, %cos : (!q, tensor<5x8xf32>) -> !q
  %y = graph.mul %rotated, %sin : (!q, tensor<5x8xf32>) -> !q
  // expected-remark @below {{no rope: the angles are in another order than the lanes}}
  %0 = graph.add %x, %y : (!q, !q) -> !q
  return %0 : !q
}

// -----

// Tables of all positions, of which rows are looked up; then a slice of them,
// whose first row is that of the first token.

!q = tensor<?x3x?x4xf32, #graph.dims<B, 3, L, 4>>
!half = tensor<?x3x?x2xf32, #graph.dims<B, 3, L, 2>>
!rows = tensor<?x?x4xf32, #graph.dims<B, L, 4>>
!factor = tensor<?x1x?x4xf32, #graph.dims<B, 1, L, 4>>
!cut = tensor<?x4xf32, #graph.dims<L, 4>>

// CHECK-LABEL: func @rows_of_tables
// CHECK-SAME:    (%[[Q:.+]]: tensor<{{.+}}>, %[[P:.+]]: tensor<{{.+}}>, %{{.+}}: tensor<{{.+}}>)
// CHECK-NEXT:    %[[A:.+]] = graph.rope %[[Q]], %[[P]] {base = 1.000000e+04 : f64, pairing = #graph<pairing halves>}
// CHECK-NEXT:    %[[N:.+]] = graph.iota {axis = 0 : i64} : () -> tensor<?xi64, #graph.dims<L + P>>
// CHECK-NEXT:    %[[FROM:.+]] = graph.slice %[[N]] {axis = 0 : i64, start = #graph.dim<P>, step = 1 : i64}
// CHECK-NEXT:    %[[BL:.+]] = graph.broadcast %[[FROM]] : {{.*}} -> tensor<?x?xi64, #graph.dims<B, L>>
// CHECK-NEXT:    %[[B:.+]] = graph.rope %[[A]], %[[BL]] {base = 1.000000e+04 : f64, pairing = #graph<pairing halves>}
// CHECK-NEXT:    return %[[B]]
func.func @rows_of_tables(%q: !q, %p: tensor<?x?xi64, #graph.dims<B, L>>, %past: tensor<?xf32, #graph.dims<P>>) -> !q {
  %freq = graph.constant dense<[1.0, 0.01]> : tensor<2xf32>
  %n = graph.iota {axis = 0 : i64} : () -> tensor<64x1xi64>
  %nf = graph.cast %n {to = f32} : (tensor<64x1xi64>) -> tensor<64x1xf32>
  %f = graph.mul %nf, %freq : (tensor<64x1xf32>, tensor<2xf32>) -> tensor<64x2xf32>
  %a = graph.concat %f, %f {axis = 1 : i64} : (tensor<64x2xf32>, tensor<64x2xf32>) -> tensor<64x4xf32>
  %cos = graph.cos %a : (tensor<64x4xf32>) -> tensor<64x4xf32>
  %sin = graph.sin %a : (tensor<64x4xf32>) -> tensor<64x4xf32>
  %first = graph.slice %cos {axis = 0 : i64, start = #graph.dim<0>, step = 1 : i64} : (tensor<64x4xf32>) -> tensor<32x4xf32>
  %cosr = graph.gather %first, %p {axis = 0 : i64} : (tensor<32x4xf32>, tensor<?x?xi64, #graph.dims<B, L>>) -> !rows
  %sinr = graph.gather %sin, %p {axis = 0 : i64} : (tensor<64x4xf32>, tensor<?x?xi64, #graph.dims<B, L>>) -> !rows
  %cosh = graph.reshape %cosr : (!rows) -> !factor
  %sinh = graph.reshape %sinr : (!rows) -> !factor
  %low = graph.slice %q {axis = 3 : i64, start = #graph.dim<0>, step = 1 : i64} : (!q) -> !half
  %high = graph.slice %q {axis = 3 : i64, start = #graph.dim<2>, step = 1 : i64} : (!q) -> !half
  %minus = graph.neg %high : (!half) -> !half
  %rotated = graph.concat %minus, %low {axis = 3 : i64} : (!half, !half) -> !q
  %x = graph.mul %q, %cosh : (!q, !factor) -> !q
  %y = graph.mul %rotated, %sinh : (!q, !factor) -> !q
  // expected-remark @below {{became rope with base 10000.000000}}
  %r = graph.add %x, %y : (!q, !q) -> !q

  %coss = graph.slice %cos {axis = 0 : i64, start = #graph.dim<P>, step = 1 : i64} : (tensor<64x4xf32>) -> !cut
  %sins = graph.slice %sin {axis = 0 : i64, start = #graph.dim<P>, step = 1 : i64} : (tensor<64x4xf32>) -> !cut
  %low2 = graph.slice %r {axis = 3 : i64, start = #graph.dim<0>, step = 1 : i64} : (!q) -> !half
  %high2 = graph.slice %r {axis = 3 : i64, start = #graph.dim<2>, step = 1 : i64} : (!q) -> !half
  %minus2 = graph.neg %high2 : (!half) -> !half
  %rotated2 = graph.concat %minus2, %low2 {axis = 3 : i64} : (!half, !half) -> !q
  %x2 = graph.mul %r, %coss : (!q, !cut) -> !q
  %y2 = graph.mul %rotated2, %sins : (!q, !cut) -> !q
  // expected-remark @below {{became rope with base 10000.000000}}
  %0 = graph.add %x2, %y2 : (!q, !q) -> !q
  return %0 : !q
}

// -----

// Left alone: cosines and sines of other rows.

!q = tensor<2x3x5x4xf32>
!half = tensor<2x3x5x2xf32>

// CHECK-LABEL: func @other_rows
// CHECK-NOT:     graph.rope
func.func @other_rows(%q: !q) -> !q {
  %freq = graph.constant dense<[1.0, 0.01]> : tensor<2xf32>
  %n = graph.iota {axis = 0 : i64} : () -> tensor<64x1xi64>
  %nf = graph.cast %n {to = f32} : (tensor<64x1xi64>) -> tensor<64x1xf32>
  %f = graph.mul %nf, %freq : (tensor<64x1xf32>, tensor<2xf32>) -> tensor<64x2xf32>
  %a = graph.concat %f, %f {axis = 1 : i64} : (tensor<64x2xf32>, tensor<64x2xf32>) -> tensor<64x4xf32>
  %cos = graph.cos %a : (tensor<64x4xf32>) -> tensor<64x4xf32>
  %sin = graph.sin %a : (tensor<64x4xf32>) -> tensor<64x4xf32>
  %cosr = graph.slice %cos {axis = 0 : i64, start = #graph.dim<0>, step = 1 : i64} : (tensor<64x4xf32>) -> tensor<5x4xf32>
  %sinr = graph.slice %sin {axis = 0 : i64, start = #graph.dim<1>, step = 1 : i64} : (tensor<64x4xf32>) -> tensor<5x4xf32>
  %low = graph.slice %q {axis = 3 : i64, start = #graph.dim<0>, step = 1 : i64} : (!q) -> !half
  %high = graph.slice %q {axis = 3 : i64, start = #graph.dim<2>, step = 1 : i64} : (!q) -> !half
  %minus = graph.neg %high : (!half) -> !half
  %rotated = graph.concat %minus, %low {axis = 3 : i64} : (!half, !half) -> !q
  %x = graph.mul %q, %cosr : (!q, tensor<5x4xf32>) -> !q
  %y = graph.mul %rotated, %sinr : (!q, tensor<5x4xf32>) -> !q
  // expected-remark @below {{no rope: the factors are cos and sin of different angles}}
  %0 = graph.add %x, %y : (!q, !q) -> !q
  return %0 : !q
}
