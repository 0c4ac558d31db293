//===- InputDims.h - what the dims of a model's inputs are called ---------===//
//
//   // The model has ids: [batch, sequence] and mask: [batch, sequence].
//   options.inputDims["ids"] = {"B", "128"};
//   dimsOfInput(graph, options, mask)   is {"B", "128"} too
//
//===----------------------------------------------------------------------===//

#ifndef TENON_FRONTENDS_ONNX_INPUTDIMS_H
#define TENON_FRONTENDS_ONNX_INPUTDIMS_H

#include "frontends/Onnx/Import.h"
#include "frontends/Onnx/Model.h"
#include "runtime/Core/Status.h"

namespace tenon::onnx {

/// Whether the dims in the options are possible: each names an input, has as
/// many dims as the model says, says no other number than the model, and two of
/// them give one name of the model one meaning. BadInput says what is not so.
rt::Result<void> checkInputDims(const Graph &graph,
                                const ImportOptions &options);

/// The dims of `input`, a number, a name or a sum of products of names each:
/// those that the options give; else the model's, where a name that the options
/// give a meaning for another input has that meaning. A dim without number and
/// name is called after the input, so that no two of them are taken for equal.
/// BadInput when neither says how many dims there are.
rt::Result<llvm::SmallVector<std::string>>
dimsOfInput(const Graph &graph, const ImportOptions &options,
            const ValueInfo &input);

} // namespace tenon::onnx

#endif // TENON_FRONTENDS_ONNX_INPUTDIMS_H
