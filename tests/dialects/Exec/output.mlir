// RUN: tenon-opt %s --split-input-file --verify-diagnostics | tenon-opt --split-input-file | FileCheck %s

// CHECK-LABEL: exec.program @first_output
// CHECK:         exec.output 0
exec.program @first_output inputs [] outputs ["y"] symbols [] : () -> tensor<4xf32> {
  %y = exec.output 0
}

// -----

exec.program @output_c1 inputs [] outputs ["y"] symbols [] : () -> tensor<4xf32> {
  // expected-error @below {{'exec.output' op is not an output of the program: expected less than 1, got 3}}
  %y = exec.output 3
}
