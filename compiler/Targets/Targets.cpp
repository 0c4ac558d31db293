//===- Targets.cpp - the table of CPUs, and which of them this machine is -===//

#include "compiler/Targets/Targets.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

#include <vector>

using namespace mlir;

namespace tenon {
namespace {

using target::Unit;

enum class Maker { Any, Amd, Intel };

struct UnitRate {
  Unit unit;
  int64_t macsPerCycle;
};
struct Cache {
  int64_t sizeBytes, ways;
};

struct Cpu {
  StringLiteral name;  ///< also LLVM's, for tuning
  StringLiteral level; ///< LLVM's name of what the code starts from
  Maker maker;         ///< whose rates these are
  int64_t vectorBytes, numVectors;
  int64_t f32Macs; ///< f32 multiply-adds per cycle and core
  int64_t clockMhz;
  ArrayRef<StringLiteral> levelFeatures, ownFeatures;
  ArrayRef<UnitRate> units;
  Cache caches[3];
};

constexpr StringLiteral kV3Features[] = {"avx2", "fma",   "f16c", "bmi",
                                         "bmi2", "lzcnt", "movbe"};
constexpr StringLiteral kV4Features[] = {
    "avx2",  "fma",     "f16c",     "bmi",      "bmi2",     "lzcnt",
    "movbe", "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"};
constexpr StringLiteral kZen4Features[] = {
    "prfchw", "avx512vbmi", "avx512vbmi2", "avx512vnni", "avx512bf16"};
constexpr StringLiteral kSapphireRapidsFeatures[] = {
    "prfchw",     "avx512vbmi", "avx512vbmi2", "avx512vnni",
    "avx512bf16", "amx-tile",   "amx-bf16",    "amx-int8"};

// Zen 4 executes a 512-bit instruction in two halves: one FMA of 16 lanes a
// cycle, and vdpbf16ps and vpdpbusd at the same number of instructions.
constexpr UnitRate kZen4Units[] = {{Unit::Avx512Bf16, 32},
                                   {Unit::Avx512Vnni, 64}};

// Measured: two f32 FMA of 16 lanes a cycle, vdpbf16ps at half of their
// multiply-adds, vpdpbusd at three times. A tile product is 16x16x32 bf16 or
// 16x16x64 int8 multiply-adds in 16 cycles.
constexpr UnitRate kSapphireRapidsUnits[] = {{Unit::Avx512Bf16, 16},
                                             {Unit::Avx512Vnni, 96},
                                             {Unit::AmxBf16, 512},
                                             {Unit::AmxInt8, 1024}};

constexpr int64_t kKiB = 1024, kMiB = 1024 * kKiB;

// Least capable first: detectHost takes the last that fits. The x86-64 levels
// are no machines; their numbers are those of the slowest common one, so that a
// schedule for them is good everywhere.
constexpr Cpu kCpus[] = {
    {.name = "x86-64-v3",
     .level = "x86-64-v3",
     .maker = Maker::Any,
     .vectorBytes = 32,
     .numVectors = 16,
     .f32Macs = 16,
     .clockMhz = 3000,
     .levelFeatures = kV3Features,
     .ownFeatures = {},
     .units = {},
     .caches = {{32 * kKiB, 8}, {256 * kKiB, 4}, {8 * kMiB, 16}}},
    {.name = "x86-64-v4",
     .level = "x86-64-v4",
     .maker = Maker::Any,
     .vectorBytes = 64,
     .numVectors = 32,
     .f32Macs = 16,
     .clockMhz = 3000,
     .levelFeatures = kV4Features,
     .ownFeatures = {},
     .units = {},
     .caches = {{32 * kKiB, 8}, {1 * kMiB, 8}, {16 * kMiB, 11}}},
    {.name = "znver4",
     .level = "x86-64-v4",
     .maker = Maker::Amd,
     .vectorBytes = 64,
     .numVectors = 32,
     .f32Macs = 16,
     .clockMhz = 3700,
     .levelFeatures = kV4Features,
     .ownFeatures = kZen4Features,
     .units = kZen4Units,
     .caches = {{32 * kKiB, 8}, {1 * kMiB, 8}, {32 * kMiB, 16}}},
    {.name = "sapphirerapids",
     .level = "x86-64-v4",
     .maker = Maker::Intel,
     .vectorBytes = 64,
     .numVectors = 32,
     .f32Macs = 32,
     .clockMhz = 2500,
     .levelFeatures = kV4Features,
     .ownFeatures = kSapphireRapidsFeatures,
     .units = kSapphireRapidsUnits,
     .caches = {{48 * kKiB, 12}, {2 * kMiB, 16}, {32 * kMiB, 15}}},
};

std::vector<StringRef> featuresOf(const Cpu &cpu) {
  auto both =
      llvm::concat<const StringLiteral>(cpu.levelFeatures, cpu.ownFeatures);
  return std::vector<StringRef>(both.begin(), both.end());
}

target::CpuAttr attributeOf(MLIRContext *context, const Cpu &cpu) {
  context->getOrLoadDialect<target::TargetDialect>();
  Builder builder(context);
  SmallVector<Attribute> units, caches;
  for (auto [unit, macsPerCycle] : cpu.units)
    units.push_back(target::UnitRateAttr::get(context, unit, macsPerCycle));
  for (auto [sizeBytes, ways] : cpu.caches)
    caches.push_back(target::CacheAttr::get(context, sizeBytes, ways));
  return target::CpuAttr::get(
      context, cpu.name, cpu.level, cpu.name, cpu.vectorBytes, cpu.numVectors,
      cpu.f32Macs, cpu.clockMhz, builder.getStrArrayAttr(featuresOf(cpu)),
      builder.getArrayAttr(units), builder.getArrayAttr(caches));
}

bool isMadeBy(Maker maker, bool hostIsAmd) {
  return maker == Maker::Any || (maker == Maker::Amd) == hostIsAmd;
}

} // namespace

StringRef detectHost() {
  llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  bool hostIsAmd = llvm::sys::getHostCPUName().starts_with("znver");
  StringRef best;
  for (const Cpu &cpu : kCpus)
    if (isMadeBy(cpu.maker, hostIsAmd) &&
        llvm::all_of(featuresOf(cpu),
                     [&](StringRef name) { return host.lookup(name); }))
      best = cpu.name;
  return best;
}

SmallVector<StringRef> cpuNames() {
  return llvm::map_to_vector(
      kCpus, [](const Cpu &cpu) -> StringRef { return cpu.name; });
}

target::CpuAttr withoutUnits(target::CpuAttr cpu) {
  // Each unit is named after its feature; AMX has one more for its registers.
  SmallVector<Attribute> features =
      llvm::filter_to_vector(cpu.getFeatures(), [&](Attribute feature) {
        StringRef name = cast<StringAttr>(feature).getValue();
        return name != "amx-tile" &&
               llvm::none_of(cpu.getUnits().getAsRange<target::UnitRateAttr>(),
                             [&](target::UnitRateAttr rate) {
                               return stringifyUnit(rate.getUnit()) == name;
                             });
      });
  Builder b(cpu.getContext());
  return target::CpuAttr::get(cpu.getContext(), cpu.getName(), cpu.getLlvmCpu(),
                              cpu.getLlvmTune(), cpu.getVectorBytes(),
                              cpu.getNumVectors(), cpu.getF32Macs(),
                              cpu.getClockMhz(), b.getArrayAttr(features),
                              b.getArrayAttr({}), cpu.getCaches());
}

FailureOr<target::CpuAttr> cpuByName(Location loc, StringRef name) {
  StringRef wanted = name == "native" ? detectHost() : name;
  if (wanted.empty())
    return emitError(loc) << "target 'native' needs at least avx2 and fma, "
                             "which this machine lacks";
  for (const Cpu &cpu : kCpus)
    if (cpu.name == wanted)
      return attributeOf(loc.getContext(), cpu);
  InFlightDiagnostic error = emitError(loc);
  error << "no such target: expected native, ";
  llvm::interleaveComma(cpuNames(), error);
  return error << ", got '" << name << "'";
}

} // namespace tenon
