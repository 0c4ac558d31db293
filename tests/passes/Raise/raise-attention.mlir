// RUN: tenon-opt %s --raise-attention --remarks-filter=Raise --verify-diagnostics \
// RUN:   --split-input-file | FileCheck %s

// The example in the pass's description is run by tests/house.

// Torch's dynamo exporter: root of the scale on queries and keys, a mask as bias,
// NaN replaced by 0. The keys' transpose is the pass's own, so it goes away.

!q = tensor<?x3x?x4xf32, #graph.dims<B, 3, L, 4>>
!kt = tensor<?x3x4x?xf32, #graph.dims<B, 3, 4, L>>
!s = tensor<?x3x?x?xf32, #graph.dims<B, 3, L, L>>
!sees = tensor<?x3x?x?xi1, #graph.dims<B, 3, L, L>>

// CHECK-LABEL: func @scaled_on_both_sides
// CHECK-SAME:    (%[[Q:.+]]: tensor<{{.+}}>, %[[K:.+]]: tensor<{{.+}}>, %[[V:.+]]: tensor<{{.+}}>, %[[MASK:.+]]: tensor
// CHECK:         %[[BIAS:.+]] = graph.where %[[MASK]]
// CHECK-SAME:      -> tensor<?x1x1x?xf32, #graph.dims<B, 1, 1, L>>
// CHECK:         graph.attention %[[Q]], %[[K]], %[[V]], %[[BIAS]]
// CHECK-SAME:      nan_to_zero
// CHECK-SAME:      array<i32: 1, 1, 1, 0, 1>
// CHECK-SAME:      scale = 2.500000e-01
func.func @scaled_on_both_sides(%q: !q, %k: !q, %v: !q,
                                %mask: tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, L>>) -> !q {
  %root = graph.constant dense<0.5> : tensor<f32>
  %zero = graph.constant dense<0.0> : tensor<f32>
  %low = graph.constant dense<-3.40282347E+38> : tensor<f32>
  %kt = graph.transpose %k {permutation = array<i64: 0, 1, 3, 2>} : (!q) -> !kt
  %qs = graph.mul %q, %root : (!q, tensor<f32>) -> !q
  %ks = graph.mul %kt, %root : (!kt, tensor<f32>) -> !kt
  %bias = graph.where %mask, %zero, %low
      : (tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, L>>, tensor<f32>, tensor<f32>)
      -> tensor<?x1x1x?xf32, #graph.dims<B, 1, 1, L>>
  %0 = graph.matmul %qs, %ks : (!q, !kt) -> !s
  %1 = graph.add %0, %bias : (!s, tensor<?x1x1x?xf32, #graph.dims<B, 1, 1, L>>) -> !s
  %2 = graph.softmax %1 {axis = 3 : i64} : (!s) -> !s
  %3 = graph.is_nan %2 : (!s) -> !sees
  %4 = graph.where %3, %zero, %2 : (!sees, tensor<f32>, !s) -> !s
  // expected-remark @below {{became attention, with a bias}}
  %5 = graph.matmul %4, %v : (!s, !q) -> !q
  return %5 : !q
}

// -----

// Scores below minus infinity are a mask; so is masked_fill, which says where not
// to look.

!q = tensor<2x3x5x4xf32>
!s = tensor<2x3x5x5xf32>

// CHECK-LABEL: func @boolean_masks
// CHECK-SAME:    %[[SEEN:[^ ]+]]: tensor<5x5xi1>, %[[HIDDEN:[^ ]+]]: tensor<2x1x1x5xi1>
// CHECK:         %[[NOT:.+]] = graph.not %[[HIDDEN]]
// CHECK:         %[[MASK:.+]] = graph.and %[[SEEN]], %[[NOT]]
// CHECK:         graph.attention {{.*}}, %[[MASK]]
// CHECK-SAME:      array<i32: 1, 1, 1, 1, 0>
func.func @boolean_masks(%q: !q, %kt: tensor<2x3x4x5xf32>, %v: !q, %seen: tensor<5x5xi1>,
                         %hidden: tensor<2x1x1x5xi1>) -> !q {
  %low = graph.constant dense<0xFF800000> : tensor<f32>
  %0 = graph.matmul %q, %kt : (!q, tensor<2x3x4x5xf32>) -> !s
  %1 = graph.where %seen, %0, %low : (tensor<5x5xi1>, !s, tensor<f32>) -> !s
  %2 = graph.where %hidden, %low, %1 : (tensor<2x1x1x5xi1>, tensor<f32>, !s) -> !s
  %3 = graph.softmax %2 {axis = 3 : i64} : (!s) -> !s
  // expected-remark @below {{became attention, with a mask}}
  %4 = graph.matmul %3, %v : (!s, !q) -> !q
  return %4 : !q
}

// -----

// A finite fill cannot be a mask: a query that sees no key looks at all alike. As
// a bias it absorbs the score, which is the same.

!q = tensor<2x3x5x4xf32>
!s = tensor<2x3x5x5xf32>

// CHECK-LABEL: func @finite_fill
// CHECK:         %[[BIAS:.+]] = graph.where
// CHECK-SAME:      -> tensor<5x5xf32>
// CHECK:         graph.attention {{.*}}, %[[BIAS]]
// CHECK-SAME:      array<i32: 1, 1, 1, 0, 1>
func.func @finite_fill(%q: !q, %kt: tensor<2x3x4x5xf32>, %v: !q, %seen: tensor<5x5xi1>) -> !q {
  %low = graph.constant dense<-3.40282347E+38> : tensor<f32>
  %0 = graph.matmul %q, %kt : (!q, tensor<2x3x4x5xf32>) -> !s
  %1 = graph.where %seen, %0, %low : (tensor<5x5xi1>, !s, tensor<f32>) -> !s
  %2 = graph.softmax %1 {axis = 3 : i64} : (!s) -> !s
  // expected-remark @below {{became attention, with a bias}}
  %3 = graph.matmul %2, %v : (!s, !q) -> !q
  return %3 : !q
}

// -----

// GPT-2: the triangle by counters, filled with the lowest f32, after the scale;
// keys include P past ones.

!q = tensor<1x3x?x4xf32, #graph.dims<1, 3, L, 4>>
!kt = tensor<1x3x4x?xf32, #graph.dims<1, 3, 4, P + L>>
!v = tensor<1x3x?x4xf32, #graph.dims<1, 3, P + L, 4>>
!s = tensor<1x3x?x?xf32, #graph.dims<1, 3, L, P + L>>
!row = tensor<?x1xi64, #graph.dims<L, 1>>
!col = tensor<?xi64, #graph.dims<P + L>>

// CHECK-LABEL: func @causal
// CHECK-NOT:     graph.where
// CHECK:         graph.attention
// CHECK-SAME:      {causal
// CHECK-SAME:      array<i32: 1, 1, 1, 0, 0>
// CHECK-SAME:      scale = 5.000000e-01
func.func @causal(%q: !q, %kt: !kt, %v: !v) -> !q {
  %low = graph.constant dense<-3.40282347E+38> : tensor<f32>
  %two = graph.constant dense<2.0> : tensor<f32>
  %one = graph.constant dense<1> : tensor<i64>
  %all = graph.iota {axis = 0 : i64} : () -> !col
  %i = graph.slice %all {axis = 0 : i64, start = #graph.dim<P>, step = 1 : i64} : (!col) -> tensor<?xi64, #graph.dims<L>>
  %i1 = graph.add %i, %one : (tensor<?xi64, #graph.dims<L>>, tensor<i64>) -> tensor<?xi64, #graph.dims<L>>
  %row = graph.reshape %i1 : (tensor<?xi64, #graph.dims<L>>) -> !row
  %seen = graph.compare %all, %row {predicate = #graph<predicate lt>} : (!col, !row) -> tensor<?x?xi1, #graph.dims<L, P + L>>
  %0 = graph.matmul %q, %kt : (!q, !kt) -> !s
  %1 = graph.div %0, %two : (!s, tensor<f32>) -> !s
  %2 = graph.where %seen, %1, %low : (tensor<?x?xi1, #graph.dims<L, P + L>>, !s, tensor<f32>) -> !s
  %3 = graph.softmax %2 {axis = 3 : i64} : (!s) -> !s
  // expected-remark @below {{became attention, causal}}
  %4 = graph.matmul %3, %v : (!s, !v) -> !q
  return %4 : !q
}

// -----

// A causal mask and padding in one additive mask: a query may see no key, so both
// stay a bias.

!q = tensor<2x3x5x4xf32>
!s = tensor<2x3x5x5xf32>

// CHECK-LABEL: func @causal_and_padding
// CHECK:         %[[SEEN:.+]] = graph.and
// CHECK:         %[[BIAS:.+]] = graph.where %[[SEEN]]
// CHECK:         graph.attention {{.*}}, %[[BIAS]] {operandSegmentSizes
func.func @causal_and_padding(%q: !q, %kt: tensor<2x3x4x5xf32>, %v: !q,
                              %padding: tensor<2x1x1x5xi1>) -> !q {
  %low = graph.constant dense<-3.40282347E+38> : tensor<f32>
  %zero = graph.constant dense<0.0> : tensor<f32>
  %j = graph.iota {axis = 1 : i64} : () -> tensor<5x5xi64>
  %i = graph.iota {axis = 0 : i64} : () -> tensor<5x5xi64>
  %triangle = graph.compare %i, %j {predicate = #graph<predicate ge>} : (tensor<5x5xi64>, tensor<5x5xi64>) -> tensor<5x5xi1>
  %seen = graph.and %triangle, %padding : (tensor<5x5xi1>, tensor<2x1x1x5xi1>) -> tensor<2x1x5x5xi1>
  %bias = graph.where %seen, %zero, %low : (tensor<2x1x5x5xi1>, tensor<f32>, tensor<f32>) -> tensor<2x1x5x5xf32>
  %0 = graph.matmul %q, %kt : (!q, tensor<2x3x4x5xf32>) -> !s
  %1 = graph.add %bias, %0 : (tensor<2x1x5x5xf32>, !s) -> !s
  %2 = graph.softmax %1 {axis = 3 : i64} : (!s) -> !s
  // expected-remark @below {{became attention, with a bias}}
  %3 = graph.matmul %2, %v : (!s, !q) -> !q
  return %3 : !q
}

// -----

// A triangle that is shifted by one is no causal mask: it stays a mask.

!q = tensor<2x3x5x4xf32>
!s = tensor<2x3x5x5xf32>

// CHECK-LABEL: func @shifted_triangle
// CHECK:         %[[SEEN:.+]] = graph.compare
// CHECK:         graph.attention {{.*}}, %[[SEEN]] {operandSegmentSizes
func.func @shifted_triangle(%q: !q, %kt: tensor<2x3x4x5xf32>, %v: !q) -> !q {
  %low = graph.constant dense<0xFF800000> : tensor<f32>
  %j = graph.iota {axis = 1 : i64} : () -> tensor<5x5xi64>
  %i = graph.iota {axis = 0 : i64} : () -> tensor<5x5xi64>
  %seen = graph.compare %i, %j {predicate = #graph<predicate gt>} : (tensor<5x5xi64>, tensor<5x5xi64>) -> tensor<5x5xi1>
  %0 = graph.matmul %q, %kt : (!q, tensor<2x3x4x5xf32>) -> !s
  %1 = graph.where %seen, %0, %low : (tensor<5x5xi1>, !s, tensor<f32>) -> !s
  %2 = graph.softmax %1 {axis = 3 : i64} : (!s) -> !s
  // expected-remark @below {{became attention, with a mask}}
  %3 = graph.matmul %2, %v : (!s, !q) -> !q
  return %3 : !q
}

// -----

// LLaMA: keys and values repeated for groups of query heads are taken before.

!q = tensor<?x6x?x4xf32, #graph.dims<B, 6, L, 4>>
!k = tensor<?x2x?x4xf32, #graph.dims<B, 2, L, 4>>
!k1 = tensor<?x2x1x?x4xf32, #graph.dims<B, 2, 1, L, 4>>
!k3 = tensor<?x2x3x?x4xf32, #graph.dims<B, 2, 3, L, 4>>
!kt = tensor<?x6x4x?xf32, #graph.dims<B, 6, 4, L>>
!s = tensor<?x6x?x?xf32, #graph.dims<B, 6, L, L>>

// CHECK-LABEL: func @grouped_heads
// CHECK-SAME:    (%[[Q:.+]]: tensor<{{.+}}>, %[[K:.+]]: tensor<{{.+}}>, %[[V:.+]]: tensor<{{.+}}>)
// CHECK-NEXT:    graph.attention %[[Q]], %[[K]], %[[V]] {
func.func @grouped_heads(%q: !q, %k: !k, %v: !k) -> !q {
  %k1 = graph.reshape %k : (!k) -> !k1
  %k3 = graph.broadcast %k1 : (!k1) -> !k3
  %k6 = graph.reshape %k3 : (!k3) -> !q
  %v1 = graph.reshape %v : (!k) -> !k1
  %v3 = graph.broadcast %v1 : (!k1) -> !k3
  %v6 = graph.reshape %v3 : (!k3) -> !q
  %kt = graph.transpose %k6 {permutation = array<i64: 0, 1, 3, 2>} : (!q) -> !kt
  %0 = graph.matmul %q, %kt : (!q, !kt) -> !s
  %1 = graph.softmax %0 {axis = 3 : i64} : (!s) -> !s
  // expected-remark @below {{became attention}}
  %2 = graph.matmul %1, %v6 : (!s, !q) -> !q
  return %2 : !q
}

// -----

// Heads and batch merged in one dim, scores in f32 between casts, a bias that is
// scaled with the scores.

!q = tensor<6x5x4xbf16>
!s = tensor<6x5x5xbf16>
!wide = tensor<6x5x5xf32>

// CHECK-LABEL: func @three_dims
// CHECK-SAME:    %[[B:[^ ]+]]: tensor<5x5xbf16>
// CHECK:         %[[BIAS:.+]] = graph.mul %[[B]]
// CHECK:         %[[OUT:.+]] = graph.attention {{.*}}, %[[BIAS]] {
// CHECK-SAME:      scale = 1.250000e-01
// CHECK-SAME:      -> tensor<1x6x5x4xbf16>
// CHECK:         graph.reshape %[[OUT]]
func.func @three_dims(%q: !q, %kt: tensor<6x4x5xbf16>, %v: !q, %bias: tensor<5x5xbf16>) -> !q {
  %eighth = graph.constant dense<0.125> : tensor<f32>
  %0 = graph.matmul %q, %kt : (!q, tensor<6x4x5xbf16>) -> !s
  %1 = graph.add %0, %bias : (!s, tensor<5x5xbf16>) -> !s
  %2 = graph.cast %1 {to = f32} : (!s) -> !wide
  %3 = graph.mul %2, %eighth : (!wide, tensor<f32>) -> !wide
  %4 = graph.softmax %3 {axis = 2 : i64} : (!wide) -> !wide
  %5 = graph.cast %4 {to = bf16} : (!wide) -> !s
  // expected-remark @below {{became attention, with a bias}}
  %6 = graph.matmul %5, %v : (!s, !q) -> !q
  return %6 : !q
}

// -----

// Left alone: the probabilities are a result, too.

!q = tensor<2x3x5x4xf32>
!s = tensor<2x3x5x5xf32>

// CHECK-LABEL: func @probabilities_are_returned
// CHECK-NOT:     graph.attention
func.func @probabilities_are_returned(%q: !q, %kt: tensor<2x3x4x5xf32>, %v: !q) -> (!q, !s) {
  %0 = graph.matmul %q, %kt : (!q, tensor<2x3x4x5xf32>) -> !s
  %1 = graph.softmax %0 {axis = 3 : i64} : (!s) -> !s
  // expected-remark @below {{no attention: the probabilities have another use}}
  %2 = graph.matmul %1, %v : (!s, !q) -> !q
  return %2, %1 : !q, !s
}

// -----

// Left alone: a softmax over the queries.

!q = tensor<2x3x5x4xf32>
!s = tensor<2x3x5x5xf32>

// CHECK-LABEL: func @softmax_over_queries
// CHECK-NOT:     graph.attention
func.func @softmax_over_queries(%q: !q, %kt: tensor<2x3x4x5xf32>, %v: !q) -> !q {
  %0 = graph.matmul %q, %kt : (!q, tensor<2x3x4x5xf32>) -> !s
  %1 = graph.softmax %0 {axis = 2 : i64} : (!s) -> !s
  // expected-remark @below {{no attention: the softmax is not along the keys}}
  %2 = graph.matmul %1, %v : (!s, !q) -> !q
  return %2 : !q
}

// -----

// Two masks with the same finite fill are one bias: two would add up to infinity.

!q = tensor<2x3x5x4xf32>
!s = tensor<2x3x5x5xf32>

// CHECK-LABEL: func @two_finite_fills
// CHECK:         %[[SEEN:.+]] = graph.and
// CHECK:         %[[BIAS:.+]] = graph.where %[[SEEN]]
// CHECK:         graph.attention {{.*}}, %[[BIAS]] {operandSegmentSizes
func.func @two_finite_fills(%q: !q, %kt: tensor<2x3x4x5xf32>, %v: !q, %a: tensor<2x1x1x5xi1>, %b: tensor<5x1xi1>) -> !q {
  %low = graph.constant dense<-3.40282347E+38> : tensor<f32>
  %0 = graph.matmul %q, %kt : (!q, tensor<2x3x4x5xf32>) -> !s
  %1 = graph.where %a, %0, %low : (tensor<2x1x1x5xi1>, !s, tensor<f32>) -> !s
  %2 = graph.where %b, %1, %low : (tensor<5x1xi1>, !s, tensor<f32>) -> !s
  %3 = graph.softmax %2 {axis = 3 : i64} : (!s) -> !s
  // expected-remark @below {{became attention, with a bias}}
  %4 = graph.matmul %3, %v : (!s, !q) -> !q
  return %4 : !q
}

// -----

// A causal mask that is the only one may have any fill that surely hides a score.

!q = tensor<2x3x5x4xf32>
!s = tensor<2x3x5x5xf32>

// CHECK-LABEL: func @moderate_fill
// CHECK:         graph.attention {{.*}} {causal
func.func @moderate_fill(%q: !q, %kt: tensor<2x3x4x5xf32>, %v: !q) -> !q {
  %low = graph.constant dense<-1.0e4> : tensor<f32>
  %j = graph.iota {axis = 1 : i64} : () -> tensor<5x5xi64>
  %i = graph.iota {axis = 0 : i64} : () -> tensor<5x5xi64>
  %hidden = graph.compare %j, %i {predicate = #graph<predicate gt>} : (tensor<5x5xi64>, tensor<5x5xi64>) -> tensor<5x5xi1>
  %0 = graph.matmul %q, %kt : (!q, tensor<2x3x4x5xf32>) -> !s
  %1 = graph.where %hidden, %low, %0 : (tensor<5x5xi1>, tensor<f32>, !s) -> !s
  %2 = graph.softmax %1 {axis = 3 : i64} : (!s) -> !s
  // expected-remark @below {{became attention, causal}}
  %3 = graph.matmul %2, %v : (!s, !q) -> !q
  return %3 : !q
}

// -----

// Left alone: the same fill for keys of which a query may see none.

!q = tensor<2x3x5x4xf32>
!s = tensor<2x3x5x5xf32>

// CHECK-LABEL: func @moderate_fill_of_padding
// CHECK-NOT:     graph.attention
func.func @moderate_fill_of_padding(%q: !q, %kt: tensor<2x3x4x5xf32>, %v: !q, %seen: tensor<2x1x1x5xi1>) -> !q {
  %low = graph.constant dense<-1.0e4> : tensor<f32>
  %0 = graph.matmul %q, %kt : (!q, tensor<2x3x4x5xf32>) -> !s
  %1 = graph.where %seen, %0, %low : (tensor<2x1x1x5xi1>, !s, tensor<f32>) -> !s
  %2 = graph.softmax %1 {axis = 3 : i64} : (!s) -> !s
  // expected-remark @below {{no attention: the fill of a mask is finite and too small to absorb a score}}
  %3 = graph.matmul %2, %v : (!s, !q) -> !q
  return %3 : !q
}

// -----

// Left alone: a fill that a score could outweigh.

!q = tensor<2x3x5x4xf32>
!s = tensor<2x3x5x5xf32>

// CHECK-LABEL: func @small_fill
// CHECK-NOT:     graph.attention
func.func @small_fill(%q: !q, %kt: tensor<2x3x4x5xf32>, %v: !q, %seen: tensor<5x5xi1>) -> !q {
  %low = graph.constant dense<-10.0> : tensor<f32>
  %0 = graph.matmul %q, %kt : (!q, tensor<2x3x4x5xf32>) -> !s
  %1 = graph.where %seen, %0, %low : (tensor<5x5xi1>, !s, tensor<f32>) -> !s
  %2 = graph.softmax %1 {axis = 3 : i64} : (!s) -> !s
  // expected-remark @below {{no attention: the scores are not a scaled, biased and masked matmul}}
  %3 = graph.matmul %2, %v : (!s, !q) -> !q
  return %3 : !q
}

// -----

// Left alone: one set of keys for all sequences, which attention does not repeat.

!q = tensor<2x3x5x4xf32>
!s = tensor<2x3x5x5xf32>

// CHECK-LABEL: func @keys_are_broadcast
// CHECK-NOT:     graph.attention
func.func @keys_are_broadcast(%q: !q, %kt: tensor<1x3x4x5xf32>, %v: !q) -> !q {
  %0 = graph.matmul %q, %kt : (!q, tensor<1x3x4x5xf32>) -> !s
  %1 = graph.softmax %0 {axis = 3 : i64} : (!s) -> !s
  // expected-remark @below {{no attention: keys or values are broadcast along a batch dim}}
  %2 = graph.matmul %1, %v : (!s, !q) -> !q
  return %2 : !q
}

// -----

// Left alone: the bias gives the scores another batch.

!q = tensor<1x3x5x4xf32>

// CHECK-LABEL: func @bias_enlarges
// CHECK-NOT:     graph.attention
func.func @bias_enlarges(%q: !q, %kt: tensor<1x3x4x5xf32>, %v: tensor<2x3x5x4xf32>,
                         %bias: tensor<2x1x1x5xf32>) -> tensor<2x3x5x4xf32> {
  %0 = graph.matmul %q, %kt : (!q, tensor<1x3x4x5xf32>) -> tensor<1x3x5x5xf32>
  %1 = graph.add %0, %bias : (tensor<1x3x5x5xf32>, tensor<2x1x1x5xf32>) -> tensor<2x3x5x5xf32>
  %2 = graph.softmax %1 {axis = 3 : i64} : (tensor<2x3x5x5xf32>) -> tensor<2x3x5x5xf32>
  // expected-remark @below {{no attention: a bias or mask makes the scores larger}}
  %3 = graph.matmul %2, %v : (tensor<2x3x5x5xf32>, tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  return %3 : tensor<2x3x5x4xf32>
}

// -----

// Left alone: a softmax over a value that no matmul made.

!q = tensor<2x3x5x4xf32>
!s = tensor<2x3x5x5xf32>

// CHECK-LABEL: func @no_scores
// CHECK-NOT:     graph.attention
func.func @no_scores(%scores: !s, %v: !q) -> !q {
  %0 = graph.softmax %scores {axis = 3 : i64} : (!s) -> !s
  // expected-remark @below {{no attention: the scores are not a scaled, biased and masked matmul}}
  %1 = graph.matmul %0, %v : (!s, !q) -> !q
  return %1 : !q
}

// -----

// GPT-2's buffer: a triangle of all positions, kept as bytes, of which the rows
// of the new tokens are cut out.

!q = tensor<1x3x?x4xf32, #graph.dims<1, 3, L, 4>>
!kt = tensor<1x3x4x?xf32, #graph.dims<1, 3, 4, P + L>>
!v = tensor<1x3x?x4xf32, #graph.dims<1, 3, P + L, 4>>
!s = tensor<1x3x?x?xf32, #graph.dims<1, 3, L, P + L>>
!rows = tensor<1x1x?x64xui8, #graph.dims<1, 1, L, 64>>
!m = tensor<1x1x?x?xui8, #graph.dims<1, 1, L, P + L>>
!b = tensor<1x1x?x?xi1, #graph.dims<1, 1, L, P + L>>

// CHECK-LABEL: func @rows_of_a_triangle
// CHECK-NOT:     graph.where
// CHECK:         graph.attention
// CHECK-SAME:      {causal
// CHECK-SAME:      array<i32: 1, 1, 1, 0, 0>
func.func @rows_of_a_triangle(%q: !q, %kt: !kt, %v: !v) -> !q {
  %low = graph.constant dense<-1.0e4> : tensor<f32>
  %i = graph.iota {axis = 2 : i64} : () -> tensor<1x1x64x64xi64>
  %j = graph.iota {axis = 3 : i64} : () -> tensor<1x1x64x64xi64>
  %tri = graph.compare %j, %i {predicate = #graph<predicate le>} : (tensor<1x1x64x64xi64>, tensor<1x1x64x64xi64>) -> tensor<1x1x64x64xi1>
  %bytes = graph.cast %tri {to = ui8} : (tensor<1x1x64x64xi1>) -> tensor<1x1x64x64xui8>
  %rows = graph.slice %bytes {axis = 2 : i64, start = #graph.dim<P>, step = 1 : i64} : (tensor<1x1x64x64xui8>) -> !rows
  %cut = graph.slice %rows {axis = 3 : i64, start = #graph.dim<0>, step = 1 : i64} : (!rows) -> !m
  %seen = graph.cast %cut {to = i1} : (!m) -> !b
  %0 = graph.matmul %q, %kt : (!q, !kt) -> !s
  %1 = graph.where %seen, %0, %low : (!b, !s, tensor<f32>) -> !s
  %2 = graph.softmax %1 {axis = 3 : i64} : (!s) -> !s
  // expected-remark @below {{became attention, causal}}
  %3 = graph.matmul %2, %v : (!s, !v) -> !q
  return %3 : !q
}

// -----

// Left a mask: the first rows of a triangle are not those of tokens with a past.

!q = tensor<1x3x?x4xf32, #graph.dims<1, 3, L, 4>>
!kt = tensor<1x3x4x?xf32, #graph.dims<1, 3, 4, P + L>>
!v = tensor<1x3x?x4xf32, #graph.dims<1, 3, P + L, 4>>
!s = tensor<1x3x?x?xf32, #graph.dims<1, 3, L, P + L>>
!rows = tensor<?x64xi1, #graph.dims<L, 64>>
!m = tensor<?x?xi1, #graph.dims<L, P + L>>

// CHECK-LABEL: func @first_rows_of_a_triangle
// CHECK:         graph.attention
// CHECK-NOT:     causal
func.func @first_rows_of_a_triangle(%q: !q, %kt: !kt, %v: !v) -> !q {
  %low = graph.constant dense<0xFF800000> : tensor<f32>
  %i = graph.iota {axis = 0 : i64} : () -> tensor<64x64xi64>
  %j = graph.iota {axis = 1 : i64} : () -> tensor<64x64xi64>
  %tri = graph.compare %j, %i {predicate = #graph<predicate le>} : (tensor<64x64xi64>, tensor<64x64xi64>) -> tensor<64x64xi1>
  %rows = graph.slice %tri {axis = 0 : i64, start = #graph.dim<0>, step = 1 : i64} : (tensor<64x64xi1>) -> !rows
  %seen = graph.slice %rows {axis = 1 : i64, start = #graph.dim<0>, step = 1 : i64} : (!rows) -> !m
  %0 = graph.matmul %q, %kt : (!q, !kt) -> !s
  %1 = graph.where %seen, %0, %low : (!m, !s, tensor<f32>) -> !s
  %2 = graph.softmax %1 {axis = 3 : i64} : (!s) -> !s
  // expected-remark @below {{became attention, with a mask}}
  %3 = graph.matmul %2, %v : (!s, !v) -> !q
  return %3 : !q
}
