// RUN: tenon-opt %s | FileCheck %s
// RUN: tenon-interpret %s | FileCheck %s --check-prefix=VALUES

// CHECK-LABEL: func @constant_prints_as_written
// VALUES-LABEL: @constant_prints_as_written
func.func @constant_prints_as_written() -> tensor<2x2xf32> {
  // CHECK: graph.constant dense<{{\[\[}}1.000000e+00, -2.000000e+00], [5.000000e-01, 0.000000e+00]]> : tensor<2x2xf32>
  %0 = graph.constant dense<[[1.0, -2.0], [0.5, 0.0]]> : tensor<2x2xf32>
  // VALUES-NEXT: tensor<2x2xf32> 1 -2 ; 0.5 0{{$}}
  return %0 : tensor<2x2xf32>
}

// One value stands for every element; no element is one as well.

// VALUES-LABEL: @constant_of_one_value
func.func @constant_of_one_value() -> (tensor<2x3xi32>, tensor<f64>, tensor<0x2xf32>) {
  %0 = graph.constant dense<7> : tensor<2x3xi32>
  %1 = graph.constant dense<1.5> : tensor<f64>
  %2 = graph.constant dense<1.0> : tensor<0x2xf32>
  // VALUES-NEXT: tensor<2x3xi32> 7 7 7 ; 7 7 7{{$}}
  // VALUES-NEXT: tensor<f64> 1.5{{$}}
  // VALUES-NEXT: tensor<0x2xf32>{{$}}
  return %0, %1, %2 : tensor<2x3xi32>, tensor<f64>, tensor<0x2xf32>
}

// Every element type is read, at the ends of its range.

// VALUES-LABEL: @constant_of_each_float
func.func @constant_of_each_float()
    -> (tensor<3xf64>, tensor<2xf32>, tensor<2xf16>, tensor<2xbf16>, tensor<2xf8E4M3FN>, tensor<2xf8E5M2>) {
  %0 = graph.constant dense<[1.0, 0x7FF0000000000000, 0x7FF8000000000000]> : tensor<3xf64>
  %1 = graph.constant dense<[3.0, 0xFF800000]> : tensor<2xf32>
  %2 = graph.constant dense<[65504.0, -1.0]> : tensor<2xf16>
  %3 = graph.constant dense<[1.0, 0.5]> : tensor<2xbf16>
  %4 = graph.constant dense<[448.0, 1.0]> : tensor<2xf8E4M3FN>
  %5 = graph.constant dense<[57344.0, 1.0]> : tensor<2xf8E5M2>
  // VALUES-NEXT: tensor<3xf64> 1 inf nan{{$}}
  // VALUES-NEXT: tensor<2xf32> 3 -inf{{$}}
  // VALUES-NEXT: tensor<2xf16> 65504 -1{{$}}
  // VALUES-NEXT: tensor<2xbf16> 1 0.5{{$}}
  // VALUES-NEXT: tensor<2xf8E4M3FN> 448 1{{$}}
  // VALUES-NEXT: tensor<2xf8E5M2> 57344 1{{$}}
  return %0, %1, %2, %3, %4, %5 : tensor<3xf64>, tensor<2xf32>, tensor<2xf16>, tensor<2xbf16>, tensor<2xf8E4M3FN>, tensor<2xf8E5M2>
}

// VALUES-LABEL: @constant_of_each_integer
func.func @constant_of_each_integer()
    -> (tensor<2xi64>, tensor<2xi8>, tensor<2xui8>, tensor<1xui64>, tensor<2xi4>, tensor<2xui4>, tensor<2xi1>) {
  %0 = graph.constant dense<[-9223372036854775808, 9223372036854775807]> : tensor<2xi64>
  %1 = graph.constant dense<[-128, 127]> : tensor<2xi8>
  %2 = graph.constant dense<[0, 255]> : tensor<2xui8>
  %3 = graph.constant dense<[18446744073709551615]> : tensor<1xui64>
  %4 = graph.constant dense<[-8, 7]> : tensor<2xi4>
  %5 = graph.constant dense<[0, 15]> : tensor<2xui4>
  %6 = graph.constant dense<[true, false]> : tensor<2xi1>
  // VALUES-NEXT: tensor<2xi64> -9223372036854775808 9223372036854775807{{$}}
  // VALUES-NEXT: tensor<2xi8> -128 127{{$}}
  // VALUES-NEXT: tensor<2xui8> 0 255{{$}}
  // VALUES-NEXT: tensor<1xui64> 18446744073709551615{{$}}
  // VALUES-NEXT: tensor<2xi4> -8 7{{$}}
  // VALUES-NEXT: tensor<2xui4> 0 15{{$}}
  // VALUES-NEXT: tensor<2xi1> true false{{$}}
  return %0, %1, %2, %3, %4, %5, %6 : tensor<2xi64>, tensor<2xi8>, tensor<2xui8>, tensor<1xui64>, tensor<2xi4>, tensor<2xui4>, tensor<2xi1>
}
