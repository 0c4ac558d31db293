//===- TuneLog.cpp - what was measured of schedules, as a file ------------===//

#include "tools/tenon/TuneLog.h"

#include "runtime/Core/Message.h"
#include "runtime/Formats/WriteFile.h"

#include "mlir/AsmParser/AsmParser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;

namespace tenon::tool {

using rt::badInput;
using rt::Result;

/// As MLIR writes it.
static std::string textOf(DictionaryAttr schedule) {
  std::string text;
  llvm::raw_string_ostream(text) << schedule;
  return text;
}

static DictionaryAttr parseSchedule(std::optional<StringRef> text,
                                    MLIRContext &context) {
  ScopedDiagnosticHandler silence(&context,
                                  [](Diagnostic &) { return success(); });
  return dyn_cast_or_null<DictionaryAttr>(
      parseAttribute(text.value_or(""), &context));
}

static llvm::json::Object jsonOf(const TunedKernel &kernel, StringRef place) {
  llvm::json::Array tried;
  for (const TriedSchedule &other : kernel.tried)
    tried.push_back(llvm::json::Object{{"schedule", textOf(other.schedule)},
                                       {"ratio", other.ratio}});
  const ProductSizes &sizes = kernel.sizes;
  return llvm::json::Object{
      {"place", place},
      {"kernel", kernel.name},
      {"key", llvm::utohexstr(kernel.key)},
      {"sizes", {sizes.batch, sizes.rows, sizes.columns, sizes.depth}},
      {"predicted", kernel.predictedSeconds},
      {"seconds", kernel.seconds},
      {"best", textOf(kernel.best)},
      {"ratio", kernel.ratio},
      {"tried", std::move(tried)}};
}

LogicalResult TuneLog::read(const llvm::json::Value &entry,
                            MLIRContext &context) {
  const llvm::json::Object *object = entry.getAsObject();
  const llvm::json::Array *tried = object ? object->getArray("tried") : nullptr;
  const llvm::json::Array *sizes = object ? object->getArray("sizes") : nullptr;
  if (!tried || tried->empty() || !sizes || sizes->size() != 4)
    return failure();
  if (object->getString("place") != StringRef(place))
    return success();
  TunedKernel kernel;
  auto numberAt = [&](size_t i) {
    return (*sizes)[i].getAsInteger().value_or(0);
  };
  kernel.sizes = {numberAt(0), numberAt(1), numberAt(2), numberAt(3)};
  kernel.best = parseSchedule(object->getString("best"), context);
  kernel.ratio = object->getNumber("ratio").value_or(0);
  kernel.predictedSeconds = object->getNumber("predicted").value_or(0);
  kernel.seconds = object->getNumber("seconds").value_or(0);
  for (const llvm::json::Value &value : *tried) {
    const llvm::json::Object *other = value.getAsObject();
    if (!other)
      return failure();
    kernel.tried.push_back(
        {parseSchedule(other->getString("schedule"), context),
         other->getNumber("ratio").value_or(0)});
    if (!kernel.tried.back().schedule)
      return failure();
  }
  kernel.chosen = kernel.tried.front().schedule;
  if (!kernel.best ||
      object->getString("key").value_or("").getAsInteger(16, kernel.key))
    return failure();
  kernels[kernel.key] = std::move(kernel);
  return success();
}

Result<TuneLog> TuneLog::open(std::string path, std::string place,
                              MLIRContext &context) {
  TuneLog log(std::move(path), std::move(place));
  if (!llvm::sys::fs::exists(log.path))
    return log;
  auto file = llvm::MemoryBuffer::getFile(log.path);
  if (!file)
    return badInput(log.path, ": ", file.getError().message());
  auto value = llvm::json::parse((*file)->getBuffer());
  if (!value || !value->getAsArray()) {
    llvm::consumeError(value.takeError());
    return badInput(log.path, ": expected a list that --tune-log wrote");
  }
  log.entries = std::move(*value->getAsArray());
  for (auto [number, entry] : llvm::enumerate(log.entries))
    if (failed(log.read(entry, context)))
      return badInput(log.path, ": entry ", number,
                      " is none that --tune-log wrote");
  return log;
}

const TunedKernel *TuneLog::find(uint64_t key) const {
  auto found = kernels.find(key);
  return found == kernels.end() ? nullptr : &found->second;
}

void TuneLog::add(const TunedKernel &kernel) {
  if (kernels.try_emplace(kernel.key, kernel).second)
    entries.push_back(jsonOf(kernel, place));
}

Result<void> TuneLog::write() const {
  std::string text =
      llvm::formatv("{0:2}\n", llvm::json::Value(llvm::json::Array(entries)));
  return rt::writeFile(path, {{std::as_bytes(std::span(text))}});
}

} // namespace tenon::tool
