// A program for CUDA's driver API that knows of no device but the one it is
// given: it runs the kernels of a PTX file and checks what they compute.
//
//   main KERNELS.ptx
//
// It is linked with libcuda.so.1 and built from cuda.h, as any program is.

#include <cuda.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <numeric>
#include <string>
#include <vector>

static void check(CUresult result, const char *call) {
  if (result == CUDA_SUCCESS)
    return;
  const char *name = nullptr;
  cuGetErrorName(result, &name);
  std::printf("%s answers %s\n", call, name ? name : "an unknown error");
  std::exit(1);
}
#define CHECK(call) check(call, #call)

/// An array on the device.
template <class T> class Array {
public:
  explicit Array(size_t count) : count(count) {
    CHECK(cuMemAlloc(&address, count * sizeof(T)));
    CHECK(cuMemsetD8(address, 0, count * sizeof(T)));
  }
  explicit Array(const std::vector<T> &values) : Array(values.size()) {
    CHECK(cuMemcpyHtoD(address, values.data(), count * sizeof(T)));
  }
  Array(const Array &) = delete;
  ~Array() { cuMemFree(address); }

  std::vector<T> values() const {
    std::vector<T> result(count);
    CHECK(cuMemcpyDtoH(result.data(), address, count * sizeof(T)));
    return result;
  }

  CUdeviceptr address = 0;

private:
  size_t count;
};

struct Shape {
  unsigned blocksX, blocksY, threadsX, threadsY, sharedBytes;
};

/// Launches in a stream of its own and waits for an event behind it.
template <class... Arguments>
static void launch(CUmodule module, const char *name, Shape shape,
                   Arguments... arguments) {
  CUfunction function;
  CUstream stream;
  CUevent done;
  CHECK(cuModuleGetFunction(&function, module, name));
  CHECK(cuStreamCreate(&stream, CU_STREAM_DEFAULT));
  CHECK(cuEventCreate(&done, CU_EVENT_DEFAULT));
  void *pointers[] = {&arguments...};
  CHECK(cuLaunchKernel(function, shape.blocksX, shape.blocksY, 1,
                       shape.threadsX, shape.threadsY, 1, shape.sharedBytes,
                       stream, pointers, nullptr));
  CHECK(cuEventRecord(done, stream));
  CHECK(cuEventSynchronize(done));
  CHECK(cuEventDestroy(done));
  CHECK(cuStreamDestroy(stream));
}

static std::vector<float> someFloats(size_t count) {
  std::vector<float> values(count);
  unsigned state = 12345;
  for (float &value : values) {
    state = state * 1664525 + 1013904223;
    value = float(state >> 8) / float(1 << 24) - 0.5f;
  }
  return values;
}

static bool addsVectors(CUmodule module) {
  const int count = 10007;
  std::vector<float> a = someFloats(count), b(a.rbegin(), a.rend());
  Array<float> onDeviceA(a), onDeviceB(b), onDeviceC(count);
  launch(module, "vectorAdd", {40, 1, 256, 1, 0}, onDeviceA.address,
         onDeviceB.address, onDeviceC.address, count);
  std::vector<float> c = onDeviceC.values();
  bool isRight = true;
  for (int i = 0; i < count; ++i)
    isRight &= c[i] == a[i] + b[i];
  return isRight;
}

static bool transposes(CUmodule module) {
  const int rows = 67, columns = 130;
  std::vector<float> in = someFloats(rows * columns);
  Array<float> onDevice(in), result(in.size());
  launch(module, "transpose", {5, 3, 32, 8, 0}, onDevice.address,
         result.address, rows, columns);
  std::vector<float> out = result.values();
  bool isRight = true;
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j)
      isRight &= out[j * rows + i] == in[i * columns + j];
  return isRight;
}

static bool sums(CUmodule module) {
  std::vector<float> in = someFloats(50021);
  Array<float> onDevice(in);
  Array<double> total(1);
  launch(module, "sum", {12, 1, 224, 1, 0}, onDevice.address, total.address,
         int(in.size()));
  double expected = std::accumulate(in.begin(), in.end(), 0.0);
  return std::abs(total.values()[0] - expected) < 1e-9;
}

static bool countsBins(CUmodule module) {
  const unsigned numBins = 64;
  std::vector<unsigned char> in(30011);
  std::vector<unsigned> expected(numBins);
  for (size_t i = 0; i < in.size(); ++i)
    ++expected[(in[i] = static_cast<unsigned char>(i * i / 7)) % numBins];
  Array<unsigned char> onDevice(in);
  Array<unsigned> bins(numBins);
  launch(module, "histogram", {9, 1, 128, 1, numBins * 4}, onDevice.address,
         bins.address, int(in.size()));
  return bins.values() == expected;
}

static bool convolves(CUmodule module) {
  const int count = 5000, numTaps = 7;
  std::vector<float> in = someFloats(count), taps = someFloats(numTaps);
  CUdeviceptr place;
  size_t sizeBytes = 0;
  CHECK(cuModuleGetGlobal(&place, &sizeBytes, module, "taps"));
  if (sizeBytes < numTaps * sizeof(float))
    return false;
  CHECK(cuMemcpyHtoD(place, taps.data(), numTaps * sizeof(float)));
  Array<float> onDevice(in), result(count);
  launch(module, "convolve", {20, 1, 256, 1, 0}, onDevice.address,
         result.address, count, numTaps);
  std::vector<float> out = result.values();
  bool isRight = true;
  for (int i = 0; i + numTaps <= count; ++i) {
    float expected = 0;
    for (int tap = 0; tap < numTaps; ++tap)
      expected = std::fmaf(taps[tap], in[i + tap], expected);
    isRight &= out[i] == expected;
  }
  return isRight;
}

struct Body {
  float x, y, z, mass;
};
struct Vector {
  float x, y, z;
};

static bool accelerates(CUmodule module) {
  const int count = 1000;
  const Body sun = {1, 2, 3, 40};
  std::vector<float> places = someFloats(4 * count);
  std::vector<Body> bodies(count);
  for (int i = 0; i < count; ++i)
    bodies[i] = {places[4 * i], places[4 * i + 1], places[4 * i + 2], 1};
  Array<Body> onDevice(bodies);
  Array<Vector> result(count);
  launch(module, "accelerate", {8, 1, 128, 1, 0}, onDevice.address,
         result.address, count, sun);
  std::vector<Vector> out = result.values();
  bool isRight = true;
  for (int i = 0; i < count; ++i) {
    double dx = sun.x - bodies[i].x, dy = sun.y - bodies[i].y,
           dz = sun.z - bodies[i].z;
    double squared = dx * dx + dy * dy + dz * dz + 1e-3;
    double expected = dx * sun.mass / (squared * std::sqrt(squared));
    isRight &= std::abs(out[i].x - expected) < 1e-5 * std::abs(expected);
  }
  return isRight;
}

static std::string contentsOf(const char *path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file),
          std::istreambuf_iterator<char>()};
}

int main(int argc, char **argv) {
  if (argc != 2)
    return 2;
  CUdevice device;
  CUcontext context;
  CUmodule module;
  CHECK(cuInit(0));
  CHECK(cuDeviceGet(&device, 0));
  CHECK(cuDevicePrimaryCtxRetain(&context, device));
  CHECK(cuCtxSetCurrent(context));
  CHECK(cuModuleLoadData(&module, contentsOf(argv[1]).c_str()));
  const std::pair<const char *, bool (*)(CUmodule)> samples[] = {
      {"vectorAdd", addsVectors},
      {"transpose", transposes},
      {"sum", sums},
      {"histogram", countsBins},
      {"convolve", convolves},
      {"accelerate", accelerates}};
  bool isRight = true;
  for (auto [name, run] : samples) {
    bool passed = run(module);
    std::printf("%s: %s\n", name, passed ? "as expected" : "WRONG");
    isRight &= passed;
  }
  CHECK(cuModuleUnload(module));
  CHECK(cuDevicePrimaryCtxRelease(device));
  return !isRight;
}
