"""Dumps every named value of compiled models and compares it with onnxruntime's.

usage: dump_all.py <folder for files> <model.onnx> ...

Prints for each model how many values have a name of the model, and how far the
worst one is off, relative to the largest element of the value.
"""

import pathlib
import re
import subprocess
import sys

import numpy
import onnx
import onnxruntime


def made_inputs(session):
    """Of three rows and seven columns; tokens, masks and types are ones or small."""
    random = numpy.random.default_rng(0)
    inputs = {}
    for given in session.get_inputs():
        sizes = [dim if isinstance(dim, int) else (3, 7)[min(i, 1)] for i, dim in enumerate(given.shape)]
        if given.type == "tensor(float)":
            inputs[given.name] = random.standard_normal(sizes, numpy.float32)
        else:
            largest = 900 if "ids" in given.name and "type" not in given.name else 1
            inputs[given.name] = random.integers(largest // 2, largest + 1, sizes)
    return inputs


def value_names(artifact):
    """The names that tenon inspect lists, in their order."""
    text = subprocess.run(["tenon", "inspect", artifact], check=True, capture_output=True, text=True).stdout
    lines = text[text.index("    step  value\n") :].splitlines()[1:]
    return [re.fullmatch(r" *\d+  (.+): \w+\[.*\]", line)[1] for line in lines]


def reference(path, names, inputs):
    """What onnxruntime computes for the values, unchanged by its own fusions."""
    model = onnx.load(path)
    outputs = {output.name for output in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in outputs)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return dict(zip(names, session.run(list(names), inputs)))


def error_of(found, expected):
    assert found.shape == expected.shape, (found.shape, expected.shape)
    found, expected = found.astype(numpy.float64), expected.astype(numpy.float64)
    finite = numpy.abs(expected) < 1e30
    assert numpy.array_equal(numpy.abs(found) < 1e30, finite)
    largest = numpy.abs(expected[finite]).max(initial=1e-30)
    return numpy.abs(found - expected)[finite].max(initial=0) / largest


def check(folder, path):
    session = onnxruntime.InferenceSession(path)
    inputs = made_inputs(session)
    numpy.savez(f"{folder}/in.npz", **inputs)
    artifact = f"{folder}/m.tenon"
    subprocess.run(["tenon", "compile", path, "-o", artifact], check=True)
    made = {name for node in onnx.load(path).graph.node for name in node.output}
    names = value_names(artifact)
    named = [name for name in names if name in made]
    flags = [word for name in names for word in ("--dump", name)]
    subprocess.run(["tenon", "run", artifact, "--inputs", f"{folder}/in.npz", "-o", f"{folder}/out.npz", *flags],
                   check=True, stdout=subprocess.DEVNULL)
    found = numpy.load(f"{folder}/out.npz")
    assert all(name in found for name in names)
    expected = reference(path, named, inputs)
    errors = {name: error_of(found[name], expected[name]) for name in named}
    worst = max(errors, key=errors.get)
    print(f"{pathlib.Path(path).stem}: {len(named)} of {len(names)} values have names of the model; "
          f"{worst} is off by {errors[worst]:.1e}")
    return errors[worst]


def main():
    folder = sys.argv[1]
    worst = max(check(folder, path) for path in sys.argv[2:])
    return int(worst > 1e-4)


if __name__ == "__main__":
    sys.exit(main())
