// The kernels of ops that move, search and sum compute what the interpreter
// says that they mean: each function of kernels.mlir, for several numbers of
// each dim.

#include "tests/compiler/Compiled.h"

using namespace mlir;

namespace tenon {
namespace {

/// The modules of kernels.mlir, by the names of their functions.
std::vector<std::pair<std::string, std::string>> readModules() {
  std::ifstream file(TENON_SOURCE "/tests/compiler/kernels.mlir");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  SmallVector<StringRef> parts;
  StringRef(text).split(parts, "// -----");
  std::vector<std::pair<std::string, std::string>> modules;
  for (StringRef part : parts) {
    StringRef name = part.split("func.func @").second.split('(').first;
    modules.emplace_back(name, part);
  }
  return modules;
}

TEST(Kernels, ComputeWhatTheirOpsMean) {
  auto modules = readModules();
  ASSERT_GT(modules.size(), 1u);
  for (const auto &[name, text] : modules) {
    SCOPED_TRACE(name);
    Compiled compiled(text);
    ASSERT_TRUE(compiled.isLoaded());
    for (const Sizes &sizes : {Sizes{{"B", 1}, {"L", 1}, {"P", 0}},
                               {{"B", 2}, {"L", 5}, {"P", 3}},
                               {{"B", 3}, {"L", 70}, {"P", 33}}}) {
      SCOPED_TRACE("L " + std::to_string(sizes.lookup("L")));
      compiled.expectSame(sizes);
    }
  }
}

} // namespace
} // namespace tenon
