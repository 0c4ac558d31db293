// RUN: tenon-opt %s --split-input-file --verify-diagnostics | tenon-opt --split-input-file | FileCheck %s

// CHECK-LABEL: exec.program @last_input
// CHECK:         exec.input 1
exec.program @last_input inputs ["x", "y"] outputs [] symbols [] : (tensor<4xf32>, tensor<4xf32>) -> () {
  %y = exec.input 1
}

// -----

exec.program @input_c1 inputs ["x"] outputs [] symbols [] : (tensor<4xf32>) -> () {
  // expected-error @below {{'exec.input' op is not an input of the program: expected less than 1, got 1}}
  %x = exec.input 1
}
