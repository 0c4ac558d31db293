"""Does what docs/AddAnOp.md says to a copy of the sources, and builds what changed.

usage: add_an_op.py <root of the repository> <build folder> <folder for the copy>

The copy lies in source/, what is built in build/. Only the dialect's generated files
and the changed sources are made anew, by the commands of the build folder; all other
object files are those of the build folder, so the cost is that of a few files.
"""

import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

TOOLS = ["tenon", "tenon-interpret", "tenon-opt"]
# "In `file`, above `line`:" or "In `file`:", and the block below it.
STEP = re.compile(r"^In `([^`]+)`(?:, above `([^`]+)`)?:\n\n```\w+\n(.*?)^```", re.M | re.S)


def apply(page, source):
    """Takes the blocks of the page into the copy; returns the paths that changed."""
    changed = set()
    for path, anchor, block in STEP.findall(page):
        file = source / path
        if not anchor:
            file.write_text(block)
        else:
            head, found, rest = file.read_text().partition("\n" + anchor)
            if not found:
                sys.exit(f"{path} has no line that begins with '{anchor}'")
            file.write_text(f"{head}\n{block.rstrip()}{found}{rest}")
        changed.add(path)
    return sorted(changed)


def commands(build, target):
    out = subprocess.run(["ninja", "-C", build, "-t", "commands", target], capture_output=True, text=True, check=True)
    return out.stdout.splitlines()


def generate(root, build, source, made):
    """Runs the dialect's tablegen commands on the copy."""
    folder = made / "dialects" / "Graph"
    folder.mkdir(parents=True)
    for command in commands(build, "tenonGraphIncGen"):
        where, _, rest = command.partition(" && ")
        if where != f"cd {build}/dialects/Graph" or "mlir-tblgen" not in rest:
            continue
        words = shlex.split(rest.partition(" && ")[0])
        words = [word.replace(f"{root}/dialects", f"{source}/dialects") for word in words]
        words = [f"-I{source}" if word == f"-I{root}" else word for word in words]
        subprocess.run(words, cwd=folder, check=True)


def compile_changed(root, build, source, made, changed):
    """Compiles the changed sources and the one that holds all ops' definitions."""
    database = json.loads((build / "compile_commands.json").read_text())
    folder = made / "objects"
    folder.mkdir()
    for entry in database:
        path = pathlib.Path(entry["file"]).relative_to(root).as_posix()
        if path not in changed and path != "dialects/Graph/GraphDialect.cpp":
            continue
        words = shlex.split(entry["command"])
        words = [word.replace(f"{root}/dialects", f"{source}/dialects") for word in words]
        words[words.index("-o") + 1] = str(folder / (pathlib.Path(path).name + ".o"))
        # Before the folders of the build: the first header found is the copy's.
        first = words.index(f"-I{root}")
        words[first:first] = [f"-I{source}", "-isystem", str(made)]
        subprocess.run(words, cwd=entry["directory"], check=True)
    return sorted(folder.iterdir())


def link(build, made, objects):
    """Links the tools as the build folder does, but with the new archive."""
    archive = "dialects/Graph/libtenonGraph.a"
    shutil.copy(build / archive, made / archive)
    create = next(line for line in commands(build, archive) if f" qc {archive}" in line)
    tool = next(word for word in shlex.split(create) if word.endswith("ar") or "ar-" in word)
    subprocess.run([tool, "r", made / archive, *objects], check=True)
    (made / "bin").mkdir()
    for name in TOOLS:
        command = commands(build, f"bin/{name}")[-1]
        command = command.replace(archive, str(made / archive)).replace(f"-o bin/{name}", f"-o {made}/bin/{name}")
        subprocess.run(command, shell=True, cwd=build, check=True)


def configure_tests(root, build, source, made):
    """The tests of the copy, run by the harness of the repository on what was made."""
    site = (build / "tests" / "lit.site.cfg.py").read_text()
    site = re.sub(r'(config.tenon_src) = .*', rf'\1 = "{source}"', site)
    site = re.sub(r'(config.tenon_bin) = .*', rf'\1 = "{made}"', site)
    (made / "tests").mkdir()
    (made / "tests" / "lit.site.cfg.py").write_text(site)
    (source / ".venv").symlink_to(root / ".venv")


def main(root, build, folder):
    root, build, folder = (pathlib.Path(path).resolve() for path in (root, build, folder))
    source, made = folder / "source", folder / "build"
    made.mkdir()
    for part in ("dialects", "tests/dialects/Graph", "tests/lit.cfg.py"):
        copy = shutil.copytree if (root / part).is_dir() else shutil.copy
        (source / part).parent.mkdir(parents=True, exist_ok=True)
        copy(root / part, source / part)
    changed = apply((root / "docs" / "AddAnOp.md").read_text(), source)
    for path in changed:
        print("changed", path)
    generate(root, build, source, made)
    link(build, made, compile_changed(root, build, source, made, changed))
    configure_tests(root, build, source, made)
    print("built", *TOOLS)


if __name__ == "__main__":
    main(*sys.argv[1:])
