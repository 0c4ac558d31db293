// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @iota_of_symbolic_length
func.func @iota_of_symbolic_length() -> tensor<?x4xi64, #graph.dims<L, 4>> {
  // CHECK: graph.iota {axis = 0 : i64} : () -> tensor<?x4xi64, #graph.dims<L, 4>>
  %0 = graph.iota {axis = 0 : i64} : () -> tensor<?x4xi64, #graph.dims<L, 4>>
  return %0 : tensor<?x4xi64, #graph.dims<L, 4>>
}

// -----

func.func @iota_c1() {
  // expected-error @below {{'graph.iota' op needs an axis of 'tensor<3x4xi64>': expected 0 to 1, got 2}}
  %0 = graph.iota {axis = 2 : i64} : () -> tensor<3x4xi64>
  return
}

//--- meaning.mlir
// The length follows from the argument; bf16 holds 256 and 258, not 257.

// CHECK-LABEL: @iota_counts_along_its_axis
func.func @iota_counts_along_its_axis(
    %x: tensor<?xi1, #graph.dims<L>> {graph.example = dense<true> : tensor<3xi1>})
    -> (tensor<?x2xi32, #graph.dims<L, 2>>, tensor<2x?xf32, #graph.dims<2, L>>, tensor<0x2xi32>, tensor<258xbf16>) {
  %0 = graph.iota {axis = 0 : i64} : () -> tensor<?x2xi32, #graph.dims<L, 2>>
  %1 = graph.iota {axis = 1 : i64} : () -> tensor<2x?xf32, #graph.dims<2, L>>
  %2 = graph.iota {axis = 1 : i64} : () -> tensor<0x2xi32>
  %3 = graph.iota {axis = 0 : i64} : () -> tensor<258xbf16>
  // CHECK-NEXT: tensor<3x2xi32> 0 0 ; 1 1 ; 2 2{{$}}
  // CHECK-NEXT: tensor<2x3xf32> 0 1 2 ; 0 1 2{{$}}
  // CHECK-NEXT: tensor<0x2xi32>{{$}}
  // CHECK-NEXT: tensor<258xbf16> 0 1 2 {{.*}} 254 255 256 256{{$}}
  return %0, %1, %2, %3 : tensor<?x2xi32, #graph.dims<L, 2>>, tensor<2x?xf32, #graph.dims<2, L>>, tensor<0x2xi32>, tensor<258xbf16>
}
