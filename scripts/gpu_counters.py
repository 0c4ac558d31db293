"""Prints what launches on the virtual GPU did, a row for each kernel and device.

usage: gpu_counters.py COUNTERS [--device NAME] [--pipes] [KERNEL...]

COUNTERS is the file that TENON_VGPU_COUNTERS named while a program ran. Launches of a
kernel with the same grid, block and counts are one row. Only kernels whose names
contain one of the words are shown. Times are bounds: no device is faster, and none needs
to be as fast.
"""

import argparse
import json
import sys


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def ratio(part, whole):
    return f"{part / whole:.2f}" if whole else "-"


def grouped(launches):
    """(launch, how often) in the order of first appearance."""
    counts, first = {}, {}
    for launch in launches:
        key = json.dumps(launch, sort_keys=True)
        counts[key] = counts.get(key, 0) + 1
        first.setdefault(key, launch)
    return [(first[key], counts[key]) for key in first]


def row(launch, times, bound):
    """One device's view of a launch."""
    blocks = "x".join(str(extent) for extent in launch["grid"])
    return {
        "kernel": launch["kernel"], "times": times, "grid": blocks, "device": bound["device"],
        "bound us": f"{bound['microseconds']:.2f}", "pipe": bound["pipe"],
        "tensor share": f"{bound['tensorShare']:.3f}",
        "DRAM/compulsory": ratio(bound["dramBytes"], launch["compulsoryBytes"]),
        "sectors/ideal": ratio(launch["globalSectors"], launch["globalSectorsIdeal"]),
        "wavefronts/ideal": ratio(launch["sharedWavefronts"], launch["sharedWavefrontsIdeal"]),
        "registers": launch.get("registers", "?"), "spilled": launch.get("spillBytes", "?"),
        "shared": launch["sharedBytes"], "warps/SM": f"{bound['warpsPerSm']} ({bound['limit']})",
        "lanes": ratio(launch["threadInstructions"], launch["instructions"])}


def pipes_text(bound):
    return ", ".join(f"{name} {time:.2f}" for name, time in bound["pipes"].items() if time)


def rows_of(launches, device, with_pipes):
    rows = []
    for launch, times in grouped(launches):
        for bound in launch.get("bounds", []):
            if device and bound["device"] != device:
                continue
            rows.append(row(launch, times, bound))
            if with_pipes:
                rows[-1]["us by pipe"] = pipes_text(bound)
    return rows


def table(rows):
    heads = list(rows[0])
    cells = [heads] + [[str(each[head]) for head in heads] for each in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(heads))]
    text = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in cells]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("counters", help="the file that TENON_VGPU_COUNTERS named")
    parser.add_argument("kernels", nargs="*", help="words in the names of kernels")
    parser.add_argument("--device", help="only this device: A100, H100, H200 or B200")
    parser.add_argument("--pipes", action="store_true", help="each pipe's time too")
    arguments = parser.parse_intermixed_args()
    launches = [launch for launch in read(arguments.counters)
                if not arguments.kernels or any(word in launch["kernel"] for word in arguments.kernels)]
    rows = rows_of(launches, arguments.device, arguments.pipes)
    if not rows:
        sys.exit(f"{arguments.counters} has no launch with bounds for this choice")
    print(table(rows))


if __name__ == "__main__":
    main()
