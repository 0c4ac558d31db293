//===- Interpret.cpp - runs a model by the reference meaning of its ops ---===//

#include "tools/tenon/Interpret.h"

#include "compiler/Interpret/TensorBytes.h"
#include "compiler/Interpret/WeightFiles.h"
#include "runtime/Core/Message.h"
#include "tools/tenon/Modules.h"

using namespace mlir;

namespace tenon::tool {

using rt::badInput;
using rt::HostTensor;
using rt::Result;

/// The file's type for elements of `type`; nothing where files have none.
static std::optional<abi::DType> dtypeOf(Type type) {
  if (type.isInteger(1))
    return abi::DType::Bool;
  if (isa<Float8E4M3FNType>(type))
    return abi::DType::F8E4M3;
  if (isa<Float8E5M2Type>(type))
    return abi::DType::F8E5M2;
  std::string name;
  llvm::raw_string_ostream(name) << type;
  return abi::dtypeNamed(name[0] == 'u' && name[1] == 'i' ? "u" + name.substr(2)
                                                          : name);
}

static Result<ReferenceTensor> toReference(const HostTensor &input,
                                           BlockArgument argument) {
  Type element = cast<RankedTensorType>(argument.getType()).getElementType();
  if (dtypeOf(element) != input.dtype) {
    std::string wanted;
    llvm::raw_string_ostream(wanted) << element;
    return badInput("input ", rt::quoted(input.name), " is ",
                    rt::describe(input.dtype, input.dims),
                    ", expected elements of ", wanted);
  }
  ArrayRef<char> bytes(reinterpret_cast<const char *>(input.data.data()),
                       input.data.size());
  auto tensor =
      tensorFromBytes(bytes, RankedTensorType::get(input.dims, element),
                      [&] { return mlir::emitError(argument.getLoc()); });
  if (failed(tensor))
    return rt::Error{rt::Code::Internal, "an input has the wrong size"};
  return *tensor;
}

static Result<HostTensor> toHost(const ReferenceTensor &tensor,
                                 std::string name) {
  std::optional<abi::DType> dtype = dtypeOf(tensor.elementType());
  if (!dtype)
    return badInput("output ", rt::quoted(name),
                    " is of a type that files do not hold");
  std::vector<char> bytes = toBytes(tensor);
  HostTensor host{std::move(name),
                  *dtype,
                  {tensor.dims().begin(), tensor.dims().end()},
                  std::vector<std::byte>(bytes.size())};
  llvm::copy(
      llvm::ArrayRef(reinterpret_cast<std::byte *>(bytes.data()), bytes.size()),
      host.data.begin());
  return host;
}

/// The name in `graph.name`, or one made of the position.
static std::string nameFrom(StringAttr name, StringRef kind, unsigned index) {
  return name ? name.str() : (kind + Twine(index)).str();
}

static Result<Interpreter::Tensors> inputsOf(func::FuncOp function,
                                             const Tensors &inputs) {
  Interpreter::Tensors bound;
  for (BlockArgument argument : function.getArguments()) {
    unsigned index = argument.getArgNumber();
    std::string name =
        nameFrom(function.getArgAttrOfType<StringAttr>(index, "graph.name"),
                 "arg", index);
    const HostTensor *input = findTensor(inputs, name);
    if (!input)
      return badInput("input ", rt::quoted(name), " is missing");
    Result<ReferenceTensor> tensor = toReference(*input, argument);
    if (!tensor)
      return tensor.error();
    bound.push_back(std::move(*tensor));
  }
  if (inputs.size() > bound.size())
    return badInput("the model has ", bound.size(), " inputs, got ",
                    inputs.size());
  return bound;
}

Result<Tensors> interpretFile(const std::string &path, Tensors inputs) {
  Workshop workshop;
  auto module = workshop.load(path);
  if (!module)
    return module.error();
  auto function = (*module)->lookupSymbol<func::FuncOp>("main");
  if (!function)
    return badInput(path, ": there is no function 'main'");
  Result<Interpreter::Tensors> bound = inputsOf(function, inputs);
  if (!bound)
    return bound.error();
  Interpreter interpreter(readWeightsFrom("")); // named as the file was
  auto results = interpreter.run(function, std::move(*bound));
  if (failed(results))
    return workshop.emittedError();
  Tensors outputs;
  for (auto [index, result] : llvm::enumerate(*results)) {
    Result<HostTensor> output = toHost(
        result,
        nameFrom(function.getResultAttrOfType<StringAttr>(index, "graph.name"),
                 "result", index));
    if (!output)
      return output.error();
    outputs.push_back(std::move(*output));
  }
  return outputs;
}

} // namespace tenon::tool
