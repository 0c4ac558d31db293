//===- Session.cpp - an artifact, loaded and bound, for the commands ------===//

#include "tools/tenon/Session.h"

#include "runtime/Core/Message.h"

namespace tenon::tool {

using rt::badInput;
using rt::HostTensor;
using rt::Result;

Result<Session> Session::open(const std::string &path,
                              const Arguments &arguments) {
  Result<unsigned> numThreads = arguments.count("threads", 0);
  if (!numThreads)
    return numThreads.error();
  auto model = rt::Model::load(path);
  if (!model)
    return model.error();
  rt::ContextOptions options;
  options.numThreads = *numThreads;
  options.device = arguments.value("device");
  auto context = rt::Context::create(*model, options);
  if (!context)
    return context.error();
  return Session(std::move(*context));
}

Result<void> Session::bind(const Tensors &inputs) {
  for (const HostTensor &input : inputs) {
    Result<size_t> index = running->model().inputNamed(input.name);
    if (!index)
      return index.error();
    rt::InputView view{input.dtype, input.dims, input.data.data(),
                       input.data.size()};
    if (auto bound = running->bindInput(*index, std::move(view)); !bound)
      return bound;
  }
  for (const abi::Tensor &tensor : plan().inputs)
    if (!findTensor(inputs, tensor.name))
      return badInput("input ", rt::quoted(tensor.name),
                      " is missing: ", rt::describe(plan(), tensor));
  return {};
}

Result<Tensors> Session::outputs() const {
  Tensors copies;
  for (size_t i = 0; i < plan().outputs.size(); ++i) {
    Result<rt::OutputView> output = running->output(i);
    if (!output)
      return output.error();
    auto *bytes = static_cast<const std::byte *>(output->data);
    copies.push_back({plan().outputs[i].name,
                      output->dtype,
                      output->shape,
                      {bytes, bytes + output->bytes}});
  }
  return copies;
}

} // namespace tenon::tool
