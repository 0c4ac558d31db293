"""Runs emitted kernels on the virtual GPU, and mutants of them.

usage: python tests/runtime/VirtualGpu/suite TENON [--kernels | --mutants] [--verbose]

Every kernel must compute what the CPU does and be silent under eight schedules. Every
mutant must be noticed: by a report, by a wrong result, or because it never ends.
equivalent.json lists those that change nothing, with the reason; those at places that no
thread reaches are found to be such.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import onnx

import models
import mutants

SCHEDULES = [("in-order", 0), ("adversarial", 1), ("adversarial", 2)] + [("random", seed) for seed in range(1, 6)]
# model, type, architecture
CASES = [("block", "f32", "sm_80"), ("block", "bf16", "sm_80"), ("block", "bf16", "sm_90a"),
         ("block", "bf16", "sm_100"), ("block", "f32", "sm_120"), ("attention", "bf16", "sm_80"),
         ("attention", "bf16", "sm_90a"), ("rows", "f32", "sm_80"),
         ("rows", "f32", "sm_90a"), ("rows", "bf16", "sm_120"),
         ("decode", "bf16", "sm_80"), ("decode", "f32", "sm_90a"), ("one row", "bf16", "sm_80"),
         ("one row", "f32", "sm_90a"), ("one row", "bf16", "sm_120"), ("block", "tf32", "sm_80"),
         ("five turns", "tf32", "sm_90a"), ("five turns", "bf16", "sm_80"), ("five turns", "bf16", "sm_90a"),
         ("integers", "f32", "sm_80"), ("integers", "f32", "sm_90a")]
MUTATED = [("block", "bf16", "sm_80"), ("block", "bf16", "sm_90a"), ("attention", "bf16", "sm_80"),
           ("attention", "bf16", "sm_90a"), ("rows", "f32", "sm_80"),
           ("decode", "bf16", "sm_80"), ("one row", "bf16", "sm_80"), ("five turns", "tf32", "sm_90a"),
           ("five turns", "bf16", "sm_80"), ("five turns", "bf16", "sm_90a"), ("integers", "f32", "sm_90a")]
TOLERANCE = {"f32": ["--rtol=1e-4", "--atol=1e-4"], "bf16": ["--rtol=0.03", "--atol=0.05"],
             "tf32": ["--rtol=5e-3", "--atol=1e-2"]}
LIMIT_S = 30
UNREACHED = "no thread gets there: a trap at its place goes unnoticed too"


class Case:
    """A model compiled for one architecture, what goes in, and what must come out."""

    def __init__(self, tenon, folder, name, dtype, arch):
        self.tenon, self.name, self.dtype = tenon, f"{name} {dtype} {arch}", dtype
        self.arch = arch.rstrip("a")
        self.folder = folder / f"{name}-{dtype}-{arch}"
        self.folder.mkdir()
        model = models.MODELS[name]()
        onnx.save(model, self.folder / "m.onnx")
        np.savez(self.folder / "in.npz", **models.inputs(model))
        exact = "f32" if dtype == "tf32" else dtype
        self.call("compile", self.folder / "m.onnx", f"--dtype={exact}", "-o", self.folder / "cpu.tenon")
        self.call("run", self.folder / "cpu.tenon", f"--inputs={self.folder / 'in.npz'}", "-o", self.folder / "out.npz")
        self.call("compile", self.folder / "m.onnx", f"--dtype={dtype}", f"--target=cuda:{arch}",
                  "-o", self.folder / "gpu.tenon")
        self.texts = self.folder / "ptx"
        self.texts.mkdir()

    def call(self, *arguments):
        done = subprocess.run([self.tenon, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{self.name}: tenon {arguments[0]} failed: {done.stderr}")

    def run(self, schedule, seed, texts):
        """What was wrong; empty when nothing was."""
        environment = dict(os.environ, TENON_VGPU_ARCH=self.arch, TENON_VGPU_SCHEDULE=schedule,
                           TENON_VGPU_SEED=str(seed), TENON_VGPU_PTX=str(texts), TENON_VGPU_THREADS="1")
        command = [self.tenon, "run", str(self.folder / "gpu.tenon"), "--device=vgpu",
                   f"--inputs={self.folder / 'in.npz'}", f"--expect={self.folder / 'out.npz'}", *TOLERANCE[self.dtype]]
        try:
            done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            return f"did not end in {LIMIT_S} s"
        reports = [line for line in done.stderr.splitlines() if line.startswith("tenon vgpu:")]
        if reports:
            return reports[0]
        return (done.stderr.strip() or done.stdout.strip() or "failed").splitlines()[0] if done.returncode else ""


def test_kernels(cases, pool):
    passed, failed = 0, 0
    for case in cases:
        wrong = [case.run(*SCHEDULES[0], case.texts)]
        wrong += pool.map(lambda each, case=case: case.run(*each, case.texts), SCHEDULES[1:])
        kernels = len(list(case.texts.iterdir()))
        wrong = [f"{schedule} {seed}: {text}" for (schedule, seed), text in zip(SCHEDULES, wrong) if text]
        for text in wrong:
            print(f"{case.name}: {text}")
        passed, failed = (passed, failed + kernels) if wrong else (passed + kernels, failed)
    print(f"kernels: {passed} passed, {failed} failed", flush=True)
    return failed == 0


def noticed(case, kernel, text, mutant, schedules):
    """How the mutant shows; empty when it does not under any schedule."""
    with tempfile.TemporaryDirectory(dir=case.folder) as folder:
        pathlib.Path(folder, f"{kernel}.ptx").write_text(mutants.applied(text, mutant))
        for schedule, seed in schedules:
            if wrong := case.run(schedule, seed, folder):
                return wrong
    return ""


def judge(case, kernel, text, mutant):
    """How the mutant shows, and if it does not, whether its place is executed at all."""
    how = noticed(case, kernel, text, mutant, SCHEDULES[:2] + SCHEDULES[3:5])
    return how, bool(how or noticed(case, kernel, text, mutants.trap(mutant), SCHEDULES[:1]))


def reason_for(equivalents, case, kernel, text, mutant):
    """Why the mutant changes nothing, if that is known; `nth` counts those of its operator in the kernel."""
    alike = [each for each in mutants.mutants_of(text) if each.operator == mutant.operator]
    for each in equivalents:
        if (each["operator"] == mutant.operator and each.get("case", case.name) == case.name
                and each.get("kernel", kernel) == kernel and each.get("line", "") in mutant.original
                and alike.index(mutant) == each.get("nth", alike.index(mutant))):
            return each["reason"]
    return None


def all_mutants(cases):
    for case in cases:
        if not any(case.texts.iterdir()) and (wrong := case.run(*SCHEDULES[0], case.texts)):
            sys.exit(f"{case.name}: {wrong}")
        for path in sorted(case.texts.iterdir()):
            text = path.read_text()
            for mutant in mutants.mutants_of(text):
                yield case, path.stem, text, mutant


def test_mutants(cases, pool, verbose):
    equivalents = json.loads((pathlib.Path(__file__).parent / "equivalent.json").read_text())
    work = list(all_mutants(cases))
    results = list(pool.map(lambda each: judge(*each), work))
    caught = missed = equivalent = 0
    for (case, kernel, text, mutant), (how, is_executed) in zip(work, results):
        what = f"{case.name}, {kernel}: {mutant.operator} at {mutant.source}: {mutant.original.strip()[:90]}"
        reason = None if how else reason_for(equivalents, case, kernel, text, mutant) if is_executed else UNREACHED
        caught, equivalent, missed = caught + bool(how), equivalent + bool(reason), missed + (not how and not reason)
        if not how and not reason:
            print(f"missed: {what}")
        elif verbose:
            print(f"{'caught' if how else 'equivalent'}: {what}: {how or reason}")
    print(f"mutants: {caught} caught, {missed} missed, {equivalent} equivalent", flush=True)
    return missed == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tenon", help="the tool that compiles and runs")
    parser.add_argument("--kernels", action="store_true", help="only the kernels")
    parser.add_argument("--mutants", action="store_true", help="only the mutants")
    parser.add_argument("--verbose", action="store_true", help="how each mutant showed")
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vgpu-suite-"))
    both = arguments.kernels == arguments.mutants
    wanted = [each for each in CASES if both or arguments.kernels or each in MUTATED]
    try:
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            cases = {each: Case(arguments.tenon, folder, *each) for each in wanted}
            passes = True
            if both or arguments.kernels:
                passes &= test_kernels(cases.values(), pool)
            if both or arguments.mutants:
                passes &= test_mutants([cases[each] for each in MUTATED], pool, arguments.verbose)
    finally:
        shutil.rmtree(folder)
    sys.exit(not passes)


if __name__ == "__main__":
    main()
