"""Counts the results of one test run and prints "N passed, N failed".

usage: count_tests.py <folder with ctest.junit, lit.junit and GoogleTest's xml>

A unit test program counts as its test cases; one that died before it wrote its
results, or failed outside of every case, counts as one failure.
"""

import pathlib
import sys
import xml.etree.ElementTree as xml


class Counts:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add_case(self, case):
        if case.find("failure") is not None or case.find("error") is not None:
            self.failed += 1
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            self.skipped += 1
        else:
            self.passed += 1

    def add_cases(self, path):
        for case in xml.parse(path).iter("testcase"):
            self.add_case(case)


def count(folder):
    """Returns the Counts of a run; a result file that must exist and does not is an OSError."""
    counts = Counts()
    counts.add_cases(folder / "lit.junit")
    for program in xml.parse(folder / "ctest.junit").iter("testcase"):
        cases = folder / (program.get("name") + ".xml")
        failedBefore = counts.failed
        if cases.exists():
            counts.add_cases(cases)
        if program.find("failure") is not None:
            counts.failed += counts.failed == failedBefore
        elif not cases.exists():
            counts.add_case(program)
    return counts


def main():
    counts = count(pathlib.Path(sys.argv[1]))
    skipped = f", {counts.skipped} skipped" if counts.skipped else ""
    print(f"{counts.passed} passed, {counts.failed} failed{skipped}")
    return counts.failed != 0 or counts.passed == 0


if __name__ == "__main__":
    sys.exit(main())
