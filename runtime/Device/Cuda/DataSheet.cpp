// The table of products, from NVIDIA's data sheets and architecture papers.

#include "runtime/Device/Cuda/DataSheet.h"

namespace tenon::rt {

static constexpr double kTera = 1e12, kGiga = 1e9;

/// Without sparsity, and with sums in f32 or int32: consumer GPUs multiply bf16
/// twice as fast only where sums are f16. Of each architecture the product it
/// is known by comes first.
static constexpr DataSheet kSheets[] = {
    {"A100 SXM",
     "A100",
     80,
     {19.5 * kTera, 312 * kTera, 624 * kTera, 2039 * kGiga}},
    {"RTX 3090",
     "3090",
     86,
     {35.6 * kTera, 71 * kTera, 284 * kTera, 936 * kGiga}},
    {"RTX 4090",
     "4090",
     89,
     {82.6 * kTera, 165.2 * kTera, 660.6 * kTera, 1008 * kGiga}},
    {"L40S", "L40S", 89, {91.6 * kTera, 362 * kTera, 733 * kTera, 864 * kGiga}},
    {"H100 SXM",
     "H100",
     90,
     {66.9 * kTera, 989.4 * kTera, 1978.9 * kTera, 3352 * kGiga}},
    {"H200 SXM",
     "H200",
     90,
     {66.9 * kTera, 989.4 * kTera, 1978.9 * kTera, 4800 * kGiga}},
    {"B200",
     "B200",
     100,
     {75 * kTera, 2250 * kTera, 4500 * kTera, 8000 * kGiga}},
    {"RTX 5090",
     "5090",
     120,
     {104.8 * kTera, 209.5 * kTera, 838 * kTera, 1792 * kGiga}},
};

const DataSheet &dataSheetOf(int capability, std::string_view device) {
  const DataSheet *found = &kSheets[0];
  for (const DataSheet &sheet : kSheets) {
    if (device.find(sheet.word) != device.npos)
      return sheet;
    if (sheet.capability <= capability && sheet.capability > found->capability)
      found = &sheet;
  }
  return *found;
}

} // namespace tenon::rt
