"""Speed of single kernels beside named peers, and how near to what the machine can do that is.

usage: kernels [--only REGEX] [--threads N,...] [--quick] [--json FILE] [--build FOLDER]
"""

import argparse
import contextlib
import ctypes
import itertools
import json
import os
import pathlib
import re
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent), str(HERE.parent / "inference")]

# The threads of a peer that has run spin for less than a millisecond, which is
# within the pause before the next turn. Read when the libraries are loaded.
os.environ |= {"GOMP_SPINCOUNT": "5000", "OPENBLAS_THREAD_TIMEOUT": "20"}

from artifacts import Artifacts  # noqa: E402
from attention import attention_rows  # noqa: E402
from decode import decode_rows  # noqa: E402
from gemm import gemm_rows  # noqa: E402
from host import ROOT, heading  # noqa: E402
from measure import Setting, measure  # noqa: E402
from peers import Machine  # noqa: E402
from rowwise import rowwise_rows  # noqa: E402
from sizes import LEAST_BYTES, beyond_caches  # noqa: E402
from tables import aligned, cells, closing_lines, header, remarks  # noqa: E402
from tensors import use_threads  # noqa: E402

PACKAGES = ["torch", "numpy", "onnxruntime"]


def threads_of(text):
    counts = [int(word) if word.isdecimal() else 0 for word in text.split(",")]
    if not all(counts):
        raise argparse.ArgumentTypeError(f"'{text}' is no list of numbers of threads; expected some such as 1,2")
    return counts


def parse():
    parser = argparse.ArgumentParser(prog="kernels", description=__doc__.split("\n")[0])
    parser.add_argument("--only", type=re.compile, default="", help="rows whose `group name` has this expression")
    parser.add_argument("--threads", type=threads_of, help="numbers of threads (1,2; or 2 with --quick)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures here too")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="the build folder")
    parser.add_argument("--list", action="store_true", help="print the rows' groups and names")
    options = parser.parse_args()
    options.threads = options.threads or ([2] if options.quick else [1, 2])
    options.rows = [row for row in all_rows(options.threads, options.quick) if re.search(options.only, title(row))]
    if not options.rows:
        parser.error(f"no row has '{options.only.pattern}' in its name; --list prints the names")
    return options


def all_rows(threads, quick):
    set_bytes = LEAST_BYTES if quick else beyond_caches()
    return [*gemm_rows(threads), *attention_rows(threads), *rowwise_rows(threads), *decode_rows(threads, set_bytes)]


def title(row):
    return f"{row.group} {row.name}"


def keep_pages():
    """Peers get the memory of their outputs back warm: free() leaves it to the process, and malloc() maps none anew."""
    trim_threshold, mmap_max = -1, -4
    libc = ctypes.CDLL(None)
    libc.mallopt(trim_threshold, 2**31 - 1)
    libc.mallopt(mmap_max, 0)


def measure_rows(rows, setting):
    """Rows of the same artifact follow each other; then its files go."""
    for artifact, of_artifact in itertools.groupby(rows, lambda row: row.artifact):
        for row in of_artifact:
            use_threads(row.threads)
            yield measure(row, setting)
        setting.artifacts.forget(artifact)


def run_rows(options, folder, machine):
    setting = Setting(Artifacts(options.build, folder), machine, options.quick)
    for group, rows in itertools.groupby(options.rows, lambda row: row.group):
        print(header(group), flush=True)
        for figures in measure_rows(rows, setting):
            print("\n  ".join([aligned(group, cells(figures)), *remarks(figures)]), flush=True)
            yield figures
        print()


def main():
    options = parse()
    if options.list:
        print("\n".join(map(title, options.rows)))
        return
    keep_pages()
    results = heading(options.quick, PACKAGES) | {"rows": []}
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Machine(options.build)) as machine:
        for figures in run_rows(options, pathlib.Path(folder), machine):
            results["rows"].append(figures)
            if options.json:  # after each row: what is interrupted leaves what it has
                options.json.write_text(json.dumps(results, indent=1) + "\n")
    print("\n".join(closing_lines(results)))


if __name__ == "__main__":
    sys.exit(main())
