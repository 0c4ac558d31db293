"""The tools of a build, called for one device."""

import os
import pathlib
import re
import subprocess
from dataclasses import dataclass, field


class ToolError(Exception):
    """A tool failed; the text is what it said."""


@dataclass
class Input:
    name: str
    dtype: str
    dims: list  # "batch", 384, or a formula


@dataclass
class Signature:
    inputs: list = field(default_factory=list)
    symbols: dict = field(default_factory=dict)  # least, largest and divisor by name


class Tool:
    """Compiles for the device and for the CPU, and runs on both."""

    def __init__(self, build, device):
        self.build, self.device = pathlib.Path(build), device
        self.findings = []  # what a virtual device's checks printed

    def call(self, program, *words, environment=None):
        """Returns what the program printed."""
        command = [str(self.build / "bin" / program), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})})
        if done.returncode:
            raise ToolError(f"{program} {words[0]}: {done.stderr.strip() or done.returncode}")
        self.findings += [line for line in done.stderr.splitlines() if "virtual GPU" in line]
        return done.stdout

    def compile(self, model, output, target, *options):
        self.call("tenon", "compile", model, "--target", target, "-o", output, "--quiet", *options)

    def signature(self, artifact):
        text = self.call("tenon", "inspect", artifact)
        found = Signature()
        for name, dtype, dims in re.findall(r"^input   (.+): (\w+) \[(.*)\]$", text, re.M):
            sizes = [int(d) if d.isdigit() else d for d in dims.split(", ") if d]
            found.inputs.append(Input(name, dtype, sizes))
        for name, least, most, divisor in re.findall(
                r"^symbol  (\S+) from (\d+)(?: to (\d+))?(?:, a multiple of (\d+))?$", text, re.M):
            found.symbols[name] = int(least), int(most) if most else None, int(divisor or 1)
        return found

    def values(self, artifact):
        """The names of what steps write, in the steps' order, by step."""
        text = self.call("tenon", "inspect", artifact).split("    step  value\n")[-1]
        return [(int(step), name) for step, name in re.findall(r"^ +(\d+)  (.+): \w+\[.*\]$", text, re.M)]
