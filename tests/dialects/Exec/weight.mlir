// RUN: tenon-opt %s --split-input-file --verify-diagnostics | tenon-opt --split-input-file | FileCheck %s

// CHECK-LABEL: exec.program @one_weight
// CHECK:         exec.weight @bias
func.func private @bias() -> tensor<2xf32> {
  %0 = graph.constant dense<1.0> : tensor<2xf32>
  return %0 : tensor<2xf32>
}
exec.program @one_weight inputs [] outputs [] symbols [] : () -> () {
  %w = exec.weight @bias
}

// -----

func.func private @takes_an_argument(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
exec.program @weight_c1 inputs [] outputs [] symbols [] : () -> () {
  // expected-error @below {{'exec.weight' op 'takes_an_argument' is not a function without arguments and with one result}}
  %w = exec.weight @takes_an_argument
}
