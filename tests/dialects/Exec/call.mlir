// RUN: tenon-opt %s --split-input-file --verify-diagnostics | tenon-opt --split-input-file | FileCheck %s

// CHECK-LABEL: exec.program @twice
// CHECK:         exec.call @layer(%{{.+}}, %{{.+}})
// CHECK:         exec.call @layer(%{{.+}}, %{{.+}})
exec.function @layer parameters 2 {
  %x = exec.parameter 0
  %y = exec.parameter 1
  exec.copy %x to %y bytes #graph.dim<16>
}
exec.program @twice inputs ["x"] outputs ["y"] symbols [] : (tensor<4xf32>) -> tensor<4xf32> {
  %x = exec.input 0
  %s = exec.slot [#graph.dim<16>]
  exec.call @layer(%x, %s)
  %y = exec.output 0
  exec.call @layer(%s, %y)
}

// -----

func.func private @layer()
exec.program @call_c1 inputs [] outputs [] symbols [] : () -> () {
  // expected-error @below {{'exec.call' op there is no exec.function 'layer'}}
  exec.call @layer()
}

// -----

exec.function @layer parameters 2 {
}
exec.program @call_c2 inputs ["x"] outputs [] symbols [] : (tensor<4xf32>) -> () {
  %x = exec.input 0
  // expected-error @below {{'exec.call' op needs one buffer a parameter of 'layer': expected 2, got 1}}
  exec.call @layer(%x)
}
