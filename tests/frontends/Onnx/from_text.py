"""Writes an ONNX file from ONNX's text form.

usage: from_text.py <text> <file.onnx>
Lines that begin with // are comments of the test.
"""

import pathlib
import sys

import onnx.parser


def parse(text):
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("//")]
    return onnx.parser.parse_model("\n".join(lines))


if __name__ == "__main__":
    onnx.save(parse(pathlib.Path(sys.argv[1]).read_text()), sys.argv[2])
