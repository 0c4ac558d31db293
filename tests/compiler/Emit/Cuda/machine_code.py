"""What ptxas and nvdisasm say of the code for GPUs in an artifact.

usage: machine_code.py MODEL.tenon

For each architecture that has machine code: how many instructions the kernels
have, and how many of them load or store local memory, as spills do. For the
portable PTX: what ptxas spills when it compiles it for each architecture of
kToCome.
"""

import collections
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "scripts"))

from gpu_sass import assembled, disassembled, symbols

kToCome = ["sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_103", "sm_120", "sm_121"]
kPortable = "compute_80"


def spilled(ptx, arch):
    return sum(int(number) for number in re.findall(r"(\d+) bytes spill", assembled(ptx, arch)[1]))


def main(path):
    forms = collections.defaultdict(list)
    for name, data in symbols(memoryview(pathlib.Path(path).read_bytes()).tobytes()):
        arch, form = name.split(".")[-2:]
        forms[arch, form].append(data)
    for (arch, form), codes in sorted(forms.items()):
        if form == "cubin":
            ops = [op for cubin in codes for kernel in disassembled(cubin).values() for op in kernel]
            local = sum(op.unit == "local" for op in ops)
            print(f"{arch}: {len(codes)} kernels, {len(ops)} instructions, {local} touch local memory")
    for arch in kToCome:
        codes = forms[kPortable, "ptx"]
        total = sum(spilled(ptx, arch) for ptx in codes)
        print(f"{kPortable} for {arch}: {len(codes)} kernels, {total} bytes of spills")


main(sys.argv[1])
