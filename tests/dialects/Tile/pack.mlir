// RUN: tenon-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @pack_prints_as_written
// CHECK: tile.pack %{{.+}}, <1/48, 0, 1 mod 48> : tensor<8x48xf32>
func.func @pack_prints_as_written(%x: tensor<8x48xf32>) -> tensor<8x48xf32> {
  %y = tile.pack %x, <1/48, 0, 1 mod 48> : tensor<8x48xf32>
  return %y : tensor<8x48xf32>
}
