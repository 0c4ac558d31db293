// RUN: tenon compile %s --target=cuda:sm_80 --until=schedule -o - | FileCheck %s --check-prefix=ORDER
// RUN: tenon compile %s --target=cuda:sm_80 --emit=cuda -o - | FileCheck %s
// RUN: tenon compile %s --target=cuda:sm_90a --emit=cuda -o - | FileCheck %s --check-prefix=GROUPS

// The matrix unit multiplies bytes, unsigned and signed ones. Those of a weight
// lie column by column, so that the copies are of 16 bytes on both sides.

// ORDER: tile.view %{{.*}} : !tile.view<256x128xi8, <1, 0>>
// ORDER: tile.pack %{{.*}} <1, 0>

// CHECK: Tile<int, L64x64>
// CHECK: const Stages<SwizzledTile<u8, 64, 128>> [[X:s[0-9]+]]
// CHECK-NEXT: const Stages<SwizzledTile<i8, 64, 128>> [[Y:s[0-9]+]]
// CHECK: copy<W, 16>([[X]][stage], Window{buffer0 + at1 * 256 + at{{[0-9]+}}, Fixed<256>(), Fixed<1>()
// CHECK-NEXT: copy<W, 16>([[Y]][stage], Window{buffer1 + at0 * 256 + at{{[0-9]+}}, Fixed<256>(), Fixed<1>()
// CHECK: multiplyByUnit(carried{{[0-9]+}}, [[X]][stage], transposed([[Y]][stage]));

// On sm_90a four warps do, and a warpgroup of its own copies.

// GROUPS: using W = Warpgroups<1>;
// GROUPS: const Stages<SwizzledTile<u8, 64, 128>> [[X:s[0-9]+]]
// GROUPS-NEXT: const Stages<SwizzledTile<i8, 128, 128>> [[Y:s[0-9]+]]
// GROUPS: copyTensor([[X]][stage], map0, barrier,
// GROUPS-NEXT: copyTensor([[Y]][stage], map1, barrier,
// GROUPS: ring.consume<4>(
// GROUPS-NEXT: multiplyByUnit(carried{{[0-9]+}}, [[X]][stage], transposed([[Y]][stage]), ring.group);
func.func @main(%x: tensor<?x256xui8, #graph.dims<L, 256>>) -> tensor<?x128xf32, #graph.dims<L, 128>> {
  %w = graph.weight <"w.bin" name "w" at 0 bytes 32768> : tensor<256x128xi8>
  %0 = graph.cast %x {to = i32} : (tensor<?x256xui8, #graph.dims<L, 256>>) -> tensor<?x256xi32, #graph.dims<L, 256>>
  %1 = graph.cast %w {to = i32} : (tensor<256x128xi8>) -> tensor<256x128xi32>
  %2 = graph.matmul %0, %1 : (tensor<?x256xi32, #graph.dims<L, 256>>, tensor<256x128xi32>) -> tensor<?x128xi32, #graph.dims<L, 128>>
  %3 = graph.cast %2 {to = f32} : (tensor<?x128xi32, #graph.dims<L, 128>>) -> tensor<?x128xf32, #graph.dims<L, 128>>
  return %3 : tensor<?x128xf32, #graph.dims<L, 128>>
}
