"""Checks that no source file is too long to be read at a sitting, and that names say something.

usage: file_sizes.py <root of the repository>
"""

import pathlib
import re
import sys

MOST_LINES = 500
SUFFIXES = {".h", ".c", ".cpp", ".cu", ".cuh", ".td", ".py", ".sh", ".cmake"}
NAMES = {"CMakeLists.txt", "dev"}
# Names that fit everything and so say nothing: name the thing itself.
EMPTY = r"(?:Utils?|Utilit(?:y|ies)|Common|Helpers?|Managers?|Misc)"
EMPTY_FILE = re.compile(rf"(?:^|[-_.]|(?<=[a-z])){EMPTY}(?=[A-Z\d_.-]|$)")
EMPTY_TYPE = re.compile(rf"^\s*(?:class|struct|enum class|namespace)\s+(\w*{EMPTY})\s*(?:final\s*)?(?:[:{{]|$)")


def is_ours(path):
    return not any(part.startswith((".", "build")) or part == "__pycache__" for part in path.parts[:-1])


def says_nothing(path):
    names = {part for name in path.parts for part in (name, name.title() if name.islower() else name)}
    return any(EMPTY_FILE.search(name) for name in names)


def complaints(path, lines):
    if len(lines) > MOST_LINES:
        yield 1, f"{len(lines)} lines, expected at most {MOST_LINES}: split it by concern"
    if says_nothing(path):
        yield 1, "the file's name says nothing: name the thing"
    for number, line in enumerate(lines, 1):
        if path.suffix != ".py" and (empty := EMPTY_TYPE.match(line)):
            yield number, f"'{empty[1]}' says nothing: name the thing"


def main():
    root, bad, total = pathlib.Path(sys.argv[1]), 0, 0
    for file in sorted(root.rglob("*")):
        path = file.relative_to(root)
        if not is_ours(path) or not (path.suffix in SUFFIXES or path.name in NAMES) or not file.is_file():
            continue
        total += 1
        for number, what in complaints(path, file.read_text().splitlines()):
            print(f"{path}:{number}: {what}")
            bad += 1
    print(f"{total} source files looked at, {bad} complaints")
    return bad != 0 or total == 0


if __name__ == "__main__":
    sys.exit(main())
