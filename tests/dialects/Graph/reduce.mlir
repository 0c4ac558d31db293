// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @reduce_of_symbolic_dims
func.func @reduce_of_symbolic_dims(%x: tensor<?x?x384xf32, #graph.dims<B, L, 384>>) -> tensor<?x1x384xf32, #graph.dims<B, 1, 384>> {
  // CHECK: graph.reduce %{{.+}} {axes = array<i64: 1>, keep_dims = true, kind = #graph<reduce_kind sum>} : (tensor<?x?x384xf32, #graph.dims<B, L, 384>>) -> tensor<?x1x384xf32, #graph.dims<B, 1, 384>>
  %0 = graph.reduce %x {axes = array<i64: 1>, keep_dims = true, kind = #graph<reduce_kind sum>} : (tensor<?x?x384xf32, #graph.dims<B, L, 384>>) -> tensor<?x1x384xf32, #graph.dims<B, 1, 384>>
  return %0 : tensor<?x1x384xf32, #graph.dims<B, 1, 384>>
}

// -----

func.func @reduce_c1(%x: tensor<2x3xf32>) {
  // expected-error @below {{'graph.reduce' op needs an axis of its input: expected 0 to 1 for 'tensor<2x3xf32>', got 2}}
  %0 = graph.reduce %x {axes = array<i64: 2>, keep_dims = true, kind = #graph<reduce_kind sum>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @reduce_c2(%x: tensor<2x3xf32>) {
  // expected-error @below {{'graph.reduce' op needs rising axes: expected more than 1, got 0}}
  %0 = graph.reduce %x {axes = array<i64: 1, 0>, keep_dims = true, kind = #graph<reduce_kind sum>} : (tensor<2x3xf32>) -> tensor<1x1xf32>
  return
}

//--- meaning.mlir
// Each kind along rows.

// CHECK-LABEL: @reduce_rows
func.func @reduce_rows(
    %x: tensor<?x3xf32, #graph.dims<M, 3>> {graph.example = dense<[[1.0, 2.0, 4.0], [-1.0, 0.0, -2.0]]> : tensor<2x3xf32>})
    -> (tensor<?xf32, #graph.dims<M>>, tensor<?xf32, #graph.dims<M>>, tensor<?xf32, #graph.dims<M>>, tensor<?xf32, #graph.dims<M>>, tensor<?xf32, #graph.dims<M>>, tensor<?xf32, #graph.dims<M>>) {
  %0 = graph.reduce %x {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind sum>} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> tensor<?xf32, #graph.dims<M>>
  %1 = graph.reduce %x {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind mean>} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> tensor<?xf32, #graph.dims<M>>
  %2 = graph.reduce %x {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind max>} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> tensor<?xf32, #graph.dims<M>>
  %3 = graph.reduce %x {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind min>} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> tensor<?xf32, #graph.dims<M>>
  %4 = graph.reduce %x {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind prod>} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> tensor<?xf32, #graph.dims<M>>
  %5 = graph.reduce %x {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind sum_square>} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> tensor<?xf32, #graph.dims<M>>
  // CHECK-NEXT: tensor<2xf32> 7 -3{{$}}
  // CHECK-NEXT: tensor<2xf32> 2.33333 -1{{$}}
  // CHECK-NEXT: tensor<2xf32> 4 0{{$}}
  // CHECK-NEXT: tensor<2xf32> 1 -2{{$}}
  // CHECK-NEXT: tensor<2xf32> 8 0{{$}}
  // CHECK-NEXT: tensor<2xf32> 21 5{{$}}
  return %0, %1, %2, %3, %4, %5 : tensor<?xf32, #graph.dims<M>>, tensor<?xf32, #graph.dims<M>>, tensor<?xf32, #graph.dims<M>>, tensor<?xf32, #graph.dims<M>>, tensor<?xf32, #graph.dims<M>>, tensor<?xf32, #graph.dims<M>>
}

// Columns, with their dim kept; all; nothing.

// CHECK-LABEL: @reduce_axes
func.func @reduce_axes(
    %x: tensor<?x3xf32, #graph.dims<M, 3>> {graph.example = dense<[[1.0, 2.0, 4.0], [-1.0, 0.0, -2.0]]> : tensor<2x3xf32>})
    -> (tensor<1x3xf32>, tensor<f32>, tensor<?x3xf32, #graph.dims<M, 3>>) {
  %0 = graph.reduce %x {axes = array<i64: 0>, keep_dims = true, kind = #graph<reduce_kind sum>} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> tensor<1x3xf32>
  %1 = graph.reduce %x {axes = array<i64: 0, 1>, keep_dims = false, kind = #graph<reduce_kind sum>} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> tensor<f32>
  %2 = graph.reduce %x {axes = array<i64>, keep_dims = false, kind = #graph<reduce_kind sum_square>} : (tensor<?x3xf32, #graph.dims<M, 3>>) -> tensor<?x3xf32, #graph.dims<M, 3>>
  // CHECK-NEXT: tensor<1x3xf32> 0 2 2{{$}}
  // CHECK-NEXT: tensor<f32> 4{{$}}
  // CHECK-NEXT: tensor<2x3xf32> 1 4 16 ; 1 0 4{{$}}
  return %0, %1, %2 : tensor<1x3xf32>, tensor<f32>, tensor<?x3xf32, #graph.dims<M, 3>>
}

// NaN wins, over infinities too; inf - inf is NaN.

// CHECK-LABEL: @reduce_of_special_values
func.func @reduce_of_special_values(
    %x: tensor<2x2xf32> {graph.example = dense<[[0x7FC00000, 1.0], [0x7F800000, 0xFF800000]]> : tensor<2x2xf32>})
    -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %0 = graph.reduce %x {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind sum>} : (tensor<2x2xf32>) -> tensor<2xf32>
  %1 = graph.reduce %x {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind max>} : (tensor<2x2xf32>) -> tensor<2xf32>
  %2 = graph.reduce %x {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind min>} : (tensor<2x2xf32>) -> tensor<2xf32>
  // CHECK-NEXT: tensor<2xf32> nan nan{{$}}
  // CHECK-NEXT: tensor<2xf32> nan inf{{$}}
  // CHECK-NEXT: tensor<2xf32> nan -inf{{$}}
  return %0, %1, %2 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// What each kind gives without elements.

// CHECK-LABEL: @reduce_of_nothing
func.func @reduce_of_nothing(
    %x: tensor<1x0xf32> {graph.example = dense<0.0> : tensor<1x0xf32>},
    %i: tensor<1x0xi8> {graph.example = dense<0> : tensor<1x0xi8>})
    -> (tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>) {
  %0 = graph.reduce %x {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind sum>} : (tensor<1x0xf32>) -> tensor<1xf32>
  %1 = graph.reduce %x {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind mean>} : (tensor<1x0xf32>) -> tensor<1xf32>
  %2 = graph.reduce %x {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind max>} : (tensor<1x0xf32>) -> tensor<1xf32>
  %3 = graph.reduce %x {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind min>} : (tensor<1x0xf32>) -> tensor<1xf32>
  %4 = graph.reduce %x {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind prod>} : (tensor<1x0xf32>) -> tensor<1xf32>
  %5 = graph.reduce %x {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind sum_square>} : (tensor<1x0xf32>) -> tensor<1xf32>
  %6 = graph.reduce %i {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind sum>} : (tensor<1x0xi8>) -> tensor<1xi8>
  %7 = graph.reduce %i {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind mean>} : (tensor<1x0xi8>) -> tensor<1xi8>
  %8 = graph.reduce %i {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind max>} : (tensor<1x0xi8>) -> tensor<1xi8>
  %9 = graph.reduce %i {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind min>} : (tensor<1x0xi8>) -> tensor<1xi8>
  %10 = graph.reduce %i {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind prod>} : (tensor<1x0xi8>) -> tensor<1xi8>
  %11 = graph.reduce %i {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind sum_square>} : (tensor<1x0xi8>) -> tensor<1xi8>
  // CHECK-NEXT: tensor<1xf32> 0{{$}}
  // CHECK-NEXT: tensor<1xf32> nan{{$}}
  // CHECK-NEXT: tensor<1xf32> -inf{{$}}
  // CHECK-NEXT: tensor<1xf32> inf{{$}}
  // CHECK-NEXT: tensor<1xf32> 1{{$}}
  // CHECK-NEXT: tensor<1xf32> 0{{$}}
  // CHECK-NEXT: tensor<1xi8> 0{{$}}
  // CHECK-NEXT: tensor<1xi8> 0{{$}}
  // CHECK-NEXT: tensor<1xi8> -128{{$}}
  // CHECK-NEXT: tensor<1xi8> 127{{$}}
  // CHECK-NEXT: tensor<1xi8> 1{{$}}
  // CHECK-NEXT: tensor<1xi8> 0{{$}}
  return %0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11 : tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>
}

// Integers wrap, the mean truncates, and unsigned ones have no sign.

// CHECK-LABEL: @reduce_of_integers
func.func @reduce_of_integers(
    %x: tensor<2xi8> {graph.example = dense<[100, -3]> : tensor<2xi8>},
    %u: tensor<2xui8> {graph.example = dense<[200, 100]> : tensor<2xui8>})
    -> (tensor<i8>, tensor<i8>, tensor<i8>, tensor<i8>, tensor<i8>, tensor<i8>, tensor<ui8>, tensor<ui8>, tensor<ui8>) {
  %0 = graph.reduce %x {axes = array<i64: 0>, keep_dims = false, kind = #graph<reduce_kind sum>} : (tensor<2xi8>) -> tensor<i8>
  %1 = graph.reduce %x {axes = array<i64: 0>, keep_dims = false, kind = #graph<reduce_kind mean>} : (tensor<2xi8>) -> tensor<i8>
  %2 = graph.reduce %x {axes = array<i64: 0>, keep_dims = false, kind = #graph<reduce_kind max>} : (tensor<2xi8>) -> tensor<i8>
  %3 = graph.reduce %x {axes = array<i64: 0>, keep_dims = false, kind = #graph<reduce_kind min>} : (tensor<2xi8>) -> tensor<i8>
  %4 = graph.reduce %x {axes = array<i64: 0>, keep_dims = false, kind = #graph<reduce_kind prod>} : (tensor<2xi8>) -> tensor<i8>
  %5 = graph.reduce %x {axes = array<i64: 0>, keep_dims = false, kind = #graph<reduce_kind sum_square>} : (tensor<2xi8>) -> tensor<i8>
  %6 = graph.reduce %u {axes = array<i64: 0>, keep_dims = false, kind = #graph<reduce_kind sum>} : (tensor<2xui8>) -> tensor<ui8>
  %7 = graph.reduce %u {axes = array<i64: 0>, keep_dims = false, kind = #graph<reduce_kind mean>} : (tensor<2xui8>) -> tensor<ui8>
  %8 = graph.reduce %u {axes = array<i64: 0>, keep_dims = false, kind = #graph<reduce_kind max>} : (tensor<2xui8>) -> tensor<ui8>
  // CHECK-NEXT: tensor<i8> 97{{$}}
  // CHECK-NEXT: tensor<i8> 48{{$}}
  // CHECK-NEXT: tensor<i8> 100{{$}}
  // CHECK-NEXT: tensor<i8> -3{{$}}
  // CHECK-NEXT: tensor<i8> -44{{$}}
  // CHECK-NEXT: tensor<i8> 25{{$}}
  // CHECK-NEXT: tensor<ui8> 44{{$}}
  // CHECK-NEXT: tensor<ui8> 150{{$}}
  // CHECK-NEXT: tensor<ui8> 200{{$}}
  return %0, %1, %2, %3, %4, %5, %6, %7, %8 : tensor<i8>, tensor<i8>, tensor<i8>, tensor<i8>, tensor<i8>, tensor<i8>, tensor<ui8>, tensor<ui8>, tensor<ui8>
}
