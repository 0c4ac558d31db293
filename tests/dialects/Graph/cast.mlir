// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @cast_of_symbolic_dims
func.func @cast_of_symbolic_dims(%x: tensor<?x384xi8, #graph.dims<L, 384>>) -> tensor<?x384xf32, #graph.dims<L, 384>> {
  // CHECK: graph.cast %{{.+}} {to = f32} : (tensor<?x384xi8, #graph.dims<L, 384>>) -> tensor<?x384xf32, #graph.dims<L, 384>>
  %0 = graph.cast %x {to = f32} : (tensor<?x384xi8, #graph.dims<L, 384>>) -> tensor<?x384xf32, #graph.dims<L, 384>>
  return %0 : tensor<?x384xf32, #graph.dims<L, 384>>
}

// -----

func.func @cast_result_is_another(%x: tensor<2xf32>) {
  // expected-error @below {{'graph.cast' op needs the result type that follows from its operands: expected 'tensor<2xi8>', got 'tensor<2xi32>'}}
  %0 = graph.cast %x {to = i8} : (tensor<2xf32>) -> tensor<2xi32>
  return
}

//--- meaning.mlir
// Toward zero, saturating at both ends; NaN is 0; to bool all but 0 is true; f16 and
// f8 have smaller ranges.

// CHECK-LABEL: @cast_of_floats
func.func @cast_of_floats(
    %x: tensor<8xf32> {graph.example = dense<[0xFF800000, -1.7, -0.0, 0.9, 300.0, 10000000000.0, 0x7F800000, 0x7FC00000]> : tensor<8xf32>})
    -> (tensor<8xi8>, tensor<8xui8>, tensor<8xi64>, tensor<8xui64>, tensor<8xi4>, tensor<8xi1>, tensor<8xf64>, tensor<8xf16>, tensor<8xbf16>, tensor<8xf8E5M2>) {
  %0 = graph.cast %x {to = i8} : (tensor<8xf32>) -> tensor<8xi8>
  %1 = graph.cast %x {to = ui8} : (tensor<8xf32>) -> tensor<8xui8>
  %2 = graph.cast %x {to = i64} : (tensor<8xf32>) -> tensor<8xi64>
  %3 = graph.cast %x {to = ui64} : (tensor<8xf32>) -> tensor<8xui64>
  %4 = graph.cast %x {to = i4} : (tensor<8xf32>) -> tensor<8xi4>
  %5 = graph.cast %x {to = i1} : (tensor<8xf32>) -> tensor<8xi1>
  %6 = graph.cast %x {to = f64} : (tensor<8xf32>) -> tensor<8xf64>
  %7 = graph.cast %x {to = f16} : (tensor<8xf32>) -> tensor<8xf16>
  %8 = graph.cast %x {to = bf16} : (tensor<8xf32>) -> tensor<8xbf16>
  %9 = graph.cast %x {to = f8E5M2} : (tensor<8xf32>) -> tensor<8xf8E5M2>
  // CHECK-NEXT: tensor<8xi8> -128 -1 0 0 127 127 127 0{{$}}
  // CHECK-NEXT: tensor<8xui8> 0 0 0 0 255 255 255 0{{$}}
  // CHECK-NEXT: tensor<8xi64> -9223372036854775808 -1 0 0 300 10000000000 9223372036854775807 0{{$}}
  // CHECK-NEXT: tensor<8xui64> 0 0 0 0 300 10000000000 18446744073709551615 0{{$}}
  // CHECK-NEXT: tensor<8xi4> -8 -1 0 0 7 7 7 0{{$}}
  // CHECK-NEXT: tensor<8xi1> true true false true true true true true{{$}}
  // CHECK-NEXT: tensor<8xf64> -inf -1.7 -0 0.9 300 1e+10 inf nan{{$}}
  // CHECK-NEXT: tensor<8xf16> -inf -1.7002 -0 0.899902 300 inf inf nan{{$}}
  // CHECK-NEXT: tensor<8xbf16> -inf -1.70312 -0 0.898438 300 9.99922e+09 inf nan{{$}}
  // CHECK-NEXT: tensor<8xf8E5M2> -inf -1.75 -0 0.875 320 inf inf nan{{$}}
  return %0, %1, %2, %3, %4, %5, %6, %7, %8, %9 : tensor<8xi8>, tensor<8xui8>, tensor<8xi64>, tensor<8xui64>, tensor<8xi4>, tensor<8xi1>, tensor<8xf64>, tensor<8xf16>, tensor<8xbf16>, tensor<8xf8E5M2>
}

// Modulo 2^bits, with the sign carried along; to bool all but 0 is true.

// CHECK-LABEL: @cast_of_signed_integers
func.func @cast_of_signed_integers(
    %x: tensor<4xi32> {graph.example = dense<[-1, 0, 200, 65537]> : tensor<4xi32>})
    -> (tensor<4xi8>, tensor<4xui8>, tensor<4xi64>, tensor<4xui64>, tensor<4xi1>, tensor<4xf32>, tensor<4xf16>) {
  %0 = graph.cast %x {to = i8} : (tensor<4xi32>) -> tensor<4xi8>
  %1 = graph.cast %x {to = ui8} : (tensor<4xi32>) -> tensor<4xui8>
  %2 = graph.cast %x {to = i64} : (tensor<4xi32>) -> tensor<4xi64>
  %3 = graph.cast %x {to = ui64} : (tensor<4xi32>) -> tensor<4xui64>
  %4 = graph.cast %x {to = i1} : (tensor<4xi32>) -> tensor<4xi1>
  %5 = graph.cast %x {to = f32} : (tensor<4xi32>) -> tensor<4xf32>
  %6 = graph.cast %x {to = f16} : (tensor<4xi32>) -> tensor<4xf16>
  // CHECK-NEXT: tensor<4xi8> -1 0 -56 1{{$}}
  // CHECK-NEXT: tensor<4xui8> 255 0 200 1{{$}}
  // CHECK-NEXT: tensor<4xi64> -1 0 200 65537{{$}}
  // CHECK-NEXT: tensor<4xui64> 18446744073709551615 0 200 65537{{$}}
  // CHECK-NEXT: tensor<4xi1> true false true true{{$}}
  // CHECK-NEXT: tensor<4xf32> -1 0 200 65537{{$}}
  // CHECK-NEXT: tensor<4xf16> -1 0 200 inf{{$}}
  return %0, %1, %2, %3, %4, %5, %6 : tensor<4xi8>, tensor<4xui8>, tensor<4xi64>, tensor<4xui64>, tensor<4xi1>, tensor<4xf32>, tensor<4xf16>
}

// No sign to carry, whatever the top bit.

// CHECK-LABEL: @cast_of_unsigned_integers
func.func @cast_of_unsigned_integers(
    %x: tensor<3xui8> {graph.example = dense<[255, 0, 128]> : tensor<3xui8>})
    -> (tensor<3xi8>, tensor<3xi32>, tensor<3xf32>, tensor<3xi1>) {
  %0 = graph.cast %x {to = i8} : (tensor<3xui8>) -> tensor<3xi8>
  %1 = graph.cast %x {to = i32} : (tensor<3xui8>) -> tensor<3xi32>
  %2 = graph.cast %x {to = f32} : (tensor<3xui8>) -> tensor<3xf32>
  %3 = graph.cast %x {to = i1} : (tensor<3xui8>) -> tensor<3xi1>
  // CHECK-NEXT: tensor<3xi8> -1 0 -128{{$}}
  // CHECK-NEXT: tensor<3xi32> 255 0 128{{$}}
  // CHECK-NEXT: tensor<3xf32> 255 0 128{{$}}
  // CHECK-NEXT: tensor<3xi1> true false true{{$}}
  return %0, %1, %2, %3 : tensor<3xi8>, tensor<3xi32>, tensor<3xf32>, tensor<3xi1>
}

// 0 and 1.

// CHECK-LABEL: @cast_of_bools
func.func @cast_of_bools(
    %x: tensor<2xi1> {graph.example = dense<[true, false]> : tensor<2xi1>})
    -> (tensor<2xi8>, tensor<2xf32>, tensor<2xui64>) {
  %0 = graph.cast %x {to = i8} : (tensor<2xi1>) -> tensor<2xi8>
  %1 = graph.cast %x {to = f32} : (tensor<2xi1>) -> tensor<2xf32>
  %2 = graph.cast %x {to = ui64} : (tensor<2xi1>) -> tensor<2xui64>
  // CHECK-NEXT: tensor<2xi8> 1 0{{$}}
  // CHECK-NEXT: tensor<2xf32> 1 0{{$}}
  // CHECK-NEXT: tensor<2xui64> 1 0{{$}}
  return %0, %1, %2 : tensor<2xi8>, tensor<2xf32>, tensor<2xui64>
}

// The top bit of 64 is a value for ui64; no elements.

// CHECK-LABEL: @cast_of_wide_integers
func.func @cast_of_wide_integers(
    %x: tensor<1xui64> {graph.example = dense<[18446744073709551615]> : tensor<1xui64>},
    %none: tensor<0xf32> {graph.example = dense<0.0> : tensor<0xf32>}) -> (tensor<1xf64>, tensor<0xi8>) {
  %0 = graph.cast %x {to = f64} : (tensor<1xui64>) -> tensor<1xf64>
  %1 = graph.cast %none {to = i8} : (tensor<0xf32>) -> tensor<0xi8>
  // CHECK-NEXT: tensor<1xf64> 1.84467e+19{{$}}
  // CHECK-NEXT: tensor<0xi8>{{$}}
  return %0, %1 : tensor<1xf64>, tensor<0xi8>
}
