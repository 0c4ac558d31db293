// RUN: tenon-opt %s --verify-schedule --verify-diagnostics --split-input-file

// What is accepted is the example in the pass's description, which tests/house runs.

// Blocks, tiles and steps that are symbols.

tile.kernel @k(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
  %c64 = arith.constant 64 : index
  // expected-error @below {{'tile.grid' op has blocks of 'BN': stage 'schedule' promises that every extent is a number}}
  %i = tile.grid [%c64 by BN]
  %xv = tile.view %x[%c64] : !tile.view<64xf32>
  %a = tile.load %xv[%i] axes [0] : <64xf32> -> <[BN], f32>
  %yv = tile.view %y[%c64] : !tile.view<64xf32>
  tile.store %a, %yv[%i] axes [0] : <[BN], f32>, <64xf32>
  tile.return
}

// -----

// A tile.

tile.kernel @k(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
  %c64 = arith.constant 64 : index
  %i = tile.grid [%c64 by 16]
  %xv = tile.view %x[%c64] : !tile.view<64xf32>
  // expected-error @below {{'tile.load' op makes a '!tile.tile<[BN], f32>': stage 'schedule' promises that every extent is a number}}
  %a = tile.load %xv[%i] axes [0] : <64xf32> -> <[BN], f32>
  %yv = tile.view %y[%c64] : !tile.view<64xf32>
  tile.store %a, %yv[%i] axes [0] : <[BN], f32>, <64xf32>
  tile.return
}

// -----

// A step.

tile.kernel @k(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 {
  %c64 = arith.constant 64 : index
  // expected-error @below {{'tile.extent' op asks for 'BK': stage 'schedule' promises that every extent is a number}}
  %step = tile.extent BK
  %i = tile.grid [%c64 by 16]
  %xv = tile.view %x[%c64] : !tile.view<64xf32>
  %a = tile.load %xv[%i] axes [0] : <64xf32> -> <[16], f32>
  %yv = tile.view %y[%c64] : !tile.view<64xf32>
  tile.store %a, %yv[%i] axes [0] : <[16], f32>, <64xf32>
  tile.return
}
