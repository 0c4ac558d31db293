"""Compares what graph ops mean with NumPy, on random shapes and special values.

usage: against_numpy.py <Graph.md> <opt tool> <interpreter> [--seed N] [--spoil]
                        [--compiled <tenon> <folder for files>]

Each op has a function here that computes it with NumPy, in f64 or i64, written
from its page and not from its kernel. Shapes are ragged, some dims are 0 or 1,
operands broadcast; a tenth of the floats is special. Tolerances are epsilons of
the element type. Composite ops are executed whole and decomposed.

Graph.md is the generated page: an elementwise or composite op that has no
function here is an error. --spoil moves one element of each result by a few
epsilons, to see that this is found. --compiled compiles and runs every case
instead of interpreting it; what has no kernel must say so with the error below.
"""

import argparse
import dataclasses
import pathlib
import re
import subprocess
import sys

import numpy as np

from numpy_ops import COMPOSITE, ELEMENTWISE, OTHERS

EPSILON = {"f64": 2.0**-52, "f32": 2.0**-23, "f16": 2.0**-10}
SMALLEST = {"f64": 2.0**-1022, "f32": 2.0**-126, "f16": 2.0**-14}
NUMPY = {"f64": "f8", "f32": "f4", "f16": "f2", "i1": "?", "i8": "i1", "i32": "i4", "i64": "i8",
         "ui8": "u1", "ui64": "u8"}
SPECIAL = [0.0, -0.0, 0.5, -0.5, 1.5, 2.5, 1e30, -1e30, 1e-30, np.inf, -np.inf, np.nan]


# What cannot be compiled, and the error that must say it: functions of f64, for
# which expand-math has no formulas, and the exact rest of a float division.
NO_F64 = ["exp", "log", "erf", "tanh", "sin", "cos", "sigmoid", "silu", "gelu", "pow", "swiglu",
          "softmax", "layer_norm", "rms_norm", "attention", "rope"]
NOT_COMPILED = {(op, "f64"): "has no formula in arithmetic|no kernel can be made of attention" for op in NO_F64}
NOT_COMPILED.update({("mod", element): "undefined fmodf?" for element in ("f16", "f32", "f64")})
# A vector of exponentials may be off by some epsilons, and gelu's 1 + erf by some
# of those of 1.
COMPILED_EPSILONS = 8


@dataclasses.dataclass
class Case:
    """One execution of an op: a function of the module, and what it must return."""

    op: str
    attributes: str
    text: str
    operands: list  # (array, element type)
    results: list  # (array, element type, magnitude of the terms that were summed, or None)
    epsilons: float


def literal(array):
    """The elements as an MLIR attribute, exact to the last bit."""
    if array.size == 0:
        return {"b": "dense<false>", "f": "dense<0.0>"}.get(array.dtype.kind, "dense<0>")
    if array.dtype.kind == "b":
        return f"dense<{str(array.tolist()).lower()}>"
    return 'dense<"0x' + array.tobytes().hex().upper() + '">'


def tensor_type(shape, element):
    return f"tensor<{''.join(f'{d}x' for d in shape)}{element}>"


def random_shape(rng, rank):
    return tuple(int(d) for d in rng.choice([0, 1, 2, 3, 5, 7], size=rank, p=[0.05, 0.15, 0.2, 0.2, 0.2, 0.2]))


def broadcast_operand(rng, shape):
    """A shape that broadcasts to `shape`: some dims 1, some leading dims missing."""
    dims = [1 if rng.random() < 0.3 else d for d in shape]
    return tuple(dims[int(rng.integers(0, len(dims) + 1)):] if rng.random() < 0.3 else dims)


def random_array(rng, shape, element, special=True):
    dtype = np.dtype(NUMPY[element])
    if dtype.kind == "f":
        array = rng.normal(0, 3, shape)
        if special:
            array = np.where(rng.random(shape) < 0.1, rng.choice(SPECIAL, shape), array)
        return np.asarray(array).astype(dtype)
    if dtype.kind == "b":
        return np.asarray(rng.random(shape) < 0.5)
    ends = np.iinfo(dtype)
    array = rng.integers(max(ends.min, -9), 10, shape).astype(dtype)
    if special:
        edge = rng.choice(np.array([ends.min, ends.max, 0], dtype), shape)
        array = np.where(rng.random(shape) < 0.2, edge, array)
    return np.asarray(array).astype(dtype)


def function_text(name, op, attributes, operands, results):
    arguments = ", ".join(
        f"%a{i}: {tensor_type(a.shape, e)} {{graph.example = {literal(a)} : {tensor_type(a.shape, e)}}}"
        for i, (a, e) in enumerate(operands))
    types = ", ".join(tensor_type(a.shape, e) for a, e in operands)
    result_types = ", ".join(tensor_type(a.shape, e) for a, e, _ in results)
    names = ", ".join(f"%r#{i}" for i in range(len(results))) if len(results) > 1 else "%r"
    return (f"func.func @{name}({arguments}) -> ({result_types}) {{\n"
            f"  %r{f':{len(results)}' if len(results) > 1 else ''} = graph.{op} "
            f"{', '.join(f'%a{i}' for i in range(len(operands)))} {{{attributes}}} : ({types}) -> ({result_types})\n"
            f"  return {names} : {result_types}\n}}\n")


def make_elementwise(rng, op, spec):
    """Cases of one elementwise op: each element type, a few shapes."""
    for element in spec.elements:
        for _ in range(3):
            shape = random_shape(rng, int(rng.integers(0, 4)))
            shapes = [shape] + [broadcast_operand(rng, shape) for _ in range(spec.arity - 1)]
            types = [element] * spec.arity
            if op == "where":
                types[0] = "i1"
            arrays = [random_array(rng, s, t) for s, t in zip(shapes, types)]
            for attributes, to, compute in spec.variants(element):
                want = np.asarray(compute(*[widened(a) for a in arrays]))
                yield attributes, list(zip(arrays, types)), [(want, to)], spec.epsilons


def widened(array):
    """Floats as f64; integers as Python's, which do not wrap; bool as it is."""
    if array.dtype.kind == "f":
        return array.astype(np.float64)
    return array if array.dtype.kind == "b" else array.astype(object)


def narrowed(array, element):
    """The array in an element type: floats to nearest even, integers modulo 2^bits."""
    dtype = np.dtype(NUMPY[element])
    if dtype.kind in "iu" and array.dtype.kind != "f":
        bits = 8 * dtype.itemsize
        flat = [int(v) % 2**bits for v in array.ravel()]
        return np.array(flat, f"u{dtype.itemsize}").view(dtype).reshape(array.shape)
    return array.astype(dtype)


def make_cases(rng):
    np.seterr(all="ignore")
    makers = [(op, make_elementwise(rng, op, spec)) for op, spec in ELEMENTWISE.items()]
    makers += [(op, make(rng, random_array)) for op, make in {**COMPOSITE, **OTHERS}.items()]
    number = 0
    for op, cases in makers:
        for attributes, operands, results, epsilons in cases:
            wanted = [(narrowed(np.asarray(a), e), e, *(m or [None])) for a, e, *m in results]
            text = function_text(f"case{number}", op, attributes, operands, wanted)
            yield Case(op, attributes, text, operands, wanted, epsilons)
            number += 1


def parse_values(line):
    return [1.0 if t == "true" else 0.0 if t == "false" else t
            for t in line.split(" ")[1:] if t.strip(";")]


def difference(want, element, magnitude, line, epsilons, spoil):
    """What is wrong with one printed result, or nothing."""
    texts = parse_values(line)
    if not line.startswith(tensor_type(want.shape, element)) or len(texts) != want.size:
        return f"expected {tensor_type(want.shape, element)} of {want.size} elements, got {line[:80]}"
    if element not in EPSILON:
        got = [int(t) for t in texts]
        if spoil and got:
            got[-1] = 1 - got[-1] if element == "i1" else got[-1] + 1
        bad = [i for i, w in enumerate(want.ravel()) if int(w) != got[i]]
    else:
        got = np.array([float(t) for t in texts], np.float64)
        flat = want.ravel().astype(np.float64)
        # NumPy's own functions are off by some epsilons of f64.
        relative = EPSILON[element] * (epsilons + (4 if element == "f64" else 0))
        scale = np.abs(flat) if magnitude is None else np.ravel(magnitude)
        allowed = relative * np.maximum(scale, SMALLEST[element])
        finite = np.isfinite(flat)
        if spoil and got.size:
            step = 3 * allowed[-1] + EPSILON[element] * abs(got[-1]) + SMALLEST[element]
            got[-1] = got[-1] + step if finite[-1] else 1.0
        same = (got == flat) | (np.isnan(got) & np.isnan(flat))
        bad = np.nonzero(~(same | (finite & (np.abs(got - flat) <= allowed))))[0]
    if len(bad):
        i = int(bad[0])
        return f"element {i} of {tensor_type(want.shape, element)}: expected {want.ravel()[i]!r}, got {got[i]!r}"
    return None


def execute(interpreter, text):
    done = subprocess.run([interpreter, "--digits=17"], input=text, text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"the interpreter fails:\n{done.stderr[-4000:]}")
    blocks = re.split(r"^@case\d+\n", done.stdout, flags=re.M)[1:]
    return [block.splitlines() for block in blocks]


def compare(cases, outputs, how, spoil):
    """Reports what differs; returns the number of results, and of those that do."""
    total = bad = 0
    for case, lines in zip(cases, outputs, strict=True):
        for (want, element, magnitude), line in zip(case.results, lines, strict=True):
            total += want.size > 0
            epsilons = case.epsilons + (64 if how == "decomposed" else 0)
            wrong = difference(want, element, magnitude, line, epsilons, spoil)
            if wrong:
                bad += 1
                if not spoil:
                    print(f"{case.op} {how}: {wrong}\n{case.text}")
    return total, bad


def joint_text(cases):
    """The text of one @main that executes all cases, each on operands of its own."""
    arguments, body, names, types = [], [], [], []
    for number, case in enumerate(cases):
        operands = [(f"%a{number}_{i}", tensor_type(a.shape, e)) for i, (a, e) in enumerate(case.operands)]
        results = [tensor_type(a.shape, e) for a, e, _ in case.results]
        arguments += [f"{name}: {kind}" for name, kind in operands]
        body.append(f"  %r{number}:{len(results)} = graph.{case.op} {', '.join(n for n, _ in operands)} "
                    f"{{{case.attributes}}} : ({', '.join(t for _, t in operands)}) -> ({', '.join(results)})")
        names += [f"%r{number}#{i}" for i in range(len(results))]
        types += results
    return (f"func.func @main({', '.join(arguments)}) -> ({', '.join(types)}) {{\n" + "\n".join(body) +
            f"\n  return {', '.join(names)} : {', '.join(types)}\n}}\n")


def run_compiled(cases, tenon, folder):
    """The results of cases of one op as the interpreter would print them, or the error."""
    module, artifact = folder / "case.mlir", folder / "case.tenon"
    inputs, outputs = folder / "in.npz", folder / "out.npz"
    module.write_text(joint_text(cases))
    arrays = [array for case in cases for array, _ in case.operands]
    np.savez(inputs, **{f"input{i}": array for i, array in enumerate(arrays)})
    for command in ([tenon, "compile", module, "-o", artifact],
                    [tenon, "run", artifact, f"--inputs={inputs}", "-o", outputs]):
        done = subprocess.run(command, text=True, capture_output=True)
        if done.returncode:
            return done.stderr
    lines = []
    with np.load(outputs) as found:
        for element in [e for case in cases for _, e, _ in case.results]:
            array = found[f"output{len(lines)}"]
            values = [repr(float(x)) if element in EPSILON else str(int(x)) for x in array.ravel()]
            lines.append(" ".join([tensor_type(array.shape, element), *values]))
    return lines


def compare_compiled(cases, tenon, folder):
    """Reports what differs; returns the numbers of results, of those that do, and of refused cases."""
    folder.mkdir(parents=True, exist_ok=True)
    total = bad = refused = 0
    groups = {}
    for number, case in enumerate(cases):
        expected = NOT_COMPILED.get((case.op, case.results[0][1]), "")
        groups.setdefault((case.op, expected, number if expected else 0), []).append(case)
    for (op, expected, _), group in groups.items():
        lines = run_compiled(group, tenon, folder)
        if isinstance(lines, str):
            known = expected and re.search(expected, lines)
            refused += bool(known)
            bad += not known
            print("" if known else f"{op} compiled: {lines[:2000]}\n", end="")
            continue
        for case in group:
            own, lines = lines[:len(case.results)], lines[len(case.results):]
            case.epsilons += COMPILED_EPSILONS
            if op == "gelu":
                (want, element, _), x = case.results[0], case.operands[0][0]
                case.results[0] = (want, element, np.abs(np.nan_to_num(x.astype(np.float64))))
            more, worse = compare([case], [own], "compiled", False)
            total, bad = total + more, bad + worse
    return total, bad, refused


def missing_ops(page):
    """Ops of the generated page that nothing here computes."""
    known = {**ELEMENTWISE, **COMPOSITE, **OTHERS}
    for section in re.split(r"^### `graph\.", page.read_text(), flags=re.M)[1:]:
        name = re.match(r"\w+", section)[0]
        interfaces = re.search(r"^Interfaces: (.*)$", section, re.M)
        wanted = interfaces and re.search("ElementwiseOpInterface|DecomposableOpInterface", interfaces[1])
        if wanted and name not in known:
            yield name


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("opt")
    parser.add_argument("interpreter")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--spoil", action="store_true")
    parser.add_argument("--compiled", nargs=2)
    options = parser.parse_args()

    missing = list(missing_ops(options.page))
    if missing:
        sys.exit(f"no NumPy function for {', '.join(missing)}; add it to numpy_ops.py")
    cases = list(make_cases(np.random.default_rng(options.seed)))
    if options.compiled:
        tenon, folder = options.compiled
        total, bad, refused = compare_compiled(cases, tenon, pathlib.Path(folder))
        print(f"{len(cases)} cases compiled, {total} results, {bad} differ, {refused} cases refused as documented")
        return bad != 0
    text = "".join(case.text for case in cases)
    total, bad = compare(cases, execute(options.interpreter, text), "whole", options.spoil)

    composite = [case for case in cases if case.op in COMPOSITE]
    parts = subprocess.run([options.opt, "--decompose"], input="".join(c.text for c in composite),
                           text=True, capture_output=True, check=True).stdout
    more, worse = compare(composite, execute(options.interpreter, parts), "decomposed", options.spoil)

    if options.spoil:
        print(f"{bad + worse} of {total + more} spoiled results found")
        return bad + worse != total + more
    print(f"{len(cases)} cases, {total + more} results, {bad + worse} differ")
    return bad + worse != 0


if __name__ == "__main__":
    sys.exit(main())
