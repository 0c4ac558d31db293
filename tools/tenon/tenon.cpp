//===- tenon.cpp - the user's tool ----------------------------------------===//

#include "tools/tenon/Commands.h"

int main(int argc, char **argv) {
  return tenon::tool::runTool({argv + 1, argv + argc});
}
