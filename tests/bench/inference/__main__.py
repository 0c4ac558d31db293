"""Speed of Tenon and its peers on transformers, and how near to the machine's limit that is.

usage: inference [--only REGEX] [--peers NAME,...] [--quick] [--json FILE] [--build FOLDER] [--log FILE]
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import sys
import tempfile

from cases import CASES
from engines import ENGINES, EXTRA, peers_of
from host import ROOT, heading
from measure import Setting, measure
from models import Models
from peers import Machine
from report import aligned, cells, closing_lines, remarks, header

PACKAGES = ["onnxruntime", "openvino", "iree-base-compiler", "torch"]


def names_of(text):
    names = text.split(",")
    if unknown := [name for name in names if name not in ENGINES]:
        raise argparse.ArgumentTypeError(f"there is no '{unknown[0]}'; expected some of {', '.join(ENGINES)}")
    return names


def parse():
    parser = argparse.ArgumentParser(prog="inference", description=__doc__.split("\n")[0])
    parser.add_argument("--only", type=re.compile, default="", help="cases whose names have this regular expression")
    parser.add_argument("--peers", type=names_of, default=[name for name in ENGINES if name not in EXTRA],
                        help=f"who runs: {','.join(ENGINES)} (all but {','.join(EXTRA)})")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures here too")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="the build folder")
    parser.add_argument("--log", type=pathlib.Path, help="what the engines' libraries print (else nowhere)")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    options = parser.parse_args()
    options.cases = [case for case in CASES if re.search(options.only, case.name)]
    if not options.cases:
        parser.error(f"no case has '{options.only.pattern}' in its name; --list prints the names")
    return options


def engines_of(case, wanted):
    return [name for name in ["tenon", *EXTRA, *peers_of(case)] if name in wanted]


def run_cases(options, folder, log, machine):
    models = Models(pathlib.Path(os.environ.get("TENON_TEST_MODELS", ROOT / ".cache/models")), ROOT / ".cache/bench")
    setting = Setting(models, machine, options.build, folder, ROOT / ".cache/bench", log, options.quick)
    print(header(), flush=True)
    for case in options.cases:
        figures = measure(case, setting, engines_of(case, options.peers))
        print("\n  ".join([aligned(cells(figures)), *remarks(figures)]), flush=True)
        yield figures


def main():
    options = parse()
    if options.list:
        print("\n".join(case.name for case in options.cases))
        return
    results = heading(options.quick, PACKAGES) | {"cases": []}
    with (tempfile.TemporaryDirectory() as folder, open(options.log or os.devnull, "w") as log,
          contextlib.closing(Machine(options.build)) as machine):  # fmt: skip
        for figures in run_cases(options, pathlib.Path(folder), log, machine):
            results["cases"].append(figures)
            if options.json:  # after each case: what is interrupted leaves what it has
                options.json.write_text(json.dumps(results, indent=1) + "\n")
    print("", *closing_lines(results), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
