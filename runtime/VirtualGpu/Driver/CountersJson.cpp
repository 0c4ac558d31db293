// What a launch did, as a line of JSON.

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Driver/Findings.h"
#include "runtime/VirtualGpu/Driver/JsonText.h"

#include <cstdio>

namespace tenon::vgpu {

using rt::message;

std::string jsonString(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    char escaped[8];
    if (c == '"' || c == '\\')
      out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      std::snprintf(escaped, sizeof(escaped), "\\u%04x", unsigned(c));
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string jsonTriple(Dim3 at) {
  return message("[", at.x, ",", at.y, ",", at.z, "]");
}

namespace {

/// An object that grows by members.
class Object {
public:
  void add(std::string_view name, const std::string &value) {
    text += message(text.empty() ? "{" : ",", "\"", name, "\":", value);
  }
  void add(std::string_view name, uint64_t value) { add(name, message(value)); }
  void addReal(std::string_view name, double value) {
    char digits[32];
    std::snprintf(digits, sizeof(digits), "%.6g", value);
    add(name, std::string(digits));
  }
  std::string finish() const { return text.empty() ? "{}" : text + "}"; }

private:
  std::string text;
};

void addCounters(Object &to, const Counters &counters) {
  const std::pair<const char *, uint64_t> numbers[] = {
      {"instructions", counters.numInstructions},
      {"threadInstructions", counters.numThreadInstructions},
      {"mmaFlops", counters.mmaFlops},
      {"globalLoadBytes", counters.globalLoadBytes},
      {"globalStoreBytes", counters.globalStoreBytes},
      {"bulkCopyBytes", counters.bulkCopyBytes},
      {"globalSectors", counters.globalSectors},
      {"globalSectorsIdeal", counters.globalSectorsIdeal},
      {"globalLines", counters.globalLines},
      {"sharedWavefronts", counters.sharedWavefronts},
      {"sharedWavefrontsIdeal", counters.sharedWavefrontsIdeal},
      {"shuffles", counters.numShuffles},
      {"globalAtomics", counters.numGlobalAtomics},
      {"sharedAtomics", counters.numSharedAtomics},
      {"barriers", counters.numBarriers},
      {"branches", counters.numBranches},
      {"divergentBranches", counters.numDivergentBranches}};
  for (auto [name, number] : numbers)
    to.add(name, number);
}

std::string instructionsJson(const Counters &counters) {
  const std::pair<const char *, uint64_t> numbers[] = {
      {"f32", counters.numFloat32},
      {"f64", counters.numFloat64},
      {"half", counters.numHalf},
      {"add", counters.numAdd},
      {"multiply", counters.numMultiply},
      {"logic", counters.numInteger},
      {"special", counters.numSpecial},
      {"convert", counters.numConvert},
      {"move", counters.numMove},
      {"memory", counters.numMemory},
      {"control", counters.numControl},
      {"async", counters.numAsync},
      {"collective", counters.numCollective},
      {"tensor", counters.numTensor}};
  Object object;
  for (auto [name, number] : numbers)
    object.add(name, number);
  return object.finish();
}

/// Only the types that there are.
std::string flopsJson(const uint64_t (&flops)[kNumMmaTypes]) {
  Object object;
  for (unsigned i = 0; i < kNumMmaTypes; ++i)
    if (flops[i])
      object.add(mmaTypeText(MmaType(i)), flops[i]);
  return object.finish();
}

std::string boundJson(const DeviceBound &bound, uint64_t numWarps) {
  Object object, pipes, rates;
  object.add("device", jsonString(bound.device->name));
  object.addReal("microseconds", bound.microseconds);
  object.add("pipe", jsonString(bound.pipes[0].name));
  object.addReal("tensorShare", bound.tensorShare);
  object.add("dramBytes", bound.dramBytes);
  object.add("warpsPerSm", bound.occupancy.blocksPerSm * numWarps);
  object.add("blocksPerSm", bound.occupancy.blocksPerSm);
  object.add("limit", jsonString(bound.occupancy.limit));
  for (const DeviceBound::Pipe &pipe : bound.pipes)
    pipes.addReal(pipe.name, pipe.microseconds);
  object.add("pipes", pipes.finish());
  for (unsigned unit = 0; unit < kNumUnits; ++unit)
    rates.addReal(unitText(Unit(unit)), bound.device->rates[unit]);
  object.add("rates", rates.finish());
  return object.finish();
}

void addMeasures(Object &to, const Measures &measures, uint64_t numWarps) {
  to.add("l2ReadBytes", measures.traffic.l2ReadBytes);
  to.add("l2WriteBytes", measures.traffic.l2WriteBytes);
  to.add("compulsoryBytes", measures.traffic.compulsoryBytes);
  std::string bounds;
  for (const DeviceBound &bound : measures.bounds)
    bounds += (bounds.empty() ? "" : ",") + boundJson(bound, numWarps);
  to.add("bounds", "[" + bounds + "]");
}

} // namespace

std::string countersJson(const KernelCommand &command, int device,
                         const LaunchResult &result) {
  const KernelInfo &info = command.kernel->info();
  Object object;
  object.add("kernel", jsonString(info.name));
  object.add("device", uint64_t(device));
  object.add("target", jsonString(info.target));
  object.add("grid", jsonTriple(command.grid));
  object.add("block", jsonTriple(command.block));
  if (info.ptxasRegisters)
    object.add("registers", *info.ptxasRegisters);
  if (info.ptxasSpillBytes)
    object.add("spillBytes", *info.ptxasSpillBytes);
  addCounters(object, result.counters);
  object.add("instructionsByPipe", instructionsJson(result.counters));
  object.add("mmaSyncFlops", flopsJson(result.counters.mmaSyncFlops));
  object.add("wgmmaFlops", flopsJson(result.counters.wgmmaFlops));
  if (result.measures) {
    object.add("sharedBytes", result.measures->sharedBytes);
    addMeasures(object, *result.measures, (command.block.count() + 31) / 32);
  }
  return object.finish() + "\n";
}

} // namespace tenon::vgpu
