//===- Sections.h - the parts of the page ---------------------------------===//

#ifndef TENON_REPORT_SECTIONS_H
#define TENON_REPORT_SECTIONS_H

#include "report/Page.h"

namespace tenon::report {

std::string graphSection(const Report &report);
std::string memorySection(const Report &report);
std::string kernelSection(const Report &report);

extern const char *const kStyle;
extern const char *const kScript;

} // namespace tenon::report

#endif // TENON_REPORT_SECTIONS_H
