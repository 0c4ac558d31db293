// RUN: tenon-opt %s --apply-schedule --verify-diagnostics

// A schedule that lacks a symbol says which.

// expected-error @below {{'tile.kernel' op has no number for "BN" in its schedule {BM = 8 : index}}}
tile.kernel @incomplete(%n: index) inputs 0 outputs 0 schedule {BM = 8 : index} {
  %i = tile.grid [%n by BN]
  tile.return
}
