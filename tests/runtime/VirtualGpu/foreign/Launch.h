//===- Launch.h - what cutlass_gemm.py must know to launch a kernel -------===//

#ifndef TENON_TESTS_RUNTIME_VIRTUALGPU_FOREIGN_LAUNCH_H
#define TENON_TESTS_RUNTIME_VIRTUALGPU_FOREIGN_LAUNCH_H

struct Launch {
  unsigned grid[3], numThreads, sharedBytes, cluster[3];
};

#endif // TENON_TESTS_RUNTIME_VIRTUALGPU_FOREIGN_LAUNCH_H
