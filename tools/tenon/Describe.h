//===- Describe.h - a model and a run of it as data for the report --------===//

#ifndef TENON_TOOLS_TENON_DESCRIBE_H
#define TENON_TOOLS_TENON_DESCRIBE_H

#include "report/Page.h"
#include "runtime/Program/Tape.h"
#include "tools/tenon/Arguments.h"
#include "tools/tenon/Work.h"

namespace tenon::tool {

/// What the report is about.
struct Described {
  const std::string &path;
  const abi::Plan &plan;
  const rt::Binding &binding;
  const rt::Tape &tape;
  const Machine &machine;
  /// Of each kernel's launches together; empty where nothing was measured.
  std::vector<double> seconds = {};
};

/// Writes the page to `path`, whole or not at all.
rt::Result<void> writeReport(const std::string &path, const Described &model);

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_DESCRIBE_H
