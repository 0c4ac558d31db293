"""What the suite prints: a table of each group, and its closing line.

usage: tables.py FILE.json [--markdown]
"""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))

from results import milliseconds, print_results, two  # noqa: E402

YARDSTICKS = {"attention": ["gemm"], "rowwise": ["copy", "function"], "decode": ["sum"]}
PEERS = {"gemm": ["onednn", "mkl", "mkl-packed", "openblas"], "attention": ["sdpa", "sdpa-repeat"],
         "rowwise": ["torch"], "decode": ["onnxruntime"]}  # fmt: skip
JUDGED = ["limit", "ratio", "quartiles", "share", "needs", "met"]
GROUPS = list(PEERS)


def columns_of(group):
    return [group, "tenon", *PEERS[group], *YARDSTICKS.get(group, []), *JUDGED]


def median(figures):
    return two(figures and figures["median"])


def needs(bar):
    """1.4x 0.87: a ratio, and a share."""
    parts = [f"{bar['ratio']:.1f}x"] if bar["ratio"] is not None else []
    return " ".join([*parts, *([two(bar["share"])] if bar["share"] is not None else [])]) or "-"


def cells(row):
    """The row by column."""
    group, ratio = row["group"], row["ratio"]
    times = {name: milliseconds(row["runners"].get(name)) for name in columns_of(group)}
    return times | {
        group: row["name"],
        "limit": "-" if row["limit_ms"] is None else f"{row['limit_ms']:.4g}",
        "ratio": median(ratio),
        "quartiles": f"{ratio['low']:.2f}-{ratio['high']:.2f}" if ratio else "-",
        "share": median(row["share"]),
        "needs": needs(row["bar"]),
        "met": "yes" if row["met"] else "no",
    }


WIDTHS = {"quartiles": 12}


def aligned(group, row):
    first, *others = columns_of(group)
    return f"{row[first]:<34}" + "".join(f"{row[name]:>{WIDTHS.get(name, max(len(name), 9)) + 2}}" for name in others)


def header(group):
    return aligned(group, {name: name for name in columns_of(group)})


def remarks(row):
    for name, result in row["runners"].items():
        if "error" in result:
            yield f"{row['group']} {row['name']}: {name} fails: {result['error']}"


def closing_lines(results):
    rows = results["rows"]
    for group in GROUPS:
        if of_group := [row for row in rows if row["group"] == group]:
            yield f"{group}: {sum(row['met'] for row in of_group)} of {len(of_group)}"
    yield f"kernels met: {sum(row['met'] for row in rows)} of {len(rows)}"


def text(results):
    for group in GROUPS:
        if of_group := [row for row in results["rows"] if row["group"] == group]:
            yield from [header(group), *(aligned(group, cells(row)) for row in of_group), ""]
    yield from closing_lines(results)


def markdown_table(group, rows):
    columns = columns_of(group)
    yield "| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|"
    for row in map(cells, rows):
        yield "| " + " | ".join(row[name] for name in columns) + " |"


def markdown(results):
    """A section of docs/Speed.md."""
    quick = ", a tenth of the rounds" if results["quick"] else ""
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    yield f"### {results['cpu']}\n\n{results['date']}{quick}; {versions}.\n"
    for group in GROUPS:
        if of_group := [row for row in results["rows"] if row["group"] == group]:
            yield from [*markdown_table(group, of_group), ""]
    yield "```\n" + "\n".join(closing_lines(results)) + "\n```"
    if lines := [line for row in results["rows"] for line in remarks(row)]:
        yield "\nRemarks:\n\n" + "\n".join(f"- {line}" for line in lines)


if __name__ == "__main__":
    print_results(__doc__.split("\n")[0], text, markdown)
