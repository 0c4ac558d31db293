// RUN: tenon-opt %s --split-input-file --fuse-groups --form-kernels | FileCheck %s

// All of it becomes kernels; KernelsTest runs them.
// CHECK-NOT: graph.group

func.func @concat_along_a_middle_dim(%p: tensor<?x4x?x6xf32, #graph.dims<B, 4, P, 6>>, %x: tensor<?x4x?x6xf32, #graph.dims<B, 4, L, 6>>) -> tensor<?x4x?x6xf32, #graph.dims<B, 4, L + P, 6>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.concat %p, %x {axis = 2 : i64} : (tensor<?x4x?x6xf32, #graph.dims<B, 4, P, 6>>, tensor<?x4x?x6xf32, #graph.dims<B, 4, L, 6>>) -> tensor<?x4x?x6xf32, #graph.dims<B, 4, L + P, 6>>
  return %0 : tensor<?x4x?x6xf32, #graph.dims<B, 4, L + P, 6>>
}

// -----

func.func @concat_along_the_last_dim(%x: tensor<?x3xf32, #graph.dims<L, 3>>, %y: tensor<?x4xf32, #graph.dims<L, 4>>) -> tensor<?x7xf32, #graph.dims<L, 7>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %n = graph.neg %x : (tensor<?x3xf32, #graph.dims<L, 3>>) -> tensor<?x3xf32, #graph.dims<L, 3>>
  %0 = graph.concat %n, %y {axis = 1 : i64} : (tensor<?x3xf32, #graph.dims<L, 3>>, tensor<?x4xf32, #graph.dims<L, 4>>) -> tensor<?x7xf32, #graph.dims<L, 7>>
  %1 = graph.exp %0 : (tensor<?x7xf32, #graph.dims<L, 7>>) -> tensor<?x7xf32, #graph.dims<L, 7>>
  return %1 : tensor<?x7xf32, #graph.dims<L, 7>>
}

// -----

func.func @concat_of_three_along_the_first_dim(%x: tensor<?x1x5xf32, #graph.dims<B, 1, 5>>, %y: tensor<?x1x5xf32, #graph.dims<L, 1, 5>>, %z: tensor<?x1x5xf32, #graph.dims<P, 1, 5>>) -> tensor<?x1x5xf32, #graph.dims<B + L + P, 1, 5>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.concat %x, %y, %z {axis = 0 : i64} : (tensor<?x1x5xf32, #graph.dims<B, 1, 5>>, tensor<?x1x5xf32, #graph.dims<L, 1, 5>>, tensor<?x1x5xf32, #graph.dims<P, 1, 5>>) -> tensor<?x1x5xf32, #graph.dims<B + L + P, 1, 5>>
  return %0 : tensor<?x1x5xf32, #graph.dims<B + L + P, 1, 5>>
}

// -----

func.func @sum_of_a_concat(%x: tensor<?x?xi1, #graph.dims<B, P>>, %y: tensor<?x?xi1, #graph.dims<B, L>>) -> tensor<?xi64, #graph.dims<B>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.concat %x, %y {axis = 1 : i64} : (tensor<?x?xi1, #graph.dims<B, P>>, tensor<?x?xi1, #graph.dims<B, L>>) -> tensor<?x?xi1, #graph.dims<B, L + P>>
  %1 = graph.cast %0 {to = i64} : (tensor<?x?xi1, #graph.dims<B, L + P>>) -> tensor<?x?xi64, #graph.dims<B, L + P>>
  %2 = graph.reduce %1 {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind sum>} : (tensor<?x?xi64, #graph.dims<B, L + P>>) -> tensor<?xi64, #graph.dims<B>>
  return %2 : tensor<?xi64, #graph.dims<B>>
}

// -----

func.func @matmul_of_a_concat(%x: tensor<?x5xf32, #graph.dims<L, 5>>, %y: tensor<?x7xf32, #graph.dims<L, 7>>, %w: tensor<12x10xf32>) -> tensor<?x10xf32, #graph.dims<L, 10>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %n = graph.exp %x : (tensor<?x5xf32, #graph.dims<L, 5>>) -> tensor<?x5xf32, #graph.dims<L, 5>>
  %0 = graph.concat %n, %y {axis = 1 : i64} : (tensor<?x5xf32, #graph.dims<L, 5>>, tensor<?x7xf32, #graph.dims<L, 7>>) -> tensor<?x12xf32, #graph.dims<L, 12>>
  %1 = graph.matmul %0, %w : (tensor<?x12xf32, #graph.dims<L, 12>>, tensor<12x10xf32>) -> tensor<?x10xf32, #graph.dims<L, 10>>
  return %1 : tensor<?x10xf32, #graph.dims<L, 10>>
}

// -----

func.func @pad_two_dims(%x: tensor<?x3x?xf32, #graph.dims<B, 3, L>>) -> tensor<?x3x?xf32, #graph.dims<B + 3, 3, L + 2>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %v = graph.constant dense<7.5> : tensor<f32>
  %0 = graph.pad %x, %v {low = array<i64: 1, 0, 2>, high = array<i64: 2, 0, 0>} : (tensor<?x3x?xf32, #graph.dims<B, 3, L>>, tensor<f32>) -> tensor<?x3x?xf32, #graph.dims<B + 3, 3, L + 2>>
  return %0 : tensor<?x3x?xf32, #graph.dims<B + 3, 3, L + 2>>
}

// -----

func.func @pad_of_nothing(%x: tensor<?x?xi64, #graph.dims<P, L>>) -> tensor<?x?xi64, #graph.dims<P + 2, L>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %v = graph.constant dense<-3> : tensor<i64>
  %e = graph.add %x, %x : (tensor<?x?xi64, #graph.dims<P, L>>, tensor<?x?xi64, #graph.dims<P, L>>) -> tensor<?x?xi64, #graph.dims<P, L>>
  %0 = graph.pad %e, %v {low = array<i64: 1, 0>, high = array<i64: 1, 0>} : (tensor<?x?xi64, #graph.dims<P, L>>, tensor<i64>) -> tensor<?x?xi64, #graph.dims<P + 2, L>>
  return %0 : tensor<?x?xi64, #graph.dims<P + 2, L>>
}

// -----

func.func @every_second_column(%x: tensor<?x9xf32, #graph.dims<L, 9>>) -> tensor<?x4xf32, #graph.dims<L, 4>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.slice %x {axis = 1 : i64, start = #graph.dim<1>, step = 2 : i64} : (tensor<?x9xf32, #graph.dims<L, 9>>) -> tensor<?x4xf32, #graph.dims<L, 4>>
  %1 = graph.neg %0 : (tensor<?x4xf32, #graph.dims<L, 4>>) -> tensor<?x4xf32, #graph.dims<L, 4>>
  return %1 : tensor<?x4xf32, #graph.dims<L, 4>>
}

// -----

func.func @columns_backwards(%x: tensor<?x9xf32, #graph.dims<L, 9>>) -> tensor<?x5xf32, #graph.dims<L, 5>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.slice %x {axis = 1 : i64, start = #graph.dim<8>, step = -2 : i64} : (tensor<?x9xf32, #graph.dims<L, 9>>) -> tensor<?x5xf32, #graph.dims<L, 5>>
  return %0 : tensor<?x5xf32, #graph.dims<L, 5>>
}

// -----

func.func @gather_nd_of_rows(%d: tensor<4x5x6xf32>, %i: tensor<?x2xi64, #graph.dims<L, 2>>) -> tensor<?x6xf32, #graph.dims<L, 6>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %o = graph.constant dense<-3> : tensor<i64>
  %n = graph.add %i, %o : (tensor<?x2xi64, #graph.dims<L, 2>>, tensor<i64>) -> tensor<?x2xi64, #graph.dims<L, 2>>
  %0 = graph.gather_nd %d, %n {batch_dims = 0 : i64} : (tensor<4x5x6xf32>, tensor<?x2xi64, #graph.dims<L, 2>>) -> tensor<?x6xf32, #graph.dims<L, 6>>
  return %0 : tensor<?x6xf32, #graph.dims<L, 6>>
}

// -----

func.func @gather_nd_of_elements_in_batches(%d: tensor<?x4x5xf32, #graph.dims<B, 4, 5>>, %i: tensor<?x?x2xi64, #graph.dims<B, L, 2>>) -> tensor<?x?xf32, #graph.dims<B, L>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.gather_nd %d, %i {batch_dims = 1 : i64} : (tensor<?x4x5xf32, #graph.dims<B, 4, 5>>, tensor<?x?x2xi64, #graph.dims<B, L, 2>>) -> tensor<?x?xf32, #graph.dims<B, L>>
  return %0 : tensor<?x?xf32, #graph.dims<B, L>>
}

// -----

func.func @scatter_rows(%d: tensor<?x5x7xf32, #graph.dims<B, 5, 7>>, %i: tensor<?x?x7xi64, #graph.dims<B, P, 7>>, %u: tensor<?x?x7xf32, #graph.dims<B, P, 7>>) -> tensor<?x5x7xf32, #graph.dims<B, 5, 7>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.scatter %d, %i, %u {accumulate = false, axis = 1 : i64} : (tensor<?x5x7xf32, #graph.dims<B, 5, 7>>, tensor<?x?x7xi64, #graph.dims<B, P, 7>>, tensor<?x?x7xf32, #graph.dims<B, P, 7>>) -> tensor<?x5x7xf32, #graph.dims<B, 5, 7>>
  return %0 : tensor<?x5x7xf32, #graph.dims<B, 5, 7>>
}

// -----

func.func @scatter_sums(%d: tensor<?x5x7xf32, #graph.dims<B, 5, 7>>, %i: tensor<?x?x7xi64, #graph.dims<B, P, 7>>, %u: tensor<?x?x7xf32, #graph.dims<B, P, 7>>) -> tensor<?x5x7xf32, #graph.dims<B, 5, 7>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.scatter %d, %i, %u {accumulate = true, axis = 1 : i64} : (tensor<?x5x7xf32, #graph.dims<B, 5, 7>>, tensor<?x?x7xi64, #graph.dims<B, P, 7>>, tensor<?x?x7xf32, #graph.dims<B, P, 7>>) -> tensor<?x5x7xf32, #graph.dims<B, 5, 7>>
  return %0 : tensor<?x5x7xf32, #graph.dims<B, 5, 7>>
}

// -----

func.func @scatter_into_fewer_columns(%d: tensor<5x7xf32>, %i: tensor<3x2xi64>, %u: tensor<3x2xf32>) -> tensor<5x7xf32> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.scatter %d, %i, %u {accumulate = false, axis = 0 : i64} : (tensor<5x7xf32>, tensor<3x2xi64>, tensor<3x2xf32>) -> tensor<5x7xf32>
  return %0 : tensor<5x7xf32>
}

// -----

func.func @argmax_of_a_growing_dim(%x: tensor<?x?xf32, #graph.dims<B, L>>) -> tensor<?xi64, #graph.dims<B>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.argmax %x {axis = 1 : i64, keep_dims = false, smallest = false} : (tensor<?x?xf32, #graph.dims<B, L>>) -> tensor<?xi64, #graph.dims<B>>
  return %0 : tensor<?xi64, #graph.dims<B>>
}

// -----

func.func @argmax_finds_nan(%x: tensor<?x?xf32, #graph.dims<B, L>>) -> tensor<?xi64, #graph.dims<B>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %t = graph.constant dense<1.2> : tensor<f32>
  %q = graph.constant dense<0x7FC00000> : tensor<f32>
  %b = graph.compare %x, %t {predicate = #graph<predicate gt>} : (tensor<?x?xf32, #graph.dims<B, L>>, tensor<f32>) -> tensor<?x?xi1, #graph.dims<B, L>>
  %y = graph.where %b, %q, %x : (tensor<?x?xi1, #graph.dims<B, L>>, tensor<f32>, tensor<?x?xf32, #graph.dims<B, L>>) -> tensor<?x?xf32, #graph.dims<B, L>>
  %0 = graph.argmax %y {axis = 1 : i64, keep_dims = false, smallest = true} : (tensor<?x?xf32, #graph.dims<B, L>>) -> tensor<?xi64, #graph.dims<B>>
  return %0 : tensor<?xi64, #graph.dims<B>>
}

// -----

func.func @argmax_of_integers_in_the_middle(%x: tensor<?x7x?xi64, #graph.dims<B, 7, L>>) -> tensor<?x1x?xi64, #graph.dims<B, 1, L>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.argmax %x {axis = 1 : i64, keep_dims = true, smallest = false} : (tensor<?x7x?xi64, #graph.dims<B, 7, L>>) -> tensor<?x1x?xi64, #graph.dims<B, 1, L>>
  return %0 : tensor<?x1x?xi64, #graph.dims<B, 1, L>>
}

// -----

func.func @top_k_with_nan(%x: tensor<?x11xf32, #graph.dims<L, 11>>) -> (tensor<?x4xf32, #graph.dims<L, 4>>, tensor<?x4xi64, #graph.dims<L, 4>>) attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %t = graph.constant dense<1.2> : tensor<f32>
  %q = graph.constant dense<0x7FC00000> : tensor<f32>
  %b = graph.compare %x, %t {predicate = #graph<predicate gt>} : (tensor<?x11xf32, #graph.dims<L, 11>>, tensor<f32>) -> tensor<?x11xi1, #graph.dims<L, 11>>
  %y = graph.where %b, %q, %x : (tensor<?x11xi1, #graph.dims<L, 11>>, tensor<f32>, tensor<?x11xf32, #graph.dims<L, 11>>) -> tensor<?x11xf32, #graph.dims<L, 11>>
  %v, %i = graph.top_k %y {k = 4 : i64, axis = 1 : i64, smallest = false} : (tensor<?x11xf32, #graph.dims<L, 11>>) -> (tensor<?x4xf32, #graph.dims<L, 4>>, tensor<?x4xi64, #graph.dims<L, 4>>)
  return %v, %i : tensor<?x4xf32, #graph.dims<L, 4>>, tensor<?x4xi64, #graph.dims<L, 4>>
}

// -----

func.func @top_k_of_everything_in_the_middle(%x: tensor<?x6x5xi64, #graph.dims<L, 6, 5>>) -> (tensor<?x6x5xi64, #graph.dims<L, 6, 5>>, tensor<?x6x5xi64, #graph.dims<L, 6, 5>>) attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %v, %i = graph.top_k %x {k = 6 : i64, axis = 1 : i64, smallest = true} : (tensor<?x6x5xi64, #graph.dims<L, 6, 5>>) -> (tensor<?x6x5xi64, #graph.dims<L, 6, 5>>, tensor<?x6x5xi64, #graph.dims<L, 6, 5>>)
  return %v, %i : tensor<?x6x5xi64, #graph.dims<L, 6, 5>>, tensor<?x6x5xi64, #graph.dims<L, 6, 5>>
}

// -----

func.func @cumsum_of_integers(%x: tensor<?x?xi64, #graph.dims<B, L>>) -> (tensor<?x?xi64, #graph.dims<B, L>>, tensor<?x?xi64, #graph.dims<B, L>>) attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.cumsum %x {axis = 1 : i64, exclusive = false, reverse = false} : (tensor<?x?xi64, #graph.dims<B, L>>) -> tensor<?x?xi64, #graph.dims<B, L>>
  %1 = graph.cumsum %x {axis = 1 : i64, exclusive = true, reverse = true} : (tensor<?x?xi64, #graph.dims<B, L>>) -> tensor<?x?xi64, #graph.dims<B, L>>
  return %0, %1 : tensor<?x?xi64, #graph.dims<B, L>>, tensor<?x?xi64, #graph.dims<B, L>>
}

// -----

func.func @cumsum_in_the_middle(%x: tensor<?x?x3xf32, #graph.dims<B, L, 3>>) -> (tensor<?x?x3xf32, #graph.dims<B, L, 3>>, tensor<?x?x3xf32, #graph.dims<B, L, 3>>) attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.cumsum %x {axis = 1 : i64, exclusive = true, reverse = false} : (tensor<?x?x3xf32, #graph.dims<B, L, 3>>) -> tensor<?x?x3xf32, #graph.dims<B, L, 3>>
  %1 = graph.cumsum %x {axis = 0 : i64, exclusive = false, reverse = true} : (tensor<?x?x3xf32, #graph.dims<B, L, 3>>) -> tensor<?x?x3xf32, #graph.dims<B, L, 3>>
  return %0, %1 : tensor<?x?x3xf32, #graph.dims<B, L, 3>>, tensor<?x?x3xf32, #graph.dims<B, L, 3>>
}

// -----

func.func @softmax_of_a_growing_dim(%x: tensor<?x3x?xf32, #graph.dims<B, 3, L>>) -> tensor<?x3x?xf32, #graph.dims<B, 3, L>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.softmax %x {axis = 2 : i64} : (tensor<?x3x?xf32, #graph.dims<B, 3, L>>) -> tensor<?x3x?xf32, #graph.dims<B, 3, L>>
  return %0 : tensor<?x3x?xf32, #graph.dims<B, 3, L>>
}

// -----

func.func @softmax_in_the_middle(%x: tensor<?x3x?xf32, #graph.dims<B, 3, L>>) -> tensor<?x3x?xf32, #graph.dims<B, 3, L>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.softmax %x {axis = 1 : i64} : (tensor<?x3x?xf32, #graph.dims<B, 3, L>>) -> tensor<?x3x?xf32, #graph.dims<B, 3, L>>
  return %0 : tensor<?x3x?xf32, #graph.dims<B, 3, L>>
}

// -----

func.func @maximum_of_a_pad(%x: tensor<?x?x8xf32, #graph.dims<B, L, 8>>) -> tensor<?x?xf32, #graph.dims<B + 3, L + 4>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %v = graph.constant dense<-1.0> : tensor<f32>
  %0 = graph.pad %x, %v {low = array<i64: 2, 2, 2>, high = array<i64: 1, 2, 0>} : (tensor<?x?x8xf32, #graph.dims<B, L, 8>>, tensor<f32>) -> tensor<?x?x10xf32, #graph.dims<B + 3, L + 4, 10>>
  %1 = graph.reduce %0 {axes = array<i64: 2>, keep_dims = false, kind = #graph<reduce_kind max>} : (tensor<?x?x10xf32, #graph.dims<B + 3, L + 4, 10>>) -> tensor<?x?xf32, #graph.dims<B + 3, L + 4>>
  return %1 : tensor<?x?xf32, #graph.dims<B + 3, L + 4>>
}

// -----

// Bytes between two kernels; rows with a NaN; a value with two readers in one kernel.
func.func @softmax_without_nan_of_bytes(%x: tensor<?x5xf32, #graph.dims<L, 5>>, %w: tensor<5x7xf32>) -> tensor<?x7xf32, #graph.dims<L, 7>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %c = graph.constant dense<3.000000e+01> : tensor<f32>
  %zero = graph.constant dense<0.000000e+00> : tensor<f32>
  %z = graph.constant dense<2.000000e+00> : tensor<f32>
  %0 = graph.matmul %x, %w : (tensor<?x5xf32, #graph.dims<L, 5>>, tensor<5x7xf32>) -> tensor<?x7xf32, #graph.dims<L, 7>>
  %1 = graph.mul %0, %c : (tensor<?x7xf32, #graph.dims<L, 7>>, tensor<f32>) -> tensor<?x7xf32, #graph.dims<L, 7>>
  %2 = graph.cast %1 {to = ui8} : (tensor<?x7xf32, #graph.dims<L, 7>>) -> tensor<?x7xui8, #graph.dims<L, 7>>
  %3 = graph.cast %2 {to = f32} : (tensor<?x7xui8, #graph.dims<L, 7>>) -> tensor<?x7xf32, #graph.dims<L, 7>>
  %4 = graph.sub %3, %z : (tensor<?x7xf32, #graph.dims<L, 7>>, tensor<f32>) -> tensor<?x7xf32, #graph.dims<L, 7>>
  %5 = graph.sqrt %4 : (tensor<?x7xf32, #graph.dims<L, 7>>) -> tensor<?x7xf32, #graph.dims<L, 7>>
  %6 = graph.softmax %5 {axis = 1 : i64} : (tensor<?x7xf32, #graph.dims<L, 7>>) -> tensor<?x7xf32, #graph.dims<L, 7>>
  %7 = graph.is_nan %6 : (tensor<?x7xf32, #graph.dims<L, 7>>) -> tensor<?x7xi1, #graph.dims<L, 7>>
  %8 = graph.where %7, %zero, %6 : (tensor<?x7xi1, #graph.dims<L, 7>>, tensor<f32>, tensor<?x7xf32, #graph.dims<L, 7>>) -> tensor<?x7xf32, #graph.dims<L, 7>>
  return %8 : tensor<?x7xf32, #graph.dims<L, 7>>
}
