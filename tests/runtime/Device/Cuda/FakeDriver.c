/* A CUDA driver that can do nothing but be asked. FAKE_INIT is what cuInit
   returns, FAKE_VERSION what it is of; FAKE_LACKS leaves one function out. */

#define FAKE(name)                                                             \
  int name(void) { return 801; }

static const char *nameOf(int status) {
  return status == 0     ? "CUDA_SUCCESS"
         : status == 2   ? "CUDA_ERROR_OUT_OF_MEMORY"
         : status == 100 ? "CUDA_ERROR_NO_DEVICE"
         : status == 801 ? "CUDA_ERROR_NOT_SUPPORTED"
                         : 0;
}

int cuInit(unsigned flags) {
  (void)flags;
  return FAKE_INIT;
}
int cuDriverGetVersion(int *version) {
  *version = FAKE_VERSION;
  return 0;
}
int cuGetErrorName(int status, const char **name) {
  *name = nameOf(status);
  return *name ? 0 : 1;
}
int cuGetErrorString(int status, const char **text) {
  *text = nameOf(status) ? "in words" : 0;
  return *text ? 0 : 1;
}
int cuDeviceGetCount(int *count) {
  *count = 1;
  return 0;
}
int cuDeviceGet(int *device, int ordinal) {
  *device = ordinal;
  return 0;
}
int cuDeviceGetAttribute(int *value, int attribute, int device) {
  (void)device;
  *value = attribute == 75 ? 9 : 0;
  return 0;
}
int cuDevicePrimaryCtxRetain(void **context, int device) {
  (void)device;
  *context = context;
  return 0;
}
int cuCtxSetCurrent(void *context) {
  (void)context;
  return 0;
}
int cuStreamCreate(void **stream, unsigned flags) {
  (void)flags;
  *stream = stream;
  return 0;
}
int cuMemAlloc_v2(unsigned long long *address, unsigned long bytes) {
  *address = 4096;
  return bytes > 1000 ? 2 : 0;
}
int cuMemFree_v2(unsigned long long address) {
  (void)address;
  return 0;
}
FAKE(cuDeviceGetName)
FAKE(cuDeviceTotalMem_v2)
FAKE(cuDevicePrimaryCtxRelease_v2)
FAKE(cuMemcpyHtoDAsync_v2)
FAKE(cuMemcpyDtoHAsync_v2)
FAKE(cuMemcpyDtoDAsync_v2)
FAKE(cuStreamDestroy_v2)
FAKE(cuStreamSynchronize)
FAKE(cuModuleLoadDataEx)
FAKE(cuModuleUnload)
FAKE(cuModuleGetFunction)
FAKE(cuFuncSetAttribute)
#ifndef FAKE_LACKS_LAUNCH
FAKE(cuLaunchKernel)
#endif
