"""Every kernel of a model on the device beside the same kernel on the CPU.

Both artifacts come from one fused module, so their steps write the same values: each
is dumped on both sides, and a kernel is right where all that its launches write is.
"""

import json
import os

import numpy as np

from feeds import WANTED, feeds_of, sizes_of

# Of the largest element of a value. Sums in another order; with roundings between, one of them may fall otherwise.
TOLERANCE = {"f32": 1e-4, "bf16": 0.02, "int8": 0.02}
NUM_REPEATS = 4  # the launches are a graph from the second one on


def error_of(found, expected):
    """The largest difference over the largest number, infinite where one is no number on one side only."""
    if found.shape != expected.shape:
        return float("inf")
    if not np.issubdtype(expected.dtype, np.floating):
        return 0.0 if np.array_equal(found, expected) else float("inf")
    found, expected = found.astype(np.float64), expected.astype(np.float64)
    if not np.array_equal(np.isfinite(found), np.isfinite(expected)):
        return float("inf")
    inside = np.isfinite(expected)
    difference = np.abs(found - expected)[inside].max(initial=0)
    return float(difference / max(np.abs(expected)[inside].max(initial=0), 1e-6))


def kernels_of_steps(trace):
    """(name, source) by step; copies have none."""
    events = [e for e in json.loads(trace.read_text())["traceEvents"] if e.get("tid") == 0 and "args" in e]
    return {e["args"]["step"]: (e["name"], e["args"]["source"]) for e in events if "source" in e["args"]}


def run(tool, artifact, feeds, names, output, *options):
    inputs = output.with_suffix(".in.npz")
    np.savez(inputs, **feeds)
    dumps = [f"--dump={name}" for name in names]
    tool.call("tenon", "run", artifact, f"--inputs={inputs}", "-o", output, *dumps, *options)
    return dict(np.load(output))


def compare_kernels(tool, on_cpu, on_gpu, feeds, folder, tolerance):
    """One entry for each kernel that ran."""
    values = tool.values(on_gpu)
    names = [name for _, name in values]
    expected = run(tool, on_cpu, feeds, names, folder / "cpu.npz")
    trace = folder / "trace.json"
    found = run(tool, on_gpu, feeds, names, folder / "gpu.npz", f"--device={tool.device}", f"--trace={trace}")
    kernels = {}
    for step, (kernel, source) in kernels_of_steps(trace).items():
        entry = kernels.setdefault(kernel, {"kernel": kernel, "source": source, "values": 0, "largest_error": 0.0})
        for name in (name for at, name in values if at == step):
            entry["values"] += 1
            entry["largest_error"] = max(entry["largest_error"], error_of(found[name], expected[name]))
    for entry in kernels.values():
        entry["passed"] = entry["values"] > 0 and entry["largest_error"] <= tolerance
    return list(kernels.values())


def repeats_itself(tool, artifact, feeds):
    """Whether run after run gives the same bits, launched one by one and as a graph."""
    from tenon_runtime import Model

    os.environ["TENON_CUDA_GRAPHS"] = "1"
    library = tool.build / "runtime" / "libtenon_runtime.so"
    with Model(str(library), artifact, device=tool.device) as model:
        model.bind(feeds)
        first = None
        for _ in range(NUM_REPEATS):
            model.run()
            outputs = [model.output(name).tobytes() for name, _, _ in model.outputs]
            first = first or outputs
            if outputs != first:
                return False
    return True


def check_model(tool, name, model, target, folder, dtype="f32"):
    """One entry for each choice of sizes."""
    on_cpu, on_gpu = folder / "cpu.tenon", folder / "gpu.tenon"
    options = ["--dtype=bf16"] if dtype == "bf16" else []
    tool.compile(model, on_cpu, "native", *options)
    tool.compile(model, on_gpu, target, *options)
    signature = tool.signature(on_gpu)
    entries = []
    for wanted in WANTED if signature.symbols else WANTED[:1]:
        sizes = sizes_of(signature.symbols, wanted)
        feeds = feeds_of(signature, sizes)
        entries.append({"model": name, "dtype": dtype, "sizes": sizes,
                        "kernels": compare_kernels(tool, on_cpu, on_gpu, feeds, folder, TOLERANCE[dtype]),
                        "repeats_itself": repeats_itself(tool, on_gpu, feeds)})
    return entries
