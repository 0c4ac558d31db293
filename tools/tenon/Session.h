//===- Session.h - an artifact, loaded and bound, for the commands --------===//

#ifndef TENON_TOOLS_TENON_SESSION_H
#define TENON_TOOLS_TENON_SESSION_H

#include "runtime/Program/Context.h"
#include "tools/tenon/Tensors.h"

#include <memory>

namespace tenon::tool {

class Session {
public:
  /// Loads the artifact, with the threads of --threads.
  static rt::Result<Session> open(const std::string &path,
                                  const Arguments &arguments);

  rt::Context &context() { return *running; }
  const abi::Plan &plan() const { return running->plan(); }

  /// Binds each input of the model to the tensor of its name, which must stay
  /// as it is until the runs are over. BadInput when one is missing or is none
  /// of the model's.
  rt::Result<void> bind(const Tensors &inputs);

  /// Copies of the outputs of the latest run.
  rt::Result<Tensors> outputs() const;

private:
  explicit Session(std::unique_ptr<rt::Context> context)
      : running(std::move(context)) {}

  std::unique_ptr<rt::Context> running;
};

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_SESSION_H
