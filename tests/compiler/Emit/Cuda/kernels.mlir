// RUN: tenon-opt %s --split-input-file --fuse-groups --form-kernels --choose-cuda-schedule --apply-schedule | FileCheck %s

// All of it becomes scheduled kernels; VirtualGpuTest runs them.
// CHECK-NOT: graph.group
// CHECK-NOT: tile.extent

func.func @product_with_what_follows(%x: tensor<?x40xf32, #graph.dims<L, 40>>) -> tensor<?x100xf32, #graph.dims<L, 100>> {
  %w = graph.weight <"WEIGHTS" name "w" at 64 bytes 16000> : tensor<40x100xf32>
  %b = graph.weight <"WEIGHTS" name "b" at 20000 bytes 400> : tensor<100xf32>
  %0 = graph.matmul %x, %w : (tensor<?x40xf32, #graph.dims<L, 40>>, tensor<40x100xf32>) -> tensor<?x100xf32, #graph.dims<L, 100>>
  %1 = graph.add %0, %b : (tensor<?x100xf32, #graph.dims<L, 100>>, tensor<100xf32>) -> tensor<?x100xf32, #graph.dims<L, 100>>
  %2 = graph.gelu %1 {form = #graph<gelu_form erf>} : (tensor<?x100xf32, #graph.dims<L, 100>>) -> tensor<?x100xf32, #graph.dims<L, 100>>
  return %2 : tensor<?x100xf32, #graph.dims<L, 100>>
}

// -----

func.func @product_of_an_odd_depth(%x: tensor<?x37xf32, #graph.dims<L, 37>>, %y: tensor<37x?xf32, #graph.dims<37, B>>) -> tensor<?x?xf32, #graph.dims<L, B>> {
  %0 = graph.matmul %x, %y : (tensor<?x37xf32, #graph.dims<L, 37>>, tensor<37x?xf32, #graph.dims<37, B>>) -> tensor<?x?xf32, #graph.dims<L, B>>
  return %0 : tensor<?x?xf32, #graph.dims<L, B>>
}

// -----

func.func @product_of_an_open_depth(%x: tensor<?x5x?xf32, #graph.dims<B, 5, L>>, %y: tensor<?x?x7xf32, #graph.dims<B, L, 7>>) -> tensor<?x5x7xf32, #graph.dims<B, 5, 7>> {
  %0 = graph.matmul %x, %y : (tensor<?x5x?xf32, #graph.dims<B, 5, L>>, tensor<?x?x7xf32, #graph.dims<B, L, 7>>) -> tensor<?x5x7xf32, #graph.dims<B, 5, 7>>
  return %0 : tensor<?x5x7xf32, #graph.dims<B, 5, 7>>
}

// -----

func.func @product_of_narrow_floats(%x: tensor<?x96xbf16, #graph.dims<L, 96>>, %w: tensor<96x72xbf16>) -> tensor<?x72xbf16, #graph.dims<L, 72>> {
  %0 = graph.matmul %x, %w : (tensor<?x96xbf16, #graph.dims<L, 96>>, tensor<96x72xbf16>) -> tensor<?x72xbf16, #graph.dims<L, 72>>
  return %0 : tensor<?x72xbf16, #graph.dims<L, 72>>
}

// -----

func.func @product_of_half_floats(%x: tensor<?x40xf16, #graph.dims<L, 40>>, %w: tensor<40x24xf16>) -> tensor<?x24xf16, #graph.dims<L, 24>> {
  %0 = graph.matmul %x, %w : (tensor<?x40xf16, #graph.dims<L, 40>>, tensor<40x24xf16>) -> tensor<?x24xf16, #graph.dims<L, 24>>
  return %0 : tensor<?x24xf16, #graph.dims<L, 24>>
}

// -----

func.func @product_of_a_transposed_side(%x: tensor<?x48xbf16, #graph.dims<L, 48>>, %y: tensor<?x48xbf16, #graph.dims<B, 48>>) -> tensor<?x?xbf16, #graph.dims<L, B>> {
  %t = graph.transpose %y {permutation = array<i64: 1, 0>} : (tensor<?x48xbf16, #graph.dims<B, 48>>) -> tensor<48x?xbf16, #graph.dims<48, B>>
  %0 = graph.matmul %x, %t : (tensor<?x48xbf16, #graph.dims<L, 48>>, tensor<48x?xbf16, #graph.dims<48, B>>) -> tensor<?x?xbf16, #graph.dims<L, B>>
  return %0 : tensor<?x?xbf16, #graph.dims<L, B>>
}

// -----

func.func @attention_with_a_mask(%q: tensor<?x4x?x16xf32, #graph.dims<B, 4, L, 16>>, %k: tensor<?x2x?x16xf32, #graph.dims<B, 2, L, 16>>, %m: tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, L>>) -> tensor<?x4x?x16xf32, #graph.dims<B, 4, L, 16>> {
  %0 = graph.attention %q, %k, %k, %m {nan_to_zero, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>, scale = 0.25 : f64} : (tensor<?x4x?x16xf32, #graph.dims<B, 4, L, 16>>, tensor<?x2x?x16xf32, #graph.dims<B, 2, L, 16>>, tensor<?x2x?x16xf32, #graph.dims<B, 2, L, 16>>, tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, L>>) -> tensor<?x4x?x16xf32, #graph.dims<B, 4, L, 16>>
  return %0 : tensor<?x4x?x16xf32, #graph.dims<B, 4, L, 16>>
}

// -----

func.func @causal_attention_behind_a_past(%q: tensor<1x2x?x32xf32, #graph.dims<1, 2, L, 32>>, %k: tensor<1x2x?x32xf32, #graph.dims<1, 2, L + P, 32>>, %v: tensor<1x2x?x48xf32, #graph.dims<1, 2, L + P, 48>>, %b: tensor<2x?x?xf32, #graph.dims<2, L, L + P>>, %p: tensor<?xf32, #graph.dims<P>>) -> tensor<1x2x?x48xf32, #graph.dims<1, 2, L, 48>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.attention %q, %k, %v, %b {causal, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1>, scale = 0.125 : f64} : (tensor<1x2x?x32xf32, #graph.dims<1, 2, L, 32>>, tensor<1x2x?x32xf32, #graph.dims<1, 2, L + P, 32>>, tensor<1x2x?x48xf32, #graph.dims<1, 2, L + P, 48>>, tensor<2x?x?xf32, #graph.dims<2, L, L + P>>) -> tensor<1x2x?x48xf32, #graph.dims<1, 2, L, 48>>
  return %0 : tensor<1x2x?x48xf32, #graph.dims<1, 2, L, 48>>
}

// -----

func.func @attention_of_narrow_floats(%q: tensor<?x2x?x64xbf16, #graph.dims<B, 2, L, 64>>, %k: tensor<?x2x?x64xbf16, #graph.dims<B, 2, L, 64>>) -> tensor<?x2x?x64xbf16, #graph.dims<B, 2, L, 64>> {
  %0 = graph.attention %q, %k, %k {causal, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.125 : f64} : (tensor<?x2x?x64xbf16, #graph.dims<B, 2, L, 64>>, tensor<?x2x?x64xbf16, #graph.dims<B, 2, L, 64>>, tensor<?x2x?x64xbf16, #graph.dims<B, 2, L, 64>>) -> tensor<?x2x?x64xbf16, #graph.dims<B, 2, L, 64>>
  return %0 : tensor<?x2x?x64xbf16, #graph.dims<B, 2, L, 64>>
}

// -----

func.func @norm_of_short_rows(%x: tensor<?x50xf32, #graph.dims<L, 50>>, %r: tensor<?x50xf32, #graph.dims<L, 50>>, %s: tensor<50xf32>) -> tensor<?x50xf32, #graph.dims<L, 50>> {
  %0 = graph.add %x, %r : (tensor<?x50xf32, #graph.dims<L, 50>>, tensor<?x50xf32, #graph.dims<L, 50>>) -> tensor<?x50xf32, #graph.dims<L, 50>>
  %1 = graph.layer_norm %0, %s {epsilon = 1.0e-5 : f64} : (tensor<?x50xf32, #graph.dims<L, 50>>, tensor<50xf32>) -> tensor<?x50xf32, #graph.dims<L, 50>>
  return %1 : tensor<?x50xf32, #graph.dims<L, 50>>
}

// -----

func.func @norm_of_long_rows(%x: tensor<?x2500xf32, #graph.dims<B, 2500>>, %s: tensor<2500xf32>) -> tensor<?x2500xf32, #graph.dims<B, 2500>> {
  %0 = graph.rms_norm %x, %s {epsilon = 1.0e-5 : f64} : (tensor<?x2500xf32, #graph.dims<B, 2500>>, tensor<2500xf32>) -> tensor<?x2500xf32, #graph.dims<B, 2500>>
  return %0 : tensor<?x2500xf32, #graph.dims<B, 2500>>
}

// -----

func.func @softmax_of_open_rows(%x: tensor<?x?xf32, #graph.dims<B, L>>) -> tensor<?x?xf32, #graph.dims<B, L>> {
  %0 = graph.softmax %x {axis = 1 : i64} : (tensor<?x?xf32, #graph.dims<B, L>>) -> tensor<?x?xf32, #graph.dims<B, L>>
  return %0 : tensor<?x?xf32, #graph.dims<B, L>>
}

// -----

func.func @sum_down_the_columns(%x: tensor<?x?x40xf32, #graph.dims<B, L, 40>>) -> tensor<?x40xf32, #graph.dims<B, 40>> {
  %0 = graph.reduce %x {kind = #graph<reduce_kind sum>, axes = array<i64: 1>, keep_dims = false} : (tensor<?x?x40xf32, #graph.dims<B, L, 40>>) -> tensor<?x40xf32, #graph.dims<B, 40>>
  return %0 : tensor<?x40xf32, #graph.dims<B, 40>>
}

// -----

func.func @greatest_of_all(%x: tensor<?xf32, #graph.dims<L>>) -> tensor<f32> {
  %0 = graph.reduce %x {kind = #graph<reduce_kind max>, axes = array<i64: 0>, keep_dims = false} : (tensor<?xf32, #graph.dims<L>>) -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

func.func @transposed_store(%x: tensor<?x30xf32, #graph.dims<L, 30>>) -> tensor<30x?xf32, #graph.dims<30, L>> {
  %0 = graph.exp %x : (tensor<?x30xf32, #graph.dims<L, 30>>) -> tensor<?x30xf32, #graph.dims<L, 30>>
  %1 = graph.transpose %0 {permutation = array<i64: 1, 0>} : (tensor<?x30xf32, #graph.dims<L, 30>>) -> tensor<30x?xf32, #graph.dims<30, L>>
  return %1 : tensor<30x?xf32, #graph.dims<30, L>>
}

// -----

func.func @product_of_bytes_and_weights(%x: tensor<?x200xui8, #graph.dims<L, 200>>) -> tensor<?x72xf32, #graph.dims<L, 72>> {
  %w = graph.weight <"WEIGHTS" name "w" at 64 bytes 14400> : tensor<200x72xi8>
  %0 = graph.cast %x {to = i32} : (tensor<?x200xui8, #graph.dims<L, 200>>) -> tensor<?x200xi32, #graph.dims<L, 200>>
  %1 = graph.cast %w {to = i32} : (tensor<200x72xi8>) -> tensor<200x72xi32>
  %2 = graph.matmul %0, %1 : (tensor<?x200xi32, #graph.dims<L, 200>>, tensor<200x72xi32>) -> tensor<?x72xi32, #graph.dims<L, 72>>
  %3 = graph.cast %2 {to = f32} : (tensor<?x72xi32, #graph.dims<L, 72>>) -> tensor<?x72xf32, #graph.dims<L, 72>>
  return %3 : tensor<?x72xf32, #graph.dims<L, 72>>
}

// -----

func.func @product_of_bytes_that_lie_apart(%x: tensor<?x37xi8, #graph.dims<L, 37>>, %y: tensor<37x?xui8, #graph.dims<37, B>>) -> tensor<?x?xi32, #graph.dims<L, B>> {
  %0 = graph.cast %x {to = i32} : (tensor<?x37xi8, #graph.dims<L, 37>>) -> tensor<?x37xi32, #graph.dims<L, 37>>
  %1 = graph.cast %y {to = i32} : (tensor<37x?xui8, #graph.dims<37, B>>) -> tensor<37x?xi32, #graph.dims<37, B>>
  %2 = graph.matmul %0, %1 : (tensor<?x37xi32, #graph.dims<L, 37>>, tensor<37x?xi32, #graph.dims<37, B>>) -> tensor<?x?xi32, #graph.dims<L, B>>
  return %2 : tensor<?x?xi32, #graph.dims<L, B>>
}

// -----

func.func @product_of_bytes_and_a_transposed_side(%x: tensor<?x5x?xi8, #graph.dims<B, 5, L>>, %y: tensor<?x7x?xi8, #graph.dims<B, 7, L>>) -> tensor<?x5x7xi32, #graph.dims<B, 5, 7>> {
  %t = graph.transpose %y {permutation = array<i64: 0, 2, 1>} : (tensor<?x7x?xi8, #graph.dims<B, 7, L>>) -> tensor<?x?x7xi8, #graph.dims<B, L, 7>>
  %0 = graph.cast %x {to = i32} : (tensor<?x5x?xi8, #graph.dims<B, 5, L>>) -> tensor<?x5x?xi32, #graph.dims<B, 5, L>>
  %1 = graph.cast %t {to = i32} : (tensor<?x?x7xi8, #graph.dims<B, L, 7>>) -> tensor<?x?x7xi32, #graph.dims<B, L, 7>>
  %2 = graph.matmul %0, %1 : (tensor<?x5x?xi32, #graph.dims<B, 5, L>>, tensor<?x?x7xi32, #graph.dims<B, L, 7>>) -> tensor<?x5x7xi32, #graph.dims<B, 5, 7>>
  return %2 : tensor<?x5x7xi32, #graph.dims<B, 5, 7>>
}

// -----

func.func @one_query_of_each_head(%q: tensor<?x4x1x64xbf16, #graph.dims<B, 4, 1, 64>>, %k: tensor<?x2x?x64xbf16, #graph.dims<B, 2, P, 64>>, %m: tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, P>>) -> tensor<?x4x1x64xbf16, #graph.dims<B, 4, 1, 64>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.attention %q, %k, %k, %m {nan_to_zero, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>, scale = 0.125 : f64} : (tensor<?x4x1x64xbf16, #graph.dims<B, 4, 1, 64>>, tensor<?x2x?x64xbf16, #graph.dims<B, 2, P, 64>>, tensor<?x2x?x64xbf16, #graph.dims<B, 2, P, 64>>, tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, P>>) -> tensor<?x4x1x64xbf16, #graph.dims<B, 4, 1, 64>>
  return %0 : tensor<?x4x1x64xbf16, #graph.dims<B, 4, 1, 64>>
}

// -----

func.func @one_query_and_many_keys(%q: tensor<1x8x1x64xbf16>, %k: tensor<1x2x640x64xbf16>, %b: tensor<1x1x1x640xbf16>, %r: tensor<1x8x1x64xbf16>) -> tensor<1x8x1x64xbf16> {
  %0 = graph.attention %q, %k, %k, %b {causal, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1>, scale = 0.125 : f64} : (tensor<1x8x1x64xbf16>, tensor<1x2x640x64xbf16>, tensor<1x2x640x64xbf16>, tensor<1x1x1x640xbf16>) -> tensor<1x8x1x64xbf16>
  %1 = graph.add %0, %r : (tensor<1x8x1x64xbf16>, tensor<1x8x1x64xbf16>) -> tensor<1x8x1x64xbf16>
  return %1 : tensor<1x8x1x64xbf16>
}

// -----

// A warp for one query: rows of 40 values, which no power of two divides, and
// as many keys as there are at run time.
func.func @one_query_in_registers(%q: tensor<?x2x1x64xbf16, #graph.dims<B, 2, 1, 64>>, %k: tensor<?x2x?x64xbf16, #graph.dims<B, 2, P, 64>>, %v: tensor<?x2x?x40xbf16, #graph.dims<B, 2, P, 40>>, %m: tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, P>>) -> tensor<?x2x1x40xbf16, #graph.dims<B, 2, 1, 40>> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.attention %q, %k, %v, %m {nan_to_zero, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>, scale = 0.125 : f64} : (tensor<?x2x1x64xbf16, #graph.dims<B, 2, 1, 64>>, tensor<?x2x?x64xbf16, #graph.dims<B, 2, P, 64>>, tensor<?x2x?x40xbf16, #graph.dims<B, 2, P, 40>>, tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, P>>) -> tensor<?x2x1x40xbf16, #graph.dims<B, 2, 1, 40>>
  return %0 : tensor<?x2x1x40xbf16, #graph.dims<B, 2, 1, 40>>
}

// -----

// The same of f32 and of so many keys that several warps have parts of them.
func.func @one_query_in_parts(%q: tensor<1x3x1x48xf32>, %k: tensor<1x3x?x48xf32, #graph.dims<1, 3, P + 700, 48>>, %b: tensor<3x1x?xf32, #graph.dims<3, 1, P + 700>>, %p: tensor<?xf32, #graph.dims<P>>) -> tensor<1x3x1x48xf32> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.attention %q, %k, %k, %b {causal, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1>, scale = 0.125 : f64} : (tensor<1x3x1x48xf32>, tensor<1x3x?x48xf32, #graph.dims<1, 3, P + 700, 48>>, tensor<1x3x?x48xf32, #graph.dims<1, 3, P + 700, 48>>, tensor<3x1x?xf32, #graph.dims<3, 1, P + 700>>) -> tensor<1x3x1x48xf32>
  return %0 : tensor<1x3x1x48xf32>
}

// -----

func.func @few_queries_behind_a_past(%q: tensor<1x2x5x32xf32>, %k: tensor<1x2x?x32xf32, #graph.dims<1, 2, P + 600, 32>>, %p: tensor<?xf32, #graph.dims<P>>) -> tensor<1x2x5x32xf32> attributes {graph.symbols = [#graph.symbol<"P" in 0 to -1 by 1>]} {
  %0 = graph.attention %q, %k, %k {causal, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.125 : f64} : (tensor<1x2x5x32xf32>, tensor<1x2x?x32xf32, #graph.dims<1, 2, P + 600, 32>>, tensor<1x2x?x32xf32, #graph.dims<1, 2, P + 600, 32>>) -> tensor<1x2x5x32xf32>
  return %0 : tensor<1x2x5x32xf32>
}

// -----

func.func @few_queries_of_heads_with_biases(%q: tensor<?x4x1x32xf32, #graph.dims<B, 4, 1, 32>>, %k: tensor<?x2x300x32xf32, #graph.dims<B, 2, 300, 32>>, %b: tensor<4x1x300xf32>) -> tensor<?x4x1x32xf32, #graph.dims<B, 4, 1, 32>> {
  %0 = graph.attention %q, %k, %k, %b {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1>, scale = 0.125 : f64} : (tensor<?x4x1x32xf32, #graph.dims<B, 4, 1, 32>>, tensor<?x2x300x32xf32, #graph.dims<B, 2, 300, 32>>, tensor<?x2x300x32xf32, #graph.dims<B, 2, 300, 32>>, tensor<4x1x300xf32>) -> tensor<?x4x1x32xf32, #graph.dims<B, 4, 1, 32>>
  return %0 : tensor<?x4x1x32xf32, #graph.dims<B, 4, 1, 32>>
}

// -----

// One row: eight warps share what is contracted, and 700 is no whole turn.
func.func @row_times_a_matrix(%x: tensor<1x700xbf16>, %w: tensor<700x100xbf16>, %b: tensor<100xf32>) -> tensor<1x100xf32> {
  %c = graph.matmul %x, %w : (tensor<1x700xbf16>, tensor<700x100xbf16>) -> tensor<1x100xbf16>
  %f = graph.cast %c {to = f32} : (tensor<1x100xbf16>) -> tensor<1x100xf32>
  %s = graph.add %f, %b : (tensor<1x100xf32>, tensor<100xf32>) -> tensor<1x100xf32>
  %0 = graph.gelu %s {form = #graph<gelu_form erf>} : (tensor<1x100xf32>) -> tensor<1x100xf32>
  return %0 : tensor<1x100xf32>
}

// -----

// The rows of several matrices, which lie along what is contracted.
func.func @rows_times_transposed_matrices(%x: tensor<?x1x?xf32, #graph.dims<B, 1, L>>, %y: tensor<?x37x?xf32, #graph.dims<B, 37, L>>) -> tensor<?x1x37xf32, #graph.dims<B, 1, 37>> {
  %n = graph.tanh %x : (tensor<?x1x?xf32, #graph.dims<B, 1, L>>) -> tensor<?x1x?xf32, #graph.dims<B, 1, L>>
  %t = graph.transpose %y {permutation = array<i64: 0, 2, 1>} : (tensor<?x37x?xf32, #graph.dims<B, 37, L>>) -> tensor<?x?x37xf32, #graph.dims<B, L, 37>>
  %0 = graph.matmul %n, %t : (tensor<?x1x?xf32, #graph.dims<B, 1, L>>, tensor<?x?x37xf32, #graph.dims<B, L, 37>>) -> tensor<?x1x37xf32, #graph.dims<B, 1, 37>>
  return %0 : tensor<?x1x37xf32, #graph.dims<B, 1, 37>>
}

// -----

func.func @row_times_four_bits(%x: tensor<1x64xbf16>, %w: tensor<64x48xui4>) -> tensor<1x48xbf16> {
  %f = graph.cast %w {to = bf16} : (tensor<64x48xui4>) -> tensor<64x48xbf16>
  %0 = graph.matmul %x, %f : (tensor<1x64xbf16>, tensor<64x48xbf16>) -> tensor<1x48xbf16>
  return %0 : tensor<1x48xbf16>
}

// -----

func.func @rows_of_four_bits(%w: tensor<70x13xi4>, %x: tensor<?x13xf32, #graph.dims<L, 13>>) -> tensor<?x13xf32, #graph.dims<L, 13>> {
  %i = graph.iota {axis = 0 : i64} : () -> tensor<?xi64, #graph.dims<L>>
  %r = graph.gather %w, %i {axis = 0 : i64} : (tensor<70x13xi4>, tensor<?xi64, #graph.dims<L>>) -> tensor<?x13xi4, #graph.dims<L, 13>>
  %f = graph.cast %r {to = f32} : (tensor<?x13xi4, #graph.dims<L, 13>>) -> tensor<?x13xf32, #graph.dims<L, 13>>
  %0 = graph.mul %f, %x : (tensor<?x13xf32, #graph.dims<L, 13>>, tensor<?x13xf32, #graph.dims<L, 13>>) -> tensor<?x13xf32, #graph.dims<L, 13>>
  return %0 : tensor<?x13xf32, #graph.dims<L, 13>>
}

// -----

func.func @product_of_four_bits(%x: tensor<?x64xbf16, #graph.dims<L, 64>>, %w: tensor<64x48xui4>) -> tensor<?x48xbf16, #graph.dims<L, 48>> {
  %f = graph.cast %w {to = bf16} : (tensor<64x48xui4>) -> tensor<64x48xbf16>
  %0 = graph.matmul %x, %f : (tensor<?x64xbf16, #graph.dims<L, 64>>, tensor<64x48xbf16>) -> tensor<?x48xbf16, #graph.dims<L, 48>>
  return %0 : tensor<?x48xbf16, #graph.dims<L, 48>>
}

// -----

func.func @sum_that_is_normalized_and_goes_on(%x: tensor<?x96xbf16, #graph.dims<L, 96>>, %r: tensor<?x96xbf16, #graph.dims<L, 96>>, %w: tensor<96xf32>) -> (tensor<?x96xbf16, #graph.dims<L, 96>>, tensor<?x96xf32, #graph.dims<L, 96>>) {
  %s = graph.add %x, %r : (tensor<?x96xbf16, #graph.dims<L, 96>>, tensor<?x96xbf16, #graph.dims<L, 96>>) -> tensor<?x96xbf16, #graph.dims<L, 96>>
  %f = graph.cast %s {to = f32} : (tensor<?x96xbf16, #graph.dims<L, 96>>) -> tensor<?x96xf32, #graph.dims<L, 96>>
  %0 = graph.rms_norm %f, %w {epsilon = 1.0e-5 : f64} : (tensor<?x96xf32, #graph.dims<L, 96>>, tensor<96xf32>) -> tensor<?x96xf32, #graph.dims<L, 96>>
  return %s, %0 : tensor<?x96xbf16, #graph.dims<L, 96>>, tensor<?x96xf32, #graph.dims<L, 96>>
}

// -----

func.func @attention_of_heads_of_80(%q: tensor<1x2x?x80xbf16, #graph.dims<1, 2, L, 80>>) -> tensor<1x2x?x80xbf16, #graph.dims<1, 2, L, 80>> {
  %0 = graph.attention %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.125 : f64} : (tensor<1x2x?x80xbf16, #graph.dims<1, 2, L, 80>>, tensor<1x2x?x80xbf16, #graph.dims<1, 2, L, 80>>, tensor<1x2x?x80xbf16, #graph.dims<1, 2, L, 80>>) -> tensor<1x2x?x80xbf16, #graph.dims<1, 2, L, 80>>
  return %0 : tensor<1x2x?x80xbf16, #graph.dims<1, 2, L, 80>>
}

// -----

func.func @attention_of_heads_of_16(%q: tensor<1x2x?x16xbf16, #graph.dims<1, 2, L, 16>>) -> tensor<1x2x?x16xbf16, #graph.dims<1, 2, L, 16>> {
  %0 = graph.attention %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.25 : f64} : (tensor<1x2x?x16xbf16, #graph.dims<1, 2, L, 16>>, tensor<1x2x?x16xbf16, #graph.dims<1, 2, L, 16>>, tensor<1x2x?x16xbf16, #graph.dims<1, 2, L, 16>>) -> tensor<1x2x?x16xbf16, #graph.dims<1, 2, L, 16>>
  return %0 : tensor<1x2x?x16xbf16, #graph.dims<1, 2, L, 16>>
}
