// RUN: tenon-opt %s --simplify-graph | FileCheck %s

// The only query is the last one, which sees all keys. Four heads that share
// keys are four queries of one head.

// CHECK-LABEL: func @shared_keys
// CHECK:       %[[Q:.*]] = graph.reshape %{{.*}} -> tensor<2x2x4x8xf32>
// CHECK:       %[[A:.*]] = graph.attention %[[Q]], %{{.*}} {operandSegmentSizes = {{.*}}, scale = 1.250000e-01 : f64}{{.*}}-> tensor<2x2x4x8xf32>
// CHECK:       graph.reshape %[[A]] {{.*}}-> tensor<2x8x1x8xf32>
func.func @shared_keys(%q: tensor<2x8x1x8xf32>, %k: tensor<2x2x5x8xf32>, %m: tensor<2x1x1x5xi1>) -> tensor<2x8x1x8xf32> {
  %0 = graph.attention %q, %k, %k, %m {causal, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>, scale = 0.125 : f64} : (tensor<2x8x1x8xf32>, tensor<2x2x5x8xf32>, tensor<2x2x5x8xf32>, tensor<2x1x1x5xi1>) -> tensor<2x8x1x8xf32>
  return %0 : tensor<2x8x1x8xf32>
}

// A bias that differs among heads keeps them apart; two queries are causal.

// CHECK-LABEL: func @biased
// CHECK-NOT:   graph.reshape
// CHECK:       graph.attention {{.*}}-> tensor<2x8x1x8xf32>
func.func @biased(%q: tensor<2x8x1x8xf32>, %k: tensor<2x2x5x8xf32>, %b: tensor<8x1x5xf32>) -> tensor<2x8x1x8xf32> {
  %0 = graph.attention %q, %k, %k, %b {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1>, scale = 0.125 : f64} : (tensor<2x8x1x8xf32>, tensor<2x2x5x8xf32>, tensor<2x2x5x8xf32>, tensor<8x1x5xf32>) -> tensor<2x8x1x8xf32>
  return %0 : tensor<2x8x1x8xf32>
}

// CHECK-LABEL: func @two_queries
// CHECK-NOT:   graph.reshape
// CHECK:       graph.attention {{.*}}{causal,
func.func @two_queries(%q: tensor<2x8x2x8xf32>, %k: tensor<2x2x5x8xf32>) -> tensor<2x8x2x8xf32> {
  %0 = graph.attention %q, %k, %k {causal, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.125 : f64} : (tensor<2x8x2x8xf32>, tensor<2x2x5x8xf32>, tensor<2x2x5x8xf32>) -> tensor<2x8x2x8xf32>
  return %0 : tensor<2x8x2x8xf32>
}
