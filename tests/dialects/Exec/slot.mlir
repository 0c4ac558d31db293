// RUN: tenon-opt %s --split-input-file --verify-diagnostics | tenon-opt --split-input-file | FileCheck %s

// CHECK-LABEL: exec.program @two_sizes
// CHECK:         exec.slot [#graph.dim<32*B>, #graph.dim<4096>]
exec.program @two_sizes inputs [] outputs [] symbols [] : () -> () {
  %s = exec.slot [#graph.dim<32*B>, #graph.dim<4096>]
}

// -----

exec.program @slot_c1 inputs [] outputs [] symbols [] : () -> () {
  // expected-error @below {{'exec.slot' op has no size}}
  %s = exec.slot []
}
