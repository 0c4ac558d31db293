// RUN: tenon-opt %s --round-by-reciprocal --split-input-file | FileCheck %s

// A zero point between the rounding and the cast; a divisor below zero.

// CHECK-LABEL: func @quantize
// CHECK-SAME:    (%[[X:.+]]: tensor<?x8xf32
// CHECK-DAG:     %[[MOST:.+]] = graph.constant dense<-3.333333{{.*}}>
// CHECK-DAG:     %[[REST:.+]] = graph.constant dense<-{{.+}}E-{{.+}}>
// CHECK-DAG:     %[[LOW:.+]] = graph.mul %[[X]], %[[REST]]
// CHECK:         %[[Q:.+]] = graph.fma %[[X]], %[[MOST]], %[[LOW]]
// CHECK:         %[[ROUND:.+]] = graph.round %[[Q]]
// CHECK:         %[[SUM:.+]] = graph.add %[[ROUND]], %{{.+}}
// CHECK:         graph.cast %[[SUM]] {to = i8}
func.func @quantize(%x: tensor<?x8xf32, #graph.dims<L, 8>>) -> tensor<?x8xi8, #graph.dims<L, 8>> {
  %scale = graph.constant dense<-0.3> : tensor<f32>
  %zero = graph.constant dense<3.0> : tensor<f32>
  %0 = graph.div %x, %scale : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<f32>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  %1 = graph.round %0 : (tensor<?x8xf32, #graph.dims<L, 8>>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  %2 = graph.add %zero, %1 : (tensor<f32>, tensor<?x8xf32, #graph.dims<L, 8>>) -> tensor<?x8xf32, #graph.dims<L, 8>>
  %3 = graph.cast %2 {to = i8} : (tensor<?x8xf32, #graph.dims<L, 8>>) -> tensor<?x8xi8, #graph.dims<L, 8>>
  return %3 : tensor<?x8xi8, #graph.dims<L, 8>>
}

// -----

// A power of two has a reciprocal without a rest.

// CHECK-LABEL: func @power_of_two
// CHECK-SAME:    (%[[X:.+]]: tensor<8xf32>)
// CHECK:         %[[R:.+]] = graph.constant dense<4.000000e+00>
// CHECK:         %[[Q:.+]] = graph.mul %[[X]], %[[R]]
// CHECK:         graph.round %[[Q]]
func.func @power_of_two(%x: tensor<8xf32>) -> tensor<8xui8> {
  %scale = graph.constant dense<0.25> : tensor<f32>
  %0 = graph.div %x, %scale : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %1 = graph.round %0 : (tensor<8xf32>) -> tensor<8xf32>
  %2 = graph.cast %1 {to = ui8} : (tensor<8xf32>) -> tensor<8xui8>
  return %2 : tensor<8xui8>
}

// -----

// Left alone: a divisor that nobody knows, one too small for a reciprocal, a
// quotient whose last digits are read, and one that is cast to more bits.

// CHECK-LABEL: func @others
// CHECK-COUNT-4: graph.div
// CHECK-NOT:     graph.fma
func.func @others(%x: tensor<8xf32>, %s: tensor<f32>) -> (tensor<8xui8>, tensor<8xui8>, tensor<8xf32>, tensor<8xi32>) {
  %tiny = graph.constant dense<1.0e-30> : tensor<f32>
  %scale = graph.constant dense<0.05> : tensor<f32>
  %0 = graph.div %x, %s : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %1 = graph.round %0 : (tensor<8xf32>) -> tensor<8xf32>
  %2 = graph.cast %1 {to = ui8} : (tensor<8xf32>) -> tensor<8xui8>
  %3 = graph.div %x, %tiny : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %4 = graph.round %3 : (tensor<8xf32>) -> tensor<8xf32>
  %5 = graph.cast %4 {to = ui8} : (tensor<8xf32>) -> tensor<8xui8>
  %6 = graph.div %x, %scale : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %7 = graph.round %6 : (tensor<8xf32>) -> tensor<8xf32>
  %8 = graph.div %s, %scale : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %9 = graph.add %x, %8 : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %10 = graph.round %9 : (tensor<8xf32>) -> tensor<8xf32>
  %11 = graph.cast %10 {to = i32} : (tensor<8xf32>) -> tensor<8xi32>
  return %2, %5, %7, %11 : tensor<8xui8>, tensor<8xui8>, tensor<8xf32>, tensor<8xi32>
}
