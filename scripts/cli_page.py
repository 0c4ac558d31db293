"""Writes docs/Cli.md from the tool's own help.

usage: cli_page.py <tenon> docs/Cli.md            writes the page
       cli_page.py <tenon> --check docs/Cli.md    fails when the page is another
"""

import pathlib
import re
import subprocess
import sys


def help_of(tenon, *words):
    return subprocess.run([tenon, *words, "--help"], check=True, capture_output=True, text=True).stdout


def page(tenon):
    overview = help_of(tenon)
    commands = re.findall(r"^  (\w+) {2,}\S", overview, re.M)
    parts = ["# The tool", "This page is what `tenon --help` says; `scripts/cli_page.py` writes it.",
             f"```\n{overview}```"]
    for command in commands:
        parts += [f"## tenon {command}", f"```\n{help_of(tenon, command)}```"]
    return "\n\n".join(parts) + "\n"


def main(tenon, *arguments):
    path = pathlib.Path(arguments[-1])
    text = page(tenon)
    if arguments[0] != "--check":
        path.write_text(text)
        return 0
    if path.exists() and path.read_text() == text:
        return 0
    print(f"{path}: is not what the tool's help says; write it anew: scripts/cli_page.py <tenon> {path}")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
