"""Compares the memory of a process that runs a model with what is planned.

usage: memory.py <model.tenon> <size of every dim that is not fixed>

1. `tenon inspect` and the C API say the same, and what is planned is reserved.
2. The most that a process ever has, less what one has that does nothing, is at
   most 1.05 of the weights and the plan. What remains is 0.8 MB of code, the C
   and C++ libraries' and ours, so a model of 15 MB or less does not pass.
"""

import re
import subprocess
import sys

LARGEST_RATIO = 1.05


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def figures(*words):
    """Lines of a name and a number."""
    return {name: int(number) for name, number in map(str.split, run("load-peak", *words).splitlines())}


def planned_by_inspect(model, size):
    symbols = re.findall(r"^symbol  (\S+) from", run("tenon", "inspect", model), re.M)
    shape = ",".join(f"{symbol}={size}" for symbol in symbols)
    text = run("tenon", "inspect", model, f"--shape={shape}", "--threads=2")
    names = "total", "arena", "scratch", "tensors"
    return dict(zip(names, map(int, re.search(
        r"memory  (\d+) bytes .*, (\d+) of arena, (\d+) of scratch for 2 threads, (\d+) of inputs and outputs", text).groups())))


def main(model, size):
    planned, used = planned_by_inspect(model, size), figures(model, size)
    tensors = used["inputs"] + used["outputs"]
    print(f"arena: {planned['arena']} bytes by inspect, {used['planned']} planned, {used['reserved']} reserved; "
          f"scratch: {planned['scratch']} by inspect, {used['scratch']} reserved; "
          f"inputs and outputs: {planned['tensors']} by inspect, {tensors} used")
    same = (planned["arena"] == used["planned"] == used["reserved"]
            and planned["scratch"] == used["scratch"] and planned["tensors"] == tensors)
    peak = used["peak"] - figures()["peak"]
    ratio = peak / planned["total"]
    print(f"peak: {peak} bytes more than an empty process, {ratio:.3f} of {planned['total']} bytes of weights and plan")
    return not same or ratio > LARGEST_RATIO


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
