// Writes the test artifact for tests that are no C++.
//
//   write-test-artifact <path>            as it is
//   write-test-artifact <path> plan       with a damaged plan
//   write-test-artifact <path> weights    with a damaged second weight

#include "tests/runtime/TestModel/TestModel.h"

#include <iostream>

int main(int argc, char **argv) {
  using namespace tenon;
  if (argc < 2 || argc > 3) {
    std::cerr << "usage: write-test-artifact <path> [plan|weights]\n";
    return 1;
  }
  const std::string damaged = argc == 3 ? argv[2] : "";
  std::vector<std::byte> artifact = test::testArtifact();
  abi::Footer footer = test::footerOf(artifact);
  if (damaged == "plan")
    artifact[footer.planOffset + 8] ^= std::byte{1};
  if (damaged == "weights")
    artifact[footer.weightsOffset + 64] ^= std::byte{1};
  test::writeBytes(argv[1], artifact);
  return 0;
}
