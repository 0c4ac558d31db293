// RUN: tenon-opt %s --simplify-graph --split-input-file | FileCheck %s

// The example in the pass's description is run by tests/house.

// Ops on small constants are computed, also those that move elements.

// CHECK-LABEL: func @constants
// CHECK-NEXT:    %[[C:.+]] = graph.constant dense<{{\[\[}}5, 10], [8, 13]]> : tensor<2x2xi64>
// CHECK-NEXT:    return %[[C]]
func.func @constants() -> tensor<2x2xi64> {
  %a = graph.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi64>
  %b = graph.constant dense<[[2], [3]]> : tensor<2x1xi64>
  %sum = graph.add %a, %a : (tensor<2x2xi64>, tensor<2x2xi64>) -> tensor<2x2xi64>
  %0 = graph.add %sum, %b : (tensor<2x2xi64>, tensor<2x1xi64>) -> tensor<2x2xi64>
  %c = graph.constant dense<[[1, 1], [2, 2]]> : tensor<2x2xi64>
  %d = graph.transpose %0 {permutation = array<i64: 1, 0>} : (tensor<2x2xi64>) -> tensor<2x2xi64>
  %1 = graph.add %d, %c : (tensor<2x2xi64>, tensor<2x2xi64>) -> tensor<2x2xi64>
  return %1 : tensor<2x2xi64>
}

// -----

// Left alone: a constant that would be larger than the limit.

// CHECK-LABEL: func @large_constant
// CHECK:         graph.broadcast
func.func @large_constant() -> tensor<4097xf32> {
  %c = graph.constant dense<[0.5]> : tensor<1xf32>
  %0 = graph.broadcast %c : (tensor<1xf32>) -> tensor<4097xf32>
  return %0 : tensor<4097xf32>
}

// -----

// Left alone: a gather out of range has no value; it fails when it is executed.

// CHECK-LABEL: func @out_of_range
// CHECK:         graph.gather
func.func @out_of_range() -> tensor<f32> {
  %c = graph.constant dense<[0.5, 1.0]> : tensor<2xf32>
  %i = graph.constant dense<7> : tensor<i64>
  %0 = graph.gather %c, %i {axis = 0 : i64} : (tensor<2xf32>, tensor<i64>) -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

// Ops that change no element go away, whichever operand the constant is.

// CHECK-LABEL: func @identities
// CHECK-SAME:    (%[[X:.+]]: tensor<?x4xf32>, %[[C:.+]]: tensor<?x4xi1>)
// CHECK-NEXT:    return %[[X]], %[[C]]
func.func @identities(%x: tensor<?x4xf32>, %c: tensor<?x4xi1>) -> (tensor<?x4xf32>, tensor<?x4xi1>) {
  %zero = graph.constant dense<0.0> : tensor<4xf32>
  %one = graph.constant dense<1.0> : tensor<f32>
  %true = graph.constant dense<true> : tensor<i1>
  %false = graph.constant dense<false> : tensor<1x4xi1>
  %0 = graph.add %zero, %x : (tensor<4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %1 = graph.mul %0, %one : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %2 = graph.sub %1, %zero : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %3 = graph.div %2, %one : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %4 = graph.pow %3, %one : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %5 = graph.cast %4 {to = f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %6 = graph.neg %5 : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %7 = graph.neg %6 : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %8 = graph.max %7, %7 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %9 = graph.where %true, %8, %zero : (tensor<i1>, tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %c0 = graph.and %true, %c : (tensor<i1>, tensor<?x4xi1>) -> tensor<?x4xi1>
  %c1 = graph.or %c0, %false : (tensor<?x4xi1>, tensor<1x4xi1>) -> tensor<?x4xi1>
  %c2 = graph.not %c1 : (tensor<?x4xi1>) -> tensor<?x4xi1>
  %c3 = graph.not %c2 : (tensor<?x4xi1>) -> tensor<?x4xi1>
  return %9, %c3 : tensor<?x4xf32>, tensor<?x4xi1>
}

// -----

// Left alone: 1 - x, 1 / x, and a product that is larger than x.

// CHECK-LABEL: func @no_identities
// CHECK:         graph.sub
// CHECK:         graph.div
// CHECK:         graph.broadcast
func.func @no_identities(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<8192x4xf32>) {
  %one = graph.constant dense<1.0> : tensor<f32>
  %ones = graph.constant dense<1.0> : tensor<8192x4xf32>
  %0 = graph.sub %one, %x : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = graph.div %one, %x : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %2 = graph.mul %x, %ones : (tensor<4xf32>, tensor<8192x4xf32>) -> tensor<8192x4xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<8192x4xf32>
}

// -----

// An elementwise op broadcasts by itself what its other operand already has.

!x = tensor<?x?x8xf32, #graph.dims<B, L, 8>>

// CHECK-LABEL: func @broadcast_is_not_needed
// CHECK-SAME:    (%[[X:.+]]: tensor<{{.+}}>, %[[BIAS:.+]]: tensor<8xf32>)
// CHECK-NEXT:    graph.add %[[X]], %[[BIAS]]
// CHECK-NEXT:    return
func.func @broadcast_is_not_needed(%x: !x, %bias: tensor<8xf32>) -> !x {
  %wide = graph.broadcast %bias : (tensor<8xf32>) -> !x
  %0 = graph.add %x, %wide : (!x, !x) -> !x
  return %0 : !x
}

// -----

// Left alone: with unknown dims nobody knows whether x is as large as the result.

// CHECK-LABEL: func @unknown_dims
// CHECK:         graph.broadcast
func.func @unknown_dims(%x: tensor<?xf32>, %bias: tensor<1xf32>) -> tensor<?xf32> {
  %wide = graph.broadcast %bias : (tensor<1xf32>) -> tensor<?xf32>
  %0 = graph.add %x, %wide : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// Two equal values become one.

// CHECK-LABEL: func @equal_values
// CHECK-NEXT:    %[[E:.+]] = graph.exp
// CHECK-NEXT:    return %[[E]], %[[E]]
func.func @equal_values(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = graph.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = graph.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// What nobody reads goes away.

// CHECK-LABEL: func @unused
// CHECK-NEXT:    return
func.func @unused(%x: tensor<4xf32>) {
  %0 = graph.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// The keys of torch's dynamo exporter: heads merged into the batch, transposed, and
// split again. One transpose, and with the one before it another.

!merged = tensor<?x?x32xf32, #graph.dims<12*B, L, 32>>
!mergedT = tensor<?x32x?xf32, #graph.dims<12*B, 32, L>>
!kt = tensor<?x12x32x?xf32, #graph.dims<B, 12, 32, L>>

// CHECK-LABEL: func @merge_transpose_split
// CHECK-SAME:    (%[[K:.+]]: tensor<{{.+}}>)
// CHECK-NEXT:    %[[KT:.+]] = graph.transpose %[[K]] {permutation = array<i64: 0, 2, 3, 1>}
// CHECK-NEXT:    return %[[KT]]
func.func @merge_transpose_split(%k: tensor<?x?x12x32xf32, #graph.dims<B, L, 12, 32>>) -> !kt {
  %0 = graph.transpose %k {permutation = array<i64: 0, 2, 1, 3>} : (tensor<?x?x12x32xf32, #graph.dims<B, L, 12, 32>>) -> tensor<?x12x?x32xf32, #graph.dims<B, 12, L, 32>>
  %1 = graph.reshape %0 : (tensor<?x12x?x32xf32, #graph.dims<B, 12, L, 32>>) -> !merged
  %2 = graph.transpose %1 {permutation = array<i64: 0, 2, 1>} : (!merged) -> !mergedT
  %3 = graph.reshape %2 : (!mergedT) -> !kt
  return %3 : !kt
}

// -----

// Left alone: the reshape splits a dim, so it must stand before the transpose.

// CHECK-LABEL: func @split_transpose
// CHECK-NEXT:    graph.reshape
// CHECK-NEXT:    graph.transpose
func.func @split_transpose(%x: tensor<4x6xf32>) -> tensor<2x4x3xf32> {
  %0 = graph.reshape %x : (tensor<4x6xf32>) -> tensor<4x2x3xf32>
  %1 = graph.transpose %0 {permutation = array<i64: 1, 0, 2>} : (tensor<4x2x3xf32>) -> tensor<2x4x3xf32>
  return %1 : tensor<2x4x3xf32>
}

// -----

// A transpose that moves only dims of extent 1 is a reshape.

// CHECK-LABEL: func @unit_dims
// CHECK-NEXT:    graph.reshape
// CHECK-NEXT:    return
func.func @unit_dims(%x: tensor<1x?x1x8xf32, #graph.dims<1, L, 1, 8>>) -> tensor<?x8x1x1xf32, #graph.dims<L, 8, 1, 1>> {
  %0 = graph.transpose %x {permutation = array<i64: 1, 3, 0, 2>} : (tensor<1x?x1x8xf32, #graph.dims<1, L, 1, 8>>) -> tensor<?x8x1x1xf32, #graph.dims<L, 8, 1, 1>>
  return %0 : tensor<?x8x1x1xf32, #graph.dims<L, 8, 1, 1>>
}

// -----

// Views of one number are one broadcast of it; two broadcasts are one.

// CHECK-LABEL: func @views_of_a_number
// CHECK-NEXT:    %[[N:.+]] = graph.constant dense<2> : tensor<i64>
// CHECK-NEXT:    graph.broadcast %[[N]] : (tensor<i64>) -> tensor<?x1xi64, #graph.dims<L, 1>>
// CHECK-NEXT:    return
func.func @views_of_a_number(%length: tensor<?xf32, #graph.dims<L>>) -> tensor<?x1xi64, #graph.dims<L, 1>> {
  %c = graph.constant dense<2> : tensor<1xi64>
  %0 = graph.broadcast %c : (tensor<1xi64>) -> tensor<1x?xi64, #graph.dims<1, L>>
  %1 = graph.broadcast %0 : (tensor<1x?xi64, #graph.dims<1, L>>) -> tensor<1x1x?xi64, #graph.dims<1, 1, L>>
  %2 = graph.reshape %1 : (tensor<1x1x?xi64, #graph.dims<1, 1, L>>) -> tensor<?x1xi64, #graph.dims<L, 1>>
  return %2 : tensor<?x1xi64, #graph.dims<L, 1>>
}

// -----

// A smaller limit is an option.

// RUN: tenon-opt %s --simplify-graph=max-elements=1 --split-input-file | FileCheck %s --check-prefix=ONE

// ONE-LABEL: func @two_elements
// ONE:         graph.exp
// CHECK-LABEL: func @two_elements
// CHECK-NOT:     graph.exp
func.func @two_elements() -> tensor<2xf32> {
  %d = graph.constant dense<[0.0, 1.0]> : tensor<2xf32>
  %0 = graph.exp %d : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

// CHECK-LABEL: func @vectors_are_matrices
// CHECK:         graph.matmul %{{.+}}, %{{.+}} : (tensor<1x4xf32>, tensor<4x1xf32>) -> tensor<1x1xf32>
// CHECK:         graph.reshape %{{.+}} : (tensor<1x1xf32>) -> tensor<f32>
// CHECK:         graph.matmul %{{.+}}, %{{.+}} : (tensor<2x3x4xf32>, tensor<4x1xf32>) -> tensor<2x3x1xf32>
func.func @vectors_are_matrices(%x: tensor<4xf32>, %y: tensor<2x3x4xf32>) -> (tensor<f32>, tensor<2x3xf32>) {
  %0 = graph.matmul %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<f32>
  %1 = graph.matmul %y, %x : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3xf32>
  return %0, %1 : tensor<f32>, tensor<2x3xf32>
}

// -----

// CHECK-LABEL: func @separate_axes
// CHECK:         %[[INNER:.+]] = graph.reduce %{{.+}} {axes = array<i64: 2, 3>, keep_dims = false, kind = #graph<reduce_kind sum_square>}
// CHECK:         graph.reduce %[[INNER]] {axes = array<i64: 0>, keep_dims = false, kind = #graph<reduce_kind sum>}
func.func @separate_axes(%x: tensor<2x?x3x4xf32, #graph.dims<2, L, 3, 4>>) -> tensor<?xf32, #graph.dims<L>> {
  %0 = graph.reduce %x {axes = array<i64: 0, 2, 3>, keep_dims = false, kind = #graph<reduce_kind sum_square>} : (tensor<2x?x3x4xf32, #graph.dims<2, L, 3, 4>>) -> tensor<?xf32, #graph.dims<L>>
  return %0 : tensor<?xf32, #graph.dims<L>>
}

// -----

// Bodies: what is computed around them is not computed again; what is the same in
// each of them stays, since only one is executed.

// CHECK-LABEL: func @bodies
// CHECK-SAME:    (%[[C:.+]]: tensor<i1>, %[[X:.+]]: tensor<4xf32>)
// CHECK-NEXT:    %[[N:.+]] = graph.neg %[[X]]
// CHECK-NEXT:    %[[R:.+]] = graph.if %[[C]] {
// CHECK-NEXT:      %[[E:.+]] = graph.exp %[[N]]
// CHECK-NEXT:      graph.yield %[[E]]
// CHECK-NEXT:    } else {
// CHECK-NEXT:      %[[L:.+]] = graph.loop count <3> init(%[[N]] : tensor<4xf32>) {
// CHECK:             graph.add %{{.+}}, %[[X]]
// CHECK:           graph.yield %[[L]]
// CHECK:         return %[[N]], %[[R]]
func.func @bodies(%c: tensor<i1>, %x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %n = graph.neg %x : (tensor<4xf32>) -> tensor<4xf32>
  %0 = graph.if %c {
    %m = graph.neg %x : (tensor<4xf32>) -> tensor<4xf32>
    %e = graph.exp %m : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %e : tensor<4xf32>
  } else {
    %m = graph.neg %x : (tensor<4xf32>) -> tensor<4xf32>
    %1 = graph.loop count #graph.dim<3> init(%m : tensor<4xf32>) {
    ^bb0(%i: tensor<i64>, %h: tensor<4xf32>):
      %zero = graph.constant dense<0.0> : tensor<f32>
      %y = graph.add %x, %zero : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
      %s = graph.add %h, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      graph.yield %s : tensor<4xf32>
    } -> tensor<4xf32>
    graph.yield %1 : tensor<4xf32>
  } : (tensor<i1>) -> tensor<4xf32>
  return %n, %0 : tensor<4xf32>, tensor<4xf32>
}

// -----

// Rows that an exporter merged for a product with a matrix stay apart, also in
// what follows; rows of a right side that has them too do not.

// CHECK-LABEL: func @merged_rows
// CHECK-SAME:    (%[[X:.+]]: tensor<?x?x8xf32, #graph.dims<B, L, 8>>, %[[W:.+]]: tensor<8x4xf32>, %[[BIAS:.+]]: tensor<4xf32>
// CHECK-NEXT:    %[[P:.+]] = graph.matmul %[[X]], %[[W]]
// CHECK-NEXT:    %[[S:.+]] = graph.add %[[P]], %[[BIAS]] : (tensor<?x?x4xf32, #graph.dims<B, L, 4>>
// CHECK-NEXT:    return %[[S]]
func.func @merged_rows(%x: tensor<?x?x8xf32, #graph.dims<B, L, 8>>, %w: tensor<8x4xf32>, %bias: tensor<4xf32>) -> tensor<?x?x4xf32, #graph.dims<B, L, 4>> {
  %0 = graph.reshape %x : (tensor<?x?x8xf32, #graph.dims<B, L, 8>>) -> tensor<?x8xf32, #graph.dims<B * L, 8>>
  %1 = graph.matmul %0, %w : (tensor<?x8xf32, #graph.dims<B * L, 8>>, tensor<8x4xf32>) -> tensor<?x4xf32, #graph.dims<B * L, 4>>
  %2 = graph.add %1, %bias : (tensor<?x4xf32, #graph.dims<B * L, 4>>, tensor<4xf32>) -> tensor<?x4xf32, #graph.dims<B * L, 4>>
  %3 = graph.reshape %2 : (tensor<?x4xf32, #graph.dims<B * L, 4>>) -> tensor<?x?x4xf32, #graph.dims<B, L, 4>>
  return %3 : tensor<?x?x4xf32, #graph.dims<B, L, 4>>
}

// -----

// A reshape that changes the last dim, and an operand with other rows.

// CHECK-LABEL: func @not_merged_rows
// CHECK:         graph.reshape %{{.+}} -> tensor<6x4xf32>
// CHECK:         graph.matmul %{{.+}} : (tensor<6x4xf32>, tensor<4x4xf32>)
// CHECK:         graph.reshape %{{.+}} -> tensor<6x4xf32>
// CHECK:         graph.add %{{.+}} : (tensor<6x4xf32>, tensor<6x1xf32>)
func.func @not_merged_rows(%x: tensor<2x3x2x2xf32>, %w: tensor<4x4xf32>, %y: tensor<2x3x4xf32>, %z: tensor<6x1xf32>) -> (tensor<6x4xf32>, tensor<6x4xf32>) {
  %0 = graph.reshape %x : (tensor<2x3x2x2xf32>) -> tensor<6x4xf32>
  %1 = graph.matmul %0, %w : (tensor<6x4xf32>, tensor<4x4xf32>) -> tensor<6x4xf32>
  %2 = graph.reshape %y : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
  %3 = graph.add %2, %z : (tensor<6x4xf32>, tensor<6x1xf32>) -> tensor<6x4xf32>
  return %1, %3 : tensor<6x4xf32>, tensor<6x4xf32>
}
