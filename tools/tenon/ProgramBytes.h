//===- ProgramBytes.h - the program that --exe puts before an artifact ----===//

#ifndef TENON_TOOLS_TENON_PROGRAMBYTES_H
#define TENON_TOOLS_TENON_PROGRAMBYTES_H

#include "llvm/ADT/ArrayRef.h"

namespace tenon::tool {

/// The file `tenon-program`. It is a part of this tool, so that it is there
/// wherever the tool is, and always of the same version.
llvm::ArrayRef<char> programBytes();

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_PROGRAMBYTES_H
