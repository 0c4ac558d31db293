//===- Findings.h - tells people and files what launches did --------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_DRIVER_FINDINGS_H
#define TENON_RUNTIME_VIRTUALGPU_DRIVER_FINDINGS_H

#include "runtime/VirtualGpu/Driver/Commands.h"
#include "runtime/VirtualGpu/Driver/Settings.h"

namespace tenon::vgpu {

/// Before the first launch; the files are begun anew.
void beginFindings(const Settings &settings);

/// One line on standard error: a driver has no other way to say more than its
/// error codes do.
void say(const std::string &text);

/// Says and writes what a launch found and did. True when that is to fail it.
bool noteLaunch(const KernelCommand &command, int device,
                const LaunchResult &result);

/// The objects in the files, one a line.
std::string reportJson(const Report &report, int device);
std::string countersJson(const KernelCommand &command, int device,
                         const LaunchResult &result);

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_DRIVER_FINDINGS_H
