// Reads the affinity mask and, from /sys, which CPUs share a core.

#include "runtime/Device/Cpu/Topology.h"

#include <charconv>
#include <cstdio>
#include <sched.h>
#include <set>
#include <string>
#include <utility>

namespace tenon::rt {

std::vector<unsigned> allowedCpus() {
  std::vector<unsigned> cpus;
  // The system refuses a mask smaller than its own: grow until it fits.
  for (int numCpus = 1024; cpus.empty() && numCpus <= 1 << 20; numCpus *= 2) {
    cpu_set_t *mask = CPU_ALLOC(numCpus);
    size_t maskBytes = CPU_ALLOC_SIZE(numCpus);
    if (mask && sched_getaffinity(0, maskBytes, mask) == 0)
      for (unsigned cpu = 0; cpu < unsigned(numCpus); ++cpu)
        if (CPU_ISSET_S(cpu, maskBytes, mask))
          cpus.push_back(cpu);
    CPU_FREE(mask);
  }
  return cpus.empty() ? std::vector<unsigned>{0} : cpus;
}

static int readNumber(unsigned cpu, const char *what) {
  // Not a stream: the C++ library's pages for those are half a megabyte.
  std::string path =
      "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/" + what;
  FILE *file = std::fopen(path.c_str(), "r");
  if (!file)
    return -1;
  char text[16] = {};
  size_t length = std::fread(text, 1, sizeof(text), file);
  std::fclose(file);
  int number = -1;
  std::from_chars(text, text + length, number); // what is no number stays -1
  return number;
}

std::vector<unsigned> allowedCores() {
  std::vector<unsigned> cores;
  std::set<std::pair<int, int>> seen;
  for (unsigned cpu : allowedCpus()) {
    std::pair core{readNumber(cpu, "physical_package_id"),
                   readNumber(cpu, "core_id")};
    if (core.second < 0 || seen.insert(core).second)
      cores.push_back(cpu);
  }
  return cores;
}

} // namespace tenon::rt
