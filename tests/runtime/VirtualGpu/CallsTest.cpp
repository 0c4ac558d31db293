// Calls of functions: how values get there and back, lanes that call and lanes
// that do not, what reports name, and which calls are refused.

#include "tests/runtime/VirtualGpu/TestDevice.h"

namespace tenon::vgpu {
namespace {

/// %i: thread, %q: p0 + 8 i.
constexpr const char *kHead = R"(
  .reg .pred %c; .reg .b32 %i, %r<8>; .reg .b64 %q, %d<8>; .reg .f64 %x<8>;
  mov.u32 %i, %tid.x; ld.param.u64 %q, [p0]; mul.wide.u32 %d0, %i, 8; add.s64 %q, %q, %d0;
)";

/// x - 2 y, in an order that mixing up the arguments would show.
constexpr const char *kMinusTwice = R"(
  .func (.param .b64 result) minus_twice(.param .b64 x, .param .b64 y) {
    .reg .f64 %x<4>;
    ld.param.f64 %x1, [x]; ld.param.f64 %x2, [y];
    fma.rn.f64 %x3, %x2, 0dC000000000000000, %x1;
    st.param.f64 [result+0], %x3; ret; }
)";

/// As NVRTC prints a call.
std::string callMinusTwice(const std::string &to, const std::string &x,
                           const std::string &y) {
  return "{ .param .b64 param0; st.param.f64 [param0+0], " + x +
         "; .param .b64 param1; st.param.f64 [param1+0], " + y +
         "; .param .b64 retval0; call.uni (retval0), minus_twice, (param0, "
         "param1); ld.param.f64 " +
         to + ", [retval0+0]; }\n";
}

struct CallsTest : testing::Test {
  void run(const std::string &functions, const std::string &body,
           uint32_t numThreads = 64) {
    device.loadBody(kHead + body, 1, functions);
    result = device.run("k", {1}, {numThreads}, buffer);
    reports = texts(result);
  }
  std::vector<double> doubles() { return device.download<double>(buffer, 64); }
  std::vector<uint64_t> numbers() {
    return device.download<uint64_t>(buffer, 64);
  }
  uint32_t localBytes() {
    return device.module->kernel("k")->info().localBytes;
  }

  TestDevice device;
  Address buffer = device.upload("buffer", std::vector<uint64_t>(64));
  LaunchResult result;
  std::string reports;
};

TEST_F(CallsTest, ArgumentsGoThereAndTheResultComesBack) {
  run(kMinusTwice, "cvt.rn.f64.u32 %x1, %i;" +
                       callMinusTwice("%x2", "%x1", "0d4008000000000000") +
                       "st.global.f64 [%q], %x2;");
  EXPECT_EQ(reports, "");
  for (int i = 0; i < 64; ++i)
    EXPECT_EQ(doubles()[i], i - 6.0);
  // In registers: nothing goes through memory.
  EXPECT_EQ(localBytes(), 0u);
}

TEST_F(CallsTest, TwoCallsOfAFunctionAreApart) {
  run(kMinusTwice, "cvt.rn.f64.u32 %x1, %i;" +
                       callMinusTwice("%x2", "%x1", "0d3FF0000000000000") +
                       callMinusTwice("%x3", "%x2", "%x1") +
                       "add.f64 %x3, %x3, %x2; st.global.f64 [%q], %x3;");
  EXPECT_EQ(reports, "");
  for (int i = 0; i < 64; ++i)
    EXPECT_EQ(doubles()[i], 2.0 * (i - 2) - 2.0 * i);
}

TEST_F(CallsTest, AFunctionCallsAnother) {
  // Its registers and parameters have the names of the other's.
  run(std::string(kMinusTwice) +
          ".func (.param .b64 result) twice(.param .b64 x) { .reg .f64 %x<4>; "
          "ld.param.f64 %x1, [x];" +
          callMinusTwice("%x2", "0d0000000000000000", "%x1") +
          "sub.f64 %x2, %x2, %x1; st.param.f64 [result], %x2; }\n",
      "cvt.rn.f64.u32 %x1, %i; .param .b64 a; .param .b64 r; st.param.f64 [a], "
      "%x1;"
      "call (r), twice, (a); ld.param.f64 %x1, [r]; st.global.f64 [%q], %x1;");
  EXPECT_EQ(reports, "");
  for (int i = 0; i < 64; ++i)
    EXPECT_EQ(doubles()[i], -3.0 * i);
}

/// i -> 1 + 2 + ... + i by a loop, and 100 for 0 by an early return.
constexpr const char *kSum = R"(
  .func (.param .b32 result) sum(.param .b32 n) {
    .reg .b32 %r<4>; .reg .pred %p<3>;
    ld.param.u32 %r1, [n];
    setp.eq.u32 %p1, %r1, 0; st.param.b32 [result], 100; @%p1 ret;
    mov.u32 %r2, 0;
  LOOP: add.u32 %r2, %r2, %r1; sub.u32 %r1, %r1, 1; setp.ne.u32 %p2, %r1, 0; @%p2 bra LOOP;
    st.param.b32 [result], %r2; ret.uni; }
)";

TEST_F(CallsTest, LanesThatCallMeetTheOthersBehindTheCall) {
  // The vote needs all lanes: those that did not call, and those whose loops
  // ended earlier.
  std::string behind =
      "vote.sync.ballot.b32 %r3, 1, 0xffffffff; setp.ne.u32 %c, %r3, -1; @%c "
      "trap; cvt.u64.u32 %d1, %r2; st.global.u64 [%q], %d1;";
  std::string begin =
      ".param .b32 a; .param .b32 r; mov.u32 %r2, 7; and.b32 %r1, %i, 1; "
      "setp.eq.u32 %c, %r1, 0;";
  for (const char *call :
       {"@!%c bra SKIP; st.param.b32 [a], %i; call (r), sum, (a);"
        "ld.param.b32 %r2, [r]; SKIP: ",
        "st.param.b32 [a], %i; @%c call (r), sum, (a); @%c ld.param.b32 %r2, "
        "[r];"}) {
    std::string body = begin;
    body.append(call).append(behind);
    run(kSum, body);
    EXPECT_EQ(reports, "");
    for (uint64_t i = 0; i < 64; ++i)
      EXPECT_EQ(numbers()[i], i % 2 ? 7 : i == 0 ? 100 : i * (i + 1) / 2) << i;
  }
  EXPECT_GT(result.counters.numDivergentBranches, 0u);
}

TEST_F(CallsTest, AStructureIsReadInOtherPiecesThanItIsWritten) {
  std::string functions = R"(
    .func (.param .align 8 .b8 result[16]) swap(.param .align 8 .b8 pair[16]) {
      .reg .b32 %r<8>; .reg .b64 %d<2>; .reg .b16 %h;
      ld.param.v2.b32 {%r0, %r1}, [pair]; ld.param.u8 %r2, [pair+8];
      ld.param.s8 %h, [pair+9]; cvt.s32.s16 %r3, %h;
      add.u32 %r2, %r2, %r3; st.param.b64 [result], 5; st.param.b32 [result], %r1;
      cvt.u64.u32 %d0, %r2; add.u64 %d0, %d0, 0x100000000; st.param.b64 [result+8], %d0; ret; }
  )";
  run(functions, R"(
    { .param .align 8 .b8 param0[16]; .param .align 8 .b8 retval0[16];
      cvt.u64.u32 %d1, %i; shl.b64 %d1, %d1, 32; st.param.b64 [param0], %d1;
      st.param.v2.b8 [param0+8], {200, -3};
      call.uni (retval0), swap, (param0);
      ld.param.v2.b32 {%r1, _}, [retval0]; ld.param.v2.b32 {%r2, %r3}, [retval0+8]; }
    mad.lo.u32 %r1, %r1, 1000, %r2; mad.lo.u32 %r1, %r3, 1000000, %r1;
    cvt.u64.u32 %d1, %r1; st.global.u64 [%q], %d1;)");
  EXPECT_EQ(reports, "");
  for (uint64_t i = 0; i < 64; ++i)
    EXPECT_EQ(numbers()[i], 1000000 + 1000 * i + 197);
  EXPECT_EQ(localBytes(), 32u);
}

TEST_F(CallsTest, TheAddressOfAParameterMayBeTaken) {
  run(R"(
    .func (.param .b64 result) element(.param .align 8 .b8 all[32], .param .b32 i) {
      .reg .b64 %d<8>; .reg .b32 %r;
      ld.param.u32 %r, [i]; mul.wide.u32 %d0, %r, 8; mov.b64 %d1, all; add.s64 %d1, %d1, %d0;
      ld.param.u64 %d2, [%d1];
      cvta.param.u64 %d3, %d1; ld.u64 %d4, [%d3]; add.u64 %d2, %d2, %d4;
      st.param::func.b64 [result], %d2; ret; })",
      R"(.param .align 8 .b8 all[32]; .param .b32 at; .param .b64 r;
      st.param.b64 [all], 5; st.param.b64 [all+8], 6; st.param.b64 [all+16], 7; st.param.b64 [all+24], 8;
      and.b32 %r1, %i, 3; st.param.b32 [at], %r1; call (r), element, (all, at);
      ld.param.b64 %d1, [r]; st.global.u64 [%q], %d1;)");
  EXPECT_EQ(reports, "");
  for (uint64_t i = 0; i < 64; ++i)
    EXPECT_EQ(numbers()[i], 2 * (5 + i % 4));
}

TEST_F(CallsTest, RegistersAndConstantsAreParameters) {
  run(".func (.reg .b32 r) f (.reg .b32 a, .param .b32 b) { .reg .b32 t; "
      "ld.param.b32 t, [b]; mad.lo.u32 r, a, 10, t; }\n"
      ".func (.param .b64 r) g (.reg .b64 a) { .reg .b64 t; add.u64 t, a, 1; "
      "st.param.b64 [r], t; }\n",
      ".param .b64 a; call (%r1), f, (%i, 3); call (_), f, (%i, %r1);"
      "cvt.u64.u32 %d1, %r1; st.param.b64 [a], %d1; call (%d2), g, (a);"
      "st.global.u64 [%q], %d2;");
  EXPECT_EQ(reports, "");
  for (uint64_t i = 0; i < 64; ++i)
    EXPECT_EQ(numbers()[i], 10 * i + 4);
}

TEST_F(CallsTest, AFunctionNeedsNoParametersAndNoBodyBeforeItsCall) {
  run(".func store(.param .b64 p);\n.func nothing;\n"
      ".global .u64 seven = 7;\n"
      ".func nothing { }\n"
      // The name of a variable here is that of a parameter there.
      ".func store(.param .b64 seven) { .reg .b64 %d; ld.param.b64 %d, "
      "[seven]; st.global.u64 [%d], 3; }\n",
      "call.uni nothing; call nothing; .param .b64 a; st.param.b64 [a], %q;"
      "call store, (a); ld.global.u64 %d1, [seven]; ld.global.u64 %d2, [%q];"
      "add.u64 %d1, %d1, %d2; st.global.u64 [%q], %d1;");
  EXPECT_EQ(reports, "");
  EXPECT_EQ(numbers(), std::vector<uint64_t>(64, 10));
}

TEST_F(CallsTest, LocalVariablesAreACallsOwnAndSharedOnesTheBlocks) {
  // outer keeps its value over the call of inner, which has a variable of the
  // same name.
  run(".func inner(.param .b64 x) { .local .b64 depot[2]; .reg .b64 %d; "
      "ld.param.b64 %d, [x]; st.local.u64 [depot], %d; st.local.u64 [depot+8], "
      "%d; }\n"
      ".func (.param .b64 r) outer(.param .b64 x) { .local .b64 depot[2]; .reg "
      ".b64 %d<3>; ld.param.b64 %d0, [x]; st.local.u64 [depot+8], %d0;"
      "{ .param .b64 x1; st.param.b64 [x1], 99; call inner, (x1); }"
      "ld.local.u64 %d1, [depot+8]; st.param.b64 [r], %d1; ret; }\n"
      ".func (.param .b64 r) count() { .shared .u64 counter; .reg .b64 %d; "
      "ld.shared.u64 %d, [counter]; add.u64 %d, %d, 1; st.shared.u64 [counter],"
      " %d; st.param.b64 [r], %d; }\n",
      ".param .b64 a; .param .b64 r; add.u32 %r1, %i, 1; cvt.u64.u32 %d1, %r1;"
      "st.param.b64 [a], %d1; call (r), outer, (a); ld.param.b64 %d1, [r];"
      "st.global.u64 [%q], %d1; setp.ne.u32 %c, %i, 0; @%c bra END;"
      "call (r), count; ld.param.b64 %d2, [r]; call (r), count; ld.param.b64 "
      "%d3, [r]; sub.u64 %d3, %d3, %d2; st.global.u64 [%q], %d3; END: ");
  EXPECT_EQ(device.module->kernel("k")->info().staticSharedBytes, 8u);
  for (uint64_t i = 0; i < 64; ++i)
    EXPECT_EQ(numbers()[i], i + 1);
}

TEST_F(CallsTest, AReportNamesTheLineOfTheFunction) {
  run(".file 1 \"store.cu\"\n.func store(.param .b64 p) { .reg .b64 %d;\n"
      ".loc 1 12 3\nld.param.b64 %d, [p];\n.loc 1 13 3\n"
      "st.global.u64 [%d+8], 3; ret; }\n",
      ".loc 1 40 1\n.param .b64 a; st.param.b64 [a], %q; call store, (a);\n"
      ".loc 1 41 1\nst.global.u64 [%q+16], 3;");
  EXPECT_EQ(reports,
            "store.cu:13: out of bounds: writes 8 bytes, 0 bytes after the end "
            "of 'buffer' (512 bytes); kernel 'k', block (0,0,0), thread "
            "(63,0,0), lane 31\n");
}

TEST_F(CallsTest, AnAssertionInAFunctionFailsThere) {
  std::string argument;
  for (const char *name : {"a", "b", "c", "d", "e"})
    argument += std::string(".param .b64 ") + name + "; st.param.b64 [" + name +
                "], %d; ";
  run(".extern .func __assertfail(.param .b64 a, .param .b64 b, .param .b32 c, "
      ".param .b64 d, .param .b64 e);\n"
      ".global .b8 text[6] = {120, 32, 62, 32, 48, 0};\n"
      ".func check(.param .b64 x) { .reg .b64 %d; .reg .pred %p; ld.param.b64 "
      "%d, [x]; setp.gt.s64 %p, %d, 0; @%p bra GOOD; "
      "mov.u64 %d, text; { " +
          argument +
          "call.uni __assertfail, (a, b, c, d, e); } trap; GOOD: }\n",
      "cvt.u64.u32 %d1, %i; .param .b64 a; st.param.b64 [a], %d1; call check, "
      "(a);");
  EXPECT_EQ(result.fault, Fault::Trap);
  EXPECT_NE(reports.find("assertion 'x > 0' failed; kernel 'k', block (0,0,0), "
                         "thread (0,0,0), lane 0"),
            std::string::npos)
      << reports;
}

//===----------------------------------------------------------------------===//
// Refusals
//===----------------------------------------------------------------------===//

/// Of a kernel that calls at line 7, behind functions from line 4 on.
std::string refusal(const std::string &functions, const std::string &body) {
  Machine machine(*Memory::create(), {});
  auto loaded = machine.load(
      ".version 9.0\n.target sm_80\n.address_size 64\n" + functions +
          "\n.visible .entry k(.param .b64 p0) {\n.reg "
          ".b64 %d<4>; .param .b64 a; .param .b64 r; .param .b32 w;"
          "\n" +
          body + "\nret; }\n",
      "x.ptx");
  return loaded ? "" : loaded.error().message;
}

TEST(CallRefusalsTest, RecursionNamesBothFunctions) {
  EXPECT_EQ(refusal(".func f { call f; }", "call f;"),
            "x.ptx:4: 'f' calls 'f' before 'f' has returned: recursion is not "
            "supported");
  EXPECT_EQ(
      refusal(".func g; .func f { call g; } .func g { call f; }", "call f;"),
      "x.ptx:4: 'g' calls 'f' before 'f' has returned: recursion is not "
      "supported");
  // What no kernel calls is nobody's concern.
  EXPECT_EQ(refusal(".func f { call f; }", ""), "");
}

TEST(CallRefusalsTest, OnlyNamedFunctionsAreCalled) {
  EXPECT_EQ(refusal(".func f { }",
                    "call (r), %d1, (a), P; P: .callprototype (.param .b64 _) "
                    "_ (.param .b64 _);"),
            "x.ptx:7: 'k' calls through '%d1': only functions that the call "
            "names are supported");
  EXPECT_EQ(refusal(".func f { }", "T: .calltargets f; call %d1, T;"),
            "x.ptx:7: 'k' calls through '%d1': only functions that the call "
            "names are supported");
  EXPECT_EQ(refusal("", "call;"),
            "x.ptx:7: 'k' calls nothing: expected the name of a function");
}

TEST(CallRefusalsTest, AFunctionNeedsABody) {
  std::string expected = "x.ptx:7: 'k' calls 'f', which has no body in this "
                         "text: modules are not linked";
  EXPECT_EQ(refusal(".extern .func f;", "call f;"), expected);
  EXPECT_EQ(refusal("", "call f;"), expected);
  EXPECT_EQ(refusal(".entry f() { }", "call f;"), expected);
}

TEST(CallRefusalsTest, ParametersFit) {
  std::string f = ".func (.param .b64 s) f (.param .b64 x) { }";
  EXPECT_EQ(refusal(f, "call (r), f, (a);"), "");
  EXPECT_EQ(refusal(f, "call (r), f, (a, a);"),
            "x.ptx:7: 'k' calls 'f' with 2 arguments, expected 1");
  EXPECT_EQ(refusal(f, "call f, (a);"),
            "x.ptx:7: 'k' calls 'f' with room for 0 results, expected 1");
  EXPECT_EQ(refusal(f, "call (r), f, (w);"),
            "x.ptx:7: 'k' calls 'f' with 4 bytes for parameter 'x', which has "
            "8 bytes");
  EXPECT_EQ(refusal(f, "call (r), f, (p0);"),
            "x.ptx:7: 'k' calls 'f' with no variable of .param space for "
            "parameter 'x', which has 8 bytes");
  EXPECT_EQ(refusal(f, "call (a), f, (a);"),
            "x.ptx:7: 'k' calls 'f' with one variable as argument and result");
  EXPECT_EQ(refusal(".func f (.param .b8 x[16]) { }", "call f, (3);"),
            "x.ptx:7: 'k' calls 'f' with a register for parameter 'x', which "
            "has 16 bytes");
  EXPECT_EQ(refusal(".func f (.reg .b32 x[9]) { }", ""),
            "x.ptx:4: parameter 'x' has 36 bytes, expected a register of at "
            "most 8");
}

// A line of text doubles what a kernel is; it is refused before it fills the
// memory.
TEST(CallRefusalsTest, AFewCallsAreNotAMillion) {
  std::string doubling = ".func f0 { }", deep = ".func f0 { }";
  for (int i = 1; i <= 40; ++i)
    doubling += " .func f" + std::to_string(i) + " { call f" +
                std::to_string(i - 1) + "; call f" + std::to_string(i - 1) +
                "; }";
  for (int i = 1; i <= 1000; ++i)
    deep += " .func f" + std::to_string(i) + " { call f" +
            std::to_string(i - 1) + "; }";
  EXPECT_NE(refusal(doubling, "call f40;")
                .find("with the functions that it calls, kernel 'k' has more "
                      "than 262144 statements or 1048576 registers"),
            std::string::npos);
  EXPECT_EQ(refusal(doubling, "call f8;"), "");
  EXPECT_NE(refusal(deep, "call f1000;").find("at most 256 nested calls"),
            std::string::npos);
}

} // namespace
} // namespace tenon::vgpu
