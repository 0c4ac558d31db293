// RUN: tenon-opt %s --resolve-index-gather --remarks-filter=Simplify --verify-diagnostics \
// RUN:   --split-input-file | FileCheck %s

// The example in the pass's description is run by tests/house.

// The mask of torch's dynamo exporter: mask[arange(B), arange(L)] over Bx1x1xL.

!m = tensor<?x?xi1, #graph.dims<B, L>>
!wide = tensor<?x1x1x?xi64, #graph.dims<B, 1, 1, L>>
!part = tensor<?x1x1x?x1xi64, #graph.dims<B, 1, 1, L, 1>>
!out = tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, L>>

// CHECK-LABEL: func @batch_and_keys
// CHECK-SAME:    (%[[M:.+]]: tensor<{{.+}}>)
// CHECK-NEXT:    %[[OUT:.+]] = graph.reshape %[[M]]
// CHECK-NEXT:    return %[[OUT]]
func.func @batch_and_keys(%m: !m) -> !out {
  %b = graph.iota {axis = 0 : i64} : () -> tensor<?xi64, #graph.dims<B>>
  %l = graph.iota {axis = 0 : i64} : () -> tensor<?xi64, #graph.dims<L>>
  %b4 = graph.reshape %b : (tensor<?xi64, #graph.dims<B>>) -> tensor<?x1x1x1xi64, #graph.dims<B, 1, 1, 1>>
  %l4 = graph.reshape %l : (tensor<?xi64, #graph.dims<L>>) -> tensor<1x1x1x?xi64, #graph.dims<1, 1, 1, L>>
  %bw = graph.broadcast %b4 : (tensor<?x1x1x1xi64, #graph.dims<B, 1, 1, 1>>) -> !wide
  %lw = graph.broadcast %l4 : (tensor<1x1x1x?xi64, #graph.dims<1, 1, 1, L>>) -> !wide
  %bp = graph.reshape %bw : (!wide) -> !part
  %lp = graph.reshape %lw : (!wide) -> !part
  %i = graph.concat %bp, %lp {axis = 4 : i64} : (!part, !part) -> tensor<?x1x1x?x2xi64, #graph.dims<B, 1, 1, L, 2>>
  // expected-remark @below {{gather_nd at positions became a broadcast}}
  %0 = graph.gather_nd %m, %i {batch_dims = 0 : i64} : (!m, tensor<?x1x1x?x2xi64, #graph.dims<B, 1, 1, L, 2>>) -> !out
  return %0 : !out
}

// -----

// Indices in another order transpose; an offset and a step slice; dims that no
// index runs along broadcast; one index for all takes a row.

// CHECK-LABEL: func @all_moves
// CHECK-SAME:    (%[[X:.+]]: tensor<4x8x3x5xf32>)
// CHECK-NEXT:    %[[ROW:.+]] = graph.slice %[[X]] {axis = 0 : i64, start = #graph.dim<2>, step = 1 : i64}
// CHECK-NEXT:    %[[ODD:.+]] = graph.slice %[[ROW]] {axis = 1 : i64, start = #graph.dim<1>, step = 2 : i64}
// CHECK-NEXT:    %[[TURNED:.+]] = graph.transpose %[[ODD]] {permutation = array<i64: 0, 2, 1, 3>}
// CHECK-NEXT:    %[[PLACED:.+]] = graph.reshape %[[TURNED]] : (tensor<1x3x4x5xf32>) -> tensor<3x1x4x5xf32>
// CHECK-NEXT:    graph.broadcast %[[PLACED]] : (tensor<3x1x4x5xf32>) -> tensor<3x7x4x5xf32>
func.func @all_moves(%x: tensor<4x8x3x5xf32>) -> tensor<3x7x4x5xf32> {
  %two = graph.constant dense<2> : tensor<3x7x4x1xi64>
  %one = graph.constant dense<1> : tensor<i64>
  %j = graph.iota {axis = 2 : i64} : () -> tensor<3x7x4x1xi64>
  %j2 = graph.add %j, %j : (tensor<3x7x4x1xi64>, tensor<3x7x4x1xi64>) -> tensor<3x7x4x1xi64>
  %odd = graph.add %j2, %one : (tensor<3x7x4x1xi64>, tensor<i64>) -> tensor<3x7x4x1xi64>
  %k = graph.iota {axis = 0 : i64} : () -> tensor<3x7x4x1xi64>
  %i = graph.concat %two, %odd, %k {axis = 3 : i64} : (tensor<3x7x4x1xi64>, tensor<3x7x4x1xi64>, tensor<3x7x4x1xi64>) -> tensor<3x7x4x3xi64>
  // expected-remark @below {{gather_nd at positions became a broadcast}}
  %0 = graph.gather_nd %x, %i {batch_dims = 0 : i64} : (tensor<4x8x3x5xf32>, tensor<3x7x4x3xi64>) -> tensor<3x7x4x5xf32>
  return %0 : tensor<3x7x4x5xf32>
}

// -----

// Position embeddings: the first L rows of a table, by a slice of position ids.

// CHECK-LABEL: func @table_of_positions
// CHECK:         %[[ROWS:.+]] = graph.slice %{{.+}} {axis = 0 : i64, start = #graph.dim<0>, step = 1 : i64} : (tensor<4x8xf32>) -> tensor<?x8xf32, #graph.dims<L, 8>>
// CHECK-NEXT:    graph.reshape %[[ROWS]] : {{.*}} -> tensor<1x?x8xf32, #graph.dims<1, L, 8>>
func.func @table_of_positions(%table: tensor<4x8xf32>, %x: tensor<?xf32, #graph.dims<L>>) -> tensor<1x?x8xf32, #graph.dims<1, L, 8>> {
  %ids = graph.constant dense<[[0, 1, 2, 3]]> : tensor<1x4xi64>
  %some = graph.slice %ids {axis = 1 : i64, start = #graph.dim<0>, step = 1 : i64} : (tensor<1x4xi64>) -> tensor<1x?xi64, #graph.dims<1, L>>
  // expected-remark @below {{gather at positions became a slice}}
  %0 = graph.gather %table, %some {axis = 0 : i64} : (tensor<4x8xf32>, tensor<1x?xi64, #graph.dims<1, L>>) -> tensor<1x?x8xf32, #graph.dims<1, L, 8>>
  return %0 : tensor<1x?x8xf32, #graph.dims<1, L, 8>>
}

// -----

// Token types that are all 0: one row for all.

// CHECK-LABEL: func @one_row
// CHECK:         %[[ROW:.+]] = graph.slice
// CHECK:         graph.broadcast %{{.+}} -> tensor<?x?x8xf32, #graph.dims<B, L, 8>>
func.func @one_row(%table: tensor<2x8xf32>, %x: tensor<?x?xf32, #graph.dims<B, L>>) -> tensor<?x?x8xf32, #graph.dims<B, L, 8>> {
  %zero = graph.constant dense<0> : tensor<i64>
  %ids = graph.broadcast %zero : (tensor<i64>) -> tensor<?x?xi64, #graph.dims<B, L>>
  // expected-remark @below {{gather at positions became a slice}}
  %0 = graph.gather %table, %ids {axis = 0 : i64} : (tensor<2x8xf32>, tensor<?x?xi64, #graph.dims<B, L>>) -> tensor<?x?x8xf32, #graph.dims<B, L, 8>>
  return %0 : tensor<?x?x8xf32, #graph.dims<B, L, 8>>
}

// -----

// A gather along a middle axis.

// CHECK-LABEL: func @middle_axis
// CHECK-SAME:    (%[[X:.+]]: tensor<2x4x5xf32>)
// CHECK-NEXT:    graph.slice %[[X]] {axis = 1 : i64, start = #graph.dim<1>, step = 1 : i64}
// CHECK-NEXT:    return
func.func @middle_axis(%x: tensor<2x4x5xf32>) -> tensor<2x3x5xf32> {
  %i = graph.constant dense<[1, 2, 3]> : tensor<3xi32>
  // expected-remark @below {{gather at positions became a slice}}
  %0 = graph.gather %x, %i {axis = 1 : i64} : (tensor<2x4x5xf32>, tensor<3xi32>) -> tensor<2x3x5xf32>
  return %0 : tensor<2x3x5xf32>
}

// -----

// Left alone: negative indices count from the end; decreasing ones run backwards.

// CHECK-LABEL: func @backwards
// CHECK-COUNT-2: graph.gather
func.func @backwards(%x: tensor<4xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %i = graph.constant dense<[-2, -1]> : tensor<2xi64>
  %j = graph.constant dense<[3, 2]> : tensor<2xi64>
  %0 = graph.gather %x, %i {axis = 0 : i64} : (tensor<4xf32>, tensor<2xi64>) -> tensor<2xf32>
  %1 = graph.gather %x, %j {axis = 0 : i64} : (tensor<4xf32>, tensor<2xi64>) -> tensor<2xf32>
  return %0, %1 : tensor<2xf32>, tensor<2xf32>
}

// -----

// Left alone: a diagonal.

// CHECK-LABEL: func @diagonal
// CHECK:         graph.gather_nd
func.func @diagonal(%x: tensor<4x4xf32>) -> tensor<4xf32> {
  %i = graph.iota {axis = 0 : i64} : () -> tensor<4x1xi64>
  %ii = graph.concat %i, %i {axis = 1 : i64} : (tensor<4x1xi64>, tensor<4x1xi64>) -> tensor<4x2xi64>
  // expected-remark @below {{two indices run along the same dim, so the lookup takes a diagonal}}
  %0 = graph.gather_nd %x, %ii {batch_dims = 0 : i64} : (tensor<4x4xf32>, tensor<4x2xi64>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// Left alone: indices that the program computes.

// CHECK-LABEL: func @computed_indices
// CHECK:         graph.gather_nd
func.func @computed_indices(%x: tensor<4x4xf32>, %j: tensor<4x1xi64>) -> tensor<4xf32> {
  %i = graph.iota {axis = 0 : i64} : () -> tensor<4x1xi64>
  %ij = graph.concat %i, %j {axis = 1 : i64} : (tensor<4x1xi64>, tensor<4x1xi64>) -> tensor<4x2xi64>
  // expected-remark @below {{an index is not a position along one dim}}
  %0 = graph.gather_nd %x, %ij {batch_dims = 0 : i64} : (tensor<4x4xf32>, tensor<4x2xi64>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// Left alone: indices in one piece, and batch dims.

// CHECK-LABEL: func @other_forms
// CHECK-COUNT-2: graph.gather_nd
func.func @other_forms(%x: tensor<4x4xf32>, %i: tensor<3x2xi64>, %j: tensor<4x1xi64>) -> (tensor<3xf32>, tensor<4xf32>) {
  // expected-remark @below {{the indices are not put together from one part for each dim}}
  %0 = graph.gather_nd %x, %i {batch_dims = 0 : i64} : (tensor<4x4xf32>, tensor<3x2xi64>) -> tensor<3xf32>
  // expected-remark @below {{the lookup has batch dims}}
  %1 = graph.gather_nd %x, %j {batch_dims = 1 : i64} : (tensor<4x4xf32>, tensor<4x1xi64>) -> tensor<4xf32>
  return %0, %1 : tensor<3xf32>, tensor<4xf32>
}

// -----

// Comparisons of positions whose answer is the same everywhere.

!l = tensor<?xi64, #graph.dims<L>>
!c = tensor<?xi1, #graph.dims<L>>

// CHECK-LABEL: func @decided
// CHECK-DAG:     %[[TRUE:.+]] = graph.constant dense<true>
// CHECK-DAG:     %[[FALSE:.+]] = graph.constant dense<false>
// CHECK-NOT:     graph.compare
func.func @decided(%x: tensor<?xf32, #graph.dims<L>>) -> (!c, !c, !c) {
  %zero = graph.constant dense<0> : tensor<i64>
  %one = graph.constant dense<1> : tensor<i64>
  %i = graph.iota {axis = 0 : i64} : () -> !l
  %i1 = graph.add %i, %one : (!l, tensor<i64>) -> !l
  // expected-remark @below {{comparison of positions is always true}}
  %0 = graph.compare %i, %zero {predicate = #graph<predicate ge>} : (!l, tensor<i64>) -> !c
  // expected-remark @below {{comparison of positions is always false}}
  %1 = graph.compare %i1, %i {predicate = #graph<predicate le>} : (!l, !l) -> !c
  // expected-remark @below {{comparison of positions is always true}}
  %2 = graph.compare %i, %i1 {predicate = #graph<predicate ne>} : (!l, !l) -> !c
  return %0, %1, %2 : !c, !c, !c
}

// -----

// Left alone: a triangle, and a comparison with a number inside the range.

!c = tensor<?x?xi1, #graph.dims<L, L>>

// CHECK-LABEL: func @undecided
// CHECK-COUNT-2: graph.compare
func.func @undecided(%x: tensor<?xf32, #graph.dims<L>>) -> (!c, tensor<?xi1, #graph.dims<L>>) {
  %two = graph.constant dense<2> : tensor<i64>
  %i = graph.iota {axis = 0 : i64} : () -> tensor<?x?xi64, #graph.dims<L, L>>
  %j = graph.iota {axis = 1 : i64} : () -> tensor<?x?xi64, #graph.dims<L, L>>
  %k = graph.iota {axis = 0 : i64} : () -> tensor<?xi64, #graph.dims<L>>
  %0 = graph.compare %j, %i {predicate = #graph<predicate le>} : (tensor<?x?xi64, #graph.dims<L, L>>, tensor<?x?xi64, #graph.dims<L, L>>) -> !c
  %1 = graph.compare %k, %two {predicate = #graph<predicate lt>} : (tensor<?xi64, #graph.dims<L>>, tensor<i64>) -> tensor<?xi1, #graph.dims<L>>
  return %0, %1 : !c, tensor<?xi1, #graph.dims<L>>
}

// -----

// Whether positions begin anew, as in packed sequences: each follows the one
// before, so there is one sequence, and every two tokens are of the same.

!l = tensor<?xi64, #graph.dims<L>>
!c = tensor<?xi1, #graph.dims<L>>
!more = tensor<?xi64, #graph.dims<L + 1>>

// CHECK-LABEL: func @one_sequence
// CHECK-NOT:     graph.compare
// CHECK-NOT:     graph.cumsum
func.func @one_sequence(%x: tensor<?xf32, #graph.dims<L>>) -> !c {
  %one = graph.constant dense<1> : tensor<i64>
  %zero = graph.constant dense<0> : tensor<i64>
  %i = graph.iota {axis = 0 : i64} : () -> !l
  %first = graph.slice %i {axis = 0 : i64, start = #graph.dim<0>, step = 1 : i64} : (!l) -> tensor<1xi64>
  %before = graph.sub %first, %one : (tensor<1xi64>, tensor<i64>) -> tensor<1xi64>
  %more = graph.concat %before, %i {axis = 0 : i64} : (tensor<1xi64>, !l) -> !more
  %last = graph.slice %more {axis = 0 : i64, start = #graph.dim<0>, step = 1 : i64} : (!more) -> !l
  %next = graph.slice %more {axis = 0 : i64, start = #graph.dim<1>, step = 1 : i64} : (!more) -> !l
  %step = graph.sub %next, %last : (!l, !l) -> !l
  // expected-remark @below {{comparison of positions is always true}}
  %follows = graph.compare %step, %one {predicate = #graph<predicate eq>} : (!l, tensor<i64>) -> !c
  %begins = graph.not %follows : (!c) -> !c
  %number = graph.cast %begins {to = i64} : (!c) -> !l
  %sequence = graph.cumsum %number {axis = 0 : i64, exclusive = false, reverse = false} : (!l) -> !l
  // expected-remark @below {{comparison of positions is always true}}
  %same = graph.compare %sequence, %zero {predicate = #graph<predicate eq>} : (!l, tensor<i64>) -> !c
  return %same : !c
}

// -----

// Sums of ones are counters, exclusive ones from 0.

!l = tensor<?xi64, #graph.dims<L>>
!c = tensor<?xi1, #graph.dims<L>>

// CHECK-LABEL: func @sums_of_ones
// CHECK-NOT:     graph.compare
func.func @sums_of_ones(%x: tensor<?xf32, #graph.dims<L>>) -> (!c, !c) {
  %one = graph.constant dense<1> : tensor<i64>
  %ones = graph.broadcast %one : (tensor<i64>) -> !l
  %i = graph.iota {axis = 0 : i64} : () -> !l
  %from1 = graph.cumsum %ones {axis = 0 : i64, exclusive = false, reverse = false} : (!l) -> !l
  %from0 = graph.cumsum %ones {axis = 0 : i64, exclusive = true, reverse = false} : (!l) -> !l
  // expected-remark @below {{comparison of positions is always true}}
  %0 = graph.compare %from1, %i {predicate = #graph<predicate gt>} : (!l, !l) -> !c
  // expected-remark @below {{comparison of positions is always true}}
  %1 = graph.compare %from0, %i {predicate = #graph<predicate eq>} : (!l, !l) -> !c
  return %0, %1 : !c, !c
}

// -----

// Left alone: inputs with a gap between them, and sums from the end.

!c = tensor<8xi1>

// CHECK-LABEL: func @gaps
// CHECK-COUNT-2: graph.compare
func.func @gaps() -> (!c, !c) {
  %one = graph.constant dense<1> : tensor<i64>
  %ones = graph.broadcast %one : (tensor<i64>) -> tensor<8xi64>
  %i = graph.iota {axis = 0 : i64} : () -> tensor<4xi64>
  %j = graph.iota {axis = 0 : i64} : () -> tensor<8xi64>
  %twice = graph.concat %i, %i {axis = 0 : i64} : (tensor<4xi64>, tensor<4xi64>) -> tensor<8xi64>
  %back = graph.cumsum %ones {axis = 0 : i64, exclusive = false, reverse = true} : (tensor<8xi64>) -> tensor<8xi64>
  %0 = graph.compare %twice, %j {predicate = #graph<predicate le>} : (tensor<8xi64>, tensor<8xi64>) -> !c
  %1 = graph.compare %back, %j {predicate = #graph<predicate gt>} : (tensor<8xi64>, tensor<8xi64>) -> !c
  return %0, %1 : !c, !c
}
