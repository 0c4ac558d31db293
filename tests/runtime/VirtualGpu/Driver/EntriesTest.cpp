// Devices, contexts, memory, modules: what each call answers.

#include "tests/runtime/VirtualGpu/Driver/DriverTest.h"

#include "runtime/Abi/ElfSections.h"
#include "runtime/Core/MappedFile.h"

#include <algorithm>
#include <cstring>
#include <thread>

namespace tenon::cuda {
namespace {

class VirtualDriver : public DriverTest {};

TEST_F(VirtualDriver, ExportsTheDriversFunctionsOnly) {
  auto file = rt::MappedFile::open(TENON_VIRTUAL_DRIVER);
  ASSERT_TRUE(file) << file.error().message;
  auto exported = abi::exportedFunctions(file->bytes());
  ASSERT_TRUE(exported) << exported.error().message;
  EXPECT_GT(exported->size(), 100u);
  for (const auto &[name, address] : *exported)
    EXPECT_EQ(name.substr(0, 2), "cu") << name;
}

TEST_F(VirtualDriver, DevicesHaveProperties) {
  int count = 0, value = 0;
  EXPECT_EQ(cuDeviceGetCount(&count), CUDA_SUCCESS);
  EXPECT_EQ(count, 2);
  CUdevice device = 0;
  EXPECT_EQ(cuDeviceGet(&device, 2), CUDA_ERROR_INVALID_DEVICE);
  ASSERT_EQ(cuDeviceGet(&device, 1), CUDA_SUCCESS);
  char name[64];
  EXPECT_EQ(cuDeviceGetName(name, 64, device), CUDA_SUCCESS);
  EXPECT_STREQ(name, "Tenon virtual GPU sm_90");
  for (auto [attribute, expected] :
       {std::pair(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 9),
        std::pair(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 0),
        std::pair(CU_DEVICE_ATTRIBUTE_WARP_SIZE, 32),
        std::pair(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 132),
        std::pair(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN,
                  227 * 1024)}) {
    EXPECT_EQ(cuDeviceGetAttribute(&value, attribute, device), CUDA_SUCCESS);
    EXPECT_EQ(value, expected);
  }
  EXPECT_EQ(cuDeviceGetAttribute(&value, CUdevice_attribute(1000), device),
            CUDA_ERROR_INVALID_VALUE);
  CUuuid uuids[2];
  EXPECT_EQ(cuDeviceGetUuid_v2(&uuids[0], 0), CUDA_SUCCESS);
  EXPECT_EQ(cuDeviceGetUuid_v2(&uuids[1], 1), CUDA_SUCCESS);
  EXPECT_NE(std::memcmp(&uuids[0], &uuids[1], sizeof(CUuuid)), 0);
}

TEST_F(VirtualDriver, ContextsAreAStackForEachThread) {
  CUcontext other = nullptr, current = nullptr;
  ASSERT_EQ(cuDevicePrimaryCtxRetain(&other, 1), CUDA_SUCCESS);
  ASSERT_EQ(cuCtxPushCurrent_v2(other), CUDA_SUCCESS);
  CUdevice device = 0;
  EXPECT_EQ(cuCtxGetDevice(&device), CUDA_SUCCESS);
  EXPECT_EQ(device, 1);
  std::thread([] {
    CUdeviceptr address;
    EXPECT_EQ(cuMemAlloc_v2(&address, 4), CUDA_ERROR_INVALID_CONTEXT);
  }).join();
  EXPECT_EQ(cuCtxPopCurrent_v2(&current), CUDA_SUCCESS);
  EXPECT_EQ(current, other);
  EXPECT_EQ(cuCtxGetCurrent(&current), CUDA_SUCCESS);
  EXPECT_EQ(current, context);
  EXPECT_EQ(cuDevicePrimaryCtxRelease_v2(1), CUDA_SUCCESS);
  EXPECT_EQ(cuCtxPushCurrent_v2(other), CUDA_ERROR_INVALID_CONTEXT);
  EXPECT_EQ(cuDevicePrimaryCtxRelease_v2(1), CUDA_ERROR_INVALID_CONTEXT);
}

TEST_F(VirtualDriver, MemoryIsGivenBackOnce) {
  CUdeviceptr address = reserve(100), base = 0;
  size_t bytes = 0;
  EXPECT_EQ(cuMemGetAddressRange_v2(&base, &bytes, address + 99), CUDA_SUCCESS);
  EXPECT_EQ(base, address);
  EXPECT_EQ(bytes, 100u);
  EXPECT_EQ(cuMemGetAddressRange_v2(&base, &bytes, address + 100),
            CUDA_ERROR_NOT_FOUND);
  EXPECT_EQ(cuMemFree_v2(address + 4), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemFreeHost(reinterpret_cast<void *>(address)),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemFree_v2(address), CUDA_SUCCESS);
  EXPECT_EQ(cuMemFree_v2(address), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemFree_v2(0), CUDA_SUCCESS);
  EXPECT_EQ(cuMemAlloc_v2(&address, 0), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(VirtualDriver, MemoryIsFinite) {
  size_t before = 0, after = 0, total = 0;
  ASSERT_EQ(cuMemGetInfo_v2(&before, &total), CUDA_SUCCESS);
  EXPECT_EQ(total, size_t(64) << 20);
  CUdeviceptr address = 0;
  EXPECT_EQ(cuMemAlloc_v2(&address, before + 1), CUDA_ERROR_OUT_OF_MEMORY);
  ASSERT_EQ(cuMemAlloc_v2(&address, before), CUDA_SUCCESS);
  ASSERT_EQ(cuMemGetInfo_v2(&after, &total), CUDA_SUCCESS);
  EXPECT_EQ(after, 0u);
  EXPECT_EQ(cuMemAlloc_v2(&address, 1), CUDA_ERROR_OUT_OF_MEMORY);
  pinned(100); // of the host: not counted
}

TEST_F(VirtualDriver, PointersKnowWhoseTheyAre) {
  CUdeviceptr device = reserve(16), managed = 0;
  ASSERT_EQ(cuMemAllocManaged(&managed, 16, 1), CUDA_SUCCESS);
  auto host = reinterpret_cast<CUdeviceptr>(pinned(4));
  auto typeOf = [](CUdeviceptr address) {
    uint32_t type = 0;
    EXPECT_EQ(
        cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, address),
        CUDA_SUCCESS);
    return type;
  };
  EXPECT_EQ(typeOf(device), CU_MEMORYTYPE_DEVICE);
  EXPECT_EQ(typeOf(managed), CU_MEMORYTYPE_DEVICE);
  EXPECT_EQ(typeOf(host), CU_MEMORYTYPE_HOST);
  uint32_t isManaged = 0;
  EXPECT_EQ(cuPointerGetAttribute(&isManaged, CU_POINTER_ATTRIBUTE_IS_MANAGED,
                                  managed),
            CUDA_SUCCESS);
  EXPECT_EQ(isManaged, 1u);
  int local = 0;
  EXPECT_EQ(cuPointerGetAttribute(&isManaged, CU_POINTER_ATTRIBUTE_IS_MANAGED,
                                  reinterpret_cast<CUdeviceptr>(&local)),
            CUDA_ERROR_INVALID_VALUE);
}

TEST_F(VirtualDriver, CopiesThatLeaveTheirMemoryAreRefused) {
  CUdeviceptr address = reserve(16);
  char bytes[32] = {};
  EXPECT_EQ(cuMemcpyHtoD_v2(address, bytes, 17), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemcpyDtoH_v2(bytes, address + 1, 16), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemcpyHtoD_v2(0, bytes, 1), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemsetD32_v2(address, 0, 5), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemsetD32_v2(address + 2, 0, 1), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemsetD32_v2(address, 9, 4), CUDA_SUCCESS);
  EXPECT_EQ(cuMemsetD16_v2(address + 4, 1, 1), CUDA_SUCCESS);
  EXPECT_EQ(cuMemsetD8_v2(address + 8, 2, 1), CUDA_SUCCESS);
  EXPECT_EQ(read(address, 4), (std::vector<uint32_t>{9, 1, 2, 9}));
  CUdeviceptr other = reserve(16);
  EXPECT_EQ(cuMemcpyDtoD_v2(other, address, 16), CUDA_SUCCESS);
  EXPECT_EQ(cuMemcpy(other + 12, reinterpret_cast<CUdeviceptr>(bytes), 4),
            CUDA_SUCCESS);
  EXPECT_EQ(read(other, 4), (std::vector<uint32_t>{9, 1, 2, 0}));
}

TEST_F(VirtualDriver, ModulesHaveFunctionsAndVariables) {
  CUfunction function = nullptr;
  EXPECT_EQ(cuModuleGetFunction(&function, module, "none"),
            CUDA_ERROR_NOT_FOUND);
  CUdeviceptr address = 0;
  size_t bytes = 0;
  ASSERT_EQ(cuModuleGetGlobal_v2(&address, &bytes, module, "answer"),
            CUDA_SUCCESS);
  EXPECT_EQ(bytes, 4u);
  EXPECT_EQ(read(address, 1)[0], 42u);
  const char *name = nullptr;
  EXPECT_EQ(cuFuncGetName(&name, add), CUDA_SUCCESS);
  EXPECT_STREQ(name, "add");
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
  EXPECT_EQ(cuModuleUnload(module), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(launchAdd(reserve(4), 1, 1), CUDA_ERROR_INVALID_HANDLE);
}

/// What the driver's compiler says to code that is not taken.
std::string logOf(const std::string &code, CUresult expected) {
  char log[256] = "";
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER,
                            CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void *values[] = {log, reinterpret_cast<void *>(sizeof(log))};
  CUmodule module = nullptr;
  EXPECT_EQ(cuModuleLoadDataEx(&module, code.c_str(), 2, options, values),
            expected);
  EXPECT_EQ(reinterpret_cast<size_t>(values[1]), std::strlen(log));
  return log;
}

TEST_F(VirtualDriver, CodeThatIsNotTakenComesWithALog) {
  std::string bad = kPtx;
  bad.replace(bad.find("add.s32 %r6"), 7, "sub.s33");
  EXPECT_NE(logOf(bad, CUDA_ERROR_INVALID_PTX).find("sub.s33"),
            std::string::npos);
  EXPECT_EQ(logOf("\x7f"
                  "ELF and more",
                  CUDA_ERROR_NO_BINARY_FOR_GPU),
            "a virtual GPU executes PTX, this is machine code");
  for (const char *target : {"sm_100", "sm_90a", "sm_80a", "sm_100f"}) {
    std::string other = kPtx;
    other.replace(other.find("sm_80"), 5, target);
    CUmodule loaded = nullptr;
    if (std::string(target) == "sm_90a") {
      EXPECT_EQ(cuModuleLoadData(&loaded, other.c_str()), CUDA_SUCCESS);
    } else {
      EXPECT_EQ(logOf(other, CUDA_ERROR_NO_BINARY_FOR_GPU),
                "the PTX is for " + std::string(target) +
                    ", the device is sm_90");
    }
  }
}

TEST_F(VirtualDriver, FunctionsHaveLimits) {
  CUfunction shared = nullptr;
  ASSERT_EQ(cuModuleGetFunction(&shared, module, "shared_bytes"), CUDA_SUCCESS);
  auto attribute = [](CUfunction function, CUfunction_attribute which) {
    int value = -1;
    EXPECT_EQ(cuFuncGetAttribute(&value, which, function), CUDA_SUCCESS);
    return value;
  };
  EXPECT_EQ(attribute(add, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK), 256);
  EXPECT_EQ(attribute(shared, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES), 1024);
  EXPECT_EQ(attribute(shared, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES),
            47 * 1024);
  CUdeviceptr out = reserve(4);
  void *parameters[] = {&out};
  auto launch = [&](unsigned bytes) {
    return cuLaunchKernel(shared, 1, 1, 1, 1, 1, 1, bytes, nullptr, parameters,
                          nullptr);
  };
  EXPECT_EQ(launch(100 * 1024), CUDA_ERROR_INVALID_VALUE);
  auto most = CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
  EXPECT_EQ(cuFuncSetAttribute(shared, most, 227 * 1024),
            CUDA_ERROR_INVALID_VALUE);
  ASSERT_EQ(cuFuncSetAttribute(shared, most, 226 * 1024), CUDA_SUCCESS);
  EXPECT_EQ(launch(100 * 1024), CUDA_SUCCESS);
  EXPECT_EQ(read(out, 1)[0], 7u);
  int blocks = 0;
  EXPECT_EQ(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, shared, 256,
                                                        100 * 1024),
            CUDA_SUCCESS);
  EXPECT_EQ(blocks, 2);
}

TEST_F(VirtualDriver, FunctionsAreFoundByName) {
  void *found = nullptr;
  CUdriverProcAddressQueryResult status{};
  auto find = [&](const char *name) {
    return cuGetProcAddress_v2(name, &found, 12000, 0, &status);
  };
  EXPECT_EQ(find("cuMemAlloc"), CUDA_SUCCESS);
  EXPECT_EQ(found, reinterpret_cast<void *>(&cuMemAlloc_v2));
  EXPECT_EQ(find("cuMemAlloc_v2"), CUDA_SUCCESS);
  EXPECT_EQ(found, reinterpret_cast<void *>(&cuMemAlloc_v2));
  EXPECT_EQ(find("cuCtxCreate"), CUDA_SUCCESS);
  EXPECT_EQ(found, reinterpret_cast<void *>(&cuCtxCreate_v4));
  EXPECT_EQ(find("cuEventElapsedTime"), CUDA_SUCCESS);
  EXPECT_EQ(status, CU_GET_PROC_ADDRESS_SUCCESS);
  EXPECT_EQ(find("cuNothing"), CUDA_ERROR_NOT_FOUND);
  EXPECT_EQ(status, CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND);
  EXPECT_EQ(found, nullptr);
  const void *table = &found;
  CUuuid id{};
  EXPECT_EQ(cuGetExportTable(&table, &id), CUDA_ERROR_NOT_FOUND);
  EXPECT_EQ(table, nullptr);
}

TEST_F(VirtualDriver, ErrorsHaveNames) {
  const char *text = nullptr;
  EXPECT_EQ(cuGetErrorName(CUDA_ERROR_ILLEGAL_ADDRESS, &text), CUDA_SUCCESS);
  EXPECT_STREQ(text, "CUDA_ERROR_ILLEGAL_ADDRESS");
  EXPECT_EQ(cuGetErrorString(CUDA_ERROR_OUT_OF_MEMORY, &text), CUDA_SUCCESS);
  EXPECT_STREQ(text, "out of memory");
  EXPECT_EQ(cuGetErrorName(CUresult(12345), &text), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(text, nullptr);
}

} // namespace
} // namespace tenon::cuda
