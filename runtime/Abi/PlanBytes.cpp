// The plan's byte form. Each struct lists its fields once, for both directions.

#include "runtime/Abi/PlanBytes.h"

#include "runtime/Core/Message.h"

#include <concepts>
#include <cstring>
#include <type_traits>

namespace tenon::abi {
namespace {

//===----------------------------------------------------------------------===//
// What a struct is made of
//===----------------------------------------------------------------------===//

/// `T` is `Struct`, const when it is being written.
template <typename T, typename Struct>
concept Is = std::same_as<std::remove_const_t<T>, Struct>;

void fields(auto &io, Is<ExprInstr> auto &instr) {
  io.choice(instr.op, ExprOp::Max, "formula operation");
  io(instr.value);
}
void fields(auto &io, Is<Symbol> auto &symbol) {
  io(symbol.name, symbol.min, symbol.max, symbol.divisor);
}
void fields(auto &io, Is<Tensor> auto &tensor) {
  io(tensor.name);
  io.choice(tensor.dtype, DType::U4, "dtype");
  io(tensor.dims);
}
void fields(auto &io, Is<BufferRef> auto &buffer) {
  io.choice(buffer.space, Space::Parameter, "space");
  io(buffer.index);
}
void fields(auto &io, Is<WeightSection> auto &weight) {
  io(weight.name, weight.layout, weight.offset, weight.bytes, weight.checksum);
}
void fields(auto &io, Is<ArenaSlot> auto &slot) { io(slot.bytes); }
void fields(auto &io, Is<DeviceCode> auto &code) {
  io(code.arch);
  io.choice(code.form, CodeForm::Ptx, "form of code");
  io(code.address, code.bytes, code.registers, code.spillBytes);
}
void fields(auto &io, Is<TensorMapSize> auto &size) {
  io(size.scalar, size.constant);
}
void fields(auto &io, Is<TensorMap> auto &map) {
  io(map.buffer, map.elementBytes, map.sizes, map.box);
}
void fields(auto &io, Is<Kernel> auto &kernel) {
  io(kernel.name, kernel.address, kernel.scratchBytes, kernel.numBuffers,
     kernel.numScalars, kernel.source, kernel.schedule, kernel.reason);
  io.choice(kernel.multiplies, DType::U4, "dtype");
  io(kernel.blockThreads, kernel.sharedBytes, kernel.codes, kernel.tensorMaps);
}
void fields(auto &io, Is<LaunchResult> auto &result) {
  io(result.names);
  io.choice(result.dtype, DType::U4, "dtype");
  io(result.dims);
}
void fields(auto &io, Is<Variant> auto &variant) {
  io(variant.size, variant.most, variant.kernel, variant.instances);
}
void fields(auto &io, Is<Launch> auto &launch) {
  io(launch.kernel, launch.buffers, launch.scalars, launch.instances,
     launch.flops, launch.bytesMoved, launch.results, launch.variants);
}
void fields(auto &io, Is<Call> auto &call) {
  io(call.function, call.arguments);
}
void fields(auto &io, Is<Copy> auto &copy) {
  io(copy.from, copy.to, copy.bytes);
}
void fields(auto &io, Is<Function> auto &function) {
  io(function.name, function.numParameters, function.slots, function.steps);
}
void fields(auto &io, Is<Alternative> auto &alternative) {
  io(alternative.target, alternative.kernels, alternative.functions);
}
void fields(auto &io, Is<Plan> auto &plan) {
  io(plan.producer, plan.target, plan.features, plan.symbols, plan.inputs,
     plan.outputs, plan.weights, plan.kernels, plan.functions,
     plan.alternatives);
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

class Writer {
public:
  std::vector<std::byte> bytes;

  template <typename... Ts> void operator()(const Ts &...values) {
    (write(values), ...);
  }
  template <typename Enum> void choice(Enum value, Enum, const char *) {
    write(uint8_t(value));
  }

private:
  void write(std::integral auto number) { raw(&number, sizeof(number)); }
  void write(const std::string &text) {
    write(uint32_t(text.size()));
    raw(text.data(), text.size());
  }
  template <typename T> void write(const std::vector<T> &list) {
    write(uint32_t(list.size()));
    for (const T &element : list)
      write(element);
  }
  void write(const Step &step) {
    write(uint8_t(step.index()));
    std::visit([&](const auto &alternative) { fields(*this, alternative); },
               step);
  }
  template <typename T>
    requires std::is_class_v<T>
  void write(const T &value) {
    fields(*this, value);
  }
  void raw(const void *from, size_t size) {
    auto *start = static_cast<const std::byte *>(from);
    bytes.insert(bytes.end(), start, start + size);
  }
};

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// Reads fields until the first failure; afterwards every read does nothing, so
/// the struct descriptions need no checks.
class Reader {
public:
  explicit Reader(std::span<const std::byte> bytes) : bytes(bytes) {}

  template <typename... Ts> void operator()(Ts &...values) {
    (read(values), ...);
  }
  template <typename Enum>
  void choice(Enum &value, Enum last, const char *what) {
    uint8_t number = 0;
    read(number);
    if (number > uint8_t(last))
      return fail(rt::message("unknown ", what, " ", unsigned(number)));
    value = Enum(number);
  }

  rt::Result<void> finish() {
    if (!failure && position != bytes.size())
      fail(rt::message(bytes.size() - position, " bytes too many"));
    if (failure)
      return *failure;
    return {};
  }

private:
  void read(std::integral auto &number) {
    if (const void *from = take(sizeof(number)))
      std::memcpy(&number, from, sizeof(number));
  }
  void read(std::string &text) {
    uint32_t size = 0;
    read(size);
    if (const void *from = take(size))
      text.assign(static_cast<const char *>(from), size);
  }
  template <typename T> void read(std::vector<T> &list) {
    uint32_t count = 0;
    read(count);
    // Every element has a byte or more; nothing is allocated ahead of its
    // bytes.
    if (count > bytes.size() - position)
      return fail(rt::message("a list of ", count, " elements does not fit"));
    for (uint32_t i = 0; i < count && !failure; ++i)
      read(list.emplace_back());
  }
  void read(Step &step) {
    uint8_t which = 0;
    read(which);
    switch (which) {
    case 0:
      return fields(*this, step.emplace<Launch>());
    case 1:
      return fields(*this, step.emplace<Call>());
    case 2:
      return fields(*this, step.emplace<Copy>());
    default:
      fail(rt::message("unknown kind of step ", unsigned(which)));
    }
  }
  template <typename T>
    requires std::is_class_v<T>
  void read(T &value) {
    fields(*this, value);
  }

  /// The next `size` bytes, or null after a failure.
  const void *take(size_t size) {
    if (failure)
      return nullptr;
    if (size > bytes.size() - position) {
      fail(rt::message("ends early, ", size, " more bytes were expected"));
      return nullptr;
    }
    position += size;
    return bytes.data() + position - size;
  }
  void fail(const std::string &why) {
    if (!failure)
      failure = rt::badArtifact("plan byte ", position, ": ", why);
  }

  std::span<const std::byte> bytes;
  size_t position = 0;
  std::optional<rt::Error> failure;
};

} // namespace

std::vector<std::byte> writePlan(const Plan &plan) {
  Writer writer;
  writer(plan);
  return std::move(writer.bytes);
}

rt::Result<Plan> readPlan(std::span<const std::byte> bytes) {
  Plan plan;
  Reader reader(bytes);
  reader(plan);
  if (auto whole = reader.finish(); !whole)
    return whole.error();
  return plan;
}

} // namespace tenon::abi
