"""Compares what a model computes here with what ONNX Runtime computes.

A model is imported by tenon-import and executed by tenon-interpret on inputs
that are written into the module as examples.
"""

import os
import re
import subprocess

import numpy as np
import onnxruntime

# By MLIR's names.
DTYPES = {
    "f32": np.float32, "f64": np.float64, "f16": np.float16, "i1": np.bool_,
    "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64,
    "ui8": np.uint8, "ui16": np.uint16, "ui32": np.uint32, "ui64": np.uint64,
}  # fmt: skip
NAMES = {np.dtype(dtype): name for name, dtype in DTYPES.items()}

# tenon-interpret prints 6 significant digits.
TOLERANCE = 2e-5


def run_tool(*command, text=None, **environment):
    run = subprocess.run(command, input=text, capture_output=True, text=True, env=os.environ | environment)
    if run.returncode != 0 or "vgpu:" in run.stderr:  # a check of the virtual GPU
        raise RuntimeError(f"{command[0]} exits with {run.returncode}: {run.stderr}")
    return run.stdout


def as_attribute(array):
    """dense<...> : tensor<...>"""
    dims = "".join(f"{size}x" for size in array.shape)
    if array.size == 0:
        elements = ""
    elif array.dtype == np.bool_:
        elements = str(array.tolist()).lower()
    else:
        elements = f'"0x{np.ascontiguousarray(array).tobytes().hex()}"'
    return f"dense<{elements}> : tensor<{dims}{NAMES[array.dtype]}>"


def as_example(module, name, feeds):
    """The text of @main of a module as a function `name` that has its inputs with it."""

    def add(match):
        return f"{match[0]}, graph.example = {as_attribute(feeds[match[1]])}"

    function = module.partition("{")[2].rpartition("}")[0].replace("@main", f"@{name}", 1)
    head, arrow, rest = function.partition("->")
    return re.sub(r'graph\.name = "([^"]*)"', add, head) + arrow + rest


def read_tensor(line):
    dims, dtype = re.match(r"tensor<((?:\d+x)*)(\w+)>", line).groups()
    elements = [word for word in line.split()[1:] if set(word) != {";"}]
    if dtype == "i1":
        elements = [word in ("1", "true") for word in elements]
    elif "f" not in dtype:
        elements = [int(word) for word in elements]
    shape = [int(size) for size in dims.split("x") if size]
    return np.array(elements, dtype=DTYPES[dtype]).reshape(shape)


def import_model(path, flags=()):
    return run_tool("tenon-import", str(path), *flags)


def interpret(functions):
    """The results of each function in the text, one array each, by its name."""
    run = subprocess.run(["tenon-interpret", "-"], input=functions, capture_output=True, text=True)
    if run.returncode != 0:
        print(run.stderr)
    results = {}
    for line in run.stdout.splitlines():
        if line.startswith("@"):
            last = results[line[1:]] = []
        else:
            last.append(read_tensor(line))
    return results


def run_onnxruntime(path, feeds):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


def difference(expected, found, tolerance=TOLERANCE):
    """What is wrong with `found`; empty when it equals."""
    if expected.shape != found.shape or expected.dtype != found.dtype:
        return f"expected {expected.dtype}{list(expected.shape)}, got {found.dtype}{list(found.shape)}"
    if not np.issubdtype(expected.dtype, np.floating):
        return "" if np.array_equal(expected, found) else f"expected {expected}, got {found}"
    if np.allclose(found, expected, rtol=tolerance, atol=tolerance, equal_nan=True):
        return ""
    with np.errstate(invalid="ignore"):
        return f"expected {expected}, got {found}, they differ by {np.nanmax(abs(expected - found))}"


def differences(expected, found, tolerance=TOLERANCE):
    """The first difference of any output; empty when all are equal."""
    if len(expected) != len(found):
        return f"expected {len(expected)} outputs, got {len(found)}"
    for number, (e, f) in enumerate(zip(expected, found)):
        if text := difference(np.asarray(e), f, tolerance):
            return f"output {number}: {text}"
    return ""


def compile_model(path, *options):
    """Compiles to NAME.tenon beside the model, and returns that path."""
    artifact = path.with_suffix(".tenon")
    run_tool("tenon", "compile", str(path), *options, "-o", str(artifact))
    return artifact


def run_compiled(artifact, feeds, names, *options, **environment):
    """The outputs called `names` of a compiled model."""
    inputs, outputs = artifact.with_suffix(".in.npz"), artifact.with_suffix(".out.npz")
    np.savez(inputs, **feeds)
    run_tool("tenon", "run", str(artifact), *options, f"--inputs={inputs}", "-o", str(outputs), **environment)
    with np.load(outputs) as found:
        return [found[name] for name in names]
