// write-test-artifact <path> [<program>]: for tests that are no C++.

#include "tests/runtime/TestModel/TestModel.h"

#include <iostream>

int main(int argc, char **argv) {
  using namespace tenon::test;
  if (argc < 2 || argc > 3) {
    std::cerr << "usage: write-test-artifact <path> [<program>]\n";
    return 1;
  }
  auto program = argc == 3 ? readBytes(argv[2]) : std::vector<std::byte>();
  auto written = writeTestArtifact(argv[1], testPlan(), program);
  if (!written)
    std::cerr << written.error().message << "\n";
  return written ? 0 : 1;
}
