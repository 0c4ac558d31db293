// Writes the test artifact for tests that are no C++.
//
//   write-test-artifact <path>            as it is
//   write-test-artifact <path> plan       with a damaged plan
//   write-test-artifact <path> weights    with a damaged second weight
//   write-test-artifact <path> cuda       for GPUs
//   write-test-artifact <path> cpu <program>
//       behind the program, for a CPU that there is not

#include "tests/runtime/TestModel/TestModel.h"

#include <iostream>

using namespace tenon;

static int writeForAnotherCpu(const std::string &path,
                              const std::string &program) {
  abi::Plan plan = test::testPlan();
  plan.features = {"avx1024"};
  auto written = test::writeTestArtifact(path, plan, test::readBytes(program));
  if (!written)
    std::cerr << written.error().message << "\n";
  return !written;
}

int main(int argc, char **argv) {
  if (argc < 2 || argc > 4) {
    std::cerr << "usage: write-test-artifact <path> [plan|weights|cuda|cpu "
                 "PROGRAM]\n";
    return 1;
  }
  const std::string which = argc > 2 ? argv[2] : "";
  if (argc == 4)
    return writeForAnotherCpu(argv[1], argv[3]);
  std::vector<std::byte> artifact =
      which == "cuda" ? test::cudaTestArtifact() : test::testArtifact();
  abi::Footer footer = test::footerOf(artifact);
  if (which == "plan")
    artifact[footer.planOffset + 8] ^= std::byte{1};
  if (which == "weights")
    artifact[footer.weightsOffset + 64] ^= std::byte{1};
  test::writeBytes(argv[1], artifact);
  return 0;
}
