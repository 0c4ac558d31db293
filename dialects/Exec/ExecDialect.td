#ifndef TENON_DIALECTS_EXEC_EXECDIALECT_TD
#define TENON_DIALECTS_EXEC_EXECDIALECT_TD

include "mlir/IR/OpBase.td"

def Exec_Dialect : Dialect {
  let name = "exec";
  let cppNamespace = "::tenon::exec";
  let summary = "the host's part of a model: buffers, launches, copies";
  let description = [{
    A program is a list of steps over buffers, each of which has a place: an input,
    an output, a weight, a slot of the arena. There are no tensors and no
    mathematics in it. It is what the artifact holds as its plan.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
}

#endif // TENON_DIALECTS_EXEC_EXECDIALECT_TD
