// What messages are made of stays printable, whatever a file says.

#include "runtime/Core/Message.h"

#include <gtest/gtest.h>

using namespace tenon::rt;

namespace {

TEST(Message, PutsPiecesTogether) {
  Error error = badInput("input ", quoted("x"), " has rank ", size_t(3));
  EXPECT_EQ(error.code, Code::BadInput);
  EXPECT_EQ(error.message, "input 'x' has rank 3");
  EXPECT_EQ(badArtifact(-1).code, Code::BadArtifact);
}

TEST(Message, NamesAreMadePrintable) {
  EXPECT_EQ(tenon::rt::quoted(std::string_view("a\0\x1b[2J\xff", 7)),
            "'a\\x00\\x1b[2J\\xff'");
  EXPECT_EQ(tenon::rt::quoted(std::string(1000, 'n')),
            "'" + std::string(96, 'n') + "...'");
}

TEST(Message, ShapesAndAddresses) {
  EXPECT_EQ(shapeText(std::vector<int64_t>{8, 128}), "8x128");
  EXPECT_EQ(shapeText({}), "scalar");
  EXPECT_EQ(hexText(0), "0x0");
  EXPECT_EQ(hexText(UINT64_MAX), "0xffffffffffffffff");
}

} // namespace
