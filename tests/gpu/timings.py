"""How long the kernels of a case take on a real device, beside their limit and PyTorch."""

import re

from cases import CASES, save

REPEATS = 50


def kernels_of(table):
    """What tenon bench --kernels prints, in seconds."""
    rows = re.findall(r"^ *(\d+) +([\d.]+) +[\d.]+ % +([\d.]+) +(?:[\d.]+ %|-) +(\S+?):? ", table, re.M)
    return [{"kernel": name, "launches": int(launches), "seconds": float(time) * 1e-6, "limit_seconds": float(limit) * 1e-6}
            for launches, time, limit, name in rows]


def torch_seconds(case):
    """The median of REPEATS calls, each between two events; None without PyTorch or its CUDA."""
    try:
        import torch
    except ImportError:
        return None
    if not torch.cuda.is_available():
        return None
    work = case.torch(torch, case.timed, {"bf16": torch.bfloat16, "f32": torch.float32}[case.dtype])
    times = []
    for _ in range(REPEATS + 5):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        work()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end) * 1e-3)
    return sorted(times[5:])[REPEATS // 2]


def time_case(tool, case, target, folder):
    artifact = folder / "case.tenon"
    options = ["--dtype=bf16"] if case.dtype == "bf16" else []
    tool.compile(save(case, case.timed, folder / "case.onnx"), artifact, target, *options)
    table = tool.call("tenon", "bench", artifact, f"--device={tool.device}", f"--repeat={REPEATS}", "--kernels")
    kernels = kernels_of(table)
    return {"case": case.name, "dtype": case.dtype, "sizes": case.timed, "kernels": kernels,
            "seconds": sum(kernel["seconds"] for kernel in kernels), "torch_seconds": torch_seconds(case)}


def time_cases(tool, target, folder):
    return [time_case(tool, case, target, folder) for case in CASES]
