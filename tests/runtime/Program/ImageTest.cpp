// The ELF loader takes the kernels and refuses everything else, by name.

#include "runtime/Program/Image.h"
#include "runtime/Abi/ElfSections.h"
#include "runtime/Core/Message.h"
#include "runtime/Program/ElfObject.h"
#include "tests/runtime/TestModel/TestModel.h"

#include <cstring>
#include <functional>
#include <gtest/gtest.h>

namespace tenon {

using namespace rt;

namespace {

/// An ELF object whose headers a test may change in place.
class Object {
public:
  std::vector<std::byte> bytes = test::testCode();

  Elf64_Ehdr &header() { return at<Elf64_Ehdr>(0); }

  Elf64_Phdr &segment(uint32_t type, int which = 0) {
    for (int i = 0; i < header().e_phnum; ++i) {
      auto &entry =
          at<Elf64_Phdr>(header().e_phoff + size_t(i) * sizeof(Elf64_Phdr));
      if (entry.p_type == type && which-- == 0)
        return entry;
    }
    ADD_FAILURE() << "no segment of type " << type;
    return at<Elf64_Phdr>(header().e_phoff);
  }

  Elf64_Dyn &dynamic(int64_t tag) {
    for (uint64_t offset = segment(PT_DYNAMIC).p_offset;;
         offset += sizeof(Elf64_Dyn)) {
      auto &entry = at<Elf64_Dyn>(offset);
      if (entry.d_tag == tag)
        return entry;
      if (entry.d_tag == DT_NULL)
        break;
    }
    ADD_FAILURE() << "no dynamic entry " << tag;
    return at<Elf64_Dyn>(segment(PT_DYNAMIC).p_offset);
  }

  /// In this object addresses of read-only data are file offsets.
  Elf64_Rela &relocation() {
    return at<Elf64_Rela>(dynamic(DT_RELA).d_un.d_val);
  }

private:
  template <typename T> T &at(size_t offset) {
    return *reinterpret_cast<T *>(bytes.data() + offset);
  }
};

std::string errorAfter(const std::function<void(Object &)> &change) {
  Object object;
  change(object);
  auto image = Image::load(object.bytes);
  return image ? "no error" : image.error().message;
}

std::string errorOf(const char *path) {
  auto image = Image::load(test::readBytes(path));
  return image ? "no error" : image.error().message;
}

TEST(Image, KernelsRunWhereTheyAreLoaded) {
  auto image = Image::load(test::testCode());
  ASSERT_TRUE(image) << image.error().message;
  auto functions = abi::exportedFunctions(test::testCode());
  auto kernel = image->kernelAt((*functions)["row_sum"]);
  ASSERT_TRUE(kernel) << kernel.error().message;
  float in[6] = {1, 2, 3, 10, 20, 30}, sums[2] = {}, scratch[3];
  void *buffers[] = {in, sums};
  int64_t length = 3;
  (*kernel)(buffers, &length, 0, 2, scratch);
  EXPECT_EQ(sums[0], 6);
  EXPECT_EQ(sums[1], 60) << "needs the relocated table";
}

TEST(Image, KernelsAreInsideTheCode) {
  auto image = Image::load(test::testCode());
  Object object;
  const Elf64_Phdr &text = object.segment(PT_LOAD, 1);
  ASSERT_TRUE(text.p_flags & PF_X);
  EXPECT_TRUE(image->kernelAt(text.p_vaddr));
  EXPECT_TRUE(image->kernelAt(text.p_vaddr + text.p_memsz - 1));
  for (uint64_t address :
       {uint64_t(0), text.p_vaddr - 1, text.p_vaddr + text.p_memsz, UINT64_MAX})
    EXPECT_FALSE(image->kernelAt(address)) << address;
  EXPECT_EQ(image->kernelAt(16).error().message,
            "address 0x10 is not inside the code");
}

TEST(Image, DataIsInsideOneSegment) {
  auto image = Image::load(test::testCode());
  Object object;
  const Elf64_Phdr &text = object.segment(PT_LOAD, 1);
  uint64_t begin = text.p_vaddr, bytes = text.p_memsz;
  auto all = image->dataAt(begin, bytes);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->size(), bytes);
  EXPECT_EQ(std::memcmp(all->data(), object.bytes.data() + text.p_offset,
                        text.p_filesz),
            0);
  EXPECT_TRUE(image->dataAt(begin + bytes, 0));
  EXPECT_FALSE(image->dataAt(begin, bytes + 1));
  EXPECT_FALSE(image->dataAt(begin + 1, bytes));
  EXPECT_FALSE(image->dataAt(begin - 1, 2));
  EXPECT_FALSE(image->dataAt(begin, UINT64_MAX));
  EXPECT_EQ(image->dataAt(UINT64_MAX, 2).error().message,
            "2 bytes at address 0xffffffffffffffff are not inside the loadable "
            "part");
}

TEST(Image, CodeThatNeedsMoreIsRefused) {
  EXPECT_EQ(errorOf(TENON_TEST_USES_A_FUNCTION),
            "the code uses 'expf', which it does not define");
  EXPECT_EQ(errorOf(TENON_TEST_HAS_A_CONSTRUCTOR),
            "the code has constructors or destructors");
  EXPECT_EQ(errorOf(TENON_TEST_HAS_THREAD_LOCALS),
            "the code wants thread-local storage");
  EXPECT_EQ(errorOf(TENON_TEST_NEEDS_A_LIBRARY), "the code needs a library");
}

TEST(Image, Header) {
  EXPECT_EQ(errorAfter([](Object &o) { o.bytes.resize(63); }),
            "the code is not an ELF object");
  EXPECT_EQ(errorAfter([](Object &o) { o.header().e_ident[0] = 0; }),
            "the code is not an ELF object");
  EXPECT_EQ(
      errorAfter([](Object &o) { o.header().e_ident[EI_CLASS] = ELFCLASS32; }),
      "the code is not 64-bit little-endian ELF of version 1");
  EXPECT_EQ(errorAfter([](Object &o) { o.header().e_ident[EI_OSABI] = 9; }),
            "the code is for operating system ABI 9, expected 0");
  EXPECT_EQ(errorAfter([](Object &o) { o.header().e_machine = EM_AARCH64; }),
            "the code is for machine 183, expected 62 (x86-64)");
  EXPECT_EQ(errorAfter([](Object &o) { o.header().e_type = ET_EXEC; }),
            "the code has ELF type 2, expected 3 (shared object)");
  EXPECT_EQ(errorAfter([](Object &o) { o.header().e_phentsize = 32; }),
            "a program header has 32 bytes, expected 56");
  EXPECT_EQ(errorAfter([](Object &o) { o.header().e_phoff = UINT64_MAX - 8; }),
            "program header 0 is outside the code");
  EXPECT_EQ(errorAfter([](Object &o) { o.header().e_phnum = 0; }),
            "the code has no segment to load");
}

TEST(Image, ProgramHeaders) {
  EXPECT_EQ(
      errorAfter([](Object &o) { o.segment(PT_PHDR).p_type = PT_INTERP; }),
      "the code wants an interpreter");
  EXPECT_EQ(errorAfter([](Object &o) { o.segment(PT_PHDR).p_type = 0x7abc; }),
            "the code has a program header of unknown type 0x7abc");
  EXPECT_EQ(
      errorAfter([](Object &o) { o.segment(PT_GNU_STACK).p_flags |= PF_X; }),
      "the code wants an executable stack");
}

TEST(Image, Segments) {
  auto errorWith = [](const std::function<void(Elf64_Phdr &)> &change) {
    return errorAfter([&](Object &o) { change(o.segment(PT_LOAD, 1)); });
  };
  Object object;
  const std::string at =
      "the segment at " + hexText(object.segment(PT_LOAD, 1).p_vaddr) + " ";
  EXPECT_EQ(errorWith([](Elf64_Phdr &s) { s.p_offset = UINT64_MAX; }),
            at + "has bytes outside the code");
  EXPECT_EQ(errorWith([](Elf64_Phdr &s) { s.p_filesz = s.p_memsz = 1 << 20; }),
            at + "has bytes outside the code");
  EXPECT_EQ(errorWith([](Elf64_Phdr &s) { s.p_filesz = 16, s.p_memsz = 15; }),
            at + "has 16 bytes in the file but 15 in memory");
  EXPECT_EQ(errorWith([](Elf64_Phdr &s) { s.p_memsz = UINT64_MAX; }),
            at + "ends beyond 1073741824 bytes");
  EXPECT_EQ(errorWith([](Elf64_Phdr &s) { s.p_flags |= PF_W; }),
            at + "is both writable and executable");
  EXPECT_EQ(errorWith([](Elf64_Phdr &s) { s.p_align = 1 << 21; }),
            at + "wants an alignment of 2097152 bytes, the limit is 4096");
  EXPECT_EQ(
      errorWith([](Elf64_Phdr &s) { s.p_vaddr = 8; }),
      "the segment at 0x8 overlaps the one before it or comes out of order");
}

TEST(Image, DynamicSection) {
  EXPECT_EQ(
      errorAfter([](Object &o) { o.segment(PT_DYNAMIC).p_vaddr = 1 << 20; }),
      "the dynamic section is outside the segments");
  EXPECT_EQ(errorAfter([](Object &o) { o.segment(PT_DYNAMIC).p_filesz = 32; }),
            "the dynamic section has no end");
  EXPECT_EQ(
      errorAfter([](Object &o) { o.dynamic(DT_SONAME).d_tag = 0x1234567; }),
      "the code's dynamic section has unknown entry 0x1234567");
  EXPECT_EQ(
      errorAfter([](Object &o) { o.dynamic(DT_RELAENT).d_un.d_val = 16; }),
      "a relocation has 16 bytes, expected 24");
  EXPECT_EQ(
      errorAfter([](Object &o) { o.dynamic(DT_SONAME).d_tag = DT_TEXTREL; }),
      "the code wants relocations in read-only segments");
}

TEST(Image, Relocations) {
  EXPECT_EQ(
      errorAfter([](Object &o) { o.dynamic(DT_RELASZ).d_un.d_val = 1 << 20; }),
      "the relocations are outside the segments");
  EXPECT_EQ(errorAfter([](Object &o) { o.dynamic(DT_RELASZ).d_un.d_val = 25; }),
            "the relocations are outside the segments");
  EXPECT_EQ(
      errorAfter([](Object &o) { o.relocation().r_info = R_X86_64_PC32; }),
      "the code has a relocation of type 2, only 8 (relative) is taken");
  EXPECT_EQ(errorAfter([](Object &o) { o.relocation().r_offset = 0; }),
            "a relocation writes to 0x0, which is in no writable segment");
  Object object;
  const Elf64_Phdr &data = object.segment(PT_LOAD, 2);
  uint64_t last = data.p_vaddr + data.p_memsz - 7; // one byte too far
  EXPECT_EQ(errorAfter([&](Object &o) { o.relocation().r_offset = last; }),
            "a relocation writes to " + hexText(last) +
                ", which is in no writable segment");
  uint64_t spanBytes = Image::load(test::testCode())->sizeBytes();
  EXPECT_EQ(errorAfter([](Object &o) { o.relocation().r_addend = -1; }),
            "a relocation points to 0xffffffffffffffff, beyond the code's " +
                std::to_string(spanBytes) + " bytes");
}

TEST(Image, AFlippedBitIsAnErrorOrHarmless) {
  // Nothing is executed: what loads must load inside its own pages.
  std::vector<std::byte> code = test::testCode();
  for (size_t bit = 0; bit < code.size() * 8; ++bit) {
    code[bit / 8] ^= std::byte(1 << bit % 8);
    if (auto object = readElfObject(code)) {
      for (const Segment &segment : object->segments)
        EXPECT_LE(segment.address + segment.memoryBytes, object->spanBytes);
      for (Relocation relocation : object->relocations)
        EXPECT_LE(relocation.place + sizeof(uint64_t), object->spanBytes);
    }
    code[bit / 8] ^= std::byte(1 << bit % 8);
  }
}

TEST(Image, EveryTruncationIsAnErrorOrHarmless) {
  std::vector<std::byte> code = test::testCode();
  for (size_t size = 0; size < code.size(); ++size) {
    std::vector<std::byte> part(code.begin(),
                                code.begin() + std::ptrdiff_t(size));
    (void)Image::load(part);
  }
}

} // namespace
} // namespace tenon
