// RUN: tenon-opt %s --simplify-graph --fuse-groups --form-kernels --split-attention --choose-cuda-schedule | FileCheck %s

// Eight heads of keys for 256 instances: 32 parts, though 640 keys are parts of
// 128 or more. The heads that share keys are the rows of one instance: four of
// them, for four warps of the merge.

// CHECK-DAG: tile.kernel @attention_parts(%{{.*}}inputs 2 outputs 3 schedule {BM = 16 : index, BN = 64 : index, stages = 2 : index, unit = "mma", warps = array<i64: 1, 4>}
// CHECK-DAG: tile.kernel @attention_merge(%{{.*}}inputs 3 outputs 1 schedule {BM = 4 : index, stages = 2 : index, warps = array<i64: 4, 1>}
// CHECK-DAG: tile.launch @attention_parts({{.*}}-> (tensor<5x1x2x4xf32>, tensor<5x1x2x4xf32>, tensor<5x1x2x4x64xf32>)
func.func @one_query(%q: tensor<1x8x1x64xbf16>, %k: tensor<1x2x640x64xbf16>) -> tensor<1x8x1x64xbf16> {
  %0 = graph.attention %q, %k, %k {causal, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.125 : f64} : (tensor<1x8x1x64xbf16>, tensor<1x2x640x64xbf16>, tensor<1x2x640x64xbf16>) -> tensor<1x8x1x64xbf16>
  return %0 : tensor<1x8x1x64xbf16>
}

// Sizes that are not numbers stay in the parts' shape.

// CHECK-DAG: tile.launch @attention_{{[0-9]+}}_parts({{.*}}-> (tensor<32x?x2x5xf32, #graph.dims<32, B, 2, 5>>, {{.*}}, tensor<32x?x2x5x64xf32, #graph.dims<32, B, 2, 5, 64>>)
func.func @few_queries(%q: tensor<?x2x5x64xbf16, #graph.dims<B, 2, 5, 64>>, %k: tensor<?x2x?x64xbf16, #graph.dims<B, 2, S, 64>>) -> tensor<?x2x5x64xbf16, #graph.dims<B, 2, 5, 64>> {
  %0 = graph.attention %q, %k, %k {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.125 : f64} : (tensor<?x2x5x64xbf16, #graph.dims<B, 2, 5, 64>>, tensor<?x2x?x64xbf16, #graph.dims<B, 2, S, 64>>, tensor<?x2x?x64xbf16, #graph.dims<B, 2, S, 64>>) -> tensor<?x2x5x64xbf16, #graph.dims<B, 2, 5, 64>>
  return %0 : tensor<?x2x5x64xbf16, #graph.dims<B, 2, 5, 64>>
}

// Many queries or many heads are instances enough.

// CHECK-DAG: tile.launch @attention_1({{.*}}tensor<1x2x17x64xbf16>
func.func @more_queries(%q: tensor<1x2x17x64xbf16>, %k: tensor<1x2x640x64xbf16>) -> tensor<1x2x17x64xbf16> {
  %0 = graph.attention %q, %k, %k {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.125 : f64} : (tensor<1x2x17x64xbf16>, tensor<1x2x640x64xbf16>, tensor<1x2x640x64xbf16>) -> tensor<1x2x17x64xbf16>
  return %0 : tensor<1x2x17x64xbf16>
}
