//===- OpInterfaces.cpp - the generated parts of the interfaces -----------===//

#include "dialects/Interfaces/OpInterfaces.h"

#include "dialects/Interfaces/OpInterfaces.cpp.inc"
