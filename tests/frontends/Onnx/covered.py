"""Checks that each op of the importer's table stands in a case of op_cases.py.

usage: covered.py <folder of the importer>
"""

import pathlib
import re
import sys

import op_cases

sources = sorted(pathlib.Path(sys.argv[1]).glob("Nodes*.cpp"))
ops = {op for path in sources for op in re.findall(r'^    \{"", "(\w+)",', path.read_text(), re.M)}
used = {op for case in op_cases.CASES for op in re.findall(r"= (\w+) ?[(<]", case.graph)}
missing = sorted(ops - used)
print(f"{len(ops)} ops, without a case: {', '.join(missing) or 'none'}")
sys.exit(bool(missing) or not ops)
