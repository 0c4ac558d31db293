// RUN: tenon-opt %s --expand-math --canonicalize --verify-diagnostics --split-input-file | FileCheck %s

// What the formulas compute is tested by ExpandMathTest; here, what they are made of.

// exp is one clamp, a reduction, a polynomial of degree 6 and one scaling: no division, no
// comparison beside the clamp's.

// CHECK-LABEL: func @exp_is_a_polynomial
// CHECK-SAME:    (%[[X:.+]]: vector<16xf32>)
func.func @exp_is_a_polynomial(%x: vector<16xf32>) -> vector<16xf32> {
  // CHECK-NOT:     math.exp
  // CHECK-COUNT-2: arith.select
  // CHECK:         %[[SUM:.+]] = math.fma
  // CHECK:         arith.subf %[[SUM]]
  // CHECK-COUNT-8: math.fma
  // CHECK-NOT:     math.fma
  // CHECK:         %[[Y:.+]] = arith.mulf
  // CHECK:         return %[[Y]]
  %y = math.exp %x : vector<16xf32>
  return %y : vector<16xf32>
}

// -----

// What is never above 0 needs one end of the clamp, and ln(2) in one part.

// CHECK-LABEL: func @exp_of_differences_to_a_maximum
func.func @exp_of_differences_to_a_maximum(%x: vector<16xf32>) -> vector<16xf32> {
  // CHECK-NOT:     math.exp
  // CHECK-COUNT-1: arith.select
  // CHECK-NOT:     arith.select
  // CHECK-COUNT-8: math.fma
  // CHECK-NOT:     math.fma
  // CHECK:         return
  %y = math.exp %x {tile.not_positive} : vector<16xf32>
  return %y : vector<16xf32>
}

// -----

// What is rounded to bf16 takes three terms less.

// CHECK-LABEL: func @exp2_of_bf16
func.func @exp2_of_bf16(%x: vector<16xf32>) -> vector<16xf32> {
  // CHECK-NOT:     math.exp
  // CHECK-COUNT-3: math.fma
  // CHECK-NOT:     math.fma
  // CHECK:         return
  %y = math.exp2 %x {tile.not_positive, tile.rounded_to_bf16} : vector<16xf32>
  return %y : vector<16xf32>
}

// -----

// A reciprocal that is rounded to bf16 is no division, in whole vectors.

// CHECK-LABEL: func @reciprocal_of_bf16
// CHECK-SAME:    (%[[X:.+]]: vector<32xf32>, %[[Z:.+]]: vector<8xf32>)
func.func @reciprocal_of_bf16(%x: vector<32xf32>, %z: vector<8xf32>) -> (vector<32xf32>, vector<8xf32>, vector<32xf32>) {
  // CHECK:     %[[LOW:.+]] = vector.extract_strided_slice %[[X]] {offsets = [0]
  // CHECK:     llvm.call_intrinsic "llvm.x86.avx512.rcp14.ps.512"(%[[LOW]], %[[LOW]], %{{.+}})
  // CHECK:     %[[HIGH:.+]] = vector.extract_strided_slice %[[X]] {offsets = [16]
  // CHECK:     llvm.call_intrinsic "llvm.x86.avx512.rcp14.ps.512"(%[[HIGH]], %[[HIGH]], %{{.+}})
  // CHECK-NOT: rcp14
  // CHECK:     arith.divf %{{.+}}, %[[Z]]
  // CHECK:     arith.divf %{{.+}}, %[[X]]
  %one = arith.constant dense<1.0> : vector<32xf32>
  %few = arith.constant dense<1.0> : vector<8xf32>
  %three = arith.constant dense<3.0> : vector<32xf32>
  %y = arith.divf %one, %x {tile.rounded_to_bf16} : vector<32xf32>
  %w = arith.divf %few, %z {tile.rounded_to_bf16} : vector<8xf32>
  %v = arith.divf %three, %x {tile.rounded_to_bf16} : vector<32xf32>
  return %y, %w, %v : vector<32xf32>, vector<8xf32>, vector<32xf32>
}

// -----

// Two vectors are rounded to bf16 by one instruction, the low half last.

// CHECK-LABEL: func @pairs_of_vectors
// CHECK-SAME:    (%[[X:.+]]: vector<32xf32>,
func.func @pairs_of_vectors(%x: vector<32xf32>, %z: vector<16xf32>) -> (vector<32xbf16>, vector<16xbf16>) {
  // CHECK-DAG: %[[HIGH:.+]] = vector.extract_strided_slice %[[X]] {offsets = [16]
  // CHECK-DAG: %[[LOW:.+]] = vector.extract_strided_slice %[[X]] {offsets = [0]
  // CHECK:     llvm.call_intrinsic "llvm.x86.avx512bf16.cvtne2ps2bf16.512"(%[[HIGH]], %[[LOW]])
  // CHECK:     arith.truncf %{{.+}} : vector<16xf32> to vector<16xbf16>
  %y = arith.truncf %x : vector<32xf32> to vector<32xbf16>
  %w = arith.truncf %z : vector<16xf32> to vector<16xbf16>
  return %y, %w : vector<32xbf16>, vector<16xbf16>
}

// -----

// A scalar takes the same formula.

// CHECK-LABEL: func @tanh_of_a_scalar
// CHECK-SAME:    (%[[X:.+]]: f32)
func.func @tanh_of_a_scalar(%x: f32) -> f32 {
  // CHECK-NOT: math.tanh
  // CHECK:     %[[RATIO:.+]] = arith.divf {{.*}} : f32
  // CHECK:     %[[Y:.+]] = math.copysign %[[RATIO]], %[[X]]
  // CHECK:     return %[[Y]]
  %y = math.tanh %x : f32
  return %y : f32
}

// -----

// bf16 is widened once and rounded once.

// CHECK-LABEL: func @erf_of_bf16
// CHECK-SAME:    (%[[X:.+]]: vector<8xbf16>)
func.func @erf_of_bf16(%x: vector<8xbf16>) -> vector<8xbf16> {
  // CHECK:     %[[WIDE:.+]] = arith.extf %[[X]] : vector<8xbf16> to vector<8xf32>
  // CHECK:     %[[SIGNED:.+]] = math.copysign {{.+}}, %[[WIDE]]
  // CHECK:     %[[Y:.+]] = arith.truncf %[[SIGNED]] : vector<8xf32> to vector<8xbf16>
  // CHECK:     return %[[Y]]
  %y = math.erf %x : vector<8xbf16>
  return %y : vector<8xbf16>
}

// -----

// The cube of gelu's tanh form is two products.

// CHECK-LABEL: func @cube
// CHECK-SAME:    (%[[X:.+]]: vector<16xf32>)
func.func @cube(%x: vector<16xf32>) -> vector<16xf32> {
  // CHECK: %[[SQUARE:.+]] = arith.mulf %[[X]], %[[X]]
  // CHECK: %[[CUBE:.+]] = arith.mulf %[[SQUARE]], %[[X]]
  // CHECK: return %[[CUBE]]
  %three = arith.constant dense<3.0> : vector<16xf32>
  %y = math.powf %x, %three : vector<16xf32>
  return %y : vector<16xf32>
}

// -----

// relu: with a number on one side one comparison keeps NaN, for either order.

// CHECK-LABEL: func @relu
// CHECK-SAME:    (%[[X:.+]]: vector<16xf32>)
func.func @relu(%x: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>) {
  // CHECK: %[[ZERO:.+]] = arith.constant
  // CHECK: %[[IS0:.+]] = arith.cmpf ogt, %[[ZERO]], %[[X]]
  // CHECK: %[[Y0:.+]] = arith.select %[[IS0]], %[[ZERO]], %[[X]]
  // CHECK: %[[IS1:.+]] = arith.cmpf ogt, %[[ZERO]], %[[X]]
  // CHECK: %[[Y1:.+]] = arith.select %[[IS1]], %[[ZERO]], %[[X]]
  // CHECK: return %[[Y0]], %[[Y1]]
  %zero = arith.constant dense<0.0> : vector<16xf32>
  %y0 = arith.maximumf %x, %zero : vector<16xf32>
  %y1 = arith.maximumf %zero, %x : vector<16xf32>
  return %y0, %y1 : vector<16xf32>, vector<16xf32>
}

// -----

// Of two unknowns either may be NaN. The code generator has the shorter way to
// that, if it may leave out the order of zeros.

// CHECK-LABEL: func @of_unknowns
// CHECK-SAME:    (%[[A:.+]]: f32, %[[B:.+]]: f32)
func.func @of_unknowns(%a: f32, %b: f32) -> (f32, f32) {
  // CHECK: %[[MIN:.+]] = arith.minimumf %[[A]], %[[B]] fastmath<nsz> : f32
  // CHECK: %[[LESS:.+]] = arith.cmpf olt, %[[A]], %[[B]]
  // CHECK: %[[NUM:.+]] = arith.select %[[LESS]], %[[A]], %[[B]]
  // CHECK: %[[ISNAN:.+]] = arith.cmpf uno, %[[B]], %[[B]]
  // CHECK: %[[Y:.+]] = arith.select %[[ISNAN]], %[[A]], %[[NUM]]
  // CHECK: return %[[MIN]], %[[Y]]
  %x = arith.minimumf %a, %b : f32
  %y = arith.minnumf %a, %b : f32
  return %x, %y : f32, f32
}

// -----

// A promise that there is no NaN saves the second select.

// CHECK-LABEL: func @promised
// CHECK-COUNT-1: arith.select
// CHECK-NOT:     arith.select
func.func @promised(%a: f32, %b: f32) -> f32 {
  %y = arith.maximumf %a, %b fastmath<nnan> : f32
  return %y : f32
}

// -----

// Left alone: what is an instruction already.

// CHECK-LABEL: func @instructions
func.func @instructions(%x: f32) -> (f32, f32, f32) {
  // CHECK: math.sqrt
  // CHECK: math.roundeven
  // CHECK: math.absf
  %0 = math.sqrt %x : f32
  %1 = math.roundeven %x : f32
  %2 = math.absf %x : f32
  return %0, %1, %2 : f32, f32, f32
}

// -----

func.func @no_formula_for_f64(%x: f64) -> f64 {
  // expected-error @below {{'math.exp' op has no formula in arithmetic: expected f16, bf16 or f32 in a function that expand-math knows, got 'f64'}}
  %y = math.exp %x : f64
  return %y : f64
}

// -----

func.func @no_formula_for_atan(%x: f32) -> f32 {
  // expected-error @below {{'math.atan' op has no formula in arithmetic: expected f16, bf16 or f32 in a function that expand-math knows, got 'f32'}}
  %y = math.atan %x : f32
  return %y : f32
}
