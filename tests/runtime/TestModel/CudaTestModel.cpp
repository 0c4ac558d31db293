// The test model for GPUs: PTX as data of the loadable part.

#include "tests/runtime/TestModel/TestModel.h"

#include "runtime/Abi/ElfSections.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iostream>

namespace tenon::test {

using namespace abi;

std::vector<std::byte> cudaTestCode() {
  return readBytes(TENON_TEST_DEVICE_CODE);
}

void replaceText(std::vector<std::byte> &code, std::string_view from,
                 std::string_view to) {
  auto text = std::as_bytes(std::span(from));
  auto at = std::search(code.begin(), code.end(), text.begin(), text.end());
  if (at == code.end() || from.size() != to.size()) {
    std::cerr << "cannot replace '" << from << "' by '" << to << "'\n";
    std::abort();
  }
  std::memcpy(&*at, to.data(), to.size());
}

/// The virtual address of the byte of the file: its segment says.
static uint64_t addressOf(std::span<const std::byte> code, uint64_t offset) {
  Elf64_Ehdr header;
  std::memcpy(&header, code.data(), sizeof(header));
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, &code[header.e_phoff + i * sizeof(segment)],
                sizeof(segment));
    if (segment.p_type == PT_LOAD && offset >= segment.p_offset &&
        offset < segment.p_offset + segment.p_filesz)
      return segment.p_vaddr + offset - segment.p_offset;
  }
  std::cerr << "byte " << offset << " is not loaded\n";
  std::abort();
}

Plan cudaTestPlan() {
  std::vector<std::byte> code = cudaTestCode();
  auto text = std::vector<std::byte>(readBytes(TENON_TEST_PTX));
  auto at = std::search(code.begin(), code.end(), text.begin(), text.end());
  uint64_t address = addressOf(code, uint64_t(at - code.begin()));
  Plan plan = testPlan();
  plan.target = "cuda:sm_90a";
  plan.features = {};
  for (Kernel &kernel : plan.kernels) {
    kernel.address = 0;
    kernel.scratchBytes = 0;
    kernel.blockThreads = 32;
    // No machine code: what stands in for it is never executed.
    kernel.codes = {{"sm_90a", CodeForm::Cubin, address, 8, 24, 0},
                    {"compute_80", CodeForm::Ptx, address, text.size(), 0, 0}};
  }
  return plan;
}

rt::Result<void> writeCudaTestArtifact(const std::string &path,
                                       const Plan &plan,
                                       std::span<const std::byte> code) {
  return assembleArtifact(path, {code, plan, testWeights(), {}});
}

const std::vector<std::byte> &cudaTestArtifact() {
  static const std::vector<std::byte> bytes =
      bytesOf("cuda", [](const std::string &path) {
        return writeCudaTestArtifact(path, cudaTestPlan(), cudaTestCode());
      });
  return bytes;
}

} // namespace tenon::test
