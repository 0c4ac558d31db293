#ifndef TENON_DIALECTS_TARGET_TARGETDIALECT_TD
#define TENON_DIALECTS_TARGET_TARGETDIALECT_TD

include "mlir/IR/OpBase.td"

def Target_Dialect : Dialect {
  let name = "target";
  let cppNamespace = "::tenon::target";
  let summary = "what a machine is, as an attribute that passes can read";
  let description = [{
    Schedules follow from numbers: how many registers, how many multiply-adds a
    cycle, how large the caches. A pass that asks for a machine's name instead is
    wrong. The dialect has attributes only; `compiler/Targets` holds the machines.
  }];
  let useDefaultAttributePrinterParser = 1;
}

#endif // TENON_DIALECTS_TARGET_TARGETDIALECT_TD
