"""What a run of a suite says of where it ran."""

import contextlib
import datetime
import importlib.metadata
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]


def cpu_name():
    return re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())[1]


def versions(packages):
    """Tenon's is its commit."""
    git = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    found = {"tenon": git.stdout.strip() or "of no commit"}
    for package in packages:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def heading(quick, packages):
    """The first entries of the JSON."""
    today = datetime.date.today().isoformat()
    return {"date": today, "cpu": cpu_name(), "quick": quick, "versions": versions(packages)}
