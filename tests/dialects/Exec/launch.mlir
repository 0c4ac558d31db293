// RUN: tenon-opt %s --split-input-file --verify-diagnostics | tenon-opt --split-input-file | FileCheck %s

// CHECK-LABEL: exec.program @one_launch
// CHECK:         exec.launch @k(%{{.+}}, %{{.+}}) scalars [#graph.dim<B>] grid [#graph.dim<B>, #graph.dim<64>] by [8, 48]
func.func private @k()
exec.program @one_launch inputs ["x"] outputs ["y"] symbols [] : (tensor<4xf32>) -> tensor<4xf32> {
  %x = exec.input 0
  %y = exec.output 0
  exec.launch @k(%x, %y) scalars [#graph.dim<B>] grid [#graph.dim<B>, #graph.dim<64>] by [8, 48]
}

// -----

func.func private @k()
exec.program @launch_c1 inputs [] outputs [] symbols [] : () -> () {
  // expected-error @below {{'exec.launch' op needs one block an axis of the grid: expected 1, got 2}}
  exec.launch @k() scalars [] grid [#graph.dim<64>] by [8, 48]
}

// -----

func.func private @k()
exec.program @launch_c1_zero inputs [] outputs [] symbols [] : () -> () {
  // expected-error @below {{'exec.launch' op has a block of 0 elements: expected 1 or more}}
  exec.launch @k() scalars [] grid [#graph.dim<64>] by [0]
}

// -----

exec.program @launch_c2 inputs [] outputs [] symbols [] : () -> () {
  // expected-error @below {{'exec.launch' op there is no kernel 'k'}}
  exec.launch @k() scalars [] grid [] by []
}

// -----

// CHECK-LABEL: exec.program @launch_with_a_variant
// CHECK:         exec.launch @k() scalars [] grid [#graph.dim<B>] by [64] {variants = [#exec.variant<@few, axis 0 at most 16, by [8]>]}
func.func private @k()
func.func private @few()
exec.program @launch_with_a_variant inputs [] outputs [] symbols [] : () -> () {
  exec.launch @k() scalars [] grid [#graph.dim<B>] by [64] {variants = [#exec.variant<@few, axis 0 at most 16, by [8]>]}
}

// -----

func.func private @k()
exec.program @launch_c1_of_a_variant inputs [] outputs [] symbols [] : () -> () {
  // expected-error @below {{'exec.launch' op needs one block an axis of the grid: expected 1, got 2}}
  exec.launch @k() scalars [] grid [#graph.dim<B>] by [64] {variants = [#exec.variant<@k, axis 0 at most 16, by [8, 1]>]}
}

// -----

func.func private @k()
exec.program @launch_c2_of_a_variant inputs [] outputs [] symbols [] : () -> () {
  // expected-error @below {{'exec.launch' op there is no kernel 'few'}}
  exec.launch @k() scalars [] grid [#graph.dim<B>] by [64] {variants = [#exec.variant<@few, axis 0 at most 16, by [8]>]}
}

// -----

func.func private @k()
exec.program @launch_c3 inputs [] outputs [] symbols [] : () -> () {
  // expected-error @below {{'exec.launch' op has a variant of an axis that its grid has not: expected less than 1, got 2}}
  exec.launch @k() scalars [] grid [#graph.dim<B>] by [64] {variants = [#exec.variant<@k, axis 2 at most 16, by [8]>]}
}
