"""What the suite prints: a table, and its closing lines.

usage: report.py FILE.json [--markdown]
"""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402
from cases import PRECISIONS  # noqa: E402
from engines import EXTRA  # noqa: E402
from results import milliseconds, print_results, two  # noqa: E402
from verdict import NEAR_FIXED, geometric_mean  # noqa: E402

COLUMNS = ["case", "limit", "tenon", "onnxruntime", "openvino", "iree", "torch", "torch-compile", "ratio", "quartiles",
           "share", "GFLOP/s", "MB", "leanest MB", "load", "compile", "met"]  # fmt: skip


def own_mb(result):
    """Peak, an empty process subtracted; None where it is not known."""
    return result["peak_mb"] - result["empty_mb"] if "peak_mb" in result else None


def leanest_mb(case):
    """Of all peers."""
    found = [own_mb(result) for name, result in case["engines"].items() if name not in ["tenon", *EXTRA]]
    return min((mb for mb in found if mb is not None), default=None)


def whole(number):
    return "-" if number is None else f"{number:.0f}"


def cells(case):
    """The row of a case, by column."""
    engines, ratio = case["engines"], case["ratio"] or {}
    tenon = engines.get("tenon", {})
    seconds = tenon.get("compile_s")
    row = {name: milliseconds(engines.get(name)) for name in COLUMNS}
    return row | {
        "case": case["name"],
        "limit": f"{case['limit_ms']:.4g}",
        "ratio": two(ratio.get("median")),
        "quartiles": f"{ratio['low']:.2f}-{ratio['high']:.2f}" if ratio else "-",
        "share": two(case["share"] and case["share"]["median"]),
        "GFLOP/s": whole(tenon.get("gflops")),
        "MB": whole(own_mb(tenon)),
        "leanest MB": whole(leanest_mb(case)),
        "load": whole(tenon.get("load_ms")),
        "compile": f"{seconds:.1f}" if seconds else "-",
        "met": "yes" if case["met"] else "no",
    }


WIDTHS = {name: max(len(name), 8) + 1 for name in COLUMNS} | {"case": 36, "quartiles": 12}


def aligned(row):
    return "".join(f"{row[name]:<{WIDTHS[name]}}" if name == "case" else f"{row[name]:>{WIDTHS[name]}}"
                   for name in COLUMNS)  # fmt: skip


def header():
    return aligned({name: name for name in COLUMNS})


def remarks(case):
    """A line for each engine that failed, or did what the page does not say."""
    for name, result in case["engines"].items():
        if "error" in result:
            yield f"{case['name']}: {name} fails: {result['error']}"
        elif note := result.get("note"):
            yield f"{case['name']}: {name} {note}"
    if ratio := case.get("of_fixed"):
        yield (f"{case['name']}: tenon takes {two(ratio['median'])} ({ratio['low']:.2f}-{ratio['high']:.2f}) of its time "
               "when compiled for this shape")


def machine_rates(results):
    """The median of all probes with the most threads."""
    probes = [rates for case in results["cases"] for rates in case["rates"]]
    most = max(probe["threads"] for probe in probes)
    return {kind: float(np.median([probe[kind] for probe in probes if probe["threads"] == most])) / 1e9
            for kind in ("f32", "bf16", "int8", "read")}  # fmt: skip


def mean_text(cases, precision):
    mean, ran, all_cases = geometric_mean(cases, precision)
    return f"{precision} {two(mean)}" + (f" ({ran} of {all_cases} cases)" if ran < all_cases else "")


def closing_lines(results):
    cases, rates = results["cases"], machine_rates(results)
    met = sum(case["met"] for case in cases)
    fixed = [case["of_fixed"]["median"] for case in cases if "of_fixed" in case]
    near = [f"open dims at most {NEAR_FIXED} of fixed ones: {sum(ratio <= NEAR_FIXED for ratio in fixed)} of {len(fixed)}"]
    memory = [(own_mb(case["engines"].get("tenon", {})), leanest_mb(case)) for case in cases]
    memory = [(ours, theirs) for ours, theirs in memory if None not in (ours, theirs)]
    return (near if fixed else []) + [
        f"machine: {results['cpu']}, f32 {rates['f32']:.0f} bf16 {rates['bf16']:.0f} int8 {rates['int8']:.0f} GFLOP/s, "
        f"read {rates['read']:.1f} GB/s",
        f"cases met: {met} of {len(cases)}",
        f"no more memory than the leanest peer: {sum(ours <= theirs for ours, theirs in memory)} of {len(memory)}",
        "geomean " + ", ".join(mean_text(cases, precision) for precision in PRECISIONS),
    ]


def markdown(results):
    """A section of docs/Speed.md."""
    quick = ", a tenth of the rounds" if results["quick"] else ""
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    yield f"## {results['cpu']}\n\n{results['date']}{quick}; {versions}.\n"
    yield "| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|"
    for case in results["cases"]:
        row = cells(case)
        yield "| " + " | ".join(row[name] for name in COLUMNS) + " |"
    yield "\n```\n" + "\n".join(closing_lines(results)) + "\n```"
    if lines := [line for case in results["cases"] for line in remarks(case)]:
        yield "\nRemarks:\n\n" + "\n".join(f"- {line}" for line in lines)


def text(results):
    yield header()
    for case in results["cases"]:
        yield from [aligned(cells(case)), *("  " + line for line in remarks(case))]
    yield from ["", *closing_lines(results)]


if __name__ == "__main__":
    print_results(__doc__.split("\n")[0], text, markdown)
