"""Imports each model of a folder and prints what is said on standard error.

usage: import_all.py <folder>
"""

import pathlib
import subprocess
import sys

for path in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")):
    run = subprocess.run(["tenon-import", path.name], cwd=path.parent, capture_output=True, text=True)
    # The file's name becomes the first word, whether the error stands at it or at a node.
    said = run.stderr.strip()
    for place in (f"{path.name}: ", "node 'y': "):
        said = said.removeprefix(place)
    print(f"{path.stem}: {said}")
    if run.returncode != 1:
        print(f"{path.stem}: expected exit status 1, got {run.returncode}")
