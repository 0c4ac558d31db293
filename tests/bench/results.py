"""How the suites print what --json wrote."""

import argparse
import json
import pathlib


def milliseconds(result):
    """A result of one engine, or None where it has none."""
    if result is None:
        return ""
    return "failed" if "error" in result else f"{result['ms']:.4g}"


def two(number):
    return "-" if number is None else f"{number:.2f}"


def print_results(description, text, markdown):
    """Of the file that the command line names; `text` and `markdown` make lines of it."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("results", type=pathlib.Path, help="what --json wrote")
    parser.add_argument("--markdown", action="store_true", help="as a section of docs/Speed.md")
    options = parser.parse_args()
    results = json.loads(options.results.read_text())
    print("\n".join((markdown if options.markdown else text)(results)))
