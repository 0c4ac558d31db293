"""Small exports of PyTorch's, compiled for four architectures, on the virtual GPU against PyTorch.

usage: exports_gpu.py <folder for models> [name of an export ...]

In f32 and bf16, at two sizes, which no tile divides, and under four schedules with seeds. No kernel
spills, and no check reports anything.
"""

import os
import pathlib
import re
import subprocess
import sys
import warnings

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "frontends/Onnx"))

from exports import EXPORTS, export  # noqa: E402

NAMES = ("bert_dynamo_sdpa_18", "t5_script_sdpa_17", "gpt2_dynamo_sdpa_18", "llama_dynamo_sdpa_18", "vit_dynamo_sdpa_18")
ARCHS = ("sm_80", "sm_90a", "sm_100", "sm_120")
SCHEDULES = (("in-order", 0), ("adversarial", 1), ("random", 2), ("random", 3))
SIZES = ({"batch": 1, "length": 5, "past": 3}, {"batch": 3, "length": 2, "past": 6})
TOLERANCE = {"f32": 1e-4, "bf16": 0.03}  # of the largest


def tool(*command, environment=None):
    done = subprocess.run(["tenon", *map(str, command)], capture_output=True, text=True,
                          env=dict(os.environ, **(environment or {})))  # fmt: skip
    if done.returncode or "vgpu:" in done.stderr:
        raise RuntimeError(f"tenon {command[0]}: {done.stderr.strip()[:500]}")
    return done.stdout


def spilling(artifact):
    """The lines of the artifact's kernels that spill."""
    table = tool("inspect", artifact).split("spills  kernel\n")[1].split("\n\n")[0]
    return [line for line in table.splitlines() if int(line.split()[4])]


def examples(name):
    """The module, and for each size the inputs and what PyTorch makes of them."""
    make, attention, _, _ = EXPORTS[name]
    torch.manual_seed(0)
    module = make(attention).eval()
    made = []
    for sizes in SIZES:
        example = module.example(**sizes)
        results = module(*example)
        made.append(({key: value.numpy() for key, value in zip(module.names, example)},
                     [t.detach().numpy() for t in (results if isinstance(results, tuple) else (results,))]))  # fmt: skip
    return module, made


def furthest(module, found, expected):
    """The greatest difference, in parts of the greatest element of its tensor."""
    return max(np.abs(found[each].astype(np.float64) - wanted).max() / np.abs(wanted).max()
               for each, wanted in zip(module.results, expected))  # fmt: skip


def check(name, folder):
    """What was wrong, line by line, and the number of runs."""
    module, made = examples(name)
    _, _, dynamo, opset = EXPORTS[name]
    path = folder / f"{name}.onnx"
    export(module, path, dynamo, opset)
    wrong, runs = [], 0
    for dtype, tolerance in TOLERANCE.items():
        artifact = folder / f"{name}-{dtype}.tenon"
        tool("compile", path, f"--dtype={dtype}", f"--target=cuda:{','.join(ARCHS)}", "-o", artifact)
        wrong += [f"{dtype} spills: {line}" for line in spilling(artifact)]
        for number, (feeds, expected) in enumerate(made):
            np.savez(folder / "in.npz", **feeds)
            for arch in ARCHS:
                for schedule, seed in SCHEDULES:
                    tool("run", artifact, "--device=vgpu", f"--inputs={folder / 'in.npz'}", "-o", folder / "out.npz",
                         environment={"TENON_VGPU_ARCH": re.sub("a$", "", arch), "TENON_VGPU_SCHEDULE": schedule,
                                      "TENON_VGPU_SEED": str(seed)})  # fmt: skip
                    runs += 1
                    with np.load(folder / "out.npz") as found:
                        far = furthest(module, found, expected)
                    if not far <= tolerance:
                        wrong.append(f"{dtype} {arch} {schedule} {seed}, size {number}: differs by {far:.2g} of the largest")
    return wrong, runs


def main(folder, *names):
    warnings.simplefilter("ignore")
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    has_failed = False
    for name in names or NAMES:
        wrong, runs = check(name, folder)
        print("\n".join([f"{name}: {text}" for text in wrong] or [f"{name}: equals PyTorch in {runs} runs"]), flush=True)
        has_failed |= bool(wrong)
    return has_failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
