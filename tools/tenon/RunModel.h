//===- RunModel.h - one run of an artifact, as `tenon run` does it --------===//
//
// Shared by `tenon run` and by the programs of `tenon compile --exe`, so it
// does without MLIR and LLVM.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TOOLS_TENON_RUNMODEL_H
#define TENON_TOOLS_TENON_RUNMODEL_H

#include "tools/tenon/Tensors.h"

namespace tenon::tool {

inline constexpr Option kRunOptions[] = {
    {"input", "NAME=FILE", "an input: a .npy or .pb file", true},
    {"inputs", "FILE.npz", "inputs, by their names"},
    {"o", "FILE.npz", "write the outputs to one file"},
    {"output", "NAME=FILE", "write an output: to a .npy or .pb file", true},
    {"output-dir", "FOLDER", "write each output to FOLDER/NAME.npy"},
    {"expect", "FILE.npz",
     "compare with these outputs, and say where they differ first;\n"
     "or NAME=FILE: one output, a .npy or .pb file",
     true},
    {"rtol", "R", "relative tolerance of --expect (1e-5)"},
    {"atol", "A", "absolute tolerance of --expect (1e-6)"},
    {"dump", "NAME",
     "add a value inside of the model to the outputs: one of\n"
     "those that tenon inspect lists",
     true},
    {"trace", "FILE",
     "write when each thread ran what, as trace events in JSON,\n"
     "which ui.perfetto.dev shows"},
    {"threads", "N", "threads (TENON_NUM_THREADS, or one for each core)"},
    {"device", "NAME",
     "cpu, cuda:N, or vgpu, a virtual GPU; the artifact is for one of them"},
};

inline constexpr std::string_view kRunDetails =
    "Prints each output's type, shape and range.";

/// Loads the artifact, or the program with one at its end, and runs it once.
rt::Result<Tensors> runArtifact(const std::string &path,
                                const Arguments &arguments,
                                const Tensors &inputs);

/// Prints, writes and compares the outputs, as the options ask for.
rt::Result<void> finishRun(const Arguments &arguments, const Tensors &outputs);

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_RUNMODEL_H
