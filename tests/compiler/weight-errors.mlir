// Weights are evaluated ahead of their turn; of two that cannot be read the first
// is told, once, and no artifact appears.

// RUN: not tenon compile %s -o %t.tenon 2>&1 | FileCheck %s --implicit-check-not=error
// RUN: not ls %t.tenon

// CHECK: error: {{.*}}weight-errors.mlir:[[#@LINE+2]]:8: weight "first" ends at byte 4096 but '/dev/null' has 0 bytes
func.func @main(%x: tensor<16x32xf32>) -> tensor<16x8xf32> {
  %0 = graph.weight <"/dev/null" name "first" at 0 bytes 4096> : tensor<32x32xf32>
  %1 = graph.weight <"/dev/null" name "second" at 4096 bytes 1024> : tensor<32x8xf32>
  %2 = graph.matmul %x, %0 : (tensor<16x32xf32>, tensor<32x32xf32>) -> tensor<16x32xf32>
  %3 = graph.matmul %2, %1 : (tensor<16x32xf32>, tensor<32x8xf32>) -> tensor<16x8xf32>
  return %3 : tensor<16x8xf32>
}
