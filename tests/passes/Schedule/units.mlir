// RUN: tenon-opt %s --fuse-groups --form-kernels --choose-schedule=units=amx-bf16 | FileCheck %s --check-prefix=AMX
// RUN: tenon-opt %s --fuse-groups --form-kernels --choose-schedule=units=avx512bf16 --apply-schedule | FileCheck %s --check-prefix=PAIRS

// Products of bf16 name the unit, and their weights lie in pairs of rows. Those
// of f32 run on tiles of sums in parts, and lie as without a unit.

// AMX-DAG:   tile.kernel @matmul({{.*}}bf16{{.*}}BM = 256 : index, BN = 32 : index, {{.*}}unit = "amx-bf16"
// AMX-DAG:   tile.kernel @matmul_0({{.*}}f32{{.*}}BM = 256 : index, BN = 96 : index, {{.*}}panel = 48 : index, unit = "amx-bf16x3"
// PAIRS-DAG: tile.kernel @matmul({{.*}}bf16{{.*}}BM = 8 : index, BN = 48 : index, {{.*}}unit = "avx512bf16"
// PAIRS-DAG: tile.pack {{.+}}, <1/48, 0/2, 1 mod 48, 0 mod 2> : tensor<96x96xbf16>
// PAIRS-DAG: tile.pack {{.+}}, <1/48, 0, 1 mod 48> : tensor<96x96xf32>
func.func @f(%x: tensor<?x96xbf16, #graph.dims<B, 96>>, %y: tensor<?x96xf32, #graph.dims<B, 96>>) -> (tensor<?x96xbf16, #graph.dims<B, 96>>, tensor<?x96xf32, #graph.dims<B, 96>>) {
  %v = graph.weight <"w.bin" name "v" at 0 bytes 18432> : tensor<96x96xbf16>
  %w = graph.weight <"w.bin" name "w" at 18432 bytes 36864> : tensor<96x96xf32>
  %0 = graph.matmul %x, %v : (tensor<?x96xbf16, #graph.dims<B, 96>>, tensor<96x96xbf16>) -> tensor<?x96xbf16, #graph.dims<B, 96>>
  %1 = graph.matmul %y, %w : (tensor<?x96xf32, #graph.dims<B, 96>>, tensor<96x96xf32>) -> tensor<?x96xf32, #graph.dims<B, 96>>
  return %0, %1 : tensor<?x96xbf16, #graph.dims<B, 96>>, tensor<?x96xf32, #graph.dims<B, 96>>
}

// Products of unsigned and signed bytes take the first unit that fits: tiles of
// sums want whole steps of 64. Four rows of the weight lie together.

// RUN: tenon-opt %s --fuse-groups --form-kernels --choose-schedule=units=amx-int8,avx512vnni --apply-schedule | FileCheck %s --check-prefix=BYTES
// BYTES-DAG: tile.kernel @matmul_1({{.*}}BM = 256 : index, BN = 32 : index, {{.*}}unit = "amx-int8"
// BYTES-DAG: tile.kernel @matmul_2({{.*}}unit = "avx512vnni"
// BYTES-DAG: tile.pack {{.+}}, <1/32, 0/4, 1 mod 32, 0 mod 4> : tensor<64x96xi8>
// BYTES-DAG: tile.pack {{.+}}, <1/48, 0/4, 1 mod 48, 0 mod 4> : tensor<20x96xi8>
func.func @bytes(%x: tensor<?x64xui8, #graph.dims<B, 64>>, %y: tensor<?x20xui8, #graph.dims<B, 20>>) -> (tensor<?x96xi32, #graph.dims<B, 96>>, tensor<?x96xi32, #graph.dims<B, 96>>) {
  %v = graph.weight <"w.bin" name "v" at 0 bytes 6144> : tensor<64x96xi8>
  %w = graph.weight <"w.bin" name "w" at 6144 bytes 1920> : tensor<20x96xi8>
  %0 = graph.cast %x {to = i32} : (tensor<?x64xui8, #graph.dims<B, 64>>) -> tensor<?x64xi32, #graph.dims<B, 64>>
  %1 = graph.cast %v {to = i32} : (tensor<64x96xi8>) -> tensor<64x96xi32>
  %2 = graph.matmul %0, %1 : (tensor<?x64xi32, #graph.dims<B, 64>>, tensor<64x96xi32>) -> tensor<?x96xi32, #graph.dims<B, 96>>
  %3 = graph.cast %y {to = i32} : (tensor<?x20xui8, #graph.dims<B, 20>>) -> tensor<?x20xi32, #graph.dims<B, 20>>
  %4 = graph.cast %w {to = i32} : (tensor<20x96xi8>) -> tensor<20x96xi32>
  %5 = graph.matmul %3, %4 : (tensor<?x20xi32, #graph.dims<B, 20>>, tensor<20x96xi32>) -> tensor<?x96xi32, #graph.dims<B, 96>>
  return %2, %5 : tensor<?x96xi32, #graph.dims<B, 96>>, tensor<?x96xi32, #graph.dims<B, 96>>
}

// Parts are made of whole steps of 32 along the contracted dim.

// RUN: tenon-opt %s --fuse-groups --form-kernels --choose-schedule="units=amx-bf16 f32-macs=32 l2-bytes=2097152" --apply-schedule | FileCheck %s --check-prefix=PARTS
// PARTS-DAG: tile.kernel @matmul_3({{.*}}BK = 96 : index, BM = 256 : index, BN = 192 : index, {{.*}}panel = 64 : index, unit = "amx-bf16x3"
// PARTS-DAG: tile.kernel @matmul_4({{.*}}BK = 100 : index, BM = 6 : index, BN = 64 : index, group = {{[0-9]+}} : index, order = array<i64: 1, 0>}
// PARTS-DAG: tile.pack {{.+}}, <1/64, 0, 1 mod 64> : tensor<96x768xf32>
func.func @parts(%x: tensor<?x96xf32, #graph.dims<B, 96>>, %y: tensor<?x100xf32, #graph.dims<B, 100>>) -> (tensor<?x768xf32, #graph.dims<B, 768>>, tensor<?x768xf32, #graph.dims<B, 768>>) {
  %v = graph.weight <"w.bin" name "v" at 0 bytes 294912> : tensor<96x768xf32>
  %w = graph.weight <"w.bin" name "w" at 294912 bytes 307200> : tensor<100x768xf32>
  %0 = graph.matmul %x, %v : (tensor<?x96xf32, #graph.dims<B, 96>>, tensor<96x768xf32>) -> tensor<?x768xf32, #graph.dims<B, 768>>
  %1 = graph.matmul %y, %w : (tensor<?x100xf32, #graph.dims<B, 100>>, tensor<100x768xf32>) -> tensor<?x768xf32, #graph.dims<B, 768>>
  return %0, %1 : tensor<?x768xf32, #graph.dims<B, 768>>, tensor<?x768xf32, #graph.dims<B, 768>>
}

// Of what is split few rows pass chunks of weights, in the order of many; what
// registers hold needs no chunks.

// RUN: tenon-opt %s --fuse-groups --form-kernels --choose-schedule="units=amx-bf16 f32-macs=32 l2-bytes=2097152" | FileCheck %s --check-prefix=CHUNKS
// CHUNKS-DAG: tile.kernel @matmul_5({{.*}}BM = 256 : index, BN = 192 : index, {{.*}}panel = 64 : index, unit = "amx-bf16x3"{{.*}}up to 48 rows are left to vectors, which pass weights in chunks
// CHUNKS-DAG: tile.kernel @matmul_6({{.*}}BM = 6 : index, BN = 64 : index, group = {{[0-9]+}} : index, order = array<i64: 1, 0>}
func.func @few_rows(%x: tensor<7x96xf32>, %y: tensor<6x96xf32>) -> (tensor<7x768xf32>, tensor<6x768xf32>) {
  %w = graph.weight <"w.bin" name "w" at 0 bytes 294912> : tensor<96x768xf32>
  %0 = graph.matmul %x, %w : (tensor<7x96xf32>, tensor<96x768xf32>) -> tensor<7x768xf32>
  %1 = graph.matmul %y, %w : (tensor<6x96xf32>, tensor<96x768xf32>) -> tensor<6x768xf32>
  return %0, %1 : tensor<7x768xf32>, tensor<6x768xf32>
}
