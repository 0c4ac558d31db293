// RUN: tenon-opt %s --choose-schedule=vector-bytes=64 --split-input-file --verify-diagnostics

// expected-error@+1 {{the schedule of kernel 'symbol_without_number' needs a number of 1 or more for BN, got {BM = 4 : index, BN = 0 : index}}}
tile.kernel @symbol_without_number(%y: !tile.buffer<f32>) inputs 0 outputs 1 schedule {BM = 4 : index, BN = 0 : index} {
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %i, %j = tile.grid [%c8 by BM, %c8 by BN]
  %yv = tile.view %y[%c8, %c8] : !tile.view<8x8xf32>
  %t = tile.fill %zero : f32 -> <[BM, BN], f32>
  tile.store %t, %yv[%i, %j] axes [0, 1] : <[BM, BN], f32>, <8x8xf32>
  tile.return
}

// -----

// expected-error@+1 {{the schedule of kernel 'entry_says_nothing' has an entry that says nothing: BK}}
tile.kernel @entry_says_nothing(%y: !tile.buffer<f32>) inputs 0 outputs 1 schedule {BN = 4 : index, BK = 4 : index} {
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %i = tile.grid [%c8 by BN]
  %yv = tile.view %y[%c8] : !tile.view<8xf32>
  %t = tile.fill %zero : f32 -> <[BN], f32>
  tile.store %t, %yv[%i] axes [0] : <[BN], f32>, <8xf32>
  tile.return
}

// -----

// expected-error@+1 {{the schedule of kernel 'lanes_are_unknown' knows no lanes but "first", got "second"}}
tile.kernel @lanes_are_unknown(%y: !tile.buffer<f32>) inputs 0 outputs 1 schedule {BN = 4 : index, lanes = "second"} {
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %i = tile.grid [%c8 by BN]
  %yv = tile.view %y[%c8] : !tile.view<8xf32>
  %t = tile.fill %zero : f32 -> <[BN], f32>
  tile.store %t, %yv[%i] axes [0] : <[BN], f32>, <8xf32>
  tile.return
}

// -----

// expected-error@+1 {{the schedule of kernel 'order_repeats_an_axis' needs an order of the grid's 2 axes, got array<i64: 1, 1>}}
tile.kernel @order_repeats_an_axis(%y: !tile.buffer<f32>) inputs 0 outputs 1 schedule {BM = 4 : index, BN = 4 : index, order = array<i64: 1, 1>} {
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %i, %j = tile.grid [%c8 by BM, %c8 by BN]
  %yv = tile.view %y[%c8, %c8] : !tile.view<8x8xf32>
  %t = tile.fill %zero : f32 -> <[BM, BN], f32>
  tile.store %t, %yv[%i, %j] axes [0, 1] : <[BM, BN], f32>, <8x8xf32>
  tile.return
}

// -----

// The lanes hold columns, of which 16 are a vector.

// expected-error@+1 {{the schedule of kernel 'part_of_a_vector' needs whole vectors of a product's columns: expected a multiple of 16, got 24}}
tile.kernel @part_of_a_vector(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 schedule {BM = 16 : index, BN = 24 : index} {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %i, %j = tile.grid [%c8 by BM, %c8 by BN]
  %xv = tile.view %x[%c8, %c8] : !tile.view<8x8xf32>
  %yv = tile.view %y[%c8, %c8] : !tile.view<8x8xf32>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : <8x8xf32> -> <[BM, 8], f32>
  %b = tile.load %xv[%c0, %j] axes [0, 1] : <8x8xf32> -> <[8, BN], f32>
  %none = tile.fill %zero : f32 -> <[BM, BN], f32>
  %t = tile.mma %a, %b, %none : <[BM, 8], f32>, <[8, BN], f32> -> <[BM, BN], f32>
  tile.store %t, %yv[%i, %j] axes [0, 1] : <[BM, BN], f32>, <8x8xf32>
  tile.return
}

// -----

// With `lanes = "first"` they hold rows, so 24 columns are legal.

tile.kernel @rows_in_the_lanes(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 schedule {BM = 16 : index, BN = 24 : index, lanes = "first"} {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %i, %j = tile.grid [%c8 by BM, %c8 by BN]
  %xv = tile.view %x[%c8, %c8] : !tile.view<8x8xf32>
  %yv = tile.view %y[%c8, %c8] : !tile.view<8x8xf32>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : <8x8xf32> -> <[BM, 8], f32>
  %b = tile.load %xv[%c0, %j] axes [0, 1] : <8x8xf32> -> <[8, BN], f32>
  %none = tile.fill %zero : f32 -> <[BM, BN], f32>
  %t = tile.mma %a, %b, %none : <[BM, 8], f32>, <[8, BN], f32> -> <[BM, BN], f32>
  tile.store %t, %yv[%i, %j] axes [0, 1] : <[BM, BN], f32>, <8x8xf32>
  tile.return
}

// -----

// expected-error@+1 {{the schedule of kernel 'group_of_one_axis' groups blocks of a grid that has one axis}}
tile.kernel @group_of_one_axis(%y: !tile.buffer<f32>) inputs 0 outputs 1 schedule {BN = 4 : index, group = 2 : index} {
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %i = tile.grid [%c8 by BN]
  %yv = tile.view %y[%c8] : !tile.view<8xf32>
  %t = tile.fill %zero : f32 -> <[BN], f32>
  tile.store %t, %yv[%i] axes [0] : <[BN], f32>, <8xf32>
  tile.return
}

// -----

// expected-error@+1 {{the schedule of kernel 'group_of_none' needs a group of 1 or more blocks, got 0 : index}}
tile.kernel @group_of_none(%y: !tile.buffer<f32>) inputs 0 outputs 1 schedule {BM = 4 : index, BN = 4 : index, group = 0 : index} {
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %i, %j = tile.grid [%c8 by BM, %c8 by BN]
  %yv = tile.view %y[%c8, %c8] : !tile.view<8x8xf32>
  %t = tile.fill %zero : f32 -> <[BM, BN], f32>
  tile.store %t, %yv[%i, %j] axes [0, 1] : <[BM, BN], f32>, <8x8xf32>
  tile.return
}

// -----

// expected-error@+1 {{the schedule of kernel 'panel_across_blocks' needs whole panels of a product's columns: expected a multiple of 48, got 32}}
tile.kernel @panel_across_blocks(%x: !tile.buffer<f32>, %y: !tile.buffer<f32>) inputs 1 outputs 1 schedule {BM = 16 : index, BN = 32 : index, panel = 48 : index} {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %i, %j = tile.grid [%c8 by BM, %c8 by BN]
  %xv = tile.view %x[%c8, %c8] : !tile.view<8x8xf32>
  %yv = tile.view %y[%c8, %c8] : !tile.view<8x8xf32>
  %a = tile.load %xv[%i, %c0] axes [0, 1] : <8x8xf32> -> <[BM, 8], f32>
  %b = tile.load %xv[%c0, %j] axes [0, 1] : <8x8xf32> -> <[8, BN], f32>
  %none = tile.fill %zero : f32 -> <[BM, BN], f32>
  %t = tile.mma %a, %b, %none : <[BM, 8], f32>, <[8, BN], f32> -> <[BM, BN], f32>
  tile.store %t, %yv[%i, %j] axes [0, 1] : <[BM, BN], f32>, <8x8xf32>
  tile.return
}

// -----

// expected-error@+1 {{the schedule of kernel 'panel_of_half_vectors' needs a panel of whole vectors: expected a multiple of 16, got 24 : index}}
tile.kernel @panel_of_half_vectors(%y: !tile.buffer<f32>) inputs 0 outputs 1 schedule {BN = 4 : index, panel = 24 : index} {
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %i = tile.grid [%c8 by BN]
  %yv = tile.view %y[%c8] : !tile.view<8xf32>
  %t = tile.fill %zero : f32 -> <[BN], f32>
  tile.store %t, %yv[%i] axes [0] : <[BN], f32>, <8xf32>
  tile.return
}
