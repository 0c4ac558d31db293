"""Measures emitted kernels on the virtual GPU: contracts, and the page of them.

usage: cuda_kernels.py measure TENON [--small] [--triton PYTHON]
                                                 measure again, and write the contracts;
                                                 with PYTHON Triton's kernels, too
       cuda_kernels.py check TENON               measure the small ones, and compare
       cuda_kernels.py page                      docs/CudaKernels.md from the contracts

A contract is what a launch takes: registers, shared memory, sectors, wavefronts, flops,
bytes of DRAM, and the bounds. Counts are exact, so any change shows; `check` fails when
one is more than 2 % worse. Run it with the python of .venv, where onnx is.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONTRACTS = ROOT / "tests/compiler/Emit/Cuda/contracts.json"
PAGE = ROOT / "docs/CudaKernels.md"
WORSE = 1.02
ARCHS = ("sm_80", "sm_90a")
COUNTS = ("registers", "spillBytes", "sharedBytes", "globalSectors", "globalSectorsIdeal", "sharedWavefronts",
          "sharedWavefrontsIdeal", "mmaFlops", "compulsoryBytes", "instructions")


def model(nodes, inputs, outputs, weights=()):
    from onnx import TensorProto, helper
    def value(name, dims):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
    graph = helper.make_graph([helper.make_node(*node[:3], **(node[3] if len(node) > 3 else {})) for node in nodes], "g",
                              [value(*each) for each in inputs], [value(*each) for each in outputs], list(weights))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=10)


def gemm(size):
    return model([("MatMul", ["a", "b"], ["y"])], [("a", [size, size]), ("b", [size, size])], [("y", [size, size])])


def attention(length, heads, width, queries=None, causal=1):
    q, kv = [1, heads, queries or length, width], [1, heads, length, width]
    return model([("Attention", ["q", "k", "v"], ["y"], {"is_causal": causal})],
                 [("q", q), ("k", kv), ("v", kv)], [("y", q)])


def norm(rows, width):
    import numpy as np
    from onnx import numpy_helper
    weight = numpy_helper.from_array(np.ones(width, np.float32), "w")
    return model([("Add", ["x", "r"], ["s"]), ("RMSNormalization", ["s", "w"], ["y"], {"axis": -1})],
                 [("x", [rows, width]), ("r", [rows, width])], [("s", [rows, width]), ("y", [rows, width])], [weight])


# name: what it is, the model, the word in its kernel's name, whether it is small
ROWS = {
    "gemm-4096": ("GEMM 4096^3", lambda: gemm(4096), "matmul", False),
    "gemm-512": ("GEMM 512^3", lambda: gemm(512), "matmul", True),
    "attention-4096": ("attention, causal, 16 heads of 128, L = 4096", lambda: attention(4096, 16, 128), "attention", False),
    "attention-512": ("attention, causal, 2 heads of 128, L = 512", lambda: attention(512, 2, 128), "attention", True),
    "decode-4096": ("decode attention, 32 heads of 128, 4096 keys", lambda: attention(4096, 32, 128, 1, 0), "attention", True),
    "norm-4096": ("rms_norm + residual, 512 rows of 4096", lambda: norm(512, 4096), "rms_norm", True),
}


def measure(tenon, name, arch):
    """The launch of the row's kernel."""
    import numpy as np
    import onnx
    _, make, word, _ = ROWS[name]
    with tempfile.TemporaryDirectory() as folder:
        at = pathlib.Path(folder)
        made = make()
        onnx.save(made, at / "m.onnx")
        random = np.random.default_rng(0)
        np.savez(at / "in.npz", **{each.name: random.standard_normal(
            [dim.dim_value for dim in each.type.tensor_type.shape.dim], dtype=np.float32) for each in made.graph.input})
        environment = dict(os.environ, TENON_VGPU_ARCH=arch.rstrip("a"), TENON_VGPU_CHECKS="off",
                           TENON_VGPU_COUNTERS=str(at / "c.json"))
        for command in (["compile", at / "m.onnx", "--dtype=bf16", f"--target=cuda:{arch}", "-o", at / "m.tenon"],
                        ["run", at / "m.tenon", "--device=vgpu", f"--inputs={at / 'in.npz'}", "-o", at / "out.npz"]):
            done = subprocess.run([tenon, *map(str, command)], capture_output=True, text=True, env=environment)
            if done.returncode:
                sys.exit(f"{name} for {arch}: {done.stderr}")
        launches = [json.loads(line) for line in (at / "c.json").read_text().splitlines()]
    wanted = [launch for launch in launches if word in launch["kernel"]]
    if not wanted:
        sys.exit(f"{name} for {arch}: no kernel is called '{word}', only {[each['kernel'] for each in launches]}")
    return max(wanted, key=lambda launch: launch["instructions"])


def measure_triton(python, tenon, name, arch):
    """The same row by Triton's kernel; nothing where there is none."""
    foreign = ROOT / "tests/runtime/VirtualGpu/foreign"
    if f'"{name}"' not in (foreign / "measure.py").read_text():
        return None
    library, = pathlib.Path(tenon).resolve().parent.parent.glob("lib*/tenon-vgpu/libcuda.so.1")
    number = arch.strip("sm_a")
    with tempfile.TemporaryDirectory() as folder:
        counters = pathlib.Path(folder, "c.json")
        environment = dict(os.environ, TENON_VGPU_ARCH=number, TENON_VGPU_CHECKS="off", TENON_VGPU_COUNTERS=str(counters))
        done = subprocess.run([python, str(foreign / "measure.py"), str(library), number, name], capture_output=True,
                              text=True, env=environment)
        if done.returncode:
            sys.exit(f"Triton's {name} for {arch}: {done.stderr}")
        return json.loads(counters.read_text())


def contract(launch):
    kept = {key: launch.get(key, 0) for key in ("kernel", *COUNTS)}
    kept["bounds"] = {each["device"]: {key: each[key] for key in ("microseconds", "pipe", "tensorShare", "dramBytes",
                                                                  "warpsPerSm")} for each in launch["bounds"]}
    return kept


def run_measure(arguments):
    contracts = json.loads(CONTRACTS.read_text()) if CONTRACTS.exists() else {}
    for name, (_, _, _, is_small) in ROWS.items():
        for arch in ARCHS:
            if is_small or not arguments.small:
                contracts[f"{name} {arch}"] = contract(measure(arguments.tenon, name, arch))
                other = arguments.triton and measure_triton(arguments.triton, arguments.tenon, name, arch)
                if other:
                    contracts[f"{name} {arch} triton"] = contract(other)
    CONTRACTS.write_text(json.dumps(contracts, indent=1) + "\n")


def regressions(name, old, new):
    """What of the new counts is worse."""
    found = []
    for key in COUNTS:
        if key in ("mmaFlops", "globalSectorsIdeal", "sharedWavefrontsIdeal", "compulsoryBytes"):
            continue
        if new[key] > old[key] * WORSE:
            found.append(f"{name}: {key} was {old[key]} and is {new[key]}")
    for device, bound in new["bounds"].items():
        before = old["bounds"].get(device)
        for key in ("microseconds", "dramBytes"):
            if before and bound[key] > before[key] * WORSE:
                found.append(f"{name} on {device}: {key} was {before[key]} and is {bound[key]}")
    return found


def run_check(arguments):
    contracts, found = json.loads(CONTRACTS.read_text()), []
    for name, (_, _, _, is_small) in ROWS.items():
        for arch in ARCHS if is_small else ():
            found += regressions(f"{name} {arch}", contracts[f"{name} {arch}"], contract(measure(arguments.tenon, name, arch)))
    for text in found:
        print(text)
    print(f"contracts: {len(found)} regressions")
    sys.exit(bool(found))


def page_rows(head, each):
    """A line for each device; none where nothing was measured."""
    def ratio(part, whole):
        return f"{part / whole:.2f}" if whole else "-"
    for device, bound in each["bounds"].items() if each else ():
        cells = [*head, device, f"{bound['microseconds']:.1f}", bound["pipe"], f"{bound['tensorShare']:.2f}",
                 ratio(bound["dramBytes"], each["compulsoryBytes"]),
                 ratio(each["globalSectors"], each["globalSectorsIdeal"]),
                 ratio(each["sharedWavefronts"], each["sharedWavefrontsIdeal"]), each["registers"],
                 each["spillBytes"], each["sharedBytes"], bound["warpsPerSm"]]
        yield "| " + " | ".join(map(str, cells)) + " |"


def page_text(contracts):
    lines = ["# What the CUDA kernels take", "",
             "Made by `scripts/cuda_kernels.py` from the counters of the virtual GPU ([what they are](../runtime/VirtualGpu/README.md)),",
             "for bf16 with sums in f32. A bound is what the busiest unit needs at its full rate: no device is faster, and none needs to be",
             "as fast. The tensor share is how much of the bound all tensor units would need at their full rate. Triton's kernels are those of",
             "[its tutorials' manner](../tests/runtime/VirtualGpu/foreign/kernels.py), on the same virtual device.", "",
             "| kernel | by | code | device | bound us | pipe | tensor share | DRAM / compulsory | sectors / ideal | wavefronts / ideal "
             "| registers | spilled | shared | warps / SM |", "|" + "---|" * 14]
    for name, (title, _, _, _) in ROWS.items():
        for arch in ARCHS:
            for by, key in (("Tenon", f"{name} {arch}"), ("Triton", f"{name} {arch} triton")):
                lines += page_rows([title, by, arch], contracts.get(key))
    return "\n".join(lines) + "\n"


def run_page(arguments):
    text = page_text(json.loads(CONTRACTS.read_text()))
    if not arguments.check:
        PAGE.write_text(text)
    elif PAGE.read_text() != text:
        sys.exit("docs/CudaKernels.md is not what the contracts say: run scripts/cuda_kernels.py page")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    for name, run in (("measure", run_measure), ("check", run_check)):
        command = commands.add_parser(name)
        command.add_argument("tenon", help="the tool that compiles and runs")
        command.add_argument("--small", action="store_true", help="only what takes seconds")
        command.add_argument("--triton", metavar="PYTHON", help="an interpreter that has Triton")
        command.set_defaults(run=run)
    page = commands.add_parser("page")
    page.add_argument("--check", action="store_true", help="compare only")
    page.set_defaults(run=run_page)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
