// Loads an artifact: file, plan, CPU, weights, code, in this order.

#include "runtime/Program/Model.h"

#include "runtime/Abi/Checksum.h"
#include "runtime/Abi/PlanBytes.h"
#include "runtime/Abi/PlanCheck.h"
#include "runtime/Core/Message.h"

#include <algorithm>

namespace tenon::rt {

static Error within(const std::string &path, const Error &error) {
  return {error.code, path + ": " + error.message};
}

static Result<void> checkCpu(const abi::Plan &plan, const CpuFeatures &cpu) {
  std::string missing;
  for (const std::string &feature : plan.features)
    if (!cpu.has(feature))
      missing += (missing.empty() ? "" : ", ") + feature;
  if (!missing.empty())
    return Error{Code::NoKernel,
                 message("built for ", plan.target, " and needs ", missing,
                         ", which this CPU lacks")};
  bool usesTiles =
      std::count(plan.features.begin(), plan.features.end(), "amx-tile");
  return usesTiles ? requestTileRegisters() : Result<void>();
}

/// Read, and found to make sense by itself and on this CPU.
static Result<abi::Plan> readCheckedPlan(const Artifact &artifact,
                                         const CpuFeatures &cpu) {
  auto plan = abi::readPlan(artifact.plan());
  if (!plan)
    return plan;
  if (auto valid = abi::checkPlan(*plan); !valid)
    return valid.error();
  if (auto valid = checkCpu(*plan, cpu); !valid)
    return valid.error();
  return plan;
}

/// The plan, and one of each of its alternatives.
static std::vector<abi::Plan> eachPlan(abi::Plan plan) {
  std::vector<abi::Alternative> alternatives = std::move(plan.alternatives);
  plan.alternatives.clear();
  std::vector<abi::Plan> plans;
  for (const abi::Alternative &alternative : alternatives)
    plans.push_back(abi::planOf(plan, alternative));
  plans.insert(plans.begin(), std::move(plan));
  return plans;
}

Result<std::shared_ptr<const Model>> Model::load(const std::string &path,
                                                 const CpuFeatures &cpu) {
  auto artifact = Artifact::open(path);
  if (!artifact)
    return artifact.error();
  auto plan = readCheckedPlan(*artifact, cpu);
  if (!plan)
    return within(path, plan.error());
  auto image = Image::load(artifact->code());
  if (!image)
    return within(path, image.error());
  artifact->releaseCode(); // the image has a copy
  std::shared_ptr<Model> model(new Model(path, std::move(*artifact),
                                         eachPlan(std::move(*plan)),
                                         std::move(*image)));
  if (auto resolved = model->resolve(); !resolved)
    return within(path, resolved.error());
  return std::shared_ptr<const Model>(std::move(model));
}

/// A kernel of a CPU has a function, one of a GPU has forms of its code.
Result<void> Model::resolveKernel(const abi::Kernel &kernel) {
  for (const abi::DeviceCode &code : kernel.codes)
    if (auto bytes = image.dataAt(code.address, code.bytes); !bytes)
      return within("kernel " + quoted(kernel.name), bytes.error());
  if (!kernel.codes.empty())
    return {};
  auto function = image.kernelAt(kernel.address);
  if (!function)
    return within("kernel " + quoted(kernel.name), function.error());
  kernels.push_back(*function);
  return {};
}

/// What the plan says about the file: weights and kernels.
Result<void> Model::resolve() {
  for (const abi::WeightSection &weight : plan().weights)
    if (auto valid = artifact.checkWeight(weight); !valid)
      return valid;
  for (const abi::Plan &program : programs)
    for (const abi::Kernel &kernel : program.kernels)
      if (auto resolved = resolveKernel(kernel); !resolved)
        return resolved;
  return {};
}

Result<void> Model::verifyWeights() const {
  for (const abi::WeightSection &weight : plan().weights)
    if (abi::checksum(artifact.weight(weight)) != weight.checksum)
      return badArtifact(
          file, ": weight ", quoted(weight.name),
          " is damaged: its checksum is wrong, copy or compile the "
          "file again");
  return {};
}

static Result<size_t> named(const std::vector<abi::Tensor> &tensors,
                            std::string_view name, const char *what) {
  std::string known;
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].name == name)
      return i;
    known += (i ? ", " : "") + quoted(tensors[i].name);
  }
  return badInput("the model has no ", what, " ", quoted(name), "; it has ",
                  known);
}

Result<size_t> Model::inputNamed(std::string_view name) const {
  return named(plan().inputs, name, "input");
}
Result<size_t> Model::outputNamed(std::string_view name) const {
  return named(plan().outputs, name, "output");
}

} // namespace tenon::rt
