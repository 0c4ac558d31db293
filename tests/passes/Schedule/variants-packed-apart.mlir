// RUN: tenon-opt %s --apply-schedule --verify-diagnostics

// A weight is in the artifact once, so all that may run read it in one order.

tile.kernel @k(%x: !tile.buffer<f32>, %w: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 2 outputs 1 schedule {BM = 4 : index, BN = 32 : index} variants [#tile.variant<@k_few, axis 0 at most 4>] {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : f32
  %i, %j = tile.grid [%n by BM, %c64 by BN]
  %xv = tile.view %x[%n, %c8] : !tile.view<?x8xf32>
  %wv = tile.view %w[%c8, %c64] : !tile.view<8x64xf32>
  %yv = tile.view %y[%n, %c64] : !tile.view<?x64xf32>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : <?x8xf32> -> <[BM, 8], f32>
  %b = tile.load %wv[%c0, %j] axes [0, 1] : <8x64xf32> -> <[8, BN], f32>
  %none = tile.fill %zero : f32 -> <[BM, BN], f32>
  %t = tile.mma %a, %b, %none : <[BM, 8], f32>, <[8, BN], f32> -> <[BM, BN], f32>
  tile.store %t, %yv[%i, %j] axes [0, 1] : <[BM, BN], f32>, <?x64xf32>
  tile.return
}
tile.kernel @k_few(%x: !tile.buffer<f32>, %w: !tile.buffer<f32>, %y: !tile.buffer<f32>, %n: index) inputs 2 outputs 1 schedule {BM = 4 : index, BN = 16 : index} {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : f32
  %i, %j = tile.grid [%n by BM, %c64 by BN]
  %xv = tile.view %x[%n, %c8] : !tile.view<?x8xf32>
  %wv = tile.view %w[%c8, %c64] : !tile.view<8x64xf32>
  %yv = tile.view %y[%n, %c64] : !tile.view<?x64xf32>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : <?x8xf32> -> <[BM, 8], f32>
  %b = tile.load %wv[%c0, %j] axes [0, 1] : <8x64xf32> -> <[8, BN], f32>
  %none = tile.fill %zero : f32 -> <[BM, BN], f32>
  %t = tile.mma %a, %b, %none : <[BM, 8], f32>, <[8, BN], f32> -> <[BM, BN], f32>
  tile.store %t, %yv[%i, %j] axes [0, 1] : <[BM, BN], f32>, <?x64xf32>
  tile.return
}
func.func @main(%x: tensor<?x8xf32, #graph.dims<B, 8>>) -> tensor<?x64xf32, #graph.dims<B, 64>> {
  %w = graph.weight <"weights" name "w" at 0 bytes 2048> : tensor<8x64xf32>
  // expected-error @below {{'tile.launch' op runs one of several variants, which need one order of operand 1: expected #tile.layout<1/32, 0, 1 mod 32>, got #tile.layout<1/16, 0, 1 mod 16>}}
  %y = tile.launch @k(%x, %w) scalars [#graph.dim<B>] : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<8x64xf32>) -> tensor<?x64xf32, #graph.dims<B, 64>>
  return %y : tensor<?x64xf32, #graph.dims<B, 64>>
}
