// The C API over Model and Context: checks pointers, keeps the error's text,
// lets no exception out.

#include "runtime/tenon.h"

#include "runtime/Abi/DType.h"
#include "runtime/Abi/Expr.h"
#include "runtime/Core/Message.h"
#include "runtime/Program/Context.h"

#include <algorithm>
#include <exception>
#include <initializer_list>
#include <new>
#include <utility>

namespace rt = tenon::rt;
using rt::badInput;
using rt::Code;
using rt::Result;

static_assert(TENON_U4 == int(tenon::abi::DType::U4) &&
                  TENON_F32 == int(tenon::abi::DType::F32) &&
                  TENON_BOOL == int(tenon::abi::DType::Bool),
              "tenon_dtype has the values of tenon::abi::DType");
static_assert(std::string_view(TENON_VERSION) == TENON_BUILD_VERSION,
              "tenon.h and the build name one version");

/// What tenon_get_input returns, with its strings.
struct TensorText {
  std::vector<std::string> formulas;
  std::vector<tenon_dim> dims;
  tenon_tensor tensor;
};

struct tenon_model {
  std::shared_ptr<const rt::Model> model;
  std::vector<TensorText> inputs, outputs;
};

struct tenon_context {
  std::unique_ptr<rt::Context> context;
};

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

namespace {

thread_local std::string latestError;

tenon_status statusOf(Code code) {
  switch (code) {
  case Code::BadArtifact:
    return TENON_BAD_ARTIFACT;
  case Code::BadInput:
    return TENON_BAD_INPUT;
  case Code::NoMemory:
    return TENON_NO_MEMORY;
  case Code::NoKernel:
    return TENON_NO_KERNEL;
  case Code::Internal:
    break;
  }
  return TENON_INTERNAL;
}

/// Runs `body`, which returns a Result<void>; C callers cannot catch.
template <typename Body> tenon_status guarded(Body body) {
  try {
    Result<void> done = body();
    if (done)
      return TENON_OK;
    latestError = std::move(done.error().message);
    return statusOf(done.error().code);
  } catch (const std::bad_alloc &) {
    latestError = "out of memory"; // short: needs no memory itself
    return TENON_NO_MEMORY;
  } catch (const std::exception &) {
    latestError = "defect in tenon";
    return TENON_INTERNAL;
  }
}

/// An argument's name and value.
using Argument = std::pair<const char *, const void *>;

Result<void> notNull(std::initializer_list<Argument> arguments) {
  for (auto [name, value] : arguments)
    if (!value)
      return badInput("argument ", rt::quoted(name), " is null");
  return {};
}

} // namespace

const char *tenon_version(void) { return TENON_VERSION; }
const char *tenon_error(void) { return latestError.c_str(); }

//===----------------------------------------------------------------------===//
// Models
//===----------------------------------------------------------------------===//

static std::vector<TensorText>
describe(const tenon::abi::Plan &plan,
         const std::vector<tenon::abi::Tensor> &tensors) {
  std::vector<TensorText> texts(tensors.size());
  std::vector<std::string> names = rt::symbolNames(plan);
  for (size_t i = 0; i < tensors.size(); ++i) {
    TensorText &text = texts[i];
    for (const tenon::abi::Expr &dim : tensors[i].dims)
      text.formulas.push_back(tenon::abi::print(dim, names));
    for (size_t d = 0; d < text.formulas.size(); ++d)
      text.dims.push_back(
          {tenon::abi::asConstant(tensors[i].dims[d]).value_or(-1),
           text.formulas[d].c_str()});
    text.tensor = {tensors[i].name.c_str(), tenon_dtype(tensors[i].dtype),
                   text.dims.size(), text.dims.data()};
  }
  return texts;
}

tenon_status tenon_load(const char *path, tenon_model **model) {
  return guarded([&]() -> Result<void> {
    if (auto given = notNull({{"path", path}, {"model", model}}); !given)
      return given;
    auto loaded = rt::Model::load(path);
    if (!loaded)
      return loaded.error();
    const tenon::abi::Plan &plan = (*loaded)->plan();
    *model = new tenon_model{*loaded, describe(plan, plan.inputs),
                             describe(plan, plan.outputs)};
    return {};
  });
}

void tenon_unload(tenon_model *model) { delete model; }

tenon_status tenon_verify(const tenon_model *model) {
  return guarded([&]() -> Result<void> {
    if (auto given = notNull({{"model", model}}); !given)
      return given;
    return model->model->verifyWeights();
  });
}

size_t tenon_num_inputs(const tenon_model *model) {
  return model->inputs.size();
}
size_t tenon_num_outputs(const tenon_model *model) {
  return model->outputs.size();
}
size_t tenon_num_symbols(const tenon_model *model) {
  return model->model->plan().symbols.size();
}
size_t tenon_weights_bytes(const tenon_model *model) {
  return model->model->weightsBytes();
}

static Result<void> checkIndex(size_t index, size_t count, const char *what) {
  if (index < count)
    return {};
  return badInput(what, " ", index, " is asked for, the model has ", count);
}

/// `list` is the model's inputs or outputs.
static tenon_status getTensor(const tenon_model *model,
                              std::vector<TensorText> tenon_model::*list,
                              const char *what, size_t index,
                              tenon_tensor *tensor) {
  return guarded([&]() -> Result<void> {
    if (auto given = notNull({{"model", model}, {"tensor", tensor}}); !given)
      return given;
    if (auto valid = checkIndex(index, (model->*list).size(), what); !valid)
      return valid;
    *tensor = (model->*list)[index].tensor;
    return {};
  });
}

tenon_status tenon_get_input(const tenon_model *model, size_t index,
                             tenon_tensor *tensor) {
  return getTensor(model, &tenon_model::inputs, "input", index, tensor);
}
tenon_status tenon_get_output(const tenon_model *model, size_t index,
                              tenon_tensor *tensor) {
  return getTensor(model, &tenon_model::outputs, "output", index, tensor);
}

tenon_status tenon_get_symbol(const tenon_model *model, size_t index,
                              tenon_symbol *symbol) {
  return guarded([&]() -> Result<void> {
    if (auto given = notNull({{"model", model}, {"symbol", symbol}}); !given)
      return given;
    const auto &symbols = model->model->plan().symbols;
    if (auto valid = checkIndex(index, symbols.size(), "symbol"); !valid)
      return valid;
    const tenon::abi::Symbol &found = symbols[index];
    *symbol = {found.name.c_str(), found.min, found.max, found.divisor};
    return {};
  });
}

static Result<void> copyShape(const char *name, const rt::Shape &shape,
                              size_t rank, int64_t *dims) {
  if (rank != shape.size())
    return badInput("output ", rt::quoted(name), " has rank ", shape.size(),
                    ", but rank ", rank, " is asked for");
  std::copy(shape.begin(), shape.end(), dims);
  return {};
}

tenon_status tenon_max_output_shape(const tenon_model *model, const char *name,
                                    size_t rank, int64_t *dims) {
  return guarded([&]() -> Result<void> {
    if (auto given =
            notNull({{"model", model},
                     {"name", name},
                     {"dims", rank ? static_cast<const void *>(dims) : name}});
        !given)
      return given;
    auto index = model->model->outputNamed(name);
    if (!index)
      return index.error();
    const tenon::abi::Plan &plan = model->model->plan();
    auto binding = rt::bindSymbols(plan, {});
    if (!binding)
      return binding.error();
    auto shape = rt::shapeOf(plan, plan.outputs[*index], *binding);
    if (!shape)
      return shape.error();
    return copyShape(name, *shape, rank, dims);
  });
}

tenon_status tenon_max_plan_bytes(const tenon_model *model, size_t *bytes) {
  return guarded([&]() -> Result<void> {
    if (auto given = notNull({{"model", model}, {"bytes", bytes}}); !given)
      return given;
    const tenon::abi::Plan &plan = model->model->plan();
    auto binding = rt::bindSymbols(plan, {});
    if (!binding)
      return binding.error();
    auto tape = rt::recordTape(plan, *binding);
    if (!tape)
      return tape.error();
    *bytes = tape->arenaBytes;
    return {};
  });
}

//===----------------------------------------------------------------------===//
// Contexts
//===----------------------------------------------------------------------===//

tenon_status tenon_create(const tenon_model *model,
                          const tenon_options *options,
                          tenon_context **context) {
  return guarded([&]() -> Result<void> {
    if (auto given = notNull({{"model", model}, {"context", context}}); !given)
      return given;
    rt::ContextOptions chosen;
    if (options) {
      chosen.numThreads = options->num_threads;
      chosen.pin = !options->no_pin;
      if (options->device)
        chosen.device = options->device;
    }
    auto created = rt::Context::create(model->model, chosen);
    if (!created)
      return created.error();
    *context = new tenon_context{std::move(*created)};
    return {};
  });
}

void tenon_destroy(tenon_context *context) { delete context; }

unsigned tenon_num_threads(const tenon_context *context) {
  return context->context->numThreads();
}

tenon_status tenon_bind_input(tenon_context *context, const char *name,
                              tenon_dtype dtype, size_t rank,
                              const int64_t *dims, const void *data,
                              size_t bytes) {
  return guarded([&]() -> Result<void> {
    if (auto given =
            notNull({{"context", context},
                     {"name", name},
                     {"dims", rank ? static_cast<const void *>(dims) : name}});
        !given)
      return given;
    if (dtype > TENON_U4)
      return badInput("dtype ", dtype, " is not known");
    auto index = context->context->model().inputNamed(name);
    if (!index)
      return index.error();
    return context->context->bindInput(
        *index,
        {tenon::abi::DType(dtype), rt::Shape(dims, dims + rank), data, bytes});
  });
}

tenon_status tenon_output_shape(tenon_context *context, const char *name,
                                size_t rank, int64_t *dims) {
  return guarded([&]() -> Result<void> {
    if (auto given =
            notNull({{"context", context},
                     {"name", name},
                     {"dims", rank ? static_cast<const void *>(dims) : name}});
        !given)
      return given;
    auto index = context->context->model().outputNamed(name);
    if (!index)
      return index.error();
    auto shape = context->context->outputShape(*index);
    if (!shape)
      return shape.error();
    return copyShape(name, *shape, rank, dims);
  });
}

tenon_status tenon_bind_output(tenon_context *context, const char *name,
                               void *data, size_t bytes) {
  return guarded([&]() -> Result<void> {
    if (auto given = notNull({{"context", context}, {"name", name}}); !given)
      return given;
    auto index = context->context->model().outputNamed(name);
    if (!index)
      return index.error();
    return context->context->bindOutput(*index, data, bytes);
  });
}

tenon_status tenon_run(tenon_context *context) {
  return guarded([&]() -> Result<void> {
    if (auto given = notNull({{"context", context}}); !given)
      return given;
    return context->context->run();
  });
}

tenon_status tenon_output(const tenon_context *context, const char *name,
                          const void **data, size_t *bytes) {
  return guarded([&]() -> Result<void> {
    if (auto given = notNull({{"context", context},
                              {"name", name},
                              {"data", data},
                              {"bytes", bytes}});
        !given)
      return given;
    auto index = context->context->model().outputNamed(name);
    if (!index)
      return index.error();
    auto output = context->context->output(*index);
    if (!output)
      return output.error();
    *data = output->data;
    *bytes = output->bytes;
    return {};
  });
}

void tenon_get_memory(const tenon_context *context, tenon_memory *memory) {
  rt::MemoryFigures figures = context->context->memory();
  *memory = {figures.plannedArenaBytes, figures.reservedArenaBytes,
             figures.scratchBytes, figures.outputBytes};
}
