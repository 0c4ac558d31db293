//===- TargetDialect.cpp - registration, constraints, questions -----------===//

#include "dialects/Target/TargetDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tenon::target;

#include "dialects/Target/TargetDialect.cpp.inc"
#include "dialects/Target/TargetEnums.cpp.inc"

static FailureOr<Unit> parseUnit(AsmParser &parser) {
  SMLoc at = parser.getCurrentLocation();
  std::string name;
  if (parser.parseString(&name))
    return failure();
  if (std::optional<Unit> unit = symbolizeUnit(name))
    return *unit;
  return parser.emitError(at)
         << "no such unit: expected avx512bf16, avx512vnni, amx-bf16 or "
            "amx-int8, got '"
         << name << "'";
}

static void printUnit(AsmPrinter &printer, Unit unit) {
  printer << '"' << stringifyUnit(unit) << '"';
}

#define GET_ATTRDEF_CLASSES
#include "dialects/Target/TargetAttrs.cpp.inc"

void TargetDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Target/TargetAttrs.cpp.inc"
      >();
}

using EmitError = llvm::function_ref<InFlightDiagnostic()>;

static bool hasString(ArrayAttr strings, StringRef wanted) {
  return llvm::any_of(strings, [&](Attribute attr) {
    auto string = dyn_cast<StringAttr>(attr);
    return string && string.getValue() == wanted;
  });
}

static LogicalResult verifyFeatures(EmitError emitError, ArrayAttr features) {
  for (Attribute attr : features) {
    auto name = dyn_cast<StringAttr>(attr);
    if (name && llvm::is_contained(kFeatureNames, name.getValue()))
      continue;
    InFlightDiagnostic error = emitError();
    error << "features are names that the runtime can check: expected one of ";
    llvm::interleaveComma(kFeatureNames, error);
    return error << ", got " << attr;
  }
  return success();
}

static LogicalResult verifyUnits(EmitError emitError, ArrayAttr units,
                                 ArrayAttr features) {
  llvm::SmallDenseSet<int> seen;
  for (Attribute attr : units) {
    auto rate = dyn_cast<UnitRateAttr>(attr);
    if (!rate)
      return emitError() << "units are '#target.unit', got " << attr;
    StringRef name = stringifyUnit(rate.getUnit());
    if (rate.getMacsPerCycle() < 1)
      return emitError() << "unit " << name
                         << " needs a rate: expected at least 1 multiply-add "
                            "per cycle, got "
                         << rate.getMacsPerCycle();
    if (!seen.insert(static_cast<int>(rate.getUnit())).second)
      return emitError() << "unit " << name
                         << " has one rate, got a second: " << attr;
    if (!hasString(features, name))
      return emitError() << "unit " << name
                         << " needs the feature of its name, got features "
                         << features;
  }
  return success();
}

static LogicalResult verifyCaches(EmitError emitError, ArrayAttr caches) {
  if (caches.empty() || caches.size() > 3)
    return emitError() << "a CPU has 1 to 3 levels of cache, got "
                       << caches.size();
  int64_t smaller = 0;
  for (Attribute attr : caches) {
    auto cache = dyn_cast<CacheAttr>(attr);
    if (!cache)
      return emitError() << "caches are '#target.cache', got " << attr;
    if (cache.getWays() < 1)
      return emitError() << "a cache has at least 1 way, got "
                         << cache.getWays();
    if (cache.getSizeBytes() <= smaller)
      return emitError()
             << "caches grow from level to level: expected more than "
             << smaller << " bytes, got " << cache.getSizeBytes();
    smaller = cache.getSizeBytes();
  }
  return success();
}

LogicalResult CpuAttr::verify(EmitError emitError, StringRef, StringRef,
                              StringRef, int64_t vectorBytes,
                              int64_t numVectors, int64_t f32Macs,
                              int64_t clockMhz, ArrayAttr features,
                              ArrayAttr units, ArrayAttr caches) {
  // (C1)
  if (!llvm::is_contained({16, 32, 64}, vectorBytes))
    return emitError() << "a vector register has 16, 32 or 64 bytes, got "
                       << vectorBytes;
  std::pair<StringRef, int64_t> numbers[] = {{"num_vectors", numVectors},
                                             {"f32_macs", f32Macs},
                                             {"clock_mhz", clockMhz}};
  for (auto [name, value] : numbers)
    if (value < 1)
      return emitError() << name << " is at least 1, got " << value;
  // (C2), (C3), (C4)
  if (failed(verifyFeatures(emitError, features)) ||
      failed(verifyUnits(emitError, units, features)))
    return failure();
  return verifyCaches(emitError, caches);
}

LogicalResult GpuAttr::verify(EmitError emitError, StringRef, int64_t compute,
                              int64_t sharedBytes) {
  // (C1)
  std::pair<StringRef, int64_t> numbers[] = {{"compute", compute},
                                             {"shared_bytes", sharedBytes}};
  for (auto [name, value] : numbers)
    if (value < 1)
      return emitError() << name << " is at least 1, got " << value;
  return success();
}

bool CpuAttr::hasFeature(StringRef feature) const {
  return hasString(getFeatures(), feature);
}

std::optional<int64_t> CpuAttr::macsPerCycle(Unit unit) const {
  for (auto rate : getUnits().getAsRange<UnitRateAttr>())
    if (rate.getUnit() == unit)
      return rate.getMacsPerCycle();
  return std::nullopt;
}

double CpuAttr::rateOverF32(Unit unit) const {
  return static_cast<double>(macsPerCycle(unit).value_or(0)) / getF32Macs();
}

std::string CpuAttr::llvmFeatures() const {
  std::string all;
  for (auto feature : getFeatures().getAsRange<StringAttr>())
    all += (all.empty() ? "+" : ",+") + feature.str();
  return all;
}

CacheAttr CpuAttr::cache(unsigned level) const {
  ArrayAttr caches = getCaches();
  return cast<CacheAttr>(caches[std::min<size_t>(level, caches.size()) - 1]);
}
