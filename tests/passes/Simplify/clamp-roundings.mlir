// RUN: tenon-opt %s --clamp-roundings --split-input-file | FileCheck %s

// The example in the pass's description is run by tests/house.

// A NaN is 0 in the integer type, which of signed ones is no end. What is made
// of the number may be read twice on its way to the next rounding.

// CHECK-LABEL: func @signed
// CHECK-SAME:    (%[[X:.+]]: tensor<?x8xf32{{.*}}>, %[[S:.+]]: tensor<f32>, %[[B:.+]]: tensor<8xf32>)
// CHECK-DAG:     %[[ZERO:.+]] = graph.constant dense<3.{{0+}}e+00>
// CHECK-DAG:     %[[LOW:.+]] = graph.constant dense<-1.25{{0+}}e+02>
// CHECK-DAG:     %[[HIGH:.+]] = graph.constant dense<1.30{{0+}}e+02>
// CHECK:         %[[NAN:.+]] = graph.is_nan %[[X]]
// CHECK:         %[[Y:.+]] = graph.where %[[NAN]], %[[ZERO]], %[[X]]
// CHECK:         %[[GT:.+]] = graph.compare %[[Y]], %[[LOW]] {predicate = #graph<predicate gt>}
// CHECK:         %[[C:.+]] = graph.where %[[GT]], %[[Y]], %[[LOW]]
// CHECK:         %[[LT:.+]] = graph.compare %[[C]], %[[HIGH]] {predicate = #graph<predicate lt>}
// CHECK:         %[[D:.+]] = graph.where %[[LT]], %[[C]], %[[HIGH]]
// CHECK:         %[[R:.+]] = graph.round %[[D]]
// CHECK:         graph.add %[[R]], %[[B]]
func.func @signed(%x: tensor<?x8xf32, #graph.dims<L, 8>>, %s: tensor<f32>, %b: tensor<8xf32>) -> tensor<?x8xi8, #graph.dims<L, 8>> {
  %zero = graph.constant dense<-3.0> : tensor<f32>
  %0 = graph.round %x : (tensor<?x8xf32, #graph.dims<L, 8>>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  %1 = graph.add %0, %zero : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<f32>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  %2 = graph.cast %1 {to = i8} : (tensor<?x8xf32, #graph.dims<L, 8>>) -> tensor<?x8xi8, #graph.dims<L, 8>>
  %3 = graph.cast %2 {to = f32} : (tensor<?x8xi8, #graph.dims<L, 8>>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  %4 = graph.sub %3, %zero : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<f32>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  %5 = graph.add %4, %b : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<8xf32>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  %6 = graph.mul %5, %s : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<f32>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  %7 = graph.fma %5, %s, %6 : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<f32>, tensor<?x8xf32, #graph.dims<L, 8>>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  %8 = graph.round %7 : (tensor<?x8xf32, #graph.dims<L, 8>>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  %9 = graph.cast %8 {to = i8} : (tensor<?x8xf32, #graph.dims<L, 8>>) -> tensor<?x8xi8, #graph.dims<L, 8>>
  return %9 : tensor<?x8xi8, #graph.dims<L, 8>>
}

// -----

// Without a zero point.

// CHECK-LABEL: func @symmetric
// CHECK-DAG:     %[[LOW:.+]] = graph.constant dense<0.{{0+}}e+00>
// CHECK-DAG:     %[[HIGH:.+]] = graph.constant dense<2.55{{0+}}e+02>
// CHECK:         graph.round
// CHECK-NEXT:    graph.mul
func.func @symmetric(%x: tensor<8xf32>, %s: tensor<f32>) -> tensor<8xf32> {
  %0 = graph.round %x : (tensor<8xf32>) -> tensor<8xf32>
  %1 = graph.cast %0 {to = ui8} : (tensor<8xf32>) -> tensor<8xui8>
  %2 = graph.cast %1 {to = f32} : (tensor<8xui8>) -> tensor<8xf32>
  %3 = graph.mul %2, %s : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %4 = graph.round %3 : (tensor<8xf32>) -> tensor<8xf32>
  return %4 : tensor<8xf32>
}

// -----

// Left alone: others read the integers; what becomes of them is read with a
// tensor from elsewhere, or not rounded; the zero points are two numbers.

// CHECK-LABEL: func @left_alone
// CHECK-NOT:     graph.where
func.func @left_alone(%x: tensor<8xf32>, %y: tensor<2x8xf32>, %z: tensor<2x8xf32>) -> (tensor<8xui8>, tensor<8xf32>, tensor<2x8xf32>, tensor<8xf32>, tensor<8xf32>) {
  %three = graph.constant dense<3.0> : tensor<f32>
  %four = graph.constant dense<4.0> : tensor<f32>
  %0 = graph.round %x : (tensor<8xf32>) -> tensor<8xf32>
  %1 = graph.cast %0 {to = ui8} : (tensor<8xf32>) -> tensor<8xui8>
  %2 = graph.cast %1 {to = f32} : (tensor<8xui8>) -> tensor<8xf32>
  %3 = graph.round %2 : (tensor<8xf32>) -> tensor<8xf32>
  %4 = graph.round %y : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %5 = graph.cast %4 {to = ui8} : (tensor<2x8xf32>) -> tensor<2x8xui8>
  %6 = graph.cast %5 {to = f32} : (tensor<2x8xui8>) -> tensor<2x8xf32>
  %7 = graph.add %6, %z : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  %8 = graph.round %7 : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %9 = graph.mul %x, %three : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %10 = graph.round %9 : (tensor<8xf32>) -> tensor<8xf32>
  %11 = graph.cast %10 {to = ui8} : (tensor<8xf32>) -> tensor<8xui8>
  %12 = graph.cast %11 {to = f32} : (tensor<8xui8>) -> tensor<8xf32>
  %13 = graph.mul %x, %four : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %14 = graph.round %13 : (tensor<8xf32>) -> tensor<8xf32>
  %15 = graph.add %14, %three : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %16 = graph.cast %15 {to = ui8} : (tensor<8xf32>) -> tensor<8xui8>
  %17 = graph.cast %16 {to = f32} : (tensor<8xui8>) -> tensor<8xf32>
  %18 = graph.sub %17, %four : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %19 = graph.round %18 : (tensor<8xf32>) -> tensor<8xf32>
  return %1, %3, %8, %12, %19 : tensor<8xui8>, tensor<8xf32>, tensor<2x8xf32>, tensor<8xf32>, tensor<8xf32>
}

// -----

// bf16 is a rounding too. The clamp of an unsigned number that is 0 at 0 takes NaN
// for 0; that of a signed one, or of another zero point, leaves the choice.

// CHECK-LABEL: func @of_shares
// CHECK-SAME:    (%[[P:.+]]: tensor<8xf32>)
// CHECK:         %[[PART:.+]] = graph.mul %[[P]], %
// CHECK:         %[[Y:.+]] = graph.fma %[[P]], %{{.+}}, %[[PART]]
// CHECK:         graph.compare %[[Y]], %
// CHECK:         %[[N:.+]] = graph.round
// CHECK-NEXT:    graph.cast %[[N]] {to = bf16}
func.func @of_shares(%p: tensor<8xf32>) -> tensor<8xbf16> {
  %none = graph.constant dense<0.0> : tensor<f32>
  %r = graph.constant dense<255.0> : tensor<f32>
  %s = graph.constant dense<1.0e-6> : tensor<f32>
  %0 = graph.is_nan %p : (tensor<8xf32>) -> tensor<8xi1>
  %1 = graph.where %0, %none, %p : (tensor<8xi1>, tensor<f32>, tensor<8xf32>) -> tensor<8xf32>
  %2 = graph.mul %1, %s : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %3 = graph.fma %1, %r, %2 : (tensor<8xf32>, tensor<f32>, tensor<8xf32>) -> tensor<8xf32>
  %4 = graph.round %3 : (tensor<8xf32>) -> tensor<8xf32>
  %5 = graph.cast %4 {to = ui8} : (tensor<8xf32>) -> tensor<8xui8>
  %6 = graph.cast %5 {to = f32} : (tensor<8xui8>) -> tensor<8xf32>
  %7 = graph.cast %6 {to = bf16} : (tensor<8xf32>) -> tensor<8xbf16>
  return %7 : tensor<8xbf16>
}

// CHECK-LABEL: func @of_signed_shares
// CHECK:         graph.is_nan
// CHECK:         graph.is_nan
func.func @of_signed_shares(%p: tensor<8xf32>) -> tensor<8xf32> {
  %none = graph.constant dense<0.0> : tensor<f32>
  %r = graph.constant dense<127.0> : tensor<f32>
  %0 = graph.is_nan %p : (tensor<8xf32>) -> tensor<8xi1>
  %1 = graph.where %0, %none, %p : (tensor<8xi1>, tensor<f32>, tensor<8xf32>) -> tensor<8xf32>
  %2 = graph.mul %1, %r : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %3 = graph.round %2 : (tensor<8xf32>) -> tensor<8xf32>
  %4 = graph.cast %3 {to = i8} : (tensor<8xf32>) -> tensor<8xi8>
  %5 = graph.cast %4 {to = f32} : (tensor<8xi8>) -> tensor<8xf32>
  %6 = graph.round %5 : (tensor<8xf32>) -> tensor<8xf32>
  return %6 : tensor<8xf32>
}
