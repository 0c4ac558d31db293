"""Checks that every op is explained and tested, from the generated dialect pages.

usage: op_pages.py <build folder> <root of the repository>

An op has a summary and a description with an example. Its constraints are
numbered from C1 without a gap; constraint N of `graph.rope` has the label
`rope_cN`, which names a test function in tests/dialects/Graph/rope.mlir and
stands as a comment at the check in dialects/Graph. No label is without its
constraint. An op without constraints has a test file too.
"""

import pathlib
import re
import sys


def description_of(section):
    """Returns the text between an op's syntax and its traits, operands or the next op."""
    body = re.sub(r"\ASyntax:\n+```\n.*?^```\n", "", section, flags=re.M | re.S)
    return re.split(r"^(?:Traits: |Interfaces: |Effects: |####? )", body, maxsplit=1, flags=re.M)[0].strip()


def split_op(section):
    """Returns (name without dialect, summary, description) of one op's section."""
    name = re.match(r"`\w+\.([\w.]+)`", section)[1]
    rest = section.split("\n", 1)[1].strip()
    summary = re.match(r"_(.+)_(?:\n|\Z)", rest)
    body = rest[summary.end():].strip() if summary else rest
    return name, summary[1] if summary else "", description_of(body)


def labels_in(text, prefix, label):
    return {int(n) for n in re.findall(rf"{prefix}{label}_c(\d+)", text)}


def complaints(root, dialect, section):
    """Yields what is missing for one op."""
    op, summary, description = split_op(section)
    label = op.replace(".", "_")
    if not summary:
        yield op, "has no summary"
    if not re.search(r"^Examples?:", description, re.M):
        yield op, "has no 'Example:' in its description"
    numbers = [int(n) for n in re.findall(r"^\s*[*-] \(C(\d+)\)", description, re.M)]
    if numbers != list(range(1, len(numbers) + 1)):
        yield op, f"numbers its constraints {numbers}, expected 1, 2, ... without a gap"
    tests = root / "tests" / "dialects" / dialect / f"{op}.mlir"
    if not tests.exists():
        yield op, f"has no test file {tests.relative_to(root)}"
        return
    tested = labels_in(tests.read_text(), "@", label)
    sources = sorted(f for f in (root / "dialects" / dialect).rglob("*") if f.suffix in (".cpp", ".td"))
    checked = labels_in("\n".join(f.read_text() for f in sources), r"//.*\b", label)
    for number in sorted(set(numbers) | tested | checked):
        if number not in numbers:
            yield op, f"has a label {label}_c{number} but no constraint (C{number})"
        if number not in tested:
            yield op, f"has no test function @{label}_c{number} in {tests.relative_to(root)}"
        if number not in checked:
            yield op, f"has no comment '// {label}_c{number}' at the check in dialects/{dialect}"


def main():
    build, root = map(pathlib.Path, sys.argv[1:])
    bad = total = 0
    for page in sorted((build / "dialects").glob("*/*.md")):
        dialect = page.stem
        operations = re.split(r"^## ", page.read_text(), flags=re.M)
        text = next((part for part in operations if part.startswith("Operation")), "")
        for section in re.split(r"^### (?=`\w+\.)", text, flags=re.M)[1:]:
            total += 1
            for op, what in complaints(root, dialect, section):
                print(f"{dialect}: {op} {what}")
                bad += 1
    print(f"{total} ops looked at, {bad} things missing")
    return bad != 0 or total == 0


if __name__ == "__main__":
    sys.exit(main())
