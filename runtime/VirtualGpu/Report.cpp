// The words of a report, and the sum of counters.

#include "runtime/VirtualGpu/Report.h"

#include "runtime/Core/Message.h"

namespace tenon::vgpu {

using rt::message;

const char *kindText(ReportKind kind) {
  switch (kind) {
  case ReportKind::OutOfBounds:
    return "out of bounds";
  case ReportKind::UseAfterFree:
    return "use after free";
  case ReportKind::Misaligned:
    return "misaligned";
  case ReportKind::ReadOnly:
    return "read only";
  case ReportKind::Uninitialised:
    return "uninitialised";
  case ReportKind::Race:
    return "race";
  case ReportKind::AsyncInFlight:
    return "async in flight";
  case ReportKind::MissingFence:
    return "missing fence";
  case ReportKind::DivergentBarrier:
    return "divergent barrier";
  case ReportKind::LaneMask:
    return "lane mask";
  case ReportKind::BarrierMisuse:
    return "barrier misuse";
  case ReportKind::TensorMisuse:
    return "tensor misuse";
  case ReportKind::Deadlock:
    return "deadlock";
  case ReportKind::Trap:
    return "trap";
  case ReportKind::Limit:
    return "limit";
  }
  return "";
}

static std::string tripleText(Dim3 at) {
  return message("(", at.x, ",", at.y, ",", at.z, ")");
}

std::string reportText(const Report &report) {
  std::string where = report.file.empty()
                          ? message("PTX line ", report.ptxLine)
                          : message(report.file, ":", report.line);
  std::string times =
      report.count > 1 ? message(" (", report.count, " times)") : "";
  return message(where, ": ", kindText(report.kind), ": ", report.what,
                 "; kernel ", rt::quoted(report.kernel), ", block ",
                 tripleText(report.block), ", thread ",
                 tripleText(report.thread), ", lane ", report.lane, times);
}

const char *mmaTypeText(MmaType type) {
  constexpr const char *kTexts[kNumMmaTypes] = {"f16", "bf16", "tf32", "int8",
                                                "fp8"};
  return kTexts[unsigned(type)];
}

Counters &Counters::operator+=(const Counters &other) {
  // All members are uint64_t, so that the sum cannot forget one.
  static_assert(sizeof(Counters) % sizeof(uint64_t) == 0);
  auto *to = reinterpret_cast<uint64_t *>(this);
  const auto *from = reinterpret_cast<const uint64_t *>(&other);
  for (size_t i = 0; i < sizeof(Counters) / sizeof(uint64_t); ++i)
    to[i] += from[i];
  return *this;
}

} // namespace tenon::vgpu
