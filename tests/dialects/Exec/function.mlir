// RUN: tenon-opt %s --split-input-file --verify-diagnostics | tenon-opt --split-input-file | FileCheck %s

// CHECK-LABEL: exec.function @copies parameters 2
// CHECK:         exec.copy %{{.+}} to %{{.+}} bytes #graph.dim<16>
exec.function @copies parameters 2 {
  %x = exec.parameter 0
  %y = exec.parameter 1
  exec.copy %x to %y bytes #graph.dim<16>
}

// -----

// expected-error @below {{'exec.function' op has -1 parameters: expected 0 or more}}
exec.function @function_c1 parameters -1 {
}
