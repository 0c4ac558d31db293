"""How good the schedules are that the cost model chooses: each GEMM and attention shape of the inference suite's
models, the time of the chosen schedule beside the best that a search finds.

usage: schedules.py [--only REGEX] [--open] [--json FILE] [--build FOLDER] [--markdown]
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/bench/inference"))

from architectures import IMAGE_TOKENS  # noqa: E402
from cases import BF16, DYNAMIC, F32, QDQ, make_cases  # noqa: E402
from models import Models  # noqa: E402

BATCHES, LENGTHS, PAST = (1, 8), (16, 128, 512), 512
SHAPES = [(batch, length) for length in LENGTHS for batch in BATCHES]
STEPS = [(batch, 1, PAST) for batch in BATCHES]
IMAGES = [(batch, IMAGE_TOKENS) for batch in BATCHES]
CASES = [
    *make_cases("bert-base", SHAPES, [F32, BF16, DYNAMIC]),
    *make_cases("gpt2-small", SHAPES, [F32, BF16, DYNAMIC]),
    *make_cases("gpt2-small", STEPS, [F32, BF16]),
    *make_cases("llama-125m", SHAPES, [F32, BF16, DYNAMIC]),
    *make_cases("llama-125m", STEPS, [F32, BF16, DYNAMIC]),
    *make_cases("minilm-l3", SHAPES, [F32]),
    *make_cases("minilm-l6", SHAPES, [F32, BF16]),
    *make_cases("t5-small", SHAPES, [F32, BF16]),
    *make_cases("vit-b16", IMAGES, [F32, BF16, QDQ]),
]
TARGET = 1.1  # of the best one's time


def title(case):
    return case.name.rsplit(" ", 1)[0]  # without the threads, which are the machine's


def open_options(case):
    """The symbols' values, in a model whose dims are open."""
    values = {"batch": case.batch}
    if case.sizes.vocabulary:
        values["length"] = case.length
    if case.past:
        values |= {"past": case.past, "total": case.past + case.length}
    names = ["--shape=input_ids=batchxlength"] if case.sizes.vocabulary and not case.past else []
    return ["--tune=" + ",".join(f"{name}={value}" for name, value in values.items()), *names]


def fixed_options(case):
    """The dims of the inputs that fix those of all others."""
    return ["--tune", *dims_of(case)]


def dims_of(case):
    if not case.sizes.vocabulary:
        return [f"--shape=pixels={case.batch}x3x224x224"]
    options = [f"--shape=input_ids={case.batch}x{case.length}"]
    if case.past:
        sizes = case.sizes
        options += [f"--shape=past.0.key={case.batch}x{sizes.kv_heads}x{case.past}x{sizes.head_width}"]
    return options


def compile_command(case, is_open, model, tenon, log, output):
    dtype = ["--dtype=bf16"] if case.precision == "bf16" else []
    shape = open_options(case) if is_open else fixed_options(case)
    return [tenon, "compile", model, "-o", output, f"--tune-log={log}", *dtype, *shape]


def entries_of(log):
    return json.loads(log.read_text()) if log.exists() else []


def measure(case, is_open, model, tenon, log):
    """Adds to the log what the case has that no earlier one had, by its name; returns that."""
    known = len(entries_of(log))
    with tempfile.TemporaryDirectory() as folder:
        command = compile_command(case, is_open, model, tenon, log, pathlib.Path(folder) / "m.tenon")
        run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{title(case)}: {run.stderr.strip()}")
    entries = entries_of(log)
    for entry in entries[known:]:
        entry["case"] = title(case)
    log.write_text(json.dumps(entries, indent=1) + "\n")
    return entries[known:]


def schedule_text(schedule):
    """{BK = 768 : index, order = array<i64: 1, 0>, unit = "amx-bf16"} in fewer words."""
    text = re.sub(r"array<i64: ([^>]*)>", lambda numbers: numbers[1].replace(", ", "-"), schedule)
    return re.sub(r" : index|[{}\"]|= ", "", text)


def shape_text(row):
    batch, rows, columns, depth = row["sizes"]
    return f"{batch} x " * (batch > 1) + f"{rows} x {columns} x {depth}"


def loss(row):
    """The chosen schedule's time over the best one's."""
    return 1 / row["ratio"]


def cells(row):
    seconds = row["predicted"], row["seconds"], row["seconds"] * row["ratio"]
    return [row["case"], row["kernel"], shape_text(row), *(f"{time * 1e3:.3f}" for time in seconds),
            f"{loss(row):.2f}", schedule_text(row["best"])]  # fmt: skip


COLUMNS = ["case", "kernel", "shape", "predicted", "chosen", "best", "ratio", "best schedule"]
WIDTHS = [26, 34, 24, 9, 9, 9, 5, 0]


def line(row):
    return "  ".join(cell.ljust(width) for cell, width in zip(cells(row), WIDTHS))


def markdown(rows):
    table = [COLUMNS, ["---"] * len(COLUMNS), *map(cells, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in table)


def closing_line(rows):
    return f"within 10 %: {sum(loss(row) <= TARGET for row in rows)} of {len(rows)}"


def parse():
    parser = argparse.ArgumentParser(prog="schedules", description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", type=re.compile, default="", help="cases whose names have this regular expression")
    parser.add_argument("--open", action="store_true", help="leave the dims open: one choice for all shapes")
    parser.add_argument("--json", type=pathlib.Path, help="keep what is measured here; what is there is not measured again")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="the build folder")
    parser.add_argument("--markdown", action="store_true", help="print the table once more, as docs/Speed.md has it")
    options = parser.parse_args()
    options.cases = [case for case in CASES if re.search(options.only, title(case))]
    if not options.cases:
        parser.error(f"no case has '{options.only.pattern}' in its name")
    return options


def main():
    options = parse()
    models = Models(pathlib.Path(os.environ.get("TENON_TEST_MODELS", ROOT / ".cache/models")), ROOT / ".cache/bench")
    print("  ".join(name.ljust(width) for name, width in zip(COLUMNS, WIDTHS)))
    with tempfile.TemporaryDirectory() as folder:
        log = options.json or pathlib.Path(folder) / "log.json"
        for row in entries_of(log):
            print(line(row))
        for case in options.cases:
            for row in measure(case, options.open, models.find(case), options.build / "bin/tenon", log):
                print(line(row), flush=True)
        rows = entries_of(log)
    if options.markdown:
        print("", markdown(rows), sep="\n")
    print("", closing_line(rows), sep="\n")


if __name__ == "__main__":
    main()
