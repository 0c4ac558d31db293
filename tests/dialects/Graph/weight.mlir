// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir
// RUN: not tenon-interpret %t/refused.mlir 2>&1 | FileCheck %t/refused.mlir

//--- syntax.mlir
// CHECK-LABEL: func @weight_prints_as_written
func.func @weight_prints_as_written() -> tensor<2x3xbf16> {
  // CHECK: graph.weight <"model.onnx" name "encoder.0.weight" at 4096 bytes 12> : tensor<2x3xbf16>
  %0 = graph.weight <"model.onnx" name "encoder.0.weight" at 4096 bytes 12> : tensor<2x3xbf16>
  return %0 : tensor<2x3xbf16>
}

// -----

// A bool is a byte; three 4-bit integers are two bytes.
func.func @weight_of_narrow_elements() -> (tensor<3xi1>, tensor<3xi4>) {
  %0 = graph.weight <"m" name "mask" at 0 bytes 3> : tensor<3xi1>
  %1 = graph.weight <"m" name "codes" at 0 bytes 2> : tensor<3xi4>
  return %0, %1 : tensor<3xi1>, tensor<3xi4>
}

// -----

func.func @weight_c1() {
  // expected-error @below {{'graph.weight' op needs a static shape: expected numbers, got 'tensor<?x3xf32>'}}
  %0 = graph.weight <"m" name "w" at 0 bytes 12> : tensor<?x3xf32>
  return
}

// -----

func.func @weight_c2() {
  // expected-error @below {{'graph.weight' op needs the bytes of its elements: expected 24 for 'tensor<2x3xf32>', got 12}}
  %0 = graph.weight <"m" name "w" at 0 bytes 12> : tensor<2x3xf32>
  return
}

// -----

func.func @weight_c3() {
  // expected-error @below {{'graph.weight' op needs a place in its file: expected an offset of at least 0, got -4}}
  %0 = graph.weight <"m" name "w" at -4 bytes 24> : tensor<2x3xf32>
  return
}

//--- meaning.mlir
// The interpreter reads the file beside this one: 64 is 0x40, `@`.

// CHECK-LABEL: @weight_is_read_from_its_file
func.func @weight_is_read_from_its_file() -> (tensor<2xi8>, tensor<2xi4>) {
  %0 = graph.weight <"store.bin" name "bytes" at 1 bytes 2> : tensor<2xi8>
  %1 = graph.weight <"store.bin" name "nibbles" at 1 bytes 1> : tensor<2xi4>
  // CHECK-NEXT: tensor<2xi8> 65 66{{$}}
  // CHECK-NEXT: tensor<2xi4> 1 4{{$}}
  return %0, %1 : tensor<2xi8>, tensor<2xi4>
}

//--- store.bin
@ABC
//--- refused.mlir
// CHECK: refused.mlir:[[#@LINE+2]]:8: error: weight "far" ends at byte 108 but '{{.*}}store.bin' has 5 bytes
func.func @weight_past_the_end() -> tensor<2xf32> {
  %0 = graph.weight <"store.bin" name "far" at 100 bytes 8> : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// CHECK: error: weight "lost" is not readable: '{{.*}}none.bin': No such file or directory
func.func @weight_without_a_file() -> tensor<2xf32> {
  %0 = graph.weight <"none.bin" name "lost" at 0 bytes 8> : tensor<2xf32>
  return %0 : tensor<2xf32>
}
