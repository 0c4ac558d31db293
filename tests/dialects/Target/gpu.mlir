// RUN: tenon-opt %s --verify-diagnostics --split-input-file | FileCheck %s

// Printed as it was read.

// CHECK-LABEL: func private @gpu_round_trip
// CHECK-SAME:    #target.gpu<name = "sm_90a", compute = 90, shared_bytes = 232448>
func.func private @gpu_round_trip() attributes {
  gpu = #target.gpu<name = "sm_90a", compute = 90, shared_bytes = 232448>}

// -----

// expected-error @+2 {{compute is at least 1, got 0}}
func.func private @gpu_c1() attributes {
  gpu = #target.gpu<name = "x", compute = 0, shared_bytes = 1>}

// -----

// expected-error @+2 {{shared_bytes is at least 1, got -4}}
func.func private @gpu_c1_shared() attributes {
  gpu = #target.gpu<name = "x", compute = 80, shared_bytes = -4>}
