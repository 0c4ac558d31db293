// RUN: tenon-opt %s --form-kernels --verify-diagnostics --split-input-file | FileCheck %s

// Leading dims are one axis of the grid; their product is the kernel's scalar.

// CHECK-LABEL: tile.kernel @matmul
// CHECK-SAME:    %[[ROWS:[a-z0-9]+]]: index) inputs 2 outputs 1
// CHECK:         tile.grid [%[[ROWS]] by BM, %{{.+}} by BN]
// CHECK:         tile.view %{{.+}}[%[[ROWS]], %{{.+}}] : !tile.view<?x8xf32>
// CHECK-LABEL: func @rows_are_flattened
// CHECK:         tile.launch @matmul(%{{.+}}, %{{.+}}) scalars [#graph.dim<B*L>]
func.func @rows_are_flattened(%x: tensor<?x?x8xf32, #graph.dims<B, L, 8>>, %w: tensor<8x4xf32>) -> tensor<?x?x4xf32, #graph.dims<B, L, 4>> {
  %0 = graph.group (%a = %x : tensor<?x?x8xf32, #graph.dims<B, L, 8>>, %b = %w : tensor<8x4xf32>) -> tensor<?x?x4xf32, #graph.dims<B, L, 4>> {
    %1 = graph.matmul %a, %b : (tensor<?x?x8xf32, #graph.dims<B, L, 8>>, tensor<8x4xf32>) -> tensor<?x?x4xf32, #graph.dims<B, L, 4>>
    graph.yield %1 : tensor<?x?x4xf32, #graph.dims<B, L, 4>>
  }
  return %0 : tensor<?x?x4xf32, #graph.dims<B, L, 4>>
}

// -----

// Two groups of one text share a kernel.

// CHECK:       tile.kernel @neg
// CHECK-NOT:   tile.kernel
// CHECK-LABEL: func @shared
// CHECK-COUNT-2: tile.launch @neg(
func.func @shared(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = graph.group (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
    %2 = graph.neg %a : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %2 : tensor<4xf32>
  }
  %1 = graph.group (%a = %0 : tensor<4xf32>) -> tensor<4xf32> {
    %2 = graph.neg %a : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %2 : tensor<4xf32>
  }
  return %1 : tensor<4xf32>
}

// -----

// A bias that repeats only along L keeps B and L apart: no axis can hold both.

// CHECK-LABEL: tile.kernel @add
// CHECK:         tile.grid [%{{.+}} by 1, %{{.+}} by BM, %{{.+}} by BN]
func.func @mixed_broadcast(%x: tensor<2x3x4xf32>, %b: tensor<2x1x4xf32>) -> tensor<2x3x4xf32> {
  %0 = graph.group (%a = %x : tensor<2x3x4xf32>, %c = %b : tensor<2x1x4xf32>) -> tensor<2x3x4xf32> {
    %1 = graph.add %a, %c : (tensor<2x3x4xf32>, tensor<2x1x4xf32>) -> tensor<2x3x4xf32>
    graph.yield %1 : tensor<2x3x4xf32>
  }
  return %0 : tensor<2x3x4xf32>
}

// -----

// The reshape adds a dim of extent 1, along which its operand has no axis.

// CHECK-LABEL: tile.kernel @neg_add
// CHECK:         tile.load {{.+}} -> <[BM], f32>
// CHECK:         tile.load {{.+}} -> <[BM, BN], f32>
func.func @axis_of_a_new_dim(%x: tensor<4x3xf32>, %b: tensor<3x1xf32>) -> tensor<4x3x1xf32> {
  %0 = graph.group (%a = %x : tensor<4x3xf32>, %c = %b : tensor<3x1xf32>) -> tensor<4x3x1xf32> {
    %1 = graph.neg %a : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %2 = graph.reshape %1 : (tensor<4x3xf32>) -> tensor<4x3x1xf32>
    %3 = graph.add %2, %c : (tensor<4x3x1xf32>, tensor<3x1xf32>) -> tensor<4x3x1xf32>
    graph.yield %3 : tensor<4x3x1xf32>
  }
  return %0 : tensor<4x3x1xf32>
}

// -----

// A concat along a middle dim and a sum along the last share no grid: the
// concat becomes a kernel of its own.

// CHECK:       tile.kernel @concat
// CHECK-LABEL: func @split
// CHECK:         tile.launch @concat(
func.func @split(%x: tensor<2x3x4xf32>, %y: tensor<2x5x4xf32>) -> tensor<16x4xf32> {
  %0 = graph.group (%a = %x : tensor<2x3x4xf32>, %b = %y : tensor<2x5x4xf32>) -> tensor<16x4xf32> {
    %1 = graph.concat %a, %b {axis = 1 : i64} : (tensor<2x3x4xf32>, tensor<2x5x4xf32>) -> tensor<2x8x4xf32>
    %2 = graph.reshape %1 : (tensor<2x8x4xf32>) -> tensor<16x4xf32>
    %3 = graph.softmax %2 {axis = 1 : i64} : (tensor<16x4xf32>) -> tensor<16x4xf32>
    graph.yield %3 : tensor<16x4xf32>
  }
  return %0 : tensor<16x4xf32>
}

// -----

// The reduced axis runs along two dims, the operand of max repeats along one of
// them: max becomes a kernel of its own.

// CHECK-LABEL: func @producer_is_cut_off
// CHECK:         %[[M:.+]] = tile.launch @max(
// CHECK:         tile.launch @reduce_relu(%[[M]])
func.func @producer_is_cut_off(%x: tensor<4x3xf32>, %s: tensor<4x1xf32>) -> tensor<f32> {
  %0 = graph.group (%a = %x : tensor<4x3xf32>, %b = %s : tensor<4x1xf32>) -> tensor<f32> {
    %1 = graph.max %a, %b : (tensor<4x3xf32>, tensor<4x1xf32>) -> tensor<4x3xf32>
    %2 = graph.reduce %1 {kind = #graph<reduce_kind sum>, axes = array<i64: 0, 1>, keep_dims = false} : (tensor<4x3xf32>) -> tensor<f32>
    %3 = graph.relu %2 : (tensor<f32>) -> tensor<f32>
    graph.yield %3 : tensor<f32>
  }
  return %0 : tensor<f32>
}

// -----

// The reshape stands between two values of which neither has dims that the
// other could take as one.

// CHECK-LABEL: func @view_inside_is_cut_off
// CHECK:         %[[S:.+]] = tile.launch @sub(
// CHECK:         tile.launch @mul(%{{.+}}, %[[S]])
func.func @view_inside_is_cut_off(%x: tensor<?x?xf32, #graph.dims<A, B>>, %s: tensor<?xf32, #graph.dims<B>>, %t: tensor<2x?xf32, #graph.dims<2, A*B>>)
    -> tensor<2x?xf32, #graph.dims<2, A*B>> {
  %0 = graph.group (%a = %x : tensor<?x?xf32, #graph.dims<A, B>>, %b = %s : tensor<?xf32, #graph.dims<B>>, %c = %t : tensor<2x?xf32, #graph.dims<2, A*B>>) -> tensor<2x?xf32, #graph.dims<2, A*B>> {
    %1 = graph.sub %a, %b : (tensor<?x?xf32, #graph.dims<A, B>>, tensor<?xf32, #graph.dims<B>>) -> tensor<?x?xf32, #graph.dims<A, B>>
    %2 = graph.reshape %1 : (tensor<?x?xf32, #graph.dims<A, B>>) -> tensor<?xf32, #graph.dims<A*B>>
    %3 = graph.mul %c, %2 : (tensor<2x?xf32, #graph.dims<2, A*B>>, tensor<?xf32, #graph.dims<A*B>>) -> tensor<2x?xf32, #graph.dims<2, A*B>>
    graph.yield %3 : tensor<2x?xf32, #graph.dims<2, A*B>>
  }
  return %0 : tensor<2x?xf32, #graph.dims<2, A*B>>
}

// -----

// Views that lead to what no grid suits them with are one copy.

// CHECK-LABEL: func @views_are_cut_off_together
// CHECK:         %[[C:.+]] = tile.launch @copy(%{{.+}})
// CHECK-NEXT:    tile.launch @neg(%[[C]])
func.func @views_are_cut_off_together(%x: tensor<2x6x4xf32>) -> tensor<6x8xf32> {
  %0 = graph.group (%a = %x : tensor<2x6x4xf32>) -> tensor<6x8xf32> {
    %1 = graph.reshape %a : (tensor<2x6x4xf32>) -> tensor<2x3x2x2x2xf32>
    %2 = graph.transpose %1 {permutation = array<i64: 1, 3, 0, 2, 4>} : (tensor<2x3x2x2x2xf32>) -> tensor<3x2x2x2x2xf32>
    %3 = graph.reshape %2 : (tensor<3x2x2x2x2xf32>) -> tensor<6x8xf32>
    %4 = graph.neg %3 : (tensor<6x8xf32>) -> tensor<6x8xf32>
    graph.yield %4 : tensor<6x8xf32>
  }
  return %0 : tensor<6x8xf32>
}

// -----

// What is rounded to bf16 or to 8 bits needs no function of 24 bits.

// CHECK-LABEL: tile.kernel @gelu(
// CHECK:         math.erfc %{{.+}} {tile.limited, tile.relative} : f32
// CHECK-LABEL: tile.kernel @gelu_cast_mul(
// CHECK:         math.erfc %{{.+}} {tile.limited, tile.relative} : f32
// CHECK-LABEL: tile.kernel @gelu_mul_fma_round_add_cast(
// CHECK:         math.erfc %{{.+}} {tile.limited, tile.relative, tile.rounded_to_bf16} : f32
// CHECK-LABEL: tile.kernel @gelu_cast(
// CHECK:         math.erfc %{{.+}} {tile.limited, tile.relative, tile.rounded_to_bf16} : f32
func.func @rounded_functions(%x: tensor<8xf32>, %s: tensor<f32>) -> (tensor<8xbf16>, tensor<8xui8>, tensor<8xf32>, tensor<8xf32>) {
  %0 = graph.group (%a = %x : tensor<8xf32>) -> tensor<8xbf16> {
    %4 = graph.gelu %a {form = #graph<gelu_form erf>} : (tensor<8xf32>) -> tensor<8xf32>
    %5 = graph.cast %4 {to = bf16} : (tensor<8xf32>) -> tensor<8xbf16>
    graph.yield %5 : tensor<8xbf16>
  }
  %1 = graph.group (%a = %x : tensor<8xf32>, %b = %s : tensor<f32>) -> tensor<8xui8> {
    %4 = graph.gelu %a {form = #graph<gelu_form erf>} : (tensor<8xf32>) -> tensor<8xf32>
    %5 = graph.mul %4, %b : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
    %6 = graph.fma %4, %b, %5 : (tensor<8xf32>, tensor<f32>, tensor<8xf32>) -> tensor<8xf32>
    %7 = graph.round %6 : (tensor<8xf32>) -> tensor<8xf32>
    %8 = graph.add %7, %b : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
    %9 = graph.cast %8 {to = ui8} : (tensor<8xf32>) -> tensor<8xui8>
    graph.yield %9 : tensor<8xui8>
  }
  %2 = graph.group (%a = %x : tensor<8xf32>) -> tensor<8xf32> {
    %4 = graph.gelu %a {form = #graph<gelu_form erf>} : (tensor<8xf32>) -> tensor<8xf32>
    %5 = graph.cast %4 {to = bf16} : (tensor<8xf32>) -> tensor<8xbf16>
    %6 = graph.cast %5 {to = f32} : (tensor<8xbf16>) -> tensor<8xf32>
    %7 = graph.mul %6, %4 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
    graph.yield %7 : tensor<8xf32>
  }
  %3 = graph.group (%a = %x : tensor<8xf32>) -> tensor<8xf32> {
    %4 = graph.gelu %a {form = #graph<gelu_form erf>} : (tensor<8xf32>) -> tensor<8xf32>
    graph.yield %4 : tensor<8xf32>
  }
  return %0, %1, %2, %3 : tensor<8xbf16>, tensor<8xui8>, tensor<8xf32>, tensor<8xf32>
}

// -----

func.func @no_kernel(%x: tensor<2xf32>) -> tensor<f32> {
  // expected-error @below {{no kernel can be made of contract}}
  %0 = graph.group (%a = %x : tensor<2xf32>) -> tensor<f32> {
    %1 = graph.contract %a, %a {equation = "i,i->"} : (tensor<2xf32>, tensor<2xf32>) -> tensor<f32>
    graph.yield %1 : tensor<f32>
  }
  return %0 : tensor<f32>
}

// -----

// What is read by a map, and by that map once more through others, is computed
// once: one map stands for all of them. The product stays by itself.

// CHECK-LABEL: tile.kernel @matmul_mul_sub_fma
// CHECK:         %[[P:.+]] = scf.for
// CHECK:         %[[M:.+]] = tile.map %[[P]], %{{.+}}, %{{.+}} maps {{\[\[}}0, 1], [1], [1]]
// CHECK-NEXT:    ^bb0(%[[X:.+]]: f32, %[[A:.+]]: f32, %[[B:.+]]: f32):
// CHECK-NEXT:      %[[S:.+]] = arith.mulf %[[X]], %[[A]]
// CHECK-NEXT:      %[[D:.+]] = arith.subf %[[S]], %[[B]]
// CHECK-NEXT:      %[[R:.+]] = math.fma %[[X]], %[[A]], %[[D]]
// CHECK-NEXT:      tile.yield %[[R]]
// CHECK:         tile.store %[[M]]
func.func @diamond(%x: tensor<?x8xf32, #graph.dims<B, 8>>, %w: tensor<8x4xf32>, %v: tensor<4xf32>, %u: tensor<4xf32>) -> tensor<?x4xf32, #graph.dims<B, 4>> {
  %0 = graph.group (%a = %x : tensor<?x8xf32, #graph.dims<B, 8>>, %c = %w : tensor<8x4xf32>, %d = %v : tensor<4xf32>, %e = %u : tensor<4xf32>) -> tensor<?x4xf32, #graph.dims<B, 4>> {
    %1 = graph.matmul %a, %c : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<8x4xf32>) -> tensor<?x4xf32, #graph.dims<B, 4>>
    %2 = graph.mul %1, %d : (tensor<?x4xf32, #graph.dims<B, 4>>, tensor<4xf32>) -> tensor<?x4xf32, #graph.dims<B, 4>>
    %3 = graph.sub %2, %e : (tensor<?x4xf32, #graph.dims<B, 4>>, tensor<4xf32>) -> tensor<?x4xf32, #graph.dims<B, 4>>
    %4 = graph.fma %1, %d, %3 : (tensor<?x4xf32, #graph.dims<B, 4>>, tensor<4xf32>, tensor<?x4xf32, #graph.dims<B, 4>>) -> tensor<?x4xf32, #graph.dims<B, 4>>
    graph.yield %4 : tensor<?x4xf32, #graph.dims<B, 4>>
  }
  return %0 : tensor<?x4xf32, #graph.dims<B, 4>>
}

// -----

// Shares of a row of exponentials are as accurate as these; what is added to a
// share is not.

// CHECK-LABEL: tile.kernel @softmax(
// CHECK:         math.exp %{{.+}} {tile.not_positive, tile.relative} : f32
// CHECK-LABEL: tile.kernel @softmax_cast(
// CHECK:         math.exp %{{.+}} {tile.not_positive, tile.relative, tile.rounded_to_bf16} : f32
// CHECK-LABEL: tile.kernel @sigmoid_add_cast(
// CHECK:         math.exp %{{.+}} {tile.relative} : f32
// CHECK:         arith.divf %{{.+}} {tile.relative} : f32
// CHECK-LABEL: tile.kernel @silu_cast(
// CHECK:         math.exp %{{.+}} {tile.relative, tile.rounded_to_bf16} : f32
// CHECK:         arith.divf %{{.+}} {tile.relative, tile.rounded_to_bf16} : f32
func.func @rounded_shares(%x: tensor<4x8xf32>) -> (tensor<4x8xbf16>, tensor<4x8xbf16>, tensor<4x8xbf16>, tensor<4x8xf32>) {
  %0 = graph.group (%a = %x : tensor<4x8xf32>) -> tensor<4x8xbf16> {
    %4 = graph.silu %a : (tensor<4x8xf32>) -> tensor<4x8xf32>
    %5 = graph.cast %4 {to = bf16} : (tensor<4x8xf32>) -> tensor<4x8xbf16>
    graph.yield %5 : tensor<4x8xbf16>
  }
  %1 = graph.group (%a = %x : tensor<4x8xf32>) -> tensor<4x8xbf16> {
    %4 = graph.sigmoid %a : (tensor<4x8xf32>) -> tensor<4x8xf32>
    %5 = graph.add %4, %a : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
    %6 = graph.cast %5 {to = bf16} : (tensor<4x8xf32>) -> tensor<4x8xbf16>
    graph.yield %6 : tensor<4x8xbf16>
  }
  %2 = graph.group (%a = %x : tensor<4x8xf32>) -> tensor<4x8xbf16> {
    %4 = graph.softmax %a {axis = 1 : i64} : (tensor<4x8xf32>) -> tensor<4x8xf32>
    %5 = graph.cast %4 {to = bf16} : (tensor<4x8xf32>) -> tensor<4x8xbf16>
    graph.yield %5 : tensor<4x8xbf16>
  }
  %3 = graph.group (%a = %x : tensor<4x8xf32>) -> tensor<4x8xf32> {
    %4 = graph.softmax %a {axis = 1 : i64} : (tensor<4x8xf32>) -> tensor<4x8xf32>
    graph.yield %4 : tensor<4x8xf32>
  }
  return %0, %1, %2, %3 : tensor<4x8xbf16>, tensor<4x8xbf16>, tensor<4x8xbf16>, tensor<4x8xf32>
}

// -----

// So it is where loops pass over the row, and where its shares are quantized.

// CHECK-LABEL: tile.kernel @softmax_mul_fma_round_cast(
// CHECK:         scf.for
// CHECK:         scf.for
// CHECK:         math.exp %{{.+}} {tile.not_positive, tile.relative, tile.rounded_to_bf16} : f32
// CHECK:         tile.reduce sum
// CHECK:         math.exp %{{.+}} {tile.not_positive, tile.relative, tile.rounded_to_bf16} : f32
func.func @rounded_in_loops(%x: tensor<4x?xf32, #graph.dims<4, L>>, %r: tensor<f32>, %s: tensor<f32>) -> tensor<4x?xui8, #graph.dims<4, L>> {
  %0 = graph.group (%a = %x : tensor<4x?xf32, #graph.dims<4, L>>, %b = %r : tensor<f32>, %c = %s : tensor<f32>) -> tensor<4x?xui8, #graph.dims<4, L>> {
    %1 = graph.softmax %a {axis = 1 : i64} : (tensor<4x?xf32, #graph.dims<4, L>>) -> tensor<4x?xf32, #graph.dims<4, L>>
    %2 = graph.mul %1, %c : (tensor<4x?xf32, #graph.dims<4, L>>, tensor<f32>) -> tensor<4x?xf32, #graph.dims<4, L>>
    %3 = graph.fma %1, %b, %2 : (tensor<4x?xf32, #graph.dims<4, L>>, tensor<f32>, tensor<4x?xf32, #graph.dims<4, L>>) -> tensor<4x?xf32, #graph.dims<4, L>>
    %4 = graph.round %3 : (tensor<4x?xf32, #graph.dims<4, L>>) -> tensor<4x?xf32, #graph.dims<4, L>>
    %5 = graph.cast %4 {to = ui8} : (tensor<4x?xf32, #graph.dims<4, L>>) -> tensor<4x?xui8, #graph.dims<4, L>>
    graph.yield %5 : tensor<4x?xui8, #graph.dims<4, L>>
  }
  return %0 : tensor<4x?xui8, #graph.dims<4, L>>
}

// -----

// Which side of a number a share lies on may decide of more than its last bits.

// CHECK-LABEL: tile.kernel @sigmoid_compare_where_cast(
// CHECK:         math.exp %{{.+}} {tile.relative} : f32
func.func @compared_shares(%x: tensor<8xf32>, %half: tensor<f32>, %y: tensor<8xf32>) -> tensor<8xbf16> {
  %0 = graph.group (%a = %x : tensor<8xf32>, %b = %half : tensor<f32>, %c = %y : tensor<8xf32>) -> tensor<8xbf16> {
    %1 = graph.sigmoid %a : (tensor<8xf32>) -> tensor<8xf32>
    %2 = graph.compare %1, %b {predicate = #graph<predicate gt>} : (tensor<8xf32>, tensor<f32>) -> tensor<8xi1>
    %3 = graph.where %2, %1, %c : (tensor<8xi1>, tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
    %4 = graph.cast %3 {to = bf16} : (tensor<8xf32>) -> tensor<8xbf16>
    graph.yield %4 : tensor<8xbf16>
  }
  return %0 : tensor<8xbf16>
}
