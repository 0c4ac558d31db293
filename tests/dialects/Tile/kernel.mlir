// RUN: tenon-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: tile.kernel @kernel_prints_as_written
// CHECK: tile.grid
tile.kernel @kernel_prints_as_written(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 1 outputs 1 {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %i = tile.grid [%n by BM]
  %v = tile.view %x[%n, %c4] : !tile.view<?x4xf32>

  tile.return
}

// -----

// expected-error @below {{'tile.kernel' op needs 1 input and 0 output buffers, then indices: argument 0 is 'index'}}
tile.kernel @kernel_c1(%n: index) inputs 1 outputs 0 {
  %i = tile.grid [%n by 1]
  tile.return
}

// -----

// expected-error @below {{'tile.kernel' op needs exactly one 'tile.grid', got 0}}
tile.kernel @kernel_c2(%n: index) inputs 0 outputs 0 {
  tile.return
}

// -----

// CHECK-LABEL: tile.kernel @kernel_with_a_variant
// CHECK-SAME: outputs 0 variants [#tile.variant<@few, axis 1 at most 16>]
tile.kernel @kernel_with_a_variant(%n: index) inputs 0 outputs 0 variants [#tile.variant<@few, axis 1 at most 16>] {
  %i, %j = tile.grid [%n by 1, %n by 64]
  tile.return
}
tile.kernel @few(%n: index) inputs 0 outputs 0 {
  %i, %j = tile.grid [%n by 1, %n by 16]
  tile.return
}

// -----

// expected-error @below {{'tile.kernel' op has a variant of an axis that its grid has not: expected less than 1, got 1}}
tile.kernel @kernel_c3(%n: index) inputs 0 outputs 0 variants [#tile.variant<@few, axis 1 at most 16>] {
  %i = tile.grid [%n by 64]
  tile.return
}

// -----

// expected-error @below {{'tile.kernel' op needs another kernel as a variant, got @kernel_c4}}
tile.kernel @kernel_c4(%n: index) inputs 0 outputs 0 variants [#tile.variant<@kernel_c4, axis 0 at most 16>] {
  %i = tile.grid [%n by 64]
  tile.return
}

// -----

// expected-error @below {{'tile.kernel' op needs a variant with its own arguments and grid: expected 0 inputs of ('index') and 1 axes, got @few with 0 inputs of ('index', 'index') and 1 axes}}
tile.kernel @kernel_c4_arguments(%n: index) inputs 0 outputs 0 variants [#tile.variant<@few, axis 0 at most 16>] {
  %i = tile.grid [%n by 64]
  tile.return
}
tile.kernel @few(%n: index, %m: index) inputs 0 outputs 0 {
  %i = tile.grid [%n by 16]
  tile.return
}
