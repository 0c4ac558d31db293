// PTX text: what is read, and the line that an error names.

#include "tests/runtime/VirtualGpu/TestDevice.h"

#include "runtime/VirtualGpu/Ptx/Parser.h"

namespace tenon::vgpu {
namespace {

std::string errorOf(const std::string &text) {
  Machine machine(*Memory::create(), {});
  auto loaded = machine.load(text, "x.ptx");
  return loaded ? "" : loaded.error().message;
}
std::string errorOfBody(const std::string &body) {
  return errorOf(
      ".version 9.0\n.target sm_80\n.address_size 64\n.visible .entry k()\n{\n"
      ".reg .b32 %r<4>; .reg .pred %p<2>; .reg .f32 %f<2>;\n" +
      body + "\nret;\n}\n");
}

TEST(PtxParserTest, ErrorsNameTheLine) {
  EXPECT_EQ(errorOfBody("foo.b32 %r0, %r1;"),
            "x.ptx:7: unknown opcode 'foo.b32'");
  EXPECT_EQ(errorOfBody("add.s31 %r0, %r1, %r2;"),
            "x.ptx:7: unknown opcode 'add.s31'");
  EXPECT_EQ(errorOfBody("ld.global.strange.u32 %r0, [%r1];"),
            "x.ptx:7: unknown modifier '.strange' of 'ld.global.strange.u32'");
  EXPECT_EQ(errorOfBody("add.s32 %r0, %r1;"),
            "x.ptx:7: 'add.s32' needs 3 operands, found 2");
  EXPECT_EQ(errorOfBody("add.s32 %r0, %r1, %p1;"),
            "x.ptx:7: register '%p1' has 0 bytes, expected 4 in 'add.s32'");
  EXPECT_EQ(errorOfBody("add.s32 %r0, %r1, %x;"), "x.ptx:7: unknown name '%x'");
  EXPECT_EQ(errorOfBody("bra L;"), "x.ptx:7: unknown label 'L'");
  EXPECT_EQ(errorOfBody("add.s32 %r0, %r1 %r2;"),
            "x.ptx:7: expected ',', found '%r2'");
  EXPECT_EQ(errorOfBody("mov.u32 %r0, 12q;"),
            "x.ptx:7: expected a number, found '12q'");
  EXPECT_EQ(errorOf(".version 9.0\n.strange\n"),
            "x.ptx:2: unknown directive '.strange'");
  EXPECT_EQ(errorOf(".visible .entry k()\n{\n"),
            "x.ptx:3: expected '}', found the end of the text");
  EXPECT_EQ(
      errorOfBody("call.uni f, ();"),
      "x.ptx:7: 'k' calls 'f', which has no body in this text: modules are "
      "not linked");
  EXPECT_EQ(errorOf(".extern .global .b32 g;\n"),
            "x.ptx:1: variable 'g' is defined nowhere: modules are not linked");
}

// A text that is cut anywhere is refused or read, and nothing else happens.
TEST(PtxParserTest, ACutTextIsNoAccident) {
  for (const char *name : {"/warp.80.ptx", "/calls.80.ptx"}) {
    std::ifstream file(std::string(TENON_VGPU_PTX) + name);
    std::stringstream stream;
    stream << file.rdbuf();
    std::string text = stream.str();
    ASSERT_EQ(errorOf(text), "");
    for (size_t size = 0; size < text.size(); size += 13)
      (void)errorOf(text.substr(0, size));
    for (size_t at = 0; at < text.size(); at += 29) {
      std::string altered = text;
      altered[at] = "{}[];,.%x0"[at % 10];
      (void)errorOf(altered);
    }
  }
}

TEST(PtxParserTest, InnerScopesHaveTheirOwnNames) {
  TestDevice device;
  device.loadBody(R"(
    .reg .b32 %r<4>; .reg .b64 %d<2>; .reg .pred %p<2>;
    mov.u32 %r0, 1;
    { .reg .b32 t; .reg .pred q; mov.u32 t, %r0; setp.eq.u32 q, t, 1; @q bra DONE;
      mov.u32 %r0, 100; DONE: add.u32 %r0, %r0, t; }
    { .reg .b64 t; .reg .pred q; cvt.u64.u32 t, %r0; setp.eq.u64 q, t, 2; @!q bra DONE;
      add.u32 %r0, %r0, 5; DONE: add.u32 %r0, %r0, 0x10; }
    ld.param.u64 %d0, [p0];
    st.global.u32 [%d0], %r0;
    st.global.u32 [%d0+4], 0b101;
    st.global.f32 [%d0 + 8], 0f3F800000;
    st.global.u32 [%d0+12], -3;)");
  Address out = device.allocate("out", 16);
  EXPECT_EQ(texts(device.run("k", {1}, {1}, out)), "");
  EXPECT_EQ(device.download<uint32_t>(out, 4),
            (std::vector<uint32_t>{23, 5, 0x3f800000, 0xfffffffd}));
}

TEST(PtxParserTest, VariablesHoldTheirValues) {
  TestDevice device;
  device.loadBody(
      R"(.reg .b64 %d<4>; .reg .b32 %r<4>;
    ld.param.u64 %d0, [p0];
    mov.u64 %d1, table; ld.global.u32 %r0, [%d1+4]; st.global.u32 [%d0], %r0;
    ld.global.u64 %d2, [pointer]; ld.u8 %r1, [%d2]; st.global.u32 [%d0+4], %r1;
    ld.const.u32 %r2, [constants+8]; st.global.u32 [%d0+8], %r2;)",
      1,
      ".global .align 4 .u32 table[3] = {7, 8, 9};\n"
      ".global .align 1 .b8 text[3] = {104, 105, 0};\n"
      ".global .align 8 .u64 pointer = generic(text)+1;\n"
      ".const .align 4 .b32 constants[2][2] = {{1, 2}, {3}};\n");
  Address out = device.allocate("out", 12);
  EXPECT_EQ(texts(device.run("k", {1}, {1}, out)), "");
  EXPECT_EQ(device.download<uint32_t>(out, 3),
            (std::vector<uint32_t>{8, 105, 3}));
  ASSERT_NE(device.module->global("table"), nullptr);
  EXPECT_EQ(device.module->global("table")->sizeBytes, 12u);
}

TEST(PtxParserTest, ParametersAreLaidOutAsC) {
  TestDevice device;
  device.load(".version 9.0\n.target sm_80\n.address_size 64\n.visible .entry "
              "k(.param .u8 a, "
              ".param .align 8 .b8 s[12], .param .u64 .ptr .global .align 16 "
              "p, .param .u32 b)"
              "\n.maxntid 128, 2, 1\n.minnctapersm 3\n{ ret; }\n");
  const KernelInfo &info = device.module->kernel("k")->info();
  ASSERT_EQ(info.parameters.size(), 4u);
  EXPECT_EQ(info.parameters[1].offsetBytes, 8u);
  EXPECT_EQ(info.parameters[2].offsetBytes, 24u);
  EXPECT_EQ(info.parameters[3].offsetBytes, 32u);
  EXPECT_EQ(info.parameterBytes, 36u);
  EXPECT_EQ(info.maxThreads, (Dim3{128, 2, 1}));
  EXPECT_EQ(info.minBlocksPerSm, 3u);
}

} // namespace
} // namespace tenon::vgpu
