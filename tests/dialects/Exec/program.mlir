// RUN: tenon-opt %s --split-input-file --verify-diagnostics | tenon-opt --split-input-file | FileCheck %s

// Steps stand in a program, between places of memory.

// CHECK-LABEL: exec.program @main inputs ["x"] outputs ["y"] symbols [#graph.symbol<"B" in 1 to 64 by 1>] : (tensor<?x8xf32, #graph.dims<B, 8>>) -> tensor<?x8xf32, #graph.dims<B, 8>> {
// CHECK:         %[[X:.+]] = exec.input 0
// CHECK:         %[[Y:.+]] = exec.output 0
// CHECK:         exec.copy %[[X]] to %[[Y]] bytes #graph.dim<32*B>
exec.program @main inputs ["x"] outputs ["y"] symbols [#graph.symbol<"B" in 1 to 64 by 1>]
    : (tensor<?x8xf32, #graph.dims<B, 8>>) -> tensor<?x8xf32, #graph.dims<B, 8>> {
  %x = exec.input 0
  %y = exec.output 0
  exec.copy %x to %y bytes #graph.dim<32*B>
}

// -----

// expected-error @below {{'exec.program' op needs one name an input: expected 1, got 2}}
exec.program @program_c1 inputs ["x", "z"] outputs [] symbols [] : (tensor<4xf32>) -> () {
}

// -----

// expected-error @below {{'exec.program' op needs one name an output: expected 1, got 0}}
exec.program @program_c2 inputs [] outputs [] symbols [] : () -> tensor<4xf32> {
}
