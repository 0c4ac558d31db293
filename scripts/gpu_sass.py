"""What ptxas makes of a kernel's PTX, as nvdisasm shows it, counted.

usage: gpu_sass.py FILE.ptx|MODEL.tenon ARCH

For each kernel: its instructions by the unit that they keep busy, those that touch local
memory, as spills do, and one turn of its main loop. A turn is the way through the innermost loop
with matrix products that has the most products and memory accesses, and of such ways the one with
the fewest instructions: what every turn issues, branches taken for a diagonal or a wait left out.

The tools are those below TENON_CUDA_PATH, or else /usr/local/cuda.
"""

import collections
import itertools
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

from gpu_loops import Instruction, main_turn

# The unit of an instruction, by the beginning of its name: the first that fits.
UNITS = (
    ("mma", "HMMA|IMMA|BMMA|DMMA|QMMA|OMMA|[HIQ]GMMA|UTC.*MMA"),
    ("local", "LDL|STL"),
    ("copy", "LDGSTS|UTMA[A-Z]*|UBLKCP|UBLKRED|LDGDEPBAR|DEPBAR|ARRIVES"),
    ("shared", "LDSM|LDS|STS|STSM|ATOMS|LDTM|STTM"),
    ("global", "LDG|STG|ATOM|ATOMG|RED|REDG|LD|ST|CCTL|UCCTL"),
    ("constant", "LDC|LDCU|ULDC"),
    ("shuffle", "SHFL|VOTE|VOTEU|MATCH|REDUX|CREDUX|ELECT"),
    ("move", r"MOV|IMAD\.MOV|UMOV|R2P|P2R|MOVM|R2UR|S2UR|S2R|CS2R"),
    ("fma", "FFMA|FADD|FMUL|IMAD|IDP|FFMA2|FADD2|FMUL2"),
    ("half", "HFMA2|HADD2|HMUL2|HMNMX2|HSET2|HSETP2"),
    ("double", "DFMA|DADD|DMUL|DSETP|DMNMX"),
    ("special", "MUFU"),
    ("convert", "F2F|F2FP|F2I|I2F|I2FP|FRND|I2I|F2IP"),
    ("control", "BRA|BRX|EXIT|RET|CALL|BSSY|BSYNC|BREAK|BAR|WARPSYNC|SYNCS|NANOSLEEP|YIELD|MEMBAR|FENCE|WARPGROUP|USETMAXREG"
                "|UCGABAR|ERRBAR|KILL|ACQBULK|PREEXIT|BPT|JMP|BMOV|CGAERRBAR"),
    ("uniform", "U[A-Z]"),
)
UNIT_OF = [(unit, re.compile(rf"(?:{names})(?![A-Z0-9])" if unit != "uniform" else names)) for unit, names in UNITS]
ACCESSES = ("copy", "shared", "global")


def tool(name):
    for folder in os.environ.get("TENON_CUDA_PATH"), "/usr/local/cuda":
        path = pathlib.Path(folder or "", "bin", name)
        if folder and path.exists():
            return str(path)
    raise SystemExit(f"there is no {name}")


def unit_of(name):
    """All that is left is logic, comparisons, selections, sums of integers."""
    return next((unit for unit, names in UNIT_OF if names.match(name)), "alu")


def symbols(file):
    """The data of an artifact's loadable part by name: "gelu.sm_80.ptx"."""
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


def assembled(ptx, arch):
    """The cubin of a text, and what ptxas says of it."""
    with tempfile.TemporaryDirectory() as folder:
        source, made = pathlib.Path(folder, "kernel.ptx"), pathlib.Path(folder, "kernel.cubin")
        source.write_bytes(ptx)
        done = subprocess.run([tool("ptxas"), "-v", f"-arch={arch}", str(source), "-o", str(made)], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"ptxas for {arch}: {done.stderr}")
        return made.read_bytes(), done.stderr


def ptxas_comment(ptx, name, arch):
    """What the virtual GPU reads a kernel's registers from: see its README."""
    said = assembled(ptx.encode(), arch)[1]
    registers, spilled = re.search(r"(\d+) registers", said), re.search(r"(\d+) bytes spill stores", said)
    return f"\n// ptxas {name}: {registers[1]} registers, {spilled[1] if spilled else 0} bytes spilled\n"


def disassembled(cubin):
    """The instructions of each kernel, without those that only fill space."""
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        text = subprocess.run([tool("nvdisasm"), "-c", file.name], check=True, capture_output=True, text=True).stdout
    kernels, labels = {}, []
    for line in text.splitlines():
        if section := re.match(r"\s*\.section\s+\.text\.([^,\s]+)", line):
            kernels[section[1]] = []
        elif label := re.match(r"(\.L_\w+):", line):
            labels.append(label[1])
        elif found := re.match(r"\s*/\*[0-9a-f]{4,}\*/\s+(?:(@!?U?P\w+)\s+)?([A-Z][A-Z0-9_.]*)\s*([^;]*);", line):
            guard, name, operands = found.groups()
            if name != "NOP":
                kernels[list(kernels)[-1]].append(machine_instruction(guard, name, operands.strip(), labels))
                labels = []
    return kernels


def machine_instruction(guard, name, operands, labels):
    target = re.search(r"`\((\.L_\w+)\)", operands) if name.startswith("BRA") else None
    is_last = name.split(".")[0] in ("EXIT", "RET", "KILL") or (target and operands.startswith("`") and ".DIV" not in name)
    return Instruction(name, unit_of(name), labels, target and target[1], bool(guard) or not is_last)


def body_at(ptx, start):
    """Up to the brace that closes the one before."""
    depth = 1
    for brace in re.finditer(r"[{}]", ptx[start:]):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            return ptx[start:start + brace.start()]
    raise SystemExit("a kernel's text has no end")


def statements(ptx):
    """The instructions of each kernel of a text."""
    ptx = re.sub(r"//[^\n]*|/\*.*?\*/|\"[^\"\n]*\"|\.loc\s[^\n]*", "", ptx, flags=re.S)
    return {entry[1]: statements_of(body_at(ptx, entry.end()))
            for entry in re.finditer(r"\.entry\s+([\w$]+)\s*\(.*?\)[^{]*\{", ptx, flags=re.S)}


def statements_of(body):
    """Labels are of the block in braces where they stand, and are known in those within it."""
    found, labels, scopes, numbers = [], [], [0], itertools.count(1)
    known, branches = set(), []
    for text in re.findall(r"[{}]|[^{};]+", body):
        if text == "{":
            scopes.append(next(numbers))
        elif text == "}":
            scopes.pop()
        while label := re.match(r"\s*([$\w]+):(?!:)", text):
            labels.append(f"{label[1]} {scopes[-1]}")
            text = text[label.end():]
        if statement := re.match(r"\s*(@!?[%\w]+\s+)?([a-z][\w.:]*)\s*(.*)", text, flags=re.S):
            found.append(text_instruction(*statement.groups(), labels))
            known.update(labels)
            labels = []
            if found[-1].target:
                branches.append((found[-1], list(scopes)))
    for branch, around in branches:
        names = [f"{branch.target} {scope}" for scope in reversed(around)]
        branch.target = next((name for name in names if name in known), branch.target)
    return found


def text_instruction(guard, name, operands, labels):
    unit = "mma" if re.match(r"w?g?mma\.(?:sync|mma_async)|tcgen05\.mma", name) else "other"
    if re.match(r"(ld|st|red|atom)\.|(ld|st)matrix|cp\.", name) and not re.match(r"ld\.param|cp\..*(group|wait|commit)", name):
        unit = "shared"
    target = operands.strip() if name.startswith("bra") else None
    is_last = name in ("ret", "exit", "trap") or target
    return Instruction(name, unit, labels, target, bool(guard) or not is_last)


def counted(instructions):
    mix = collections.Counter(each.unit for each in instructions)
    return {unit: mix[unit] for unit in sorted(mix)}


def summary(ptx, cubin, name):
    """What a kernel became; `turn` is missing where it has no matrix products."""
    machine, text = disassembled(cubin)[name], statements(ptx)[name]
    made = {"instructions": len(machine), "ptxInstructions": len(text),
            "localAccesses": sum(each.unit == "local" for each in machine), "mix": counted(machine)}
    turn, text_turn = main_turn(machine, ACCESSES), main_turn(text, ACCESSES)
    if turn and text_turn:
        made["turn"] = {"instructions": len(turn), "ptxInstructions": len(text_turn),
                        "ptxMma": counted(text_turn)["mma"], "mix": counted(turn)}
    return made


def beside_mma(made):
    """Instructions of a turn beside each product; None where there is none."""
    turn = made.get("turn")
    return turn and (turn["instructions"] - turn["mix"]["mma"]) / turn["mix"]["mma"]


def machine_per_text(made):
    """Machine instructions for one of PTX: of the main loop for as many products, else of the kernel."""
    turn = made.get("turn")
    if turn:
        return turn["instructions"] / turn["mix"]["mma"] / (turn["ptxInstructions"] / turn["ptxMma"])
    return made["instructions"] / made["ptxInstructions"]


def texts_of(path, arch):
    """(name, text, machine code) of what a file has for an architecture."""
    data = pathlib.Path(path).read_bytes()
    if path.endswith(".ptx"):
        yield data, assembled(data, arch)[0]
        return
    forms = dict(symbols(data))
    for name, ptx in forms.items():
        if name.endswith(f".{arch}.ptx"):
            yield ptx, forms[name.removesuffix("ptx") + "cubin"]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    for ptx, cubin in texts_of(*sys.argv[1:]):
        text = ptx.decode().rstrip("\0")
        for name in statements(text):
            print(name, json.dumps(summary(text, cubin, name), indent=1))


if __name__ == "__main__":
    main()
