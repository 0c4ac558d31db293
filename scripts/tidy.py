"""Runs clang-tidy on the files whose inputs changed since they last passed.

usage: tidy.py <build folder, built> [seconds after which no file is begun]

The files that changed last come first. A file that passed is remembered, in
~/.cache/tenon-tidy, by the contents of all that the compiler read for it and of
.clang-tidy; so a second run costs seconds.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

TIDY = "clang-tidy-22"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "tenon-tidy"


def object_of(command):
    words = shlex.split(command)
    return words[words.index("-o") + 1]


def project_files(build):
    """Returns {object file: source file} of the C++ sources that are ours, not generated.

    C has C's names, and little that clang-tidy knows better than the compiler.
    """
    root = pathlib.Path.cwd()
    commands = json.loads((build / "compile_commands.json").read_text())
    sources = {object_of(c["command"]): pathlib.Path(c["file"]) for c in commands}
    return {o: s for o, s in sources.items()
            if root in s.parents and build.resolve() not in s.parents and s.suffix != ".c"}


def inputs_of(build):
    """Returns {object file: the files that the compiler read for it}, from ninja's log."""
    lines = subprocess.run(["ninja", "-C", build, "-t", "deps"], text=True, capture_output=True, check=True).stdout
    inputs, current = {}, None
    for line in lines.splitlines():
        if line and not line.startswith(" "):
            current = inputs.setdefault(line.split(": #deps")[0], [])
        elif line.strip():
            current.append(build / line.strip())
    return inputs


class Fingerprints:
    """Hashes of file contents; each file is read once."""

    def __init__(self):
        self.known = {}

    def of_file(self, path):
        if path not in self.known:
            self.known[path] = hashlib.sha256(path.read_bytes()).hexdigest()
        return self.known[path]

    def of_all(self, paths):
        return hashlib.sha256(" ".join(self.of_file(p) for p in paths).encode()).hexdigest()


def is_clean(build, source):
    command = [TIDY, "--quiet", "--warnings-as-errors=*", "-p", build, source]
    run = subprocess.run(command, text=True, capture_output=True)
    if run.returncode != 0:
        print(run.stdout + run.stderr, flush=True)
    return run.returncode == 0


def check(build, source, stamp, deadline):
    """Returns "clean", "known", "late" or "bad"."""
    if stamp.exists():
        return "known"
    if time.monotonic() > deadline:
        return "late"
    print(f"clang-tidy {source.relative_to(pathlib.Path.cwd())}", flush=True)
    if not is_clean(build, source):
        return "bad"
    stamp.touch()
    return "clean"


def ages():
    """Returns {source: how many commits ago it last changed}; what was never committed is not in it."""
    lines = subprocess.run(["git", "log", "--name-only", "--format=commit"], text=True, capture_output=True).stdout
    age, known = 0, {}
    for line in lines.splitlines():
        if line == "commit":
            age += 1
        elif line:
            known.setdefault(pathlib.Path.cwd() / line, age)
    return known


def main():
    build = pathlib.Path(sys.argv[1])
    deadline = time.monotonic() + float(sys.argv[2]) if len(sys.argv) > 2 else float("inf")
    CACHE.mkdir(parents=True, exist_ok=True)
    prints, inputs, jobs = Fingerprints(), inputs_of(build), []
    for output, source in sorted(project_files(build).items()):
        read = [source, pathlib.Path(".clang-tidy"), *inputs.get(output, [])]
        jobs.append((source, CACHE / prints.of_all(read)))
    # The newest first: where time is short, they want it most.
    age = ages()
    jobs.sort(key=lambda job: age.get(job[0], 0))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = list(pool.map(lambda job: check(build, *job, deadline), jobs))
    count = {name: outcomes.count(name) for name in ("clean", "known", "late", "bad")}
    print("clang-tidy: {clean} clean, {known} clean before and unchanged, {late} left for want of time, "
          "{bad} with warnings".format(**count))
    return count["bad"] != 0


if __name__ == "__main__":
    sys.exit(main())
