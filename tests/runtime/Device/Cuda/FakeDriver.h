//===- FakeDriver.h - how a test steers the fake libcuda ------------------===//
//
// FakeDriver.cpp is a library with the driver's functions and no device: its
// memory is the host's, its kernels only count. A test loads it as the runtime
// does, and makes calls fail.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TESTS_RUNTIME_DEVICE_CUDA_FAKEDRIVER_H
#define TENON_TESTS_RUNTIME_DEVICE_CUDA_FAKEDRIVER_H

#include "runtime/Device/Cuda/DriverAbi.h"

#include <map>
#include <string>
#include <vector>

namespace tenon::test {

struct FakeDriver {
  /// What these functions answer, until it is taken away again.
  std::map<std::string, cuda::CUresult> failures;
  /// Names of the functions called so far.
  std::vector<std::string> calls;
  unsigned threadsPerBlock = 1024; ///< of every kernel
  int dynamicSharedBytes = 0;      ///< what cuFuncSetAttribute was given

  size_t count(const std::string &name) const {
    size_t found = 0;
    for (const std::string &call : calls)
      found += call == name;
    return found;
  }
};

/// What the library exports under "fakeDriver".
using GetFakeDriver = FakeDriver *(*)();

} // namespace tenon::test

#endif // TENON_TESTS_RUNTIME_DEVICE_CUDA_FAKEDRIVER_H
