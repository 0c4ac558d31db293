// RUN: tenon-opt %s --split-input-file --verify-diagnostics | tenon-opt --split-input-file | FileCheck %s

// CHECK-LABEL: exec.program @input_to_slot
// CHECK:         exec.copy %{{.+}} to %{{.+}} bytes #graph.dim<16>
exec.program @input_to_slot inputs ["x"] outputs [] symbols [] : (tensor<4xf32>) -> () {
  %x = exec.input 0
  %s = exec.slot [#graph.dim<16>]
  exec.copy %x to %s bytes #graph.dim<16>
}

// -----

exec.program @copy_c1 inputs ["x"] outputs ["y"] symbols [] : (tensor<4xf32>) -> tensor<4xf32> {
  %x = exec.input 0
  %y = exec.output 0
  // expected-error @below {{'exec.copy' op writes to what is read only: expected an exec.output, an exec.slot or an exec.parameter, got exec.input}}
  exec.copy %y to %x bytes #graph.dim<16>
}
