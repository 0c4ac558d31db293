"""Writes ONNX files from ONNX's text form: NAME.onnx for each NAME.txt.

usage: from_text.py <folder>
Lines that begin with // are comments of the test.
"""

import pathlib
import sys

import onnx.parser


def parse(text):
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("//")]
    return onnx.parser.parse_model("\n".join(lines))


if __name__ == "__main__":
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.txt")):
        onnx.save(parse(path.read_text()), path.with_suffix(".onnx"))
