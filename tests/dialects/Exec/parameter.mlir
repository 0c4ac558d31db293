// RUN: tenon-opt %s --split-input-file --verify-diagnostics | tenon-opt --split-input-file | FileCheck %s

// CHECK-LABEL: exec.function @one
// CHECK:         exec.parameter 0
exec.function @one parameters 1 {
  %x = exec.parameter 0
}

// -----

exec.function @parameter_c1 parameters 1 {
  // expected-error @below {{'exec.parameter' op is not a parameter of the function: expected less than 1, got 1}}
  %x = exec.parameter 1
}
