//===- Topology.h - which CPUs this process may use -----------------------===//

#ifndef TENON_RUNTIME_DEVICE_CPU_TOPOLOGY_H
#define TENON_RUNTIME_DEVICE_CPU_TOPOLOGY_H

#include <vector>

namespace tenon::rt {

/// The numbers of the CPUs in this thread's affinity mask.
std::vector<unsigned> allowedCpus();

/// The same, but one for each physical core: the two hardware threads of a core
/// share its multipliers, so a second one adds nothing to dense kernels. Where
/// the system does not tell (no /sys), each CPU counts as a core.
std::vector<unsigned> allowedCores();

} // namespace tenon::rt

#endif // TENON_RUNTIME_DEVICE_CPU_TOPOLOGY_H
