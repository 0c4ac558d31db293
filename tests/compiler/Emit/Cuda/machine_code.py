"""What ptxas and nvdisasm say of the code for GPUs in an artifact.

usage: machine_code.py MODEL.tenon

For each architecture that has machine code: how many instructions the kernels
have, and how many of them load or store local memory, as spills do. For the
portable PTX: what ptxas spills when it compiles it for each architecture of
kToCome.
"""

import collections
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

kToCome = ["sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_103", "sm_120", "sm_121"]
kPortable = "compute_80"


def tool(name):
    for folder in os.environ.get("TENON_CUDA_PATH"), "/usr/local/cuda":
        path = pathlib.Path(folder or "", "bin", name)
        if folder and path.exists():
            return str(path)
    raise SystemExit(f"there is no {name}")


def symbols(file):
    """The data of the loadable part by name: "gelu.sm_80.ptx"."""
    sections, = struct.unpack_from("<Q", file, 0x28)
    size, count = struct.unpack_from("<HH", file, 0x3A)
    headers = [struct.unpack_from("<IIQQQQII", file, sections + i * size) for i in range(count)]
    dynamic = next(h for h in headers if h[1] == 11)  # SHT_DYNSYM
    names = headers[dynamic[6]][4]
    for at in range(dynamic[4], dynamic[4] + dynamic[5], 24):
        name, _, _, number, value, length = struct.unpack_from("<IBBHQQ", file, at)
        if number and length:
            section = headers[number]
            start = section[4] + value - section[3]
            yield file[names + name:].split(b"\0", 1)[0].decode(), file[start:start + length]


def disassembled(cubin, folder):
    path = folder / "kernel.cubin"
    path.write_bytes(cubin)
    text = subprocess.run([tool("nvdisasm"), str(path)], check=True, capture_output=True, text=True).stdout
    return re.findall(r"/\*[0-9a-f]{4,}\*/ +(?:@!?U?P\w+ +)?([A-Z][A-Z0-9.]*)", text)


def spilled(ptx, arch, folder):
    path = folder / "kernel.ptx"
    path.write_bytes(ptx)
    command = [tool("ptxas"), "-v", f"-arch={arch}", str(path), "-o", str(folder / "out.cubin")]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    return sum(int(number) for number in re.findall(r"(\d+) bytes spill", said))


def main(path, folder):
    forms = collections.defaultdict(list)
    for name, data in symbols(memoryview(pathlib.Path(path).read_bytes()).tobytes()):
        arch, form = name.split(".")[-2:]
        forms[arch, form].append(data)
    for (arch, form), codes in sorted(forms.items()):
        if form == "cubin":
            ops = [op for cubin in codes for op in disassembled(cubin, folder)]
            local = sum(op.startswith(("LDL", "STL")) for op in ops)
            print(f"{arch}: {len(codes)} kernels, {len(ops)} instructions, {local} touch local memory")
    for arch in kToCome:
        codes = forms[kPortable, "ptx"]
        total = sum(spilled(ptx, arch, folder) for ptx in codes)
        print(f"{kPortable} for {arch}: {len(codes)} kernels, {total} bytes of spills")


with tempfile.TemporaryDirectory() as name:
    main(sys.argv[1], pathlib.Path(name))
