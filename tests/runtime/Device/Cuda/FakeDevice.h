//===- FakeDevice.h - a Device over the fake driver -----------------------===//

#ifndef TENON_TESTS_RUNTIME_DEVICE_CUDA_FAKEDEVICE_H
#define TENON_TESTS_RUNTIME_DEVICE_CUDA_FAKEDEVICE_H

#include "runtime/Device/Cuda/Device.h"
#include "tests/runtime/Device/Cuda/FakeDriver.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

namespace tenon::test {

/// Each test begins with a device that has not failed and no call counted.
class FakeDeviceTest : public testing::Test {
protected:
  void SetUp() override {
    auto driver = rt::Driver::load({.path = TENON_FAKE_DRIVER});
    ASSERT_TRUE(driver) << driver.error().message;
    void *library = dlopen(TENON_FAKE_DRIVER, RTLD_NOW | RTLD_NOLOAD);
    ASSERT_TRUE(library);
    fake = reinterpret_cast<GetFakeDriver>(dlsym(library, "fakeDriver"))();
    *fake = FakeDriver();
    auto opened = rt::Device::open(*driver, 1);
    ASSERT_TRUE(opened) << opened.error().message;
    device = *opened;
    scope.emplace(*device);
    fake->calls.clear();
  }
  void TearDown() override { fake->failures.clear(); }

  FakeDriver *fake = nullptr;
  std::shared_ptr<rt::Device> device;
  std::optional<rt::Device::Scope> scope;
};

} // namespace tenon::test

#endif // TENON_TESTS_RUNTIME_DEVICE_CUDA_FAKEDEVICE_H
