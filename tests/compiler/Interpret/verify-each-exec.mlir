// RUN: split-file %s %t
// RUN: tenon compile %t/layer.mlir --verify-each-exec --until=schedule | FileCheck %t/layer.mlir
// RUN: tenon compile %t/layer.mlir --verify-each-exec -o %t/layer.tenon
// RUN: not tenon compile %t/external.mlir --verify-each-exec --until=simplify 2>&1 | FileCheck %t/external.mlir

// ExecutionCheckTest has passes that change a result; those of the stages do not.

//--- layer.mlir
// CHECK: tile.kernel @matmul_add_relu
// CHECK: tile.launch @matmul_add_relu
func.func @main(%x: tensor<?x3xf32, #graph.dims<B, 3>>, %b: tensor<2xf32>) -> tensor<?x2xf32, #graph.dims<B, 2>> {
  %w = graph.constant dense<[[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]> : tensor<3x2xf32>
  %0 = graph.matmul %x, %w : (tensor<?x3xf32, #graph.dims<B, 3>>, tensor<3x2xf32>) -> tensor<?x2xf32, #graph.dims<B, 2>>
  %1 = graph.add %0, %b : (tensor<?x2xf32, #graph.dims<B, 2>>, tensor<2xf32>) -> tensor<?x2xf32, #graph.dims<B, 2>>
  %2 = graph.relu %1 : (tensor<?x2xf32, #graph.dims<B, 2>>) -> tensor<?x2xf32, #graph.dims<B, 2>>
  return %2 : tensor<?x2xf32, #graph.dims<B, 2>>
}

//--- external.mlir
// CHECK: external.mlir:[[#@LINE+1]]:1: 'func.func' op 'elsewhere' has no body to execute
func.func private @elsewhere(%x: tensor<2xf32>) -> tensor<2xf32>
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = func.call @elsewhere(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
