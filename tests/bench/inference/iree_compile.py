"""Compiles an ONNX model for one shape and this CPU by IREE, with data tiling where that works.

usage: iree_compile.py MODEL.onnx BINARY.vmfb INPUT=2x128 ...

BINARY.vmfb.inputs gets the names of the inputs in the binary's order, and BINARY.vmfb.note
says what was done otherwise than asked for.
"""

import pathlib
import subprocess
import sys
import tempfile

import onnx
import onnxruntime


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        raise RuntimeError((errors or done.stderr.splitlines())[0])


def inputs_of(path):
    """{name: dims} in the model's order, a name being an open dim."""
    inputs = onnx.load(path, load_external_data=False).graph.input
    return {value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
            for value in inputs}  # fmt: skip


def fix_shape(path, sizes, fixed):
    """With constants folded, as IREE's importer takes no Expand to a shape that is computed."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(fixed)
    for name, dims in inputs_of(path).items():
        for dim, size in zip(dims, sizes[name]):
            if isinstance(dim, str):
                options.add_free_dimension_override_by_name(dim, size)
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def import_model(path, imported):
    run(sys.executable, "-m", "iree.compiler.tools.import_onnx", path, "-o", imported)


def translate(imported, binary):
    """Returns what is to be noted."""
    command = [pathlib.Path(sys.executable).with_name("iree-compile"), imported, "-o", binary,
               "--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=llvm-cpu",
               "--iree-llvmcpu-target-cpu=host"]  # fmt: skip
    try:
        run(*command, "--iree-opt-data-tiling")
    except RuntimeError as error:
        run(*command)
        return f"without data tiling, which fails: {error}"
    return ""


def main(path, binary, *shapes):
    sizes = {name: [int(size) for size in dims.split("x")] for name, dims in (shape.split("=") for shape in shapes)}
    with tempfile.TemporaryDirectory() as folder:
        fixed, imported = pathlib.Path(folder, "fixed.onnx"), pathlib.Path(folder, "imported.mlir")
        fix_shape(path, sizes, fixed)
        import_model(fixed, imported)
        note = translate(imported, binary)
    pathlib.Path(f"{binary}.inputs").write_text("\n".join(inputs_of(path)))
    pathlib.Path(f"{binary}.note").write_text(note)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as error:  # of any of the three
        sys.exit(f"error: {str(error).splitlines()[0]}")
