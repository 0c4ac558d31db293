// Products of f32, bf16 and of 8-bit integers by each unit compute what the
// interpreter says: by the unit itself where this CPU has it, and everywhere by
// its emulation.

#include "tests/compiler/Compiled.h"

using namespace mlir;

namespace tenon {
namespace {

/// Ragged rows and columns; the left side of one product is an input, that of
/// the other is computed; sums go through a bias and a gelu.
constexpr const char *kModule = R"(
  func.func @main(%x: tensor<?x64xf32, #graph.dims<B, 64>>, %y: tensor<?x96xf32, #graph.dims<B, 96>>)
      -> (tensor<?x96xf32, #graph.dims<B, 96>>, tensor<?x24xf32, #graph.dims<B, 24>>) {
    %w = graph.weight <"WEIGHTS" name "w" at 0 bytes 24576> : tensor<64x96xf32>
    %v = graph.weight <"WEIGHTS" name "v" at 24576 bytes 9216> : tensor<96x24xf32>
    %b = graph.weight <"WEIGHTS" name "b" at 40000 bytes 384> : tensor<96xf32>
    %0 = graph.matmul %x, %w : (tensor<?x64xf32, #graph.dims<B, 64>>, tensor<64x96xf32>) -> tensor<?x96xf32, #graph.dims<B, 96>>
    %1 = graph.add %0, %b : (tensor<?x96xf32, #graph.dims<B, 96>>, tensor<96xf32>) -> tensor<?x96xf32, #graph.dims<B, 96>>
    %2 = graph.gelu %1 {form = #graph<gelu_form erf>} : (tensor<?x96xf32, #graph.dims<B, 96>>) -> tensor<?x96xf32, #graph.dims<B, 96>>
    %3 = graph.tanh %y : (tensor<?x96xf32, #graph.dims<B, 96>>) -> tensor<?x96xf32, #graph.dims<B, 96>>
    %4 = graph.matmul %3, %v : (tensor<?x96xf32, #graph.dims<B, 96>>, tensor<96x24xf32>) -> tensor<?x24xf32, #graph.dims<B, 24>>
    return %2, %4 : tensor<?x96xf32, #graph.dims<B, 96>>, tensor<?x24xf32, #graph.dims<B, 24>>
  })";

/// Integers over the whole range of their types, the ends included: sums of the
/// first and third product are exact. The left side of the second is read
/// across its rows, its right side is unsigned; the depth of the third is whole
/// words, but no whole tile; that of the fourth is neither.
constexpr const char *kIntegers = R"(
  func.func @main(%x: tensor<?x64xf32, #graph.dims<B, 64>>, %y: tensor<128x?xf32, #graph.dims<128, B>>,
                  %z: tensor<?x20xf32, #graph.dims<B, 20>>, %u: tensor<?x7xf32, #graph.dims<B, 7>>)
      -> (tensor<?x96xi32, #graph.dims<B, 96>>, tensor<?x24xf32, #graph.dims<B, 24>>, tensor<?x96xi32, #graph.dims<B, 96>>,
          tensor<?x16xi32, #graph.dims<B, 16>>) {
    %w = graph.weight <"WEIGHTS" name "w" at 0 bytes 6144> : tensor<64x96xi8>
    %v = graph.weight <"WEIGHTS" name "v" at 6144 bytes 3072> : tensor<128x24xui8>
    %s = graph.weight <"WEIGHTS" name "s" at 9216 bytes 96> : tensor<24xf32>
    %t = graph.weight <"WEIGHTS" name "t" at 9312 bytes 1920> : tensor<20x96xi8>
    %r = graph.weight <"WEIGHTS" name "r" at 11232 bytes 112> : tensor<7x16xi8>
    %c = graph.constant dense<100.0> : tensor<f32>
    %zx = graph.constant dense<255> : tensor<i32>
    %zy = graph.constant dense<-128.0> : tensor<f32>
    %zv = graph.constant dense<7.0> : tensor<f32>
    %x0 = graph.mul %x, %c : (tensor<?x64xf32, #graph.dims<B, 64>>, tensor<f32>) -> tensor<?x64xf32, #graph.dims<B, 64>>
    %x1 = graph.cast %x0 {to = ui8} : (tensor<?x64xf32, #graph.dims<B, 64>>) -> tensor<?x64xui8, #graph.dims<B, 64>>
    %x2 = graph.cast %x1 {to = i32} : (tensor<?x64xui8, #graph.dims<B, 64>>) -> tensor<?x64xi32, #graph.dims<B, 64>>
    %x3 = graph.sub %x2, %zx : (tensor<?x64xi32, #graph.dims<B, 64>>, tensor<i32>) -> tensor<?x64xi32, #graph.dims<B, 64>>
    %w0 = graph.cast %w {to = i32} : (tensor<64x96xi8>) -> tensor<64x96xi32>
    %0 = graph.matmul %x3, %w0 : (tensor<?x64xi32, #graph.dims<B, 64>>, tensor<64x96xi32>) -> tensor<?x96xi32, #graph.dims<B, 96>>
    %y0 = graph.mul %y, %c : (tensor<128x?xf32, #graph.dims<128, B>>, tensor<f32>) -> tensor<128x?xf32, #graph.dims<128, B>>
    %y1 = graph.cast %y0 {to = i8} : (tensor<128x?xf32, #graph.dims<128, B>>) -> tensor<128x?xi8, #graph.dims<128, B>>
    %y2 = graph.cast %y1 {to = f32} : (tensor<128x?xi8, #graph.dims<128, B>>) -> tensor<128x?xf32, #graph.dims<128, B>>
    %y3 = graph.sub %y2, %zy : (tensor<128x?xf32, #graph.dims<128, B>>, tensor<f32>) -> tensor<128x?xf32, #graph.dims<128, B>>
    %y4 = graph.transpose %y3 {permutation = array<i64: 1, 0>} : (tensor<128x?xf32, #graph.dims<128, B>>) -> tensor<?x128xf32, #graph.dims<B, 128>>
    %v0 = graph.cast %v {to = f32} : (tensor<128x24xui8>) -> tensor<128x24xf32>
    %v1 = graph.sub %v0, %zv : (tensor<128x24xf32>, tensor<f32>) -> tensor<128x24xf32>
    %v2 = graph.mul %v1, %s : (tensor<128x24xf32>, tensor<24xf32>) -> tensor<128x24xf32>
    %1 = graph.matmul %y4, %v2 : (tensor<?x128xf32, #graph.dims<B, 128>>, tensor<128x24xf32>) -> tensor<?x24xf32, #graph.dims<B, 24>>
    %z0 = graph.mul %z, %c : (tensor<?x20xf32, #graph.dims<B, 20>>, tensor<f32>) -> tensor<?x20xf32, #graph.dims<B, 20>>
    %z1 = graph.cast %z0 {to = ui8} : (tensor<?x20xf32, #graph.dims<B, 20>>) -> tensor<?x20xui8, #graph.dims<B, 20>>
    %z2 = graph.cast %z1 {to = i32} : (tensor<?x20xui8, #graph.dims<B, 20>>) -> tensor<?x20xi32, #graph.dims<B, 20>>
    %t0 = graph.cast %t {to = i32} : (tensor<20x96xi8>) -> tensor<20x96xi32>
    %2 = graph.matmul %z2, %t0 : (tensor<?x20xi32, #graph.dims<B, 20>>, tensor<20x96xi32>) -> tensor<?x96xi32, #graph.dims<B, 96>>
    %u0 = graph.mul %u, %c : (tensor<?x7xf32, #graph.dims<B, 7>>, tensor<f32>) -> tensor<?x7xf32, #graph.dims<B, 7>>
    %u1 = graph.cast %u0 {to = ui8} : (tensor<?x7xf32, #graph.dims<B, 7>>) -> tensor<?x7xui8, #graph.dims<B, 7>>
    %u2 = graph.cast %u1 {to = i32} : (tensor<?x7xui8, #graph.dims<B, 7>>) -> tensor<?x7xi32, #graph.dims<B, 7>>
    %r0 = graph.cast %r {to = i32} : (tensor<7x16xi8>) -> tensor<7x16xi32>
    %3 = graph.matmul %u2, %r0 : (tensor<?x7xi32, #graph.dims<B, 7>>, tensor<7x16xi32>) -> tensor<?x16xi32, #graph.dims<B, 16>>
    return %0, %1, %2, %3 : tensor<?x96xi32, #graph.dims<B, 96>>, tensor<?x24xf32, #graph.dims<B, 24>>,
        tensor<?x96xi32, #graph.dims<B, 96>>, tensor<?x16xi32, #graph.dims<B, 16>>
  })";

/// Products deep enough for several parts, the last shorter than the others:
/// of 17 and 9 steps of floats, and 21 of integers. One adds what it reads when
/// the product is complete; one is followed by so much that it is computed
/// beside the next columns' product, which are fewer.
constexpr const char *kDeep = R"(
  func.func @main(%x: tensor<?x544xf32, #graph.dims<B, 544>>, %y: tensor<?x48xf32, #graph.dims<B, 48>>,
                  %z: tensor<?x1344xf32, #graph.dims<B, 1344>>, %r: tensor<?x80xf32, #graph.dims<B, 80>>,
                  %p: tensor<?x544xf32, #graph.dims<B, 544>>)
      -> (tensor<?x48xf32, #graph.dims<B, 48>>, tensor<?x32xf32, #graph.dims<B, 32>>, tensor<?x32xi32, #graph.dims<B, 32>>,
          tensor<?x80xf32, #graph.dims<B, 80>>) {
    %w = graph.weight <"WEIGHTS" name "w" at 0 bytes 104448> : tensor<544x48xf32>
    %v = graph.weight <"WEIGHTS" name "v" at 104448 bytes 36864> : tensor<288x32xf32>
    %t = graph.weight <"WEIGHTS" name "t" at 141312 bytes 43008> : tensor<1344x32xi8>
    %c = graph.constant dense<100.0> : tensor<f32>
    %0 = graph.matmul %x, %w : (tensor<?x544xf32, #graph.dims<B, 544>>, tensor<544x48xf32>) -> tensor<?x48xf32, #graph.dims<B, 48>>
    %1 = graph.add %0, %y : (tensor<?x48xf32, #graph.dims<B, 48>>, tensor<?x48xf32, #graph.dims<B, 48>>) -> tensor<?x48xf32, #graph.dims<B, 48>>
    %x0 = graph.slice %x {axis = 1 : i64, start = #graph.dim<0>, step = 1 : i64} : (tensor<?x544xf32, #graph.dims<B, 544>>) -> tensor<?x288xf32, #graph.dims<B, 288>>
    %2 = graph.matmul %x0, %v : (tensor<?x288xf32, #graph.dims<B, 288>>, tensor<288x32xf32>) -> tensor<?x32xf32, #graph.dims<B, 32>>
    %z0 = graph.mul %z, %c : (tensor<?x1344xf32, #graph.dims<B, 1344>>, tensor<f32>) -> tensor<?x1344xf32, #graph.dims<B, 1344>>
    %z1 = graph.cast %z0 {to = ui8} : (tensor<?x1344xf32, #graph.dims<B, 1344>>) -> tensor<?x1344xui8, #graph.dims<B, 1344>>
    %z2 = graph.cast %z1 {to = i32} : (tensor<?x1344xui8, #graph.dims<B, 1344>>) -> tensor<?x1344xi32, #graph.dims<B, 1344>>
    %t0 = graph.cast %t {to = i32} : (tensor<1344x32xi8>) -> tensor<1344x32xi32>
    %3 = graph.matmul %z2, %t0 : (tensor<?x1344xi32, #graph.dims<B, 1344>>, tensor<1344x32xi32>) -> tensor<?x32xi32, #graph.dims<B, 32>>
    %u = graph.weight <"WEIGHTS" name "u" at 0 bytes 174080> : tensor<544x80xf32>
    %4 = graph.matmul %p, %u : (tensor<?x544xf32, #graph.dims<B, 544>>, tensor<544x80xf32>) -> tensor<?x80xf32, #graph.dims<B, 80>>
    %5 = graph.add %4, %r : (tensor<?x80xf32, #graph.dims<B, 80>>, tensor<?x80xf32, #graph.dims<B, 80>>) -> tensor<?x80xf32, #graph.dims<B, 80>>
    %6 = graph.gelu %5 {form = #graph<gelu_form erf>} : (tensor<?x80xf32, #graph.dims<B, 80>>) -> tensor<?x80xf32, #graph.dims<B, 80>>
    %7 = graph.tanh %6 : (tensor<?x80xf32, #graph.dims<B, 80>>) -> tensor<?x80xf32, #graph.dims<B, 80>>
    return %1, %2, %3, %7 : tensor<?x48xf32, #graph.dims<B, 48>>, tensor<?x32xf32, #graph.dims<B, 32>>, tensor<?x32xi32, #graph.dims<B, 32>>,
        tensor<?x80xf32, #graph.dims<B, 80>>
  })";

/// Products of stacks of integers that are all made when the program runs, with
/// zero points on both sides: of rows with rows, which lie across the right
/// side, exactly; of rows with columns, whose zero points differ, and with much
/// to compute behind; of rows as long as nobody knows; and of depths that are
/// no whole step.
constexpr const char *kActivations = R"(
  func.func @main(%x: tensor<3x?x64xf32, #graph.dims<3, B, 64>>, %y: tensor<3x?x64xf32, #graph.dims<3, B, 64>>,
                  %p: tensor<3x?x128xf32, #graph.dims<3, B, 128>>, %v: tensor<3x128x24xf32>,
                  %a: tensor<3x?x?xf32, #graph.dims<3, B, B>>, %z: tensor<3x?x20xf32, #graph.dims<3, B, 20>>, %t: tensor<3x20x16xf32>)
      -> (tensor<3x?x?xi32, #graph.dims<3, B, B>>, tensor<3x?x24xf32, #graph.dims<3, B, 24>>,
          tensor<3x?x64xf32, #graph.dims<3, B, 64>>, tensor<3x?x16xi32, #graph.dims<3, B, 16>>) {
    %s = graph.weight <"WEIGHTS" name "s" at 9216 bytes 96> : tensor<24xf32>
    %c = graph.constant dense<100.0> : tensor<f32>
    %zx = graph.constant dense<255> : tensor<i32>
    %zy = graph.constant dense<3> : tensor<i32>
    %zp = graph.constant dense<-128.0> : tensor<f32>
    %zv = graph.constant dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 128.0, 129.0, 130.0, 131.0, 132.0, 133.0, 134.0, 135.0,
                                248.0, 249.0, 250.0, 251.0, 252.0, 253.0, 254.0, 255.0]> : tensor<24xf32>
    %x0 = graph.mul %x, %c : (tensor<3x?x64xf32, #graph.dims<3, B, 64>>, tensor<f32>) -> tensor<3x?x64xf32, #graph.dims<3, B, 64>>
    %x1 = graph.cast %x0 {to = ui8} : (tensor<3x?x64xf32, #graph.dims<3, B, 64>>) -> tensor<3x?x64xui8, #graph.dims<3, B, 64>>
    %x2 = graph.cast %x1 {to = i32} : (tensor<3x?x64xui8, #graph.dims<3, B, 64>>) -> tensor<3x?x64xi32, #graph.dims<3, B, 64>>
    %x3 = graph.sub %x2, %zx : (tensor<3x?x64xi32, #graph.dims<3, B, 64>>, tensor<i32>) -> tensor<3x?x64xi32, #graph.dims<3, B, 64>>
    %y0 = graph.mul %y, %c : (tensor<3x?x64xf32, #graph.dims<3, B, 64>>, tensor<f32>) -> tensor<3x?x64xf32, #graph.dims<3, B, 64>>
    %y1 = graph.transpose %y0 {permutation = array<i64: 0, 2, 1>} : (tensor<3x?x64xf32, #graph.dims<3, B, 64>>) -> tensor<3x64x?xf32, #graph.dims<3, 64, B>>
    %y2 = graph.cast %y1 {to = ui8} : (tensor<3x64x?xf32, #graph.dims<3, 64, B>>) -> tensor<3x64x?xui8, #graph.dims<3, 64, B>>
    %y3 = graph.cast %y2 {to = i32} : (tensor<3x64x?xui8, #graph.dims<3, 64, B>>) -> tensor<3x64x?xi32, #graph.dims<3, 64, B>>
    %y4 = graph.sub %y3, %zy : (tensor<3x64x?xi32, #graph.dims<3, 64, B>>, tensor<i32>) -> tensor<3x64x?xi32, #graph.dims<3, 64, B>>
    %0 = graph.matmul %x3, %y4 : (tensor<3x?x64xi32, #graph.dims<3, B, 64>>, tensor<3x64x?xi32, #graph.dims<3, 64, B>>) -> tensor<3x?x?xi32, #graph.dims<3, B, B>>
    %p0 = graph.mul %p, %c : (tensor<3x?x128xf32, #graph.dims<3, B, 128>>, tensor<f32>) -> tensor<3x?x128xf32, #graph.dims<3, B, 128>>
    %p1 = graph.cast %p0 {to = i8} : (tensor<3x?x128xf32, #graph.dims<3, B, 128>>) -> tensor<3x?x128xi8, #graph.dims<3, B, 128>>
    %p2 = graph.cast %p1 {to = f32} : (tensor<3x?x128xi8, #graph.dims<3, B, 128>>) -> tensor<3x?x128xf32, #graph.dims<3, B, 128>>
    %p3 = graph.sub %p2, %zp : (tensor<3x?x128xf32, #graph.dims<3, B, 128>>, tensor<f32>) -> tensor<3x?x128xf32, #graph.dims<3, B, 128>>
    %v0 = graph.mul %v, %c : (tensor<3x128x24xf32>, tensor<f32>) -> tensor<3x128x24xf32>
    %v1 = graph.cast %v0 {to = ui8} : (tensor<3x128x24xf32>) -> tensor<3x128x24xui8>
    %v2 = graph.cast %v1 {to = f32} : (tensor<3x128x24xui8>) -> tensor<3x128x24xf32>
    %v3 = graph.sub %v2, %zv : (tensor<3x128x24xf32>, tensor<24xf32>) -> tensor<3x128x24xf32>
    %v4 = graph.mul %v3, %s : (tensor<3x128x24xf32>, tensor<24xf32>) -> tensor<3x128x24xf32>
    %1 = graph.matmul %p3, %v4 : (tensor<3x?x128xf32, #graph.dims<3, B, 128>>, tensor<3x128x24xf32>) -> tensor<3x?x24xf32, #graph.dims<3, B, 24>>
    %2 = graph.gelu %1 {form = #graph<gelu_form erf>} : (tensor<3x?x24xf32, #graph.dims<3, B, 24>>) -> tensor<3x?x24xf32, #graph.dims<3, B, 24>>
    %3 = graph.tanh %2 : (tensor<3x?x24xf32, #graph.dims<3, B, 24>>) -> tensor<3x?x24xf32, #graph.dims<3, B, 24>>
    %a0 = graph.mul %a, %c : (tensor<3x?x?xf32, #graph.dims<3, B, B>>, tensor<f32>) -> tensor<3x?x?xf32, #graph.dims<3, B, B>>
    %a1 = graph.cast %a0 {to = ui8} : (tensor<3x?x?xf32, #graph.dims<3, B, B>>) -> tensor<3x?x?xui8, #graph.dims<3, B, B>>
    %a2 = graph.cast %a1 {to = f32} : (tensor<3x?x?xui8, #graph.dims<3, B, B>>) -> tensor<3x?x?xf32, #graph.dims<3, B, B>>
    %b0 = graph.cast %y0 {to = i8} : (tensor<3x?x64xf32, #graph.dims<3, B, 64>>) -> tensor<3x?x64xi8, #graph.dims<3, B, 64>>
    %b1 = graph.cast %b0 {to = f32} : (tensor<3x?x64xi8, #graph.dims<3, B, 64>>) -> tensor<3x?x64xf32, #graph.dims<3, B, 64>>
    %b2 = graph.sub %b1, %zp : (tensor<3x?x64xf32, #graph.dims<3, B, 64>>, tensor<f32>) -> tensor<3x?x64xf32, #graph.dims<3, B, 64>>
    %4 = graph.matmul %a2, %b2 : (tensor<3x?x?xf32, #graph.dims<3, B, B>>, tensor<3x?x64xf32, #graph.dims<3, B, 64>>) -> tensor<3x?x64xf32, #graph.dims<3, B, 64>>
    %z0 = graph.mul %z, %c : (tensor<3x?x20xf32, #graph.dims<3, B, 20>>, tensor<f32>) -> tensor<3x?x20xf32, #graph.dims<3, B, 20>>
    %z1 = graph.cast %z0 {to = ui8} : (tensor<3x?x20xf32, #graph.dims<3, B, 20>>) -> tensor<3x?x20xui8, #graph.dims<3, B, 20>>
    %z2 = graph.cast %z1 {to = i32} : (tensor<3x?x20xui8, #graph.dims<3, B, 20>>) -> tensor<3x?x20xi32, #graph.dims<3, B, 20>>
    %t0 = graph.mul %t, %c : (tensor<3x20x16xf32>, tensor<f32>) -> tensor<3x20x16xf32>
    %t1 = graph.cast %t0 {to = i8} : (tensor<3x20x16xf32>) -> tensor<3x20x16xi8>
    %t2 = graph.cast %t1 {to = i32} : (tensor<3x20x16xi8>) -> tensor<3x20x16xi32>
    %5 = graph.matmul %z2, %t2 : (tensor<3x?x20xi32, #graph.dims<3, B, 20>>, tensor<3x20x16xi32>) -> tensor<3x?x16xi32, #graph.dims<3, B, 16>>
    return %0, %3, %4, %5 : tensor<3x?x?xi32, #graph.dims<3, B, B>>, tensor<3x?x24xf32, #graph.dims<3, B, 24>>,
        tensor<3x?x64xf32, #graph.dims<3, B, 64>>, tensor<3x?x16xi32, #graph.dims<3, B, 16>>
  })";

/// Scores and values of attention: query heads that share keys and a mask; a
/// causal one whose heads are no whole steps wide, of keys and queries that are
/// as many; and one whose keys lie in columns.
constexpr const char *kAttention = R"(
  func.func @main(%q: tensor<?x4x?x64xf32, #graph.dims<B, 4, L, 64>>, %k: tensor<?x2x?x64xf32, #graph.dims<B, 2, S, 64>>,
                  %v: tensor<?x2x?x32xf32, #graph.dims<B, 2, S, 32>>, %m: tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, S>>,
                  %x: tensor<?x3x?x80xf32, #graph.dims<B, 3, L, 80>>, %y: tensor<?x3x?x48xf32, #graph.dims<B, 3, L, 48>>,
                  %t: tensor<?x3x80x?xf32, #graph.dims<B, 3, 80, L>>)
      -> (tensor<?x4x?x32xf32, #graph.dims<B, 4, L, 32>>, tensor<?x3x?x48xf32, #graph.dims<B, 3, L, 48>>,
          tensor<?x3x?x48xf32, #graph.dims<B, 3, L, 48>>) {
    %0 = graph.attention %q, %k, %v, %m {nan_to_zero, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>, scale = 1.250000e-01 : f64} : (tensor<?x4x?x64xf32, #graph.dims<B, 4, L, 64>>, tensor<?x2x?x64xf32, #graph.dims<B, 2, S, 64>>, tensor<?x2x?x32xf32, #graph.dims<B, 2, S, 32>>, tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, S>>) -> tensor<?x4x?x32xf32, #graph.dims<B, 4, L, 32>>
    %1 = graph.attention %x, %x, %y {causal, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.000000e-01 : f64} : (tensor<?x3x?x80xf32, #graph.dims<B, 3, L, 80>>, tensor<?x3x?x80xf32, #graph.dims<B, 3, L, 80>>, tensor<?x3x?x48xf32, #graph.dims<B, 3, L, 48>>) -> tensor<?x3x?x48xf32, #graph.dims<B, 3, L, 48>>
    %k1 = graph.transpose %t {permutation = array<i64: 0, 1, 3, 2>} : (tensor<?x3x80x?xf32, #graph.dims<B, 3, 80, L>>) -> tensor<?x3x?x80xf32, #graph.dims<B, 3, L, 80>>
    %2 = graph.attention %x, %k1, %y {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.000000e-01 : f64} : (tensor<?x3x?x80xf32, #graph.dims<B, 3, L, 80>>, tensor<?x3x?x80xf32, #graph.dims<B, 3, L, 80>>, tensor<?x3x?x48xf32, #graph.dims<B, 3, L, 48>>) -> tensor<?x3x?x48xf32, #graph.dims<B, 3, L, 48>>
    return %0, %1, %2 : tensor<?x4x?x32xf32, #graph.dims<B, 4, L, 32>>, tensor<?x3x?x48xf32, #graph.dims<B, 3, L, 48>>,
        tensor<?x3x?x48xf32, #graph.dims<B, 3, L, 48>>
  })";

void expectSameForRows(Compiled &compiled, double tolerance) {
  ASSERT_TRUE(compiled.isLoaded()) << compiled.loadError();
  for (int64_t rows : {1, 3, 4, 16, 31, 32, 70, 300}) {
    SCOPED_TRACE(rows);
    compiled.expectSame({{"B", rows}}, tolerance);
  }
}

/// What is multiplied, and how near the interpreter it comes.
struct Numbers {
  const char *name;
  const char *module;
  bool useBf16;
  double tolerance;
};
const Numbers kNumbers[] = {
    // The interpreter rounds to bf16 between the ops of a kernel too, thrice.
    {"bf16", kModule, true, std::ldexp(1.0, -6)},
    // Both round a sum of 128 products of scaled integers, in their own order.
    {"int8", kIntegers, false, std::ldexp(128.0, -23)},
    {"activations", kActivations, false, std::ldexp(128.0, -23)},
    // The interpreter rounds its sum of 96 products once.
    {"f32", kModule, false, std::ldexp(96.0, -23)},
    // Sums of 544 rounded products; those of integers are exact.
    {"deep", kDeep, true, std::ldexp(1.0, -6)},
};

class Units : public testing::TestWithParam<std::tuple<const char *, Numbers>> {
protected:
  const Numbers &numbers = std::get<1>(GetParam());

  CompileOptions options(bool emulateUnits) const {
    CompileOptions options;
    options.target = std::get<0>(GetParam());
    options.useBf16 = numbers.useBf16;
    options.emulateUnits = emulateUnits;
    return options;
  }
};

TEST_P(Units, Emulated) {
  Compiled compiled(numbers.module, options(/*emulateUnits=*/true));
  expectSameForRows(compiled, numbers.tolerance);
}

TEST_P(Units, Executed) {
  Compiled compiled(numbers.module, options(/*emulateUnits=*/false));
  if (compiled.loadError().find("which this CPU lacks") != std::string::npos)
    GTEST_SKIP() << compiled.loadError();
  expectSameForRows(compiled, numbers.tolerance);
}

class AttentionOnTiles : public testing::TestWithParam<bool> {
protected:
  using Lengths = std::initializer_list<std::pair<int64_t, int64_t>>;

  /// Of so many queries and keys, and two batches where they are open.
  void expectSame(const char *module, bool useBf16, double tolerance,
                  Lengths lengths) {
    CompileOptions options;
    options.target = "sapphirerapids";
    options.useBf16 = useBf16;
    options.emulateUnits = GetParam();
    Compiled compiled(module, options);
    if (compiled.loadError().find("which this CPU lacks") != std::string::npos)
      GTEST_SKIP() << compiled.loadError();
    ASSERT_TRUE(compiled.isLoaded()) << compiled.loadError();
    for (auto [queries, keys] : lengths) {
      SCOPED_TRACE(testing::Message()
                   << queries << " queries, " << keys << " keys");
      compiled.expectSame({{"B", 2}, {"L", queries}, {"S", keys}}, tolerance);
    }
  }
};

TEST_P(AttentionOnTiles, IsWhatTheInterpreterSays) {
  // The interpreter rounds to bf16 between the ops of a kernel too.
  expectSame(
      kAttention, /*useBf16=*/true, std::ldexp(1.0, -6),
      {{1, 1}, {1, 130}, {17, 33}, {64, 64}, {65, 64}, {70, 200}, {400, 150}});
}

/// Heads so wide that 512 of their keys stay from one block of queries to the
/// next.
constexpr const char *kWideAttention = R"(
  func.func @main(%q: tensor<1x4x?x512xf32, #graph.dims<1, 4, L, 512>>, %k: tensor<1x4x?x512xf32, #graph.dims<1, 4, S, 512>>,
                  %v: tensor<1x4x?x32xf32, #graph.dims<1, 4, S, 32>>) -> tensor<1x4x?x32xf32, #graph.dims<1, 4, L, 32>> {
    %0 = graph.attention %q, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 6.250000e-02 : f64} : (tensor<1x4x?x512xf32, #graph.dims<1, 4, L, 512>>, tensor<1x4x?x512xf32, #graph.dims<1, 4, S, 512>>, tensor<1x4x?x32xf32, #graph.dims<1, 4, S, 32>>) -> tensor<1x4x?x32xf32, #graph.dims<1, 4, L, 32>>
    return %0 : tensor<1x4x?x32xf32, #graph.dims<1, 4, L, 32>>
  })";

TEST_P(AttentionOnTiles, OfMoreKeysThanStay) {
  // Of eight instances each of two threads first takes the two of a head.
  expectSame(kWideAttention, /*useBf16=*/true, std::ldexp(1.0, -6),
             {{33, 600}});
}

/// Attention in f32 as sums of bf16: many queries that share keys and a mask,
/// and causal ones over a key more than a block has.
constexpr const char *kSplitAttention = R"(
  func.func @main(%q: tensor<?x4x?x64xf32, #graph.dims<B, 4, L, 64>>, %k: tensor<?x2x?x64xf32, #graph.dims<B, 2, S, 64>>,
                  %v: tensor<?x2x?x32xf32, #graph.dims<B, 2, S, 32>>, %m: tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, S>>,
                  %x: tensor<?x1x?x128xf32, #graph.dims<B, 1, L, 128>>)
      -> (tensor<?x4x?x32xf32, #graph.dims<B, 4, L, 32>>, tensor<?x1x?x128xf32, #graph.dims<B, 1, L, 128>>) {
    %0 = graph.attention %q, %k, %v, %m {nan_to_zero, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>, scale = 1.250000e-01 : f64} : (tensor<?x4x?x64xf32, #graph.dims<B, 4, L, 64>>, tensor<?x2x?x64xf32, #graph.dims<B, 2, S, 64>>, tensor<?x2x?x32xf32, #graph.dims<B, 2, S, 32>>, tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, S>>) -> tensor<?x4x?x32xf32, #graph.dims<B, 4, L, 32>>
    %1 = graph.attention %x, %x, %x {causal, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.000000e-01 : f64} : (tensor<?x1x?x128xf32, #graph.dims<B, 1, L, 128>>, tensor<?x1x?x128xf32, #graph.dims<B, 1, L, 128>>, tensor<?x1x?x128xf32, #graph.dims<B, 1, L, 128>>) -> tensor<?x1x?x128xf32, #graph.dims<B, 1, L, 128>>
    return %0, %1 : tensor<?x4x?x32xf32, #graph.dims<B, 4, L, 32>>, tensor<?x1x?x128xf32, #graph.dims<B, 1, L, 128>>
  })";

TEST_P(AttentionOnTiles, OfPartsIsWhatTheInterpreterSays) {
  // Sums of 128 products, exponentials of them, and sums of those.
  expectSame(kSplitAttention, /*useBf16=*/false, std::ldexp(256.0, -23),
             {{193, 1}, {260, 33}, {200, 130}, {385, 200}, {400, 16}});
}

INSTANTIATE_TEST_SUITE_P(Targets, AttentionOnTiles, testing::Bool(),
                         [](const auto &info) {
                           return info.param ? "Emulated" : "Executed";
                         });

// znver4 has the units for lanes, sapphirerapids AMX too, x86-64-v3 none.
INSTANTIATE_TEST_SUITE_P(Targets, Units,
                         testing::Combine(testing::Values("x86-64-v3", "znver4",
                                                          "sapphirerapids"),
                                          testing::ValuesIn(kNumbers)),
                         [](const auto &info) {
                           std::string name = std::get<0>(info.param);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name + "_" + std::get<1>(info.param).name;
                         });

/// The units that the launched kernels with products name, sorted; for few rows
/// variants of them may name others.
std::vector<std::string> unitsFor(const Numbers &numbers, StringRef target) {
  MLIRContext context;
  context
      .loadDialect<func::FuncDialect, graph::GraphDialect, tile::TileDialect>();
  auto module = parseSourceString<ModuleOp>(numbers.module, &context);
  CompileOptions options;
  options.target = target;
  options.useBf16 = numbers.useBf16;
  EXPECT_TRUE(
      succeeded(runStages(*module, options, Stage::Import, Stage::Schedule)));
  llvm::DenseSet<StringRef> launched;
  module->walk(
      [&](tile::LaunchOp launch) { launched.insert(launch.getKernel()); });
  std::vector<std::string> units;
  module->walk([&](tile::KernelOp kernel) {
    bool multiplies = false;
    kernel.walk([&](tile::MmaOp) { multiplies = true; });
    if (!multiplies || !launched.contains(kernel.getSymName()))
      return;
    auto named = kernel.getScheduleAttr().getAs<StringAttr>("unit");
    units.push_back(named ? named.getValue().str() : "");
  });
  llvm::sort(units);
  return units;
}

TEST(UnitsInCode, SchedulesNameTheFastestUnitThatFits) {
  using Names = std::vector<std::string>;
  const auto &[bf16, int8, activations, f32, deep] = kNumbers;
  EXPECT_EQ(unitsFor(bf16, "x86-64-v4"), Names({"", ""}));
  EXPECT_EQ(unitsFor(bf16, "znver4"), Names({"avx512bf16", "avx512bf16"}));
  EXPECT_EQ(unitsFor(bf16, "sapphirerapids"), Names({"amx-bf16", "amx-bf16"}));
  EXPECT_EQ(unitsFor(int8, "x86-64-v4"), Names({"", "", "", ""}));
  EXPECT_EQ(unitsFor(int8, "znver4"), Names(4, "avx512vnni"));
  EXPECT_EQ(unitsFor(int8, "sapphirerapids"),
            Names({"amx-int8", "amx-int8", "avx512vnni", "avx512vnni"}));
  EXPECT_EQ(unitsFor(activations, "znver4"),
            Names({"avx512bf16", "avx512vnni", "avx512vnni", "avx512vnni"}));
  EXPECT_EQ(unitsFor(activations, "sapphirerapids"),
            Names({"amx-bf16", "amx-int8", "amx-int8", "amx-int8"}));
  Numbers attention = {"attention", kAttention, true, 0};
  EXPECT_EQ(unitsFor(attention, "znver4"), Names(3, "avx512bf16"));
  EXPECT_EQ(unitsFor(attention, "sapphirerapids"), Names(3, "amx-bf16"));
  // A head of 80 is no whole step.
  Numbers plain = {"attention", kAttention, false, 0};
  EXPECT_EQ(unitsFor(plain, "sapphirerapids"), Names({"", "", "amx-bf16x3"}));
  EXPECT_EQ(unitsFor(deep, "sapphirerapids"),
            Names({"amx-bf16", "amx-bf16", "amx-bf16", "amx-int8"}));
  EXPECT_EQ(unitsFor(f32, "znver4"), Names({"", ""}));
  // 24 columns are not worth the split.
  EXPECT_EQ(unitsFor(f32, "sapphirerapids"), Names({"", "amx-bf16x3"}));
}

} // namespace
} // namespace tenon
