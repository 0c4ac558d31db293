// Every function of the driver that FakeDriver.cpp leaves out: it is noted, and
// answers what the test wants. FAKE_MISSING takes one away.

#include "tests/runtime/Device/Cuda/FakeDriver.h"

using namespace tenon::cuda;

extern "C" CUresult fakeCalled(const char *name);

#ifdef FAKE_MISSING
#define cuCtxPopCurrent_v2 fakeHasNoPop
#endif

#define TEXT(name) #name
#define DEFINE(name, parameters)                                               \
  extern "C" __attribute__((weak)) CUresult name parameters {                  \
    return fakeCalled(TEXT(name));                                             \
  }
TENON_CUDA_FUNCTIONS(DEFINE)
