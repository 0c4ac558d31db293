"""Measures emitted kernels on the virtual GPU: contracts, and the page of them.

usage: cuda_kernels.py measure TENON [--small] [--row ROW] [--peers PYTHON]
                                                 measure again, and write the contracts;
                                                 with PYTHON (./dev setup --peers) Triton's
                                                 and CUTLASS' kernels, too
       cuda_kernels.py check TENON               measure the small ones, and compare
       cuda_kernels.py compare                   where ours are worse than theirs
       cuda_kernels.py page                      docs/CudaKernels.md from the contracts

A contract is what a row takes: sectors, wavefronts, flops, bytes of DRAM and the bounds of all its
launches together; kernel, registers, shared memory and the machine's instructions of the one that
executes most. Counts are exact, so any change shows; `check` fails when one is more than 2 % worse.
Run it with the python of .venv, where onnx is, and with TENON_CUDA_PATH, below which ptxas and
nvdisasm are.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import cuda_page
from gpu_sass import assembled, beside_mma, machine_per_text, summary, symbols

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONTRACTS = ROOT / "tests/compiler/Emit/Cuda/contracts.json"
PAGE = ROOT / "docs/CudaKernels.md"
WORSE = 1.02
ARCHS = ("sm_80", "sm_90a")
MOST_NAME = 80  # CUTLASS' are longer than anyone reads
OF_LONGEST = ("registers", "sharedBytes")
SUMS = ("spillBytes", "globalSectors", "globalSectorsIdeal", "sharedWavefronts", "sharedWavefrontsIdeal", "mmaFlops",
        "compulsoryBytes", "instructions")


def model(nodes, inputs, outputs, weights=()):
    from onnx import TensorProto, helper
    def value(name, dims):
        return helper.make_tensor_value_info(name, TensorProto.BFLOAT16, dims)
    graph = helper.make_graph([helper.make_node(*node[:3], **(node[3] if len(node) > 3 else {})) for node in nodes], "g",
                              [value(*each) for each in inputs], [value(*each) for each in outputs], list(weights))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=10)


def gemm(size):
    return model([("MatMul", ["a", "b"], ["y"])], [("a", [size, size]), ("b", [size, size])], [("y", [size, size])])


def row_product(size):
    import ml_dtypes
    import numpy as np
    from onnx import numpy_helper
    weight = numpy_helper.from_array(np.ones((size, size), ml_dtypes.bfloat16), "w")
    return model([("MatMul", ["x", "w"], ["y"])], [("x", [1, size])], [("y", [1, size])], [weight])


def attention(length, heads, width, queries=None, causal=1):
    q, kv = [1, heads, queries or length, width], [1, heads, length, width]
    return model([("Attention", ["q", "k", "v"], ["y"], {"is_causal": causal})],
                 [("q", q), ("k", kv), ("v", kv)], [("y", q)])


def norm(rows, width):
    import ml_dtypes
    import numpy as np
    from onnx import numpy_helper
    weight = numpy_helper.from_array(np.ones(width, ml_dtypes.bfloat16), "w")
    return model([("Add", ["x", "r"], ["s"]), ("RMSNormalization", ["s", "w"], ["y"], {"axis": -1})],
                 [("x", [rows, width]), ("r", [rows, width])], [("s", [rows, width]), ("y", [rows, width])], [weight])


# name: what it is, the model, whether it is small
ROWS = {
    "gemm-4096": ("GEMM 4096^3", lambda: gemm(4096), False),
    "gemm-512": ("GEMM 512^3", lambda: gemm(512), True),
    "attention-4096": ("attention, causal, 16 heads of 128, L = 4096", lambda: attention(4096, 16, 128), False),
    "attention-512": ("attention, causal, 2 heads of 128, L = 512", lambda: attention(512, 2, 128), True),
    "decode-4096": ("decode attention, 32 heads of 128, 4096 keys", lambda: attention(4096, 32, 128, 1, 0), True),
    "gemv-4096": ("GEMV, 4096 x 4096", lambda: row_product(4096), True),
    "norm-4096": ("rms_norm + residual, 512 rows of 4096", lambda: norm(512, 4096), True),
}

TITLES = {name: row[0] for name, row in ROWS.items()}


def measure(tenon, name, arch):
    """The contract of the row's kernel."""
    import ml_dtypes
    import numpy as np
    import onnx
    _, make, _ = ROWS[name]
    with tempfile.TemporaryDirectory() as folder:
        at = pathlib.Path(folder)
        made = make()
        onnx.save(made, at / "m.onnx")
        random = np.random.default_rng(0)
        np.savez(at / "in.npz", **{each.name: random.standard_normal(
            [dim.dim_value for dim in each.type.tensor_type.shape.dim], dtype=np.float32).astype(ml_dtypes.bfloat16)
                                   for each in made.graph.input})
        for command in (["compile", at / "m.onnx", "--dtype=bf16", f"--target=cuda:{arch}", "-o", at / "m.tenon"],
                        ["run", at / "m.tenon", "--device=vgpu", f"--inputs={at / 'in.npz'}", "-o", at / "out.npz"]):
            done = subprocess.run([tenon, *map(str, command)], capture_output=True, text=True, env=counting(arch, at / "c.json"))
            if done.returncode:
                sys.exit(f"{name} for {arch}: {done.stderr}")
        texts = [data.decode() for each, data in symbols((at / "m.tenon").read_bytes()) if each.endswith(f".{arch}.ptx")]
        return contract(at / "c.json", texts, arch)


def counting(arch, counters):
    return dict(os.environ, TENON_VGPU_ARCH=arch.strip("sm_a"), TENON_VGPU_CHECKS="off", TENON_VGPU_COUNTERS=str(counters))


def measure_peer(by, python, tenon, name, arch):
    """The contract of the same row by another's kernel; nothing where there is none."""
    library, = pathlib.Path(tenon).resolve().parent.parent.glob("lib*/tenon-vgpu/libcuda.so.1")
    with tempfile.TemporaryDirectory() as folder:
        at = pathlib.Path(folder)
        command = [python, ROOT / "tests/runtime/VirtualGpu/foreign/measure.py", by, library, arch.strip("sm_a"), name, folder]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=counting(arch, at / "c.json"))
        if done.returncode:
            sys.exit(f"{by}'s {name} for {arch}: {done.stderr}")
        if not (at / "c.json").exists():
            return None
        return contract(at / "c.json", [each.read_text() for each in at.glob("*.ptx")], arch)


def contract(counters, texts, arch):
    launches = [json.loads(line) for line in counters.read_text().splitlines()]
    for launch in launches:
        name = launch["kernel"]
        text = next(each.rstrip("\0") for each in texts if name in each)
        launch["sass"] = summary(text, assembled(text.encode(), arch)[0], name)
    longest = max(launches, key=lambda launch: launch["instructions"])
    bounds = [{each["device"]: bound_of(launch, each) for each in launch["bounds"]} for launch in launches]
    kept = {"kernel": longest["kernel"][:MOST_NAME], "launches": len(launches)} | {key: longest[key] for key in OF_LONGEST}
    kept |= {key: sum(launch[key] for launch in launches) for key in SUMS} | {"sass": longest["sass"]}
    kept["bounds"] = {device: together([each[device] for each in bounds], launches.index(longest))
                      for device in bounds[0] if all(device in each for each in bounds)}
    return kept


def together(bounds, longest):
    """One bound behind the other."""
    total = sum(bound["microseconds"] for bound in bounds)
    share = sum(bound["tensorShare"] * bound["microseconds"] for bound in bounds) / total
    return bounds[longest] | {"microseconds": round(total, 5), "tensorShare": round(share, 6),
                              "dramBytes": sum(bound["dramBytes"] for bound in bounds)}


def bound_of(launch, bound):
    """The virtual GPU's bound, with the machine's instructions in place of PTX's."""
    pipes, rates, made = dict(bound["pipes"]), bound["rates"], launch["sass"]
    in_issue = launch["instructions"] - launch["instructionsByPipe"]["move"]
    pipes["issue"] *= launch["instructions"] * machine_per_text(made) / in_issue
    mix = made["turn"]["mix"] if made.get("turn") else made["mix"]

    def time_of(unit, pipe):
        return pipes["issue"] * mix.get(unit, 0) / sum(mix.values()) * rates["issue"] / rates[pipe]

    pipes |= {unit: time_of(unit, unit) for unit in ("fma", "half", "double", "alu", "special", "convert")}
    # A spilled register of a warp is a wavefront.
    pipes["shared"] += time_of("local", "shared")
    pipe = max(pipes, key=pipes.get)
    kept = {key: bound[key] for key in ("dramBytes", "warpsPerSm")}
    return {"microseconds": round(pipes[pipe], 5), "pipe": pipe, "issueMicroseconds": round(pipes["issue"], 5),
            "tensorShare": bound["tensorShare"] * bound["microseconds"] / pipes[pipe]} | kept


def run_measure(arguments):
    contracts = json.loads(CONTRACTS.read_text()) if CONTRACTS.exists() else {}
    for name, (_, _, is_small) in ROWS.items():
        for arch in ARCHS:
            if (arguments.small and not is_small) or arguments.row not in (None, name):
                continue
            contracts[cuda_page.key_of(name, arch, "Tenon")] = measure(arguments.tenon, name, arch)
            for by in cuda_page.PEERS if arguments.peers else ():
                if other := measure_peer(by.lower(), arguments.peers, arguments.tenon, name, arch):
                    contracts[cuda_page.key_of(name, arch, by)] = other
    CONTRACTS.write_text(json.dumps(contracts, indent=1) + "\n")


def regressions(name, old, new):
    """What of the new counts is worse."""
    found = []
    for key in ("launches", *OF_LONGEST, "spillBytes", "globalSectors", "sharedWavefronts", "instructions"):
        if new[key] > old[key] * WORSE:
            found.append(f"{name}: {key} was {old[key]} and is {new[key]}")
    for key, count in (("SASS beside an mma", beside_mma), ("accesses to spilled registers", lambda made: made["localAccesses"]),
                       ("SASS instructions", lambda made: made["instructions"])):
        before, now = count(old["sass"]), count(new["sass"])
        if before is not None and now is not None and now > before * WORSE:
            found.append(f"{name}: {key} were {before:.6g} and are {now:.6g}")
    for device, bound in new["bounds"].items():
        before = old["bounds"].get(device)
        for key in ("microseconds", "dramBytes"):
            if before and bound[key] > before[key] * WORSE:
                found.append(f"{name} on {device}: {key} was {before[key]} and is {bound[key]}")
    return found


def run_check(arguments):
    contracts, found = json.loads(CONTRACTS.read_text()), []
    for name, (_, _, is_small) in ROWS.items():
        for arch in ARCHS if is_small else ():
            found += regressions(f"{name} {arch}", contracts[f"{name} {arch}"], measure(arguments.tenon, name, arch))
    for text in found:
        print(text)
    print(f"contracts: {len(found)} regressions")
    sys.exit(bool(found))


def run_compare(_):
    found = list(cuda_page.worse(json.loads(CONTRACTS.read_text()), TITLES, ARCHS))
    print("\n".join(found + [f"beside others: {len(found)} worse"]))
    sys.exit(bool(found))


def run_page(arguments):
    text = cuda_page.page_text(json.loads(CONTRACTS.read_text()), TITLES, ARCHS)
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
        command.set_defaults(run=run)
    measuring = commands.choices["measure"]
    measuring.add_argument("--small", action="store_true", help="only what takes seconds")
    measuring.add_argument("--row", choices=ROWS, help="only this one")
    measuring.add_argument("--peers", metavar="PYTHON", help="an interpreter that has Triton and CUTLASS")
    commands.add_parser("compare").set_defaults(run=run_compare)
    page = commands.add_parser("page")
    page.add_argument("--check", action="store_true", help="compare only")
    page.set_defaults(run=run_page)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
