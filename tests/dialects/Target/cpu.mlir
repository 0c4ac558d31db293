// RUN: tenon-opt %s --verify-diagnostics --split-input-file | FileCheck %s

// Printed as it was read.

// CHECK-LABEL: func private @round_trip
// CHECK-SAME:    #target.cpu<name = "spr", llvm_cpu = "x86-64-v4", llvm_tune = "sapphirerapids", vector_bytes = 64, num_vectors = 32, f32_macs = 32, clock_mhz = 2500, features = ["avx512bf16", "amx-bf16"], units = [#target.unit<"avx512bf16", 16>, #target.unit<"amx-bf16", 512>], caches = [#target.cache<49152, 12>, #target.cache<2097152, 16>]>
func.func private @round_trip() attributes {
  cpu = #target.cpu<name = "spr", llvm_cpu = "x86-64-v4", llvm_tune = "sapphirerapids", vector_bytes = 64,
                    num_vectors = 32, f32_macs = 32, clock_mhz = 2500,
                    features = ["avx512bf16", "amx-bf16"],
                    units = [#target.unit<"avx512bf16", 16>, #target.unit<"amx-bf16", 512>],
                    caches = [#target.cache<49152, 12>, #target.cache<2097152, 16>]>}

// -----

// expected-error @+2 {{a vector register has 16, 32 or 64 bytes, got 48}}
func.func private @cpu_c1() attributes {
  cpu = #target.cpu<name = "x", llvm_cpu = "x", llvm_tune = "x", vector_bytes = 48, num_vectors = 32, f32_macs = 16,
                    clock_mhz = 1, features = [], units = [], caches = [#target.cache<1, 1>]>}

// -----

// expected-error @+2 {{f32_macs is at least 1, got 0}}
func.func private @cpu_c1_numbers() attributes {
  cpu = #target.cpu<name = "x", llvm_cpu = "x", llvm_tune = "x", vector_bytes = 64, num_vectors = 32, f32_macs = 0,
                    clock_mhz = 1, features = [], units = [], caches = [#target.cache<1, 1>]>}

// -----

// expected-error @+2 {{features are names that the runtime can check: expected one of avx2, fma, f16c, bmi, bmi2, lzcnt, movbe, avx512f, avx512bw, avx512cd, avx512dq, avx512vl, prfchw, avx512vbmi, avx512vbmi2, avx512vnni, avx512bf16, amx-tile, amx-bf16, amx-int8, got "sse9"}}
func.func private @cpu_c2() attributes {
  cpu = #target.cpu<name = "x", llvm_cpu = "x", llvm_tune = "x", vector_bytes = 64, num_vectors = 32, f32_macs = 16,
                    clock_mhz = 1, features = ["sse9"], units = [], caches = [#target.cache<1, 1>]>}

// -----

// expected-error @+2 {{unit avx512vnni needs the feature of its name, got features ["avx2"]}}
func.func private @cpu_c3() attributes {
  cpu = #target.cpu<name = "x", llvm_cpu = "x", llvm_tune = "x", vector_bytes = 64, num_vectors = 32, f32_macs = 16,
                    clock_mhz = 1, features = ["avx2"], units = [#target.unit<"avx512vnni", 64>],
                    caches = [#target.cache<1, 1>]>}

// -----

// expected-error @+2 {{unit avx512vnni has one rate, got a second: #target.unit<"avx512vnni", 32>}}
func.func private @cpu_c3_twice() attributes {
  cpu = #target.cpu<name = "x", llvm_cpu = "x", llvm_tune = "x", vector_bytes = 64, num_vectors = 32, f32_macs = 16,
                    clock_mhz = 1, features = ["avx512vnni"],
                    units = [#target.unit<"avx512vnni", 64>, #target.unit<"avx512vnni", 32>],
                    caches = [#target.cache<1, 1>]>}

// -----

// expected-error @+2 {{caches grow from level to level: expected more than 32768 bytes, got 16384}}
func.func private @cpu_c4() attributes {
  cpu = #target.cpu<name = "x", llvm_cpu = "x", llvm_tune = "x", vector_bytes = 64, num_vectors = 32, f32_macs = 16,
                    clock_mhz = 1, features = [], units = [],
                    caches = [#target.cache<32768, 8>, #target.cache<16384, 8>]>}

// -----

// expected-error @+2 {{a CPU has 1 to 3 levels of cache, got 0}}
func.func private @cpu_c4_none() attributes {
  cpu = #target.cpu<name = "x", llvm_cpu = "x", llvm_tune = "x", vector_bytes = 64, num_vectors = 32, f32_macs = 16,
                    clock_mhz = 1, features = [], units = [], caches = []>}

// -----

// expected-error @+4 {{no such unit: expected avx512bf16, avx512vnni, amx-bf16 or amx-int8, got 'tensor_core'}}
// expected-error @+3 {{failed to parse}}
func.func private @unit_unknown() attributes {
  cpu = #target.cpu<name = "x", llvm_cpu = "x", llvm_tune = "x", vector_bytes = 64, num_vectors = 32, f32_macs = 16,
                    clock_mhz = 1, features = [], units = [#target.unit<"tensor_core", 64>],
                    caches = [#target.cache<1, 1>]>}
