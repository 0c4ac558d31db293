// RUN: split-file %s %t
// RUN: tenon-interpret %t/runs.mlir | FileCheck %t/runs.mlir
// RUN: tenon-interpret %t/runs.mlir --function=call_binds_anew | FileCheck %s --check-prefix=ONE --implicit-check-not=@
// RUN: not tenon-interpret %t/runs.mlir --function=lost 2>&1 | FileCheck %s --check-prefix=LOST
// RUN: not tenon-interpret %t/fails.mlir 2>&1 | FileCheck %t/fails.mlir
// RUN: not tenon-interpret %t/none.mlir 2>&1 | FileCheck %s --check-prefix=ABSENT

// ONE: @call_binds_anew
// LOST: error: nothing to execute: expected a function 'lost' whose arguments all have a 'graph.example'
// ABSENT: none.mlir

//--- runs.mlir
// A value with two uses is there for both.

// CHECK-LABEL: @value_is_used_twice
func.func @value_is_used_twice(
    %x: tensor<?xi32, #graph.dims<L>> {graph.example = dense<[1, 2]> : tensor<2xi32>}) -> (tensor<?xi32, #graph.dims<4*L>>, tensor<?xi32, #graph.dims<L>>) {
  %twice = graph.concat %x, %x {axis = 0 : i64} : (tensor<?xi32, #graph.dims<L>>, tensor<?xi32, #graph.dims<L>>) -> tensor<?xi32, #graph.dims<2*L>>
  %again = graph.concat %twice, %twice {axis = 0 : i64} : (tensor<?xi32, #graph.dims<2*L>>, tensor<?xi32, #graph.dims<2*L>>) -> tensor<?xi32, #graph.dims<4*L>>
  // CHECK-NEXT: tensor<8xi32> 1 2 1 2 1 2 1 2{{$}}
  // CHECK-NEXT: tensor<2xi32> 1 2{{$}}
  return %again, %x : tensor<?xi32, #graph.dims<4*L>>, tensor<?xi32, #graph.dims<L>>
}

// A function that is called finds its own symbols: its L is 3 here, then 6.

// CHECK-NOT: @double
func.func private @double(%x: tensor<?xi32, #graph.dims<L>>) -> tensor<?xi32, #graph.dims<2*L>> {
  %0 = graph.concat %x, %x {axis = 0 : i64} : (tensor<?xi32, #graph.dims<L>>, tensor<?xi32, #graph.dims<L>>) -> tensor<?xi32, #graph.dims<2*L>>
  return %0 : tensor<?xi32, #graph.dims<2*L>>
}

// CHECK-LABEL: @call_binds_anew
func.func @call_binds_anew(
    %x: tensor<?xi32, #graph.dims<L>> {graph.example = dense<[1, 2, 3]> : tensor<3xi32>}) -> tensor<?xi32, #graph.dims<2*L>> {
  %0 = func.call @double(%x) : (tensor<?xi32, #graph.dims<L>>) -> tensor<?xi32, #graph.dims<2*L>>
  // CHECK-NEXT: tensor<6xi32> 1 2 3 1 2 3{{$}}
  return %0 : tensor<?xi32, #graph.dims<2*L>>
}

// Dims that the types do not know follow from the operands.

// CHECK-LABEL: @unknown_dims_are_inferred
func.func @unknown_dims_are_inferred(
    %x: tensor<?x?xi32> {graph.example = dense<[[1, 2, 3]]> : tensor<1x3xi32>}) -> tensor<?x?xi32> {
  %0 = graph.transpose %x {permutation = array<i64: 1, 0>} : (tensor<?x?xi32>) -> tensor<?x?xi32>
  // CHECK-NEXT: tensor<3x1xi32> 1 ; 2 ; 3{{$}}
  return %0 : tensor<?x?xi32>
}

// No result is no line.

// CHECK-LABEL: @nothing_is_returned
// CHECK-NOT: tensor
func.func @nothing_is_returned() {
  return
}

//--- fails.mlir
// Every function that can be executed is, also after one that failed.

// CHECK: fails.mlir:[[#@LINE+1]]:1: error: 'func.func' op 'symbol_of_two_sizes' dimension 0 of argument 1 does not fit: expected 2 (L), got 3
func.func @symbol_of_two_sizes(
    %x: tensor<?xi32, #graph.dims<L>> {graph.example = dense<0> : tensor<2xi32>},
    %y: tensor<?xi32, #graph.dims<L>> {graph.example = dense<0> : tensor<3xi32>}) {
  return
}

// CHECK: fails.mlir:[[#@LINE+1]]:1: error: 'func.func' op 'input_of_another_type' needs inputs of its types: expected 'tensor<2xi32>' for argument 0, got 'tensor<2xi64>'
func.func @input_of_another_type(%x: tensor<2xi32> {graph.example = dense<0> : tensor<2xi64>}) {
  return
}

// CHECK: fails.mlir:[[#@LINE+1]]:1: error: 'func.func' op 'symbol_out_of_bounds' symbol "L" is out of bounds: expected 1 to 4, got 5
func.func @symbol_out_of_bounds(
    %x: tensor<?xi32, #graph.dims<L>> {graph.example = dense<0> : tensor<5xi32>})
    attributes {graph.symbols = [#graph.symbol<"L" in 1 to 4 by 1>]} {
  return
}

// Two symbols that the compiler had to believe equal are not: the op says so.
func.func @broadcast_of_two_sizes(
    %x: tensor<?xi32, #graph.dims<L>> {graph.example = dense<0> : tensor<2xi32>},
    %y: tensor<?xi32, #graph.dims<M>> {graph.example = dense<0> : tensor<3xi32>}) -> tensor<?xi32, #graph.dims<M>> {
  // CHECK: fails.mlir:[[#@LINE+1]]:8: error: 'graph.broadcast' op repeats only dims of extent 1: expected 1 or 3 for dimension 0 of 'tensor<2xi32>', got 2
  %0 = graph.broadcast %x : (tensor<?xi32, #graph.dims<L>>) -> tensor<?xi32, #graph.dims<M>>
  return %0 : tensor<?xi32, #graph.dims<M>>
}

func.func @slice_past_the_end(
    %x: tensor<?xi32, #graph.dims<L>> {graph.example = dense<0> : tensor<2xi32>}) -> tensor<3xi32> {
  // CHECK: fails.mlir:[[#@LINE+1]]:8: error: 'graph.slice' op stays inside dimension 0: expected elements 0 to 1 of 'tensor<2xi32>', got element 2
  %0 = graph.slice %x {axis = 0 : i64, start = #graph.dim<0>, step = 1 : i64} : (tensor<?xi32, #graph.dims<L>>) -> tensor<3xi32>
  return %0 : tensor<3xi32>
}

func.func @size_that_nothing_says(
    %x: tensor<1xi32> {graph.example = dense<0> : tensor<1xi32>}) -> tensor<?xi32> {
  // CHECK: fails.mlir:[[#@LINE+1]]:8: error: 'graph.broadcast' op has a result whose size is unknown: expected dims that follow from the inputs, got 'tensor<?xi32>'
  %0 = graph.broadcast %x : (tensor<1xi32>) -> tensor<?xi32>
  return %0 : tensor<?xi32>
}

// CHECK-LABEL: @failures_end_one_function
func.func @failures_end_one_function() -> tensor<i1> {
  %0 = graph.constant dense<true> : tensor<i1>
  // CHECK-NEXT: tensor<i1> true{{$}}
  return %0 : tensor<i1>
}
