// RUN: tenon-opt %s --form-kernels --split-input-file | FileCheck %s

// A launch says what any kernel for it must do and move.

// A matmul and its bias: 2*M*N*K and M*N operations; the inputs and the result.

// CHECK-LABEL: func @matmul_with_bias
// CHECK:         tile.launch @matmul_add({{.*}}) scalars [{{.*}}] {bytes = #graph.dim<48*B + 144>, flops = #graph.dim<68*B>}
func.func @matmul_with_bias(%x: tensor<?x8xf32, #graph.dims<B, 8>>, %w: tensor<8x4xf32>, %b: tensor<4xf32>) -> tensor<?x4xf32, #graph.dims<B, 4>> {
  %0 = graph.group (%a = %x : tensor<?x8xf32, #graph.dims<B, 8>>, %c = %w : tensor<8x4xf32>, %d = %b : tensor<4xf32>) -> tensor<?x4xf32, #graph.dims<B, 4>> {
    %1 = graph.matmul %a, %c : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<8x4xf32>) -> tensor<?x4xf32, #graph.dims<B, 4>>
    %2 = graph.add %1, %d : (tensor<?x4xf32, #graph.dims<B, 4>>, tensor<4xf32>) -> tensor<?x4xf32, #graph.dims<B, 4>>
    graph.yield %2 : tensor<?x4xf32, #graph.dims<B, 4>>
  }
  return %0 : tensor<?x4xf32, #graph.dims<B, 4>>
}

// -----

// Of a table only the rows are read that are asked for; of the indices all.

// CHECK-LABEL: func @gathers_rows
// CHECK:         {bytes = #graph.dim<40*L>, flops = #graph.dim<0>}
func.func @gathers_rows(%table: tensor<100x4xf32>, %ids: tensor<?xi64, #graph.dims<L>>) -> tensor<?x4xf32, #graph.dims<L, 4>> {
  %0 = graph.group (%t = %table : tensor<100x4xf32>, %i = %ids : tensor<?xi64, #graph.dims<L>>) -> tensor<?x4xf32, #graph.dims<L, 4>> {
    %1 = graph.gather %t, %i {axis = 0 : i64} : (tensor<100x4xf32>, tensor<?xi64, #graph.dims<L>>) -> tensor<?x4xf32, #graph.dims<L, 4>>
    graph.yield %1 : tensor<?x4xf32, #graph.dims<L, 4>>
  }
  return %0 : tensor<?x4xf32, #graph.dims<L, 4>>
}

// -----

// What is repeated is read once.

// CHECK-LABEL: func @broadcast_of_a_row
// CHECK:         {bytes = #graph.dim<80>, flops = #graph.dim<0>}
func.func @broadcast_of_a_row(%x: tensor<1x4xf32>) -> tensor<4x4xf32> {
  %0 = graph.group (%a = %x : tensor<1x4xf32>) -> tensor<4x4xf32> {
    %1 = graph.broadcast %a : (tensor<1x4xf32>) -> tensor<4x4xf32>
    graph.yield %1 : tensor<4x4xf32>
  }
  return %0 : tensor<4x4xf32>
}
