// RUN: tenon-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// A static dim is its number; terms are sorted, the highest degree first.

// CHECK-LABEL: func private @dims_in_canonical_order
// CHECK-SAME:    tensor<?x?x384xf32, #graph.dims<B, 2*B*L + L + P + 1, 384>>
func.func private @dims_in_canonical_order(tensor<?x?x384xf32, #graph.dims<B, 1 + P + L*2*B + L, 384>>)

// -----

// Equal polynomials are one type, however they are written.
func.func @dims_that_are_equal(%x: tensor<?xf32, #graph.dims<L + L*B + L>>) -> tensor<?xf32, #graph.dims<B*L + 3*L + -1*L>> {
  return %x : tensor<?xf32, #graph.dims<B*L + 2*L>>
}

// -----

// What cancels is gone; a dim that became a number is a static one.

// CHECK-LABEL: func private @dims_that_cancel
// CHECK-SAME:    tensor<?x4xf32, #graph.dims<L, 4>>
func.func private @dims_that_cancel(tensor<?x4xf32, #graph.dims<L + B + -1*B, B + 4 + -1*B>>)

// -----

// One unknown term makes the dim unknown.

// CHECK-LABEL: func private @dims_that_are_unknown
// CHECK-SAME:    tensor<?x?xf32, #graph.dims<?, L>>
func.func private @dims_that_are_unknown(tensor<?x?xf32, #graph.dims<2*? + B, L>>)

// -----

// A dim alone, as in graph.slice, and bounds of a symbol.

// CHECK-LABEL: func private @dim_and_symbol
// CHECK-SAME:    end = #graph.dim<L + -1>
// CHECK-SAME:    graph.symbols = [#graph.symbol<"L" in 1 to 512 by 8>]
// CHECK-SAME:    none = #graph.dim<0>
func.func private @dim_and_symbol() attributes {
  end = #graph.dim<-1 + L>, none = #graph.dim<L + -1*L>, graph.symbols = [#graph.symbol<"L" in 1 to 512 by 8>]}

// -----

// expected-error @below {{needs one dim for each dimension: expected 2, got 1}}
func.func private @dims_of_another_rank(tensor<?x4xf32, #graph.dims<L>>)

// -----

// expected-error @below {{dimension 1 is 4 in the shape but 5 in #graph.dims}}
func.func private @dims_of_another_number(tensor<?x4xf32, #graph.dims<L, 5>>)

// -----

// expected-error @below {{dimension 0 is ? in the shape but 3 in #graph.dims}}
func.func private @dims_of_a_number_for_a_symbol(tensor<?xf32, #graph.dims<3>>)

// -----

// expected-error @below {{dimension 0 is 4 in the shape but L in #graph.dims}}
func.func private @dims_of_a_symbol_for_a_number(tensor<4xf32, #graph.dims<L>>)

// -----

// expected-error @below {{a dim is a sum of products: expected a number, a symbol or '?'}}
func.func private @dim_of_nothing() attributes {dim = #graph.dim<2*>}

// -----

// expected-error @below {{a term is written inside #graph.dim<...>}}
func.func private @term_alone() attributes {term = #graph.term<2*L>}
